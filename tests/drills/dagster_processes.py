"""Dagster's own processes around a home: a code server, a daemon, and its scheduler's real code for a clock of ours.

Belongs here: starting and ending them, letting schedules tick. Does not belong here: what must hold.
Each is started as the leader of a group of its own, because Dagster started otherwise ignores the signal to stop.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drill_home import DrillHome

from support.home import BIN, PROJECT

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.workspace.context import WorkspaceProcessContext

LOCATION = "all_together_fairer"
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class CodeServer:
    """One that is up; `workspace` is the file that leads Dagster to it."""

    workspace: Path


def start(home: DrillHome, log: Path, *words: str) -> subprocess.Popen[bytes]:
    """A program of Dagster with the home's environment."""
    environment = {**home.environment, "DAGSTER_HOME": str(home.as_settings.dagster_home)}
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(BIN / words[0]), *words[1:]],
            env=environment,
            cwd=PROJECT,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - it calls the kernel and nothing else
        )


def _end_with_the_tests() -> None:
    """Where Linux can: the process ends with the one that started it, even where that one was killed."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def kill(process: subprocess.Popen[bytes]) -> None:
    """`kill -9` for the whole group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


@contextmanager
def code_server(home: DrillHome, folder: Path) -> Iterator[CodeServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    workspace = folder / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: {LOCATION}}}\n", "utf-8"
    )
    process = start(
        home,
        folder / "code_server.log",
        *("dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(port)),
        *("-m", "atf_dagster.orchestration.definitions", "-a", "defs", "--location-name", LOCATION),
    )
    try:
        _until_it_listens(process, port)
        yield CodeServer(workspace)
    finally:
        kill(process)


def _until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)
    raise AssertionError(f"the code server ended with {process.returncode}; see code_server.log")


@contextmanager
def workspace_of(server: CodeServer, instance: dg.DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    """What a daemon sees of the code server."""
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(server.workspace)])) as workspace:
        yield workspace


def let_tick(
    workspace: WorkspaceProcessContext,
    schedules: list[str],
    since: dt.datetime,
    until: dt.datetime,
    every: dt.timedelta,
) -> dict[str, list[dt.datetime]]:
    """Let Dagster's scheduler look at its clock again and again, from `since` to `until`; schedule -> ticks, in UTC.

    Each tick leaves a run in the queue of the instance, as in the daemon; the schedules are off again afterwards.
    """
    import dagster as dg
    from dagster._core.scheduler.instigation import ScheduleInstigatorData
    from dagster._scheduler.scheduler import launch_scheduled_runs

    instance = workspace.instance
    (repository,) = workspace.create_request_context().get_code_location(LOCATION).get_repositories().values()
    found = {name: repository.get_schedule(name) for name in schedules}
    for schedule in found.values():
        state = instance.start_schedule(schedule)
        began = ScheduleInstigatorData(schedule.cron_schedule, since.timestamp())
        instance.update_instigator_state(state.with_data(began))
    now, known = since, {}
    while now <= until:
        for error in launch_scheduled_runs(workspace, logging.getLogger("drill"), now, known):
            assert error is None, error
        now += every
    ticked = {}
    for name, schedule in found.items():
        ticks = instance.get_ticks(schedule.get_remote_origin_id(), schedule.selector_id)
        assert {tick.status.value for tick in ticks} <= {"SUCCESS"}, ticks
        ticked[name] = sorted(dt.datetime.fromtimestamp(tick.timestamp, dt.UTC) for tick in ticks)
        instance.stop_schedule(schedule.get_remote_origin_id(), schedule.selector_id, schedule)
    assert instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])) == sum(
        map(len, ticked.values())
    )
    return ticked
