"""What a held vintage lacks is said in words: which labels went, and which came instead.

Belongs here: vintages that lack figures of the one before, by the suite that holds them. Does not belong here: verdicts
(test_admission_verdicts), what people are notified of (tests/alerts, tests/faults).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from judging import COUNCILS, insert
from test_admission_verdicts import parsed, under

from atf_dagster.landing import Store
from atf_dagster.quality import causes, gx, suites
from atf_dagster.quality.admission import judge
from atf_dagster.quality.results import Result

VINTAGES = [suite for suite in suites.load("admission") if suite.suite == "staged_vintages"]
NOT_JUDGED = ("row_use", "measure", "period_length")
"""Columns of staged rows that admission's table lacks."""
Row = dict[str, Any]
Told = Callable[[Iterable[Row]], dict[str, str]]


def table() -> list[Row]:
    """A table of nine councils, two sexes, two ages and five years."""
    return [
        {"area_code": area, "sex": sex, "age": age, "period_label": year, "value": 10.0 + int(year) % 7}
        for area in COUNCILS
        for sex in ("Female", "Male")
        for age in ("18+ yrs", "65+ yrs")
        for year in ("2019", "2020", "2021", "2022", "2023")
    ]


@pytest.fixture
def told(empty_admission: duckdb.DuckDBPyConnection) -> Told:
    """Gives what is said of a vintage that follows one of `table()`: expectation -> its cause."""

    def explained(rows: Iterable[Row]) -> dict[str, str]:
        connection = empty_admission
        for name in ("intermediate.int_admission", "intermediate.int_staged", "raw.vintage"):
            connection.execute(f"delete from {name}")
        for number, (name, verdict) in enumerate((("before", "admitted"), ("now", None))):
            vintage = {"vintage_id": name, "dataset": "d", "part": "all", "sequence": number, "last_verdict": verdict}
            vintage["admission"] = verdict or "pending"
            insert(connection, "raw.vintage", vintage)
        before = {key(row): row for row in table()}
        for row in before.values():
            insert(connection, "intermediate.int_staged", whole("before", row))
        for row in rows:
            staged = whole("now", row)
            insert(connection, "intermediate.int_staged", staged)
            known = before.get(key(row), {})
            more = {"previous_value": known.get("value"), "previous_status": "normal" if known else None}
            kept = {name: value for name, value in staged.items() if name not in NOT_JUDGED}
            if staged["row_use"] == "kept":
                insert(connection, "intermediate.int_admission", {**kept, **more})
        results = causes.explained(connection, gx.run(connection, VINTAGES, has_previous=False))
        return {
            result.expectation: str(row.get("told", ""))
            for result in results
            if not result.success and result.severity == "critical"
            for row in result.failing
        }

    return explained


def whole(vintage: str, row: Row) -> Row:
    return {
        **{"vintage_id": vintage, "dataset": "d", "part": "all", "indicator_code": "SUP03", "row_use": "kept"},
        **{
            "breakdown_type": "Total",
            "breakdown_value": "Total",
            "status": "normal",
            "measure": "rate",
            "period_length": "3y",
        },
        "period_end": f"{row.get('period_label', '2022')[:4]}-12-31",
        **row,
        "observation_key": key(row),
    }


def key(row: Row) -> str:
    if "observation_key" in row:
        return str(row["observation_key"])
    return "/".join(str(row.get(name)) for name in ("area_code", "sex", "age", "period_label", "breakdown_value"))


def financial(row: Row) -> Row:
    return row | {"period_label": f"{row['period_label']}/{int(row['period_label']) - 1999}"}


def instead(label: str, old: str, new: str) -> list[Row]:
    return [row | {label: new} if row[label] == old else row for row in table()]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (instead("age", "18+ yrs", "16+ yrs"), "All figures of age 18+ yrs are gone; 16+ yrs came instead."),
        (instead("sex", "Male", "Men"), "All figures of sex Male are gone; Men came instead."),
        (
            [financial(row) for row in table()],
            "All figures of periods 2019, 2020, 2021, 2022, 2023 are gone; "
            "2019/20, 2020/21, 2021/22, 2022/23, 2023/24 came instead.",
        ),
        (
            [row for row in table() if row["period_label"] > "2020"],
            "All figures of periods 2019, 2020 are gone; nothing came instead.",
        ),
        (
            [row | {"breakdown_type": "Sex", "breakdown_value": "All"} for row in table()],
            "All figures of category Total: Total are gone; Sex: All came instead.",
        ),
        (
            [row for number, row in enumerate(table()) if number % 3],
            "60 figures are gone, of no one age, sex, category, period length, period or area: the file was "
            "probably cut.",
        ),
        (
            [row | {"measure": "proportion", "row_use": "other_measure"} for row in table() if row["age"] == "18+ yrs"]
            + [row for row in table() if row["age"] != "18+ yrs"],
            "90 figures are gone, of no one age, sex, category, period length, period or area: the file was "
            "probably cut.",
        ),
        (
            [row | {"measure": "proportion", "row_use": "other_measure"} for row in table()],
            "All figures of measure rate are gone; proportion came instead.",
        ),
        (
            [row | {"period_length": "1y", "row_use": "other_period_length"} for row in table()],
            "All figures of period length 3y are gone; 1y came instead.",
        ),
        (
            [row | {"period_end": None, "observation_key": "without a period"} for row in table()],
            "The figures are there, but the periods of 180 could not be read, which are called 2019, 2020, 2021, 2022, "
            "2023.",
        ),
    ],
)
def test_lost_figures_are_told_by_the_label_that_went_and_the_one_that_came(
    told: Told, rows: list[Row], words: str
) -> None:
    assert told(rows) == {"most_figures_are_still_there": words}


def test_missing_councils_are_named_with_the_codes_that_came_instead(told: Told) -> None:
    lost = {"E06000006": "E06000099", "E08000012": "E08000099"}
    rows = [row | {"area_code": lost.get(row["area_code"], row["area_code"]), "area_name": "New"} for row in table()]
    found = told(row | {"row_use": "other_area"} if row["area_code"].endswith("99") else row for row in rows)
    assert found["councils_are_there"] == (
        "Missing: Halton (E06000006), Liverpool (E08000012); New (E06000099), New (E08000099) came under codes that "
        "the catalogue does not have."
    )
    assert found["most_figures_are_still_there"] == (
        "All figures of areas Halton (E06000006), Liverpool (E08000012) are gone; "
        "New (E06000099), New (E08000099) came instead."
    )


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        (
            lambda row: row["age"] == "65+ yrs",
            "No value of age 65+ yrs is given any longer; they are now 90 suppressed.",
        ),
        (
            lambda row: row["period_label"] in ("2022", "2023"),
            "No value of periods 2022, 2023 is given any longer; they are now 72 suppressed.",
        ),
        (
            lambda row: hash_of(row) % 3 == 0,
            "60 values are no longer given; they are now 60 suppressed.",
        ),
        (
            lambda row: True,
            "None of 180 values is given any longer; they are now 180 suppressed.",
        ),
    ],
)
def test_values_that_are_no_longer_given_are_told_by_what_they_have_in_common(
    told: Told, hidden: Callable[[Row], bool], words: str
) -> None:
    rows = [row | {"value": None, "status": "suppressed"} if hidden(row) else row for row in table()]
    assert told(rows) == {"most_values_are_still_given": words}


def hash_of(row: Row) -> int:
    return table().index(row)


def edition(year: int, lost: tuple[str, ...] = (), hidden: tuple[str, ...] = ()) -> list[Row]:
    """One year of the nine councils and two small areas; `lost` and `hidden` are areas."""
    return [
        {
            "area_code": area,
            "sex": "Persons",
            "age": "All ages",
            "period_id": f"{year}-01-01/{year}-12-31",
            "period_end": f"{year}-12-31",
            "row_use": "other_area" if area.startswith("E01") else "kept",
            "value": None if area in hidden else 10.0,
            "status": "suppressed" if area in hidden else "normal",
        }
        for area in (*COUNCILS, "E01000001", "E01000002")
        if area not in lost
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            edition(2023, lost=("E06000006", "E08000012", "E01000001")),
            "All figures of areas E01000001, Halton (E06000006), Liverpool (E08000012) are gone; nothing came instead.",
        ),
        (
            [row | {"sex": "All"} for row in edition(2023)],
            "All figures of sex Persons are gone; All came instead.",
        ),
        (
            edition(2024, hidden=("E06000006", "E08000012", "E01000001")),
            "No value of areas E01000001, Halton (E06000006), Liverpool (E08000012) is given any longer; "
            "they are now 3 suppressed.",
        ),
        (
            [row | {"value": 0.1} for row in edition(2023)],
            "The figures are about 0.01 times what they were.",
        ),
    ],
)
def test_an_edition_of_one_year_is_explained_beside_the_year_before(
    empty_admission: duckdb.DuckDBPyConnection, rows: list[Row], words: str
) -> None:
    for name in ("intermediate.int_admission", "intermediate.int_staged", "raw.vintage"):
        empty_admission.execute(f"delete from {name}")
    for number, (name, held) in enumerate((("before", edition(2022)), ("now", rows))):
        vintage = {
            "vintage_id": name,
            "dataset": "d",
            "part": "all",
            "sequence": number,
            "edition_holds": "own_periods",
        }
        state = {"admission": "pending"} if number else {"admission": "admitted", "last_verdict": "admitted"}
        insert(empty_admission, "raw.vintage", vintage | state)
        for row in held:
            insert(empty_admission, "intermediate.int_staged", whole(name, row))
    editions = [suite for suite in suites.load("admission") if suite.suite == "staged_editions"]
    results = causes.explained(empty_admission, gx.run(empty_admission, editions, has_previous=False))
    assert [row["told"] for result in results for row in result.failing] == [words]


@pytest.mark.parametrize("factor", [0.01, 0.45, 2.5, 12])
def test_another_unit_and_a_part_of_a_year_are_told_with_their_factor(told: Told, factor: float) -> None:
    """Beyond half and double the vintage is held: else a check of the whole mart would hold everybody's release."""
    assert told(row | {"value": row["value"] * factor} for row in table()) == {
        "unit_did_not_switch": f"The figures are about {factor} times what they were."
    }


def test_a_label_of_a_publisher_is_cut_to_a_length_that_can_be_read(told: Told) -> None:
    words = told(instead("age", "18+ yrs", "x\n" * 5000))["most_figures_are_still_there"]
    assert words == f"All figures of age 18+ yrs are gone; {'x ' * 40} came instead."


def test_the_cause_stands_before_the_reason_in_the_message_of_the_verdict(tmp_path: Path) -> None:
    held = parsed("bad")
    cause = "All figures of age 18+ yrs are gone; 16+ yrs came instead."
    rows = ({"vintage_id": held.vintage.id, "told": cause}, {"vintage_id": "other", "told": "Another."})
    result = Result(
        suite="staged_vintages",
        stage="admission",
        table_name="int_admission",
        expectation="most_figures_are_still_there",
        severity="critical",
        success=False,
        observed="",
        unexpected_count=2,
        failing=rows,
        owner="publisher",
        reason="A file was cut.",
        remedy="Look.",
        runbook="vintage-cut",
        evaluated_at="2025-03-01T06:00:00+00:00",
    )
    store = Store(tmp_path)
    ((_, verdict),) = judge(store, [held], [result], rules=under("rules"), run_id="run")
    assert verdict.message == f"most_figures_are_still_there: {cause} A file was cut."
    assert verdict.cause == cause
    assert store.verdicts("bad", "all")[1, "admission"].cause == cause
