"""What happens in the drill of the daemon: a schedule's run is in the middle of landing when the daemon is killed.

Belongs here: the order of events. Does not belong here: what must hold (test_daemon_restarted).
The publisher holds one answer back until the daemon is up again: "in the middle" is an exact place.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from dagster_processes import CodeServer, kill, let_tick, start, workspace_of
from drill_home import DrillHome, Ended
from small_publishers import NEWS

from support.bundled import Asked
from support.server import Answer, Exchange
from support.two_publishers import TwoPublishers

HELD = "claimant-count"
LONG_ENOUGH = 240.0
"""Seconds; only what hangs takes longer."""


@dataclass(frozen=True)
class Restarted:
    """`beside` is an `atf refresh` that somebody typed meanwhile; `said` are the engine's own words on the run."""

    home: DrillHome
    beside: Ended
    status_when_killed: str
    said: list[str]


def run_while_the_daemon_is_restarted(
    home: DrillHome, server: CodeServer, publishers: TwoPublishers, folder: Path
) -> Restarted:
    import dagster as dg

    came, go_on = threading.Event(), threading.Event()

    def hold(asked: Asked) -> Answer:
        def answer(exchange: Exchange) -> bool:
            came.set()
            go_on.wait(LONG_ENOUGH)
            return NEWS[HELD](asked)(exchange)

        return answer

    publishers.lay_over({**NEWS, HELD: hold})
    daemon = ["dagster-daemon", "run", "-w", str(server.workspace)]
    with dg.DagsterInstance.from_config(str(home.as_settings.dagster_home)) as instance:
        run_id = _queue_a_run(instance, server)
        first = start(home, folder / "first.log", *daemon)
        second = None
        try:
            assert came.wait(LONG_ENOUGH), (folder / "first.log").read_text("utf-8")
            kill(first)
            status = instance.get_run_by_id(run_id).status.value
            beside = home.atf("refresh")
            second = start(home, folder / "second.log", *daemon)
            _until_it_looked_at_runs(instance, after=time.time())
            go_on.set()
            deadline = time.monotonic() + LONG_ENOUGH
            while not instance.get_run_by_id(run_id).is_finished and time.monotonic() < deadline:
                time.sleep(0.5)
        finally:
            go_on.set()
            kill(first)
            if second is not None:
                kill(second)
        said = [entry.message for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)]
    return Restarted(home, beside, status, said)


def _queue_a_run(instance: object, server: CodeServer) -> str:
    """Let the daily schedule put one run into the queue, as it does at six."""
    yesterday = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0) - dt.timedelta(days=2)
    with workspace_of(server, instance) as workspace:
        until = yesterday + dt.timedelta(days=1)
        let_tick(workspace, ["daily_refresh"], yesterday, until, every=dt.timedelta(days=1))
    import dagster as dg

    (run,) = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
    return str(run.run_id)


def _until_it_looked_at_runs(instance: object, after: float) -> None:
    """Until the new daemon's queue and its monitor of runs have each gone round once."""
    deadline = time.monotonic() + LONG_ENOUGH
    wanted = {"QUEUED_RUN_COORDINATOR", "MONITORING"}
    while time.monotonic() < deadline:
        beats = instance.get_daemon_heartbeats()
        if all(kind in beats and beats[kind].timestamp > after for kind in wanted):
            return
        time.sleep(0.5)
    raise AssertionError(f"the new daemon did not look at its runs: {beats}")
