"""Dagster's history through kept connections: the same files, several processes, kills, forks and restored backups."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from sqlalchemy.exc import OperationalError

from atf_dagster.orchestration.run_history import EventLog, Runs
from atf_dagster.settings import PROJECT

WRITER = """
import dagster as dg, os, signal, sys
with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    for number in range(int(sys.argv[3])):
        instance.report_runless_asset_event(dg.AssetMaterialization(f"{sys.argv[2]}_{number}"))
    if sys.argv[4] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instance's folder with the project's configuration."""
    shutil.copyfile(PROJECT / "dagster.yaml", tmp_path / "dagster.yaml")
    return tmp_path


@pytest.fixture
def opened(folder: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


def tell(instance: dg.DagsterInstance, asset: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(asset))


def told(instance: dg.DagsterInstance) -> set[str]:
    return {key.to_user_string() for key in instance.get_asset_keys()}


def writer(folder: Path, name: str, events: int, end: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name, str(events), end])


def test_the_projects_configuration_keeps_connections_in_the_folder_that_it_lies_in(
    opened: dg.DagsterInstance, folder: Path
) -> None:
    assert isinstance(opened.event_log_storage, EventLog)
    assert isinstance(opened.run_storage, Runs)
    tell(opened, "here")
    assert (folder / "history" / "runs" / "index.db").exists()
    assert (folder / "history" / "runs.db").exists()
    assert (folder / "schedules" / "schedules.db").exists()


def test_a_history_written_by_dagsters_own_storage_goes_on_and_can_go_back(folder: Path) -> None:
    plain = folder / "dagster.yaml"
    ours = plain.read_text()
    for text, asset in (("telemetry: {enabled: false}\n", "before"), (ours, "kept")):
        plain.write_text(text)
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            tell(instance, asset)
    plain.write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert type(instance.run_storage) is SqliteRunStorage
        assert told(instance) == {"before", "kept"}


def test_several_processes_write_at_once_and_nothing_is_lost(opened: dg.DagsterInstance, folder: Path) -> None:
    writers = [writer(folder, name, 40, "ended") for name in ("one", "two")]
    for number in range(40):
        tell(opened, f"here_{number}")
    assert [process.wait(120) for process in writers] == [0, 0]
    assert told(opened) == {f"{name}_{number}" for name in ("here", "one", "two") for number in range(40)}


def test_a_killed_process_loses_no_event_that_it_stored(opened: dg.DagsterInstance, folder: Path) -> None:
    assert writer(folder, "killed", 10, "killed").wait(120) == -signal.SIGKILL
    assert told(opened) == {f"killed_{number}" for number in range(10)}


def test_a_forked_process_and_its_parent_both_go_on(opened: dg.DagsterInstance) -> None:
    tell(opened, "before")
    child = os.fork()
    if child == 0:
        try:
            tell(opened, "child")
            os._exit(0)
        finally:
            os._exit(1)
    tell(opened, "parent")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert told(opened) == {"before", "child", "parent"}


def test_a_history_restored_from_a_backup_is_read_from_the_restored_files(
    opened: dg.DagsterInstance, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tell(opened, "saved")
    opened.event_log_storage.dispose()
    backup = tmp_path_factory.mktemp("backup") / "history"
    shutil.copytree(folder / "history", backup)
    tell(opened, "after the backup")
    shutil.rmtree(folder / "history")
    shutil.copytree(backup, folder / "history")
    assert told(opened) == {"saved"}
    tell(opened, "later")
    assert told(opened) == {"saved", "later"}


def test_a_batch_that_fails_half_way_leaves_nothing_of_itself(opened: dg.DagsterInstance) -> None:
    tell(opened, "before")
    [record] = opened.fetch_materializations(dg.AssetKey("before"), limit=1).records
    good = record.event_log_entry
    nowhere = good._replace(run_id="no/such/folder")
    with pytest.raises(OperationalError, match="unable to open"):
        opened.event_log_storage.store_event_batch([good, nowhere])
    assert len(opened.fetch_materializations(dg.AssetKey("before"), limit=10).records) == 1
    opened.event_log_storage.store_event_batch([good, good])
    assert len(opened.fetch_materializations(dg.AssetKey("before"), limit=10).records) == 3
