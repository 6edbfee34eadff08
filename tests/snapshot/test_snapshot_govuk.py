"""GOV.UK's answers from the bundled figures: the same table as in the publishers' files, for the areas held."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import requests
from other_councils import is_other
from python_calamine import CalamineWorkbook

from atf_dagster.catalogue import load
from atf_dagster.formats import workbooks
from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import FiguresSource
from atf_dagster.snapshot.figures import AREAS, COUNCILS
from atf_dagster.snapshot.workbook import cell
from support.publishers.govuk import QUARTERS

PAGES = "https://www.gov.uk/api/content"
FUEL_2024 = "/government/statistics/sub-regional-fuel-poverty-2024-2022-data"
FUEL = {
    # page -> the name under which its file is answered, and the publisher's file
    FUEL_2024: ("sub-regional-fuel-poverty-2024-tables", "2022_Sub-Regional-Data-LILEE.xlsx"),
    "/government/statistics/sub-regional-fuel-poverty-data-2023": (
        "sub-regional-fuel-poverty-2023-tables",
        "2021_Sub-Regional-Data-LILEE.xlsx",
    ),
    "/government/statistics/sub-regional-fuel-poverty-data-2022": (
        "sub-regional-fuel-poverty-2022-tables",
        "sub-regional-fuel-poverty-2022-tables.xlsx",
    ),
    "/government/statistics/sub-regional-fuel-poverty-data-2021": (
        "sub-regional-fuel-poverty-2021-tables",
        "2019_Sub-Regional-Data-LILEE.xlsx",
    ),
}
TABLES = {
    # page, table of the catalogue, the publisher's files by the name under which they are answered
    "/government/statistical-data-sets/live-tables-on-homelessness": (
        "mhclg_temporary_accommodation",
        {Path(name).stem: f"mhclg_homelessness/{name}" for name in QUARTERS},
    ),
    **{page: ("desnz_fuel_poverty", {name: f"desnz_fuel_poverty/{file}"}) for page, (name, file) in FUEL.items()},
    "/government/statistics/children-in-low-income-families-local-area-statistics-2022-to-2025": (
        "dwp_children_in_low_income",
        {
            "children-in-low-income-families-local-area-statistics-2022-to-2025": "dwp_cilif/2_AHC_Relative_LA.csv",
        },
    ),
}
OF_ALL_COUNCILS = {Path(QUARTERS[-1]).stem, *(name for name, _ in FUEL.values())}


def rows(path: Path, table: str, folder: Path, of_all_councils: bool) -> list[dict[str, str]]:
    """The rows of the areas held; which row and sheet they stand in is the file's own affair."""
    collection = next(collection for collection in load().collections if collection.table == table)
    assert collection.layout is not None
    target = folder / "rows.csv"
    workbooks.to_rows(path, collection.layout, target)
    with target.open(encoding="utf-8", newline="") as stream:
        return [
            {name: text for name, text in row.items() if name not in ("sheet", "sheet_row")}
            for row in csv.DictReader(stream)
            if row["area_code"] in {*AREAS, "-"} or (of_all_councils and is_other(row["area_code"]))
        ]


def attachments(session: requests.Session, page: str) -> dict[str, dict[str, Any]]:
    listed = session.get(PAGES + page).json()["details"]["attachments"]
    return {str(file["filename"]).removesuffix(".xlsx"): file for file in listed}


@pytest.mark.parametrize("page", sorted(TABLES))
def test_the_workbooks_hold_the_publishers_table_cell_by_cell(
    session: requests.Session, shared_data: Path, tmp_path: Path, page: str
) -> None:
    table, files = TABLES[page]
    answered = attachments(session, page)
    assert answered.keys() == files.keys()
    for name, original in files.items():
        body = tmp_path / f"{name}.xlsx"
        body.write_bytes(session.get(answered[name]["url"]).content)
        expected = rows(shared_data / original, table, tmp_path, name in OF_ALL_COUNCILS)
        assert expected
        assert rows(body, table, tmp_path, name in OF_ALL_COUNCILS) == expected


def test_the_table_of_small_areas_is_the_publishers_for_the_nine_councils(
    session: requests.Session, shared_data: Path, tmp_path: Path
) -> None:
    name, file = FUEL[FUEL_2024]
    body = tmp_path / "answer.xlsx"
    body.write_bytes(session.get(attachments(session, FUEL_2024)[name]["url"]).content)
    original = shared_data / "desnz_fuel_poverty" / file
    heading = 2
    ours, theirs = (
        # A number of 17 digits is answered as text.
        [
            [str(cell) for cell in line]
            for line in CalamineWorkbook.from_path(path).get_sheet_by_name("Table 3").to_python()
        ]
        for path in (body, original)
    )
    assert ours[: heading + 1] == theirs[: heading + 1]
    assert ours[heading + 1 :] == [line for line in theirs if line[2] in COUNCILS]
    assert len(ours) - heading - 1 == 1_601
    # Read in the workbook.
    assert [
        "E01006448",
        "Knowsley 001A",
        *("E08000011", "Knowsley", "North West"),
        "874.0",
        "165.0",
        "18.87871853546911",
    ] in ours


CYCLING = "/government/statistics/walking-and-cycling-statistics-england-2018"


def test_walking_and_cycling_has_the_shares_and_half_widths_of_the_publishers_tables(
    session: requests.Session, shared_data: Path, tmp_path: Path
) -> None:
    columns = ("area_code", "area_name", "key", "share_of_adults")
    answered = attachments(session, CYCLING)
    assert answered.keys() == {"CW0301", "CW0302", "CW0303"}
    for name, file in answered.items():
        body = tmp_path / f"{name}.xlsx"
        body.write_bytes(session.get(file["url"]).content)
        ours, theirs = (
            {
                (_years(row["title"]), "half widths" in row["title"], *(row[column] for column in columns))
                for row in rows(path, "dft_walking_cycling_2018", tmp_path, of_all_councils=False)
            }
            for path in (body, shared_data / "dft_walking_cycling" / f"{name}.ods")
        )
        # Eleven areas, three years, a share and a half width, two frequencies.
        assert len(ours) == 11 * 3 * 2 * 2
        wanted = {row for row in theirs if row[4].startswith(("Three", "Five")) or "travel | " in row[4]}
        assert ours == {row for row in wanted if row[4].endswith(("Three times per week", "Five times per week"))}


def _years(title: str) -> str:
    """`2017-2018`; in the publisher's titles the number of a note follows it."""
    return title.rpartition(", ")[2][:9]


@pytest.mark.parametrize("page", sorted(TABLES))
def test_a_page_says_the_size_of_its_files_and_no_date(session: requests.Session, page: str) -> None:
    content = session.get(PAGES + page).json()
    assert content.keys() == {"base_path", "title", "details"}
    for file in content["details"]["attachments"]:
        assert file["file_size"] == len(session.get(file["url"]).content)


def test_a_collection_lists_the_releases_that_are_held_the_newest_first(session: requests.Session) -> None:
    listed = session.get(f"{PAGES}/government/collections/fuel-poverty-sub-regional-statistics").json()
    assert [document["base_path"] for document in listed["links"]["documents"]] == list(FUEL)


def test_the_same_file_has_the_same_bytes_each_time(session: requests.Session) -> None:
    (file,) = attachments(session, FUEL_2024).values()
    assert session.get(file["url"]).content == session.get(file["url"]).content


@pytest.mark.parametrize(
    "url",
    [
        f"{PAGES}/government/statistical-data-sets/walking-and-cycling-statistics-cw",
        "https://assets.publishing.service.gov.uk/media/5f0000000000000000000001/another.xlsx",
    ],
)
def test_what_is_not_held_is_said_to_be_so(session: requests.Session, url: str) -> None:
    with pytest.raises(SnapshotMiss):
        session.get(url)


def test_figures_of_a_publisher_are_those_of_its_workbooks(sources: dict[str, FiguresSource]) -> None:
    bundled = {name for name, source in sources.items() if source.publisher in ("mhclg", "desnz", "dwp")}
    assert bundled == {name for _, files in TABLES.values() for name in files}


@pytest.mark.parametrize("text", ["863", "227.712", "18.675777610954842", "1,234", "34.2%", "..", "0.1", "1e3", "007"])
def test_a_cell_is_a_number_only_where_the_text_comes_back(text: str) -> None:
    written = cell(text)
    if isinstance(written, float):
        kept = float(f"{written:.16G}")
        assert (str(int(kept)) if kept.is_integer() else repr(kept)) == text
    else:
        assert written == text
