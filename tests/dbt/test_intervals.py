"""Confidence limits of counts, proportions and means: SciPy's over grids, and what must hold of any of them.

Belongs here: macros/intervals.sql and macros/student_t.sql, compiled by dbt and run by DuckDB on made cases.
Does not belong here: which figures get which limits (the models' own unit tests).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

from support.dbt_warehouse import Built, Warehouse

LEVELS = {"95": 0.95, "998": 0.998}
SIGNS = {"lower": "-", "upper": "+"}
Numbers = NDArray[np.float64]

MACROS = {
    "byar": "byar_{side}('x', '{level}')",
    "wilson": "wilson_limit('x', 'n', '{level}', '{sign}')",
    "mean": "mean_limit('mean', 'sd', 'n', '{level}', '{sign}')",
    "normal": "normal_limit('mean', 'sd', '{level}', '{sign}')",
}


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every macro at every level and side, over a table `cases`."""
    folder = tmp_path_factory.mktemp("macros")
    columns = [
        f"{{{{ {call.format(level=level, side=side, sign=sign)} }}}} as {name}_{side}_{level}"
        for name, call in MACROS.items()
        for level in LEVELS
        for side, sign in SIGNS.items()
    ]
    for level in LEVELS:
        columns.append(f"{{{{ student_t('n', '{level}') }}}} as t_{level}")
        columns.append(f"{{{{ standard_error('x', 'n', '{level}') }}}} as se_{level}")
        columns.append(f"{{{{ z_of('{level}') }}}} as z_{level}")
    return Warehouse(folder, folder / "warehouse.duckdb").compiled(
        f"select {', '.join(columns)} from cases order by row"
    )


def evaluate(sql: str, **columns: Sequence[float | None] | Numbers) -> dict[str, list[Any]]:
    """Each column of `sql` over the cases, in their order; a column that is not given is null."""
    size = len(next(iter(columns.values())))
    given: dict[str, Numbers] = {
        name: np.array([math.nan if value is None else value for value in columns.get(name, [None] * size)])
        for name in ("x", "n", "mean", "sd")
    }
    given["row"] = np.arange(size, dtype=np.float64)
    with duckdb.connect() as connection:
        connection.execute(
            "create table cases as select row, nullif(x, 'nan'::double) as x, nullif(n, 'nan'::double) as n, "
            "nullif(mean, 'nan'::double) as mean, nullif(sd, 'nan'::double) as sd from given"
        )
        relation = connection.sql(sql)
        rows = relation.fetchall()
        return {name: [row[i] for row in rows] for i, name in enumerate(relation.columns)}


def exact(x: Numbers, level: float) -> tuple[Numbers, Numbers]:
    tail = (1 - level) / 2
    lower = np.where(x > 0, stats.chi2.ppf(tail, 2 * np.maximum(x, 1)) / 2, 0.0)
    return lower, stats.chi2.isf(tail, 2 * x + 2) / 2


def byar(x: Numbers, level: float) -> tuple[Numbers, Numbers]:
    z = stats.norm.isf((1 - level) / 2)
    after = x + 1
    return (
        x * (1 - 1 / (9 * x) - z / (3 * np.sqrt(x))) ** 3,
        after * (1 - 1 / (9 * after) + z / (3 * np.sqrt(after))) ** 3,
    )


def wilson_by_its_equation(x: int, n: int, level: float) -> tuple[float, float]:
    """SciPy's own: the proportions whose score test just does not reject x out of n."""
    interval = stats.binomtest(x, n).proportion_ci(confidence_level=level, method="wilson")
    return float(interval.low), float(interval.high)


def proportions(seed: int = 20) -> tuple[Numbers, Numbers]:
    """Counts out of totals: each count of small totals, then drawn ones up to ten million, with both ends."""
    generator = np.random.default_rng(seed)
    pairs = [(x, n) for n in (1, 2, 3, 9, 10, 11, 20, 57) for x in range(n + 1)]
    for n in generator.integers(60, 10_000_000, 400):
        pairs += [(int(x), int(n)) for x in (0, 1, generator.integers(0, n + 1), n // 2, n - 1, n)]
    x, n = np.array(pairs, dtype=np.float64).T
    return x, n


def near(found: Sequence[Any], expected: Numbers, rel: float = 1e-9) -> None:
    assert found == pytest.approx(list(map(float, expected)), rel=rel, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_the_normal_quantile_is_scipys(sql: str, level: str) -> None:
    near(evaluate(sql, x=[1])[f"z_{level}"], stats.norm.isf(np.array([(1 - LEVELS[level]) / 2])), rel=1e-15)


@pytest.mark.parametrize("level", LEVELS)
def test_limits_of_fewer_than_ten_events_are_exact(sql: str, level: str) -> None:
    x = np.arange(10, dtype=np.float64)
    found = evaluate(sql, x=x)
    lower, upper = exact(x, LEVELS[level])
    near(found[f"byar_lower_{level}"], lower, rel=1e-13)
    near(found[f"byar_upper_{level}"], upper, rel=1e-13)
    assert found[f"byar_lower_{level}"][0] == 0


@pytest.mark.parametrize("level", LEVELS)
def test_limits_from_ten_events_are_byars(sql: str, level: str) -> None:
    x = np.concatenate([np.arange(10, 500), [10.5, 99.9, 1e4, 123_456, 1e7, 1e9]])
    found = evaluate(sql, x=x)
    lower, upper = byar(x, LEVELS[level])
    near(found[f"byar_lower_{level}"], lower)
    near(found[f"byar_upper_{level}"], upper)


@pytest.mark.parametrize("level", LEVELS)
def test_limits_of_a_count_show_no_step_where_byars_take_over(sql: str, level: str) -> None:
    """At ten events and just above Byar's limits are within 1 % of the exact ones at 95 %, 1.5 % at 99.8 %."""
    x = np.array([10.0, 11.0, 12.0])
    found = evaluate(sql, x=x)
    for side, limits in zip(SIGNS, exact(x, LEVELS[level]), strict=True):
        near(found[f"byar_{side}_{level}"], limits, rel={"95": 0.01, "998": 0.015}[level])


def test_a_count_has_no_limits_where_none_are_defined(sql: str) -> None:
    """Below zero, for a weighted count below ten (exact limits are those of whole counts), and for no count at all."""
    found = evaluate(sql, x=[-1, -0.5, 0.5, 9.5, 9.999, None])
    for level in LEVELS:
        for side in SIGNS:
            assert found[f"byar_{side}_{level}"] == [None] * 6


def test_limits_of_a_count_enclose_it_rise_with_it_and_lie_within_those_of_the_higher_level(sql: str) -> None:
    x = np.concatenate([np.arange(0, 2000), np.unique(np.random.default_rng(7).integers(2000, 10**8, 500))])
    found = {name: np.array(values) for name, values in evaluate(sql, x=x).items() if name.startswith("byar")}
    for level in LEVELS:
        lower, upper = found[f"byar_lower_{level}"], found[f"byar_upper_{level}"]
        assert np.all(lower >= 0)
        assert np.all((lower < x) | (x == 0))
        assert np.all(x < upper)
        assert np.all(np.diff(lower) > 0)
        assert np.all(np.diff(upper) > 0)
    assert np.all((found["byar_lower_998"] < found["byar_lower_95"]) | (x == 0))
    assert np.all(found["byar_upper_95"] < found["byar_upper_998"])


def test_the_lower_limit_of_a_hundred_events_is_that_of_95_percent_and_not_of_5(sql: str) -> None:
    """PHStatsMethods' tests hold 99.04267017398342 for it: the limit for a level of 5 %."""
    assert evaluate(sql, x=[100])["byar_lower_95"] == [pytest.approx(81.3621054905, abs=1e-9)]
    assert byar(np.array([100.0]), 0.05)[0][0] == pytest.approx(99.04267017398342, abs=1e-9)


def test_limits_of_a_count_are_those_that_the_publisher_gives(built: Built) -> None:
    """Injury admissions up to 2011/12 come with exact counts (later ones are rounded to five) and with limits."""
    limits = built.warehouse.compiled(
        "select {{ byar_lower('numerator', '95') }} as lower, {{ byar_upper('numerator', '95') }} as upper, "
        "denominator, lci_95, uci_95 from intermediate.int_observation_history where indicator_code = 'SUP04' "
        "and valid_to is null and period_end < date '2012-04-01' and breakdown_type = 'Total' "
        "and ci_method = 'published'"
    )
    rows = built.warehouse.query(limits)
    assert len(rows) >= 20  # nine councils and England, two years
    for lower, upper, denominator, published_lower, published_upper in rows:
        assert 10_000 * lower / denominator == pytest.approx(published_lower, rel=1e-7)
        assert 10_000 * upper / denominator == pytest.approx(published_upper, rel=1e-7)


@pytest.mark.parametrize("level", LEVELS)
def test_limits_of_a_proportion_solve_wilsons_equation(sql: str, level: str) -> None:
    x, n = proportions()
    found = evaluate(sql, x=x, n=n)
    expected = np.array([wilson_by_its_equation(int(a), int(b), LEVELS[level]) for a, b in zip(x, n, strict=True)]).T
    for side, limits in zip(SIGNS, expected, strict=True):
        assert found[f"wilson_{side}_{level}"] == pytest.approx(list(limits), rel=1e-9, abs=1e-15)


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: 95 % score limits of x out of n.
@pytest.mark.parametrize(
    ("x", "n", "lower", "upper"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_limits_of_a_proportion_are_those_of_the_literature(
    sql: str, x: int, n: int, lower: float, upper: float
) -> None:
    found = evaluate(sql, x=[x], n=[n])
    assert [round(found[f"wilson_{side}_95"][0], 4) for side in SIGNS] == [lower, upper]


@pytest.mark.parametrize("level", LEVELS)
def test_limits_of_a_proportion_are_mirrored_for_the_rest_and_exact_at_both_ends(sql: str, level: str) -> None:
    x, n = proportions()
    found, rest = evaluate(sql, x=x, n=n), evaluate(sql, x=n - x, n=n)
    lower, upper = np.array(found[f"wilson_lower_{level}"]), np.array(found[f"wilson_upper_{level}"])
    near(list(upper), 1 - np.array(rest[f"wilson_lower_{level}"]), rel=1e-15)
    near(list(lower), 1 - np.array(rest[f"wilson_upper_{level}"]), rel=1e-9)
    assert set(lower[x == 0]) == {0.0}
    assert set(upper[x == n]) == {1.0}
    assert np.all((lower[x > 0] > 0) & (upper[x > 0] > 0))
    assert np.all(upper[x < n] < 1)


def test_limits_of_a_proportion_enclose_it_rise_with_it_and_lie_within_those_of_the_higher_level(sql: str) -> None:
    x, n = proportions()
    found = {name: np.array(values) for name, values in evaluate(sql, x=x, n=n).items() if name.startswith("wilson")}
    for level in LEVELS:
        lower, upper = found[f"wilson_lower_{level}"], found[f"wilson_upper_{level}"]
        assert np.all((lower >= 0) & (lower <= x / n) & (x / n <= upper) & (upper <= 1))
    assert np.all((found["wilson_lower_998"] < found["wilson_lower_95"]) | (x == 0))
    assert np.all((found["wilson_upper_998"] > found["wilson_upper_95"]) | (x == n))
    whole = np.arange(1001, dtype=np.float64)
    rising = evaluate(sql, x=whole, n=np.full(1001, 1000.0))
    weighted = evaluate(sql, x=whole / 2, n=np.full(1001, 1000.0))
    for name in (f"wilson_{side}_{level}" for side in SIGNS for level in LEVELS):
        assert np.all(np.diff(rising[name]) > 0)
        assert np.all(np.diff(weighted[name]) > 0)


def test_a_proportion_has_no_limits_where_none_are_defined(sql: str) -> None:
    """Nobody counted, more than there are, fewer than none, or a part unknown."""
    found = evaluate(sql, x=[0, 11, 10.001, -1, None, 5], n=[0, 10, 10, 10, 10, None])
    for level in LEVELS:
        for side in SIGNS:
            assert found[f"wilson_{side}_{level}"] == [None] * 6


@pytest.mark.parametrize("level", LEVELS)
def test_students_t_is_scipys_within_1e_10_from_the_table_and_from_the_series(sql: str, level: str) -> None:
    """The series begins at 20 degrees of freedom, where its error is largest."""
    df = np.concatenate([np.arange(1, 501), [750.0, 1e3, 5e3, 1e4, 1e5, 1e6, 1e8, 1e12]])
    found = np.array(evaluate(sql, n=df)[f"t_{level}"])
    expected = stats.t.isf((1 - LEVELS[level]) / 2, df)
    assert np.max(np.abs(found / expected - 1)) < 1e-10
    assert np.max(np.abs(found[df >= 20] - expected[df >= 20])) < 1e-11
    assert np.all(np.diff(found) < 0)


def test_students_t_is_null_for_no_degree_of_freedom_and_for_a_fraction_in_the_table(sql: str) -> None:
    found = evaluate(sql, n=[0, -3, 0.5, 19.5, None])
    assert found["t_95"] == found["t_998"] == [None] * 5


@pytest.mark.parametrize("level", LEVELS)
def test_limits_of_a_mean_are_those_of_students_t(sql: str, level: str) -> None:
    generator = np.random.default_rng(3)
    n = np.concatenate([np.arange(2, 200), generator.integers(200, 100_000, 200)]).astype(np.float64)
    mean, sd = generator.normal(0, 40, len(n)), generator.uniform(0, 30, len(n))
    found = evaluate(sql, mean=mean, sd=sd, n=n)
    half = stats.t.isf((1 - LEVELS[level]) / 2, n - 1) * sd / np.sqrt(n)
    near(found[f"mean_lower_{level}"], mean - half)
    near(found[f"mean_upper_{level}"], mean + half)


def test_the_mean_of_one_value_has_no_limits(sql: str) -> None:
    found = evaluate(sql, mean=[3, 3, 3, None, 3], sd=[1, 1, -1, 1, None], n=[1, 0, 10, 10, 10])
    for level in LEVELS:
        for side in SIGNS:
            assert found[f"mean_{side}_{level}"] == [None] * 5


@pytest.mark.parametrize("level", LEVELS)
def test_a_standard_error_leads_from_limits_back_to_the_same_limits(sql: str, level: str) -> None:
    generator = np.random.default_rng(4)
    mean, error = generator.normal(0, 5, 100), generator.uniform(0, 3, 100)
    limits = evaluate(sql, mean=mean, sd=error)
    back = evaluate(sql, x=limits[f"normal_lower_{level}"], n=limits[f"normal_upper_{level}"])
    near(back[f"se_{level}"], error)
    near(limits[f"normal_upper_{level}"], mean + stats.norm.isf((1 - LEVELS[level]) / 2) * error)


def test_limits_the_wrong_way_round_absent_or_without_width_have_no_standard_error(sql: str) -> None:
    found = evaluate(sql, x=[2, None, 1, 1], n=[1, 1, None, 1])
    assert found["se_95"] == found["se_998"] == [None] * 4
