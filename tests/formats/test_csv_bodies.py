"""Bodies as CSV: what is refused when it lands, and that every cell of a good one arrives in Parquet as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from atf_dagster.catalogue import Collection, load
from atf_dagster.formats.body import Body, BodyRejected, NoData, snake_case
from atf_dagster.formats.csv_text import inspect, to_parquet
from atf_dagster.sources import SOURCES

TAGS = {"dataset": "a_dataset", "vintage_id": "it's one"}
FINGERTIPS = next(c for c in load().collections if c.service.id == "fingertips")
# The headings of today's file, in their order, as the publisher writes them.
HEADING = [
    *("Indicator ID", "Indicator Name", "Parent Code", "Parent Name", "Area Code", "Area Name", "Area Type", "Sex"),
    *("Age", "Category Type", "Category", "Time period", "Value", "Lower CI 95.0 limit", "Upper CI 95.0 limit"),
    *("Lower CI 99.8 limit", "Upper CI 99.8 limit", "Count", "Denominator", "Value note", "Recent Trend"),
    *("Compared to England value or percentiles", "Compared to percentiles", "Time period Sortable", "New data"),
    *("Compared to goal", "Time period range"),
]


def judge(
    path: Path,
    *,
    required: Sequence[str] = ("code", "name", "value"),
    optional: Sequence[str] = (),
    column_name: Callable[[str], str] = snake_case,
    ends_with_newline: bool = True,
) -> Body:
    return inspect(
        path, required=required, optional=optional, column_name=column_name, ends_with_newline=ends_with_newline
    )


def judge_as(collection: Collection, path: Path) -> Body:
    """As landing judges a body of this collection."""
    source = SOURCES[collection.service.id]
    return judge(
        path,
        required=collection.columns,
        optional=collection.optional_columns,
        column_name=source.column_name,
        ends_with_newline=source.ends_with_newline,
    )


def in_parquet(path: Path, body: Body, target: Path, optional: Sequence[str] = ()) -> list[tuple[str | None, ...]]:
    """The rows that `to_parquet` wrote, in their order, without the tags; checks the tags and the count."""
    with duckdb.connect() as connection:
        count = to_parquet(connection, path, body, target, tags=TAGS, optional=optional)
        cursor = connection.execute("select * from read_parquet($path) order by row_number", {"path": str(target)})
        names = [column[0] for column in cursor.description or []]
        kinds = {str(column[1]) for column in (cursor.description or [])[: -len(TAGS) - 1]}
        rows = cursor.fetchall()
    assert kinds <= {"STRING", "VARCHAR"}
    assert names[-3:] == ["row_number", "dataset", "vintage_id"]
    assert [row[-3:] for row in rows] == [(n, *TAGS.values()) for n in range(1, len(rows) + 1)]
    assert count == len(rows)
    assert [entry.name for entry in target.parent.iterdir() if entry.name.startswith(".")] == []
    return [row[:-3] for row in rows]


def by_python(path: Path, encoding: str = "utf-8-sig") -> list[tuple[str | None, ...]]:
    """The same rows by Python's reader, a blank cell as nothing."""
    with path.open(encoding=encoding, newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        return [tuple(cell or None for cell in row) for row in rows]


def refusal(path: Path, content: bytes, reason: str, *, ends_with_newline: bool = True) -> str:
    """The message about a body that must be refused for `reason` when it lands. The error also has a remedy."""
    path.write_bytes(content)
    with pytest.raises(BodyRejected) as refused:
        judge(path, ends_with_newline=ends_with_newline)
    assert refused.value.reason == reason
    assert len(refused.value.remedy) > 20
    return refused.value.message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "body.csv"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "it's a vintage.parquet"


CELLS = [
    ["E06000006", "Halton", "1.50"],
    ["00123", "1E5", "NA"],
    ["None", "nan", "-0"],
    ["5-9", "10/14", "2024-01-01"],
    [" led and trailed ", "a, comma", 'a "quote"'],
    ["two\nlines", "two\r\nlines", ""],
    ["", "", "£ \u2013 é"],
    ["=1+1", "null", "\\N"],
]


def as_csv(rows: Sequence[Sequence[str]], heading: Sequence[str] = ("Code", "Name", "Value")) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([heading, *rows])
    return text.getvalue()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_cell_arrives_as_text_whatever_the_encoding(
    path: Path, target: Path, encoding: str, line_end: str
) -> None:
    rows = [cells for cells in CELLS if "\n" not in "".join(cells)]
    path.write_bytes(as_csv(rows).replace("\n", line_end).encode(encoding))
    body = judge(path)
    assert body.encoding == {"utf-8": "utf-8-sig"}.get(encoding, encoding)
    assert body.columns == ("code", "name", "value")
    assert in_parquet(path, body, target) == [tuple(cell or None for cell in row) for row in rows]


def test_quoted_cells_may_hold_lines_commas_and_quotes(path: Path, target: Path) -> None:
    path.write_text(as_csv(CELLS), "utf-8", newline="")
    assert in_parquet(path, judge(path), target) == [tuple(cell or None for cell in row) for row in CELLS]
    assert in_parquet(path, judge(path), target) == by_python(path)


def test_bytes_beyond_the_first_block_decide_the_encoding_too(path: Path, target: Path) -> None:
    rows = [["E06000006", "Halton", str(number)] for number in range(100_000)]
    path.write_bytes(as_csv([*rows, ["E06000050", "café £", "1"]]).encode("cp1252"))
    body = judge(path)
    assert body.encoding == "cp1252"
    assert in_parquet(path, body, target)[-1] == ("E06000050", "café £", "1")


def test_a_last_line_that_is_not_closed_is_a_row_where_the_publisher_never_closes_it(path: Path, target: Path) -> None:
    path.write_text("Code,Name,Value\na,b,1\nc,d,2", "utf-8")
    assert in_parquet(path, judge(path, ends_with_newline=False), target) == [("a", "b", "1"), ("c", "d", "2")]


def test_a_body_that_stops_in_a_line_is_refused(path: Path) -> None:
    message = refusal(path, b"Code,Name,Value\na,b,1\nc,d,2", "truncated_body")
    assert "after 27 bytes" in message


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\0\0\0"])
def test_a_body_with_nothing_in_it_is_refused(path: Path, content: bytes) -> None:
    assert f"{len(content)} bytes" in refusal(path, content, "empty_body")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html>\n<html><body>Error, code, value</body></html>\n",
        b"\n\n  <html lang='en'><head></head></html>\n",
        b'<?xml version="1.0"?><error/>\n',
        b"<!-- cached --><HTML><body>Code,Name,Value</body></HTML>\n",
        b"\xef\xbb\xbf<!doctype html>\n",
        "<!doctype html>\n<html></html>\n".encode("utf-16"),
    ],
)
def test_a_web_page_is_refused_whatever_it_was_called(path: Path, content: bytes) -> None:
    assert "web page" in refusal(path, content, "html_body")


@pytest.mark.parametrize(
    "content",
    [
        b"null",
        b"null\n",
        b"[]",
        b"{}",
        b'{"value": null}',
        b' \n{\n  "error": {"message": "Too many requests"}\n}\n',
        b'\xef\xbb\xbf[{"Code": "a", "Name": "b", "Value": 1}]',
        '{"Code": "a"}'.encode("utf-16"),
    ],
)
def test_json_is_told_as_a_broken_interface_and_not_as_a_damaged_table(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(BodyRejected) as refused:
        judge(path)
    assert refused.value.reason == "json_body"
    assert "The body is JSON" in refused.value.message
    assert "nothing shows that it withdrew figures" in refused.value.remedy


@pytest.mark.parametrize("heading", ["[note],Name,Value", "null,Name,Value", "{note},Name,Value"])
def test_a_heading_of_a_bracket_or_of_the_word_null_is_no_json(path: Path, heading: str) -> None:
    assert "code" in refusal(path, f"{heading}\na,b,1\n".encode(), "missing_column")


@pytest.mark.parametrize("content", [b"Code,Name,Value\n", b"Code,Name,Value\r\n\r\n", b"Code,Name,Value\n,,\n"])
def test_a_heading_without_rows_is_no_data(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(NoData, match="heading and no rows"):
        judge(path)


def test_bytes_that_are_no_text_are_refused(path: Path) -> None:
    message = refusal(path, b"Code,Name,Value\na,\x81\x00,1\n", "wrong_encoding")
    assert "utf-8-sig, cp1252" in message


def test_a_missing_column_is_named_with_what_it_may_be_called_now(path: Path) -> None:
    message = refusal(path, b"Code,Area name,Valeu\na,b,1\n", "missing_column")
    assert "value (renamed to valeu?)" in message
    assert "name (renamed to area_name?)" in message


def test_a_column_that_is_gone_is_named_without_a_guess(path: Path) -> None:
    message = refusal(path, b"Code,Name\na,b\n", "missing_column")
    assert message == "The table no longer has: value."


def test_an_error_text_is_recognised_as_not_this_table(path: Path) -> None:
    message = refusal(path, b"Service unavailable, please try again\nsoon\n", "missing_column")
    assert "none of its columns is known" in message
    assert "service_unavailable" in message


@pytest.mark.parametrize(
    ("heading", "words"),
    [("Code,Name,Value,Value", "a column twice: value"), ("Code,Name,Value,", "a column without a name")],
)
def test_a_heading_that_cannot_name_its_columns_is_refused(path: Path, heading: str, words: str) -> None:
    assert words in refusal(path, f"{heading}\na,b,1,2\n".encode(), "bad_heading")


def test_an_added_column_is_accepted_and_named(path: Path, target: Path) -> None:
    path.write_text("Value,New thing,Code,Name,Note\n1,x,a,b,\n", "utf-8")
    body = judge(path, optional=("note",))
    assert body.columns_added == ("new_thing",)
    assert body.columns == ("value", "new_thing", "code", "name", "note")
    assert in_parquet(path, body, target) == [("1", "x", "a", "b", None)]


def test_rows_that_all_end_before_an_optional_column_are_whole(path: Path, target: Path) -> None:
    path.write_text("Code,Name,Value,Range\na,b,1\nc,d,2\n", "utf-8")
    body = judge(path, optional=("range",))
    assert in_parquet(path, body, target, optional=("range",)) == [("a", "b", "1"), ("c", "d", "2")]


def test_rows_that_all_end_before_a_required_column_are_not_whole(path: Path) -> None:
    path.write_text("Code,Name,Value\na,b\nc,d\n", "utf-8")
    with pytest.raises(BodyRejected, match="Line 2 does not fit the heading of 3 columns: it has 2 cells"):
        judge(path, optional=("range",))


@pytest.mark.parametrize(
    "parent",
    [
        "Compared to percentiles",
        "Compared to Region value or percentiles",
        "Compared to ICBs value or percentiles",
        "Compared to England value or percentiles ",
    ],
)
def test_the_heading_that_names_the_kind_of_parent_is_one_column(path: Path, parent: str) -> None:
    heading = list(HEADING)
    heading[22] = parent
    path.write_text(as_csv([["93283"] + ["x"] * 26], heading), "utf-8")
    if parent.startswith("Compared to England"):
        with pytest.raises(BodyRejected, match="twice"):
            judge_as(FINGERTIPS, path)
        return
    body = judge_as(FINGERTIPS, path)
    assert body.columns[21:23] == ("compared_to_england_value_or_percentiles", "compared_to_parent")
    assert body.columns[25] == "compared_to_goal"
    assert body.columns_added == ()


def test_the_older_file_of_26_columns_is_the_same_table(path: Path, target: Path) -> None:
    path.write_text(as_csv([["93283"] + ["x"] * 25], HEADING[:26]), "utf-8")
    body = judge_as(FINGERTIPS, path)
    assert len(body.columns) == 26
    assert in_parquet(path, body, target, FINGERTIPS.optional_columns) == [("93283", *["x"] * 25)]


def test_a_body_of_another_indicator_is_refused(path: Path, target: Path) -> None:
    path.write_text(as_csv([["90362"] + ["x"] * 26], HEADING), "utf-8")
    collection, dataset = load().dataset("fingertips_93283")
    source = SOURCES[collection.service.id]
    with duckdb.connect() as connection:
        to_parquet(connection, path, judge_as(FINGERTIPS, path), target, tags=TAGS)
        with pytest.raises(BodyRejected, match="Asked for indicator 93283, the body holds 90362"):
            source.check_rows(connection, target, collection, dataset)


REAL = [
    *(f"fingertips/{name}.csv" for name in ("90284_injury_admissions_child502_parent15", "older_26_columns_countyua")),
    *(f"fingertips/{name}_website_download.csv" for name in ("93015_physically_inactive", "93881_adult_obesity")),
    *(f"ons_els/{name}.csv" for name in ("children-in-relative-poverty", "claimant-count", "early-years")),
    *(f"ons_els/{name}.csv" for name in ("employment-rate", "gcses-in-english-and-maths", "gross-median-weekly-pay")),
    *(f"ons_els/{name}.csv" for name in ("healthy-life-expectancy", "housing-affordability-ratio")),
    *(f"ons_els/{name}.csv" for name in ("modelled-unemployment", "personal-wellbeing-estimates")),
]


@pytest.mark.parametrize("name", REAL)
def test_a_publishers_own_file_arrives_whole_and_cell_by_cell(shared_data: Path, name: str, target: Path) -> None:
    file = shared_data / name
    if name.startswith("fingertips/"):
        body = judge_as(FINGERTIPS, file)
        assert body.columns_added == ()
    else:  # the service's bulk files have columns of their own; the answers to requests are tested in tests/snapshot
        body = judge(file, required=("areacd", "areanm", "period", "observation", "status"), ends_with_newline=False)
    expected = by_python(file, body.encoding)
    found = in_parquet(file, body, target, FINGERTIPS.optional_columns)
    assert len(found) == len(expected) > 800
    assert found == expected


def test_no_publishers_file_is_left_out(shared_data: Path) -> None:
    folders = [shared_data / "fingertips", shared_data / "ons_els"]
    assert {str(path.relative_to(shared_data)) for folder in folders for path in folder.glob("*.csv")} == set(REAL)
