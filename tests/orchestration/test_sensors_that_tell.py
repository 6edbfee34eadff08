"""Runs that Dagster started are told of too: green ones, failed ones, and those whose process is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from atf_dagster.alerts import ledger, notify, outbox
from atf_dagster.alerts.digest import Digest
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data

if TYPE_CHECKING:
    import dagster as dg

KILLED = """
import os, signal, sys
import dagster as dg

@dg.op
def works():
    os.kill(os.getpid(), signal.SIGKILL)

@dg.job
def refresh():
    works()

quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    refresh.execute_in_process(instance=instance, run_config=quiet)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    disable_usage_data()
    import dagster as dg

    (tmp_path / "dagster").mkdir()
    return dg.DagsterInstance.local_temp(str(tmp_path / "dagster"))


def sensor(settings: Settings, name: str) -> dg.SensorDefinition:
    from atf_dagster.orchestration.automation import run_sensors

    (found,) = [one for one in run_sensors.sensors(settings) if one.name == name]
    return found


def told(settings: Settings) -> Digest:
    folder = notify.folder_of(settings)
    found = outbox.read(folder, ledger.read(folder).sequence)
    assert found is not None
    return found


def standing(instance: dg.DagsterInstance) -> int:
    """How many problems the standing check says are open."""
    from atf_dagster.orchestration.automation.open_alerts_check import KEY

    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([KEY])[KEY]
    evaluation = record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    return int(evaluation.metadata["open"].value)  # type: ignore[arg-type]


def test_a_run_that_failed_in_dagster_is_told_in_the_step_s_own_words(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    import dagster as dg

    from atf_dagster.pipeline.steps import DiskNearlyFull

    @dg.op
    def landing() -> None:
        raise DiskNearlyFull("The disk has 3 MB left; a refresh needs 200.")

    @dg.job
    def refresh() -> None:
        landing()

    result = refresh.execute_in_process(instance=instance, raise_on_error=False)
    failed = next(event for event in result.all_events if event.is_run_failure)
    context = dg.build_run_status_sensor_context(
        "tell_failure", dagster_event=failed, dagster_instance=instance, dagster_run=result.dagster_run
    )
    sensor(settings, "tell_failure")(context)
    (entry,) = told(settings).new
    assert entry.alert.message == "landing: The disk has 3 MB left; a refresh needs 200."
    assert entry.alert.runbook == "disk-nearly-full"
    assert Refresh(settings, result.run_id).outcome()["outcome"] == "failed"  # type: ignore[index]
    assert standing(instance) == 1


def test_a_green_run_is_looked_at_too_and_says_what_is_over(settings: Settings, instance: dg.DagsterInstance) -> None:
    import dagster as dg

    Refresh(settings, "before").finish("failed", message="m", remedy="n", error="")
    notify.after_run(settings, "before")

    @dg.job
    def refresh() -> None: ...

    result = refresh.execute_in_process(instance=instance)
    Refresh(settings, result.run_id).finish("unchanged", release="000001-x")
    succeeded = next(event for event in result.all_events if event.event_type is dg.DagsterEventType.RUN_SUCCESS)
    context = dg.build_run_status_sensor_context(
        "tell_success", dagster_event=succeeded, dagster_instance=instance, dagster_run=result.dagster_run
    )
    sensor(settings, "tell_success")(context)
    assert [entry.alert.kind for entry in told(settings).resolved] == ["refresh-failed"]
    assert standing(instance) == 0


def test_a_run_whose_process_is_gone_is_found_by_the_clock_and_told(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    import dagster as dg

    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "dagster")], check=False)
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.STARTED
    watch = sensor(settings, "watch")
    context = dg.build_sensor_context(instance=instance)
    said = watch(context)
    assert "1 alerts are open" in str(said.skip_message)  # type: ignore[union-attr]
    (entry,) = told(settings).new
    assert (entry.alert.kind, entry.alert.runbook) == ("refresh-killed", "refresh-killed")
    assert run.run_id in entry.alert.remedy
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
    assert standing(instance) == 1


def test_the_standing_check_is_reported_by_the_clock_only_when_something_changed(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    import dagster as dg

    from atf_dagster.orchestration.automation.open_alerts_check import KEY

    watch, cursor = sensor(settings, "watch"), None
    for _ in range(3):
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        watch(context)
        cursor = context.cursor
    history = instance.event_log_storage.get_asset_check_execution_history(KEY, limit=10)
    assert len(history) == 1
