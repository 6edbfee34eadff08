"""What every publisher's module offers, and what landing may hear from it.

Belongs here: the small shapes shared by all publishers. Reading CSV is `csv_body`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from atf_dagster.catalogue import Collection, Dataset, Part


class BodyRejected(ValueError):
    """Bytes that came but are not the table. `reason` is a short code, `mend` says whose it is and what next."""

    def __init__(self, reason: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.mend = mend


class NoData(ValueError):
    """The publisher answered properly that it has no rows for this request."""


@dataclass(frozen=True)
class Question:
    """What to ask: a path below the publisher's base URL, and its parameters."""

    path: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Body:
    """A body that looks like the table: how its text is encoded and which columns it has, in order."""

    encoding: str
    columns: tuple[str, ...]
    columns_added: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One publisher's ways, as functions of the catalogue's entries."""

    question: Callable[[Collection, Dataset, Part, Sequence[str]], Question]
    """(collection, dataset, part, area codes of the catalogue) -> what to ask."""
    column_name: Callable[[str], str]
    """A heading as found -> its snake-case name in raw."""
    ends_with_newline: bool
    """Whether this publisher closes its last line; if so, a body that does not was cut."""
    check_rows: Callable[[duckdb.DuckDBPyConnection, Path, Dataset], None]
    """(connection, raw Parquet, dataset): raises BodyRejected where rows are not those asked for."""
