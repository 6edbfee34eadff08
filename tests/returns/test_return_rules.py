"""Each rule of a row and of a file: the error is found at its row and column, and the good file passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_returns import (
    LIVERPOOL,
    NOW,
    SEFTON,
    WHOLE,
    as_bytes,
    contracts,
    good_rows,
    spend,
    staff,
    write,
)

from atf_dagster import catalogue
from atf_dagster.returns.check import check, check_bytes
from atf_dagster.returns.rows import Checked, Row
from atf_dagster.returns.template import BANDS

KNOWN = catalogue.load()
ALL, BAND2, BAND5, NIL, ATF12, ATF21 = range(2, 8)
"""Rows of the good file."""


def checked(rows: list[dict[str, str]], earlier: tuple[Row, ...] = ()) -> Checked:
    return check_bytes(as_bytes(rows), KNOWN, now=NOW, earlier=earlier)


def places_of(result: Checked) -> list[tuple[int, str]]:
    return [(error.row, error.column) for error in result.errors]


def spoilt(row: int, **changes: str) -> list[dict[str, str]]:
    rows = good_rows()
    rows[row - 2] |= changes
    return rows


def test_the_good_file_has_no_fault(tmp_path: Path) -> None:
    result = check(write(tmp_path, good_rows()), KNOWN, now=NOW)
    assert result.errors == ()
    assert [row.number for row in result.rows] == [2, 3, 4, 5, 6, 7]


ONE_CELL = [
    (ATF21, "indicator_code", "ATF22", "ATF21"),
    (ATF21, "indicator_code", "", "blank"),
    (ATF21, "org_code", "liverpool", "neither an ODS code"),
    (ATF21, "org_code", "ZZ", "neither an ODS code"),
    (ATF21, "org_code", "E08000003", "not one of the nine"),
    (ATF21, "org_code", WHOLE, "QYG"),
    (ATF21, "org_name", "", "blank"),
    (ATF21, "area_code", SEFTON, "own area"),
    (ATF21, "area_code", WHOLE, "own area"),
    (BAND2, "area_code", "E12000002", "neither one of the nine"),
    (ATF21, "date_from", "01/04/2024", "YYYY-MM-DD"),
    (ATF21, "date_from", "20240401", "YYYY-MM-DD"),
    (ATF21, "date_from", "2024-02-30", "YYYY-MM-DD"),
    (ATF21, "date_from", "", "blank"),
    (ATF21, "date_from", "2024-01-01", "not a financial year"),
    (ATF21, "date_to", "2025-12-31", "not a financial year"),
    (ATF21, "date_to", "2024-03-31", "before it begins"),
    (ATF21, "date_to", "2026-03-31", "future"),
    (ATF21, "date_from", "0024-04-01", "nine councils began"),
    (ATF21, "period_type", "snapshot", "financial_year"),
    (BAND2, "period_type", "financial_year", "snapshot"),
    (BAND2, "date_from", "2024-04-01", "not a snapshot"),
    (BAND2, "breakdown_type", "grade", "band"),
    (ATF21, "breakdown_type", "band", "Total"),
    (BAND2, "breakdown_value", "band 2", "same capitals"),
    (BAND2, "breakdown_value", "Band 8", "not one of"),
    (BAND2, "breakdown_value", "Grade ", "not one of"),
    (ATF12, "breakdown_value", "ALL", "Total only"),
    (ATF21, "numerator", "1,000", "thousands separator"),
    (ATF21, "numerator", "1 000", "thousands separator"),
    (ATF21, "numerator", "£1000", "pound sign"),
    (ATF21, "numerator", "25%", "percent sign"),
    (ATF21, "numerator", "-5", "negative"),
    (ATF21, "numerator", "(5)", "negative"),
    (ATF21, "numerator", "1e3", "not a plain"),
    (ATF21, "numerator", "+5", "not a plain"),
    (ATF21, "numerator", "NaN", "not a plain"),
    (ATF21, "denominator", "inf", "not a plain"),
    (ATF21, "denominator", "9" * 400, "fifteen digits"),
    (ATF21, "numerator", "٣", "not a plain"),
    (BAND2, "numerator", "19.5", "whole number"),
    (BAND2, "denominator", "100.0", "whole number"),
    (ATF21, "numerator", "4001", "more than the denominator"),
    (ATF21, "numerator", "", "blank"),
    (ATF21, "denominator", "", "blank"),
    (ATF12, "numerator_unit", "headcount", "FTE"),
    (ATF12, "denominator_unit", "fte", "'FTE'"),
    (BAND2, "numerator_unit", "FTE", "headcount"),
    (ATF21, "denominator_unit", "£", "GBP"),
    (BAND2, "unknown_count", "", "blank"),
    (BAND2, "unknown_count", "-1", "negative"),
    (BAND2, "unknown_count", "1.5", "whole number"),
    (ATF21, "unknown_count", "0", "no unknown staff"),
    (ATF12, "local_definition", "", "local"),
    (ATF21, "local_definition", "", "local"),
    (ATF21, "data_status", "Final", "'final'"),
    (ATF21, "data_status", "", "blank"),
    (ATF21, "suppression_flag", "yes", "suppress"),
    (ATF21, "submitted_by_role", "", "blank"),
    (ATF21, "submitted_by_role", "procurement@council.example", "e-mail"),
    (ATF21, "submitted_by_role", "Dr Example, analyst", "title"),
    (ATF21, "submitted_by_role", "Mrs. Example (finance)", "title"),
    (ATF21, "submitted_by_role", "Analyst (Ms)", "title"),
    (ATF21, "submitted_at", "30 June 2025", "not a date or a time"),
    (ATF21, "submitted_at", "", "blank"),
    (ATF21, "submitted_at", "2026-01-15T12:01:00", "future"),
    (ATF21, "notes", "=HYPERLINK(1)", "formula"),
    (ATF21, "org_name", "@SUM(A1)", "formula"),
    (ATF21, "local_definition", "+local", "formula"),
    (ATF21, "notes", "\tnote", "formula"),
    (ATF21, "notes", "  =1+1", "formula"),
]


@pytest.mark.parametrize(("row", "column", "cell", "says"), ONE_CELL)
def test_one_wrong_cell_is_named(row: int, column: str, cell: str, says: str) -> None:
    errors = [f for f in checked(spoilt(row, **{column: cell})).errors if (f.row, f.column) == (row, column)]
    assert errors, f"no error at row {row}, {column}"
    assert any(says in error.message + error.remedy for error in errors), errors
    assert all(error.remedy for error in errors)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        (BAND2, {"breakdown_value": "Grade 5 to 7 (made-up)"}),
        *[(BAND2, {"breakdown_value": band}) for band in BANDS if band not in ("Band 5", "Band 9")],
        (ATF21, {"numerator": "0"}),
        (ATF21, {"numerator": "4000.00"}),
        (ATF21, {"suppression_flag": "suppress"}),
        (ATF21, {"submitted_by_role": "HR Business Partner"}),
        (ATF21, {"submitted_by_role": "Co-ordinator"}),
        (ATF21, {"submitted_by_role": "Estates surveyor"}),
        (ATF21, {"submitted_by_role": "Missing-data and drugs-misuse team"}),
        (ATF21, {"submitted_at": "2026-01-15T12:00:00Z"}),
        (ATF21, {"data_status": "estimate"}),
        (ATF21, {"org_name": "  Liverpool City Council  "}),
        (ATF21, {"org_code": "QYG", "area_code": WHOLE}),
        (ATF21, {"org_code": "RXX", "area_code": SEFTON}),
        (BAND2, {"local_definition": "not asked for, not refused"}),
    ],
)
def test_what_is_allowed_passes(row: int, changes: dict[str, str]) -> None:
    assert checked(spoilt(row, **changes)).errors == ()


def test_a_time_without_a_zone_is_londons() -> None:
    rows = spoilt(ATF21, submitted_at="2025-06-30T14:05:00")
    assert checked(rows).rows[-1].submitted_at.isoformat() == "2025-06-30T13:05:00+00:00"


GIVEN = {"numerator": "1", "denominator": "4"}
BLANK = {"numerator": "", "denominator": ""}
ZERO = {"numerator": "0", "denominator": "0"}


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({"data_status": "nil return", **ZERO}, []),
        ({"data_status": "nil return", **BLANK}, ["numerator", "denominator"]),
        ({"data_status": "nil return", **GIVEN}, ["numerator", "denominator"]),
        ({"data_status": "nil return", **ZERO, "denominator": "4"}, ["denominator"]),
        ({"data_status": "not supplied", **BLANK, "notes": "system change"}, []),
        ({"data_status": "not supplied", **BLANK}, ["notes"]),
        ({"data_status": "not supplied", **ZERO, "notes": "system change"}, ["numerator", "denominator"]),
        ({"data_status": "not supplied", **GIVEN, "notes": "system change"}, ["numerator", "denominator"]),
        ({"data_status": "final", "numerator": "0", "denominator": "4"}, []),
        ({"data_status": "final", **ZERO}, ["denominator"]),
        ({"data_status": "provisional", **BLANK}, ["numerator", "denominator"]),
        ({"data_status": "estimate", **GIVEN, "denominator": ""}, ["denominator"]),
    ],
)
def test_nil_missing_and_zero_are_kept_apart(changes: dict[str, str], columns: list[str]) -> None:
    result = checked([spend(**changes)])
    assert sorted(places_of(result)) == sorted((2, column) for column in columns)


def test_missing_figures_are_none_and_nil_figures_are_zero() -> None:
    missing = {"data_status": "not supplied", **BLANK, "notes": "system change"}
    nil = {"data_status": "nil return", **ZERO, "indicator_code": "ATF12"}
    rows = checked([spend(**missing), contracts(**nil)]).rows
    assert (rows[0].numerator, rows[0].denominator) == (None, None)
    assert (rows[1].numerator, rows[1].denominator) == (0, 0)


def test_staff_not_supplied_has_no_unknown_count_either() -> None:
    missing = {"data_status": "not supplied", "notes": "system change"}
    assert checked([staff("ALL", "", "", "", **missing)]).errors == ()
    assert places_of(checked([staff("ALL", "", "", "3", **missing)])) == [(2, "unknown_count")]


def test_a_band_of_unknown_ethnicity_only_is_nil() -> None:
    rows = [staff("ALL", "9", "50", "4"), staff("Band 1", "9", "50", "0")]
    rows.append(staff("VSM", "0", "0", "4", data_status="nil return"))
    assert checked(rows).errors == ()


@pytest.mark.parametrize("column", ["numerator", "denominator", "unknown_count"])
def test_bands_add_up_to_all(column: str) -> None:
    rows = good_rows()
    rows[0][column] = str(int(rows[0][column]) + 1)
    assert places_of(checked(rows)) == [(ALL, column)]


def test_bands_that_are_supplied_do_not_exceed_all() -> None:
    rows = good_rows()
    rows[3] |= {"numerator": "", "denominator": "", "unknown_count": "", "data_status": "not supplied", "notes": "x"}
    rows[0] |= {"numerator": "61", "denominator": "260"}
    assert checked(rows).errors == ()
    rows[0]["numerator"] = "59"
    assert places_of(checked(rows)) == [(ALL, "numerator")]


def test_all_alone_is_enough_and_bands_alone_are_not() -> None:
    assert checked(good_rows()[:1]).errors == ()
    assert places_of(checked(good_rows()[1:4])) == [(2, "breakdown_value")]


def test_a_key_comes_once() -> None:
    assert places_of(checked([*good_rows(), spend(notes="again")])) == [(8, "breakdown_value")]
    twice = [staff("ALL", "40", "100"), staff("Grade A", "20", "50"), staff("Grade  a", "20", "50")]
    assert places_of(checked(twice)) == [(4, "breakdown_value")]


@pytest.mark.parametrize("other", [SEFTON, LIVERPOOL])
def test_an_organisation_gives_one_place(other: str) -> None:
    assert places_of(checked(spoilt(BAND5, area_code=other))) == [(BAND5, "area_code")]
    rows = [{**row, "area_code": other} if row["org_code"] == "ZZ1" else row for row in good_rows()]
    assert checked(rows).errors == ()


BEFORE = {"date_from": "2023-04-01", "date_to": "2024-03-31"}


def test_one_definition_of_local_in_a_file() -> None:
    assert checked([spend(), spend(**BEFORE)]).errors == ()
    other = "Suppliers within ten miles"
    assert places_of(checked([spend(local_definition=other), spend(**BEFORE)])) == [(2, "local_definition")]
    flagged = spend(local_definition=other, notes="BREAK: now by distance")
    assert checked([flagged, spend(**BEFORE)]).errors == ()


def test_one_definition_of_local_over_returns() -> None:
    earlier = checked([spend(**BEFORE)]).rows
    assert checked([spend()], earlier).errors == ()
    other = "Suppliers within ten miles"
    assert places_of(checked([spend(local_definition=other)], earlier)) == [(2, "local_definition")]
    assert checked([spend(local_definition=other, notes="BREAK: by distance")], earlier).errors == ()
    assert checked([spend(org_code="RXX", local_definition=other)], earlier).errors == ()
    # A correction of the year before may not leave the year that follows it with another definition.
    later = checked([spend()]).rows
    assert places_of(checked([spend(**BEFORE, local_definition=other)], later)) == [(2, "local_definition")]


def test_a_correction_repeats_every_band() -> None:
    earlier = checked(good_rows()).rows
    moved = [staff("ALL", "60", "250", "12"), staff("Band 5", "60", "250", "12")]
    assert places_of(checked(moved, earlier)) == [(2, "breakdown_value")]
    moved.append(staff("Band 2", "0", "0", data_status="nil return"))
    assert checked(moved, earlier).errors == ()


def test_all_faults_are_found_at_once() -> None:
    rows = good_rows()
    rows[1]["numerator"] = "2O"
    rows[4]["data_status"] = "done"
    rows[5] |= {"numerator": "£5", "submitted_by_role": "Dr Jo", "date_to": "2025-04-01"}
    expected = [(3, "numerator"), (6, "data_status"), (7, "date_to"), (7, "numerator"), (7, "submitted_by_role")]
    assert sorted(places_of(checked(rows))) == expected


def test_rows_with_faults_are_not_among_the_rows() -> None:
    assert [row.number for row in checked(spoilt(ATF21, notes="=1")).rows] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("character", ["\t", "\n", "\u200b"])
def test_a_cell_with_an_invisible_character_is_refused_by_row_and_column(tmp_path: Path, character: str) -> None:
    """`Band 5` and `Band 5` with a tab at its end look equal, and disclosure control finds rows by the text."""
    rows = good_rows()
    rows[BAND5 - 2] |= {"breakdown_value": f"Band 5{character}"}
    found = check(write(tmp_path, rows), KNOWN, now=NOW).errors
    assert any((error.row, error.column) == (BAND5, "breakdown_value") for error in found)
