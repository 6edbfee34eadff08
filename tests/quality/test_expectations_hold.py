"""What is asked of every publisher's figures fails on rows made to break it, names exactly those, and no others.

A suite's own SQL runs on tables with the columns of the built warehouse. Every broken row carries the name of
the expectation that it breaks, so one run shows of each that it sees its own rows and no other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pytest
from judging import COUNCILS, Outcomes, Row, insert, outcomes

from atf_dagster import catalogue
from atf_dagster.quality import causes, gx, suites

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
HIDDEN: Row = {**NO_LIMITS, "value": None}

GOOD_ROWS: Sequence[Row] = (
    {},
    {"value": 0.0, "lci_95": 0.0, "lci_998": 0.0},
    {"value": 100.0, **NO_LIMITS},
    {**HIDDEN, "status": "suppressed"},
    {**HIDDEN, "status": "not_available"},
    {"value": 0.0, **NO_LIMITS, "previous_status": "suppressed", "previous_value": 0.0},
    {"value": 7.0, **NO_LIMITS, "previous_status": "suppressed", "previous_value": None},
    {"previous_status": None, "previous_value": None},
    {"value_min": None, "value_max": None, "value": -3.0, **NO_LIMITS},
    {"sex": "Female", "breakdown_type": "Free school meals", "breakdown_value": "Eligible"},
    {"lci_95": 50.0, "uci_95": 50.0, "lci_998": 50.0, "uci_998": 50.0},
    {"lci_95": -3.0, "uci_95": 104.0, "lci_998": -8.0, "uci_998": 109.0},
    {"value_max": None, "denominator": 99e6, "numerator": None},
    {"numerator": 100.0, "denominator": 20000.0},
    {"numerator": 102.0, "denominator": 20000.0},
    {"numerator": 0.0, "denominator": 0.0},
    {"indicator_code": "SUP40", "value": 3.0, **NO_LIMITS},
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
    "limits_are_near_the_bounds": (
        {"uci_95": 150.1, "uci_998": 150.1},
        {"lci_95": -50.1, "lci_998": -50.1},
        {"uci_998": 151.0},
    ),
    "numbers_are_of_this_country": (
        {**HIDDEN, "status": "not_available", "denominator": 1e50},
        {**HIDDEN, "status": "not_available", "numerator": 1.1e9},
        {"value_max": None, "value": 1e10, **NO_LIMITS},
        {"value_max": None, "uci_95": 1e50, "uci_998": 1e50},
    ),
    "marker_is_known": ({**HIDDEN, "status": "unknown_marker", "value_text": "[q]"},),
    "period_is_understood": (
        # Where no period is understood the keys of several figures are one, and each is told once.
        {"period_end": None, "observation_key": "without a period", "source_row": 1},
        {"period_end": None, "observation_key": "without a period", "source_row": 2, "value": 51.0},
    ),
    "sex_is_known": ({"sex": "People"},),
    "sex_is_said": ({"sex": None},),
    "age_is_said": ({"age": None},),
    "category_is_said": ({"breakdown_type": "Ethnic groups", "breakdown_value": None},),
    "numerator_not_above_denominator": (
        {**HIDDEN, "status": "not_available", "numerator": 20001.0, "denominator": 20000.0},
    ),
    "limits_come_in_pairs": ({"lci_95": None}, {"uci_998": None}),
    "counts_are_not_negative": (
        {**HIDDEN, "status": "not_available", "numerator": -1.0, "denominator": 10.0},
        {**HIDDEN, "status": "not_available", "denominator": -1.0, "numerator": -2.0},
    ),
    "counts_are_whole": ({"indicator_code": "SUP40", "value": 3.5, **NO_LIMITS},),
    "value_agrees_with_its_counts": ({"numerator": 120.0, "denominator": 20000.0},),
    "period_has_begun": ({"period_start": "2025-04-01"},),
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


@pytest.fixture(scope="module")
def rows_judged(empty_admission: duckdb.DuckDBPyConnection) -> Outcomes:
    """Suite staged_rows on good rows and on the broken ones of every expectation."""
    made = [("good", row) for row in GOOD_ROWS]
    made += [(name, row) for name, rows in BROKEN_ROWS.items() for row in rows]
    for name in ("good", "period_has_begun"):
        insert(empty_admission, "raw.vintage", {"vintage_id": name, "retrieved_at": "2025-03-31 23:00:00"})
    for number, (name, row) in enumerate(made):
        known = {**GOOD, "vintage_id": name, "observation_key": f"key {number}", "area_code": f"row {number}"}
        insert(empty_admission, "intermediate.int_admission", {**known, **row})
    found = outcomes(empty_admission, "admission")["staged_rows"]
    empty_admission.execute("delete from intermediate.int_admission; delete from raw.vintage")
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
            more = {"indicator_code": ANNUAL, "previous_status": "normal"}
            insert(empty_admission, "intermediate.int_admission", {**row, **more})
    return outcomes(empty_admission, "admission")["staged_vintages"]


FIRST = "a_first_table_has_figures_of_ours"
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


FIRST_TABLES: Mapping[str, Sequence[Row]] = {
    "other words": ({"row_use": "other_measure", "area_code": "E06000006", "measure": "share of others"},),
    "codes in small letters": ({"row_use": "other_area", "area_code": "e06000006"}, {"row_use": "other_area"}),
    "small areas": ({"row_use": "other_area", "area_code": "E01012345"},),
    "organisations": ({"row_use": "other_area", "area_code": "ORG-RBN"},),
    "another length": ({"row_use": "other_period_length", "area_code": "E06000006"},),
    "one of ours": ({"row_use": "kept", "area_code": "E06000006"}, {"row_use": "other_measure"}),
}


def test_a_first_table_of_which_nothing_is_ours_is_held_and_says_its_words(
    empty_admission: duckdb.DuckDBPyConnection,
) -> None:
    empty_admission.execute("delete from intermediate.int_admission; delete from intermediate.int_staged")
    empty_admission.execute("delete from raw.vintage")
    for name, rows in FIRST_TABLES.items():
        vintage = {"vintage_id": name, "dataset": name, "part": "all", "sequence": 1, "admission": "pending"}
        insert(empty_admission, "raw.vintage", vintage)
        for row in rows:
            insert(empty_admission, "intermediate.int_staged", {"vintage_id": name, "age": "16-18 yrs", **row})
    vintages = [suite for suite in suites.load("admission") if suite.suite == "staged_vintages"]
    results = causes.explained(empty_admission, gx.run(empty_admission, vintages, has_previous=False))
    (result,) = [result for result in results if result.expectation == FIRST]
    assert {row["vintage_id"]: row["told"] for row in result.failing} == {
        "other words": "No row is one of ours. The rows are of measures share of others; ages 16-18 yrs; "
        "areas Halton (E06000006).",
        "codes in small letters": "No row is one of ours. The rows are of ages 16-18 yrs; areas e06000006.",
    }


REFERENCE_RULES = (
    "reference_code_is_a_code",
    "reference_row_says_something",
    "reference_code_is_there_once",
    "our_councils_are_in_the_north_west",
)


def test_reference_data_that_is_cut_or_unreadable_is_held(empty_admission: duckdb.DuckDBPyConnection) -> None:
    vintages = {
        "good": {},
        "a note for a code": {"E07000001": ("Source: the publisher", "E12000001")},
        "no region": {"E07000001": ("E07000001", None)},
        "without Wirral": {"E08000015": ("E07000002", "E12000002")},
        "Wirral twice": {"E07000001": ("E08000015", "E12000002")},
        "Wirral in another region": {"E08000015": ("E08000015", "E12000005")},
    }
    for name, changed in vintages.items():
        for number, council in enumerate((*COUNCILS, "E07000001")):
            code, said = changed.get(council, (council, "E12000002"))
            row = {"vintage_id": name, "source_row": number, "code": code, "council_code": code, "said": said}
            lookup = {"dataset": "open_geography_district_region"}
            insert(empty_admission, "intermediate.int_reference_admission", {**row, **lookup})
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
        ("reference_code_is_there_once", "Wirral twice"),
        ("our_councils_are_in_the_north_west", "Wirral in another region"),
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
