"""The workbook passes the checklist of "Releasing statistics in spreadsheets" of the Government Analysis Function.

Panes are frozen although the checklist says that this is better avoided: readers asked for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from atf_dagster.report.workbook.words import MEANINGS

if TYPE_CHECKING:
    from support.home import PublishedHome
    from support.workbook import Table

SHEETS = [
    "Scorecard",
    "Latest_figures",
    "Overarching",
    "Inequalities",
    "Coverage",
    "Since_last_release",
    "Changes",
    "Revisions",
    "Releases",
    "Indicators",
]


def above(book: Any, sheets: dict[str, Table], name: str) -> list[str]:
    return [book[name].cell(row, 1).value for row in range(1, sheets[name].first)]


def test_cover_contents_and_notes_come_first_and_no_table_is_missing(book: Any, published_home: PublishedHome) -> None:
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    principles = [
        f"Principle_{number}"
        for (number,) in published_home.rows(
            "select distinct principle_no from mart.dim_indicator where principle_no > 0"
        )
    ]
    assert set(book.sheetnames[3:]) == {*SHEETS, *principles}
    assert len(principles) == 8


def test_the_cover_says_what_it_is_when_and_from_what_it_was_made_the_licence_and_whom_to_ask(
    book: Any, published_home: PublishedHome
) -> None:
    text = "\n".join(str(row[0].value) for row in book["Cover"] if row[0].value)
    receipt = published_home.receipt
    for said in (receipt["version"], receipt["built_at"][:10], receipt["mode"], "Open Government Licence", "Contact"):
        assert said in text
    assert book["Cover"]["A1"].value == book.properties.title


def test_contents_lead_to_every_table(book: Any, sheets: dict[str, Table]) -> None:
    links = {cell.value: cell.hyperlink for row in book["Contents"] for cell in row if cell.hyperlink}
    assert set(links) == set(sheets) - {"Contents", "Notes"}
    assert {name: link.location for name, link in links.items()} == {name: f"'{name}'!A1" for name in links}


def test_each_sheet_has_one_marked_table_with_a_name_and_different_headers(book: Any, sheets: dict[str, Table]) -> None:
    assert set(sheets) == set(book.sheetnames) - {"Cover"}
    names = [next(iter(book[name].tables)) for name in sheets]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[a-z_0-9]+", name) for name in names)
    for table in sheets.values():
        assert all(isinstance(header, str) and header.strip() for header in table.headers)
        assert len(set(table.headers)) == len(table.headers)


def test_the_table_is_the_last_thing_on_its_sheet(book: Any, sheets: dict[str, Table]) -> None:
    for name, table in sheets.items():
        assert book[name].max_row == table.first + len(table.rows)
        assert book[name].max_column == len(table.headers)


def test_each_sheet_says_that_it_has_one_table_where_it_comes_from_and_why_cells_are_blank(
    book: Any, sheets: dict[str, Table]
) -> None:
    for name in set(sheets) - {"Contents", "Notes"}:
        title, *lines = above(book, sheets, name)
        assert title and lines[0] == "This worksheet contains one table."
        assert any(line.startswith("Source: ") for line in lines)
        has_blanks = any(value is None for row in sheets[name].rows for value in row.values())
        assert any("blank" in line for line in lines)
        assert not (has_blanks and any("No cell is blank" in line for line in lines)), name


def test_nothing_is_merged_hidden_filtered_or_told_by_colour(book: Any) -> None:
    for sheet in book.worksheets:
        assert not sheet.merged_cells.ranges
        assert not sheet.auto_filter.ref and all(not table.autoFilter for table in sheet.tables.values())
        assert sheet.sheet_state == "visible"
        assert not any(d.hidden for d in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))
        assert not sheet.conditional_formatting
        assert not any(cell.fill.fill_type for row in sheet for cell in row)


def test_no_row_and_no_column_of_the_table_is_blank(sheets: dict[str, Table]) -> None:
    """Columns may be blank in a release that has nothing to say in them, so they are looked at in the whole book."""
    for name, table in sheets.items():
        assert all(any(value is not None for value in row.values()) for row in table.rows), name
    for header in ("Value", "Shorthand", "Status", "Lower 95 per cent limit"):
        assert any(row.get(header) is not None for table in sheets.values() for row in table.rows)


def test_names_of_sheets_have_no_spaces_and_panes_are_frozen_below_the_header(
    book: Any, sheets: dict[str, Table]
) -> None:
    for name in set(sheets) - {"Contents", "Notes"}:
        assert " " not in name and len(name) <= 31
        assert re.sub("[A-Z]", "", book[name].freeze_panes) == str(sheets[name].first + 1)


def test_text_is_wrapped(book: Any, sheets: dict[str, Table]) -> None:
    for name, table in sheets.items():
        for row in book[name].iter_rows(min_row=table.first):
            assert all(cell.alignment.wrap_text for cell in row if isinstance(cell.value, str)), name


def test_a_row_is_as_high_as_its_longest_text_needs(book: Any, sheets: dict[str, Table]) -> None:
    """LibreOffice does not fit rows to wrapped text by itself. A line holds no more letters than the column is wide."""
    for name, table in sheets.items():
        sheet = book[name]
        # Neighbours of the same width are one entry.
        widths = {n: d.width for d in sheet.column_dimensions.values() for n in range(d.min, d.max + 1)}
        for row in sheet.iter_rows(min_row=table.first + 1):
            for cell in row:
                if isinstance(cell.value, str):
                    lines = len(cell.value) / widths[cell.column]
                    assert (sheet.row_dimensions[cell.row].height or 15) >= min(409, 15 * lines), (
                        f"{name}: {cell.value}"
                    )


def test_no_cell_is_only_signs_and_units_are_words(sheets: dict[str, Table]) -> None:
    texts = [
        value for table in sheets.values() for row in table.rows for value in row.values() if isinstance(value, str)
    ]
    assert [text for text in texts if not re.search(r"\w", text)] == []
    units = {row["Unit"] for table in sheets.values() for row in table.rows if "Unit" in row}
    assert {"per cent", "pounds", "per cent of pounds", "years"} <= units
    assert not any(re.search("[%£]", unit) for unit in units)


@pytest.mark.parametrize("name", ["Latest_figures", "Inequalities", "Principle_4", "Principle_8"])
def test_the_shorthand_of_a_sheet_is_that_of_the_guidance_and_is_explained_above_the_table(
    book: Any, sheets: dict[str, Table], name: str
) -> None:
    used = {row["Shorthand"] for row in sheets[name].rows} - {None}
    assert used and used <= set(MEANINGS)
    (line,) = (line for line in above(book, sheets, name) if line.startswith("Shorthand used"))
    assert set(re.findall(r"(\[\w+\]) =", line)) == used


def test_each_note_that_a_sheet_refers_to_is_among_the_notes(book: Any, sheets: dict[str, Table]) -> None:
    numbers = {str(row["Note number"]) for row in sheets["Notes"].rows}
    referred = {n for name in sheets for line in above(book, sheets, name) for n in re.findall(r"\[note (\d+)\]", line)}
    assert referred == numbers and numbers
    assert all(row["Note text"] for row in sheets["Notes"].rows)
