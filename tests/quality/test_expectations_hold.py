"""Each expectation in expectations/ fails on rows made to break it, names exactly those, and passes on all others.

A suite's own SQL runs on tables with the columns of the built warehouse. Every broken row carries the name of
the expectation that it breaks, so one run shows of each that it sees its own rows and no other's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pytest
from published_house import PublishedHouse

from atf_dagster import catalogue
from atf_dagster.catalogue.model import Dataset
from atf_dagster.quality import gx, suites
from atf_dagster.quality.results import Result

Row = dict[str, Any]
Outcomes = Mapping[str, Result]

GOOD: Row = {
    "dataset": "some_dataset",
    "part": "councils",
    "source_row": 1,
    "indicator_code": "SUP04",
    "area_name": "Halton",
    "is_known_name": True,
    "period_label": "2023/24",
    "period_start": "2023-04-01",
    "period_end": "2024-03-31",
    "sex": "Persons",
    "age": "<15 yrs",
    "breakdown_type": "Total",
    "breakdown_value": "Total",
    "value_text": "50",
    "value": 50.0,
    "numerator": 100.0,
    "denominator": 20000.0,
    "lci_95": 45.0,
    "uci_95": 55.0,
    "lci_998": 40.0,
    "uci_998": 60.0,
    "status": "normal",
    "value_min": 0.0,
    "value_max": 100.0,
    "previous_value": 49.0,
    "previous_status": "normal",
}
NO_LIMITS: Row = {"lci_95": None, "uci_95": None, "lci_998": None, "uci_998": None}
HIDDEN: Row = {**NO_LIMITS, "value": None, "numerator": None}

GOOD_ROWS: Sequence[Row] = (
    {},
    {"value": 0.0, "lci_95": 0.0, "lci_998": 0.0},
    {"value": 100.0, **NO_LIMITS},
    {**HIDDEN, "status": "suppressed"},
    {**HIDDEN, "status": "not_available", "denominator": None},
    {"value": 0.0, **NO_LIMITS, "previous_status": "suppressed", "previous_value": 0.0},
    {"value": 7.0, **NO_LIMITS, "previous_status": "suppressed", "previous_value": None},
    {"previous_status": None, "previous_value": None},
    {"value_min": None, "value_max": None, "value": -3.0, **NO_LIMITS},
    {"sex": "Female", "breakdown_type": "Free school meals", "breakdown_value": "Eligible"},
    {"lci_95": 50.0, "uci_95": 50.0, "lci_998": 50.0, "uci_998": 50.0},
)

BROKEN_ROWS: Mapping[str, Sequence[Row]] = {
    "one_figure_a_key": ({"observation_key": "same", "value": 50.0}, {"observation_key": "same", "value": 51.0}),
    "value_not_below_its_interval": ({"value": 44.0},),
    "value_not_above_its_interval": ({"value": 56.0},),
    "wider_limits_hold_the_lower_limit": ({"lci_998": 46.0},),
    "wider_limits_hold_the_upper_limit": ({"uci_998": 54.0},),
    "suppressed_has_no_value": ({"status": "suppressed"}, {"status": "suppressed", "value": 0.0, **NO_LIMITS}),
    "no_zero_after_suppression": (
        {"value": 0.0, **NO_LIMITS, "previous_status": "suppressed", "previous_value": None},
    ),
    "value_within_bounds": ({"value": 100.1, **NO_LIMITS},),
    "value_not_under_bounds": ({"value": -0.1, **NO_LIMITS},),
    "marker_is_known": ({**HIDDEN, "status": "unknown_marker", "value_text": "[q]"},),
    "period_is_understood": ({"period_end": None},),
    "sex_is_known": ({"sex": "People"},),
    "sex_is_said": ({"sex": None},),
    "age_is_said": ({"age": None},),
    "category_is_said": ({"breakdown_type": "Ethnic groups", "breakdown_value": None},),
    "numerator_not_above_denominator": ({"numerator": 20001.0},),
    "area_name_is_known": ({"area_name": "Haltón", "is_known_name": False},),
}

# A vintage of ten figures against one of ten: how many of them are still there, and what became of each value.
GOOD_VINTAGES: Mapping[str, Sequence[tuple[float | None, float | None]]] = {
    "nothing_changed": [(10.0, 10.0)] * 10,
    "half_changed": [(10.0, 10.0)] * 5 + [(11.0, 10.0)] * 5,
    "a_fifth_is_gone": [(10.0, 10.0)] * 8,
    "all_doubled_is_a_warning_only": [(20.0, 10.0)] * 5 + [(10.0, 10.0)] * 5,
    "zeros_before": [(3.0, 0.0)] * 5 + [(0.0, 0.0)] * 5,
}
BROKEN_VINTAGES: Mapping[str, Sequence[tuple[float | None, float | None]]] = {
    "most_figures_are_still_there": [(10.0, 10.0)] * 7,
    "unit_did_not_switch": [(1000.0, 10.0)] * 5 + [(10.0, 10.0)] * 4,
    "most_values_are_still_given": [(None, 10.0)] * 3 + [(10.0, 10.0)] * 7,
    "most_figures_did_not_change": [(11.0, 10.0)] * 6 + [(10.0, 10.0)] * 4,
}


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


def outcomes(connection: duckdb.DuckDBPyConnection, stage: suites.Stage) -> dict[str, Outcomes]:
    """All suites of a stage on what is in `connection`: suite -> expectation -> result."""
    found: dict[str, dict[str, Result]] = {}
    for result in gx.run(connection, suites.load(stage), has_previous=True):
        assert not result.broken, result.observed
        found.setdefault(result.suite, {})[result.expectation] = result
    return dict(found)


@pytest.fixture(scope="module")
def empty_admission(published_home: PublishedHouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that admission looks at, with the warehouse's columns and no rows."""
    warehouse = published_home.settings.warehouse
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.execute("create schema intermediate; create schema raw")
        for table in (
            "intermediate.int_admission",
            "intermediate.int_reference_admission",
            "intermediate.int_staged",
            "raw.vintage",
        ):
            connection.execute(f"create table {table} as from warehouse.{table} where false")
        for table in ("raw.catalogue_area", "raw.catalogue_indicator"):
            connection.execute(f"create table {table} as from warehouse.{table}")
        yield connection


@pytest.fixture(scope="module")
def rows_judged(empty_admission: duckdb.DuckDBPyConnection) -> Outcomes:
    """Suite staged_rows on good rows and on the broken ones of every expectation."""
    made = [("good", row) for row in GOOD_ROWS]
    made += [(name, row) for name, rows in BROKEN_ROWS.items() for row in rows]
    for number, (name, row) in enumerate(made):
        known = {**GOOD, "vintage_id": name, "observation_key": f"key {number}", "area_code": f"row {number}"}
        insert(empty_admission, "intermediate.int_admission", {**known, **row})
    found = outcomes(empty_admission, "admission")["staged_rows"]
    empty_admission.execute("delete from intermediate.int_admission")
    return found


@pytest.fixture(scope="module")
def vintages_judged(empty_admission: duckdb.DuckDBPyConnection, rows_judged: Outcomes) -> Outcomes:
    """Suite staged_vintages on vintages that follow one of ten figures each."""
    for name, figures in {**GOOD_VINTAGES, **BROKEN_VINTAGES}.items():
        for sequence, vintage_id in ((1, f"before {name}"), (2, name)):
            vintage = {"vintage_id": vintage_id, "dataset": name, "part": "all", "sequence": sequence}
            verdict = (
                {"admission": "admitted", "last_verdict": "admitted"} if sequence == 1 else {"admission": "pending"}
            )
            insert(empty_admission, "raw.vintage", {**vintage, **verdict})
        for _ in range(10):
            insert(empty_admission, "intermediate.int_staged", {"vintage_id": f"before {name}", "row_use": "kept"})
        for value, before in figures:
            row = {"vintage_id": name, "dataset": name, "part": "all", "value": value, "previous_value": before}
            insert(empty_admission, "intermediate.int_admission", {**row, "previous_status": "normal"})
    return outcomes(empty_admission, "admission")["staged_vintages"]


def test_no_expectation_of_admission_is_left_untried() -> None:
    assert {entry.name: suite.suite for suite in suites.load("admission") for entry in suite.expectations} == {
        **dict.fromkeys(BROKEN_ROWS, "staged_rows"),
        **dict.fromkeys(BROKEN_VINTAGES, "staged_vintages"),
        "councils_are_there": "staged_vintages",
        "period_is_not_all_zero": "staged_periods",
        "reference_code_is_a_code": "staged_reference",
        "reference_row_says_something": "staged_reference",
        "reference_has_our_councils": "staged_reference_vintages",
    }


COUNCILS = tuple(area.code for area in catalogue.load().areas if area.type == "council")


ANNUAL = next(card.code for card in catalogue.load().indicators if card.frequency == "annual")
WEEKLY = next(card.code for card in catalogue.load().indicators if card.frequency == "weekly")


@pytest.fixture(scope="module")
def councils_judged(empty_admission: duckdb.DuckDBPyConnection, vintages_judged: Outcomes) -> dict[str, Outcomes]:
    """Vintages by how many of the nine councils they serve and how many of these are zero."""
    empty_admission.execute("delete from intermediate.int_admission")
    made = {
        f"{served} councils, {zeros} zeros": (ANNUAL, served, zeros) for served in (0, 7, 8, 9) for zeros in (0, 4, 5)
    }
    made |= {f"a week with {zeros} zeros": (WEEKLY, 9, zeros) for zeros in (0, 4, 5, 9)}
    for name, (indicator, served, zeros) in made.items():
        for number, code in enumerate((*COUNCILS[:served], "E92000001")):
            row = {"vintage_id": name, "indicator_code": indicator, "period_label": "2024", "area_code": code}
            value = 0.0 if number < min(zeros, served) else 10.0
            insert(empty_admission, "intermediate.int_admission", {**row, "breakdown_type": "Total", "value": value})
    return outcomes(empty_admission, "admission")


def test_a_table_of_councils_with_fewer_than_eight_is_held(councils_judged: dict[str, Outcomes]) -> None:
    failing = councils_judged["staged_vintages"]["councils_are_there"].failing
    assert {row["vintage_id"] for row in failing} == {f"7 councils, {zeros} zeros" for zeros in (0, 4, 5)}


def test_a_period_in_which_most_councils_are_zero_is_held(councils_judged: dict[str, Outcomes]) -> None:
    failing = councils_judged["staged_periods"]["period_is_not_all_zero"].failing
    assert {row["vintage_id"] for row in failing} == {f"{served} councils, 5 zeros" for served in (7, 8, 9)}


def test_a_week_in_which_most_councils_are_zero_is_let_in(councils_judged: dict[str, Outcomes]) -> None:
    """A week without a death in most councils is a fact; only these rows are spared, as the test above shows."""
    failing = councils_judged["staged_periods"]["period_is_not_all_zero"].failing
    assert [row for row in failing if row["vintage_id"].startswith("a week")] == []


def test_reference_data_that_is_cut_or_unreadable_is_held(empty_admission: duckdb.DuckDBPyConnection) -> None:
    vintages = {
        "good": {},
        "a note for a code": {"E07000001": ("Source: the publisher", "E12000001")},
        "no region": {"E07000001": ("E07000001", None)},
        "without Wirral": {"E08000015": ("E07000002", "E12000002")},
    }
    for name, changed in vintages.items():
        for number, council in enumerate((*COUNCILS, "E07000001")):
            code, said = changed.get(council, (council, "E12000002"))
            row = {"vintage_id": name, "source_row": number, "code": code, "council_code": code, "said": said}
            insert(empty_admission, "intermediate.int_reference_admission", row)
    found = outcomes(empty_admission, "admission")
    held = {
        (result.expectation, row["vintage_id"])
        for suite in ("staged_reference", "staged_reference_vintages")
        for result in found[suite].values()
        for row in result.failing
    }
    assert held == {
        ("reference_code_is_a_code", "a note for a code"),
        ("reference_row_says_something", "no region"),
        ("reference_has_our_councils", "without Wirral"),
    }


@pytest.mark.parametrize("name", BROKEN_ROWS)
def test_a_row_that_breaks_a_rule_is_seen_by_that_rule_and_by_no_other(rows_judged: Outcomes, name: str) -> None:
    result = rows_judged[name]
    assert not result.success
    assert [row["vintage_id"] for row in result.failing] == [name] * len(BROKEN_ROWS[name])
    assert result.unexpected_count == len(BROKEN_ROWS[name])


@pytest.mark.parametrize("name", BROKEN_VINTAGES)
def test_a_vintage_that_breaks_a_rule_is_seen_by_that_rule_and_by_no_other(
    vintages_judged: Outcomes, name: str
) -> None:
    result = vintages_judged[name]
    assert not result.success
    assert [row["vintage_id"] for row in result.failing] == [name]


@pytest.mark.parametrize("name", ["suppressed_has_no_value", "no_zero_after_suppression"])
def test_a_number_that_may_be_small_is_in_no_message(rows_judged: Outcomes, name: str) -> None:
    for row in rows_judged[name].failing:
        assert set(row) <= {key for suite in suites.load("admission") for key in suite.keys}


# The mart ------------------------------------------------------------------------------------------------

TABLES = ("coverage", "dim_area", "dim_indicator", "fct_observation", "fct_observation_history")
CARDS = "stg_fingertips__indicator_metadata"
OHID = [dataset for table, dataset in catalogue.load().datasets if table.table == "fingertips_indicator_data"]
OPEN_TERMS = (
    "Open Government Licence v3.0",
    "Contains information licensed under the open government license.",
    "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "OGL",
)
OTHER_TERMS = "Not to be passed on without the consent of the survey's owner"


@pytest.fixture(scope="module")
def mart(published_home: PublishedHouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The mart of the release in tables that may be spoiled, and the release itself as the one before."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as previous (read_only)")
        connection.execute("create schema mart")
        for table in TABLES:
            connection.execute(f"create table mart.{table} as from previous.mart.{table}")
        warehouse = published_home.settings.warehouse
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.execute("create schema staging; create schema intermediate; create schema raw")
        for table in (f"staging.{CARDS}", "intermediate.int_vintage_in_force", "raw.catalogue_dataset"):
            connection.execute(f"create table {table} as from warehouse.{table}")
        insert(connection, "intermediate.int_vintage_in_force", {"vintage_id": "cards"})
        for number, terms in enumerate((*OPEN_TERMS, None)):
            insert_card(connection, OHID[number], terms)
        # Cards of an older vintage, and of a dataset whose figures stay out.
        insert_card(connection, OHID[0], OTHER_TERMS, vintage_id="older cards")
        connection.execute(f"update raw.catalogue_dataset set redistributed = false where dataset = '{OHID[-1].id}'")
        insert_card(connection, OHID[-1], OTHER_TERMS)
        yield connection


def insert_card(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, terms: str | None, vintage_id: str = "cards"
) -> None:
    row = {"vintage_id": vintage_id, "source_id": dataset.source_id, "source_data_reuse": terms}
    insert(connection, f"staging.{CARDS}", row)


@pytest.fixture(scope="module")
def good_mart(mart: duckdb.DuckDBPyConnection) -> dict[str, Outcomes]:
    return outcomes(mart, "mart")


def keys_of(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def spoiled(mart: duckdb.DuckDBPyConnection, good_mart: dict[str, Outcomes]) -> dict[str, tuple[Result, set[Any]]]:
    """The mart spoiled once for each expectation: name -> (its result, the keys of the rows spoiled for it)."""
    made: dict[str, set[Any]] = {}

    def spoil(name: str, table: str, key: tuple[str, ...], chosen: tuple[Any, ...], change: str) -> None:
        where = " and ".join(f"{column} = ?" for column in key)
        mart.execute(f"update mart.{table} set {change} where {where}", list(chosen))
        made[name] = {chosen}

    cover = ("indicator_code", "area_code")
    empty, stale = keys_of(mart, "select indicator_code, area_code from mart.coverage order by all limit 2")
    spoil("empty_has_a_reason", "coverage", cover, empty, "state = 'empty', reason = null")
    spoil("nothing_is_stale", "coverage", cover, stale, "state = 'stale', reason = 'source_failed'")

    short, linked = keys_of(
        mart,
        "select indicator_code from mart.dim_indicator where not is_proxy and page_url is not null "
        "order by all limit 2",
    )
    proxy = keys_of(mart, "select indicator_code from mart.dim_indicator where is_proxy order by all limit 1")[0]
    spoil("definition_says_something", "dim_indicator", ("indicator_code",), short, "definition = 'A share.'")
    spoil("page_is_a_secure_link", "dim_indicator", ("indicator_code",), linked, "page_url = 'http://example.org'")
    spoil("proxy_explains_itself", "dim_indicator", ("indicator_code",), proxy, "proxy_note = null")

    insert_card(mart, OHID[6], OTHER_TERMS)
    made["reuse_names_the_open_government_licence"] = {(OHID[6].id,)}

    figure = ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")
    below, above, beyond = keys_of(
        mart,
        f"select {', '.join(figure)} from mart.fct_observation where is_derived and value > 1 and lci_95 is not null "
        "order by all limit 3",
    )
    spoil("derived_value_not_below_its_interval", "fct_observation", figure, below, "lci_95 = value + 1")
    spoil("derived_value_not_above_its_interval", "fct_observation", figure, above, "uci_95 = value - 1")
    spoil("derived_value_within_bounds", "fct_observation", figure, beyond, "value = 1e9, lci_95 = 1, uci_95 = 1e10")

    (headline,) = (suite for suite in suites.load("mart") if suite.suite == "headline_figures")
    newest = keys_of(
        mart,
        f"select indicator_code, period_id from ({headline.frame}) where councils = 9 and values_given = 9 "
        "and distinct_values > 6 and indicator_code not like 'SUP04' order by all limit 4",
    )
    councils = "(select area_code from mart.dim_area where area_type = 'council' and is_answered order by area_code"
    where = "indicator_code = ? and period_id = ? and breakdown_type = 'Total' and area_code in"
    mart.execute(f"delete from mart.fct_observation where {where} {councils} limit 1)", list(newest[0]))
    mart.execute(f"update mart.fct_observation set value = 7 where {where} {councils})", list(newest[2]))
    mart.execute(
        "delete from mart.fct_observation where indicator_code = ? and period_id <> ? "
        "and hash(area_code, period_id) % 10 < 6",
        list(newest[3]),
    )
    made["nine_councils_have_a_row"] = {newest[0]}
    made["councils_differ"] = {newest[2]}
    made["figures_are_not_lost"] = {newest[3][:1]}
    results = {name: result for suite in outcomes(mart, "mart").values() for name, result in suite.items()}
    return {name: (results[name], keys) for name, keys in made.items()}


MART = [entry.name for suite in suites.load("mart") for entry in suite.expectations]


@pytest.mark.parametrize("name", MART)
def test_the_published_mart_meets_every_expectation(good_mart: dict[str, Outcomes], name: str) -> None:
    (result,) = (found[name] for found in good_mart.values() if name in found)
    assert result.success, result.sentence


@pytest.mark.parametrize("name", MART)
def test_a_mart_that_breaks_a_rule_is_seen_by_it_with_the_very_rows(
    spoiled: dict[str, tuple[Result, set[Any]]], name: str
) -> None:
    result, keys = spoiled[name]
    assert not result.success
    width = len(next(iter(keys)))
    assert {tuple(row.values())[:width] for row in result.failing} == keys


def test_other_terms_of_reuse_are_said_with_the_dataset_and_what_to_do(
    spoiled: dict[str, tuple[Result, set[Any]]],
) -> None:
    result, _ = spoiled["reuse_names_the_open_government_licence"]
    assert result.blocks
    assert OHID[6].id in result.sentence
    assert OTHER_TERMS in result.sentence
    assert "redistributed: false" in result.sentence
    assert "redistributed: false" in result.mend
