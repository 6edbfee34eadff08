"""Reads `sources.yml`: the publisher, origin and licence of each bundled figures file.

Belongs here: the record and reading it. Does not belong here: writing it (`tools/snapshot_build`), the figures
(`figures`).
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.files import read_yaml

BUNDLE = Path(__file__).parent
"""The folder with `sources.yml` and `figures/`."""


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """The public repository from which the publisher's file was taken."""

    repository: str  # owner/name on GitHub
    path: str  # inside the repository; empty where only the object is known
    commit: str  # the known beginning of the hash; `blob` and that of the object where the commit is not known
    date: str  # of the commit, ISO; empty where it is not known
    sha256: str  # of the file, complete
    bytes: int  # size of the file
    note: str  # whether the file is the publisher's own, or what a third party changed; empty where nothing is said


@dataclass(frozen=True, slots=True)
class FiguresSource:
    """One figures file, with its publisher and everything that an answer in the publisher's format needs."""

    file: str  # inside BUNDLE, for example figures/ons_els/employment-rate.csv
    publisher: str  # short name, the folder under figures/
    publisher_name: str
    indicator: str  # the publisher's own id: a number at Fingertips, a slug at Explore Local Statistics
    title: str  # the indicator's name in the file
    release: str
    page: str  # the publisher's own page
    taken_from: TakenFrom
    licence: str
    attribution: str
    precision: str  # what was lost, if anything
    areas: str  # its areas, and what it holds of them
    rows: int
    intervals: bool  # whether the publisher's file has confidence limits for this indicator
    line_ending: str  # of the answer: LF or CRLF
    period_range: str  # Fingertips: length of a period, for example 3y; empty elsewhere
    compared_to_parent: str  # Fingertips: the comparison with the parent area, one text for all rows


def load_sources(bundle: Path = BUNDLE) -> tuple[FiguresSource, ...]:
    """Every figures file in `bundle`, in the order of `sources.yml`.

    Raises FileNotFoundError where there is no `sources.yml`, TypeError where an entry lacks a field or has an unknown
    one.
    """
    entries = read_yaml(bundle / "sources.yml")
    return tuple(_source(entry) for entry in entries["figures"])


def as_entry(source: FiguresSource) -> dict[str, Any]:
    """The entry of `sources.yml` for a figures file."""
    return dataclasses.asdict(source)


def _source(entry: dict[str, Any]) -> FiguresSource:
    return FiguresSource(**{**entry, "taken_from": TakenFrom(**entry["taken_from"])})
