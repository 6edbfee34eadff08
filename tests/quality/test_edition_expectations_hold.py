"""Suite staged_editions on editions made to break it: each rule sees its own, and no whole edition is held.

Belongs here: planted editions of tables that do not hold every period. Does not belong here: the departments' real ones
(tests/sources/test_editions.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pytest
from judging import Outcomes, insert, outcomes

from atf_dagster.quality import causes

Year = Mapping[int, float | None]
"""Number of an area -> its figure."""
Edition = Mapping[int, Year]

WHOLE: Year = dict.fromkeys(range(10), 10.0)
BEFORE: Mapping[str, Edition] = {
    "one year": {2022: WHOLE},
    "four years": dict.fromkeys((2019, 2020, 2021, 2022), WHOLE),
}
GOOD: Mapping[str, tuple[str, Edition]] = {
    "the next year": ("one year", {2023: WHOLE}),
    "an older year": ("one year", {2020: WHOLE}),
    "the same year revised": ("one year", {2022: {**WHOLE, 3: 11.0}}),
    "a fifth of the areas merged": ("one year", {2023: dict.fromkeys(range(8), 10.0)}),
    "a fifth of the values withheld": ("one year", {2023: {**WHOLE, 0: None, 1: None}}),
    "the oldest year dropped": ("four years", dict.fromkeys((2020, 2021, 2022, 2023), WHOLE)),
    "figures four times as high": ("one year", {2023: dict.fromkeys(range(10), 40.0)}),
}
BROKEN: Mapping[str, tuple[tuple[str, Edition], ...]] = {
    "edition_has_the_areas_of_the_one_before": (
        ("one year", {2023: dict.fromkeys(range(7), 10.0)}),
        ("one year", {2022: dict.fromkeys(range(7), 10.0)}),
        ("one year", {2023: dict.fromkeys(range(100, 110), 10.0)}),
        ("four years", {**dict.fromkeys((2020, 2021, 2022), WHOLE), 2023: {0: 10.0}}),
    ),
    "edition_gives_the_values_of_the_one_before": (("one year", {2023: {**WHOLE, 0: None, 1: None, 2: None}}),),
    "edition_keeps_its_unit": (
        ("one year", {2023: dict.fromkeys(range(10), 0.1)}),
        ("one year", {2021: dict.fromkeys(range(10), 10_000.0)}),
    ),
    "edition_has_as_many_periods": (("four years", dict.fromkeys((2021, 2022, 2023), WHOLE)), ("one year", {})),
}


def plant(
    connection: duckdb.DuckDBPyConnection, name: str, sequence: int, edition: Edition, *, holds: str, row_use: str
) -> None:
    vintage_id, state = (f"before {name}", "admitted") if sequence == 1 else (name, "pending")
    last = {"last_verdict": "admitted"} if sequence == 1 else {}
    vintage = {"vintage_id": vintage_id, "dataset": name, "part": "all", "sequence": sequence, "edition_holds": holds}
    insert(connection, "raw.vintage", {**vintage, "admission": state, **last})
    for year, figures in edition.items():
        for area, value in figures.items():
            row = {"vintage_id": vintage_id, "row_use": row_use, "indicator_code": "ATF16", "sex": "Persons"}
            period = {"period_id": f"{year}-01-01/{year}-12-31", "period_end": f"{year}-12-31"}
            who = {"area_code": f"E{area:08}", "age": "All ages", "breakdown_type": "Total", "breakdown_value": "Total"}
            insert(connection, "intermediate.int_staged", {**row, **period, **who, "value": value})


@pytest.fixture(scope="module")
def judged(empty_admission: duckdb.DuckDBPyConnection) -> Outcomes:
    made = [(name, *edition, "own_periods", "kept") for name, edition in GOOD.items()]
    made += [
        (f"{name} {number}", *edition, "own_periods", "kept")
        for name, editions in BROKEN.items()
        for number, edition in enumerate(editions)
    ]
    made += [
        ("half of the small areas", "one year", {2023: {0: 10.0}}, "own_periods", "other_area"),
        # What an edition of every period lost, staged_vintages says.
        ("every period", "one year", {2023: {0: 1_000.0}}, "every_period", "kept"),
    ]
    for name, before, edition, holds, row_use in made:
        plant(empty_admission, name, 1, BEFORE[before], holds=holds, row_use=row_use)
        plant(empty_admission, name, 2, edition, holds=holds, row_use=row_use)
    return outcomes(empty_admission, "admission")["staged_editions"]


@pytest.mark.parametrize("name", BROKEN)
def test_an_edition_that_breaks_a_rule_is_held_by_that_rule_alone(judged: Outcomes, name: str) -> None:
    small = {"half of the small areas"} if name == "edition_has_the_areas_of_the_one_before" else set()
    assert {row["vintage_id"] for row in judged[name].failing} == small | {
        f"{name} {number}" for number in range(len(BROKEN[name]))
    }
    assert judged[name].blocks


def test_the_message_says_which_period_was_compared_with_which(judged: Outcomes) -> None:
    rows = judged["edition_keeps_its_unit"].failing
    assert {(row["period_id"][:4], row["compared_with"][:4]) for row in rows} == {("2023", "2022"), ("2021", "2022")}


def test_what_is_held_says_which_areas_went_and_by_how_much_the_figures_changed(
    empty_admission: duckdb.DuckDBPyConnection, judged: Outcomes
) -> None:
    lost, unit = "edition_has_the_areas_of_the_one_before", "edition_keeps_its_unit"
    told = {
        row["vintage_id"]: row.get("told")
        for result in causes.explained(empty_admission, [judged[lost], judged[unit]])
        for row in result.failing
    }
    three = ", ".join(f"E{area:08}" for area in (7, 8, 9))
    assert told[f"{lost} 0"] == told[f"{lost} 1"] == f"All figures of areas {three} are gone; nothing came instead."
    assert told[f"{lost} 2"].endswith(" came instead.")
    assert told[f"{unit} 0"] == "The figures are about 0.01 times what they were."
