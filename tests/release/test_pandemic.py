"""The view of the pandemic beside counts made by hand: England beside each council, and never two bases in one line.

Belongs here: what a reader of `vw_pandemic` must find. Does not belong here: its rules, which are dbt's unit tests
beside it, and whether figures are carried as they stand in a file (`tests/snapshot`).
"""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from support.home import PublishedHome

HALTON, LIVERPOOL, ENGLAND, TOGETHER = "E06000006", "E08000012", "E92000001", "E54000008"


@pytest.fixture(scope="module")
def mart(published_home: PublishedHome) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{published_home.mart}' as released (read_only)")
    connection.execute("use released.mart")
    return connection


def rows(mart: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return mart.execute(sql, values).fetchall()


def test_deaths_of_the_first_wave_stand_beside_englands_with_the_publishers_limits(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    """Read in table 2 of the publisher's workbook."""
    found = rows(
        mart,
        "select value, lci_95, uci_95, observed, england_value, england_lci_95, england_uci_95, round(difference, 1) "
        "from vw_pandemic where measure = ? and area_code = ?",
        "covid_deaths_first_wave",
        LIVERPOOL,
    )
    assert found == [(150.4, 138.0, 162.8, 572.0, 88.7, 87.9, 89.5, 61.7)]


def test_a_rate_that_its_publisher_calls_of_low_quality_is_not_shown(mart: duckdb.DuckDBPyConnection) -> None:
    """Halton's five deaths of March 2020."""
    key = "where measure = 'covid_deaths_by_month' and area_code = ? and period_start = date '2020-03-01'"
    assert rows(mart, f"select value, lci_95, uci_95, status, reason from vw_pandemic {key}", HALTON) == [
        (None, None, None, "unreliable", "unreliable")
    ]


@pytest.mark.parametrize(
    ("area", "registered", "mean"),
    [(HALTON, 435.0, 300.4), (LIVERPOOL, 1788.0, 1125.8), (TOGETHER, 9583.0, 6406.4), (ENGLAND, 179_412.0, 124_219.2)],
)
def test_excess_is_what_was_registered_in_weeks_10_to_22_above_the_mean_of_five_years(
    mart: duckdb.DuckDBPyConnection, area: str, registered: float, mean: float
) -> None:
    """Summed in the third party's table with another program; nine councils for Cheshire and Merseyside."""
    found = rows(
        mart,
        "select measure, round(observed, 6), round(expected, 6), round(value, 6), is_derived from vw_pandemic "
        "where measure like 'excess%' and area_code = ? and period_end = date '2020-05-31' order by measure",
        area,
    )
    excess = round(registered - mean, 6)
    assert found == [
        ("excess_deaths", registered, mean, excess, True),
        ("excess_deaths_per_cent", registered, mean, round(100 * excess / mean, 6), True),
    ]


def test_a_wave_of_which_weeks_are_missing_has_no_figure_and_says_so(mart: duckdb.DuckDBPyConnection) -> None:
    """The weeks at hand end on 18 December 2020, in the second wave."""
    found = rows(
        mart,
        "select distinct value, observed, reason from vw_pandemic where measure like 'excess%' "
        "and period_end = date '2021-04-30'",
    )
    assert found == [(None, None, "weeks_missing")]


@pytest.mark.parametrize(("area", "first", "second"), [(HALTON, 641, 11_215), (LIVERPOOL, 2_265, 45_539)])
def test_cases_of_a_wave_are_those_of_its_days_per_resident_of_one_year(
    mart: duckdb.DuckDBPyConnection, area: str, first: int, second: int
) -> None:
    """Summed in the publisher's download with another program."""
    found = rows(
        mart,
        "select observed, round(value - 100000 * observed / population, 9), england_value is not null from vw_pandemic "
        "where measure = 'cases_by_wave' and area_code = ? order by period_start",
        area,
    )
    assert found == [(first, 0.0, True), (second, 0.0, True)]


def test_a_measure_has_one_basis_one_unit_and_one_length_of_period(mart: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        mart,
        "select measure from vw_pandemic group by measure having count(distinct basis || unit || period_kind) > 1",
    )
    assert found == []
    assert len(rows(mart, "select distinct basis from vw_pandemic")) == 4


def test_every_council_and_england_are_in_every_measure(mart: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        mart,
        "select measure from vw_pandemic where area_type in ('council', 'country') group by measure "
        "having count(distinct area_code) <> 10",
    )
    assert found == []


def test_counts_are_not_compared_with_england(mart: duckdb.DuckDBPyConnection) -> None:
    sql = "select count(difference), count(*) > 0 from vw_pandemic where unit = 'deaths'"
    assert rows(mart, sql) == [(0, True)]


def test_deaths_of_the_year_are_the_denominators_of_a_share(mart: duckdb.DuckDBPyConnection) -> None:
    """Read in the department's extract."""
    found = rows(
        mart,
        "select value, england_value from vw_pandemic where measure = 'deaths_of_the_year' and area_code = ? "
        "and age = '85+ yrs' and period_start = date '2020-01-01'",
        HALTON,
    )
    assert found == [(414.0, 227_870.0)]


def test_what_happened_in_the_pandemic_is_no_determinant(mart: duckdb.DuckDBPyConnection) -> None:
    context = "(select indicator_code from dim_indicator where is_context)"
    for relation in ("vw_determinants_through_the_pandemic", "fct_association"):
        assert rows(mart, f"select count(*) from {relation} where indicator_code in {context}") == [(0,)]
    assert rows(mart, f"select count(*) > 5 from {context}") == [(True,)]


def test_a_figure_that_a_third_party_put_together_says_so(mart: duckdb.DuckDBPyConnection) -> None:
    found = rows(mart, "select distinct measure from vw_pandemic where origin like '%third party%' order by 1")
    assert [measure for (measure,) in found] == [
        *("excess_deaths", "excess_deaths_per_cent", "excess_deaths_per_cent_to_date", "excess_deaths_to_date")
    ]
    (origin,) = rows(
        mart, "select distinct origin from vw_pandemic where measure = 'cases_by_wave' and area_code = ?", ENGLAND
    )
    assert "sum of its councils" in origin[0]
