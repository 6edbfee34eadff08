"""Verdicts: a critical row quarantines the vintage that it belongs to, and no other."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from atf_dagster.landing import Store, Verdict, Vintage
from atf_dagster.landing.raw_verdicts import Parsed
from atf_dagster.quality.admission import judge, write_table_of_verdicts
from atf_dagster.quality.results import Result

FAILED = Result(
    suite="staged_rows",
    stage="admission",
    table_name="int_admission",
    expectation="value_within_bounds",
    severity="critical",
    success=False,
    observed="2 of 10 rows fail",
    unexpected_count=2,
    failing=(),
    owner="publisher",
    reason="Beyond its bounds.",
    remedy="Write to the publisher.",
    runbook="beyond-bounds",
    evaluated_at="2025-03-01T06:00:00+00:00",
)


def parsed(dataset: str, sequence: int = 1, verdict: str = "parsed") -> Parsed:
    vintage = Vintage(
        dataset=dataset,
        part="all",
        sequence=sequence,
        sha256=f"{sequence}" * 64,
        bytes=10,
        url="https://publisher.example",
        final_url="https://publisher.example",
        encoding="utf-8-sig",
        retrieved_at=dt.datetime(2025, 3, sequence, tzinfo=dt.UTC),
        run_id="run",
        published_at=None,
        etag=None,
        last_modified=None,
        pages=(),
    )
    said = Verdict(sequence, "raw", verdict, "1", "2025-03-01T06:00:00+00:00", "run", rows=5)  # type: ignore[arg-type]
    return Parsed(vintage, said, fresh=True)


def failing(*entries: Parsed) -> Result:
    return replace(FAILED, failing=tuple({"vintage_id": entry.vintage.id, "value": 101} for entry in entries))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "landing")


GOOD, BAD, OTHER = parsed("good"), parsed("bad"), parsed("other")


def under(rules: str) -> dict[str, str]:
    """One set of rules for every dataset."""
    return dict.fromkeys(("good", "bad", "other", "rejected"), rules)


def verdicts(store: Store, results: list[Result], rules: str = "rules") -> dict[str, Verdict]:
    decided = judge(store, [GOOD, BAD, OTHER], results, rules=under(rules), run_id="run")
    return {entry.vintage.dataset: verdict for entry, verdict in decided}


def test_only_the_vintage_that_is_named_is_held(store: Store) -> None:
    found = verdicts(store, [failing(BAD, BAD)])
    assert {name: verdict.verdict for name, verdict in found.items()} == {
        "good": "admitted",
        "bad": "quarantined",
        "other": "admitted",
    }
    held = found["bad"]
    assert held.reason == "staged_rows.value_within_bounds"
    assert held.message is not None and "Beyond its bounds." in held.message
    assert held.remedy == "Write to the publisher."
    assert held.rows == 2
    assert store.verdicts("bad", "all")[1, "admission"] == held


def test_a_warning_holds_nothing(store: Store) -> None:
    found = verdicts(store, [replace(failing(BAD), severity="warning")])
    assert {verdict.verdict for verdict in found.values()} == {"admitted"}


def test_a_critical_check_that_could_not_run_holds_all_that_wait(store: Store) -> None:
    found = verdicts(store, [replace(FAILED, broken=True)])
    assert {verdict.verdict for verdict in found.values()} == {"quarantined"}


def test_a_verdict_stands_as_long_as_its_rules_do(store: Store) -> None:
    """The rows of a judged vintage are not checked again, so a run without failing rows does not admit it."""
    verdicts(store, [failing(BAD)])
    assert verdicts(store, [])["bad"].verdict == "quarantined"
    assert verdicts(store, [failing(GOOD)])["good"].verdict == "admitted"
    assert verdicts(store, [], rules="other rules")["bad"].verdict == "admitted"
    assert store.verdicts("bad", "all")[1, "admission"].rules == "other rules"


def test_other_rules_of_one_dataset_judge_no_other_dataset_anew(store: Store) -> None:
    """A new verdict from checks that did not see its rows would wrongly admit it."""
    verdicts(store, [failing(BAD), failing(OTHER)])
    rules = {**under("rules"), "other": "other rules"}
    found = {
        entry.vintage.dataset: verdict.verdict
        for entry, verdict in judge(store, [GOOD, BAD, OTHER], [], rules=rules, run_id="later")
    }
    assert found == {"good": "admitted", "bad": "quarantined", "other": "admitted"}
    assert store.verdicts("bad", "all")[1, "admission"].run_id == "run"


def test_a_vintage_that_did_not_parse_gets_no_verdict(store: Store) -> None:
    rejected = parsed("rejected", verdict="rejected")
    assert judge(store, [rejected], [], rules=under("rules"), run_id="run") == []
    assert store.verdicts("rejected", "all") == {}


def test_the_second_half_is_told_of_every_verdict(store: Store, tmp_path: Path) -> None:
    decided = judge(store, [GOOD, BAD], [failing(BAD)], rules=under("rules"), run_id="run")
    write_table_of_verdicts(tmp_path, decided)
    with duckdb.connect() as connection:
        path = str(tmp_path / "admission" / "admission.parquet")
        rows = connection.execute("select * from read_parquet($path)", {"path": path}).fetchall()
    assert sorted(rows) == [
        (BAD.vintage.id, "quarantined", "staged_rows.value_within_bounds"),
        (GOOD.vintage.id, "admitted", None),
    ]
