"""A home that was made before names changed loses nothing: its records are read under today's names.

The records are those that release 0.1.0 and the state before this one wrote, with their keys as they lie on disk.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atf_dagster.alerts import heartbeat, ledger, outbox
from atf_dagster.landing import Store
from atf_dagster.landing.records import BY_HAND
from atf_dagster.old_names import current_names
from atf_dagster.quality.results import Result

PROBLEM = {
    "key": "source/fingertips_93283.councils",
    "kind": "vintage-held",
    "severity": "critical",
    "owner": "publisher",
    "place": "fingertips_93283.councils",
    "headline": "sent figures that a check holds",
    "message": "Two rows of one figure disagree.",
    "mend": "Write to the publisher.",
    "since": "2026-11-30T06:00:00+00:00",
    "state": "held: staged_rows.one_figure_a_key",
    "runbook": "vintage-held",
    "principle": "Best start in life",
    "indicators": ["ATF01"],
    "rows": [],
    "n_rows": 0,
    "page": None,
}
OPEN = {"problem": PROBLEM, "first_seen": "2026-11-30T06:00:00+00:00", "times": 2}
NEWS = {"indicator": "ATF01", "name": "Life expectancy", "principle": "Best start in life", "sentences": ["It rose."]}
ANSWER = {
    "url": "https://x.example/a",
    "sha256": "0" * 64,
    "bytes": 3,
    "final_url": "https://x.example/a",
    "status": 200,
}
ATTEMPT: dict[str, Any] = {
    "dataset": "d",
    "part": "all",
    "mode": "live",
    "url": "https://x.example/a",
    "outcome": "rejected",
    "started_at": "2026-11-30T06:00:00.000000+00:00",
    "finished_at": "2026-11-30T06:00:01.000000+00:00",
    "run_id": "r",
    "tool_version": "0.1.0",
    "message": "The body is a web page.",
    "mend": "Ask whoever runs the proxy.",
    "looks": [ANSWER],
}
VERDICT: dict[str, Any] = {
    "sequence": 1,
    "stage": "admission",
    "verdict": "held",
    "rules": "abc",
    "at": "2026-11-30T06:00:02+00:00",
    "run_id": "r",
    "reason": "staged_rows.one_figure_a_key",
    "message": "Two rows of one figure disagree.",
    "mend": "Write to the publisher.",
}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


def test_receipts_keep_their_remedy_and_what_was_asked_before(tmp_path: Path) -> None:
    write(tmp_path / "d" / "all" / "attempts.jsonl", ATTEMPT)
    (attempt,) = Store(tmp_path).attempts("d", "all")
    assert attempt.remedy == "Ask whoever runs the proxy."
    assert [answer.url for answer in attempt.listings] == ["https://x.example/a"]


@pytest.mark.parametrize(("rules", "verdict"), [("abc", "held"), (BY_HAND, "admitted")])
def test_verdicts_are_what_they_were_those_of_a_person_too(tmp_path: Path, rules: str, verdict: str) -> None:
    write(tmp_path / "d" / "all" / "verdicts.jsonl", {**VERDICT, "rules": rules, "verdict": verdict})
    found = Store(tmp_path).verdicts("d", "all")[1, "admission"]
    assert found.verdict == ("quarantined" if verdict == "held" else verdict)
    assert (found.rules, found.remedy) == (rules, "Write to the publisher.")


def test_what_people_were_told_of_is_not_new_to_them(tmp_path: Path) -> None:
    known = {"sequence": 4, "open": [OPEN], "told_runs": ["r"], "refreshes_since": 1}
    write(tmp_path / "ledger.json", {**known, "quiet_since": "2026-11-29", "last_good": "2026-11-29"})
    found = ledger.read(tmp_path)
    (entry,) = found.open
    assert (found.notified_runs, entry.alert.remedy, entry.times) == (("r",), "Write to the publisher.", 2)
    assert (entry.alert.kind, entry.alert.runbook) == ("vintage-quarantined", "vintage-quarantined")
    assert entry.alert.state == "quarantined: staged_rows.one_figure_a_key"
    _, difference = found.compare([entry.alert], {"source"}, "2026-12-01T06:00:00+00:00")
    assert not difference.has_changes


def test_messages_that_wait_are_still_sent(tmp_path: Path) -> None:
    digest = {"number": 4, "at": "2026-11-30", "mode": "live", "run_id": "r", "outcome": "published", "release": "1"}
    lists = {"new": [OPEN], "changed": [], "resolved": [], "passed_by": [], "standing": [OPEN], "news": [NEWS]}
    write(tmp_path / "digests" / "000004.json", {**digest, **lists, "quiet": ""})
    write(tmp_path / "delivery.json", {"mail": {"name": "mail", "told": 3, "misses": 1, "failing_since": "x"}})
    write(tmp_path / "heartbeat.json", {"name": "heartbeat", "told": 0, "misses": 2})
    found = outbox.read(tmp_path, 4)
    assert found is not None
    assert [entry.alert.key for entry in found.still_open] == [PROBLEM["key"]]
    assert [note.sentences for note in found.change_notes] == [("It rose.",)]
    assert outbox.deliveries(tmp_path)["mail"].notified == 3
    assert heartbeat.read(tmp_path).misses == 2


def test_results_of_earlier_runs_keep_their_remedy() -> None:
    record = dict.fromkeys(Result.__dataclass_fields__, "")
    del record["remedy"]
    assert Result.from_json({**record, "mend": "Compare.", "failing": [{"a": 1}]}).remedy == "Compare."


def test_a_record_with_todays_names_is_handed_on_as_it_is() -> None:
    record = {"remedy": "Compare.", "verdict": "admitted"}
    assert current_names(record) is record
