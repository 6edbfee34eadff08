"""The Indices of Deprivation through the live path on loopback: the publisher's real files, and which file is taken.

Figures below were read in the real files of ../shared/data, which are served where that folder is there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from atf_dagster.landing import Attempt
from support.fetching import fetch_one, rows
from support.publishers.govuk import File, Govuk, PublishedPage

DISTRICTS_2019 = "govuk_iod_2019_districts"
DISTRICTS_2025 = "govuk_iod_2025_districts"
AREAS_2025 = "govuk_iod_2025_lsoa"
PAGE_2019 = "/government/statistics/english-indices-of-deprivation-2019"
PAGE_2025 = "/government/statistics/english-indices-of-deprivation-2025"
FILE_10_2019 = "File_10_-_IoD2019_Local_Authority_District_Summaries__lower-tier__.xlsx"
FILE_11_2019 = "File_11_-_IoD2019_Local_Authority_District_Summaries__upper-tier__.xlsx"
FILE_1_2025 = "File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx"
FILE_10_2025 = "File_10_-_IoD2025_Local_Authority_District_Summaries__lower-tier__{}.xlsx"
FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "mhclg_iod"


@dataclass
class Home:
    """A landing and the GOV.UK that it asks."""

    folder: Path
    govuk: Govuk

    def ask(self, dataset: str) -> Attempt:
        return fetch_one(self.folder, self.govuk.base_urls, dataset)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return rows(self.folder, self.folder / "raw", table)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Govuk() as server:
        yield Home(tmp_path, server)


def real(name: str) -> bytes:
    """One of the publisher's files; the test is skipped where it is absent."""
    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent: no real file to serve")
    return (FOLDER / name).read_bytes()


def summaries(score: float) -> bytes:
    """A workbook of 2025's form, which is not at hand; one invented council, headings as its users report them."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        workbook.add_worksheet("Notes").write(0, 0, "Summaries")
        sheet = workbook.add_worksheet("IMD")
        headings = (
            "Local Authority District code (2024)",
            "Local Authority District name (2024)",
            "IMD - Average rank ",
            "IMD - Rank of average rank ",
            "IMD - Average score ",
            "IMD - Rank of average score ",
            "IMD - Proportion of LSOAs in most deprived 10% nationally ",
            "IMD - Rank of proportion of LSOAs in most deprived 10% nationally ",
        )
        sheet.write_row(0, 0, headings)
        sheet.write_row(1, 0, ("E08000016", "Barnsley", 20000.5, 30, score, 37, 0.2162, 41))
    return written.getvalue()


# average score, rank of it, share of small areas in the most deprived tenth
IN_FILE_10_OF_2019 = {
    "E06000006": ("32.325", "23", "0.3165"),
    "E06000007": ("18.942", "148", "0.0787"),
    "E06000049": ("14.475", "216", "0.0171"),
    "E06000050": ("18.083", "161", "0.0755"),
    "E08000011": ("43.006", "2", "0.4694"),
    "E08000012": ("42.412", "3", "0.4866"),
    "E06000002": ("40.46", "5", "0.4884"),
    "E09000032": ("16.611", "183", "0"),
}


def test_the_summaries_of_2019_come_from_their_sheet_under_headings_that_end_in_blanks(home: Home) -> None:
    home.govuk.pages[PAGE_2019] = PublishedPage(
        "English indices of deprivation 2019",
        [File(FILE_11_2019, b"another file"), File(FILE_10_2019, real(FILE_10_2019), media="5d8b3cfbe5274a08be69aa91")],
    )
    attempt = home.ask(DISTRICTS_2019)
    assert (attempt.outcome, attempt.release) == ("landed", FILE_10_2019)
    found = {row["lad_code"]: row for row in home.rows("mhclg_iod_2019_districts")}
    assert len(found) == 317
    assert {row["sheet"] for row in found.values()} == {"IMD"}
    for code, figures in IN_FILE_10_OF_2019.items():
        row = found[code]
        read = (row["average_score"], row["rank_of_average_score"], row["proportion_most_deprived_10"])
        assert [float(cell) for cell in read] == [float(cell) for cell in figures], code
    assert found["E08000013"]["lad_name"] == "St. Helens"
    assert all(cell is not None for row in found.values() for name, cell in row.items() if name not in ("key", "title"))


def test_the_small_areas_of_2025_come_whole(home: Home) -> None:
    home.govuk.pages[PAGE_2025] = PublishedPage(
        "English indices of deprivation 2025",
        [File("File_7_IoD2025_All_Ranks.csv", b"another file"), File(FILE_1_2025, real(FILE_1_2025))],
    )
    assert home.ask(AREAS_2025).outcome == "landed"
    found = {row["lsoa_code"]: row for row in home.rows("mhclg_iod_2025_lsoa")}
    assert len(found) == 33_755

    def read(code: str) -> tuple[str, str, float, float]:
        row = found[code]
        return row["lsoa_name"], row["lad_code"], float(row["imd_rank"]), float(row["imd_decile"])

    assert read("E01006412") == ("Knowsley 006A", "E08000011", 509, 1)
    assert read("E01006413") == ("Knowsley 006B", "E08000011", 83, 1)
    assert read("E01033756") == ("Liverpool 061C", "E08000012", 13_793, 5)
    assert read("E01021988") == ("Tendring 018A", "E07000076", 1, 1)
    assert read("E01000001") == ("City of London 001A", "E09000001", 26_525, 8)
    assert sorted(int(float(row["imd_rank"])) for row in found.values()) == list(range(1, 33_756))


def test_the_first_version_of_the_summaries_of_2025_is_never_taken(home: Home) -> None:
    wrong = File(FILE_10_2025.format(""), summaries(99.9), media="68ff7e26d81972ecd2df5db1")
    home.govuk.pages[PAGE_2025] = PublishedPage("English indices of deprivation 2025", [wrong])
    attempt = home.ask(DISTRICTS_2025)
    assert (attempt.outcome, attempt.reason) == ("rejected", "file_not_found")
    assert home.govuk.files_asked() == []

    right = File(FILE_10_2025.format("v2"), summaries(29.5), media="6917412ebc34c86ce4e6e7fc")
    home.govuk.pages[PAGE_2025].files = [wrong, right]
    assert home.ask(DISTRICTS_2025).release == right.name
    (row,) = home.rows("mhclg_iod_2025_districts")
    assert (row["lad_code"], float(row["average_score"]), float(row["rank_of_average_score"])) == (
        "E08000016",
        29.5,
        37,
    )


def test_a_later_version_takes_the_place_of_the_second(home: Home) -> None:
    files = [
        File(FILE_10_2025.format(version), summaries(score), media=f"69000000000000000000000{number}")
        for number, (version, score) in enumerate((("v2", 29.5), ("v3", 30.5)))
    ]
    home.govuk.pages[PAGE_2025] = PublishedPage("English indices of deprivation 2025", files)
    assert home.ask(DISTRICTS_2025).release == files[1].name
