"""Runs a refresh as a Dagster job in this process, so that it is seen in Dagster like any other run.

Belongs here: the instance, the run, which of the four ends it came to, and the web server.
Does not belong here: printing.
"""

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster import settings as settings_module
from atf_dagster.landing.troubles import Trouble
from atf_dagster.refresh import Outcome, Refresh
from atf_dagster.release import versions
from atf_dagster.settings import PROJECT, Settings


@dataclass(frozen=True)
class Change:
    """Figures of one indicator that differ from the release before."""

    indicator: str
    name: str | None
    new: int
    revised: int
    withdrawn: int


@dataclass(frozen=True)
class Report:
    """How a refresh ended. `seconds` by part; `message` and `mend` where it did not publish."""

    outcome: Outcome
    run_id: str
    mode: str
    release: str | None
    release_path: str | None
    page: str | None
    troubles: list[Trouble]
    changes: list[Change]
    notes: list[str]
    message: str | None
    mend: str | None
    seconds: dict[str, float]


def prepare_dagster_home(settings: Settings) -> Path:
    """The instance's folder with its configuration; sets DAGSTER_HOME for this process."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    configuration = settings.dagster_home / "dagster.yaml"
    if not configuration.exists():
        shutil.copyfile(PROJECT / "dagster.yaml", configuration)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    return settings.dagster_home


def run(settings: Settings, *, rebuild: bool, progress: Callable[[str], None]) -> Report:
    """Refresh once. The caller holds the lock. Never raises for a fault of a source, a check or a model."""
    seconds: dict[str, float] = {}
    clock = time.perf_counter()
    settings_module.quieten()
    prepare_dagster_home(settings)
    # It warns of blocking checks that gave no result, which is what skipping an unchanged mart looks like;
    # a release without checks is refused where it is made.
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    import dagster as dg

    from atf_dagster.definitions import build_defs

    before = versions.current(settings.releases)
    definitions = build_defs(settings, progress)
    job = definitions.resolve_job_def("rebuild" if rebuild else "refresh")
    seconds["import"] = time.perf_counter() - clock
    with dg.DagsterInstance.get() as instance:
        # Dagster's own lines would bury ours; its event log keeps every one of them.
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=quiet)
        seconds |= _step_seconds(result)
    refresh = Refresh(settings, result.run_id)
    ended = refresh.outcome()
    outcome: Outcome
    message = mend = None
    if ended is not None:
        outcome = ended["outcome"]
        if outcome == "held":
            message = " ".join(ended["blocked_by"])
            mend = f"See {refresh.page} for every failing row. The last release stays in place."
    else:
        outcome, message, mend = _failure(result)
        refresh.finish(outcome, message=message, mend=mend)
    troubles = refresh.troubles()
    current = versions.current(settings.releases)
    seconds["total"] = time.perf_counter() - clock
    return Report(
        outcome=outcome,
        run_id=result.run_id,
        mode=settings.mode,
        release=current.version if current else None,
        release_path=str(current.path) if current else None,
        page=_page(refresh, current),
        troubles=troubles,
        changes=_changes(before, current) if outcome == "published" else [],
        notes=refresh.notes(),
        message=message,
        mend=mend,
        seconds={name: round(value, 2) for name, value in seconds.items()},
    )


def _page(refresh: Refresh, current: versions.Release | None) -> str | None:
    """This run's validation page, or the one that the current release was published with."""
    if refresh.page.exists():
        return str(refresh.page)
    kept = current.path / "validation.html" if current else None
    return str(kept) if kept and kept.exists() else None


def _failure(result: Any) -> tuple[Outcome, str, str]:
    """What the failed step said, innermost cause first, because Dagster wraps it in its own words."""
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            text = (error.message if error is not None else "").strip()
            name, _, detail = text.partition(": ")
            outcome: Outcome = "held" if name.endswith("WarehouseHeld") else "failed"
            return (
                outcome,
                f"{event.step_key}: {detail or text}",
                "The last release stays in place; a plain re-run goes on from what has landed. The full trace is in "
                f"Dagster under run {result.run_id}.",
            )
    return "failed", "The run ended without a result.", f"See run {result.run_id} in Dagster."


def _step_seconds(result: Any) -> dict[str, float]:
    names = {"landing": "fetch", "mart_checks": "checks", "mart": "dbt_mart", "staged": "dbt_staged"}
    return {
        names.get(event.step_key, event.step_key): event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.is_step_success
    }


def _changes(before: versions.Release | None, after: versions.Release | None) -> list[Change]:
    """Figures that are new, revised or withdrawn against the release before, by indicator."""
    import duckdb

    if after is None:
        return []
    key = "indicator_code, area_code, period_id, sex, age, breakdown_type, breakdown_value"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{_quoted(after)}' as after (read_only)")
        if before is None:
            connection.execute("create view earlier as from after.mart.fct_observation where false")
        else:
            connection.execute(f"attach '{_quoted(before)}' as before (read_only)")
            connection.execute("create view earlier as from before.mart.fct_observation")
        rows = connection.execute(
            f"""
            select
                indicator_code,
                any_value(i.short_name),
                count(*) filter (where b.status is null) as n_new,
                count(*) filter (where b.status is not null and a.status is not null
                    and (a.value is distinct from b.value or a.status <> b.status)) as n_revised,
                count(*) filter (where a.status is null) as n_withdrawn
            from after.mart.fct_observation as a
            full join earlier as b using ({key})
            left join after.mart.dim_indicator as i using (indicator_code)
            group by indicator_code
            having n_new + n_revised + n_withdrawn > 0
            order by indicator_code
            """
        ).fetchall()
    return [Change(*row) for row in rows]


def _quoted(release: versions.Release) -> str:
    return str(release.path / "mart.duckdb").replace("'", "''")


def develop(settings: Settings, arguments: list[str]) -> int:
    """`dagster dev` with this house's history, on loopback; returns its exit code.

    A child of Python's own, because started with `&` from a script Dagster ignores the signal to stop.
    """
    settings_module.quieten()
    prepare_dagster_home(settings)
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1"]
    try:
        return subprocess.call([*command, *arguments], cwd=PROJECT)  # noqa: S603 - our own words only
    except KeyboardInterrupt:
        return 0
