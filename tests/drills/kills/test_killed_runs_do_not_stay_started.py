"""A run whose process is gone is failed at the next start; one whose process lives is left alone.

Belongs here: Dagster's history after kills. Does not belong here: what else a kill leaves (test_kill_at_each_stage).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

AT_WORK = """
import sys, time
import dagster as dg

@dg.op
def works():
    print("at work", flush=True)
    time.sleep(600)

@dg.job
def long_run():
    works()

quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    long_run.execute_in_process(instance=instance, run_config=quiet)
"""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n", "utf-8")
    return folder


def test_a_run_is_failed_once_its_process_is_gone_and_not_before(history: Path) -> None:
    from atf_dagster.settings import disable_usage_data

    disable_usage_data()
    import dagster as dg

    from atf_dagster.orchestration.killed_runs import SAID, fail_killed_runs

    with subprocess.Popen([sys.executable, "-c", AT_WORK, str(history)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "at work\n"
            with dg.DagsterInstance.from_config(str(history)) as instance:
                (run,) = instance.get_runs()
                assert run.status is dg.DagsterRunStatus.STARTED
                assert fail_killed_runs(instance) == []
                process.send_signal(signal.SIGKILL)
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
                assert fail_killed_runs(instance, own_run_id=run.run_id) == []
                assert fail_killed_runs(instance) == [run.run_id]
                (failed,) = instance.get_runs()
                assert failed.status is dg.DagsterRunStatus.FAILURE
                last = list(instance.all_logs(run.run_id))[-1].get_dagster_event()
                assert last.message == SAID
                assert fail_killed_runs(instance) == []
        finally:
            process.kill()
