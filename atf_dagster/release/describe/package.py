"""What every description of a release says: its title, version, mode, licence and sources.

Belongs here: words and records that the descriptions share. Does not belong here: one format's own form.
"""

import datetime as dt
from dataclasses import dataclass

from atf_dagster.catalogue import Catalogue
from atf_dagster.release.contract import VERSION

NAME = "all-together-fairer-mart"
TITLE = "All Together Fairer: Marmot beacon indicators for Cheshire and Merseyside"
LICENCE = "OGL-UK-3.0"
"""The licence's identifier by SPDX and the Open Definition."""
GUARD = {
    "prefix": "'",
    "description": (
        "A text that a spreadsheet would run as a formula has an apostrophe before it in CSV: one that begins with a "
        "tab or a line break, or with = + - @ in any form, spaces before it or not. Numbers have none. Without that "
        "apostrophe the cell is the one of the mart; Parquet and the database have it as it is."
    ),
}


@dataclass(frozen=True)
class Source:
    """A publisher. path: its web address; None for local returns, which have none."""

    title: str
    path: str | None
    attribution: str


@dataclass(frozen=True)
class Package:
    """One release, as its descriptions name it. built_at: UTC."""

    version: str
    mode: str
    built_at: dt.datetime
    licence: str
    licence_url: str
    sources: tuple[Source, ...]

    @property
    def description(self) -> str:
        snapshot = self.mode == "snapshot"
        origin = "bundled snapshot of published figures" if snapshot else "fetched live from the publishers"
        return f"Social-determinants mart, contract version {VERSION}; {origin}."

    @property
    def attribution(self) -> str:
        """The lines with which the publishers are named, each once."""
        return " ".join(dict.fromkeys(source.attribution for source in self.sources))


def package(catalogue: Catalogue, version: str, mode: str, built_at: dt.datetime) -> Package:
    """What a release made from this catalogue says of itself."""
    publishers = list({c.publisher.id: c.publisher for c in catalogue.collections}.values())
    services = {service.id: service.base_url for service in catalogue.services}
    addresses = {publisher.id: services[publisher.service] for publisher in publishers}
    return Package(
        version=version,
        mode=mode,
        built_at=built_at,
        # The catalogue's figures have one licence; a dataset with other terms is kept out of releases.
        licence=publishers[0].licence,
        licence_url=publishers[0].licence_url,
        sources=tuple(
            Source(
                title=publisher.name,
                path=addresses[publisher.id] if addresses[publisher.id].startswith("https://") else None,
                attribution=publisher.attribution,
            )
            for publisher in publishers
        ),
    )
