"""Gaps and gradients are those of the literature and of independent arithmetic in NumPy and SciPy.

Belongs here: what the macros and models of inequality compute, on published examples, on seeded random figures and on
the bundled ones. Does not belong here: which groups are paired and why a value is absent (dbt's own unit tests, in
_inequality_unit_tests.yml).
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from support.dbt_warehouse import Built, Warehouse
from support.rows import insert

Z = float(stats.norm.ppf(0.975))
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
COUNCILS = {
    "Halton": "E06000006",
    "Warrington": "E06000007",
    "Cheshire East": "E06000049",
    "Cheshire West and Chester": "E06000050",
    "Knowsley": "E08000011",
    "Liverpool": "E08000012",
    "St Helens": "E08000013",
    "Sefton": "E08000014",
    "Wirral": "E08000015",
}


# References ------------------------------------------------------------------------------------------------


def wilson(x: float, n: float) -> tuple[float, float]:
    interval = stats.binomtest(round(x), round(n)).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def newcombe(x1: float, n1: float, x2: float, n2: float) -> tuple[float, float]:
    """Newcombe 1998, method 10, from SciPy's Wilson limits."""
    (l1, u1), (l2, u2), p1, p2 = wilson(x1, n1), wilson(x2, n2), x1 / n1, x2 / n2
    return p1 - p2 - math.hypot(p1 - l1, u2 - p2), p1 - p2 + math.hypot(u1 - p1, p2 - l2)


def regressed(values: np.ndarray[Any, Any], population: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Intercept and slope by least squares of Y sqrt(a) on sqrt(a) and b sqrt(a); one column of `values` a data set."""
    a = population / population.sum()
    b = np.cumsum(a) - a / 2
    root = np.sqrt(a)
    design = np.column_stack([root, b * root])
    fit: np.ndarray[Any, Any] = np.linalg.lstsq(design, values * (root if values.ndim == 1 else root[:, None]), None)[0]
    return fit


# Building on rows of one's own -----------------------------------------------------------------------------


@pytest.fixture
def copy(built: Built, tmp_path: Path) -> Warehouse:
    """A warehouse to change; the models that are asked for are built anew on what is put in."""
    (tmp_path / "raw").symlink_to(built.warehouse.folder / "raw")
    shutil.copy(built.warehouse.file, tmp_path / "warehouse.duckdb")
    return Warehouse(tmp_path, tmp_path / "warehouse.duckdb")


def rebuild(warehouse: Warehouse, *models: str) -> None:
    nodes = warehouse.dbt("run", "--select", *models)
    assert [(node.name, node.message) for node in nodes if node.status != "success"] == []
    assert {node.name for node in nodes if node.kind == "model"} == set(models)


def put(warehouse: Warehouse, table: str, rows: list[dict[str, Any]]) -> None:
    """These rows, in this order, instead of those that the table has."""
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(f"create or replace table {table} as from {table} where false")
        columns = list(rows[0])
        insert(connection, f"{table} ({', '.join(columns)})", [[row[column] for column in columns] for row in rows])


INDICES = ("slope_index", "relative_index")
IF_AS_LEAST = ("rate_if_as_least_deprived", "difference_if_as_least_deprived", "percent_if_as_least_deprived")


def indices(
    warehouse: Warehouse, measures: tuple[str, ...] = INDICES
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """(area, measure) -> value and limits."""
    return {
        (area, measure): (value, lower, upper)
        for area, measure, value, lower, upper in warehouse.query(
            "select area_code, measure, value, lci_95, uci_95 from intermediate.int_gradient "
            f"where measure in {measures}"
        )
    }


# Gaps ------------------------------------------------------------------------------------------------------

# Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


@pytest.mark.parametrize("case", NEWCOMBE, ids=lambda case: "{}/{} - {}/{}".format(*case[:4]))
def test_limits_of_a_difference_of_proportions_are_those_that_newcombe_prints(
    built: Built, case: tuple[int, int, int, int, float, float]
) -> None:
    arguments = ", ".join(f"'cast({count} as double)'" for count in case[:4])
    sql = f"select {{{{ newcombe_lower({arguments}) }}}}, {{{{ newcombe_upper({arguments}) }}}}"
    [found] = built.warehouse.query(built.warehouse.compiled(sql))
    assert [round(limit, 4) for limit in found] == list(case[4:])


def test_limits_of_random_counts_are_those_of_independent_arithmetic(built: Built) -> None:
    rng = np.random.default_rng(1998)
    cases = []
    for _ in range(200):
        n1, n2 = (int(n) for n in rng.integers(1, 5000, 2))
        cases.append((int(rng.integers(0, n1 + 1)), n1, int(rng.integers(0, n2 + 1)), n2))
    rows = ", ".join(f"({i}, {x1}e0, {n1}e0, {x2}e0, {n2}e0)" for i, (x1, n1, x2, n2) in enumerate(cases))
    sql = built.warehouse.compiled(
        "select {{ newcombe_lower('x1', 'n1', 'x2', 'n2') }}, {{ newcombe_upper('x1', 'n1', 'x2', 'n2') }}, "
        "{{ log_ratio_error_of_counts('x1', 'n1', 'x2', 'n2') }} "
        f"from (values {rows}) as counts(i, x1, n1, x2, n2) order by i"
    )
    for (x1, n1, x2, n2), (lower, upper, error) in zip(cases, built.warehouse.query(sql), strict=True):
        assert (lower, upper) == pytest.approx(newcombe(x1, n1, x2, n2), abs=1e-9)
        if x1 and x2:
            expected = stats.contingency.relative_risk(x1, n1, x2, n2).confidence_interval(0.95)
            assert x1 / n1 / (x2 / n2) * math.exp(Z * error) == pytest.approx(expected.high, rel=1e-9)
        else:
            assert error is None


def test_each_gap_of_the_mart_is_that_of_its_two_figures(built: Built) -> None:
    """Gaps by free school meals and between the sexes, from the figures as they stand in fct_observation."""
    rows = built.warehouse.query(
        """
        select gap.measure, gap.method, gap.value, gap.lci_95, gap.uci_95, indicator.multiplier,
            a.value, a.numerator, a.denominator, a.lci_95, a.uci_95,
            b.value, b.numerator, b.denominator, b.lci_95, b.uci_95
        from mart.fct_inequality as gap
        inner join mart.dim_indicator as indicator using (indicator_code)
        inner join mart.fct_observation as a
            on gap.indicator_code = a.indicator_code and gap.area_code = a.area_code
            and gap.period_id = a.period_id and gap.age = a.age
            and case gap.group_a
                when 'Female' then a.breakdown_type = 'Total' and a.sex = 'Female'
                else a.breakdown_value = 'Eligible' and a.sex = gap.sex end
        inner join mart.fct_observation as b
            on gap.indicator_code = b.indicator_code and gap.area_code = b.area_code
            and gap.period_id = b.period_id and gap.age = b.age
            and case gap.group_a
                when 'Female' then b.breakdown_type = 'Total' and b.sex = 'Male'
                else gap.group_b = b.breakdown_value || ' for free school meals' and b.sex = gap.sex end
        where gap.measure in ('absolute_gap', 'relative_gap') and gap.value is not null
            and gap.group_a in ('Female', 'Eligible for free school meals')
        """
    )
    methods = set()
    for measure, method, value, lower, upper, multiplier, *figures in rows:
        (a, xa, na, la, ua), (b, xb, nb, lb, ub) = figures[:5], figures[5:]
        methods.add(method)
        assert value == pytest.approx(a - b if measure == "absolute_gap" else a / b, rel=1e-9, abs=1e-9)
        if method is None:
            assert (lower, upper) == (None, None)
            continue
        if method == "newcombe":
            expected = tuple(multiplier * limit for limit in newcombe(xa, na, xb, nb))
        elif method == "difference_from_limits":
            half = Z * math.hypot((ua - la) / (2 * Z), (ub - lb) / (2 * Z))
            expected = (value - half, value + half)
        else:
            if method == "log_ratio_from_counts":
                error = math.sqrt(1 / xa - 1 / na + 1 / xb - 1 / nb)
            else:
                error = math.hypot((ua - la) / (2 * Z * a), (ub - lb) / (2 * Z * b))
            expected = (value * math.exp(-Z * error), value * math.exp(Z * error))
        assert (lower, upper) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert lower <= value <= upper
    assert methods == {
        None,
        "newcombe",
        "difference_from_limits",
        "log_ratio_from_counts",
        "log_ratio_from_limits",
    }


def test_the_gap_of_councils_is_between_liverpool_and_cheshire_east(built: Built) -> None:
    """By the edition of 2025, the newest that ranks all nine in the bundled figures: ranks 9 and 212 of 296."""
    rows = built.warehouse.query(
        "select distinct area_code, group_a, group_b, quantile_edition like '%2025' from mart.fct_inequality "
        "where left(group_a, 1) = 'E' and length(group_a) = 9"
    )
    assert rows == [("E54000008", COUNCILS["Liverpool"], COUNCILS["Cheshire East"], True)]


def test_each_slope_over_councils_is_the_line_that_numpy_fits(built: Built) -> None:
    """Over the scores of the edition that a slope names; both editions score all nine in the bundled figures."""
    editions: dict[str, dict[str, float]] = {}
    for edition, area, score in built.warehouse.query(
        "select cast(edition as varchar), area_code, average_score from mart.dim_area_deprivation "
        "where area_code in (select area_code from mart.dim_area where in_cheshire_merseyside)"
    ):
        editions.setdefault(edition, {})[area] = score
    assert {edition: set(scores) for edition, scores in editions.items()} == {
        "2019": set(COUNCILS.values()),
        "2025": set(COUNCILS.values()),
    }
    figures: dict[tuple[Any, ...], dict[str, tuple[float, float | None]]] = {}
    for *key, area, value, error in built.warehouse.query(
        "select indicator_code, period_id, sex, age, area_code, value, (uci_95 - lci_95) / 2 from mart.fct_observation "
        "where breakdown_type = 'Total' and value is not null"
    ):
        if area in COUNCILS.values():
            figures.setdefault(tuple(key), {})[area] = (value, error)
    rows = built.warehouse.query(
        "select indicator_code, period_id, sex, age, value, lci_95, uci_95, direction, right(quantile_edition, 4) "
        "from mart.fct_inequality where measure = 'council_slope' and value is not null"
    )
    assert len(rows) > 300
    for *key, value, lower, upper, direction, edition in rows:
        scores = editions[edition]
        x = np.array([scores[area] for area in sorted(scores)])
        of_councils = figures[tuple(key)]
        assert set(of_councils) == set(scores), key
        y = np.array([of_councils[area][0] for area in sorted(scores)])
        fitted = np.polyval(np.polyfit(x, y, 1), [x.max(), x.min()])
        sign = -1 if direction.startswith("Least deprived") else 1
        assert value == pytest.approx(sign * (fitted[0] - fitted[1]), abs=1e-8), key
        assert value == pytest.approx(sign * stats.linregress(x, y).slope * np.ptp(x), abs=1e-8), key
        half_widths = [of_councils[area][1] for area in sorted(scores)]
        if any(width is None for width in half_widths):
            assert (lower, upper) == (None, None)
        else:
            weights = (x - x.mean()) * np.ptp(x) / ((x - x.mean()) ** 2).sum()
            half = math.sqrt(((weights * np.array(half_widths)) ** 2).sum())
            assert (lower, upper) == pytest.approx((value - half, value + half), abs=1e-7), key


def test_no_ratio_is_shown_of_progress_8(built: Built) -> None:
    rows = built.warehouse.query(
        "select value, reason from mart.fct_inequality where indicator_code = 'ATF05' and measure like 'relative%'"
    )
    assert rows
    assert all(value is None and reason in ("scale_crosses_zero", "group_hidden") for value, reason in rows)


def test_a_row_has_a_value_or_says_why_not_and_limits_only_with_a_value(built: Built) -> None:
    odd = built.warehouse.query(
        """
        select measure, reason, value, lci_95, uci_95, method from mart.fct_inequality
        where (value is null) <> (reason is not null and reason <> 'no_interval')
            or (lci_95 is null) <> (reason is not null)
            or (lci_95 is null) <> (uci_95 is null)
            or (lci_95 is null) <> (method is null)
            or (seed is null) <> (repetitions is null)
            or lci_95 > value or uci_95 < value
            or (outcome is not null and (measure not like '%change' or lci_95 is null))
        """
    )
    assert odd == []


# Gradients -------------------------------------------------------------------------------------------------


def test_the_draws_are_two_independent_standard_normals(built: Built) -> None:
    """To three thousandths, ten times nearer than as many independent numbers would come."""
    draws = np.array(built.warehouse.query("select z1, z2 from intermediate.int_normal_draw order by draw"))
    assert draws.shape == (10_000, 2)
    assert np.isfinite(draws).all()
    assert np.abs(draws.mean(axis=0)).max() < 0.003
    assert np.abs(np.cov(draws.T) - np.eye(2)).max() < 0.005
    # Along any direction they are standard normal, too: that is what a ratio's limits need.
    for angle in np.linspace(0, math.pi, 13):
        along = draws @ [math.cos(angle), math.sin(angle)]
        assert np.quantile(along, [0.025, 0.975]) == pytest.approx([-Z, Z], abs=0.02)


def random_gradients(polarity: str, areas: int = 12, seed: int = 92901) -> list[dict[str, Any]]:
    """Deciles of made-up areas, with unequal populations and limits."""
    rng = np.random.default_rng(seed)
    indicator = {"lower_is_better": "SUP02", "higher_is_better": "ATF01"}[polarity]
    rows = []
    for area in range(areas):
        top, bottom = sorted(rng.uniform(40, 80, 2))
        for quantile in range(1, 11):
            value = float(top + (bottom - top) * quantile / 10 + rng.normal(0, 1))
            half = float(rng.uniform(0.5, 4))
            rows.append(
                {
                    "indicator_code": indicator,
                    "area_code": f"A{area:02}",
                    "period_id": "2020-01-01/2020-12-31",
                    "period_start": "2020-01-01",
                    "period_end": "2020-12-31",
                    "sex": "Persons",
                    "age": "All ages",
                    "gradient": "deprivation deciles",
                    "quantile_edition": "made up",
                    "n_groups": 10,
                    "quantile": quantile,
                    "value": value,
                    "lci_95": value - half,
                    "uci_95": value + half,
                    "population": float(rng.integers(500, 5000)),
                    "lacks_denominators": False,
                    "status": "normal",
                }
            )
    return rows


def of_area(rows: list[dict[str, Any]], area: str) -> tuple[np.ndarray[Any, Any], ...]:
    chosen = sorted((row for row in rows if row["area_code"] == area), key=lambda row: int(row["quantile"]))
    columns = ("value", "lci_95", "uci_95", "population")
    return tuple(np.array([row[column] for row in chosen]) for column in columns)


@pytest.mark.parametrize("polarity", ["lower_is_better", "higher_is_better"])
def test_indices_are_those_of_least_squares_and_limits_those_of_simulated_quantiles(
    copy: Warehouse, polarity: str
) -> None:
    """Values to 1e-9 against numpy.linalg.lstsq.

    Limits against 100,000 independent draws of the ten quantiles. The percentile of such a simulation has a standard
    error of sqrt(0.025 * 0.975 / 100,000) / 0.0584 = 0.0085 standard errors of the index, ours an error of its own of
    about 0.003; 0.04 standard errors is some four of both together. Peers take 0.05 of the value.
    """
    rows = random_gradients(polarity)
    put(copy, "intermediate.int_gradient_quantile", rows)
    rebuild(copy, "int_gradient")
    found = indices(copy)
    rng = np.random.default_rng(7)
    areas = sorted({row["area_code"] for row in rows})
    assert len(found) == 2 * len(areas)
    for area in areas:
        values, lower, upper, population = of_area(rows, area)
        intercept, slope = regressed(values, population)
        draws = rng.normal(values[:, None], ((upper - lower) / (2 * Z))[:, None], (10, 100_000))
        intercepts, slopes = regressed(draws, population)
        if polarity == "higher_is_better":
            expected = {
                "slope_index": (slope, slopes),
                "relative_index": ((intercept + slope) / intercept, (intercepts + slopes) / intercepts),
            }
        else:
            expected = {
                "slope_index": (-slope, -slopes),
                "relative_index": (intercept / (intercept + slope), intercepts / (intercepts + slopes)),
            }
        for measure, (value, simulated) in expected.items():
            assert found[area, measure][0] == pytest.approx(value, rel=1e-9)
            assert found[area, measure][1:] == pytest.approx(
                np.quantile(simulated, [0.025, 0.975]), abs=0.04 * simulated.std()
            )


def test_shuffled_rows_and_further_areas_change_no_gradient(copy: Warehouse) -> None:
    rows = random_gradients("lower_is_better")
    put(copy, "intermediate.int_gradient_quantile", rows)
    rebuild(copy, "int_gradient")
    first = indices(copy)
    few = [row for row in rows if row["area_code"] in ("A03", "A05")]
    np.random.default_rng(3).shuffle(few)
    put(copy, "intermediate.int_gradient_quantile", few)
    rebuild(copy, "int_gradient")
    second = indices(copy)
    assert {area for area, _ in second} == {"A03", "A05"}
    for key, found in second.items():
        assert found == pytest.approx(first[key], rel=1e-12)


def test_gradients_of_the_bundled_figures_are_those_of_least_squares(built: Built) -> None:
    """Obesity by deciles of neighbourhoods: ten equal shares, because the denominators are a survey's respondents."""
    words = ["Most", "Second most", "Third more", "Fourth more", "Fifth more"]
    words += ["Fifth less", "Fourth less", "Third less", "Second least", "Least"]
    figures: dict[str, dict[str, tuple[float, float, float]]] = {}
    for period, group, *figure in built.warehouse.query(
        "select period_id, breakdown_value, value, lci_95, uci_95 from mart.fct_observation "
        "where indicator_code = 'SUP03' and breakdown_type like 'LSOA11 deprivation deciles%'"
    ):
        figures.setdefault(period, {})[group] = (figure[0], figure[1], figure[2])
    found = {
        (period, measure): (value, lower, upper)
        for period, measure, value, lower, upper, weighting in built.warehouse.query(
            "select period_id, measure, value, lci_95, uci_95, weighting from mart.fct_inequality "
            "where indicator_code = 'SUP03' and area_code = 'E92000001' "
            "and measure in ('slope_index', 'relative_index')"
        )
        if weighting == "equal_shares"
    }
    assert len(figures) == 9
    assert len(found) == 18
    for period, groups in figures.items():
        ordered = np.array([groups[f"{word} deprived decile"] for word in words])
        intercept, slope = regressed(ordered[:, 0], np.ones(10))
        assert found[period, "slope_index"][0] == pytest.approx(-slope, rel=1e-9)
        assert found[period, "relative_index"][0] == pytest.approx(intercept / (intercept + slope), rel=1e-9)
        assert found[period, "slope_index"][1] < -slope < found[period, "slope_index"][2]


@pytest.mark.parametrize("populations", ["given", "not given"])
@pytest.mark.parametrize("polarity", ["lower_is_better", "higher_is_better"])
def test_an_area_beside_its_least_deprived_has_the_limits_of_independent_arithmetic(
    copy: Warehouse, polarity: str, populations: str
) -> None:
    """The variance of a function of independent figures: the sum of squared derivatives times their variances."""
    rows = random_gradients(polarity)
    for row in rows:
        row |= {"hides_neighbourhood": False, "hides_area": False}
        row |= {"area_value": 55.0, "area_lci_95": 54.5, "area_uci_95": 55.5}
        if populations == "not given":
            row["population"] = None
    put(copy, "intermediate.int_gradient_quantile", rows)
    rebuild(copy, "int_gradient")
    found = indices(copy, IF_AS_LEAST)
    areas = sorted({row["area_code"] for row in rows})
    assert len(found) == 3 * len(areas)
    sign = -1 if polarity == "higher_is_better" else 1
    for area in areas:
        values, lower, upper, population = of_area(rows, area)
        errors = (upper - lower) / (2 * Z)
        least = np.eye(10)[9]
        if populations == "given":
            shares = population.astype(float) / population.sum()
        else:
            # The area's own figure is one more figure, of which alone it consists.
            values, errors = np.append(values, 55.0), np.append(errors, 0.5 / Z)
            shares, least = np.eye(11)[10], np.append(least, 0)
        rate, reference = shares @ values, least @ values
        rate_row, difference_row, percent_row = (found[area, measure] for measure in IF_AS_LEAST)
        assert rate_row == pytest.approx((reference, lower[9], upper[9]), rel=1e-9)
        half = Z * math.sqrt(((shares - least) ** 2) @ errors**2)
        difference = sign * (rate - reference)
        assert difference_row == pytest.approx((difference, difference - half, difference + half), rel=1e-9)
        spread = math.exp(Z * math.sqrt(((shares / rate - least / reference) ** 2) @ errors**2))
        ends = sorted(100 * sign * (1 - reference / rate * factor) for factor in (spread, 1 / spread))
        assert percent_row == pytest.approx((100 * difference / rate, *ends), rel=1e-9)


def test_a_slope_index_points_the_way_that_the_published_one_does(copy: Warehouse) -> None:
    """OHID's inequality in life expectancy is above zero where the least deprived live longer; so is ours."""
    published = copy.query(
        "select min(value) from mart.fct_observation where indicator_code = 'SUP01' and area_code <> 'E92000001'"
    )
    assert published[0][0] > 0
    rows = random_gradients("higher_is_better", areas=1)
    for row in rows:
        row["value"], row["lci_95"], row["uci_95"] = (70 + row["quantile"], 69 + row["quantile"], 71 + row["quantile"])
        row["population"] = 1000
    put(copy, "intermediate.int_gradient_quantile", rows)
    rebuild(copy, "int_gradient")
    assert indices(copy)["A00", "slope_index"][0] == pytest.approx(10)
    assert indices(copy)["A00", "relative_index"][0] == pytest.approx(80.5 / 70.5)


def fuel_poverty() -> list[tuple[str, str, float, float]]:
    """Neighbourhoods of the nine councils in DESNZ's table of 2020: code, name, fuel poor households, households."""
    from python_calamine import CalamineWorkbook

    workbook = SHARED / "desnz_fuel_poverty" / "sub-regional-fuel-poverty-2022-tables.xlsx"
    if not workbook.is_file():
        pytest.skip(f"the publisher's table of neighbourhoods is not here: {workbook}")
    rows = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_name("Table 3").to_python()
    return [
        (str(row[0]), str(row[1]), float(str(row[6])), float(str(row[5])))
        for row in rows
        if str(row[2]) in set(COUNCILS.values())
    ]


def test_fuel_poverty_of_neighbourhoods_gives_a_gradient_where_enough_of_them_can_be_joined(copy: Warehouse) -> None:
    """On the publisher's figures of 2020 by neighbourhoods of 2011, against an account of its own in Python."""
    published = fuel_poverty()
    with duckdb.connect(str(copy.file)) as connection:
        deciles = {
            code: (council, decile)
            for code, council, decile in connection.execute(
                "select lsoa_code, area_code, imd_decile from staging.stg_mhclg__iod_2025_lsoa"
            ).fetchall()
        }
        [(vintage,)] = connection.execute(
            "select vintage_id from intermediate.int_vintage_in_force where dataset = 'govuk_desnz_fuel_poverty'"
        ).fetchall()
        connection.execute("delete from intermediate.int_staged where left(area_code, 3) = 'E01'")
        insert(
            connection,
            "intermediate.int_staged (vintage_id, dataset, part, source_row, precedence, indicator_code, "
            "area_code, area_name, period_id, period_start, period_end, sex, age, breakdown_type, breakdown_value, "
            "numerator, denominator, value, status, row_use)",
            [[vintage, i, code, name, x, n, 100 * x / n] for i, (code, name, x, n) in enumerate(published)],
            "(?, 'lsoa', 'all', ?, 1, 'ATF16', ?, ?, '2020-01-01/2020-12-31', date '2020-01-01', date '2020-12-31', "
            "'Persons', 'All ages', 'Total', 'Total', ?, ?, ?, 'normal', 'other_area')",
        )
    rebuild(copy, "int_gradient_quantile", "int_gradient")
    found = {
        area: (value, reason, share)
        for area, value, reason, share in copy.query(
            "select area_code, value, reason, share_joined from intermediate.int_gradient "
            "where indicator_code = 'ATF16' and measure = 'slope_index'"
        )
    }
    names = COUNCILS | {"St. Helens": COUNCILS["St Helens"]}
    for area in (*COUNCILS.values(), "E54000008"):
        own = [(code, x, n) for code, name, x, n in published if area in ("E54000008", names[name.rsplit(" ", 1)[0]])]
        joined = [(deciles[code][1], x, n) for code, x, n in own if code in deciles]
        share = min(sum(n for *_, n in joined) / sum(n for *_, n in own), len(joined) / len(own))
        value, reason, found_share = found[area]
        assert found_share == pytest.approx(share, rel=1e-9)
        x, n = (
            np.array([sum(row[i] for row in joined if row[0] == decile) for decile in range(1, 11)]) for i in (1, 2)
        )
        if (n == 0).any():
            assert (value, reason) == (None, "quantile_missing")
        elif share < 0.95:
            assert (value, reason) == (None, "neighbourhoods_missing")
        else:
            assert value == pytest.approx(-regressed(100 * x / n, n)[1], rel=1e-9)
            assert reason == "no_interval"
    reasons = {name: found[code][1] for name, code in COUNCILS.items()}
    assert reasons["Knowsley"] == "quantile_missing"
    assert {name for name, reason in reasons.items() if reason == "neighbourhoods_missing"} == {
        "Cheshire East",
        "Cheshire West and Chester",
    }
    assert found["E54000008"][0] > 0


def test_all_councils_but_knowsley_have_neighbourhoods_in_every_national_decile(built: Built) -> None:
    rows = built.warehouse.query(
        "select area_code from staging.stg_mhclg__iod_2025_lsoa "
        "group by area_code having count(distinct imd_decile) < 10"
    )
    assert {area for (area,) in rows} & set(COUNCILS.values()) == {COUNCILS["Knowsley"]}


# Changes ---------------------------------------------------------------------------------------------------


def test_each_change_of_the_mart_is_that_of_its_two_periods(built: Built) -> None:
    rows = built.warehouse.query(
        """
        select changed.measure, changed.value, changed.lci_95, changed.uci_95, changed.outcome,
            newest.value, newest.lci_95, newest.uci_95, earlier.value, earlier.lci_95, earlier.uci_95
        from mart.fct_inequality as changed
        inner join mart.fct_inequality as newest
            using (indicator_code, area_code, period_id, sex, age, group_a, group_b)
        inner join mart.fct_inequality as earlier
            using (indicator_code, area_code, sex, age, group_a, group_b)
        where changed.measure = newest.measure || '_change' and earlier.measure = newest.measure
            and earlier.period_id = changed.since_period_id
        """
    )
    outcomes = set()
    for measure, value, lower, upper, outcome, *figures in rows:
        new, old = np.array(figures[:3], dtype=float), np.array(figures[3:], dtype=float)
        if "relative" in measure:
            new, old = np.log(new), np.log(old)
        half = Z * math.hypot((new[2] - new[1]) / (2 * Z), (old[2] - old[1]) / (2 * Z))
        change = float(new[0] - old[0])
        expected = [change, change - half, change + half]
        if "relative" in measure:
            expected = [math.exp(part) for part in expected]
        assert value == pytest.approx(expected[0], rel=1e-9, abs=1e-9)
        outcomes.add(outcome)
        if lower is None:
            assert outcome is None
            continue
        assert (lower, upper) == pytest.approx(expected[1:], rel=1e-9, abs=1e-9)
        growth = abs(new[0]) - abs(old[0])
        if growth > half:
            assert outcome == "widening"
        elif growth < -half:
            assert outcome == "narrowing"
        else:
            assert outcome == "no_significant_change"
        if new[0] * old[0] > 0:
            assert (outcome == "no_significant_change") == (change - half <= 0 <= change + half)
    assert outcomes == {None, "widening", "narrowing", "no_significant_change"}


def test_no_change_reaches_across_a_break_of_the_series(built: Built) -> None:
    rows = built.warehouse.query(
        """
        select changed.indicator_code, changed.since_period_id, changed.period_id
        from mart.fct_inequality as changed
        inner join mart.dim_period as newest using (period_id)
        inner join mart.dim_period as earlier on changed.since_period_id = earlier.period_id
        inner join mart.dim_series_break as broken on changed.indicator_code = broken.indicator_code
        where (broken.is_break and earlier.period_start < broken.first_day and newest.period_end >= broken.first_day)
            or earlier.period_end >= newest.period_start
        """
    )
    assert rows == []
