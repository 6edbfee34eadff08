"""Open Geography through the live path on loopback: the newest service, every page, and what is refused.

The publisher's real lookups are served where ../shared/data has them; codes below were read in those files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from atf_dagster.landing import Attempt, Store
from atf_dagster.sources.open_geography import edition
from support.fetching import fetch_one, rows
from support.publishers.open_geography import OpenGeography, Service, lookup

REGIONS = "open_geography_district_region"
TIERS = "open_geography_lower_upper"
SHAPES = "open_geography_boundaries"
FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "geography"
INVENTED = 2_345
OURS = ("E06000006", "E06000007", "E06000049", "E06000050", *(f"E080000{number}" for number in range(11, 16)))


@dataclass
class Home:
    """A landing and the server that it asks."""

    folder: Path
    geography: OpenGeography

    def ask(self, dataset: str) -> Attempt:
        return fetch_one(self.folder, {"open_geography": self.geography.url}, dataset)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return rows(self.folder, self.folder / "raw", table)

    def vintages(self, dataset: str) -> int:
        return len(Store(self.folder).vintages(dataset, "all"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with OpenGeography() as server:
        yield Home(tmp_path, server)


def districts(count: int = 120, year: int = 24) -> list[dict[str, Any]]:
    """Invented districts, for paging only; the last ones first, so that an order has to be asked for."""
    return [
        {
            f"LAD{year}CD": f"E07{number:06d}",
            f"LAD{year}NM": f"District {number}",
            f"RGN{year}CD": "E12000001",
            f"RGN{year}NM": "North East",
            "ObjectId": number,
        }
        for number in reversed(range(1, count + 1))
    ]


def shapes(year: int = 24) -> list[dict[str, Any]]:
    """The nine councils as triangles, and one other council."""
    triangle = {"type": "Polygon", "coordinates": [[[-2.91368, 53.40833], [-2.9, 53.5], [-3.0, 53.4500]]]}
    return [
        {f"LAD{year}CD": code, f"LAD{year}NM": f"Council {code}", "FID": number, "geometry": triangle}
        for number, code in enumerate([*OURS, "E08000003"], start=1)
    ]


@pytest.fixture(scope="session")
def real() -> Callable[[str], list[dict[str, str]]]:
    """The publisher's lookups; the test is skipped where they are absent."""
    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent: no real lookup to serve")
    return lambda name: lookup(FOLDER / name)


# The real lookups ----------------------------------------------------------------------------------------


def test_the_real_districts_come_with_their_regions(home: Home, real: Callable[[str], list[dict[str, str]]]) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(real("lad24_to_region_lookup.csv"), cap=100)
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.release, len(attempt.pages)) == ("landed", "LAD24_RGN24_EN_LU", 3)
    found = {row["lad_code"]: row for row in home.rows("geography_district_region")}
    assert len(found) == 296
    assert {row["code_year"] for row in found.values()} == {"2024"}
    read = {code: (found[code]["lad_name"], found[code]["rgn_code"], found[code]["rgn_name"]) for code in found}
    assert read["E06000049"] == ("Cheshire East", "E12000002", "North West")
    assert read["E06000050"] == ("Cheshire West and Chester", "E12000002", "North West")
    assert read["E08000016"] == ("Barnsley", "E12000003", "Yorkshire and The Humber")
    assert read["E08000019"] == ("Sheffield", "E12000003", "Yorkshire and The Humber")
    assert read["E06000001"] == ("Hartlepool", "E12000001", "North East")


def test_the_real_tiers_come_for_england_and_wales(home: Home, real: Callable[[str], list[dict[str, str]]]) -> None:
    home.geography.services["LTLA23_UTLA23_EW_LU"] = Service(real("ltla_to_utla_apr23.csv"))
    assert home.ask(TIERS).outcome == "landed"
    found = {row["ltla_code"]: row for row in home.rows("geography_lower_upper")}
    assert len(found) == 318
    assert found["E06000049"]["utla_code"] == "E06000049"
    # Burnley is a district of Lancashire; Isle of Anglesey has a Welsh name, too.
    assert (found["E07000117"]["ltla_name"], found["E07000117"]["utla_name"]) == ("Burnley", "Lancashire")
    assert found["W06000001"]["ltla_name_welsh"] == "Ynys Môn"
    assert {row["code_year"] for row in found.values()} == {"2023"}


# Paging --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "cap", "pages"), [(INVENTED, 1_000, 3), (296, 100, 3), (300, 100, 3), (120, 1_000, 1)]
)
def test_every_page_comes_up_to_the_last(home: Home, count: int, cap: int, pages: int) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(count), cap=cap)
    assert home.ask(REGIONS).outcome == "landed"
    found = home.rows("geography_district_region")
    assert sorted(row["lad_code"] for row in found) == [f"E07{number:06d}" for number in range(1, count + 1)]
    assert [row["row_number"] for row in found] == list(range(1, count + 1))
    asked = home.geography.pages_asked()
    assert len(asked) == pages
    assert all(int(query["resultRecordCount"]) <= cap for query in asked)
    assert {query["orderByFields"] for query in asked} == {"LAD24CD"}


@pytest.mark.parametrize("flag", ["top", "properties", "nowhere"])
def test_a_table_of_rows_is_whole_wherever_the_server_says_that_it_cut_it(home: Home, flag: str) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(120), cap=100, most_a_page=50, flag=flag)
    assert home.ask(REGIONS).outcome == "landed"
    assert len(home.rows("geography_district_region")) == 120


@pytest.mark.parametrize("flag", ["top", "properties", "nowhere"])
def test_shapes_are_whole_wherever_the_server_says_that_it_cut_them(home: Home, flag: str) -> None:
    home.geography.services["LAD_MAY_2024_UK_BUC"] = Service(shapes(), most_a_page=4, flag=flag)
    assert home.ask(SHAPES).outcome == "landed"
    assert {row["lad_code"] for row in home.rows("geography_boundaries")} == set(OURS)


def test_a_full_last_page_that_is_flagged_is_followed_by_a_look_for_more(home: Home) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(200), cap=100, flags_full_pages=True)
    assert home.ask(REGIONS).outcome == "landed"
    assert len(home.rows("geography_district_region")) == 200


def test_an_empty_page_that_says_there_is_more_is_refused(home: Home) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(150), cap=100, empty_from=100)
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "truncated_body")
    assert "after row 100 is empty" in str(attempt.message)


@pytest.mark.parametrize("counted", [121, 119])
def test_a_table_with_another_number_of_rows_than_was_counted_is_refused(home: Home, counted: int) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(120), counted=counted)
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "truncated_body")
    assert str(counted) in str(attempt.message)
    assert "120" in str(attempt.message)


def test_rows_that_come_twice_in_place_of_others_are_refused(home: Home) -> None:
    # A count that fits, and yet a row is missing: pages overlap where the order is not stable.
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(199), cap=100, counted=200, unstable=True)
    assert home.ask(REGIONS).outcome == "landed"
    assert home.rows("geography_district_region") == []
    (verdict,) = Store(home.folder).verdicts(REGIONS, "all").values()
    assert (verdict.verdict, verdict.reason) == ("rejected", "repeated_rows")


# Errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"code": 400, "message": "Cannot perform query. Invalid query parameters.", "details": []}},
        {"error": {"code": 500, "message": "Error performing query operation", "details": ["timed out"]}},
        {"error": "Service is unavailable"},
    ],
)
def test_an_error_with_status_200_is_an_error_and_the_last_table_stays(home: Home, error: dict[str, Any]) -> None:
    service = home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts())
    assert home.ask(REGIONS).outcome == "landed"
    service.edited = 1_800_000_000_000
    home.geography.error = error
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "publisher_error")
    said = error["error"]["message"] if isinstance(error["error"], dict) else error["error"]
    assert said in str(attempt.message)
    assert len(home.rows("geography_district_region")) == 120


def test_a_web_page_in_place_of_json_is_told_as_one(home: Home) -> None:
    home.geography.web_page = True
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "not_json")


def test_a_table_that_shrank_to_a_part_is_refused(home: Home) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(99))
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "too_few_rows")


def test_boundaries_without_one_of_our_councils_are_refused(home: Home) -> None:
    home.geography.services["LAD_MAY_2024_UK_BUC"] = Service([row for row in shapes() if row["LAD24CD"] != OURS[0]])
    attempt = home.ask(SHAPES)
    assert (attempt.outcome, attempt.reason) == ("rejected", "too_few_rows")


# Names that change every year ----------------------------------------------------------------------------


def test_next_years_service_is_found_under_its_new_name_and_said(home: Home) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(120, 24))
    assert home.ask(REGIONS).outcome == "landed"
    home.geography.services["LAD26_RGN26_EN_LU"] = Service(districts(118, 26))
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.release) == ("landed", "LAD26_RGN26_EN_LU")
    assert any("LAD24_RGN24_EN_LU" in note and "LAD26_RGN26_EN_LU" in note for note in attempt.notes)
    years = [row["code_year"] for row in home.rows("geography_district_region")]
    assert (years.count("2024"), years.count("2026")) == (120, 118)


@pytest.mark.parametrize(
    ("names", "newest"),
    [
        (["LAD24_RGN24_EN_LU", "LAD25_RGN25_EN_LU", "LAD25_RGN25_EN_LU_v2"], "LAD25_RGN25_EN_LU_v2"),
        (["LAD_DEC_2023_UK_BUC", "LAD_MAY_2024_UK_BUC"], "LAD_MAY_2024_UK_BUC"),
        (
            ["LAD_MAY_2024_UK_BUC", "Local_Authority_Districts_December_2024_Boundaries_UK_BUC"],
            "Local_Authority_Districts_December_2024_Boundaries_UK_BUC",
        ),
        (
            [
                "Local_Authority_Districts_DEC_2025_Boundaries_UK_BUC",
                "Local_Authority_Districts_May_2025_Boundaries_UK_BUC_V2",
            ],
            "Local_Authority_Districts_DEC_2025_Boundaries_UK_BUC",
        ),
        (["LAD_DEC_2022_UK_BUC_V2", "LAD_DEC_2022_UK_BUC", "LAD_DEC_2022_UK_BUC_V10"], "LAD_DEC_2022_UK_BUC_V10"),
    ],
)
def test_the_newest_service_is_that_of_the_latest_year_month_and_version(names: list[str], newest: str) -> None:
    assert max(names, key=edition) == newest


def test_no_other_resolution_or_kind_of_area_is_taken_for_our_boundaries(home: Home) -> None:
    home.geography.services["LAD_MAY_2024_UK_BUC"] = Service(shapes())
    for other in (
        "LAD_MAY_2025_UK_BFC",
        "Local_Authority_Districts_May_2025_Boundaries_UK_BGC",
        "Counties_and_Unitary_Authorities_December_2025_Boundaries_UK_BUC",
        "CTYUA_DEC_2025_UK_BUC",
    ):
        home.geography.services[other] = Service(shapes(25))
    assert home.ask(SHAPES).release == "LAD_MAY_2024_UK_BUC"


def test_a_service_that_is_nowhere_is_told_with_what_was_looked_for(home: Home) -> None:
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "service_not_found")
    assert "RGN" in str(attempt.message)


def test_a_field_that_is_gone_is_told_with_what_there_is(home: Home) -> None:
    renamed = [{"DISTRICT": "E07000001", "RGN24CD": "E12000001"}]
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(renamed)
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "missing_column")
    assert "DISTRICT" in str(attempt.message)


def test_a_column_that_staging_needs_and_that_is_gone_is_told_by_name(home: Home) -> None:
    without = [{name: cell for name, cell in row.items() if name != "RGN24CD"} for row in districts()]
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(without)
    attempt = home.ask(REGIONS)
    assert (attempt.outcome, attempt.reason) == ("rejected", "missing_column")
    assert "rgn_code" in str(attempt.message)


# The probe -----------------------------------------------------------------------------------------------


def test_what_was_not_edited_is_not_asked_for_again(home: Home) -> None:
    service = home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts())
    assert home.ask(REGIONS).outcome == "landed"
    home.geography.forget()
    assert home.ask(REGIONS).outcome == "unchanged"
    assert home.geography.pages_asked() == []
    service.edited = 1_800_000_000_000
    service.rows = districts(119)
    assert home.ask(REGIONS).outcome == "landed"
    assert home.vintages(REGIONS) == 2


def test_without_an_edit_date_the_same_rows_are_no_new_vintage(home: Home) -> None:
    home.geography.services["LAD24_RGN24_EN_LU"] = Service(districts(), cap=100, edited=None)
    assert home.ask(REGIONS).outcome == "landed"
    assert home.ask(REGIONS).outcome == "unchanged"
    assert home.vintages(REGIONS) == 1


# Boundaries ----------------------------------------------------------------------------------------------


def test_a_boundary_is_geojson_with_the_publishers_numbers_and_ours_alone_are_asked_for(home: Home) -> None:
    home.geography.services["LAD_MAY_2024_UK_BUC"] = Service(shapes())
    home.ask(SHAPES)
    found = {row["lad_code"]: row for row in home.rows("geography_boundaries")}
    assert set(found) == set(OURS)
    geometry = json.loads(found["E08000012"]["geometry"])
    assert geometry["type"] == "Polygon"
    assert geometry["coordinates"][0][0] == [-2.91368, 53.40833]
    (asked,) = home.geography.pages_asked()
    assert (asked["f"], asked["outSR"], asked["returnGeometry"]) == ("geojson", "4326", "true")
    assert asked["where"].startswith("LAD24CD IN (")


def test_an_area_without_a_shape_has_none(home: Home) -> None:
    rows = [{**row, "geometry": None} if row["LAD24CD"] == OURS[0] else row for row in shapes()]
    home.geography.services["LAD_MAY_2024_UK_BUC"] = Service(rows)
    home.ask(SHAPES)
    found = {row["lad_code"]: row["geometry"] for row in home.rows("geography_boundaries")}
    assert found[OURS[0]] is None
    assert found[OURS[1]] is not None
