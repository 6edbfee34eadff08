"""Every polluted file is read right or refused with a reason; the two kinds of which neither is true are named.

Belongs here: what comes of the kinds of pollution of the Pollock corpus. Does not belong here: making the files
(`support.pollution`), single rules (test_csv_records).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from atf_dagster.formats import csv_text
from atf_dagster.formats.body import BodyRejected, NoData, snake_case
from support import pollution

COLUMNS = tuple(map(snake_case, pollution.HEADING))
SILENT = {
    "file_header_multirow_2": "a second line of headings has as many cells as a row, so nothing tells it from one",
    "file_header_multirow_3": "the same, twice",
}
"""Files of one kind that is read as it is written, and why. The codes of areas are refused later, at admission."""
READ_RIGHT = {
    *("source", "file_no_trailing_newline", "file_double_trailing_newline", "file_one_data_row"),
    *("file_record_delimiter_0xA", "file_record_delimiter_0xD", "file_record_delimiter_0xD_0xA"),
    *("file_record_delimiter_mixed", "file_encoding_utf-8-sig", "file_encoding_utf-16", "file_encoding_cp1252"),
    "file_encoding_latin-1",
}
WHOLE = [tuple(cell or None for cell in row) for row in pollution.clean_rows()]
Outcome = tuple[str, str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "body.csv"


@pytest.fixture
def connection() -> Iterable[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connected:
        yield connected


def outcome(path: Path, content: bytes, connection: duckdb.DuckDBPyConnection) -> Outcome:
    """What landing and raw make of a body: refused and why, read right, or read otherwise."""
    path.write_bytes(content)
    try:
        body = csv_text.inspect(path, required=COLUMNS, optional=(), column_name=snake_case, ends_with_newline=False)
    except BodyRejected as refusal:
        return "refused", f"{refusal.reason}: {refusal.message}"
    except NoData as nothing:
        return "refused", f"no_data: {nothing.message}"
    target = path.with_suffix(".parquet")
    csv_text.to_parquet(connection, path, body, target, tags={})
    found = connection.execute(
        f"select {', '.join(COLUMNS)} from read_parquet('{target}') order by row_number"
    ).fetchall()
    if found == (WHOLE[:1] if path.stat().st_size < 500 else WHOLE):
        return "right", ""
    return "silent", f"{len(found)} rows of {len(WHOLE)}"


@pytest.mark.parametrize(("name", "content"), [pytest.param(*file, id=file[0]) for file in pollution.whole_files()])
def test_a_file_that_is_wrong_as_a_whole_is_read_right_or_refused(
    path: Path, connection: duckdb.DuckDBPyConnection, name: str, content: bytes
) -> None:
    ended, said = outcome(path, content, connection)
    wanted = "right" if name in READ_RIGHT else "silent" if name in SILENT else "refused"
    assert (ended, name) == (wanted, name), said


def test_a_delimiter_or_a_quote_too_many_or_too_few_is_refused_in_every_row_and_column(
    path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    ends: Counter[Outcome] = Counter()
    files = dict(pollution.each_row())
    for name, content in files.items():
        ended, said = outcome(path, content, connection)
        assert ended == "refused", f"{name}: {ended}: {said}"
        assert re.match(r"(ragged_rows|stray_quote): Line [0-9]+ ", said), f"{name}: {said}"
        ends[ended, said.partition(":")[0]] += 1
    assert len(files) == pollution.ROWS * (9 + 9 + 8 + 1) == 2268
    assert ends.total() == len(files)


def test_the_line_that_is_named_is_the_one_with_the_delimiter_or_the_quote(
    path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rows, files = pollution.clean_rows(), dict(pollution.each_row())
    for row in (1, 5, 40, pollution.ROWS):
        line = 1 + row + sum(cell.count("\n") for before in rows[: row - 1] for cell in before)
        for change in ("row_more_sep_row{}_col3", "row_less_sep_row{}_col3", "row_extra_quote{}_col3"):
            name = change.format(row)
            assert f"Line {line} " in outcome(path, files[name], connection)[1], name
