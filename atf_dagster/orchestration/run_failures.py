"""Why a Dagster run failed, whoever started it: `runs/<run>/outcome.json` for runs that left none.

Belongs here: reading a run's events. Does not belong here: starting runs (`run`, `automation`), telling people
(`alerts`). Dagster's types are only named, so that importing this costs nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atf_dagster.pipeline.run_record import Outcome, RunRecord

if TYPE_CHECKING:
    import dagster as dg

KILLED = "Killed"


@dataclass(frozen=True)
class RunFailure:
    """Why a run came to nothing. `error` is the name of what was raised, `Killed` where nothing was."""

    outcome: Outcome
    message: str
    remedy: str
    error: str


def failure_of(events: Iterable[Any], run_id: str) -> RunFailure:
    """What the failed step said, innermost cause first, because Dagster wraps it in its own words."""
    last = ""
    for event in events:
        if event.is_step_failure:
            return _from_error(event.step_key, event.step_failure_data.error, run_id)
        if event.is_run_failure and event.job_failure_data.error is not None:
            return _from_error("refresh", event.job_failure_data.error, run_id)
        last = event.step_key or last
    return _killed(f"in or after the step {last}" if last else "before its first step", run_id)


def _killed(where: str, run_id: str) -> RunFailure:
    return RunFailure(
        "failed",
        f"The run was ended from outside {where}: its process was killed, or the machine went down.",
        "Look at the machine's memory and at who ends processes there. The last release stays in place; a plain re-run "
        f"goes on from what has landed. What the run wrote is in Dagster under run {run_id}.",
        KILLED,
    )


def _from_error(step: str, error: Any, run_id: str) -> RunFailure:
    while error is not None and error.cause is not None:
        error = error.cause
    text = (error.message if error is not None else "").strip()
    name, _, detail = text.partition(": ")
    name = name.rpartition(".")[2]
    return RunFailure(
        "held" if name == "WarehouseHeld" else "failed",
        f"{step}: {detail or text}",
        "The last release stays in place; a plain re-run goes on from what has landed. The full trace is in "
        f"Dagster under run {run_id}.",
        name if name.isidentifier() else "",
    )


def record_failure(record: RunRecord, failure: RunFailure) -> None:
    """Write how the run ended where it did not do so itself; each run ends in exactly one way."""
    record.finish(failure.outcome, message=failure.message, remedy=failure.remedy, error=failure.error)


def record_killed(record: RunRecord) -> None:
    """For a run whose process is gone. One that had written its outcome was killed after its work was done."""
    if record.outcome() is None:
        record_failure(record, _killed("while it was at work", record.run_id))


def record_from_history(record: RunRecord, instance: "dg.DagsterInstance") -> None:
    """For a run that left no outcome: what Dagster's history says of its failure."""
    if record.outcome() is None:
        entries = instance.all_logs(record.run_id)
        events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
        record_failure(record, failure_of(events, record.run_id))
