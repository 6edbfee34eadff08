"""Which CSV bodies are read and which are refused, by the rules of RFC 4180: when they land and when raw reads them.

Belongs here: the rules of records, each with the line that is named. Does not belong here: encodings, headings and
columns (test_csv_bodies), what becomes of a refused body (tests/landing).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from atf_dagster.formats import csv_text
from atf_dagster.formats.body import Body, BodyRejected, NoData, snake_case

HEADING = "Code,Name,Value\n"
COLUMNS = ("code", "name", "value")
Rows = list[tuple[str | None, ...]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "body.csv"


def landed(path: Path, *, required: Sequence[str] = COLUMNS, optional: Sequence[str] = ()) -> Body:
    return csv_text.inspect(path, required=required, optional=optional, column_name=snake_case, ends_with_newline=False)


def in_raw(path: Path, *, required: Sequence[str] = COLUMNS, optional: Sequence[str] = ()) -> Rows:
    """The rows as raw reads them; raw does not trust that landing judged the body."""
    body = csv_text.heading(path, required=required, optional=optional, column_name=snake_case)
    target = path.parent / "raw" / "rows.parquet"
    with duckdb.connect() as connection:
        csv_text.to_parquet(connection, path, body, target, tags={"dataset": "one"}, optional=optional)
        found = connection.execute(
            "select * exclude (row_number, dataset) from read_parquet($path) order by row_number",
            {"path": str(target)},
        ).fetchall()
    assert [entry.name for entry in target.parent.iterdir()] == ["rows.parquet"]
    return found


def refused(path: Path, content: str | bytes, reason: str, line: int, **columns: Sequence[str]) -> BodyRejected:
    """Refused when it lands and when raw reads it, for one reason and one line; nothing is left in raw."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BodyRejected) as landing:
        landed(path, **columns)
    with pytest.raises(BodyRejected) as raw:
        in_raw(path, **columns)
    assert landing.value.message == raw.value.message
    assert landing.value.reason == reason
    assert landing.value.message.startswith(f"Line {line} ") or f" line {line} " in landing.value.message
    assert "publisher" in landing.value.remedy
    folder = path.parent / "raw"
    assert not folder.exists() or list(folder.iterdir()) == []
    return landing.value


# cells -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("a,b,4,85\n", 2),  # a decimal comma
        ("a,b,1\nc,d,4,\n", 3),  # DuckDB drops a surplus cell that is blank
        ("a,b,1\nc,d,4,,,\n", 3),
        ("a,b,1\nc,d\ne,f,3\n", 3),
        ("a,b,1\n,\n", 3),
        ("a,b,1\nc\n", 3),
        ("a,b,1\nc;d;2\n", 3),
        ("a,b,1\nc\td\t2\n", 3),
        ("a,b,1\n" * 500 + "c,d\n" + "a,b,1\n" * 500, 502),
        ("a,b,1\nc,d,2", None),  # whole, only without its last line end
        ('a,"two\nlines",1\nc,d\n', 4),  # lines are counted, not rows
    ],
)
def test_every_row_has_as_many_cells_as_the_heading(path: Path, rows: str, line: int | None) -> None:
    if line is None:
        path.write_text(HEADING + rows, "utf-8")
        landed(path)
        assert in_raw(path) == [("a", "b", "1"), ("c", "d", "2")]
        return
    assert "heading of 3 columns: it has" in refused(path, HEADING + rows, "ragged_rows", line).message


def test_a_row_that_alone_lacks_an_optional_last_cell_is_the_one_that_is_named(path: Path) -> None:
    columns = {"required": COLUMNS[:2], "optional": COLUMNS[2:]}
    refused(path, HEADING + "a,b\nc,d,2\ne,f,3\n", "ragged_rows", 2, **columns)
    refused(path, HEADING + "a,b,1\nc,d\ne,f,3\n", "ragged_rows", 3, **columns)


@pytest.mark.parametrize("heading", ["Co,de,Name,Value", "Code,Na,me,Value", "Code,Name,New,Value"])
def test_a_comma_too_many_in_the_heading_is_no_column_that_all_rows_lack(path: Path, heading: str) -> None:
    refused(path, f"{heading}\na,b,1\nc,d,2\n", "ragged_rows", 2, required=(), optional=("code", "name", "value"))


def test_one_row_alone_does_not_show_that_a_table_ends_before_its_optional_column(path: Path) -> None:
    refused(path, HEADING + "a,b\n", "ragged_rows", 2, required=COLUMNS[:2], optional=COLUMNS[2:])


# quotes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ('a,"b,1\n', 2),
        ('a,b,1\nc,"d,2\ne,f,3\n', 3),
        ('a,b,1\nc,"d" more,2\n', 3),
        ('a,b,1\nc,5" pipe,2\n', 3),
        ('a,b,1\nc,d "quoted",2\n', 3),
        ('a,b,1\nc, "d",2\n', 3),
        ('a,b,1\nc,"d" ,2\n', 3),
        ('a,b,1\nc,""d",2\n', 3),
        ('a,b,1\nc,"d\\"e",2\n', 3),  # a backslash does not escape
        ('a,b,1\n"c,d,2\n' + "e,f,3\n" * 400 + '"g,h",i,4\n', 3),
        ('a,b,1\nc,"d,2\ne,f",3\n', 3),  # two quotes that would swallow the end of one row and the start of the next
        ('a,"b,1\nc,d,2\ne,f,3\ng,h",4\n', 2),
        ('a,b,1\nc,d,2"\n', 3),
    ],
)
def test_a_double_quote_where_none_may_stand_is_refused_with_its_line(path: Path, rows: str, line: int) -> None:
    assert "double quote" in refused(path, HEADING + rows, "stray_quote", line).message


@pytest.mark.parametrize(
    "heading", ['Code,Name,""Value"\n', '"Code,Name,Value\n', 'Code,Name",Value\n', 'Code,"Name",Value"\n']
)
def test_a_double_quote_in_the_heading_is_refused(path: Path, heading: str) -> None:
    refused(path, heading + "a,b,1\n" * 50, "stray_quote", 1)


def test_cells_in_quotes_may_hold_commas_quotes_and_line_ends_of_every_kind(path: Path) -> None:
    rows = 'a,"b,""c""",1\n"d\ne\r\nf\rg","",2\n"""",h,"3"\n'
    path.write_text(f'"Code",Name,"Value"\n{rows}', "utf-8", newline="")
    landed(path)
    assert in_raw(path) == [("a", 'b,"c"', "1"), ("d\ne\r\nf\rg", None, "2"), ('"', "h", "3")]


def test_a_text_of_several_lines_in_a_narrow_table_is_no_swallowed_row(path: Path) -> None:
    path.write_text('Code,Name\na,"first\nsecond, part"\nb,c\n', "utf-8")
    landed(path, required=("code", "name"))
    assert in_raw(path, required=("code", "name")) == [("a", "first\nsecond, part"), ("b", "c")]


# lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ends",
    [("\n", "\n", "\n"), ("\r\n", "\r\n", "\r\n"), ("\r", "\r", "\r"), ("\n", "\r\n", "\n"), ("\r\n", "\n", "\r")],
)
def test_line_ends_may_be_of_one_kind_or_mixed(path: Path, ends: tuple[str, str, str]) -> None:
    lines = ("Code,Name,Value", "a,b,1", 'c,"d\ne",2')
    path.write_text("".join(f"{line}{end}" for line, end in zip(lines, ends, strict=True)), "utf-8", newline="")
    landed(path)
    assert in_raw(path) == [("a", "b", "1"), ("c", "d\ne", "2")]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("Code,Name,Value\na,b,1\n\nc,d,2\n", 3),
        ("\nCode,Name,Value\na,b,1\n", 1),
        ("Code,Name,Value\n\na,b,1\n", 2),
        ("Code,Name,Value\na,b,1\r\r\nc,d,2\r\n", 3),
        ("Code,Name,Value\na,b,1\n\n\n", 3),
        ("Code,Name,Value\n" + "\n" * 70_000, 2),
        ("Code,Name,Value\na,b,1\n" + "\r\n" * 70_000, 3),
    ],
)
def test_a_blank_line_before_the_end_is_refused(path: Path, body: str, line: int) -> None:
    refused(path, body, "blank_line", line)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n\r\n"])
def test_one_blank_line_at_the_end_is_no_fault(path: Path, end: str) -> None:
    path.write_text(f"Code,Name,Value\na,b,1\nc,d,2{end}", "utf-8", newline="")
    landed(path)
    assert in_raw(path) == [("a", "b", "1"), ("c", "d", "2")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("\nCode,Name,Value\n\na,b,1\n\n\nc,d,2\n\n\n", "blank_line"),
        ("Code,Name,Value,,\na,b,1,,\n,,,,\nc,d,2,, \n", "bad_heading"),
        ("Code,Name,Value,\na,b,1,\n,\nc,d,2,\n", "bad_heading"),
    ],
)
def test_blank_lines_and_columns_of_a_return_are_no_damage(path: Path, body: str, reason: str) -> None:
    """Who makes a return by hand leaves them, and they were accepted when it was sent."""
    path.write_text(body, "utf-8")
    lines = {"column_name": snake_case, "required": COLUMNS, "optional": (), "is_made_by_hand": True}
    judged = csv_text.inspect(path, ends_with_newline=False, **lines)  # type: ignore[arg-type]
    with duckdb.connect() as connection:
        target = path.with_suffix(".parquet")
        assert csv_text.to_parquet(connection, path, judged, target, tags={}, is_made_by_hand=True) == 2
        rows = connection.execute("select code, name, value from read_parquet($path)", {"path": str(target)}).fetchall()
    assert rows == [("a", "b", "1"), ("c", "d", "2")]
    with pytest.raises(BodyRejected) as refusal:
        landed(path)
    assert refusal.value.reason == reason


def test_a_cell_below_a_blank_heading_is_refused(path: Path) -> None:
    path.write_text("Code,Name,Value,\na,b,1,\nc,d,2,3\n", "utf-8")
    with pytest.raises(BodyRejected, match="Line 3 goes on where the heading is blank"):
        csv_text.inspect(
            path,
            required=COLUMNS,
            optional=(),
            column_name=snake_case,
            ends_with_newline=False,
            is_made_by_hand=True,
        )


@pytest.mark.parametrize("rows", ["", "\n", ",,\n,,\n", '"","",""\n'])
def test_a_heading_without_rows_is_no_table_for_raw_either(path: Path, rows: str) -> None:
    path.write_text(HEADING + rows, "utf-8")
    for read in (landed, in_raw):
        with pytest.raises(NoData, match="heading and no rows"):
            read(path)  # type: ignore[operator]


# sizes and bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["x" * 200_000, f'"{"x" * 200_000}"', f'"{"x " * 100_000}"'])
def test_a_cell_of_200_thousand_characters_is_refused(path: Path, cell: str) -> None:
    message = refused(path, f"{HEADING}a,b,1\nc,{cell},2\n", "oversized_cell", 3).message
    assert "its longest cell 200,000; a cell may have 100,000" in message


def test_a_quote_that_runs_through_a_large_body_is_refused_without_reading_all_of_it(path: Path) -> None:
    refused(path, f'{HEADING}a,"b,1\n' + "c,d,2\n" * 300_000, "stray_quote", 2)


def test_a_record_of_200_thousand_cells_is_refused(path: Path) -> None:
    refused(path, HEADING + "a,b,1\n" + "," * 199_999 + "\n", "ragged_rows", 3)


@pytest.mark.parametrize("content", [b"a,b,1\nc,\0d,2\n", b"a,b,1\nc\0,d,2\n", b"a,b,1\n\0\0\0\n"])
def test_a_nul_character_is_refused_with_its_line(path: Path, content: bytes) -> None:
    assert "NUL" in refused(path, HEADING.encode() + content, "wrong_encoding", 3).message


@pytest.mark.parametrize(
    "content",
    ["a,é,1\nc,".encode() + b"\xff,2\n", "a,b,1\nc,£".encode() + b"\xa3,2\n", b"\xef\xbb\xbfa,b,1\nc,\xa3,2\n"],
)
def test_utf_8_with_a_byte_of_another_encoding_is_refused_with_its_line(path: Path, content: bytes) -> None:
    """Read as Windows-1252 as a whole, every other name with an accent would change without a word."""
    start = b"\xef\xbb\xbf" if content.startswith(b"\xef") else b""
    body = start + HEADING.encode() + content.removeprefix(start)
    assert "not utf-8-sig" in refused(path, body, "wrong_encoding", 3).message


# the cases -------------------------------------------------------------------------------------------------


CASES = {
    "els_decimal_comma.csv": ("ragged_rows", 179),
    "els_heading_quote.csv": ("stray_quote", 1),
    "eyfsp_stray_quote.csv.gz": ("stray_quote", 3194),
    "heading_blank_lines_70k.csv": ("blank_line", 2),
    "ragged_and_field_200k.csv": ("ragged_rows", 2),
}


@pytest.mark.parametrize("name", [*CASES, "mixed_newlines.csv"])
def test_the_files_that_went_wrong_are_read_right_or_refused_with_the_line(
    shared_data: Path, path: Path, name: str
) -> None:
    file = shared_data.parent / "cases" / name
    content = gzip.decompress(file.read_bytes()) if name.endswith(".gz") else file.read_bytes()
    first = content.decode("utf-8").split("\n")[0].replace('"', "").strip()
    columns = tuple(snake_case(cell) for cell in first.split(","))
    if name in CASES:
        refused(path, content, *CASES[name], required=columns)
        return
    path.write_bytes(content)
    landed(path, required=columns)
    with path.open(encoding="utf-8", newline="") as stream:
        expected = [tuple(cell or None for cell in row) for row in csv.reader(stream)][1:]
    assert in_raw(path, required=columns) == expected
    assert len(expected) == 161
