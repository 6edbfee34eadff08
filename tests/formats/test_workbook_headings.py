"""Which heading is which column: notes are passed over, numbers of a name are not, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from atf_dagster.catalogue import load
from atf_dagster.catalogue.model import Layout
from atf_dagster.formats import readers
from atf_dagster.formats.body import BodyRejected
from atf_dagster.formats.headings import without_note
from atf_dagster.formats.workbooks import MOST_COLUMNS, inspect, to_rows
from atf_dagster.sources import SOURCES

LAYOUTS = {collection.table: collection.layout for collection in load().collections if collection.layout}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Number of households1", "Number of households"),
        ("Number of households1,2", "Number of households"),
        ("Number of households 12", "Number of households 12"),
        ("Total in TA2", "Total in TA"),
        ("Households (000s)3", "Households (000s)"),
        ("Households3 (000s)", "Households (000s)"),
        ("Households [1]", "Households"),
        ("Households [r]", "Households"),
        ("Households (2)", "Households"),
        ("Households*", "Households"),
        ("Households¹ ²", "Households"),
        ("All areas1 | Total in TA1, 2", "All areas | Total in TA"),
    ],
)
def test_a_note_at_the_end_of_a_heading_is_not_part_of_its_name(heading: str, name: str) -> None:
    assert without_note(heading) == name


@pytest.mark.parametrize(
    "heading",
    [
        "Table 2",
        "Aged 16 to 64",
        "FYE 2025",
        "2022/23",
        "2024",
        "Attainment 8",
        "Quintile 1",
        "In 2019",
        "Share (2019)",
    ],
)
def test_a_number_that_belongs_to_a_name_stays(heading: str) -> None:
    assert without_note(heading) == heading


def table(tmp_path: Path, *lines: str) -> Path:
    """A CSV export of one sheet."""
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def read(path: Path, layout: Layout) -> list[str]:
    target = path.with_name("rows.csv")
    inspect(path, layout)
    to_rows(path, layout, target)
    return target.read_text("utf-8").splitlines()[1:]


def refused(path: Path, layout: Layout, reason: str) -> str:
    with pytest.raises(BodyRejected) as refusal:
        inspect(path, layout)
    assert refusal.value.reason == reason, refusal.value.message
    return refusal.value.message


FUEL = LAYOUTS["desnz_fuel_poverty"]
FUEL_TITLE = "Table 2: Sub-regional fuel poverty,,,,"
FUEL_ROW = "E06000006,Halton,56000,7200,12.9"


@pytest.mark.parametrize(
    "heading",
    [
        "Area Codes,Area names,Number of households1,Number of households in fuel poverty1,Proportion of households "
        "fuel poor (%)",
        "Area Codes2,Area names,Number of households [2],Number of households in fuel poverty (3),Proportion of "
        "households fuel poor (%)4",
        "Area Codes,Area names [note 1],Estimated number of households2,Number of households in fuel poverty*,"
        "Proportion of households fuel poor1 (%)",
    ],
)
def test_an_edition_with_notes_in_its_headings_is_read(tmp_path: Path, heading: str) -> None:
    assert read(table(tmp_path, FUEL_TITLE, "", heading, FUEL_ROW), FUEL) == [
        f"{FUEL_ROW},,,4,Table 2: Sub-regional fuel poverty"
    ]


THINGS = Layout(
    sheets="^Table",
    headings={"code": "^Code$", "aged": "^Aged 16 to 64$", "number": "^Number$", "share": "^(?P<key>20[0-9]{2})$"},
    code_column="code",
)


def test_a_heading_as_it_is_written_comes_before_one_with_a_note(tmp_path: Path) -> None:
    path = table(tmp_path, "Code,Aged 16 to 64,Number1,Number,2024,2024 [r]", "E06000006,1,2,3,4,5")
    assert read(path, THINGS) == ["E06000006,1,3,4,2024,,2,"]


def test_two_headings_that_differ_in_their_notes_alone_are_not_guessed(tmp_path: Path) -> None:
    path = table(tmp_path, "Code,Aged 16 to 64,Number1,Number2,2024", "E06000006,1,2,3,4")
    message = refused(path, THINGS, "ambiguous_column")
    assert "column number would be each of 2 columns under the headings 'Number1', 'Number2'" in message
    assert "row 2 has '2' and '3'" in message


def test_years_with_and_without_a_note_are_each_read(tmp_path: Path) -> None:
    path = table(tmp_path, "Code,Aged 16 to 64,Number,2023,2024 [r]", "E06000006,1,2,3,4")
    assert read(path, THINGS) == ["E06000006,1,2,3,2023,,2,", "E06000006,1,2,4,2024,,2,"]


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("Code,Aged 16 to 64,Number,Number,2024", "E06000006,1,2,3,4"),
        # In each row one of the two has no text, but never the same one: neither may stand in for the other.
        ("Code,Number,Aged 16 to 64,Number,2024", "E06000006,,1,3,4\nE06000007,2,1,,4"),
        ("Code,Aged 16 to 64,Number,2024,2024", "E06000006,1,2,3,4"),
        ("Code,Aged 16 to 64,Number,2024,Code", "E06000006,1,2,3,E07000001"),
        ("Code,Aged 16 to 64,Number,2024,Number", "E06000006,1,2,3,2"),
    ],
    ids=["a number", "blank in turn", "a year", "the code", "equal texts"],
)
def test_two_columns_of_one_name_are_refused_when_they_land(tmp_path: Path, heading: str, row: str) -> None:
    refused(table(tmp_path, heading, row), THINGS, "ambiguous_column")


def test_the_table_of_wards_is_not_taken_for_that_of_councils(tmp_path: Path) -> None:
    """As the department's sheet of wards looks when it is saved as CSV: the council's code, then the ward's."""
    path = table(
        tmp_path,
        '"Table 4: Number of Children living in Relative low income families, After Housing Costs, Ward"',
        "Local Authority [note 2],Area Code,Ward,Area Code,Number of children FYE 2025,Percentage of children FYE 2025 "
        "(%) [note 3]",
        "Halton,E06000006,Appleton,E05012089,500,30.1%",
        "Halton,E06000006,Bankfield,E05012090,400,28.4%",
    )
    collection = next(c for c in load().collections if c.table == "dwp_children_in_low_income")
    with pytest.raises(BodyRejected) as refusal:
        readers.inspect(path, collection, SOURCES[collection.service.id], ends_with_newline=True)
    assert refusal.value.reason == "ambiguous_column"
    assert "column area_code would be each of 2 columns under the headings 'Area Code'" in refusal.value.message
    assert "'E06000006' and 'E05012089'" in refusal.value.message


@pytest.mark.parametrize("filled", ["7", ""])
def test_a_sheet_of_nine_thousand_columns_is_refused_by_name_or_read_without_its_blank_ones(
    tmp_path: Path, filled: str
) -> None:
    more = 9_000
    path = table(
        tmp_path,
        "Code,Aged 16 to 64,Number,2024" + "".join(f",{'h' if filled else ''}" for _ in range(more)),
        *(f"E0600000{n},1,2,3" + f",{filled}" * more for n in range(1, 10)),
    )
    if filled:
        message = refused(path, THINGS, "too_many_columns")
        assert f"{more + 4:,} columns" in message and f"{MOST_COLUMNS:,}" in message
    else:
        assert len(read(path, THINGS)) == 9


@pytest.mark.parametrize("filled", [True, False])
def test_a_workbook_counts_cells_with_a_format_alone_as_blank(tmp_path: Path, *, filled: bool) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, shade = book.add_worksheet("Table 1"), book.add_format({"bg_color": "#FF0000"})
        sheet.write_row(0, 0, ["Code", "Aged 16 to 64", "Number", "2024"])
        sheet.write_row(1, 0, ["E06000006", 1, 2, 3])
        for column in range(4, MOST_COLUMNS + 200):
            sheet.write(1, column, 7 if filled else "", shade)
    if filled:
        assert f"{MOST_COLUMNS + 200:,} columns" in refused(path, THINGS, "too_many_columns")
    else:
        assert read(path, THINGS) == ["E06000006,1,2,3,2024,Table 1,2,"]


def test_codes_all_over_a_sheet_do_not_make_each_row_a_first_one(tmp_path: Path) -> None:
    width = 900
    rows = [["" if column != row else "E06000006" for column in range(width)] for row in range(width)]
    path = table(tmp_path, ",".join(["Code"] * width), *(",".join(row) for row in rows))
    refused(path, THINGS, "missing_column")


@pytest.mark.parametrize("markers", [["u", ""], ["", ""]], ids=["a marker", "no marker in the whole column"])
def test_a_marker_beside_a_number_has_a_column_of_its_own_and_the_headings_go_on(
    tmp_path: Path, markers: list[str]
) -> None:
    """Where no number has a marker, the limits behind the blank column are still those of the month."""
    body = tmp_path / "deaths.xlsx"
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet("Table 2")
        sheet.write_row(0, 0, ["Code", "", "March", "", "", "", "", "April"])
        sheet.write_row(1, 2, ["Rate", "", "Lower", "", "", "Rate", "", "Lower"])
        for row, marker in enumerate(markers, start=2):
            sheet.write_row(row, 0, [f"E0600000{row}", "", 4.1, marker, 1.3, "", "", 65.8, "", 51.5])
    layout = Layout(
        sheets="^Table 2$",
        headings={
            "code": "^Code$",
            "rate": r"^(?P<key>\w+) \| Rate$",
            "marker": r"^(?P<key>\w+) \| Rate \| beside$",
            "lower": r"^(?P<key>\w+) \| Lower$",
        },
        code_column="code",
        beside=True,
    )
    rows = tmp_path / "rows.csv"
    assert to_rows(body, layout, rows) == 4
    assert [line.split(",")[:5] for line in rows.read_text("utf-8").splitlines()[1:3]] == [
        ["E06000002", "4.1", markers[0], "1.3", "March"],
        ["E06000002", "65.8", "", "51.5", "April"],
    ]
