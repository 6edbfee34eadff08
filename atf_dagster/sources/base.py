"""What every publisher's module offers, and what it may do while it asks.

Belongs here: the small shapes shared by all publishers. Which requests a publisher wants is its module; how a
body is read is `readers`; what becomes of an answer is `landing`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from atf_dagster.catalogue import Collection, Dataset, Part
from atf_dagster.formats.body import BodyRejected, BodyRules, parsed_json

Params = Sequence[tuple[str, str]]


class Unchanged(Exception):
    """The publisher's own probe says that what we hold is what it has."""


@dataclass(frozen=True)
class Page:
    """One answer, kept in landing under its content's hash before anybody looked into it."""

    path: Path
    url: str
    final_url: str
    sha256: str
    size: int
    status: int
    headers: Mapping[str, str]
    length_verified: bool
    tries: int = 1
    waited_seconds: float = 0.0

    def json(self) -> Any:
        """The page as JSON. Raises BodyRejected, so that an error page with status 200 is told as one."""
        data = self.path.read_bytes()
        try:
            return parsed_json(data)
        except (ValueError, RecursionError) as error:
            start = data[:80]
            raise BodyRejected(
                "not_json",
                f"The answer is not JSON ({error}); it begins: {start!r}.",
                "A proxy's or the publisher's error page. Open the URL in a browser from the same network; if JSON "
                "comes there, ask whoever runs the proxy to let this host through; otherwise wait for the publisher.",
            ) from error


@dataclass(frozen=True)
class LatestVintage:
    """What we hold of a part: its newest vintage, and what the publisher's probe said when it was checked."""

    sha256: str
    url: str
    size: int
    probe: str | None
    needs_full_check: bool
    """True when the last whole download is a month old: probes are not trusted for longer."""


class FetchContext(Protocol):
    """What a publisher's module may do. Every answer is kept and recorded before the module sees it."""

    collection: Collection
    dataset: Dataset
    part: Part
    areas: Sequence[str]
    """Codes of the catalogue's areas."""
    source_ids: Sequence[str]
    """The publishers' identifiers of all datasets that the catalogue takes from this service."""
    key: str | None
    """The key of the service, where one is set."""
    home: Path
    """The house's folder, for what was sent to it instead of being published."""

    @property
    def latest(self) -> LatestVintage | None:
        """What we hold of the part, None before its first vintage."""

    def url(self, path: str, at: str = "") -> str:
        """`path` below the service's base URL, or below its other URL called `at`."""

    def fetch_listing(self, url: str, params: Params = (), *, headers: Mapping[str, str] | None = None) -> Page:
        """Ask for something that says what to fetch: a probe, a listing. Asked once a round, whoever asks.

        headers: as for `fetch`.
        """

    def fetch(
        self,
        url: str,
        params: Params = (),
        *,
        conditional: bool = False,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        """Ask for a page of the table itself. Raises Unchanged where `conditional` and the publisher says so.

        headers: for keys; they are sent to the service's own host and appear in no record. body: makes it a POST.
        """

    def probed(self, token: str | None) -> None:
        """Say what the publisher's probe answered. Raises Unchanged where that is what it said before.

        None means that the probe knew nothing; then the table itself is asked for.
        """

    def keep(self, path: Path, url: str) -> Page:
        """Keep a file of this house in landing, as a page under an address that names no machine."""

    def note(self, text: str) -> None:
        """Say something that people should know of this attempt, such as an identifier that moved."""


@dataclass(frozen=True)
class Collected:
    """The pages of a table, in order, and what the publisher said of them."""

    pages: Sequence[Page]
    release: str | None = None
    """The publisher's name of the edition: a version, a quarter, a file's name."""
    published_at: str | None = None
    """When the publisher says that it published, ISO 8601, where a header does not say it."""


def no_check(connection: duckdb.DuckDBPyConnection, rows: Path, collection: Collection, dataset: Dataset) -> None:
    """For publishers whose rows do not say what was asked for: there is nothing to compare."""


@dataclass(frozen=True, kw_only=True)
class Source(BodyRules):
    """One publisher's ways, as functions of the catalogue's entries."""

    collect: Callable[[FetchContext], Collected]
    """Ask for one part of a dataset. May raise BodyRejected, NoData, Unchanged, Skipped; FetchError passes."""
    check_rows: Callable[[duckdb.DuckDBPyConnection, Path, Collection, Dataset], None] = no_check
    """(connection, raw Parquet, collection, dataset): raises BodyRejected where rows are not those asked for."""
