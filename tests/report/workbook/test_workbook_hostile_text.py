"""A text in a release is shown as it is: nothing in it is run, followed, or read as markup or as a note."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from atf_dagster.report.workbook import write_workbook
from support.soffice import EVERY_SHEET_UNROUNDED, cells, convert
from support.workbook import Table, tables

if TYPE_CHECKING:
    from support.home import PublishedHome

HOSTILE = [
    "=1+1",
    '=HYPERLINK("https://example.invalid","x")',
    "{=1+1}",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "<script>alert(1)</script>",
    "<r><t>x</t></r></si><si><r><t>y</t></r>",
    "[click](https://example.invalid)",
    "https://example.invalid",
    "mailto:x@example.invalid",
    "internal:'Cover'!A1",
    "$$shorthand$$",
    "=@",
    "%",
    "\u2014",
    "control \x01 and \x0b",
    "_x0041_",
    "Ynys M\u00f4n, \u00a3 and caf\u00e9",
    "'quoted",
    "long " * 10_000,
]


@pytest.fixture(scope="module")
def polluted(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release whose notes, names of indicators and of areas are hostile."""
    folder = tmp_path_factory.mktemp("polluted")
    for name in ("atf.duckdb", "receipt.json", "datapackage.json"):
        shutil.copyfile(published_home.release / name, folder / name)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'atf.duckdb'}' as release")
        connection.execute("use release.mart")
        connection.execute("create temp table hostile (number bigint, words varchar)")
        connection.executemany("insert into hostile values (?, ?)", list(enumerate(HOSTILE)))
        for relation, column, key in (
            ("fct_observation", "status_note", "indicator_code, area_code, period_id, sex, age, breakdown_value"),
            ("dim_indicator", "short_name", "indicator_code"),
            ("dim_indicator", "proxy_note", "indicator_code"),
        ):
            connection.execute(
                f"""
                update {relation} as t set {column} = h.words
                from (
                    select rowid as place, row_number() over (order by {key}) % {len(HOSTILE)} as number from {relation}
                ) as n
                join hostile as h using (number)
                where n.place = t.rowid
                """
            )
        connection.execute("update dim_indicator set principle = '=1+1 $$x$$' where principle_no = 2")
        connection.execute("update dim_area set area_name = '=cmd()' where area_name = 'Liverpool'")
        connection.execute("checkpoint release")
    return folder


@pytest.fixture(scope="module")
def path(polluted: Path) -> Path:
    write_workbook(polluted, polluted / "atf_beacon_indicators.xlsx")
    return polluted / "atf_beacon_indicators.xlsx"


@pytest.fixture(scope="module")
def hostile_book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def hostile_sheets(hostile_book: Any) -> dict[str, Table]:
    return tables(hostile_book)


def test_no_text_of_a_release_becomes_a_formula_or_a_link(hostile_book: Any) -> None:
    found = [cell for sheet in hostile_book.worksheets for row in sheet for cell in row]
    assert [cell.coordinate for cell in found if cell.data_type == "f"] == []
    linked = {cell.parent.title for cell in found if cell.hyperlink}
    assert linked == {"Contents"}
    assert not any(cell.hyperlink.target for cell in found if cell.hyperlink)


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 100], ids=ascii)
def test_a_hostile_text_is_shown_as_it_is(hostile_sheets: dict[str, Table], text: str) -> None:
    """But for a space before markup of a workbook, and control characters that XML cannot hold as they are."""
    names = {str(row["Indicator"]) for row in hostile_sheets["Indicators"].rows}
    notes = {str(row["Note on the figure"]) for row in hostile_sheets["Latest_figures"].rows}
    for shown in (names, notes):
        assert text in {read.removeprefix(" ") for each in shown for read in (each, unescape(each))}


def test_an_area_under_another_name_keeps_its_column_on_the_scorecard(
    polluted: Path, hostile_sheets: dict[str, Table]
) -> None:
    found = {row["Indicator code"]: row["liverpool"] for row in hostile_sheets["Scorecard"].rows}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{polluted / 'atf.duckdb'}' as release (read_only)")
        expected = dict(
            connection.execute("select indicator_code, liverpool from release.mart.vw_scorecard").fetchall()
        )
    assert {code: value is None for code, value in found.items()} == {c: v is None for c, v in expected.items()}


def test_a_text_longer_than_a_cell_is_cut_and_says_so(hostile_sheets: dict[str, Table]) -> None:
    (cut,) = {str(row["Indicator"]) for row in hostile_sheets["Indicators"].rows if len(str(row["Indicator"])) > 1000}
    assert len(cut) <= 32_767
    assert "cut here" in cut


def test_a_text_that_an_edit_would_run_is_marked_as_text(hostile_book: Any, hostile_sheets: dict[str, Table]) -> None:
    table = hostile_sheets["Indicators"]
    column = table.headers.index("Indicator")
    cells_ = [row[column] for row in hostile_book["Indicators"].iter_rows(min_row=table.first + 1)]
    marked = {cell.value for cell in cells_ if cell.quotePrefix}
    assert {"=1+1", "+1+1", "-1+1", "@SUM(A1)", "=@"} <= marked


def test_libreoffice_shows_hostile_texts_and_runs_none(path: Path, tmp_path: Path) -> None:
    folder = convert([path], tmp_path / "csv", EVERY_SHEET_UNROUNDED)
    shown = {cell for row in cells(folder / "atf_beacon_indicators-Indicators.csv") for cell in row}
    expected = {text for text in HOSTILE if len(text) < 100 and "\x01" not in text and "<r>" not in text}
    assert expected - {text.strip() for text in shown} - shown == set()
    assert " <r><t>x</t></r></si><si><r><t>y</t></r>" in shown
