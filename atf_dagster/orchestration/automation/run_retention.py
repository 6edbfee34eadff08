"""How long runs are kept: their folders with results and pages, and their history in Dagster.

Belongs here: removing the oldest beyond `ATF_KEEP_RUNS`. Does not belong here: releases (`release.versions`), what
publishers sent (kept for good), ticks of schedules and sensors (`dagster.yaml`).
"""

import shutil

import dagster as dg

from atf_dagster.settings import Settings

AT_ONCE = 20
"""Runs removed a call, so that no refresh pays for a year at once."""
LEAST = 20
"""Runs that are kept however little the setting says: what each asset shows comes from the last run that made it."""


def remove_old_runs(settings: Settings, instance: dg.DagsterInstance) -> list[str]:
    """Remove the oldest runs beyond the setting, at most AT_ONCE; returns their ids.

    The newest run that built something stays, because the assets show what it said.
    """
    keep = max(settings.keep_runs, LEAST)
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    total = instance.get_runs_count(dg.RunsFilter(statuses=finished))
    surplus = min(total - keep, AT_ONCE)
    if surplus <= 0:
        return []
    oldest = instance.get_run_records(dg.RunsFilter(statuses=finished), limit=surplus, ascending=True)
    shown = _shown(instance)
    removed = [record.dagster_run.run_id for record in oldest if record.dagster_run.run_id not in shown]
    for run_id in removed:
        instance.delete_run(run_id)
        if (folder := settings.runs / run_id).is_dir():
            shutil.rmtree(folder)
    return removed


def _shown(instance: dg.DagsterInstance) -> set[str]:
    """The runs that assets show something of."""
    keys = instance.get_asset_keys()
    records = instance.get_asset_records(keys) if keys else []
    entries = [record.asset_entry.last_materialization_record for record in records]
    return {entry.run_id for entry in entries if entry is not None}
