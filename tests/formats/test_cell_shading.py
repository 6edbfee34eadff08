"""Shading of cells: its text is that of the sheet's own key; a shade that is not in the key has no text."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from atf_dagster.catalogue.model import Layout
from atf_dagster.formats import cell_shading, workbooks
from atf_dagster.formats.body import BodyRejected

LAYOUT = Layout(
    sheets="^Table",
    headings={"code": "^Code$", "jobs": "^Jobs", "share": "Per cent$"},
    code_column="code",
    one_sheet=False,
)
GREY = {"pattern": 4, "fg_color": "#000000", "bg_color": "#FFFFFF"}
WHITE = {"bg_color": "#FFFFFF"}
BLUE = {"bg_color": "#33CCCC"}
RED = {"bg_color": "#FF0000"}
KEY = (("Under 5", WHITE), ("5 to 10", GREY), ("10 to 20", BLUE), ("x = over 20", BLUE))


def workbook(folder: Path, *, key: bool = True) -> Path:
    path = folder / "body.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("Table 1", "Table 2"):
            sheet = book.add_worksheet(name)
            sheet.write(0, 0, "Jobs paid below a wage, Per cent and number")
            sheet.write_row(2, 0, ["Code", "Jobs", "Per cent"])
            shades = (None, WHITE, GREY, BLUE, RED)
            for row, shade in enumerate(shades, start=3):
                sheet.write(row, 0, f"E0600000{row}", book.add_format(RED))
                sheet.write(row, 1, 12, book.add_format(BLUE))
                sheet.write(row, 2, 12, None if shade is None else book.add_format(shade))
            sheet.write(8, 0, "E06000008")
            sheet.write(2, 4, "Key" if key and name == "Table 1" else "Legend")
            for row, (entry, shade) in enumerate(KEY, start=3):
                sheet.write(row, 4, entry, book.add_format(shade))
    return path


def shading(path: Path, folder: Path) -> dict[str, list[str]]:
    """Sheet -> the shading of its rows."""
    rows = folder / "rows.csv"
    workbooks.to_rows(path, LAYOUT, rows)
    cell_shading.add(path, LAYOUT, "share", rows)
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(rows.read_text("utf-8"), newline="")):
        found.setdefault(row["sheet"], []).append(row["shading"])
    return found


def test_each_cell_is_told_by_the_first_entry_of_the_key_that_looks_like_it(tmp_path: Path) -> None:
    # Unfilled looks like white; red is in no key; the last row has no cell there. Other columns' shades do not count.
    assert shading(workbook(tmp_path), tmp_path)["Table 1"] == ["Under 5", "Under 5", "5 to 10", "10 to 20", "", ""]


def test_a_sheet_without_a_key_says_nothing(tmp_path: Path) -> None:
    assert set(shading(workbook(tmp_path), tmp_path)["Table 2"]) == {""}
    assert set(shading(workbook(tmp_path, key=False), tmp_path)["Table 1"]) == {""}


@pytest.mark.parametrize("member", ["xl/styles.xml", "xl/sharedStrings.xml"])
def test_a_workbook_with_entities_in_it_is_refused(tmp_path: Path, member: str) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(workbook(tmp_path)) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name == member:
                content = content.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1)
            bad.writestr(name, content)
    rows = tmp_path / "rows.csv"
    rows.write_text("sheet,sheet_row\n", "utf-8")
    with pytest.raises(BodyRejected) as refused:
        cell_shading.add(path, LAYOUT, "share", rows)
    assert refused.value.reason == "damaged_workbook"
    assert rows.read_text("utf-8") == "sheet,sheet_row\n"


def test_bytes_that_are_no_workbook_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "body.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(2000))
    rows = tmp_path / "rows.csv"
    rows.write_text("sheet,sheet_row\n", "utf-8")
    with pytest.raises(BodyRejected):
        cell_shading.add(path, LAYOUT, "share", rows)
