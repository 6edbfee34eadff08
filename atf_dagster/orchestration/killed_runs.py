"""Runs that Dagster believes to be at work although their process is gone: failed when the next one starts.

Belongs here: which runs these are, and what is said of them. Does not belong here: when it is asked (`run`,
`automation.run_sensors`).
Dagster notices the end of a run by the run's own last words, which a killed process does not say; its daemon ends such
a run after hours, and only where a daemon runs. Until then the run looks alive and keeps its place in the queue.
"""

import os
from pathlib import Path
from typing import Any

import dagster as dg

SAID = (
    "The process of this run is gone: it was killed, or the machine was restarted. Found at the start of the next run, "
    "which goes on from what had landed; readers kept the last release. Nothing has to be done, unless it happens "
    "again: then an engineer looks at the machine's memory and at who ends processes."
)
CLOCK_SLACK = 5.0
"""Seconds by which the system's start time and the run's may differ without meaning anything."""


def fail_killed_runs(instance: dg.DagsterInstance, *, own_run_id: str | None = None) -> list[str]:
    """Fail every STARTED run whose process is gone; returns their ids.

    The caller holds the writer's lock of the home, so that no run of `atf refresh` is alive beside it. One that the
    daemon has just started may be, soon to be refused by the lock; its process is found. `own_run_id` is never failed.
    """
    records = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    killed = [
        record.dagster_run
        for record in records
        if record.dagster_run.run_id != own_run_id
        and not _is_at_work(_process(instance, record.dagster_run.run_id), record.start_time)
    ]
    for run in killed:
        instance.report_run_failed(run, SAID)
        # Its place in the pool of writers too, for which the next run would wait for ever.
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in killed]


def _process(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The process that said that it works on the run; None where it died before it could."""
    pid = None
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event: Any = entry.get_dagster_event()
        said = event.engine_event_data.metadata.get("pid")
        if said is not None:
            pid = int(said.value)
    return pid


def _is_at_work(pid: int | None, run_started: float | None) -> bool:
    """Whether that process lives; another one that was given its number since does not count, nor does this one."""
    if pid is None or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and is somebody else's
    began = _began(pid)
    return began is None or run_started is None or began <= run_started + CLOCK_SLACK


def _began(pid: int) -> float | None:
    """When a process was started, in seconds since 1970; None where the system does not say it in /proc.

    A process that has ended and whose parent has not asked yet (a zombie) counts as begun just now.
    """
    try:
        # The name in brackets may hold spaces and brackets itself; behind its end the fields are numbers.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
        boot = next(line for line in Path("/proc/stat").read_text("utf-8").splitlines() if line.startswith("btime"))
    except (OSError, StopIteration):
        return None
    if fields[0] == "Z":
        return float("inf")
    return int(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
