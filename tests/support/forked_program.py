"""A process that has imported everything and forks an `atf` from itself whenever it is told to; run as a program.

Belongs here: importing once, forking, and lending each `atf` a process for dbt and the checks that has imported both.
Does not belong here: who asks for it (`support.forked_atf`), what befalls the forked process (`tests/drills`).
Every `atf` so started is a process of its own with its own lock, memory and files, and dies like any other; only the
five seconds of imports are shared. Forking is safe because this process has one thread and no connection.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Order = dict[str, Any]
ENDED_BY_AN_ERROR = 70
HALVES = 2
IMPORTED_LATE = (
    "atf_dagster.orchestration.run_history",
    "atf_dagster.pipeline.client",
    "atf_dagster.snapshot",
    "dagster._core.execution.execute_in_process",
    "dagster._core.executor.in_process",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.root",
    "upath.implementations.local",
)
"""What a refresh imports by name or only in the middle: four hundred modules, most of them of Dagster's storages."""


def preload() -> None:
    """Import what a refresh imports, and read the parsed dbt project, once for each half that a refresh builds."""
    from atf_dagster import settings

    settings.disable_usage_data()

    import apprise

    import atf_dagster.cli.main
    import atf_dagster.http
    import atf_dagster.orchestration.definitions
    import atf_dagster.orchestration.run  # noqa: F401
    from atf_dagster import catalogue
    from atf_dagster.quality import gx
    from atf_dagster.sources import SOURCES
    from atf_dagster.warehouse import dbt

    for late in IMPORTED_LATE:
        importlib.import_module(late)
    assert dict(SOURCES), "each service's module"
    apprise.Apprise("json://127.0.0.1/")  # which looks for all the kinds of addresses that there are
    catalogue.load()
    with tempfile.TemporaryDirectory() as home:
        dbt.load_engine(settings.Settings(home=Path(home)), builds=HALVES)
    gx.load_engine()
    gc.collect()
    gc.freeze()  # what is never looked at is never copied
    assert threading.active_count() == 1, threading.enumerate()


class Child:
    """A forked process, as `Engines` knows one that it started itself."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + timeout if timeout is not None else None
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0)
            time.sleep(0.01)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def lend_engines(begin: Callable[[], None] = lambda: None) -> None:
    """Fork a process that waits until the `Engines` of this one begin, and becomes theirs then.

    `begin` is called in it then. It is forked at once, before there are threads; one that is never needed ends with
    this process.
    """
    from atf_dagster.pipeline import engines

    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _wait_and_serve(theirs, begin)
    theirs.close()
    by_itself = engines.Engines._begin
    waiting = [pid]

    def lent(self: engines.Engines, handle: int) -> Any:
        if not waiting:
            return by_itself(self, handle)  # one more than a refresh needs
        with ours:
            socket.send_fds(ours, [b"!"], [handle])
        return Child(waiting.pop())

    engines.Engines._begin = lent  # type: ignore[method-assign]


def _wait_and_serve(ours: socket.socket, begin: Callable[[], None]) -> None:
    """Never returns."""
    code = ENDED_BY_AN_ERROR
    try:
        _, handles, _, _ = socket.recv_fds(ours, 1, 1)
        if handles:
            from atf_dagster.pipeline import engines

            ours.close()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            begin()
            engines.serve(Connection(handles[0]))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        _end(code)


def _end(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def take_place(order: Order) -> None:
    """This process gets the environment and the streams of the order."""
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    for name, number in (("stdout", 1), ("stderr", 2)):
        handle = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(handle, number)
        os.close(handle)


def become_atf(order: Order) -> int:
    """`words` are the arguments; `before` is Python that changes the program for this process alone."""
    from atf_dagster.cli import main

    take_place(order)
    exec(order.get("before", ""), {})
    if order["words"][0] == "refresh":
        lend_engines()
    return main.main(order["words"])


def serve(become: Callable[[Order], int]) -> None:
    """Fork a process for each order on stdin, and wait for one that is named; an answer a line."""
    answers = os.fdopen(os.dup(1), "w")
    print(json.dumps({"ready": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), file=answers, flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            code = ENDED_BY_AN_ERROR
            try:
                code = become(order)
            except SystemExit as error:  # the command's arguments
                code = error.code if isinstance(error.code, int) else ENDED_BY_AN_ERROR
            except BaseException:
                traceback.print_exc()
            finally:
                _end(code)
        print(json.dumps({"pid": pid}), file=answers, flush=True)


if __name__ == "__main__":
    preload()
    serve(become_atf)
