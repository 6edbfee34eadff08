"""From the departments' real files on loopback through dbt: figures, periods and markers, and that no row is lost.

Single rules of the staging models are dbt's unit tests beside them. The figures below were read in the files.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.publishers.govuk import QUARTERS, File, Govuk, PublishedPage
from support.staging import Staged, stage

TA, FUEL, FUEL_LSOA, CHILDREN = (
    "govuk_mhclg_temporary_accommodation",
    "govuk_desnz_fuel_poverty",
    "govuk_desnz_fuel_poverty_lsoa",
    "govuk_dwp_children_in_low_income",
)


def published(data: Path) -> Govuk:
    """What the departments have on GOV.UK, as far as their files are at hand."""
    quarters = [data / "mhclg_homelessness" / name for name in QUARTERS]
    fuel = data / "desnz_fuel_poverty" / "sub-regional-fuel-poverty-2022-tables.xlsx"
    children = data / "dwp_cilif" / "2_AHC_Relative_LA.csv"
    return Govuk(
        pages={
            "/government/statistical-data-sets/live-tables-on-homelessness": PublishedPage(
                "Live tables on homelessness",
                [File(path.name, path.read_bytes(), f"5f{at:022x}") for at, path in enumerate(quarters)],
            ),
            "/fuel": PublishedPage(
                "Sub-regional fuel poverty data 2022", [File(fuel.name, fuel.read_bytes(), "5f" + "a" * 22)]
            ),
            "/children": PublishedPage(
                "Children in low income families: local area statistics 2022 to 2025",
                [File("children-in-low-income-families.csv", children.read_bytes(), "5f" + "b" * 22)],
            ),
        },
        collections={
            "/government/collections/homelessness-statistics": [],
            "/government/collections/fuel-poverty-sub-regional-statistics": ["/fuel"],
            "/government/collections/children-in-low-income-families-local-area-statistics": ["/children"],
        },
    )


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Staged:
    with published(shared_data) as govuk:
        return stage(tmp_path_factory.mktemp("govuk"), govuk.base_urls, [TA, FUEL, FUEL_LSOA, CHILDREN])


def test_every_landed_row_is_accounted_for(staged: Staged) -> None:
    account = staged.query(
        "select dataset, landed_rows, staged_rows, kept_rows, other_area_rows "
        "from intermediate.int_row_account where dataset like 'govuk%' order by dataset"
    )
    # Kept are all councils of England, and North West and England where the table has them; set aside are small areas,
    # the other regions, metropolitan counties and the two halves of London, and councils outside England.
    assert account == [
        (FUEL, 351, 351, 333 + 2, 16),
        (FUEL_LSOA, 32_844, 32_844, 0, 32_844),
        (CHILDREN, 724, 724, 2 * 296, 2 * 66),
        (TA, 6 * 321 + 11 * 308, 6 * 321 + 11 * 308, 6 * (309 + 3) + 11 * (296 + 3), 17 * 9),
    ]


@pytest.mark.parametrize(
    ("indicator", "area", "day", "value", "households", "in_area"),
    [
        ("ATF17", "E08000012", "2021-12-31", 1.61402507535089, 362, 224_284),
        ("ATF17", "E08000012", "2023-06-30", 3.29746002878104, 747, 226_538),
        ("ATF17", "E08000012", "2024-03-31", 3.78987492973581, 863, 227_712),
        ("ATF17", "E08000012", "2025-12-31", 7.9819339321696265, 1739, 217_867),
        ("SUP40", "E08000012", "2022-09-30", 504, None, None),
        ("ATF17", "E06000050", "2024-12-31", 0.55939199876548, 87, 155_526),
        ("ATF17", "E08000011", "2025-03-31", 1.39815013981501, 91, 65_086),
        ("ATF17", "E06000007", "2025-06-30", 2.06165744439934, 193, 93_614),
        ("ATF17", "E92000001", "2025-09-30", 5.48081032031968, 134_760, 24_587_083),
        ("SUP40", "E08000012", "2025-09-30", 1573, None, None),
        ("SUP40", "E12000002", "2024-12-31", 10_450, None, None),
        ("SUP41", "E08000014", "2025-09-30", 72, None, None),
        ("SUP41", "E06000006", "2024-03-31", 23, None, None),
    ],
)
def test_temporary_accommodation_is_that_of_the_publishers_files(
    staged: Staged, indicator: str, area: str, day: str, value: float, households: float | None, in_area: float | None
) -> None:
    found = staged.query(
        "select value, numerator, denominator, status from intermediate.int_staged where row_use = 'kept' "
        f"and indicator_code = '{indicator}' and area_code = '{area}' and period_id = '{day}/{day}'"
    )
    assert found == [(value, households, in_area, "normal")]


def test_each_quarter_is_its_last_day(staged: Staged) -> None:
    days = staged.query("select distinct period_id from intermediate.int_staged where indicator_code = 'ATF17'")
    years = ("2021", "2022", "2023", "2024", "2025")
    ends = [f"{year}-{day}" for year in years for day in ("03-31", "06-30", "09-30", "12-31")][3:]
    assert {day for (day,) in days} == {f"{end}/{end}" for end in ends}


def test_a_council_without_data_has_no_value_and_a_reason(staged: Staged) -> None:
    # Camden sent no data for June 2025.
    found = staged.query(
        "select measure, value, numerator, status from staging.stg_mhclg__temporary_accommodation "
        "where area_code = 'E09000007' and period_end = date '2025-06-30' order by measure"
    )
    assert [row[1:] for row in found] == [(None, None, "not_available")] * 3


def test_the_rate_is_the_households_by_those_in_the_area_but_where_both_are_rounded(staged: Staged) -> None:
    (largest,) = staged.query(
        "select max(abs(value - 1000 * numerator / denominator)) from staging.stg_mhclg__temporary_accommodation "
        "where numerator is not null and status_note is null"
    )[0]
    assert largest < 1e-9


@pytest.mark.parametrize(
    ("area", "name", "value", "poor", "households"),
    [
        ("E92000001", "ENGLAND", 13.231481313511315, 3_158_206, 23_868_877),
        ("E12000002", "NORTH WEST", 14.428105046340784, 465_325, 3_225_129),
        ("E06000006", "Halton", 13.779389607204177, 7_865, 57_078),
        ("E06000049", "Cheshire East", 10.79634525842907, 18_457, 170_956),
        ("E08000012", "Liverpool", 18.675777610954842, 41_297, 221_126),
    ],
)
def test_fuel_poverty_is_that_of_the_publishers_file(
    staged: Staged, area: str, name: str, value: float, poor: float, households: float
) -> None:
    found = staged.query(
        "select area_name, value, numerator, denominator, period_id, status from intermediate.int_staged "
        f"where dataset = '{FUEL}' and area_code = '{area}'"
    )
    assert found == [(name, value, poor, households, "2020-01-01/2020-12-31", "normal")]


def test_small_areas_add_up_to_their_council(staged: Staged) -> None:
    # The two tables of the workbook come from one model of the publisher; only this test checks that they agree.
    council = staged.query(f"select denominator from intermediate.int_staged where dataset = '{FUEL}' "
                           "and area_code = 'E08000012'")  # fmt: skip
    small = staged.query(
        "select sum(staged.denominator) from staging.stg_desnz__fuel_poverty_lsoa as staged "
        "inner join raw.desnz_fuel_poverty_lsoa as landed on staged.source_row = landed.row_number "
        "and staged.vintage_id = landed.vintage_id where landed.council_code = 'E08000012'"
    )
    assert small == council


@pytest.mark.parametrize(
    ("area", "year", "value", "children"),
    [
        ("E08000012", 2025, 34.2, 29_864),
        ("E08000012", 2024, 34.3, 29_495),
        ("E06000006", 2025, 28.3, 6_881),
        ("E06000006", 2024, 27.8, 6_803),
        ("E06000007", 2024, 19.8, 7_788),
    ],
)
def test_children_in_low_income_families_are_those_of_the_publishers_file(
    staged: Staged, area: str, year: int, value: float, children: float
) -> None:
    found = staged.query(
        "select value, numerator, age, status from intermediate.int_staged where row_use = 'kept' "
        f"and dataset = '{CHILDREN}' and area_code = '{area}' and period_id = '{year - 1}-04-01/{year}-03-31' "
        "order by measure desc"
    )
    assert found == [(value, children, "0-15 yrs", "normal"), (children, None, "0-15 yrs", "normal")]


EDITIONS = "govuk_desnz_fuel_poverty_editions"


def test_the_editions_of_the_present_measure_of_fuel_poverty_come_together(tmp_path: Path, shared_data: Path) -> None:
    files = {
        "2021": "2019_Sub-Regional-Data-LILEE.xlsx",
        "2022": "sub-regional-fuel-poverty-2022-tables.xlsx",
        "2023": "2021_Sub-Regional-Data-LILEE.xlsx",
        "2024": "2022_Sub-Regional-Data-LILEE.xlsx",
    }
    pages = {}
    for edition, name in files.items():
        body = (shared_data / "desnz_fuel_poverty" / name).read_bytes()
        file = File(f"sub-regional-fuel-poverty-tables-{edition}.xlsx", body, f"5f{edition:0>22}")
        pages[f"/fuel-{edition}"] = PublishedPage(f"Sub-regional fuel poverty data {edition}", [file])
    # Of the measure before, and the words about the figures: neither is asked for.
    pages["/fuel-2020"] = PublishedPage("Sub-regional fuel poverty data 2020", [])
    pages["/report"] = PublishedPage("Sub-regional fuel poverty report 2024", [])
    listed = {"/government/collections/fuel-poverty-sub-regional-statistics": [*pages]}
    with Govuk(pages=pages, collections=listed) as govuk:
        staged = stage(tmp_path, govuk.base_urls, [EDITIONS])
    (attempt,) = staged.attempts
    assert len(attempt.pages) == 4
    assert not any("/fuel-2020" in note or "/report" in note for note in attempt.notes)
    # Read in Table 2 of each workbook.
    assert staged.query(
        "select period_id, value, numerator, denominator from intermediate.int_staged "
        "where row_use = 'kept' and area_code = 'E06000006' order by period_id"
    ) == [
        ("2019-01-01/2019-12-31", 14.029128803371686, 7889, 56_233),
        ("2020-01-01/2020-12-31", 13.779389607204177, 7865, 57_078),
        ("2021-01-01/2021-12-31", 12.428854135654367, 7097, 57_101),
        ("2022-01-01/2022-12-31", 12.152, 6987, 57_492),
    ]
