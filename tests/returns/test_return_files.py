"""What makes a file a table: encoding, line ends, heading, ragged rows, size; the template itself."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from made_up_returns import NOW, as_bytes, good_rows, spend

from atf_dagster import catalogue
from atf_dagster.returns import reading
from atf_dagster.returns.check import check, check_bytes
from atf_dagster.returns.rows import Checked
from atf_dagster.returns.template import BANDS, COLUMNS, FORMS, guidance, template_csv

KNOWN = catalogue.load()
GOOD = as_bytes(good_rows())


def judged(data: bytes) -> Checked:
    return check_bytes(data, KNOWN, now=NOW)


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        as_bytes(good_rows(), end="\n"),
        as_bytes(good_rows(), end="\r"),
        GOOD + b"," * 19 + b"\r\n\r\n",
        GOOD.rstrip(),
        GOOD.replace(b"\r\n", b",\r\n"),
        GOOD.replace(b"\r\n", b",,, ,\r\n"),
        GOOD.replace(b"\r\n", b"," * 400 + b"\r\n"),
    ],
    ids=[
        "CRLF",
        "BOM",
        "LF",
        "CR",
        "blank rows at the end",
        "no last newline",
        "a blank column at the right",
        "blank columns at the right",
        "more blank columns than there may be columns",
    ],
)
def test_how_a_file_may_be_saved(data: bytes) -> None:
    result = judged(data)
    assert result.errors == ()
    assert len(result.rows) == 6


@pytest.mark.parametrize(
    ("data", "row", "says"),
    [
        (b"", 1, "no heading"),
        (b"<!DOCTYPE html><title>Sign in</title>", 0, "web page"),
        (b"PK\x03\x04 and so on", 0, "workbook"),
        ("indicator_code".encode("utf-16"), 0, "UTF-16"),
        (as_bytes([spend(notes="x")]) + as_bytes([spend(notes="\xa3")])[0:0] + b"\xa3\r\n", 3, "0xA3 is not UTF-8"),
        (as_bytes([spend(notes="a\0b")]), 2, "NUL"),
        (GOOD.replace(b",", b";"), 1, "not separated by commas"),
        (as_bytes([]), 1, "no row"),
        (GOOD + b"ATF21,only\r\n", 8, "2 cells"),
        (GOOD + b'"never closed\r\n', 8, "cannot be split into cells"),
        (GOOD.replace(b"\r\n", b",\r\n").replace(b"Made-up Trust", b"Made-up, Trust", 1), 2, "22 cells"),
        (GOOD.replace(b"\r\n", b",\r\n", 1), 2, "20 cells and the heading 21"),
        (GOOD.replace(b"\r\n", b",\r\n").removesuffix(b",\r\n") + b",more\r\n", 7, "goes on after column 20"),
        (b",".join(b"h%d" % n for n in range(200_000)) + b"\r\n", 1, "There are 200,000 columns"),
        (GOOD + b"ATF21,\r\n" * 100_000, 5_002, "more than 5,000 rows"),
        (b"indicator_code" * 9_000 + b"\r\n1\r\n", 1, "no heading of the template"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, row: int, says: str) -> None:
    errors = judged(data).errors
    assert any(error.row == row and says in error.message and error.remedy for error in errors), errors


@pytest.mark.parametrize("cell", [b'5" pipe', b'a "crude" rate', b' "quoted"'])
def test_what_landing_would_not_read_is_not_accepted(cell: bytes) -> None:
    """One return that landing refuses would hold back the returns of everybody."""
    data = as_bytes([spend(notes="a note")])
    assert judged(data).errors == ()
    (error,) = judged(data.replace(b"a note", cell)).errors
    assert (error.row, error.column) == (0, "file")
    assert "Line 2 has a double quote where none may stand" in error.message
    assert "spreadsheet program" in error.remedy


def test_ragged_rows_do_not_hide_other_faults() -> None:
    errors = judged(as_bytes([spend(numerator="£1")]) + b"short\r\n").errors
    assert [(error.row, error.column) for error in errors] == [(2, "numerator"), (3, "file")]


def test_a_wrong_heading_is_named_with_the_nearest_column_and_rows_are_read() -> None:
    heading = ["Indicator Code" if name == "indicator_code" else name for name in COLUMNS]
    errors = judged(as_bytes([spend(numerator="£1")], heading)).errors
    assert [(error.row, error.column) for error in errors] == [(1, "Indicator Code"), (2, "numerator")]
    assert "indicator_code" in errors[0].message


def test_missing_extra_double_and_misplaced_headings() -> None:
    names = list(COLUMNS)
    missing = judged(as_bytes([spend()], ["nothing alike" if n == "notes" else n for n in names])).errors
    assert {error.column for error in missing} == {"nothing alike", "notes"}
    double = judged(as_bytes([spend()], ["org_code" if n == "org_name" else n for n in names])).errors
    assert {error.column for error in double} == {"org_code", "org_name"}
    swapped = [names[1], names[0], *names[2:]]
    assert "order" in judged(as_bytes([spend()], swapped)).errors[0].message


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    data = as_bytes([spend(notes="two\nlines"), spend(indicator_code="ATF99")])
    assert [error.row for error in judged(data).errors] == [3]


def test_a_file_that_is_too_large_or_absent(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * (reading.MAX_BYTES + 1))
    assert "larger" in check(large, KNOWN).errors[0].message
    assert "not a file" in check(tmp_path / "none.csv", KNOWN).errors[0].message
    assert "not a file" in check(tmp_path, KNOWN).errors[0].message


def test_the_template_has_no_figures() -> None:
    assert template_csv() == ",".join(COLUMNS) + "\r\n"
    for indicator in FORMS:
        rows = list(csv.DictReader(io.StringIO(template_csv(indicator))))
        assert len(rows) == (1 + len(BANDS) if indicator == "ATF20" else 1)
        for row in rows:
            assert not any(row[column] for column in ("numerator", "denominator", "unknown_count", "date_from"))


def test_the_guidance_says_what_submitting_means_and_has_a_line_for_every_column() -> None:
    meaning, *lines = guidance().splitlines()
    assert "Open Government Licence v3.0" in meaning
    assert [line.split(":")[0] for line in lines] == list(COLUMNS)
