"""Workbooks: the wanted table is found by what it says, each cell arrives as text, and hostile files are refused.

The expected cells of the publishers' own files were read with other programs (openpyxl, xlrd, the XML itself).
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from atf_dagster.catalogue.model import Layout
from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.formats.workbooks import Table, inspect, to_rows

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def replace(layout: Layout, **changes: object) -> Layout:
    """The layout with other facts; validated as the catalogue's are."""
    return Layout.model_validate({**layout.model_dump(), **changes})


SIMPLE = Layout(sheets="^Table", headings={"code": "^Code$", "name": "^Name$", "value": "^Value$"}, code_column="code")
Cell = str | float | bool | None

LIVERPOOL: list[Cell] = ["E08000012", "Liverpool", 12.5]
HALTON: list[Cell] = ["E06000006", "Halton", 3.0]


def cell(place: str, value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, float | int):
        return f'<c r="{place}"><v>{value}</v></c>'
    if value.startswith("#") and value.isupper():
        return f'<c r="{place}" t="e"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def xml_of(rows: Sequence[Sequence[Cell]]) -> str:
    return "".join(
        f'<row r="{number}">' + "".join(cell(f"{chr(65 + n)}{number}", value) for n, value in enumerate(row)) + "</row>"
        for number, row in enumerate(rows, start=1)
    )


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Cell]] | str], declared: str = "") -> Path:
    """A workbook by hand; a sheet may be given as the XML of its rows."""
    head = f'<?xml version="1.0"?>{declared}'
    named = list(enumerate(sheets.items(), start=1))
    listed = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in named)
    linked = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/s{n}.xml"/>' for n, _ in named
    )
    root = f'<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", f'{head}<Relationships xmlns="{PACKAGE}">{root}</Relationships>')
        archive.writestr(
            "xl/workbook.xml",
            f'{head}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'{head}<Relationships xmlns="{PACKAGE}">{linked}</Relationships>'
        )
        for n, (_, rows) in named:
            data = rows if isinstance(rows, str) else xml_of(rows)
            archive.writestr(
                f"xl/worksheets/s{n}.xml",
                f'{head}<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>',
            )
    return path


def read(path: Path, layout: Layout, folder: Path) -> list[dict[str, str]]:
    """The rows as `to_rows` writes them, having checked that landing would have accepted and counted them."""
    target = folder / "raw" / "rows.csv"
    table = inspect(path, layout)
    count = to_rows(path, layout, target)
    with target.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == table.columns == (*layout.headings, "key", "sheet", "sheet_row", "title")
    assert count == len(rows) == table.rows
    assert [entry.name for entry in target.parent.iterdir()] == ["rows.csv"]
    return rows


def refusal(path: Path, layout: Layout, reason: str) -> str:
    """The message about a workbook that must be refused for `reason`, when it lands and when it is read."""
    target = path.parent / "refused.csv"
    with pytest.raises(BodyRejected) as judged:
        inspect(path, layout)
    with pytest.raises(BodyRejected) as refused:
        to_rows(path, layout, target)
    assert judged.value.reason == refused.value.reason == reason, judged.value.message
    assert len(judged.value.remedy) > 20
    assert not target.exists()
    return judged.value.message


def liverpool(rows: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return [row for row in rows if "E08000012" in row.values()]


# The publishers' own files.

TA1 = Layout(
    sheets="^TA1$",
    headings={
        "area_code": "^$",
        "area_name": "^$",
        "households": r"Total number of households in TA[0-9, ]*$",
        "per_thousand": r"in TA per \(000s\)$",
        "children": "Total number of children in TA$",
        "bed_and_breakfast": r"\| Bed and breakfast hotels[^|]*\| Total with children$",
        "elsewhere": r"In TA in another local authority district[ 0-9]*$",
    },
    code_column="area_code",
    title="^Table TA1",
)
FUEL = "desnz_fuel_poverty/sub-regional-fuel-poverty-2022-tables.xlsx"
FUEL_FIGURES = {"households": "^Number of households$", "poor": "^Number of households in fuel poverty$"}
AREAS_IN_FUEL_POVERTY = Layout(
    sheets="^Table",
    headings={"code": "^Area codes?$", "name": "^Area names?$", **FUEL_FIGURES, "share": "^Proportion"},
    code_column="code",
    title="^Table [0-9]+:",
)
LSOAS_IN_FUEL_POVERTY = replace(
    AREAS_IN_FUEL_POVERTY,
    headings={"lsoa": "^LSOA Code$", "code": "^LA Code$", **FUEL_FIGURES},
    code_column="lsoa",
    code="E01[0-9]{6}",
)
CILIF = Layout(
    sheets="^2_AHC_Relative_LA$",
    headings={
        "name": "^Local Authority$",
        "code": "^Area Code$",
        "number": "^Number of children FYE (?P<key>[0-9]{4})$",
        "percent": r"^Percentage of children FYE (?P<key>[0-9]{4}) \(%\)$",
    },
    code_column="code",
    title="^Table 2",
)
LIVING_WAGE = Layout(
    sheets="^(All|((Fem|M)ale ?)?((Full|Part)-Time)?)$",
    headings={"name": "Description$", "code": "Code$", "jobs": r"Jobs \| \(thousand\)$", "percent": "Per cent$"},
    code_column="code",
    title="^Table 7",
    one_sheet=False,
)
POPULATION = Layout(
    sheets="^MYE2 - (Persons|Females|Males)$",
    headings={
        **{"code": "^Code$", "name": "^Name$", "geography": "^Geography$", "all_ages": "^All ages$"},
        "people": r"^(?P<key>[0-9]{1,2}|90\+)$",
    },
    code_column="code",
    title="^MYE2",
    one_sheet=False,
)
EARNINGS = Layout(
    sheets="^Data$",
    headings={
        **{"code": "^local authority", "name": "^local authority", "jobs": r"^Number of jobs \| number$"},
        **{"median": r"^Median \| number$", "error": r"^Median \| conf %$", "p90": r"^90 percentile \| number$"},
    },
    code_column="code",
)


@pytest.mark.parametrize(
    ("name", "day", "figures"),
    [
        ("Detailed_LA_202403.xlsx", "31 March 2024", "863 3.78987492973581 820 111 9"),
        ("Detailed_LA_202412.ods", "31 December 2024", "1163 5.10732855536818 1147 130 12"),
        ("Detailed_LA_202503.ods", "31st March 2025", "1368 5.97724452522852 1246 122 18"),
        (
            "Statutory_Homelessness_Detailed_Local_Authority_Data_202506.ods",
            "30 June 2025",
            "1440 6.29183634234581 1327 77 13",
        ),
        (
            "Statutory_Homelessness_Detailed_Local_Authority_Data_202509.ods",
            "30 September 2025",
            "1575 6.88169599944073 1573 35 8",
        ),
    ],
)
def test_temporary_accommodation_is_found_under_hidden_and_visible_headings(
    shared_data: Path, tmp_path: Path, name: str, day: str, figures: str
) -> None:
    rows = read(shared_data / "mhclg_homelessness" / name, TA1, tmp_path)
    [row] = liverpool(rows)
    assert list(row.values()) == [
        *("E08000012", "Liverpool", *figures.split(), "", "TA1", "164"),
        f"Table TA1 - Number of households by type of temporary accommodation provided England, {day}",
    ]
    assert "Rest of England" not in {row["area_name"] for row in rows}
    assert len(rows) == 307
    assert [row["area_name"] for row in rows[:2]] == ["ENGLAND", "London"]


def test_markers_stay_text(shared_data: Path, tmp_path: Path) -> None:
    accommodation = read(shared_data / "mhclg_homelessness/Detailed_LA_202403.xlsx", TA1, tmp_path)
    assert {".."} <= {row["children"] for row in accommodation}
    wages = read(shared_data / "ons_ashe/lwf_table_7_1a_work_geography_2022.xls", LIVING_WAGE, tmp_path)
    [row] = [row for row in liverpool(wages) if row["sheet"] == "Male Full-Time"]
    assert (row["jobs"], row["percent"]) == ("x", "x")
    earnings = read(shared_data / "nomis/ashe_resident_earnings.xlsx", EARNINGS, tmp_path)
    assert earnings[0]["name"] == "Hartlepool"
    assert earnings[0]["p90"] == "#"


def test_a_name_in_one_of_three_staggered_columns_is_one_column(shared_data: Path, tmp_path: Path) -> None:
    rows = read(shared_data / FUEL, AREAS_IN_FUEL_POVERTY, tmp_path)
    names = {row["code"]: row["name"] for row in rows}
    assert len(rows) == len(names) == 351
    assert all(names.values())
    assert (names["E92000001"], names["E12000002"], names["E07000189"]) == ("ENGLAND", "NORTH WEST", "South Somerset")
    assert list(liverpool(rows)[0].values()) == [
        *("E08000012", "Liverpool", "221126", "41297", "18.675777610954842", "", "Table 2", "59"),
        "Table 2: Fuel poor households by administrative area, 2020 [Notes 3 and 4]",
    ]


def test_of_many_sheets_the_one_whose_headings_match_is_taken(shared_data: Path, tmp_path: Path) -> None:
    rows = read(shared_data / FUEL, LSOAS_IN_FUEL_POVERTY, tmp_path)
    assert {row["sheet"] for row in rows} == {"Table 3"}
    assert len(rows) == 32844
    [row] = [row for row in rows if row["lsoa"] == "E01006512"]
    assert list(row.values())[:4] == ["E01006512", "E08000012", "854", "193"]
    assert inspect(shared_data / FUEL, LSOAS_IN_FUEL_POVERTY).unknown_headings == (
        *("LSOA Name", "LA Name", "Region"),
        "Proportion of households fuel poor (%)",
    )


def test_a_csv_export_of_a_sheet_is_read_and_its_years_become_rows(shared_data: Path, tmp_path: Path) -> None:
    rows = read(shared_data / "dwp_cilif/2_AHC_Relative_LA.csv", CILIF, tmp_path)
    assert [list(row.values())[:7] for row in liverpool(rows)] == [
        ["Liverpool", "E08000012", "29,495", "34.3%", "2024", "", "54"],
        ["Liverpool", "E08000012", "29,864", "34.2%", "2025", "", "54"],
    ]
    assert rows[0]["name"] == "United Kingdom [note 4]"
    assert rows[0]["title"].endswith("FYE 2024 to 2025, United Kingdom")


def test_each_sheet_of_an_old_workbook_is_read_and_the_key_beside_the_table_is_not(
    shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "ons_ashe/lwf_table_7_1a_work_geography_2022.xls"
    rows = read(file, LIVING_WAGE, tmp_path)
    assert len(rows) == 9 * 411
    assert [(row["sheet"], row["jobs"], row["percent"]) for row in liverpool(rows)] == [
        *[("All", "24", "11.1"), ("Male", "9", "8.4"), ("Female", "16", "13.5"), ("Full-Time", "9", "5.7")],
        *[("Part-Time", "15", "26.3"), ("Male Full-Time", "x", "x"), ("Male Part-Time", "5", "34.4")],
        *[("Female Full-Time", "6", "7.7"), ("Female Part-Time", "10", "23.6")],
    ]
    assert liverpool(rows)[1]["title"].startswith("Table 7 LWF.1 lwfmgx - For male employee jobs")
    assert inspect(file, LIVING_WAGE).unknown_headings == ()


def test_single_years_of_age_become_rows(shared_data: Path, tmp_path: Path) -> None:
    rows = liverpool(read(shared_data / "ons_population/mye23tablesew.xlsx", POPULATION, tmp_path))
    women = [row for row in rows if row["sheet"] == "MYE2 - Females"]
    assert [row["key"] for row in women] == [*map(str, range(90)), "90+"]
    assert [row["people"] for row in women[:3]] == ["2452", "2603", "2628"]
    assert {row["all_ages"] for row in women} == {"256461"} == {str(sum(int(row["people"]) for row in women))}
    assert {row["sheet"] for row in rows} == {"MYE2 - Persons", "MYE2 - Females", "MYE2 - Males"}


def test_an_empty_sheet_before_the_table_does_not_matter(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "mhclg_iod"
    layout = Layout(
        sheets="^(Notes|IMD)$",
        headings={"code": r"District code \(2019\)$", "rank": "^IMD - Average rank$", "score": "^IMD - Average score$"},
        code_column="code",
    )
    file = folder / "File_10_-_IoD2019_Local_Authority_District_Summaries__lower-tier__.xlsx"
    rows = read(file, layout, tmp_path)
    assert len(rows) == 317
    assert list(liverpool(rows)[0].values()) == ["E08000012", "25833.57", "42.412", "", "IMD", "261", ""]


def test_all_lsoas_of_the_indices_are_read(shared_data: Path, tmp_path: Path) -> None:
    layout = Layout(
        sheets=".",
        headings={"lsoa": "^LSOA code", "code": "District code", "rank": r"\(IMD\) Rank", "decile": r"\(IMD\) Decile"},
        code_column="lsoa",
        code="E01[0-9]{6}",
    )
    file = shared_data / "mhclg_iod/File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx"
    rows = read(file, layout, tmp_path)
    assert len(rows) == 33755
    [row] = [row for row in rows if row["lsoa"] == "E01006512"]
    assert list(row.values()) == ["E01006512", "E08000012", "17822", "6", "", "IMD25", "6190", ""]


def test_code_and_name_under_one_heading_are_told_apart_by_the_codes(shared_data: Path, tmp_path: Path) -> None:
    rows = read(shared_data / "nomis/ashe_resident_earnings.xlsx", EARNINGS, tmp_path)
    assert len(rows) == 350
    assert list(liverpool(rows)[0].values())[:5] == ["E08000012", "Liverpool", "161000", "29731", "3.6"]


def test_codes_that_are_numbers_are_codes(shared_data: Path, tmp_path: Path) -> None:
    layout = Layout(
        sheets=".", headings={"number": "^LA Number$", "name": "^LA Name$"}, code_column="number", code="[0-9]{3}"
    )
    rows = read(shared_data / "dfe_ees/la_code_list.xlsx", layout, tmp_path)
    assert list(rows[0].values()) == ["301", "Barking and Dagenham", "", "Sheet1", "2", ""]
    assert {row["name"]: row["number"] for row in rows}["Liverpool"] == "341"
    assert "1000" not in {row["number"] for row in rows}


# What a cell becomes.


def test_cells_are_text_as_they_were_meant(tmp_path: Path) -> None:
    cells: list[tuple[Cell, str]] = [
        *[(12.0, "12"), (0.1, "0.1"), (1e22, "1" + "0" * 22), (-0.5, "-0.5"), (0.0, "0"), (True, "TRUE")],
        *[(" a  b ", "a  b"), ("=1+1", "=1+1"), ("@sum", "@sum"), ("-", "-"), ("one\ntwo", "one\ntwo")],
        *[('a "b", c', 'a "b", c'), (None, ""), ("£ é", "£ é"), ("12.50", "12.50"), ("a\rb", "a\nb")],
        *[("#DIV/0!", "#DIV/0!"), ("#N/A", "#N/A"), ("[x]", "[x]")],
    ]
    rows: list[list[Cell]] = [["Code", "Name", "Value"]]
    rows += [[f"E{number:08}", "a name", value] for number, (value, _) in enumerate(cells)]
    found = read(write_xlsx(tmp_path / "book.xlsx", {"Table 1": rows}), SIMPLE, tmp_path)
    assert [row["value"] for row in found] == [text for _, text in cells]
    assert [row["sheet_row"] for row in found] == [str(number) for number in range(2, len(cells) + 2)]


def test_a_workbook_is_known_by_its_content_whatever_it_is_called(shared_data: Path, tmp_path: Path) -> None:
    for name, source in (("a.csv", "Detailed_LA_202503.ods"), ("b", "Detailed_LA_202403.xlsx")):
        copy = tmp_path / name
        copy.write_bytes((shared_data / "mhclg_homelessness" / source).read_bytes())
        assert len(read(copy, TA1, tmp_path)) == 307


# Where the table is.


def book(tmp_path: Path, *rows: Sequence[Cell]) -> Path:
    return write_xlsx(tmp_path / "book.xlsx", {" Table 1 ": rows})


def test_titles_notes_blank_rows_and_totals_around_the_table_are_passed_over(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["Table 1: Things, 2024"],
        ["E92000001 is England"],
        [],
        ["A note just above"],
        ["Code", "Name [note 1]", "Value"],
        [],
        ["-", "Everywhere", 99.0],
        LIVERPOOL,
        [],
        ["-", "Rest", 1.0],
        HALTON,
        ["Notes:"],
        ["1. E08000012 is Liverpool"],
        ["Total", "all", 3.0],
    ]
    path = book(tmp_path, *rows)
    found = read(path, replace(SIMPLE, title="^Table 1"), tmp_path)
    title = "Table 1: Things, 2024"
    assert [list(row.values()) for row in found] == [
        ["E08000012", "Liverpool", "12.5", "", "Table 1", "8", title],
        ["E06000006", "Halton", "3", "", "Table 1", "11", title],
    ]


def test_a_merged_heading_holds_up_to_the_next_and_not_across_a_blank_column(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        ["Title"],
        [None, None, "Group A", None, None, "Group B", None],
        ["Code", "Name", "Number", "Share", None, "Number", "Share"],
        ["E08000012", "Liverpool", 1.0, 2.0, None, 3.0, 4.0],
    )
    layout = replace(SIMPLE, headings={"code": "^Code$", "a": r"^Group A \| Share$", "b": r"^Group B \| Share$"})
    [row] = read(path, layout, tmp_path)
    assert (row["a"], row["b"]) == ("2", "4")
    assert inspect(path, layout).unknown_headings == ("Name", "Group A | Number", "Group B | Number")


def test_a_year_that_comes_is_a_new_key_without_a_change_of_layout(tmp_path: Path) -> None:
    path = book(tmp_path, ["Code", "N 2024", "N 2025", "P 2025", "N 2026"], ["E08000012", 1.0, 2.0, 3.0, 4.0])
    headings = {"code": "^Code$", "number": "^N (?P<key>[0-9]{4})$", "percent": "^P (?P<key>[0-9]{4})$"}
    found = read(path, replace(SIMPLE, headings=headings), tmp_path)
    assert [(row["key"], row["number"], row["percent"]) for row in found] == [
        *[("2024", "1", ""), ("2025", "2", "3"), ("2026", "4", "")],
    ]


def test_the_table_may_stand_in_any_column_and_its_columns_in_any_order(tmp_path: Path) -> None:
    path = book(tmp_path, [], [None, "Title"], [None, "Value", "Code", "Name"], [None, 1.0, "E08000012", "Liverpool"])
    [row] = read(path, SIMPLE, tmp_path)
    assert list(row.values()) == ["E08000012", "Liverpool", "1", "", "Table 1", "4", ""]


# What is refused, and with which message.


def test_a_renamed_heading_is_named_with_what_it_may_be_called_now(tmp_path: Path) -> None:
    message = refusal(book(tmp_path, ["Code", "Name", "Valeu (%)"], LIVERPOOL), SIMPLE, "missing_column")
    assert "value ('^Value$'; renamed to 'Valeu (%)'?)" in message
    assert "sheet 'Table 1'" in message


def test_a_sheet_without_any_of_the_headings_is_told_by_how_it_begins(tmp_path: Path) -> None:
    message = refusal(book(tmp_path, ["Contents"], ["1", "Something"]), SIMPLE, "missing_column")
    assert "it begins: 'Contents / 1 / Something'" in message


def test_a_workbook_without_the_sheet_is_refused_and_says_which_it_has(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "book.xlsx", {"Contents": [["a"]], "Tabel 1": [["Code", "Name", "Value"], LIVERPOOL]})
    message = refusal(path, SIMPLE, "sheet_missing")
    assert "'^Table'" in message
    assert message.endswith("Contents, Tabel 1.")


def test_a_column_that_would_be_two_is_refused_instead_of_guessed(tmp_path: Path) -> None:
    path = book(tmp_path, ["Code", "Name", "Value", "Value per head"], [*LIVERPOOL, 7.0])
    layout = replace(SIMPLE, headings={**SIMPLE.headings, "value": "Value"})
    message = refusal(path, layout, "ambiguous_column")
    assert "row 2" in message
    assert "'Value per head'" in message


def test_a_title_that_is_gone_is_not_a_blank_one(tmp_path: Path) -> None:
    path = book(tmp_path, ["Sheet of things"], ["Code", "Name", "Value"], LIVERPOOL)
    assert "'^Table 1'" in refusal(path, replace(SIMPLE, title="^Table 1"), "missing_title")


def test_headings_without_rows_are_no_data(tmp_path: Path) -> None:
    path = book(tmp_path, ["Title"], ["Code", "Name", "Value"], ["-", "None yet"], ["Notes:"])
    for ask in (inspect, lambda path, layout: to_rows(path, layout, tmp_path / "rows.csv")):
        with pytest.raises(NoData, match="heading and no row"):
            ask(path, SIMPLE)


def test_rows_whose_codes_are_of_a_new_kind_are_not_taken_for_no_data(tmp_path: Path) -> None:
    path = book(tmp_path, ["Code", "Name", "Value"], ["UKD72", "Liverpool", 1.0])
    assert "'UKD72'" in refusal(path, SIMPLE, "unknown_codes")


def test_where_every_sheet_must_hold_the_table_one_that_does_not_is_named(tmp_path: Path) -> None:
    heading: list[Cell] = ["Code", "Name", "Value"]
    layout = replace(SIMPLE, one_sheet=False)
    good: list[list[Cell]] = [heading, LIVERPOOL]
    path = write_xlsx(tmp_path / "a.xlsx", {"Table 1": good, "Table 2": [["Code", "Name"], LIVERPOOL[:2]]})
    assert "sheet 'Table 2'" in refusal(path, layout, "missing_column")
    assert inspect(path, SIMPLE) == Table(("Table 1",), (*SIMPLE.headings, "key", "sheet", "sheet_row", "title"), 1, ())
    path = write_xlsx(tmp_path / "b.xlsx", {"Table 1": good, "Table 2": [heading]})
    assert "sheet 'Table 2'" in refusal(path, layout, "missing_rows")


@pytest.mark.parametrize("name", ["table.ods", "table.xlsx", "table.xls", "table"])
def test_a_web_page_is_refused_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\n<!DOCTYPE html><html><body>Sign in to the network</body></html>")
    assert "web page" in refusal(path, SIMPLE, "html_body")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\n\x81\0\xff"])
def test_bytes_of_another_format_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(content)
    assert "begins with the bytes" in refusal(path, SIMPLE, "not_a_workbook")


def test_an_empty_body_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"")
    assert "0 bytes" in refusal(path, SIMPLE, "empty_body")


def test_a_zip_of_other_things_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert "word/document.xml" in refusal(path, SIMPLE, "not_a_workbook")


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_workbook_that_was_cut_is_refused(tmp_path: Path, kept: float) -> None:
    path = book(tmp_path, ["Code", "Name", "Value"], LIVERPOOL)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert "damaged or was cut" in refusal(path, SIMPLE, "damaged_workbook")


def test_a_workbook_with_damage_inside_is_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "book.xlsx", {"Table 1": '<row r="1"><c r="A1"><v>1</v></row>'})
    assert "its reader says" in refusal(path, SIMPLE, "damaged_workbook")


def test_an_old_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000)
    refusal(path, SIMPLE, "damaged_workbook")


def test_a_small_workbook_that_names_its_farthest_cell_cannot_take_the_memory(tmp_path: Path) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = write_xlsx(tmp_path / "book.xlsx", {"Table 1": far})
    assert path.stat().st_size < 3000
    message = refusal(path, SIMPLE, "damaged_workbook")
    assert "SIGABRT" in message
    assert "memory allocation" in message


def test_a_sheet_of_more_cells_than_any_table_is_refused(tmp_path: Path) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="300000"><c r="Z300000"><v>1</v></c></row>'
    path = write_xlsx(tmp_path / "book.xlsx", {"Table 1": far})
    assert "more than 5000000 cells" in refusal(path, SIMPLE, "damaged_workbook")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_workbook_that_declares_entities_is_refused(tmp_path: Path, encoding: str) -> None:
    bomb = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    path = write_xlsx(tmp_path / "book.xlsx", {"Table 1": [["Code", "Name", "Value"], LIVERPOOL]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f'<?xml version="1.0"?>{bomb}<sst>&b;</sst>'.encode(encoding))
    assert "'xl/sharedStrings.xml' declares" in refusal(path, SIMPLE, "damaged_workbook")


@pytest.mark.parametrize(("megabytes", "said"), [(20, "times its size"), (700, "unpacks to 7000")])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, megabytes: int, said: str) -> None:
    path = write_xlsx(tmp_path / "book.xlsx", {"Table 1": [["Code", "Name", "Value"], LIVERPOOL]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/big.xml", "w") as stream:
        for _ in range(megabytes):
            stream.write(b" " * 1_000_000)
    assert said in refusal(path, SIMPLE, "damaged_workbook")


@pytest.mark.parametrize("name", ["../outside.xml", "/etc/passwd", "xl/../../outside.xml"])
def test_a_member_whose_name_leads_out_of_the_workbook_is_refused(tmp_path: Path, name: str) -> None:
    path = write_xlsx(tmp_path / "book.xlsx", {"Table 1": [["Code", "Name", "Value"], LIVERPOOL]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    assert name in refusal(path, SIMPLE, "damaged_workbook")


def test_text_whose_quotes_never_close_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('Code,Name,Value\nE08000012,"Liverpool,1\n', "utf-8")
    assert "no CSV" in refusal(path, SIMPLE, "not_a_workbook")


def test_a_layout_whose_code_column_is_none_of_its_own_is_our_mistake(tmp_path: Path) -> None:
    path = book(tmp_path, ["Code", "Name", "Value"], LIVERPOOL)
    with pytest.raises(ValueError, match="none of its headings"):
        inspect(path, replace(SIMPLE, code_column="area"))
