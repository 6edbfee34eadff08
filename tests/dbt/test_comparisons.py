"""Comparisons with benchmarks and quintiles: against OHID's own outcomes, the literature and independent arithmetic.

Belongs here: what needs many cases or another reference than ourselves. Does not belong here: one case a rule
(_benchmark_unit_tests.yml, _comparison_unit_tests.yml and _quintile_unit_tests.yml beside the models).
"""

from __future__ import annotations

import csv
import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

from atf_dagster.settings import disable_usage_data
from support.dbt_warehouse import Built, Warehouse
from support.rows import insert

ENGLAND = "E92000001"
PUBLISHED = Path(__file__).parents[2] / ".." / "shared" / "data" / "fingertips"
OHIDS_WORDS = {"better": "Better", "similar": "Similar", "worse": "Worse", None: "Not compared"}
JUDGEMENT = {
    ("higher", "higher_is_better"): "better",
    ("higher", "lower_is_better"): "worse",
    ("lower", "higher_is_better"): "worse",
    ("lower", "lower_is_better"): "better",
    ("similar", "higher_is_better"): "similar",
    ("similar", "lower_is_better"): "similar",
}
FIGURE = "value, lci, uci, benchmark_value, benchmark_lci, benchmark_uci, method"
FIGURE_ARGUMENTS = ", ".join(f"'{name}'" for name in FIGURE.split(", "))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The project without any figure, to compile its SQL."""
    disable_usage_data()
    folder = tmp_path_factory.mktemp("comparisons")
    return Warehouse(folder, folder / "warehouse.duckdb")


def asked(table: str, columns: str, rows: Sequence[tuple[Any, ...]], sql: str) -> list[tuple[Any, ...]]:
    """The answer of compiled SQL over `rows`, put into a table of this shape in a database of its own."""
    with duckdb.connect() as connection:
        connection.execute(f"create table {table} ({columns})")
        insert(connection, table, rows)
        return connection.execute(sql).fetchall()


# The outcome ---------------------------------------------------------------------------------------------


def outcome(row: tuple[Any, ...]) -> str:
    """What section by section of the methods says, in other words than the macro."""
    value, low, high, benchmark, benchmark_low, benchmark_high, method = row
    if method not in ("ci_overlaps_value", "two_levels", "ci_overlaps_ci") or None in (value, low, high, benchmark):
        return "not_compared"
    if method != "ci_overlaps_ci":
        benchmark_low = benchmark_high = benchmark
    elif None in (benchmark_low, benchmark_high):
        return "not_compared"
    if max(low, benchmark_low) <= min(high, benchmark_high):
        return "similar"
    return "lower" if high < benchmark_low else "higher"


def test_an_outcome_is_that_of_the_intervals_on_every_side_of_the_benchmark_and_on_it(project: Warehouse) -> None:
    """Whole numbers from -2 to 3, so that limits equal the benchmark and its limits in many of the cases."""
    numbers = random.Random(4)
    rows: list[tuple[Any, ...]] = []
    for method in ("ci_overlaps_value", "two_levels", "ci_overlaps_ci", "none", "anything else", None):
        for _ in range(500):
            low, value, high = sorted(numbers.choice(range(-2, 4)) for _ in range(3))
            below, benchmark, above = sorted(numbers.choice(range(-2, 4)) for _ in range(3))
            row: list[Any] = [value, low, high, benchmark, below, above, method]
            if numbers.random() < 0.3:
                row[numbers.randrange(6)] = None
            rows.append(tuple(row))
    sql = project.compiled(
        f"select {FIGURE}, {{{{ compared({FIGURE_ARGUMENTS}) }}}}, {{{{ significant_998({FIGURE_ARGUMENTS}) }}}}, "
        f"{{{{ not_compared_reason({FIGURE_ARGUMENTS}) }}}} from figure"
    )
    columns = ", ".join(f"{name} {'varchar' if name == 'method' else 'double'}" for name in FIGURE.split(", "))
    found = asked("figure", columns, rows, sql)
    assert len(found) == len(rows)
    outcomes: Counter[tuple[Any, str]] = Counter()
    for *row, compared, significant, reason in found:
        expected = outcome(tuple(row))
        outcomes[row[-1], expected] += 1
        assert compared == expected, row
        assert (reason is None) == (expected != "not_compared"), row
        assert significant == {"similar": False, "not_compared": None}.get(expected, True), row
    assert len(outcomes) == 3 * 4 + 3  # every outcome of every method


def test_an_outcome_is_judged_by_polarity_and_never_without_one(project: Warehouse) -> None:
    outcomes = ("lower", "similar", "higher", "not_compared", None)
    polarities = ("higher_is_better", "lower_is_better", "none", None)
    sql = project.compiled("select outcome, polarity, {{ judged('outcome', 'polarity') }} from compared")
    rows = asked("compared", "outcome varchar, polarity varchar", list(itertools.product(outcomes, polarities)), sql)
    assert {(found, polarity): judged for found, polarity, judged in rows if judged} == JUDGEMENT
    assert len(rows) == len(outcomes) * len(polarities)


def test_the_last_bits_of_a_sum_never_make_a_difference(project: Warehouse) -> None:
    """The sum of a neighbour group's figures in any order: some sums differ from others, no outcome does."""
    numbers = random.Random(17)
    parts = [numbers.uniform(-1, 1) for _ in range(10)]
    sums = {math.fsum(parts)}
    for _ in range(200):
        numbers.shuffle(parts)
        sums.add(sum(parts))
    assert len(sums) > 1
    limit = max(sums)
    rows = [(limit + 1, limit, limit + 2, total, "ci_overlaps_value") for total in sums]
    rows += [(limit - 1, limit - 2, min(sums), total, "ci_overlaps_value") for total in sums]
    sql = project.compiled(
        "select distinct {{ compared('value', 'lci', 'uci', 'total', 'null', 'null', 'method') }} from figure"
    )
    kinds = "value double, lci double, uci double, total double, method varchar"
    assert asked("figure", kinds, rows, sql) == [("similar",)]


# Control limits ------------------------------------------------------------------------------------------

# Values, denominators and outcomes of the published tests of OHID's site (github.com/ukhsa-collaboration/
# fingertips-open, SpcForProportionsComparerTest): per cent, England, value, people, at 95 %, at 99.8 %.
OHIDS_CONTROL_CASES = [
    (8.9611086876279327, 7.7065767284991562, 5930, "lower", True),
    (8.9611086876279327, 9.8988121425428961, 2273, "similar", False),
    (8.9611086876279327, 12.474645030425965, 1972, "higher", True),
    (12.8379546895717, 10.9783420463032, 1339, "lower", False),
    (12.8379546895717, 15.9065628476085, 899, "higher", False),
]


def test_control_limits_give_the_outcomes_of_ohids_own_tests(project: Warehouse) -> None:
    arguments = "'value', 'null', 'null', 'benchmark', 'null', 'null', 'method', 'people', '100'"
    sql = project.compiled(
        f"select benchmark, value, people, {{{{ compared({arguments}) }}}}, {{{{ significant_998({arguments}) }}}} "
        "from figure"
    )
    rows = [(benchmark, value, people, "spc_proportion") for benchmark, value, people, _, _ in OHIDS_CONTROL_CASES]
    found = asked("figure", "benchmark double, value double, people int, method varchar", rows, sql)
    assert found == OHIDS_CONTROL_CASES


def test_control_limits_solve_the_equation_that_they_come_from(project: Warehouse) -> None:
    """Wilson's limits are the shares p for which |p0 - p| is z standard errors of p: solved here by bisection."""
    numbers = random.Random(5)
    rows = [(100 * numbers.uniform(0.01, 0.99), float(numbers.randrange(5, 50_000))) for _ in range(150)]
    limits = ", ".join(
        f"{{{{ control_limit('benchmark', 'people', '100', '{level}', '{sign}') }}}}"
        for level in ("95", "998")
        for sign in "-+"
    )
    found = asked(
        "figure", "benchmark double, people double", rows, project.compiled(f"select *, {limits} from figure")
    )
    for benchmark, people, *limits_found in found:
        share = benchmark / 100
        expected = []
        for level in (0.95, 0.998):
            z = norm.ppf((1 + level) / 2)
            for inside, outside in ((share, 0.0), (share, 1.0)):
                expected.append(
                    100
                    * brentq(
                        lambda p, p0=share, n=people, z=z: (p0 - p) ** 2 - z * z * p * (1 - p) / n,
                        inside,
                        outside,
                        xtol=1e-15,
                        rtol=1e-14,
                    )
                )
        assert limits_found == pytest.approx(expected, rel=1e-9)


# OHID's own outcomes -------------------------------------------------------------------------------------


def number(cell: str) -> float | None:
    return float(cell) if cell.strip() else None


def published() -> Iterator[tuple[str, dict[str, str]]]:
    if not PUBLISHED.is_dir():
        pytest.skip("OHID's files with its own outcomes are not at hand")
    for path in sorted(PUBLISHED.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                yield path.name, row


def beside(benchmark: str, compared_to: str) -> list[tuple[Any, ...]]:
    """OHID's rows beside the value of England or of their own region: what they are, measures and OHID's outcome."""
    rows = list(published())

    def key(name: str, row: dict[str, str], area: str) -> tuple[str, ...]:
        return (name, area, row["Indicator ID"], row["Sex"], row["Age"], row["Time period"])

    totals = {key(name, row, row["Area Code"]): number(row["Value"]) for name, row in rows if not row["Category Type"]}
    found = []
    for name, row in rows:
        said = next((row[column] for column in row if column.startswith(f"Compared to {compared_to}")), None)
        if said is None:
            continue
        if row["Category Type"]:
            kind = "group of England"
        elif row["Area Code"] == ENGLAND:
            kind = "England below itself" if row["Parent Code"] else "England alone"
        else:
            kind = "region" if row["Area Type"] == "Region" else "council"
        limits = [number(row[f"{side} CI 95.0 limit"]) for side in ("Lower", "Upper")]
        area = row["Parent Code"] if benchmark == "region" else ENGLAND
        found.append((name, kind, number(row["Value"]), *limits, totals.get(key(name, row, area)), said))
    return found


def beside_ours(project: Warehouse, rows: list[tuple[Any, ...]], digits: int = 15) -> list[tuple[str, str, str]]:
    """(kind, our outcome, OHID's) of each row; the four indicators are all better when lower."""
    sql = project.compiled(
        "with rounded as (select kind, said, "
        + ", ".join(f"round({name}, {digits}) as {name}" for name in ("value", "lci", "uci", "benchmark"))
        + " from figure), compared as (select *, "
        "{{ compared('value', 'lci', 'uci', 'benchmark', 'null', 'null', \"'ci_overlaps_value'\") }} as outcome "
        "from rounded) select kind, {{ judged('outcome', \"'lower_is_better'\") }}, said from compared"
    )
    kinds = "file varchar, kind varchar, value double, lci double, uci double, benchmark double, said varchar"
    return [(kind, OHIDS_WORDS[ours], said) for kind, ours, said in asked("figure", kinds, rows, sql)]


def test_every_outcome_beside_england_is_ohids_own(project: Warehouse) -> None:
    """9,316 figures of councils and 2,686 of groups, of four indicators in four files, as precise as OHID gives them.

    England itself is there twice: below England OHID calls it similar to itself, as we would, and without a parent it
    compares nothing. That is the only difference; in the mart England is compared with nothing.
    """
    found = beside_ours(project, beside("England", "England"))
    agreed = Counter(kind for kind, ours, ohids in found if ours == ohids)
    differing = Counter((kind, ours, ohids) for kind, ours, ohids in found if ours != ohids)
    assert agreed == {"council": 9316, "group of England": 2686, "region": 27, "England below itself": 236}
    assert differing == {("England alone", "Similar", "Not compared"): 241}


def test_every_outcome_beside_a_region_is_ohids_own(project: Warehouse) -> None:
    """Regions that OHID summed up from their councils, without limits; without its region nothing is said."""
    found = [row for row in beside_ours(project, beside("region", "Region")) if row[0] == "council"]
    assert Counter(ohids for _, _, ohids in found) == {
        "Not compared": 310,
        "Similar": 174,
        "Better": 142,
        "Worse": 134,
    }
    assert [row for row in found if row[1] != row[2]] == []


def test_figures_rounded_to_one_decimal_would_give_other_outcomes(project: Warehouse) -> None:
    """Why what is compared is never rounded."""
    rows = [row for row in beside("England", "England") if row[1] == "council"]
    found = beside_ours(project, rows, digits=1)
    assert sum(ours != ohids for _, ours, ohids in found) == 27


# Quintiles -----------------------------------------------------------------------------------------------


def test_a_quantile_is_that_of_the_documented_rule_in_exact_arithmetic(project: Warehouse) -> None:
    """Every rank among 1 to 400 areas, in fractions."""
    rows = [(rank, n) for n in range(1, 401) for rank in range(1, n + 1)]
    sql = project.compiled(
        "select rank, n, {{ quantile_of_rank('rank', 'n', 5) }}, {{ quantile_of_rank('rank', 'n', 10) }} from ranked"
    )
    with duckdb.connect() as connection:
        connection.execute(
            "create table ranked as select rank, n from range(1, 401) as all_n(n), "
            "lateral (select unnest(range(1, n + 1)) as rank)"
        )
        found = connection.execute(sql).fetchall()
    assert sorted((rank, n) for rank, n, _, _ in found) == sorted(rows)
    for rank, n, quintile, decile in found:
        for k, quantile in ((5, quintile), (10, decile)):
            if n < k:
                assert quantile is None
                continue
            assert quantile == math.floor(k + 1 - math.ceil(Fraction(n + 1 - rank) / Fraction(n, k)))


MODELS = ("int_benchmark", "int_council", "int_council_figure", "fct_comparison", "fct_quintile")
OBSERVATION = (
    "indicator_code varchar, area_code varchar, period_id varchar, sex varchar, age varchar, breakdown_type varchar, "
    "breakdown_value varchar, value double, lci_95 double, uci_95 double, lci_998 double, uci_998 double, "
    "denominator double, vintage_id varchar, period_end date, derived_by varchar"
)


@pytest.fixture(scope="module")
def models(project: Warehouse) -> dict[str, str]:
    """The compiled SQL of the models, by name."""
    project.dbt("compile", "--select", *MODELS)
    nodes = project.manifest()["nodes"].values()
    return {node["name"]: node["compiled_code"] for node in nodes if node["name"] in MODELS}


def councils() -> list[tuple[str, bool]]:
    """30 unitary authorities, 20 metropolitan districts, 25 districts and 7 counties; nine are answered for."""
    codes = [
        f"{kind}{index:06d}"
        for kind, count in (("E06", 30), ("E08", 20), ("E07", 25), ("E10", 7))
        for index in range(count)
    ]
    return [(code, index % 6 == 0 and index < 54) for index, code in enumerate(codes)]


def made_up_figures(numbers: random.Random) -> list[tuple[Any, ...]]:
    """Random figures with many ties and gaps: one indicator of each tier, of two periods and two sexes."""
    rows = []
    for indicator, left_out in (("UPPER", "E07"), ("LOWER", "E10"), ("RARE", "E07")):
        for period, sex in itertools.product(("P", "Q"), ("Persons", "Male")):
            for area in (*(code for code, _ in councils()), ENGLAND, "E54000008"):
                chance = 0.6 if indicator == "RARE" else 0.1
                if area.startswith(left_out) or (area.startswith("E") and numbers.random() < chance):
                    continue
                value = numbers.choice([*[None] * 4, *(tenth / 10 for tenth in range(-20, 20))])
                limits: list[float | None] = [None] * 4
                if value is not None and numbers.random() < 0.8:
                    half = numbers.choice((0.1, 0.5, 1.0))
                    limits = [value - half, value + half, value - 1.6 * half, value + 1.6 * half]
                rows.append(
                    (
                        indicator,
                        area,
                        period,
                        sex,
                        "All",
                        "Total",
                        "Total",
                        value,
                        *limits,
                        None,
                        "v",
                        "2024-12-31",
                        None,
                    )
                )
    return rows


def answers(models: dict[str, str], figures: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of fct_comparison and fct_quintile over these figures, in the order of their keys."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("use warehouse")
        for schema in ("raw", "intermediate", "mart"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table mart.dim_area (area_code varchar, area_type varchar, parent_code varchar, "
            "in_cheshire_merseyside boolean, is_answered boolean, valid_from date, valid_to date)"
        )
        insert(
            connection,
            "mart.dim_area",
            [
                (ENGLAND, "country", None, False, True),
                *((f"E1200000{index}", "region", ENGLAND, False, index == 2) for index in range(1, 10)),
                ("E54000008", "subregion", "E12000002", True, True),
                *((code, "council", "E54000008" if ours else None, ours, ours) for code, ours in councils()),
            ],
            "(?, ?, ?, ?, ?, null, null)",
        )
        connection.execute(
            "create table intermediate.int_area_group_member as select 'E54000008' as group_code, "
            "area_code as member_code, 'subregion' as group_type from mart.dim_area where parent_code = 'E54000008'"
        )
        connection.execute(
            "create table raw.catalogue_indicator as "
            "select *, 'Persons' as headline_sex, null::varchar as headline_age "
            "from (values "
            "('UPPER', 'higher_is_better', 'two_levels', 'published_only', 1.0, 'upper tier local authority'), "
            "('LOWER', 'lower_is_better', 'ci_overlaps_value', 'published_only', 1.0, 'lower tier local authority'), "
            "('RARE', 'none', 'ci_overlaps_ci', 'published_only', 1.0, 'upper tier local authority')) "
            "as card(indicator_code, polarity, comparison_method, aggregation_rule, multiplier, native_level)"
        )
        connection.execute(f"create table mart.figure ({OBSERVATION})")
        insert(connection, "mart.figure", figures)
        connection.execute(
            "create view mart.fct_observation as select *, indicator_code || area_code || period_id || sex as "
            "observation_key, true as is_headline, 1 as indicator_key, 1 as area_key, 1 as period_key from mart.figure"
        )
        connection.execute("create table raw.catalogue_area_change (old_code varchar, new_code varchar, kind varchar)")
        connection.execute(
            "create table intermediate.int_publisher_outcome as "
            "select *, null::varchar as publisher_outcome from (select indicator_code, area_code, period_id, sex, age, "
            "breakdown_type, breakdown_value from mart.fct_observation where false)"
        )
        for step in ("int_benchmark", "int_council", "int_council_figure"):
            connection.execute(f"create table intermediate.{step} as {models[step]}")
        return {
            name: connection.execute(f"select * from ({models[name]}) order by all").fetchall()
            for name in ("fct_comparison", "fct_quintile")
        }


def test_the_order_of_the_rows_changes_nothing(models: dict[str, str]) -> None:
    numbers = random.Random(23)
    figures = made_up_figures(numbers)
    first = answers(models, figures)
    assert all(first.values())
    for _ in range(3):
        numbers.shuffle(figures)
        assert answers(models, figures) == first


def test_quintiles_of_random_figures_are_those_of_scipys_ranks(models: dict[str, str]) -> None:
    """Both tiers, ties, gaps and too few areas, worked out once more from SciPy's ranks and exact fractions."""
    figures = made_up_figures(random.Random(29))
    nine = {code for code, ours in councils() if ours}
    assert len(nine) == 9
    expected: dict[tuple[str, ...], tuple[Any, ...]] = {}
    spines: dict[tuple[str, ...], list[float]] = {}
    ranks_left: dict[tuple[str, ...], tuple[int, int]] = {}
    kinds: Counter[Any] = Counter()
    keys = sorted({(row[0], row[2], row[3]) for row in figures})
    for indicator, period, sex in keys:
        is_upper = indicator != "LOWER"
        tier = ("E06", "E08", "E09", "E10") if is_upper else ("E06", "E07", "E08", "E09")
        size = sum(code.startswith(tier) for code, _ in councils())
        group = {
            row[1]: row[7]
            for row in figures
            if (row[0], row[2], row[3]) == (indicator, period, sex) and row[1].startswith(tier)
        }
        valued = {code: value for code, value in group.items() if value is not None}
        limits = {
            row[1]: (row[8], row[9])
            for row in figures
            if (row[0], row[2], row[3]) == (indicator, period, sex) and row[1] in valued and row[8] is not None
        }
        low = dict(zip(valued, rankdata(list(valued.values()), method="min"), strict=True))
        high = dict(zip(valued, rankdata([-value for value in valued.values()], method="min"), strict=True))

        def quintile(rank: float, n: int = len(valued)) -> int:
            return math.floor(6 - math.ceil(Fraction(n + 1 - int(rank)) / Fraction(n, 5)))

        for code in nine & set(group):
            place: tuple[Any, ...] = (None, None, None, "no_figure")
            if code in valued and (len(valued) < 5 or 2 * len(valued) < size):
                place = (None, None, None, "too_few_areas")
            elif code in valued:
                best = {"UPPER": high, "LOWER": low}.get(indicator)
                place = (low[code], quintile(low[code]), quintile(best[code]) if best else None, None)
                spines[indicator, code, period, sex] = list(np.quantile(list(valued.values()), [0, 0.25, 0.5, 0.75, 1]))
                if code in limits:
                    below = sum(upper < limits[code][0] for _, upper in limits.values())
                    above = sum(lower > limits[code][1] for lower, _ in limits.values())
                    ranks_left[indicator, code, period, sex] = (1 + below, len(valued) - above)
            kinds[is_upper, place[3]] += 1
            expected[indicator, code, period, sex] = (
                "upper" if is_upper else "lower",
                size,
                len(valued),
                *place,
            )
    rows = answers(models, figures)["fct_quintile"]
    assert {row[:4]: row[7:14] for row in rows} == expected
    assert {row[:4]: row[15:20] for row in rows if row[15] is not None} == {
        key: pytest.approx(spine, abs=1e-9) for key, spine in spines.items()
    }
    assert {row[:4]: row[20:22] for row in rows if row[20] is not None} == ranks_left
    assert ranks_left
    assert set(kinds) >= {(True, None), (False, None), (True, "no_figure"), (True, "too_few_areas")}


# The mart of the bundled figures -------------------------------------------------------------------------


def test_every_figure_with_a_value_is_beside_england_exactly_once(built: Built) -> None:
    [(figures, beside_england)] = built.warehouse.query(
        """
        select
            (
                select count(*)
                from mart.fct_observation
                inner join mart.dim_area using (area_code)
                where value is not null and area_code <> 'E92000001'
                    and (is_answered or area_type in ('council', 'former council'))
            ),
            (select count(*) from mart.fct_comparison where benchmark_area_code = 'E92000001')
        """
    )
    assert figures == beside_england > 0


def test_nothing_is_compared_with_itself_nor_england_and_neighbour_groups_with_anything(built: Built) -> None:
    assert built.warehouse.query(
        "select count(*) from mart.fct_comparison where area_code = benchmark_area_code "
        "or area_code = 'E92000001' or area_code like 'SN-%'"
    ) == [(0,)]


def test_a_hidden_figure_is_compared_with_nothing_and_a_hidden_benchmark_is_none(built: Built) -> None:
    assert built.warehouse.query(
        """
        select count(*)
        from mart.fct_comparison as comparison
        inner join mart.fct_observation as hidden
            on hidden.area_code in (comparison.area_code, comparison.benchmark_area_code)
            and comparison.indicator_code = hidden.indicator_code and comparison.period_id = hidden.period_id
            and comparison.sex = hidden.sex and comparison.age = hidden.age
            and comparison.breakdown_type = hidden.breakdown_type
            and comparison.breakdown_value = hidden.breakdown_value
        where hidden.value is null
            and (comparison.area_code = hidden.area_code or comparison.benchmark_value is not null)
        """
    ) == [(0,)]


def test_liverpools_healthy_life_expectancy_is_worse_and_cheshire_easts_better_than_englands(built: Built) -> None:
    """Read in the publisher's table: 2022 to 2024, women, England 61.3; Liverpool 53.2 to 60.2, Cheshire East 62.4 to
    69.6 years."""
    rows = built.warehouse.query(
        "select area_code, method, outcome_statistical, outcome_judged, round(benchmark_value, 1), includes_area "
        "from mart.fct_comparison where indicator_code = 'ATF02' and period_id = '2022-01-01/2024-12-31' "
        "and sex = 'Female' and benchmark_area_code = 'E92000001' and area_code in ('E08000012', 'E06000049')"
    )
    assert sorted(rows) == [
        ("E06000049", "ci_overlaps_value", "higher", "better", 61.3, True),
        ("E08000012", "ci_overlaps_value", "lower", "worse", 61.3, True),
    ]


def test_the_latest_figures_show_the_comparison_with_england(built: Built) -> None:
    differing = built.warehouse.query(
        """
        select count(*)
        from mart.vw_latest_by_sex as latest
        left join mart.fct_comparison as comparison
            on latest.indicator_code = comparison.indicator_code and latest.area_code = comparison.area_code
            and latest.period_id = comparison.period_id and latest.sex = comparison.sex
            and latest.age = comparison.age and comparison.breakdown_type = 'Total'
            and comparison.benchmark_area_code = 'E92000001'
        -- A figure without a value is compared with nothing, and has England's beside it.
        where (latest.value is not null and latest.england_value is distinct from comparison.benchmark_value)
            or latest.outcome_statistical is distinct from comparison.outcome_statistical
            or latest.outcome_judged is distinct from comparison.outcome_judged
        """
    )
    assert differing == [(0,)]
    outcomes = {row[0] for row in built.warehouse.query("select distinct outcome_judged from mart.vw_latest")}
    assert outcomes == {"better", "similar", "worse", None}


def test_nine_councils_alone_are_never_given_a_quintile_of_england(built: Built) -> None:
    rows = built.warehouse.query(
        "select count(*), count(quintile), count(rank) from mart.fct_quintile "
        "where n_areas <= 9 or 2 * n_areas < n_areas_expected"
    )
    assert rows[0][0] > 0
    assert rows[0][1:] == (0, 0)


def test_a_council_is_ranked_once_under_whichever_code_its_publisher_writes(built: Built) -> None:
    """The publisher writes the codes of Barnsley and Sheffield that ended in 2025. With both of them Sefton's life
    expectancy of women, 2023 to 2025, is the 53rd lowest of the 130 councils that have one."""
    assert built.warehouse.query(
        "select rank, n_areas, quintile from mart.fct_quintile where indicator_code = 'ATF01' and sex = 'Female' "
        "and area_code = 'E08000014' and period_id = '2023-01-01/2025-12-31'"
    ) == [(53, 130, 3)]
    assert built.warehouse.query(
        "select area_code, council_code from intermediate.int_council_figure where indicator_code = 'ATF01' "
        "and sex = 'Female' and period_id = '2023-01-01/2025-12-31' and tier = 'upper' "
        "and council_code in ('E08000038', 'E08000039') order by all"
    ) == [("E08000016", "E08000038"), ("E08000019", "E08000039")]


@pytest.mark.parametrize(
    ("tier", "day", "number"),
    [
        *(("lower", "2018-12-31", 326), ("lower", "2019-12-31", 317), ("lower", "2020-12-31", 314)),
        *(("lower", "2021-12-31", 309), ("lower", "2025-12-31", 296)),
        *(("upper", "2018-08-31", 152), ("upper", "2020-08-31", 151), ("upper", "2022-08-31", 152)),
        ("upper", "2025-12-31", 153),
    ],
)
def test_the_councils_are_those_of_the_figures_own_period(built: Built, tier: str, day: str, number: int) -> None:
    """England's reorganisations: 326 districts and single-tier councils until 2019, 296 since 2023."""
    found = built.warehouse.query(
        "select count(*) from (select distinct council_code from intermediate.int_council "
        f"where tier = '{tier}' and date '{day}' between first_day and last_day)"
    )
    assert found == [(number,)]
