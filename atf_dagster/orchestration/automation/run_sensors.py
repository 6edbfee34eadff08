"""Sensors that notify people: after every run, however it ended, and by the clock.

Belongs here: handing runs to `alerts`. Green runs are looked at as well: a failed check that blocks nothing leaves a
run green. Does not belong here: what people are notified of (`alerts`).
"""

import hashlib
import json
from collections.abc import Sequence

import dagster as dg

from atf_dagster.alerts import notify
from atf_dagster.alerts.alert import Alert
from atf_dagster.files import AnotherRefreshIsRunning, single_writer
from atf_dagster.orchestration import killed_runs, run_failures
from atf_dagster.orchestration.automation import open_alerts_check, run_retention
from atf_dagster.pipeline.run_record import RunRecord
from atf_dagster.settings import Settings

ENDINGS = {
    "tell_success": dg.DagsterRunStatus.SUCCESS,
    "tell_failure": dg.DagsterRunStatus.FAILURE,
    "tell_cancellation": dg.DagsterRunStatus.CANCELED,
}
WATCH_SECONDS = 300


def sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """One sensor for each way in which a run ends, and the watch; all are on from the start."""
    return [*(_after(settings, name, status) for name, status in ENDINGS.items()), _watch(settings)]


def _after(settings: Settings, name: str, status: dg.DagsterRunStatus) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        run_status=status,
        name=name,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notifies people of what a run that ended so found, once.",
    )
    def after(context: dg.RunStatusSensorContext) -> None:
        run_id = context.dagster_run.run_id
        if status is not dg.DagsterRunStatus.SUCCESS:
            run_failures.record_from_history(RunRecord(settings, run_id), context.instance)
        notified = notify.after_run(settings, run_id)
        open_alerts_check.report(context.instance, notified.open)
        context.log.info(f"run {run_id}: {notified.sentence}")

    return after


def _watch(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="watch",
        minimum_interval_seconds=WATCH_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks by the clock: runs whose process is gone, an overdue refresh, a damaged release, messages "
        "that wait.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        for run_id in _killed_runs(settings, context.instance):
            run_failures.record_killed(RunRecord(settings, run_id))
            notify.after_run(settings, run_id)
        notified = notify.watch(settings)
        run_retention.remove_old_runs(settings, context.instance)
        now = _fingerprint(notified.open)
        if context.cursor != now:  # the history of the check is that of changes, not of ticks
            open_alerts_check.report(context.instance, notified.open)
            context.update_cursor(now)
        return dg.SkipReason(f"{len(notified.open)} alerts are open; {notified.sentence}")

    return watch


def _killed_runs(settings: Settings, instance: dg.DagsterInstance) -> list[str]:
    """Runs whose process is gone; none where a writer is at work, which looks for them when it begins."""
    try:
        with single_writer(settings.home):
            return killed_runs.fail_killed_runs(instance)
    except AnotherRefreshIsRunning:
        return []


def _fingerprint(found: Sequence[Alert]) -> str:
    states = sorted((alert.key, alert.state) for alert in found)
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()[:16]
