"""The process of dbt and Great Expectations: what comes back of it, and that it ends when the refresh does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from atf_dagster.pipeline.engines import Engines, EnginesEnded
from atf_dagster.settings import Settings
from atf_dagster.warehouse import dbt
from atf_dagster.warehouse.dbt import NodeResult, WarehouseFailed, WarehouseHeld

BUSY = """
import os, sys, time
from pathlib import Path
from atf_dagster.pipeline.engines import Engines
from atf_dagster.settings import Settings
engines = Engines(Settings(home=Path(sys.argv[1])))
print(engines.call(os.getpid), flush=True)
engines.call(time.sleep, 600)
"""
LONG_ENOUGH = 120.0


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    made = Engines(Settings(home=tmp_path_factory.mktemp("home")))
    yield made
    made.close()


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_work_is_done_in_another_process_and_its_result_comes_back(engines: Engines) -> None:
    first, second = engines.call(os.getpid), engines.call(os.getpid)
    assert first == second != os.getpid()


def test_an_error_of_the_warehouse_comes_back_with_its_name_its_message_and_its_nodes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    engines = Engines(settings)
    with pytest.raises(WarehouseFailed, match=r"No files found .* Correct the dbt project") as caught:
        engines.call(dbt.build, settings, "staged")  # nothing has landed, so there is nothing to build from
    engines.close()
    assert caught.value.nodes == []


def test_an_error_keeps_its_nodes_on_the_way(engines: Engines) -> None:
    node = NodeResult("test.x", "x", "test", "fail", 0.1, "3 rows", 3)
    error = engines.call(WarehouseHeld, "dbt tests failed: x (3 rows)", [node])
    assert (type(error), str(error), error.nodes) == (WarehouseHeld, "dbt tests failed: x (3 rows)", [node])


def test_any_other_error_comes_back_as_it_is(engines: Engines) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        engines.call(int, "seven")
    assert engines.call(int, "7") == 7


def test_what_it_prints_is_not_lost_and_not_among_what_the_command_prints(
    engines: Engines, capfd: pytest.CaptureFixture[str]
) -> None:
    engines.close()  # one that is started now prints where this test looks
    engines.call(print, "something to look at", flush=True)
    said = capfd.readouterr()
    assert "something to look at" in said.err
    assert said.out == ""


def test_a_process_that_is_killed_is_named_and_the_next_call_has_a_new_one(engines: Engines) -> None:
    pid = engines.call(os.getpid)
    with pytest.raises(EnginesEnded, match=r"signal 9 .*last release stays\. Run `atf refresh` again"):
        engines.call(os.kill, pid, signal.SIGKILL)
    assert engines.call(os.getpid) != pid


def test_it_ends_with_a_refresh_that_is_killed_in_the_middle_of_its_work(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUSY, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as refresh:
        assert refresh.stdout is not None
        pid = int(refresh.stdout.readline())
        assert is_there(pid)
        refresh.kill()
    until = time.monotonic() + LONG_ENOUGH
    while is_there(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_there(pid)


def test_closing_ends_it(engines: Engines) -> None:
    pid = engines.call(os.getpid)
    engines.close()
    assert not is_there(pid)
