"""Rank correlations of determinants and life expectancy, against SciPy on the very figures they were worked out from.

Belongs here: fct_association and the t distribution behind its probability. Does not belong here: the view's words.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import stats

from support.dbt_warehouse import Built
from support.rows import insert

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
        association.scope_area_code, association.n_areas, association.rho, association.p_value, association.p_method,
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


Pair = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def pairs(built: Built) -> dict[Pair, tuple[list[tuple[float, float]], tuple[int, float, float, str]]]:
    """Pair -> the councils' two figures, and what fct_association says: number of councils, rho, p and its method."""
    found: dict[Pair, tuple[list[tuple[float, float]], tuple[int, float, float, str]]] = {}
    for row in built.warehouse.query(PAIRS):
        found.setdefault(row[:4], ([], row[4:8]))[0].append(row[8:])
    return found


@cache
def _orders(n: int) -> np.ndarray[Any, Any]:
    return np.array(list(itertools.permutations(range(n))), dtype=np.int8)


def of_all_orders(one: Sequence[float], other: Sequence[float]) -> float:
    """The share of all orders of `other` whose rank correlation with `one` is at least as far from zero."""
    x, y = (2 * stats.rankdata(values) for values in (one, other))
    # Twice a mid-rank is a whole number, so that nothing hangs on rounding.
    from_mean = np.abs(len(x) * (y[_orders(len(x))] @ x) - x.sum() * y.sum())
    return float(np.mean(from_mean >= abs(len(x) * (x @ y) - x.sum() * y.sum())))


def test_each_correlation_is_what_scipy_makes_of_the_same_figures(pairs: Any) -> None:
    assert len(pairs) > 50
    assert {key[-1] for key in pairs} == {"E54000008", "E92000001"}
    for key, (points, (n_areas, rho, p_value, method)) in pairs.items():
        determinant, outcome = zip(*points, strict=True)
        expected = stats.spearmanr(determinant, outcome)
        assert n_areas == len(determinant), key
        assert math.isclose(rho, expected.statistic, abs_tol=1e-9), key
        assert (method == "student_t") == (n_areas > 9), key
        if method == "student_t":
            assert math.isclose(p_value, expected.pvalue, abs_tol=1.5e-9), key


def test_the_probability_of_few_councils_is_that_of_all_orders_of_their_ranks(pairs: Any) -> None:
    few = {key: value for key, value in pairs.items() if value[1][3] == "exact_permutation"}
    assert len(few) > 100
    known: dict[tuple[tuple[float, ...], ...], float] = {}
    for key, (points, (_, _, p_value, _)) in few.items():
        ranks = tuple(tuple(stats.rankdata(side)) for side in zip(*points, strict=True))
        if ranks not in known:
            known[ranks] = of_all_orders(*ranks)
        assert math.isclose(p_value, known[ranks], rel_tol=1e-12), key


def test_no_probability_is_zero(built: Built) -> None:
    least = "select min(p_value), min(p_adjusted) from mart.fct_association group by scope_area_code"
    assert all(p > 0 and adjusted > 0 for p, adjusted in built.warehouse.query(least))


def test_probabilities_are_adjusted_as_scipy_adjusts_them(built: Built) -> None:
    for scope in ("E54000008", "E92000001"):
        p_values, adjusted = zip(
            *built.warehouse.query(
                "select p_value, p_adjusted from mart.fct_association "
                f"where scope_area_code = '{scope}' and p_value is not null"
            ),
            strict=True,
        )
        assert adjusted == pytest.approx(stats.false_discovery_control(p_values, method="bh"), rel=1e-9)


def test_the_share_of_the_first_axis_is_numpys_largest_eigenvalue(built: Built, pairs: Any) -> None:
    """Of the rank correlations of the determinants that all nine councils have: 58 % of the bundled figures."""
    of_all_nine = {
        code for (code, _, _, scope), (_, (n_areas, *_)) in pairs.items() if scope == "E54000008" and n_areas == 9
    }
    newest = built.warehouse.query(
        "select indicator_code, council_code, value from intermediate.int_council_figure as figure "
        "inner join (select indicator_code, max(period_id) as period_id, any_value(sex) as sex, any_value(age) as age "
        "from mart.fct_association where scope_area_code = 'E54000008' and n_areas = 9 group by all) "
        "using (indicator_code, period_id, sex, age) where tier = 'upper' and in_cheshire_merseyside order by all"
    )
    series: dict[str, list[float]] = defaultdict(list)
    for code, _, value in newest:
        series[code].append(value)
    assert set(series) == of_all_nine
    matrix = stats.spearmanr(np.array(list(series.values())).T).statistic
    share = np.linalg.eigvalsh(matrix)[-1] / len(series)
    [(said, n_determinants)] = built.warehouse.query(
        "select distinct first_axis_share, first_axis_n_determinants from mart.fct_association "
        "where scope_area_code = 'E54000008'"
    )
    assert n_determinants == len(series)
    assert said == pytest.approx(share, abs=1e-6)
    assert round(said, 2) == 0.58


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
        insert(connection, "t_series", series)
        connection.execute("create table point (t double, df integer)")
        insert(connection, "point", [(float(t), df) for t in np.linspace(-9, 9, 37)])
        for t, p in connection.execute(probability).fetchall():
            assert math.isclose(p, 2 * stats.t.sf(abs(t), df), abs_tol=1e-9), (t, df)
