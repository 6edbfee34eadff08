"""Whether a page of NOMIS is exactly the one that was asked for: its columns, how many rows, and of what.

Belongs here: judging one page by what stands in it. Does not belong here: asking for pages (`nomis`), what the
figures mean (dbt staging).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.formats.csv_text import refuse_markup

_AGAIN = (
    "Network or publisher: the next refresh asks again for all pages. If it repeats, an engineer opens the URL and "
    "compares the number of rows with RECORD_COUNT in the last column."
)


@dataclass(frozen=True)
class Expected:
    """What every page must have: these columns, these codes of each dimension, these areas (None: any)."""

    columns: frozenset[str]
    codes: Mapping[str, tuple[str, ...]]
    areas: frozenset[str] | None


def check_page(path: Path, expected: Expected, *, offset: int, limit: int, total: int | None, seen: set[str]) -> int:
    """How many rows the whole table has, once the page has proved to be its part from `offset` on.

    `total`: what the first page said, None for the first page itself. Codes of areas are added to `seen`.
    Raises NoData for a first page without rows, BodyRejected for any page that is not the one to be expected.
    """
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    if total is None and not text.strip():
        raise NoData("The answer is empty, which is what the publisher says to parameters that it has no rows for.")
    refuse_markup(text)
    reader = csv.reader(io.StringIO(text, newline=""))
    columns = [heading.strip().lower() for heading in next(reader, [])]
    _check_columns(columns, expected, text)
    rows = [row for row in reader if row]
    if total is None and not rows:
        raise NoData("The answer has a heading and no rows.")
    counted = _check_count(rows, columns, offset=offset, limit=limit, total=total)
    _check_rows(rows, columns, expected, seen)
    return counted


def _check_columns(columns: Sequence[str], expected: Expected, text: str) -> None:
    if not expected.columns & set(columns):
        raise BodyRejected(
            "not_this_table",
            f"The body is not a table of this publisher; it begins: {text.strip()[:160]!r}.",
            "A complaint with status 200, most often that there were too many requests: the next refresh asks again; "
            "if it repeats, read the text and lower requests_per_second in the catalogue.",
        )
    missing = sorted(expected.columns - set(columns))
    added = sorted(set(columns) - expected.columns)
    if missing or added or len(columns) != len(expected.columns):
        said = [f"it lacks {', '.join(missing)}"] * bool(missing) + [f"it has also {', '.join(added)}"] * bool(added)
        raise BodyRejected(
            "missing_column" if missing else "other_columns",
            f"The heading is not what was selected: {' and '.join(said) or 'a column stands twice'}.",
            "The publisher changed its columns, or this is another table: an engineer opens the URL and corrects the "
            "selected columns in sources/nomis.py and the staging model.",
        )


def _check_count(
    rows: Sequence[Sequence[str]], columns: Sequence[str], *, offset: int, limit: int, total: int | None
) -> int:
    if ragged := next((number for number, row in enumerate(rows, 2) if len(row) != len(columns)), None):
        raise BodyRejected(
            "truncated_body", f"Line {ragged} has not as many cells as the heading of {len(columns)} columns.", _AGAIN
        )
    said = {row[columns.index("record_count")] for row in rows}
    starts = rows[0][columns.index("record_offset")] if rows else str(offset)
    if rows and (len(said) != 1 or not min(said).isdecimal()):
        raise BodyRejected("row_count_unclear", f"RECORD_COUNT should be one number; it is {sorted(said)[:5]}.", _AGAIN)
    counted = int(min(said)) if rows else (total or 0)
    if total is not None and counted != total:
        raise BodyRejected(
            "row_count_changed",
            f"The first page said that there are {total} rows, the page from row {offset} on says {counted}: the table "
            "changed while it was being read.",
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
    told = [f"{name} {', '.join(codes[:5])}" for name, codes in strange.items() if codes]
    if told:
        raise BodyRejected(
            "other_rows",
            f"The page has rows that were not asked for: {'; '.join(told)}.",
            "The publisher did not heed a parameter: an engineer opens the URL, compares its parameters with the "
            "dataset's definition, and corrects `ask` in catalogue/collections/nomis.yml.",
        )
