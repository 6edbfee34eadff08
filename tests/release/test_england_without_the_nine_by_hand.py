"""England without Cheshire and Merseyside, worked out again from the release's published counts without SQL.

Belongs here: each difference, its limits, where there is none, and what is compared with it. Does not belong here: the
rules, one case each (dbt's unit tests), disclosure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from scipy import stats  # type: ignore[import-untyped]

from support.home import PublishedHome

ENGLAND, WHOLE, WITHOUT = "E92000001", "E54000008", "WITHOUT-E54000008"
SUMMED = {"ATF04", "ATF09", "ATF16", "ATF17", "SUP04", "SUP30"}
"""The indicators whose counts may be summed and that the bundled figures have for England and all nine councils."""


@pytest.fixture(scope="module")
def release(published_home: PublishedHome) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as atf (read_only)")
        connection.execute("use atf.mart")
        yield connection


def counted(release: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], dict[str, tuple[float, float]]]:
    """Key without area -> area -> numerator and denominator, of shown published figures of sums of counts."""
    rows = release.execute(
        "select o.indicator_code, period_id, sex, age, breakdown_type, breakdown_value, area_code, numerator, "
        "denominator from fct_observation as o inner join dim_indicator using (indicator_code) "
        "inner join dim_area using (area_code) "
        "where (area_code = ? or (area_type = 'council' and in_cheshire_merseyside)) and not is_derived "
        "and aggregation_rule = 'sum_ratio' and value is not null and numerator is not null and denominator > 0",
        [ENGLAND],
    ).fetchall()
    found: dict[tuple[Any, ...], dict[str, tuple[float, float]]] = defaultdict(dict)
    for *key, area, numerator, denominator in rows:
        found[tuple(key)][area] = (numerator, denominator)
    return found


def test_each_difference_is_that_of_the_published_counts_and_there_is_one_wherever_all_ten_have_them(
    release: duckdb.DuckDBPyConnection,
) -> None:
    ten = {key: areas for key, areas in counted(release).items() if ENGLAND in areas and len(areas) == 10}
    rows = release.execute(
        "select indicator_code, period_id, sex, age, breakdown_type, breakdown_value, numerator, denominator, value, "
        "multiplier, o.ci_method, lci_95, uci_95, is_derived, derived_by, n_areas_expected, n_areas_included "
        "from fct_observation as o inner join dim_indicator using (indicator_code) where area_code = ?",
        [WITHOUT],
    ).fetchall()
    assert {tuple(row[:6]) for row in rows} == set(ten)
    assert {row[0] for row in rows} == SUMMED
    for row in rows:
        areas = ten[tuple(row[:6])]
        numerator, denominator, value, multiplier, method, lower, upper, *derived = row[6:]
        for number, place in ((numerator, 0), (denominator, 1)):
            councils = sum(counts[place] for area, counts in areas.items() if area != ENGLAND)
            assert number == pytest.approx(areas[ENGLAND][place] - councils)
        assert value == pytest.approx(multiplier * numerator / denominator)
        assert derived == [True, "england_less_councils", 10, 10]
        if method == "wilson":
            limits = stats.binomtest(round(numerator), round(denominator)).proportion_ci(0.95, method="wilson")
            expected = (multiplier * limits.low, multiplier * limits.high)
            assert (lower, upper) == pytest.approx(expected, rel=1e-6)
        elif method == "byar":
            # Exact Poisson limits, to which Byar's are near where events are many.
            expected = (stats.chi2.ppf(0.025, 2 * numerator) / 2, stats.chi2.ppf(0.975, 2 * numerator + 2) / 2)
            assert (lower, upper) == pytest.approx([multiplier * x / denominator for x in expected], rel=1e-6)
        else:
            assert (method, lower, upper) == ("none", None, None)


def test_temporary_accommodation_at_the_end_of_2025_is_131548_of_23299850_households(
    release: duckdb.DuckDBPyConnection,
) -> None:
    """134,210 households of 24,440,280 in England less 2,662 of 1,140,430 in the nine councils: 5.646 a thousand."""
    rows = release.execute(
        "select numerator, denominator, round(value, 3) from fct_observation "
        "where indicator_code = 'ATF17' and period_id = '2025-12-31/2025-12-31' and area_code = ?",
        [WITHOUT],
    ).fetchall()
    assert rows == [(131_548, 23_299_850, 5.646)]


def test_the_nine_and_their_sum_are_compared_with_it_and_are_no_part_of_it(release: duckdb.DuckDBPyConnection) -> None:
    rows = release.execute(
        "select area_type, includes_area, count(distinct area_code) from fct_comparison "
        "inner join dim_area using (area_code) where benchmark_area_code = ? and indicator_code = 'ATF17' group by all",
        [WITHOUT],
    ).fetchall()
    assert sorted(rows) == [("council", False, 9), ("subregion", False, 1)]
    answered = "select count(*) from coverage where area_code = ?"
    assert release.execute(answered, [WITHOUT]).fetchall() == [(0,)]
