"""Tables that move as no true table does: nine councils without England, whole tables, and slips in old periods.

Belongs here: suites moved_together and old_periods on the published mart with figures changed on purpose. Does not
belong here: what people are notified of it (tests/alerts).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from atf_dagster.quality import gx, suites
from atf_dagster.quality.results import Result
from support import found_as_published
from support.home import PublishedHome

TABLES = ("fct_observation", "fct_revision", "dim_series_break", "dim_indicator", "dim_area", "dim_period")
SUITES = [suite for suite in suites.load("mart") if suite.suite in ("moved_together", "old_periods")]
OURS = "(select area_code from mart.dim_area where area_type = 'council' and in_cheshire_merseyside)"
NOT_DERIVED = "breakdown_type = 'Total' and not is_derived"


@pytest.fixture(scope="module")
def release(published_home: PublishedHome) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as release (read_only)")
        connection.execute("create schema mart")
        yield connection


@pytest.fixture
def mart(release: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The published mart in tables that a test may change."""
    for table in TABLES:
        release.execute(f"create or replace table mart.{table} as from release.mart.{table}")
    found_as_published.without_them(release)
    return release


def found(mart: duckdb.DuckDBPyConnection) -> dict[str, Result]:
    results = {result.expectation: result for result in gx.run(mart, SUITES, has_previous=False)}
    assert [result.observed for result in results.values() if result.broken] == []
    return results


def failing(mart: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Expectation -> what its failing rows say."""
    return {name: [row["told"] for row in result.failing] for name, result in found(mart).items() if not result.success}


def newest(mart: duckdb.DuckDBPyConnection, indicator: str, back: int = 0) -> str:
    """The period of an indicator's nine councils that is so many periods older than the newest."""
    (period,) = mart.execute(
        "select distinct period_id, period_end from mart.fct_observation where indicator_code = ? and "
        f"value is not null and {NOT_DERIVED} and area_code in {OURS} order by period_end desc, period_id desc "
        f"limit 1 offset {back}",
        [indicator],
    ).fetchall()
    return str(period[0])


def multiply(mart: duckdb.DuckDBPyConnection, indicator: str, period: str, factor: float, areas: str = "true") -> None:
    mart.execute(
        "update mart.fct_observation set value = value * $factor, lci_95 = lci_95 * $factor, uci_95 = uci_95 * $factor "
        f"where indicator_code = $indicator and period_id = $period and {areas}",
        {"factor": factor, "indicator": indicator, "period": period},
    )


def add_a_year(mart: duckdb.DuckDBPyConnection, indicator: str, councils: float, england: float) -> None:
    """The year 2030/31, in which all areas have their newest value times a factor."""
    mart.execute(
        "insert into mart.dim_period by name select * replace ('2030-04-01/2031-03-31' as period_id, "
        "'2030/31' as label, date '2030-04-01' as period_start, date '2031-03-31' as period_end) "
        "from mart.dim_period limit 1"
    )
    mart.execute(
        f"insert into mart.fct_observation by name select * replace ('2030-04-01/2031-03-31' as period_id, "
        f"date '2030-04-01' as period_start, date '2031-03-31' as period_end, "
        f"value * case when area_code in {OURS} then {councils} else {england} end as value) from mart.fct_observation "
        "where indicator_code = $indicator and period_id = $period",
        {"indicator": indicator, "period": newest(mart, indicator)},
    )


def revise(mart: duckdb.DuckDBPyConnection, indicator: str, period: str, old_value: str, areas: str = "true") -> None:
    """Record that the figures that are there came by a revision, from `old_value` of each."""
    mart.execute(
        "insert into mart.fct_revision by name select indicator_code, area_code, period_id, sex, age, breakdown_type, "
        f"breakdown_value, first_seen_at as seen_at, is_derived, {old_value} as old_value, value as new_value "
        f"from mart.fct_observation where indicator_code = $indicator and period_id = $period and {areas}",
        {"indicator": indicator, "period": period},
    )


def test_the_bundled_figures_are_plausible_but_for_two_that_are_as_published(mart: duckdb.DuckDBPyConnection) -> None:
    """Among them is the year 2020, in which the claimant count doubled, in England as well."""
    assert failing(mart) == {}
    mart.execute("create or replace table mart.fct_observation as from release.mart.fct_observation")
    told = failing(mart)
    assert set(told) == {expectation for _, expectation in found_as_published.MART}
    assert all("absolute low income families, 2022/23" in row for row in told["councils_move_with_england"])
    assert all("Sefton, 2021-12-31" in row for row in told["figure_fits_its_series"])


# the nine councils ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "name", "factor", "before"),
    [
        ("SUP04", "Injury admissions, 0 to 14", 0.5, "2023/24"),
        ("PRX07B", "Self-harm admissions, all ages", 0.75, "2017/18"),
        ("ATF18", "Physically active adults", 0.7, "2024/25 (from 16 Nov)"),
        ("SUP04", "Injury admissions, 0 to 14", 0.25, "2023/24"),
    ],
)
def test_a_new_year_in_which_the_nine_councils_moved_together_without_england_is_told(
    mart: duckdb.DuckDBPyConnection, indicator: str, name: str, factor: float, before: str
) -> None:
    add_a_year(mart, indicator, factor, 1.01)
    told = failing(mart)
    assert list(told) == ["councils_move_with_england"]
    wanted = f"9 of 9 councils moved together to {factor} times {before}; England is 1.01 times."
    assert told["councils_move_with_england"]
    for row in told["councils_move_with_england"]:
        assert row.startswith(f"{name}, 2030/31 (")
        assert row.endswith(wanted)


def test_two_periods_are_enough_to_tell_that_the_councils_moved_together(mart: duckdb.DuckDBPyConnection) -> None:
    last = newest(mart, "SUP04")
    mart.execute("delete from mart.fct_observation where indicator_code = 'SUP04' and period_id <> ?", [last])
    add_a_year(mart, "SUP04", 0.5, 1.01)
    assert list(failing(mart)) == ["councils_move_with_england"]


def test_an_old_year_of_the_councils_is_told_at_both_of_its_steps(mart: duckdb.DuckDBPyConnection) -> None:
    multiply(mart, "SUP12", newest(mart, "SUP12", back=5), 0.5, f"area_code in {OURS}")
    told = failing(mart)["councils_move_with_england"]
    assert len(told) == 2


@pytest.mark.parametrize(("indicator", "factor"), [("SUP04", 0.5), ("ATF18", 0.7), ("PRX10B", 2.0)])
def test_a_revision_of_all_years_of_the_councils_is_told_though_no_step_changed(
    mart: duckdb.DuckDBPyConnection, indicator: str, factor: float
) -> None:
    periods = {newest(mart, indicator, back) for back in range(3)}
    for period in periods:
        revise(mart, indicator, period, f"value / {factor}", f"area_code in {OURS}")
    result = found(mart)["councils_move_with_england"]
    assert {row["period_id"] for row in result.failing} == periods
    for row in result.failing:
        assert f"councils moved together to {factor} times before its revision; England is 1.0 times." in row["told"]


def test_eight_of_nine_councils_are_enough_where_they_moved_far(mart: duckdb.DuckDBPyConnection) -> None:
    add_a_year(mart, "SUP04", 0.5, 1.01)
    multiply(mart, "SUP04", "2030-04-01/2031-03-31", 2.1, "area_code = 'E08000012'")
    (row, *_) = failing(mart)["councils_move_with_england"]
    assert "8 of 9 councils moved together to 0.5 times" in row


def test_a_step_over_a_break_of_the_series_is_not_told(mart: duckdb.DuckDBPyConnection) -> None:
    add_a_year(mart, "SUP04", 0.5, 1.01)
    mart.execute(
        "insert into mart.dim_series_break by name select 'SUP04' as indicator_code, date '2030-04-01' as first_day, "
        "true as is_break"
    )
    assert failing(mart) == {}


# whole tables ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "factor"),
    [("SUP04", 0.5), ("PRX08A", 2), ("SUP12", 12), ("SUP40", 100), ("PRX10B", 0.1), ("SUP07", 0.01), ("PRX15B", 0.5)],
)
def test_a_table_that_is_larger_or_smaller_by_one_factor_is_told(
    mart: duckdb.DuckDBPyConnection, indicator: str, factor: float
) -> None:
    """PRX15B has the nine councils and the North West, and no England."""
    last = newest(mart, indicator)
    multiply(mart, indicator, last, factor)
    result = found(mart)["table_keeps_its_level"]
    assert {(row["indicator_code"], row["period_id"]) for row in result.failing} == {(indicator, last)}
    assert all("areas together are " in row["told"] for row in result.failing)
    assert "councils_move_with_england" not in failing(mart)


def test_a_whole_table_is_looked_at_with_two_periods(mart: duckdb.DuckDBPyConnection) -> None:
    kept = (newest(mart, "SUP13"), newest(mart, "SUP13", back=1))
    mart.execute("delete from mart.fct_observation where indicator_code = 'SUP13' and period_id not in (?, ?)", kept)
    multiply(mart, "SUP13", kept[0], 0.5)
    assert list(failing(mart)) == ["table_keeps_its_level"]


def test_a_revision_that_halved_a_whole_table_is_told(mart: duckdb.DuckDBPyConnection) -> None:
    period = newest(mart, "ATF18", back=2)
    revise(mart, "ATF18", period, "value * 2")
    (row,) = found(mart)["table_keeps_its_level"].failing
    assert row["period_id"] == period
    assert row["told"].endswith("areas together are 0.5 times before its revision.")


# old periods ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "area", "factor"),
    [("SUP12", "E08000012", 10), ("ATF01", "E06000006", 0.9), ("SUP04", "E06000007", 3), ("PRX10B", "E92000001", 2)],
)
def test_a_figure_of_an_old_period_far_from_its_neighbours_is_told_once_with_both(
    mart: duckdb.DuckDBPyConnection, indicator: str, area: str, factor: float
) -> None:
    period = newest(mart, indicator, back=3)
    multiply(mart, indicator, period, factor, f"area_code = '{area}'")
    told = found(mart)["figure_fits_its_series"].failing
    assert {(row["indicator_code"], row["area_code"], row["period_id"]) for row in told} == {(indicator, area, period)}
    values = {
        (back, sex): value
        for back in (2, 3, 4)
        for sex, value in mart.execute(
            "select sex, value from mart.fct_observation where breakdown_type = 'Total' and indicator_code = ? and "
            "area_code = ? and period_id = ?",
            [indicator, area, newest(mart, indicator, back)],
        ).fetchall()
    }
    for row in told:
        before, value, after = (round(values[back, row["sex"]], 2) for back in (4, 3, 2))
        assert f": {value} stands between {before} (" in row["told"]
        assert f" and {after} (" in row["told"]


def test_the_first_period_of_a_series_is_looked_at(mart: duckdb.DuckDBPyConnection) -> None:
    multiply(mart, "SUP07", newest(mart, "SUP07", back=17), 0.1, "area_code = 'E08000015'")
    (row,) = failing(mart)["figure_fits_its_series"]
    assert " stands between nothing and " in row


def test_ten_of_the_worst_come_first(mart: duckdb.DuckDBPyConnection) -> None:
    multiply(mart, "SUP12", newest(mart, "SUP12", back=7), 3, "area_code = 'E08000015'")
    multiply(mart, "SUP07", newest(mart, "SUP07", back=7), 100, "area_code = 'E08000015'")
    result = found(mart)["figure_fits_its_series"]
    assert [row["indicator_code"] for row in result.failing] == ["SUP07", "SUP12"]


@pytest.mark.parametrize(("indicator", "to", "of"), [("SUP12", 6, 9), ("ATF18", 5, 3), ("SUP04", 8, 4)])
def test_a_period_that_repeats_another_is_told(
    mart: duckdb.DuckDBPyConnection, indicator: str, to: int, of: int
) -> None:
    """Also a later one, and also where other areas were not copied."""
    one, other = newest(mart, indicator, back=to), newest(mart, indicator, back=of)
    mart.execute(
        "update mart.fct_observation as o set value = s.value from mart.fct_observation as s "
        "where s.period_id = $other and o.period_id = $one and o.indicator_code = $indicator and "
        "(o.indicator_code, o.area_code, o.sex, o.age, o.breakdown_type, o.breakdown_value) = "
        "(s.indicator_code, s.area_code, s.sex, s.age, s.breakdown_type, s.breakdown_value) "
        f"and o.area_code in {OURS}",
        {"one": one, "other": other, "indicator": indicator},
    )
    result = found(mart)["period_repeats_no_other"]
    assert {(row["indicator_code"], row["period_id"]) for row in result.failing} == {(indicator, max(one, other))}
    assert all(": 9 councils have the very figures of " in row["told"] for row in result.failing)


def test_a_column_of_men_that_is_the_column_of_women_is_told(mart: duckdb.DuckDBPyConnection) -> None:
    period = newest(mart, "ATF02", back=2)
    mart.execute(
        "update mart.fct_observation as o set value = s.value from mart.fct_observation as s where o.sex = 'Male' and "
        "s.sex = 'Female' and o.period_id = s.period_id and o.period_id = ? and o.indicator_code = 'ATF02' and "
        "s.indicator_code = 'ATF02' and o.area_code = s.area_code",
        [period],
    )
    (row,) = failing(mart)["period_repeats_no_other"]
    assert row.endswith("9 councils have the very figures of 2020 to 2022 (Female, All ages).")


@pytest.mark.parametrize(
    ("indicator", "back", "one", "other"),
    [
        ("SUP12", 6, ("E08000011", "Knowsley"), ("E06000049", "Cheshire East")),
        ("ATF01", 0, ("E08000012", "Liverpool"), ("E06000007", "Warrington")),
        ("PRX10B", 12, ("E06000050", "Cheshire West and Chester"), ("E08000012", "Liverpool")),
    ],
)
def test_two_councils_that_were_exchanged_are_told_by_name(
    mart: duckdb.DuckDBPyConnection, indicator: str, back: int, one: tuple[str, str], other: tuple[str, str]
) -> None:
    period = newest(mart, indicator, back)
    mart.execute(
        "update mart.fct_observation as o set value = s.value from mart.fct_observation as s where "
        "o.indicator_code = $indicator and s.indicator_code = $indicator and o.period_id = $period and "
        "s.period_id = $period and o.sex = s.sex and o.age = s.age and o.breakdown_type = 'Total' and "
        "s.breakdown_type = 'Total' and (o.area_code, s.area_code) in (($one, $other), ($other, $one))",
        {"indicator": indicator, "period": period, "one": one[0], "other": other[0]},
    )
    result = found(mart)["councils_are_not_exchanged"]
    assert {(row["indicator_code"], row["period_id"]) for row in result.failing} == {(indicator, period)}
    for row in result.failing:
        assert one[1] in row["told"] and other[1] in row["told"]
    assert list(failing(mart)) == ["councils_are_not_exchanged"]


def test_a_revision_that_exchanged_two_councils_is_told(mart: duckdb.DuckDBPyConnection) -> None:
    """The two are so near to each other that no series shows it."""
    period = newest(mart, "SUP15")
    values = dict(
        mart.execute(
            "select area_code, value from mart.fct_observation where indicator_code = 'SUP15' and period_id = ? and "
            "area_code in ('E06000006', 'E06000007')",
            [period],
        ).fetchall()
    )
    assert values["E06000006"] != values["E06000007"]
    for area, before in (("E06000006", "E06000007"), ("E06000007", "E06000006")):
        revise(mart, "SUP15", period, str(values[before]), f"area_code = '{area}'")
    (row,) = failing(mart)["councils_are_not_exchanged"]
    assert row.endswith(": a revision exchanged the two.")


def test_equal_councils_of_which_a_status_was_revised_are_not_exchanged(mart: duckdb.DuckDBPyConnection) -> None:
    period = newest(mart, "SUP15")
    two = "area_code in ('E06000006', 'E06000007')"
    mart.execute(
        f"update mart.fct_observation set value = 7.2 where indicator_code = 'SUP15' and period_id = ? and {two}",
        [period],
    )
    revise(mart, "SUP15", period, "value", two)
    assert "councils_are_not_exchanged" not in failing(mart)
