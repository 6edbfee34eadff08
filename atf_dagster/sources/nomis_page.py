"""Checks that a page of NOMIS is exactly the requested one: its columns, the number of its rows, their codes.

Belongs here: judging one page by its content. Does not belong here: fetching pages (`nomis`), what the figures mean
(dbt staging).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atf_dagster import csv_records
from atf_dagster.csv_records import Record
from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.formats.csv_text import as_rejection, refuse_no_table

_AGAIN = (
    "The network or the publisher caused this. The next refresh asks again for all pages. If it repeats, a data "
    "engineer opens the URL and compares the number of rows with RECORD_COUNT in the last column."
)


@dataclass(frozen=True)
class Expected:
    """What every page must have: these columns, these codes of each dimension, these areas (None: any areas)."""

    columns: frozenset[str]
    codes: Mapping[str, tuple[str, ...]]
    areas: frozenset[str] | None


def check_page(path: Path, expected: Expected, *, offset: int, limit: int, total: int | None, seen: set[str]) -> int:
    """Check that the page is the table's part from `offset` on. Returns the number of rows of the whole table.

    total: that number as the first page stated it; None for the first page. Adds codes of areas to `seen`. Raises
    NoData for a first page without rows, BodyRejected for a page that is not the expected one.
    """
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    if total is None and not text.strip():
        raise NoData("The answer is empty: the publisher answers so where it has no rows for the parameters.")
    refuse_no_table(text)
    found = csv_records.records(io.StringIO(text, newline=""))
    with as_rejection():
        columns = [heading.strip().lower() for heading in csv_records.split(next(found).text)]
        _check_columns(columns, expected, text)
        records = list(found)
    if total is None and not records:
        raise NoData("The answer has a heading and no rows.")
    rows = _cells(records, len(columns))
    counted = _check_count(rows, columns, offset=offset, limit=limit, total=total)
    _check_rows(rows, columns, expected, seen)
    return counted


def _check_columns(columns: Sequence[str], expected: Expected, text: str) -> None:
    if not expected.columns & set(columns):
        raise BodyRejected(
            "not_this_table",
            f"The body is not a table of this publisher; it begins: {text.strip()[:160]!r}.",
            "This is a complaint with status 200, most often about too many requests. The next refresh asks again. If "
            "it repeats, read the text and lower requests_per_second in the catalogue.",
        )
    missing = sorted(expected.columns - set(columns))
    added = sorted(set(columns) - expected.columns)
    if missing or added or len(columns) != len(expected.columns):
        found = [f"it lacks {', '.join(missing)}"] * bool(missing) + [f"it has also {', '.join(added)}"] * bool(added)
        raise BodyRejected(
            "missing_column" if missing else "other_columns",
            f"The heading is not what was selected: {' and '.join(found) or 'a column is there twice'}.",
            "The publisher changed its columns, or this is another table. A data engineer opens the URL and corrects "
            "the selected columns in sources/nomis.py and the staging model.",
        )


def _cells(records: Sequence[Record], columns: int) -> list[list[str]]:
    if ragged := next((record.line for record in records if record.cells != columns), None):
        raise BodyRejected(
            "truncated_body", f"Line {ragged} has not as many cells as the heading of {columns} columns.", _AGAIN
        )
    return [csv_records.split(record.text) for record in records]


def _check_count(
    rows: Sequence[Sequence[str]], columns: Sequence[str], *, offset: int, limit: int, total: int | None
) -> int:
    counts = {row[columns.index("record_count")] for row in rows}
    starts = rows[0][columns.index("record_offset")] if rows else str(offset)
    if rows and (len(counts) != 1 or not min(counts).isdecimal()):
        raise BodyRejected(
            "row_count_unclear", f"RECORD_COUNT should be one number; it is {sorted(counts)[:5]}.", _AGAIN
        )
    counted = int(min(counts)) if rows else (total or 0)
    if total is not None and counted != total:
        raise BodyRejected(
            "row_count_changed",
            f"The first page counted {total} rows, the page from row {offset} on counts {counted}: the table changed "
            "while it was being read.",
            _AGAIN,
        )
    wanted = min(limit, counted - offset)
    if len(rows) != wanted or starts != str(offset):
        raise BodyRejected(
            "row_count_wrong",
            f"The page should have rows {offset} to {offset + wanted - 1} of {counted}; it has {len(rows)} rows from "
            f"row {starts} on.",
            _AGAIN,
        )
    return counted


def _check_rows(rows: Sequence[Sequence[str]], columns: Sequence[str], expected: Expected, seen: set[str]) -> None:
    found = {row[columns.index("geography_code")] for row in rows}
    seen |= found
    strange = {"geography": sorted(found - expected.areas)} if expected.areas is not None else {}
    for name, codes in expected.codes.items():
        strange[name] = sorted({row[columns.index(name)] for row in rows} - set(codes))
    listed = [f"{name} {', '.join(codes[:5])}" for name, codes in strange.items() if codes]
    if listed:
        raise BodyRejected(
            "other_rows",
            f"The page has rows that were not asked for: {'; '.join(listed)}.",
            "The publisher ignored a parameter. A data engineer opens the URL, compares its parameters with the "
            "dataset's definition, and corrects `ask` in catalogue/collections/nomis.yml.",
        )
