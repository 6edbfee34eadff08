"""Life tables: the published worked example, a table worked out another way, and what they must refuse.

Belongs here: macros/life_table.sql on made counts, and the models on councils' counts put into a copy of the warehouse.
Does not belong here: which status and which words a refusal gets (the models' own unit tests).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

from atf_dagster.catalogue import load
from support.dbt_warehouse import Built, Warehouse
from support.rows import insert

Numbers = NDArray[np.float64]

AGES = [0, 1, *range(5, 95, 5)]
LABELS = ["<1 yr", "1-4 yrs", *(f"{age}-{age + 4} yrs" for age in range(5, 90, 5)), "90+ yrs"]
WIDTHS = np.array([1, 4, *[5] * 17], dtype=np.float64)
SHARES = np.array([0.1, *[0.5] * 18])

# The worked example of PHEindicatormethods (tests/testthat/testLifeExpectancy.R), with its published life expectancy at
# birth and 95 % limits, for which 1.96 was taken as the normal quantile.
PEOPLE = (
    "7060 35059 46974 48489 43219 38561 46009 57208 61435 55601 50209 56416 46411 39820 37978 37039 33288 23306 11936"
)
DEATHS = "17 9 4 8 20 15 24 33 50 71 100 163 263 304 536 872 1390 1605 1936 1937"
EXAMPLE_PEOPLE = np.array([*PEOPLE.split(), "11936"], dtype=np.float64)
EXAMPLE_DEATHS = np.array(DEATHS.split(), dtype=np.float64)
PUBLISHED = (80.16960813, 79.88268548, 80.45653078)


def life_expectancy(q: Numbers, rate_in_last: float) -> float:
    """Years lived by a newborn, down the table as it is printed."""
    alive = np.concatenate([[1.0], np.cumprod(1 - q)])
    dying = alive[:-1] - alive[1:]
    return float(np.sum(WIDTHS * (alive[1:] + SHARES * dying)) + alive[-1] / rate_in_last)


def life_table(deaths: Numbers, people: Numbers) -> tuple[float, float]:
    """Life expectancy and its variance, the latter by differences: how it moves with each band's probability of dying
    (Chiang's variance of that: q^2 (1 - q) / d) and with the rate in the last band (d / P^2, as of a Poisson count)."""
    rates = deaths / people
    q = WIDTHS * rates[:-1] / (1 + WIDTHS * (1 - SHARES) * rates[:-1])
    years, variance = life_expectancy(q, rates[-1]), 0.0
    for band in np.flatnonzero(deaths[:-1]):
        # Life expectancy is a straight line in one band's q, so that two points give its slope.
        none, all_of_it = q.copy(), q.copy()
        none[band], all_of_it[band] = 0.0, 1.0
        slope = life_expectancy(all_of_it, rates[-1]) - life_expectancy(none, rates[-1])
        variance += slope**2 * q[band] ** 2 * (1 - q[band]) / deaths[band]
    reached = float(np.prod(1 - q))
    return years, variance + (reached / rates[-1] ** 2) ** 2 * deaths[-1] / people[-1] ** 2


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("macros")
    return Warehouse(folder, folder / "warehouse.duckdb").compiled("{{ life_table('bands', ['area']) }}")


def tables(
    sql: str, counts: Sequence[tuple[Numbers, Numbers]], *, shuffled: int | None = None
) -> list[tuple[Any, ...]]:
    """Life expectancy and variance of each pair of deaths and people; a negative age leaves its band out."""
    rows = [
        (area, age, float(d), float(p))
        for area, (deaths, people) in enumerate(counts)
        for age, d, p in zip(AGES, deaths, people, strict=True)
        if not np.isnan(d)
    ]
    if shuffled is not None:
        rows = [rows[i] for i in np.random.default_rng(shuffled).permutation(len(rows))]
    with duckdb.connect() as connection:
        connection.execute("create table bands (area int, age_from int, deaths double, person_years double)")
        insert(connection, "bands", rows)
        return connection.execute(f"select life_expectancy, variance from ({sql}) order by area").fetchall()


def drawn(seed: int, size: int = 60) -> list[tuple[Numbers, Numbers]]:
    """Populations of 6,000 to 3 million person-years with English rates and Poisson deaths, often none in childhood."""
    generator = np.random.default_rng(seed)
    rates = EXAMPLE_DEATHS / EXAMPLE_PEOPLE
    pairs: list[tuple[Numbers, Numbers]] = []
    while len(pairs) < size:
        people = np.round(EXAMPLE_PEOPLE * generator.uniform(0.01, 4.0) * generator.uniform(0.7, 1.3, 20))
        deaths = generator.poisson(people * rates).astype(np.float64)
        if deaths[-1] > 0:
            pairs.append((deaths, people))
    return pairs


def example(**changes: tuple[int, float]) -> tuple[Numbers, Numbers]:
    deaths, people = EXAMPLE_DEATHS.copy(), EXAMPLE_PEOPLE.copy()
    for what, (age, count) in changes.items():
        (deaths if what == "deaths" else people)[AGES.index(age)] = count
    return deaths, people


def test_the_published_worked_example_comes_out_with_its_limits(sql: str) -> None:
    [(years, variance)] = tables(sql, [example()])
    half = 1.96 * variance**0.5
    assert (years, years - half, years + half) == pytest.approx(PUBLISHED, abs=1e-8)


def test_tables_are_those_of_another_way_to_work_them_out(sql: str) -> None:
    counts = drawn(seed=1)
    assert any((deaths[:8] == 0).any() for deaths, _ in counts), "no case has a band without a death"
    for found, (deaths, people) in zip(tables(sql, counts), counts, strict=True):
        assert found == pytest.approx(life_table(deaths, people), rel=1e-9)


def test_the_order_of_rows_changes_nothing(sql: str) -> None:
    counts = drawn(seed=2, size=10)
    assert tables(sql, counts) == tables(sql, counts, shuffled=3) == tables(sql, counts, shuffled=4)


def test_more_deaths_in_any_one_band_shorten_life_and_twice_the_people_halve_the_variance(sql: str) -> None:
    [(years, variance), *shorter] = tables(
        sql, [example(), *(example(deaths=(age, EXAMPLE_DEATHS[i] + 50)) for i, age in enumerate(AGES))]
    )
    assert all(found < years for found, _ in shorter)
    assert tables(sql, [(2 * EXAMPLE_DEATHS, 2 * EXAMPLE_PEOPLE)]) == [pytest.approx((years, variance / 2), rel=1e-12)]


def test_a_band_without_a_death_is_lived_through_by_all_and_adds_no_variance(sql: str) -> None:
    deaths, people = example(deaths=(5, 0))
    [found] = tables(sql, [(deaths, people)])
    assert found == pytest.approx(life_table(deaths, people), rel=1e-9)


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param(example(deaths=(10, np.nan)), id="a band is missing"),
        pytest.param(example(deaths=(90, np.nan)), id="the last band is missing"),
        pytest.param(example(deaths=(90, 0)), id="nobody dies in the last band"),
        pytest.param(example(deaths=(10, -5)), id="deaths below zero"),
        pytest.param(example(people=(20, 0)), id="nobody lives in a band"),
        pytest.param(example(people=(20, -10)), id="fewer than nobody lives in a band"),
        pytest.param(example(deaths=(0, 7061)), id="more infants die than live"),
        pytest.param(example(people=(90, 119)), id="more of the oldest die than live"),
        pytest.param(example(deaths=(85, 5000)), id="a rate that nobody outlives"),
    ],
)
def test_no_table_is_made_of_counts_that_are_none(sql: str, counts: tuple[Numbers, Numbers]) -> None:
    assert tables(sql, [counts]) == [(None, None)]


def test_bands_are_known_by_the_words_of_publishers_and_others_are_not(tmp_path: Path) -> None:
    said = {
        **dict(zip(LABELS, AGES, strict=True)),
        "Aged under 1": 0,
        "Aged 1 to 4": 1,
        "Aged 5 to 9": 5,
        "Aged 10-14": 10,
        "Aged 85-89": 85,
        "Aged 90 and over": 90,
        "90+": 90,
        "0-4 yrs": None,
        "5": None,
        "85+ yrs": None,
        "16-64 yrs": None,
        "All ages": None,
        "90-94 yrs": None,
    }
    sql = Warehouse(tmp_path, tmp_path / "warehouse.duckdb").compiled("select {{ life_table_band('age') }} from ages")
    with duckdb.connect() as connection:
        connection.execute("create table ages (age varchar)")
        for age, band in said.items():
            connection.execute("delete from ages")
            connection.execute("insert into ages values (?)", [age])
            assert connection.execute(sql).fetchall() == [(band,)], age


def test_what_the_models_read_is_declared_in_the_catalogue() -> None:
    model = Path(__file__).parents[2] / "dbt_project/models/intermediate/3_figures/int_life_table_band.sql"
    read = {line.split('"')[1] for line in model.read_text("utf-8").splitlines() if line.startswith("{% set ")}
    assert read == {"SUP70", "SUP71"}
    assert {load().indicator(code).aggregation_rule for code in read} == {"sum"}


def test_cheshire_and_merseyside_has_the_table_of_its_councils_counts(built: Built, tmp_path: Path) -> None:
    """Councils' counts of 2002 to 2004, for which nothing is published, in two orders of rows."""
    councils = sorted(area.code for area in load().areas if area.type == "council" and area.in_cheshire_merseyside)
    generator = np.random.default_rng(9)
    rates = EXAMPLE_DEATHS / EXAMPLE_PEOPLE
    people = np.round(EXAMPLE_PEOPLE / 6 * generator.uniform(0.5, 2.0, (len(councils), 3, 20)))
    deaths = generator.poisson(people * rates * generator.uniform(0.8, 1.3, (len(councils), 1, 1))).astype(np.float64)
    rows: list[tuple[Any, ...]] = []
    for i, council in enumerate(councils):
        for j, year in enumerate((2002, 2003, 2004)):
            whole, mid_year = (f"{year}-01-01", f"{year}-12-31"), (f"{year}-06-30", f"{year}-06-30")
            rows += [("SUP70", council, *whole, label, float(deaths[i, j, k])) for k, label in enumerate(LABELS)]
            rows += [("SUP71", council, *mid_year, label, float(people[i, j, k])) for k, label in enumerate(LABELS)]
            rows.append(("SUP70", council, *whole, "All ages", float(deaths[i, j].sum())))
    found = []
    for order, folder in ((range(len(rows)), tmp_path / "one"), (generator.permutation(len(rows)), tmp_path / "two")):
        folder.mkdir()
        (folder / "raw").symlink_to(built.warehouse.folder / "raw")
        shutil.copytree(built.warehouse.folder / "target", folder / "target")
        copy = Warehouse(folder, folder / "warehouse.duckdb")
        shutil.copy(built.warehouse.file, copy.file)
        with duckdb.connect(str(copy.file)) as connection:
            insert(
                connection,
                "intermediate.int_observation_history (indicator_code, area_code, period_start, period_end, age, "
                "value, sex, breakdown_type, breakdown_value, change, valid_from, vintage_id)",
                [rows[i] for i in order],
                "(?, ?, ?, ?, ?, ?, 'Female', 'Total', 'Total', 'new', timestamp '2026-01-31', 'deaths/all/1')",
            )
        copy.dbt("build", "--select", "int_life_table_band", "int_life_table", "--exclude", "test_type:unit")
        found.append(
            copy.query(
                "select area_code, value, lci_95, uci_95, lci_998, uci_998, ci_method, status, n_areas_expected, "
                "n_areas_included, period_id, sex, age from intermediate.int_life_table order by area_code"
            )
        )
    assert found[0] == found[1]
    assert [row[0] for row in found[0]] == [*councils, "E54000008"]
    counts = [
        *zip(deaths.sum(axis=1), people.sum(axis=1), strict=True),
        (deaths.sum(axis=(0, 1)), people.sum(axis=(0, 1))),
    ]
    for row, (of_deaths, of_people) in zip(found[0], counts, strict=True):
        years, variance = life_table(of_deaths, of_people)
        z95, z998 = (float(stats.norm.isf(tail)) * variance**0.5 for tail in (0.025, 0.001))
        assert row[1:6] == pytest.approx((years, years - z95, years + z95, years - z998, years + z998), rel=1e-9)
        members = 9 if row[0] == "E54000008" else 1
        assert row[6:] == ("life_table", "estimated", members, members, "2002-01-01/2004-12-31", "Female", "All ages")
    mean = np.average([row[1] for row in found[0][:-1]], weights=people.sum(axis=(1, 2)))
    assert abs(found[0][-1][1] - mean) > 1e-3, "the mean of the councils would do as well, so this says nothing"
