"""The interface between publishers' modules and landing: what a module offers, and what it may do in a fetch.

Belongs here: the small types that all publishers' modules share. Does not belong here: a publisher's requests (its
module), reading a body (`formats`), keeping an answer (`landing`).
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
    """The publisher's probe shows that the latest vintage is what it has now."""


@dataclass(frozen=True)
class Page:
    """One answer. Landing keeps it under the hash of its content before anything reads it."""

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
        """The page as JSON. Raises BodyRejected, also for an error page with status 200."""
        data = self.path.read_bytes()
        try:
            return parsed_json(data)
        except (ValueError, RecursionError) as error:
            start = data[:80]
            raise BodyRejected(
                "not_json",
                f"The answer is not JSON ({error}); it begins: {start!r}.",
                "This is an error page of a proxy or of the publisher. Open the URL in a browser from the same "
                "network. If JSON comes there, ask whoever runs the proxy to allow this host; otherwise wait for the "
                "publisher.",
            ) from error


@dataclass(frozen=True)
class LatestVintage:
    """The newest vintage of a part, and the publisher's probe when this vintage was last checked."""

    sha256: str
    url: str
    size: int
    probe: str | None
    needs_full_check: bool
    """True when the last full download is a month old, because a probe is not trusted for longer."""


class FetchContext(Protocol):
    """What a publisher's module may use in a fetch. Every answer is kept and recorded before the module gets it."""

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
    """ATF_HOME, where the local returns are."""

    @property
    def latest(self) -> LatestVintage | None:
        """The latest vintage of the part; None before its first one."""

    def url(self, path: str, at: str = "") -> str:
        """`path` below the service's base URL, or below its other URL called `at`."""

    def fetch_listing(self, url: str, params: Params = (), *, headers: Mapping[str, str] | None = None) -> Page:
        """Fetch a listing: a probe or a page that shows what to fetch. Each is fetched once in a fetch run.

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
        """Fetch a page of the table itself. Raises Unchanged where `conditional` and the publisher answers 304.

        headers: for keys; only the service's own host gets them, and no record contains them. body: makes it a POST.
        """

    def probed(self, token: str | None) -> None:
        """Record the publisher's probe. Raises Unchanged where it equals the probe of the latest vintage.

        None means that the probe gave nothing; then the table itself is fetched.
        """

    def keep(self, path: Path, url: str) -> Page:
        """Keep a file of this home in landing, as a page with an address that names no machine."""

    def note(self, text: str) -> None:
        """Record a note about this attempt for people, such as an identifier that moved."""


@dataclass(frozen=True)
class Collected:
    """The pages of a table, in order, with the publisher's edition and date."""

    pages: Sequence[Page]
    release: str | None = None
    """The publisher's name of the edition: a version, a quarter, a file's name."""
    published_at: str | None = None
    """The publisher's moment of publication, ISO 8601, where no header gives it."""
    rows_sha256: str | None = None
    """Hash of what is taken from the pages, where they say more than that: then only this makes a new vintage."""


def no_check(connection: duckdb.DuckDBPyConnection, rows: Path, collection: Collection, dataset: Dataset) -> None:
    """For publishers whose rows do not show what was requested: there is nothing to compare."""


@dataclass(frozen=True, kw_only=True)
class Source(BodyRules):
    """One publisher's rules and functions."""

    collect: Callable[[FetchContext], Collected]
    """Fetch one part of a dataset. Raises BodyRejected, NoData, Unchanged, Skipped or FetchError."""
    check_rows: Callable[[duckdb.DuckDBPyConnection, Path, Collection, Dataset], None] = no_check
    """(connection, raw Parquet, collection, dataset): raises BodyRejected where rows are not those requested."""
