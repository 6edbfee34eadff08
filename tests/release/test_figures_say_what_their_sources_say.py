"""Figures and cards of the bundled release beside what their publishers say of them.

Belongs here: definitions, breaks, standing and origin that were once read wrongly, each with its right value. Does not
belong here: whether figures are carried as they stand in a file (`tests/snapshot`).
"""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.snapshot.sources import load_sources
from support.home import PublishedHome

LIVERPOOL, ENGLAND = "E08000012", "E92000001"


@pytest.fixture(scope="module")
def mart(published_home: PublishedHome) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{published_home.mart}' as released (read_only)")
    connection.execute("use released.mart")
    return connection


def rows(mart: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return mart.execute(sql, values).fetchall()


@pytest.mark.parametrize(("area", "not_eligible", "change"), [(LIVERPOOL, 63.6, 0.1), (ENGLAND, 69.5, -0.8)])
def test_early_years_by_free_school_meals_are_one_definition_in_all_years(
    mart: duckdb.DuckDBPyConnection, area: str, not_eligible: float, change: float
) -> None:
    """In 2021/22 those "not known to be eligible" (62.5 in Liverpool) stood for those who are not (63.6)."""
    key = "where indicator_code = 'ATF04' and area_code = ? and sex = 'Persons'"
    figures = f"select value from fct_observation {key} and breakdown_value = ? and period_id like '2021-%'"
    assert rows(mart, figures, area, "Not eligible") == [(not_eligible,)]
    assert len(rows(mart, figures, area, "Not known to be eligible")) == 1
    gap = (
        f"select round(value, 6) from fct_inequality {key} and measure = 'absolute_gap_change' "
        "and group_b = 'Not eligible for free school meals' and since_period_id like '2021-%'"
    )
    assert rows(mart, gap, area) == [(change,)]
    asked = (
        "select distinct group_b from vw_inequalities_wider_and_widening where indicator_code = 'ATF04' "
        "and area_code = ? and inequality_by = 'free_school_meals'"
    )
    assert rows(mart, asked, area) == [("Not eligible for free school meals",)]


def test_a_share_by_age_19_breaks_three_years_after_the_examinations_of_its_cohort(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        mart, "select first_day::varchar from dim_series_break where indicator_code = 'SUP11' and is_break order by 1"
    )
    assert found == [(f"{year}-09-01",) for year in (2022, 2023, 2024, 2025)]
    # The grades of summer 2020 are those of the cohort that was 19 in 2022/23, and there is the jump of the series.
    series = rows(
        mart,
        "select value from fct_observation where indicator_code = 'SUP11' and area_code = ? order by period_start",
        ENGLAND,
    )
    steps = [after - before for (before,), (after,) in itertools.pairwise(series)]
    assert max(steps) == steps[5]


def test_a_card_says_what_the_publisher_says_of_the_statistic(mart: duckdb.DuckDBPyConnection) -> None:
    told = dict(rows(mart, "select indicator_code, statistic_status from dim_indicator"))
    assert {told[code] for code in ("ATF12", "ATF20", "ATF21")} == {"not official statistics"}
    of_the_survey = rows(
        mart,
        "select indicator_code from dim_indicator where indicator_code in ('ATF11', 'ATF14') "
        "or definition like '%Annual Population Survey%' or evidence_group like '%Annual Population Survey%'",
    )
    assert len(of_the_survey) == 10
    assert {told[code] for (code,) in of_the_survey} == {"official statistics in development"}
    assert told["ATF17"] == "accredited official statistics"


def test_a_bundled_figure_is_cited_by_its_origin_and_not_by_the_clock_of_the_refresh(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    vintages = rows(
        mart, "select dataset, retrieved_at, mode, origin, origin_date::varchar, origin_sha256 from dim_vintage"
    )
    assert all(retrieved is None and mode == "snapshot" and origin for _, retrieved, mode, origin, _, _ in vintages)
    (pay,) = [rest for dataset, _, _, *rest in vintages if dataset == "ons_els_employment_rate"]
    assert pay == [
        "ONSdigital/explore-local-statistics-data employment-rate/employment-rate.csv @4182826c",
        "2026-01-12",
        next(s.taken_from.sha256 for s in load_sources() if s.indicator == "employment-rate"),
    ]
    # A table that comes from several files names each of them, and no other.
    (early_years,) = [(origin, date) for dataset, _, _, origin, date, _ in vintages if dataset == "ees_early_years"]
    places, newest = early_years
    assert [place.split(" @")[0].rsplit("/")[-1] for place in places.split("; ")] == [
        "1_eyfsp_headline_measures_2022.csv",
        "bds_long_0.parquet",
    ]
    assert newest == "2026-04-08"


def test_jobs_below_the_living_wage_are_provisional_as_their_workbooks_name_says(
    mart: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    told = rows(
        mart,
        "select distinct status from fct_observation where indicator_code = 'ATF13' and value is not null "
        "and not is_derived",
    )
    assert told == [("provisional",)]
    # The series as it was published later, the share at or above the real living wage, has other figures for that year.
    later = shared_data / "ons_ashe" / "real_living_wage_at_or_above_2016-2025.csv"
    with later.open(encoding="utf-8", newline="") as stream:
        revised = {
            row["area_code"]: round(100 - float(row["value"]), 1)
            for row in csv.DictReader(stream)
            if row["period"] == "2022" and row["unit"] == "Persons" and row["measure"] == "Percentage"
        }
    now = dict(
        rows(
            mart,
            "select area_code, value from fct_observation where indicator_code = 'ATF13' and sex = 'Persons' "
            "and breakdown_type = 'Total' and area_code in ('E06000006', 'E06000007', 'E06000050', 'E92000001')",
        )
    )
    assert {code: (value, revised[code]) for code, value in now.items()} == {
        "E06000006": (13.4, 14.6),
        "E06000007": (10.3, 10.6),
        "E06000050": (10.9, 11.7),
        "E92000001": (12.5, 12.5),
    }


def test_a_row_of_the_views_says_how_old_it_is_and_why_it_is_not_compared(mart: duckdb.DuckDBPyConnection) -> None:
    told = "period, is_newest_period, indicator_newest_period, difference_from_england, not_compared_reason"
    told += ", coverage_state"
    (subregion,) = rows(
        mart, f"select {told} from vw_latest where indicator_code = 'ATF04' and area_code = 'E54000008'"
    )
    assert subregion[:3] == ("2021/22 (academic)", False, "2024/25 (academic)")
    assert subregion[-1] == "late"
    (halton,) = rows(mart, f"select {told} from vw_latest where indicator_code = 'ATF04' and area_code = 'E06000006'")
    assert halton == (
        "2024/25 (academic)",
        True,
        "2024/25 (academic)",
        pytest.approx(62.2 - 68.3),
        "no_interval",
        "current",
    )
    unsaid = (
        "select count(*) from vw_latest_by_sex where coverage_state is null or is_newest_period is null "
        "or (outcome_statistical = 'not_compared') <> (not_compared_reason is not null)"
    )
    assert rows(mart, unsaid) == [(0,)]
    (row,) = rows(
        mart, "select coverage, is_newest_period, not_compared_reasons from vw_scorecard where indicator_code = 'ATF05'"
    )
    assert row == ("late: not_in_snapshot 1; late: not_published 11", False, "no_interval 10")


def test_nobody_sends_a_return_for_a_region_or_for_england(mart: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        mart,
        "select distinct area_type, reason from coverage inner join dim_area using (area_code) "
        "where indicator_code in ('ATF12', 'ATF20', 'ATF21') order by 1",
    )
    assert found == [
        ("council", "local_return_not_received"),
        ("country", "not_at_this_level"),
        ("region", "not_at_this_level"),
        ("subregion", "local_return_not_received"),
    ]


def test_a_stock_of_quarters_stands_beside_the_quarter_of_a_year_ago_and_england_without_london(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    """Households in temporary accommodation per 1,000: Liverpool went from 3.8 to 6.9 in 18 months."""
    key = "where indicator_code = 'ATF17' and area_code = 'E08000012'"
    series = dict(rows(mart, f"select period, round(value, 2) from vw_quarterly {key}"))
    assert (series["2024-03-31"], series["2025-09-30"]) == (3.79, 6.88)
    (row,) = rows(
        mart,
        "select round(value_year_before, 2), round(change, 2), direction, round(england_change, 2), "
        f"round(rest_of_england_change, 2) from vw_quarterly {key} and period = '2025-09-30'",
    )
    assert row == (4.59, 2.29, "rose", 0.27, 0.12)
    (beside,) = rows(
        mart,
        "select round(benchmark_value, 2), outcome_judged, includes_area from fct_comparison "
        f"{key} and period_id like '2025-09-30%' and benchmark_area_code = 'REST-OF-ENGLAND'",
    )
    assert beside == (2.82, "worse", True)
    # It is there to be compared with and is no area that is answered for.
    assert rows(mart, "select count(*) from coverage where area_code = 'REST-OF-ENGLAND'") == [(0,)]
