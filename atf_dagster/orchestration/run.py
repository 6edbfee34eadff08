"""Runs a refresh as a Dagster job in this process, so that it is seen in Dagster like any other run.

Belongs here: the instance, the run, which of the four ends it came to.
Does not belong here: printing.
"""

import gc
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atf_dagster import settings as settings_module
from atf_dagster.alerts import notify
from atf_dagster.files import sha256_of, write_atomic
from atf_dagster.landing.source_issues import SourceIssue
from atf_dagster.orchestration import run_failures
from atf_dagster.pipeline.engines import Engines
from atf_dagster.pipeline.run_record import Outcome, RunRecord
from atf_dagster.release import changes, versions
from atf_dagster.settings import PROJECT, Settings

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class Report:
    """How a refresh ended. `seconds` by part; `message` and `remedy` where it did not publish."""

    outcome: Outcome
    run_id: str
    mode: str
    release: str | None
    release_path: str | None
    page: str | None
    source_issues: list[SourceIssue]
    changes: list[changes.Change]
    notes: list[str]
    notified: str
    """What people were notified of, and what could not be delivered."""
    message: str | None
    remedy: str | None
    seconds: dict[str, float]


def prepare_dagster_home(settings: Settings) -> Path:
    """The instance's folder with its configuration; sets DAGSTER_HOME for this process."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    configuration, note = settings.dagster_home / "dagster.yaml", settings.dagster_home / ".dagster.yaml.sha256"
    ours = sha256_of(PROJECT / "dagster.yaml")
    copied = note.read_text("utf-8") if note.exists() else None
    # What somebody edited by hand stays; a copy that is as we left it follows the project.
    if not configuration.exists() or copied == sha256_of(configuration) != ours:
        shutil.copyfile(PROJECT / "dagster.yaml", configuration)
        write_atomic(note, ours)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    # What a run plans is stored in one transaction; by itself Dagster makes several hundred of it.
    os.environ["DAGSTER_EVENT_BATCH_SIZE"] = "1000"
    return settings.dagster_home


def run(settings: Settings, *, rebuild: bool, progress: Callable[[str], None]) -> Report:
    """Refresh once. The caller holds the lock. Never raises for a fault of a source, a check or a model."""
    seconds: dict[str, float] = {}
    clock = time.perf_counter()
    gc.set_threshold(*settings_module.COLLECT_SELDOM)
    settings_module.disable_usage_data()
    prepare_dagster_home(settings)
    # It warns of blocking checks that gave no result, which is what skipping an unchanged mart looks like;
    # a release without checks is refused where it is made.
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    engines = Engines(settings)
    if rebuild or versions.current_version(settings.releases) is None:
        engines.start()  # something will be built, so that dbt may be imported beside Dagster
    try:
        return _run(settings, engines, rebuild=rebuild, progress=progress, seconds=seconds, clock=clock)
    finally:
        engines.close()


def _run(
    settings: Settings,
    engines: Engines,
    *,
    rebuild: bool,
    progress: Callable[[str], None],
    seconds: dict[str, float],
    clock: float,
) -> Report:
    import dagster as dg

    from atf_dagster.orchestration import killed_runs
    from atf_dagster.orchestration.automation import run_retention
    from atf_dagster.orchestration.definitions import build_defs

    if gone_back := versions.roll_back_from_damage(settings.releases):
        progress(gone_back.sentence)
    before = versions.current(settings.releases)
    definitions = build_defs(settings, progress, engines)
    job = definitions.resolve_job_def("rebuild" if rebuild else "refresh")
    seconds["import"] = time.perf_counter() - clock
    with dg.DagsterInstance.get() as instance:
        for run_id in killed_runs.fail_killed_runs(instance):
            run_failures.record_killed(RunRecord(settings, run_id))
            progress(f"run {run_id} had been killed; what it landed is used")
        # Dagster's own lines would bury ours; its event log keeps every one of them.
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=quiet)
        seconds |= _step_seconds(result)
        refresh = RunRecord(settings, result.run_id)
        outcome, message, remedy = _ending(refresh, result)
        current = versions.current(settings.releases)
        changed = changes.between(before, current) if outcome == "published" else []
        started = time.perf_counter()
        notified = _notify(settings, instance, result.run_id, changed)
        run_retention.remove_old_runs(settings, instance)
        seconds["alerts"] = time.perf_counter() - started
    seconds["total"] = time.perf_counter() - clock
    return Report(
        outcome=outcome,
        run_id=result.run_id,
        mode=settings.mode,
        release=current.version if current else None,
        release_path=str(current.path) if current else None,
        page=_page(refresh, current),
        source_issues=refresh.source_issues(),
        changes=changed,
        notes=refresh.notes(),
        notified=notified,
        message=message,
        remedy=remedy,
        seconds={name: round(value, 2) for name, value in seconds.items()},
    )


def _ending(refresh: RunRecord, result: Any) -> tuple[Outcome, str | None, str | None]:
    """How the run ended, what happened and what to do where it did not publish; a failure is written down."""
    ended = refresh.outcome()
    if ended is None:
        failure = run_failures.failure_of(result.all_events, result.run_id)
        run_failures.record_failure(refresh, failure)
        return failure.outcome, failure.message, failure.remedy
    outcome: Outcome = ended["outcome"]
    if outcome == "held":
        remedy = f"See {refresh.page} for every failing row. The last release stays in place."
        return outcome, " ".join(ended["blocked_by"]), remedy
    return outcome, None, None


def _notify(settings: Settings, instance: "dg.DagsterInstance", run_id: str, changed: list[changes.Change]) -> str:
    """Notify people. Alerts never decide how a refresh ended; what stopped them is said in the report."""
    from atf_dagster.orchestration.automation import open_alerts_check

    try:
        notified = notify.after_run(settings, run_id, changed)
        open_alerts_check.report(instance, notified.open)
    except Exception as error:
        logging.getLogger(__name__).exception("Telling of run %s stopped", run_id)
        return (
            f"nobody was notified: {type(error).__name__}: {error}. An engineer corrects it; `atf alerts send` and "
            "the next refresh try again."
        )
    return notified.sentence


def _page(refresh: RunRecord, current: versions.Release | None) -> str | None:
    """This run's validation page, or the one that the current release was published with."""
    if refresh.page.exists():
        return str(refresh.page)
    kept = current.path / "validation.html" if current else None
    return str(kept) if kept and kept.exists() else None


def _step_seconds(result: Any) -> dict[str, float]:
    names = {"landing": "fetch", "mart_checks": "checks", "mart": "dbt_mart", "staged": "dbt_staged"}
    return {
        names.get(event.step_key, event.step_key): event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.is_step_success
    }
