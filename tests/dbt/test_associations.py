"""Rank correlations of determinants and life expectancy, against SciPy on the very figures they were worked out from.

Belongs here: fct_association and the t distribution behind its probability. Does not belong here: the view's words.
"""

from __future__ import annotations

import math
from collections import defaultdict

import duckdb
import numpy as np
import pytest
from scipy import stats

from support.dbt_warehouse import Built

PAIRS = """
    with
        council as (
            select
                area.area_code, coalesce(change.new_code, area.area_code) as council_code,
                area.in_cheshire_merseyside
            from mart.dim_area as area
            left join mart.dim_area_change as change
                on change.old_code = area.area_code
                and (change.kind = 'recoded' or (change.kind = 'merged' and left(change.old_code, 3) = 'E10'))
            where area.area_type in ('council', 'former council') and left(area.area_code, 3) <> 'E07'
        )

    select
        association.indicator_code, association.outcome_indicator_code, association.outcome_sex,
        association.scope_area_code, association.n_areas, association.rho, association.p_value,
        determinant.value, outcome.value
    from mart.fct_association as association
    inner join mart.fct_observation as determinant
        on determinant.indicator_code = association.indicator_code
        and determinant.period_id = association.period_id
        and determinant.sex = association.sex and determinant.age = association.age
        and determinant.breakdown_type = 'Total' and determinant.value is not null
    inner join council as area
        on area.area_code = determinant.area_code
        and (area.in_cheshire_merseyside or association.scope_area_code = 'E92000001')
    inner join mart.fct_observation as outcome
        on outcome.indicator_code = association.outcome_indicator_code
        and outcome.period_id = association.outcome_period_id
        and outcome.sex = association.outcome_sex
        and outcome.breakdown_type = 'Total' and outcome.value is not null
    inner join council as same
        on same.area_code = outcome.area_code and same.council_code = area.council_code
"""


def test_each_correlation_is_what_scipy_makes_of_the_same_figures(built: Built) -> None:
    points = defaultdict(list)
    said = {}
    for *key, n_areas, rho, p_value, determinant, outcome in built.warehouse.query(PAIRS):
        points[tuple(key)].append((determinant, outcome))
        said[tuple(key)] = (n_areas, rho, p_value)
    assert len(said) > 50
    assert {key[-1] for key in said} == {"E54000008", "E92000001"}
    for key, (n_areas, rho, p_value) in said.items():
        determinant, outcome = zip(*points[key], strict=True)
        expected = stats.spearmanr(determinant, outcome)
        assert n_areas == len(determinant), key
        assert math.isclose(rho, expected.statistic, abs_tol=1e-9), key
        assert math.isclose(p_value, expected.pvalue, abs_tol=1e-9), key


def test_every_pair_has_enough_councils_to_rank(built: Built) -> None:
    few = built.warehouse.query(
        "select count(*) from mart.fct_association "
        "where n_areas < case scope_area_code when 'E54000008' then 7 else 60 end"
    )
    assert few == [(0,)]


@pytest.fixture(scope="module")
def probability(built: Built) -> str:
    """The probability of each point of a distribution."""
    return built.warehouse.compiled(
        "select t, {{ t_two_sided('t', 'df', 'total') }} as p from ("
        " select t, df, sum(coefficient * power(cos(atan(abs(t) / sqrt(df))), 2 * k + is_odd))"
        "   filter (where 2 * k + is_odd <= df - 2) as total"
        " from point inner join t_series on is_odd = mod(df, 2) group by t, df)"
    )


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 7, 10, 31, 149, 150, 290])
def test_the_probability_of_t_is_scipys(probability: str, df: int) -> None:
    series = []
    for is_odd in (0, 1):
        coefficient = 1.0
        for k in range(200):
            if k:
                coefficient *= 2 * k / (2 * k + 1) if is_odd else (2 * k - 1) / (2 * k)
            series.append((k, is_odd, coefficient))
    with duckdb.connect() as connection:
        connection.execute("create table t_series (k integer, is_odd integer, coefficient double)")
        connection.executemany("insert into t_series values (?, ?, ?)", series)
        connection.execute("create table point (t double, df integer)")
        connection.executemany("insert into point values (?, ?)", [(float(t), df) for t in np.linspace(-9, 9, 37)])
        for t, p in connection.execute(probability).fetchall():
            assert math.isclose(p, 2 * stats.t.sf(abs(t), df), abs_tol=1e-9), (t, df)
