"""The outcomes of each suite over time: one line for each run and stage, in a file of the home.

Belongs here: keeping and reading these lines. Does not belong here: a single outcome (`results`), who is notified
(`alerts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.files import append_json, read_json_lines
from atf_dagster.quality.results import Result

SHOWN = 10


@dataclass(frozen=True)
class Outcome:
    """One suite in one run: the number of expectations that passed, and the names and severities of the others."""

    run_id: str
    at: str
    passed: int
    failed: tuple[str, ...]


def remember(folder: Path, run_id: str, stage: str, results: Sequence[Result]) -> None:
    """Append the outcomes of the suites of one stage."""
    suites: dict[str, dict[str, Any]] = {}
    for result in results:
        entry = suites.setdefault(result.suite, {"passed": 0, "failed": []})
        if result.success:
            entry["passed"] += 1
        else:
            entry["failed"].append(f"{result.expectation} ({result.severity})")
    if results:
        at = max(result.evaluated_at for result in results)
        append_json(folder / "history.jsonl", {"run_id": run_id, "at": at, "stage": stage, "suites": suites})


def last(folder: Path, count: int = SHOWN) -> dict[str, list[Outcome]]:
    """The newest outcomes of each suite, the newest first."""
    found: dict[str, list[Outcome]] = {}
    for record in reversed(read_json_lines(folder / "history.jsonl")):
        for suite, entry in record["suites"].items():
            outcomes = found.setdefault(suite, [])
            if len(outcomes) < count:
                outcomes.append(Outcome(record["run_id"], record["at"], entry["passed"], tuple(entry["failed"])))
    return found
