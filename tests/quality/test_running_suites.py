"""Running suites: failing rows named whole, small numbers hidden, and a broken check that never passes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import duckdb
import pytest
from suite_of import BETWEEN, expectation, suite_of

from atf_dagster.quality import gx
from atf_dagster.quality.page import render
from atf_dagster.quality.results import Result, failing_as_csv

ROWS = "select 'E' || range as area, range as value, 'Ward ' || range as name from range(1000)"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def test_every_failing_row_is_named_however_many(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = gx.run(connection, [suite_of(ROWS, expectation("bounded"))], has_previous=False)
    assert not result.success and result.blocks and not result.broken
    assert result.unexpected_count == 899
    assert [row["area"] for row in result.failing] == [f"E{number}" for number in range(101, 1000)]
    assert result.failing[0] == {"area": "E101", "value": 101}
    assert "899 of 1000 rows fail" in result.observed


MANY = "select 'E' || range as area, 1 as lower, range as value, 'same' as twice from range(1500)"


@pytest.mark.parametrize(
    ("kind", "kwargs", "first"),
    [
        (BETWEEN, {"column": "value", "max_value": -1}, {"area": "E0", "value": 0}),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "lower", "column_B": "value"},
            {"area": "E1", "lower": 1, "value": 1},
        ),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["lower", "twice"]},
            {"area": "E0", "lower": 1, "twice": "same"},
        ),
        (
            "expect_column_values_to_be_null",
            {"column": "value", "row_condition": 'lower == 1 and twice == "same"', "condition_parser": "pandas"},
            {"area": "E0", "value": 0},
        ),
    ],
    ids=["one column", "a pair", "several columns", "under a condition"],
)
def test_more_than_a_thousand_keys_are_kept_and_shown(
    connection: duckdb.DuckDBPyConnection, kind: str, kwargs: dict[str, object], first: dict[str, object]
) -> None:
    (result,) = gx.run(connection, [suite_of(MANY, expectation("all", kind, kwargs=kwargs))], has_previous=False)
    failing = [row["area"] for row in result.failing]
    assert failing == [f"E{number}" for number in range(1500) if number >= 1500 - result.unexpected_count]
    assert len(failing) == result.unexpected_count > 1000
    assert result.failing[0] == first
    page = render([result], run_id="r", mode="m", source_issues=[])
    assert [area for area in failing if f"<td>{area}</td>" not in page] == []
    _, *told = csv.reader(io.StringIO(failing_as_csv([result])))
    assert [json.loads(keys)["area"] for *_, keys in told] == failing


def test_a_table_without_rows_to_blame_says_what_was_observed(connection: duckdb.DuckDBPyConnection) -> None:
    kwargs = {"column": "twice", "min_value": 2}
    several = expectation("several", "expect_column_unique_value_count_to_be_between", kwargs=kwargs)
    (result,) = gx.run(connection, [suite_of(MANY, several)], has_previous=False)
    assert not result.success and result.failing == ()
    assert result.observed == "observed 1"
    assert "observed 1" in render([result], run_id="r", mode="m", source_issues=[])


def test_what_several_suites_read_is_made_once_and_gone_afterwards(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create sequence made")
    shared = {"over": "shared_rows", "over_sql": "select 'E1' as area, nextval('made') as value"}
    bounded = expectation("bounded", kwargs={"column": "value", "max_value": 0})
    suites = [suite_of("select * from shared_rows", bounded, **shared, suite=name) for name in ("first", "second")]
    assert [result.failing for result in gx.run(connection, suites, has_previous=False)] == [
        ({"area": "E1", "value": 1},),
        ({"area": "E1", "value": 1},),
    ]
    assert connection.execute("select table_name from duckdb_tables()").fetchall() == []


def test_a_result_names_its_indicators_and_datasets_and_its_entry(connection: duckdb.DuckDBPyConnection) -> None:
    frame = (
        "select 'ATF0' || range as indicator_code, 'fingertips_1.all.0001.ab' as vintage_id, 101 as value from range(2)"
    )
    suite = suite_of(
        f"{frame} union all select 'ATF09', 'x.all.0001.ab', 1",
        expectation("bounded"),
        keys=["indicator_code", "vintage_id"],
    )
    (result,) = gx.run(connection, [suite], has_previous=False)
    assert result.indicators == ("ATF00", "ATF01")
    assert result.datasets == ("fingertips_1",)
    assert result.runbook == "some-entry"
    assert Result.from_json(json.loads(json.dumps(result.as_json()))) == result
    older = {key: value for key, value in result.as_json().items() if key != "runbook"}
    assert Result.from_json(older).runbook == ""


def test_all_keys_name_a_row(connection: duckdb.DuckDBPyConnection) -> None:
    suite = suite_of(ROWS, expectation("bounded"), keys=["area", "name"])
    (result,) = gx.run(connection, [suite], has_previous=False)
    assert result.failing[0] == {"area": "E101", "name": "Ward 101", "value": 101}


def test_a_sensitive_expectation_names_rows_and_hides_values(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = gx.run(connection, [suite_of(ROWS, expectation("bounded", sensitive=True))], has_previous=False)
    assert len(result.failing) == 899
    assert {tuple(row) for row in result.failing} == {("area",)}
    assert "101" not in result.observed


def test_a_sensitive_pair_hides_both_values(connection: duckdb.DuckDBPyConnection) -> None:
    frame = "select 'E1' as area, 3 as denominator, 4711 as numerator"
    pair = expectation(
        "pair",
        "expect_column_pair_values_a_to_be_greater_than_b",
        kwargs={"column_A": "denominator", "column_B": "numerator", "or_equal": True},
        sensitive=True,
    )
    (result,) = gx.run(connection, [suite_of(frame, pair)], has_previous=False)
    assert result.failing == ({"area": "E1"},)
    assert "4711" not in str(result.as_json())


def test_a_check_that_cannot_run_is_broken_and_fails(connection: duckdb.DuckDBPyConnection) -> None:
    wrong = expectation("wrong", kwargs={"column": "valeu", "max_value": 100})
    good = expectation("good", kwargs={"column": "value", "max_value": 1000})
    broken, passed = gx.run(connection, [suite_of(ROWS, wrong, good)], has_previous=False)
    assert broken.broken and not broken.success and broken.blocks
    assert broken.failing == ()
    assert "the check itself is broken" in broken.observed and "valeu" in broken.observed
    assert broken.owner == "data engineers"
    assert broken.runbook == "check-broken"
    assert "expectation" in broken.remedy
    assert passed.success and not passed.broken


def test_a_broken_check_of_no_consequence_still_does_not_pass(connection: duckdb.DuckDBPyConnection) -> None:
    wrong = expectation("wrong", kwargs={"column": "valeu", "max_value": 100}, severity="warning")
    (broken,) = gx.run(connection, [suite_of(ROWS, wrong)], has_previous=False)
    assert broken.broken and not broken.success and not broken.blocks


def test_no_rows_are_no_fault(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = gx.run(connection, [suite_of(f"{ROWS} where false", expectation("bounded"))], has_previous=False)
    assert result.success and result.failing == ()
    assert result.observed == "no rows to look at"


def test_a_suite_that_needs_a_release_passes_without_one_and_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    suite = suite_of("select * from previous.mart.fct_observation", expectation("bounded"), needs_previous=True)
    (result,) = gx.run(connection, [suite], has_previous=False)
    assert result.success
    assert result.observed == "there is no release before this one"


def test_missing_values_are_told_as_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    frame = "select 'E1' as area, null::double as lower, 7.0 as value union all select 'E2', 1.0, 7.0"
    missing = expectation("missing", "expect_column_values_to_not_be_null", kwargs={"column": "lower"})
    (result,) = gx.run(connection, [suite_of(frame, missing)], has_previous=False)
    assert result.failing[0]["area"] == "E1"
    assert result.failing[0].get("lower") is None
    assert result.as_json()["failing"]


def test_results_come_in_the_order_of_the_files(connection: duckdb.DuckDBPyConnection) -> None:
    first = suite_of(ROWS, expectation("z"), expectation("a", BETWEEN), suite="z_suite")
    second = suite_of(ROWS, expectation("m"), suite="a_suite")
    results = gx.run(connection, [first, second], has_previous=False)
    names = [(result.suite, result.expectation) for result in results]
    assert names == [("z_suite", "z"), ("z_suite", "a"), ("a_suite", "m")]
    assert all(result.remedy == "Do this." and result.reason == "Because." for result in results)
