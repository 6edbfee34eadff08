"""Figures of Cheshire and Merseyside as a whole, worked out again from the bundled figures without SQL.

Belongs here: means weighted by pupils and by residents, their limits, how near they are for England, what readers of
the release see of them. Does not belong here: the rules, one case each (dbt's unit tests), disclosure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

import duckdb
import pytest

from atf_dagster.snapshot.figures import COUNCILS, ENGLAND, Figure, read_figures
from atf_dagster.snapshot.sources import BUNDLE
from support.home import PublishedHome

WHOLE = "E54000008"
RECODED = {"E08000016": "E08000038", "E08000019": "E08000039"}
"""Barnsley and Sheffield, whose codes changed in 2025: publishers write either."""
Z = 1.959963984540054
UPPER, LOWER = ("E06", "E08", "E09", "E10"), ("E06", "E07", "E08", "E09")
LIFE, HEALTHY = "fingertips/life_expectancy", "ons_els/healthy-life-expectancy-{}"
YEARS_OF_LIFE = "2023 - 25", "2023-01-01/2025-12-31"
YEARS_OF_HEALTH = "2022-01-01/P3Y", "2022-01-01/2024-12-31"


@pytest.fixture(scope="module")
def release(published_home: PublishedHome) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as atf (read_only)")
        connection.execute("use atf.mart")
        yield connection


def bundled(name: str, period: str, sex: str = "") -> dict[str, Figure]:
    """The totals of one period with a value, by area."""
    rows = read_figures(BUNDLE / "figures" / f"{name}.csv")
    return {
        RECODED.get(row["area_code"], row["area_code"]): row
        for row in rows
        if row["period"] == period and row["sex"] in ("", sex) and not row["breakdown_type"] and row["value"]
    }


def people(sex: str, first: int = 0, last: int = 200) -> dict[str, float]:
    """Residents of a span of ages in the middle of 2023, by area: all less the younger ones, or a sum of years."""
    by_area: dict[str, dict[str, float]] = defaultdict(dict)
    for row in read_figures(BUNDLE / "figures" / "ons_beta" / "population_estimates.csv"):
        if row["sex"] == sex:
            by_area[RECODED.get(row["area_code"], row["area_code"])][row["age"]] = float(row["value"])
    if last < 200:
        return {area: sum(ages[str(age)] for age in range(first, last + 1)) for area, ages in by_area.items()}
    return {area: ages["All ages"] - sum(ages[str(age)] for age in range(first)) for area, ages in by_area.items()}


def mean(figures: dict[str, Figure], weights: dict[str, float], areas: list[str]) -> float:
    weighed = [(weights[area], float(figures[area]["value"])) for area in areas]
    return math.fsum(weight * value for weight, value in weighed) / math.fsum(weight for weight, _ in weighed)


def councils(figures: dict[str, Figure], weights: dict[str, float], kinds: tuple[str, ...]) -> list[str]:
    return [area for area in figures if area.startswith(kinds) and area in weights]


def whole(release: duckdb.DuckDBPyConnection, indicator: str, period: str, sex: str) -> tuple[object, ...]:
    (row,) = release.execute(
        "select value, lci_95, uci_95, status, derived_by, ci_method, numerator, denominator from fct_observation "
        "where indicator_code = ? and area_code = ? and period_id = ? and sex = ? and breakdown_type = 'Total'",
        [indicator, WHOLE, period, sex],
    ).fetchall()
    return row


def check(release: duckdb.DuckDBPyConnection, indicator: str, period: str, sex: str) -> tuple[object, ...]:
    (row,) = release.execute(
        "select benchmark_area_code, pooled_value, published_value, n_councils, outcome from fct_pool_check "
        "where indicator_code = ? and period_id = ? and sex = ?",
        [indicator, period, sex],
    ).fetchall()
    return row


CASES = [
    ("ATF01", LIFE, *YEARS_OF_LIFE, "Female", 0, 200, LOWER),
    ("ATF01", LIFE, *YEARS_OF_LIFE, "Male", 0, 200, LOWER),
    ("ATF02", HEALTHY.format("female"), *YEARS_OF_HEALTH, "Female", 0, 200, UPPER),
    ("ATF02", HEALTHY.format("male"), *YEARS_OF_HEALTH, "Male", 0, 200, UPPER),
    ("ATF18", "fingertips/physically_active_adults", "2024/25", "2024-11-16/2025-11-15", "Persons", 19, 200, LOWER),
    ("PRX07B", "fingertips/self_harm_admissions", "2017/18", "2017-04-01/2018-03-31", "Persons", 0, 200, LOWER),
    ("PRX10A", "ons_els/modelled-unemployment", "2023-01-01/P1Y", "2023-01-01/2023-12-31", "Persons", 16, 200, LOWER),
    ("PRX10B", "ons_els/claimant-count", "2025-01-01/P1Y", "2025-01-01/2025-12-31", "Persons", 16, 200, UPPER),
]


@pytest.mark.parametrize(
    ("indicator", "file", "label", "period", "sex", "first", "last", "kinds"),
    CASES,
    ids=[f"{case[0]}-{case[4]}" for case in CASES],
)
def test_a_pool_is_the_mean_weighted_by_residents_and_so_is_englands(
    release: duckdb.DuckDBPyConnection,
    indicator: str,
    file: str,
    label: str,
    period: str,
    sex: str,
    first: int,
    last: int,
    kinds: tuple[str, ...],
) -> None:
    figures, weights = bundled(file, label, sex), people(sex, first, last)
    value, _, _, status, derived_by, _, numerator, denominator = whole(release, indicator, period, sex)
    assert value == pytest.approx(mean(figures, weights, list(COUNCILS)), abs=1e-8)
    assert (status, derived_by, numerator, denominator) == ("estimated", "approximate_pool", None, None)

    benchmark, pooled, published, n_councils, outcome = check(release, indicator, period, sex)
    there = councils(figures, weights, kinds)
    assert (benchmark, n_councils, outcome) == (ENGLAND, len(there), "good_enough")
    assert pooled == pytest.approx(mean(figures, weights, there), abs=1e-8)
    assert published == float(figures[ENGLAND]["value"])
    assert abs(mean(figures, weights, there) - float(figures[ENGLAND]["value"])) < 0.5


@pytest.mark.parametrize("sex", ["Female", "Male"])
def test_limits_of_a_pool_combine_the_variances_of_its_councils(release: duckdb.DuckDBPyConnection, sex: str) -> None:
    figures, weights = bundled(HEALTHY.format(sex.lower()), YEARS_OF_HEALTH[0], sex), people(sex)
    errors = [
        weights[area] * (float(figures[area]["uci_95"]) - float(figures[area]["lci_95"])) / (2 * Z) for area in COUNCILS
    ]
    error = math.sqrt(math.fsum(one**2 for one in errors)) / math.fsum(weights[area] for area in COUNCILS)
    value, lower, upper, *_, method, _, _ = whole(release, "ATF02", YEARS_OF_HEALTH[1], sex)
    assert isinstance(value, float) and method == "approximate_pool"
    assert (lower, upper) == pytest.approx((value - Z * error, value + Z * error), abs=1e-7)


def test_shares_without_a_figure_of_england_are_measured_on_the_north_west(release: duckdb.DuckDBPyConnection) -> None:
    name, period = "ons_els/children-in-relative-poverty-after-housing", "2024-04-01/2025-03-31"
    figures, weights = bundled(name, "2024-04-01/P1Y"), people("Persons", 0, 15)
    value, *_ = whole(release, "PRX15A", period, "Persons")
    assert value == pytest.approx(mean(figures, weights, list(COUNCILS)), abs=1e-8)
    benchmark, _, published, n_councils, outcome = check(release, "PRX15A", period, "Persons")
    assert (benchmark, n_councils, outcome) == ("E12000002", 24, "good_enough")
    assert published == float(figures["E12000002"]["value"])


def test_jobs_are_weighted_by_the_jobs_that_the_publisher_counts(release: duckdb.DuckDBPyConnection) -> None:
    figures = bundled("ons_beta/below_real_living_wage", "2022", "Persons")
    jobs = {area: float(row["numerator"]) / float(row["value"]) for area, row in figures.items() if row["numerator"]}
    value, *_ = whole(release, "ATF13", "2022-04-01/2022-04-01", "Persons")
    assert value == pytest.approx(mean(figures, jobs, list(COUNCILS)), abs=1e-8)


@pytest.mark.parametrize(("indicator", "score"), [("ATF05", "progress_8_2019"), ("ATF06", "attainment_8_2019")])
def test_key_stage_4_is_weighted_by_pupils_in_the_one_year_that_has_them(
    release: duckdb.DuckDBPyConnection, indicator: str, score: str
) -> None:
    figures = bundled(f"ees/{score}", "201819", "Persons")
    pupils = {area: float(row["denominator"]) for area, row in figures.items()}
    value, *_, derived_by, _, _, denominator = whole(release, indicator, "2018-09-01/2019-08-31", "Persons")
    assert value == pytest.approx(mean(figures, pupils, list(COUNCILS)), abs=1e-8)
    assert (derived_by, denominator) == ("weighted_mean", sum(pupils[area] for area in COUNCILS))
    assert release.execute(
        "select count(distinct period_id) from fct_observation where indicator_code = ? and area_code = ?",
        [indicator, WHOLE],
    ).fetchall() == [(1,)]


def test_fourteen_of_the_beacon_rows_have_a_figure_each_with_its_method(release: duckdb.DuckDBPyConnection) -> None:
    rows = release.execute(
        """
        select coalesce(indicator.proxy_for, indicator.indicator_code) as beacon,
            list(distinct coalesce(figure.derived_by, 'published') order by coalesce(figure.derived_by, 'published'))
        from fct_observation as figure
        inner join dim_indicator as indicator on figure.indicator_code = indicator.indicator_code
        where figure.area_code = ? and figure.breakdown_type = 'Total' and figure.value is not null
            and (indicator.beacon_no is not null or indicator.is_proxy)
        group by beacon order by beacon
        """,
        [WHOLE],
    ).fetchall()
    assert len(rows) >= 14
    assert {code for code, _ in rows} >= {
        *("ATF01", "ATF02", "ATF04", "ATF05", "ATF06", "ATF07", "ATF08", "ATF09", "ATF10", "ATF13", "ATF15", "ATF16"),
        *("ATF17", "ATF18"),
    }
    assert dict(rows)["ATF09"] == ["sum_ratio"]
    assert dict(rows)["ATF01"] == ["approximate_pool"]


def test_a_pool_says_that_it_is_approximate_wherever_it_is_read(release: duckdb.DuckDBPyConnection) -> None:
    pools = "from fct_observation where derived_by = 'approximate_pool' and value is not null"
    assert release.execute(f"select distinct status, status_note like 'Approximate: %' {pools}").fetchall() == [
        ("estimated", True)
    ]
    # Never compared, on neither side, without trend and gap; the publisher's figures of England are as they were.
    assert release.execute(
        f"select distinct outcome_statistical, outcome_judged, is_significant_998, reason from fct_comparison "
        f"semi join (select * {pools}) using (indicator_code, area_code, period_id, sex, age, breakdown_type)"
    ).fetchall() == [("not_compared", None, None, "approximate_figure")]
    assert release.execute(
        f"select distinct outcome_statistical, reason from fct_comparison where benchmark_area_code = '{WHOLE}' and "
        f"(indicator_code, period_id, sex, age) in (select (indicator_code, period_id, sex, age) {pools}) "
        "and breakdown_type = 'Total'"
    ).fetchall() == [("not_compared", "approximate_benchmark")]
    trends = release.execute(
        "select distinct indicator_code, outcome, reason from fct_trend "
        f"where area_code = '{WHOLE}' and breakdown_type = 'Total' "
        f"and indicator_code in (select indicator_code {pools})"
    ).fetchall()
    assert trends and {(outcome, reason) for _, outcome, reason in trends} == {
        ("cannot_be_calculated", "approximate_figures")
    }
    assert release.execute(
        f"select count(*) from fct_inequality where area_code = '{WHOLE}' and group_a = 'Female' "
        f"and (indicator_code, period_id) in (select (indicator_code, period_id) {pools})"
    ).fetchall() == [(0,)]
    assert (
        release.execute(f"select note from coverage where indicator_code = 'ATF01' and area_code = '{WHOLE}'")
        .fetchall()[0][0]
        .endswith("No life table: deaths by sex and five-year age are not at hand for councils.")
    )
    # A reader of the questions meets no pool among the councils that are counted, and no difference of one.
    assert release.execute(
        "select count(*) from vw_question_points where area_type = 'subregion' and difference is not null "
        # The slope over the nine councils rests on their own figures.
        "and measure is distinct from 'council_slope' "
        f"and (indicator_code, sex) in (select (indicator_code, sex) {pools})"
    ).fetchall() == [(0,)]
