"""From ONS's real workbooks on loopback through dbt: figures, periods and markers, and that no row is lost.

Single rules of the staging models are dbt's unit tests beside them. The figures below were read in the workbooks; those
of well-being are made up, in the layout of the dataset API.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from test_ons_beta_live_path import PEOPLE, PEOPLE_PAGE, WELLBEING

from support.publishers.ons_beta import SERIES, V4, WAGE, WAGE_PAGE, EditionPage, Ons, Version, zipped
from support.staging import Staged, stage

OTHERS = (
    "36.1,,30.0,42.0,2022-23,2022-23,E06000006,Halton,happiness,Happiness,very-good,Very good\n"
    "2.95,,2.70,3.20,2022-23,2022-23,E06000006,Halton,anxiety,Anxiety,average-mean,Average (mean)\n"
    "7.40,,7.00,7.80,2022-23,2022-23,S12000033,Aberdeen,happiness,Happiness,average-mean,Average (mean)\n"
)
"""Made up: another kind of estimate, another question, another area."""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Staged:
    wages = (shared_data / "ons_ashe" / "lwf_table_7_1a_work_geography_2022.xls").read_bytes()
    member = "PROV - Work Geography LWF Table 7 LWF.1a   lwfmgx 2022.xls"
    people = (shared_data / "ons_population" / "mye23tablesew.xlsx").read_bytes()
    published = Ons(
        versions={SERIES: [Version(4, (V4 + OTHERS).encode())]},
        pages={
            WAGE_PAGE: {
                "2022provisional": EditionPage(
                    {"livingwagebyworkgeography2022provisional.zip": zipped({member: wages})}
                )
            },
            PEOPLE_PAGE: {"mid20232023localauthorityboundaries": EditionPage({"mye23tablesew.xlsx": people})},
        },
    )
    with published as ons:
        return stage(tmp_path_factory.mktemp("ons"), ons.base_urls, [WAGE, PEOPLE, WELLBEING])


def test_every_landed_row_is_accounted_for(staged: Staged) -> None:
    account = staged.query(
        "select dataset, landed_rows, staged_rows, kept_rows, other_area_rows, other_measure_rows "
        "from intermediate.int_row_account where dataset like 'ons_beta%' order by dataset"
    )
    # Of all councils of England (333 in 2022, 317 in 2023) the totals are kept, of ours and the regions above them also
    # the other six sheets.
    assert account == [
        (WAGE, 3_699, 3_699, 3 * (333 + 2) + 6 * 11, 3_699 - 3 * (333 + 2) - 6 * 11, 0),
        (PEOPLE, 98_532, 98_532, 3 * (317 + 2), 3 * 38, 98_532 - 3 * 357),
        (WELLBEING, 5, 5, 3, 1, 1),
    ]


@pytest.mark.parametrize(
    ("area", "sex", "pattern", "value", "jobs", "status", "band"),
    [
        ("E92000001", "Persons", "Total", 12.5, 2_951_000, "provisional", "CV <= 5%"),
        ("E06000006", "Persons", "Total", 13.4, 7_000, "provisional", "CV > 10% and <= 20%"),
        ("E08000012", "Persons", "Total", 11.1, 24_000, "provisional", "CV > 5% and <= 10%"),
        ("E08000014", "Female", "Total", 16.4, 8_000, "provisional", "CV > 10% and <= 20%"),
        ("E06000050", "Persons", "Part-time", 21.9, 8_000, "provisional", "CV > 10% and <= 20%"),
        ("E08000013", "Female", "Total", 18.6, None, "provisional", "CV > 10% and <= 20%"),
        ("E08000013", "Male", "Total", None, None, "unreliable", "over 20 %"),
        ("E08000012", "Male", "Full-time", None, None, "unreliable", "over 20 %"),
    ],
)
def test_jobs_below_the_real_living_wage_are_those_of_the_workbook(
    staged: Staged, area: str, sex: str, pattern: str, value: float, jobs: int, status: str, band: str
) -> None:
    ((day, found, numerator, denominator, said, note),) = staged.query(
        "select cast(period_end as varchar), value, numerator, denominator, status, status_note "
        f"from intermediate.int_staged where indicator_code = 'ATF13' and area_code = '{area}' and sex = '{sex}' "
        f"and breakdown_value = '{pattern}' and age = 'All ages'"
    )
    assert (day, found, numerator, denominator, said) == ("2022-04-01", value, jobs, None, status)
    assert band in note


@pytest.mark.parametrize(
    ("area", "sex", "people"),
    [
        ("E92000001", "Persons", 57_690_323),
        ("E12000002", "Male", 3_738_066),
        ("E06000006", "Persons", 129_587),
        ("E06000007", "Female", 107_274),
        ("E08000015", "Male", 157_319),
    ],
)
def test_residents_are_those_of_the_workbook(staged: Staged, area: str, sex: str, people: int) -> None:
    found = staged.query(
        "select cast(period_end as varchar), value, age, status, precedence from intermediate.int_staged "
        f"where indicator_code = 'SUP20' and dataset = '{PEOPLE}' and area_code = '{area}' and sex = '{sex}'"
    )
    assert found == [("2023-06-30", people, "All ages", "normal", 2)]


def test_no_marker_is_unknown_and_none_became_a_zero(staged: Staged) -> None:
    """Two areas' published zeros are real: the workbook has 0 beside a number of jobs that is nil or negligible."""
    states = staged.query(
        f"select status, count(*), count(value) from intermediate.int_staged where dataset = '{WAGE}' group by all"
    )
    assert sorted(states) == [
        ("not_applicable", 1, 0),
        ("provisional", 1_556, 1_556),
        ("suppressed", 5, 0),
        ("unreliable", 2_137, 0),
    ]
    zeros = staged.query(
        "select distinct status_note from intermediate.int_staged "
        f"where dataset = '{WAGE}' and value = 0 and numerator is null"
    )
    assert zeros == [("The publisher calls the number of jobs nil or negligible.",)]


def test_mean_scores_become_a_second_source_of_the_four_indicators(staged: Staged) -> None:
    found = staged.query(
        "select indicator_code, area_code, period_id, sex, age, value, lci_95, uci_95, status, precedence "
        f"from intermediate.int_staged where dataset = '{WELLBEING}' and row_use = 'kept' order by all"
    )
    year = "2022-04-01/2023-03-31"
    assert found == [
        ("SUP13", "E06000006", year, "Persons", "16+ yrs", 2.95, 2.7, 3.2, "normal", 2),
        ("SUP14", "E06000006", year, "Persons", "16+ yrs", 7.45, 7.2, 7.7, "normal", 2),
        ("SUP14", "E06000007", year, "Persons", "16+ yrs", None, None, None, "not_available", 2),
    ]
