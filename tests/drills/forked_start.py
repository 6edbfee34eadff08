"""A process that has imported everything and forks an `atf` from itself, to which something happens; run as a program.

Belongs here: what is to befall the forked process at an exact moment. Does not belong here: forking
(`support.forked_program`), which moment (`incidents`).

A moment is the n-th time that Python is about to do something (an audit event, such as `os.rename`) whose first two
arguments, such as both paths, or path and mode, match. The kernel's own SIGKILL ends the process then, or its disk
becomes full then: an exact place between two writes, which a parent that watches progress lines cannot hit.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from support.forked_program import Order, lend_engines, preload, serve, take_place


def befall(moment: dict[str, Any], deed: Any) -> None:
    """Do `deed` once, when the moment comes. The other threads of the process wait until it is done: a disk that is
    slow to fill would otherwise still take what they write."""
    event, pattern, left = moment["event"], re.compile(moment["path"]), [int(moment["nth"])]
    one_at_a_time = threading.RLock()

    def hook(happens: str, arguments: tuple[Any, ...]) -> None:
        if happens != event and (left[0] > 0 or happens not in ("open", "os.rename")):
            return
        with one_at_a_time:
            if happens != event or left[0] == 0 or not pattern.search(" ".join(map(_text, arguments[:2])).strip()):
                return
            left[0] -= 1
            if left[0] == 0:
                deed()

    sys.addaudithook(hook)


def _text(argument: Any) -> str:
    return os.fsdecode(argument) if isinstance(argument, (str, bytes, os.PathLike)) else ""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill(ballast: str, leave: int) -> None:
    """Write until the disk is full, then give `leave` bytes back."""
    handle = os.open(ballast, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for size in (1 << 20, 1 << 12):
        block = b"\0" * size
        while True:
            try:
                if os.write(handle, block) < size:
                    break
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                break
    os.ftruncate(handle, max(0, os.fstat(handle).st_size - leave))
    os.close(handle)


def limit_files(size: int) -> None:
    """From now on no file of this process may grow beyond `size`: what there is where no disk can be mounted."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def take_steps(order: Order) -> int:
    """Some steps of one run, each as Dagster would call it in a process of its own, under the writer's lock."""
    from atf_dagster import settings
    from atf_dagster.files import single_writer
    from atf_dagster.pipeline.engines import Engines
    from atf_dagster.pipeline.steps import Refresh

    of = settings.load()
    with single_writer(of.home):
        refresh = Refresh(of, order["run_id"], lambda line: print(line, flush=True), Engines(of))
        does = {
            "fetch": lambda: refresh.fetch([dataset.id for _, dataset in refresh.catalogue.datasets]),
            "parse": refresh.parse,
            "staged": lambda: refresh.build("staged"),
            "admit": refresh.admit,
            "mart": lambda: refresh.build("mart"),
            "check": refresh.check,
            "publish": refresh.publish,
            "unchanged": lambda: refresh.finish_unchanged(_whole(refresh.already_published())),
        }
        for step in order["steps"]:
            print(f"step: {step}", flush=True)
            try:
                does[step]()
            except Exception as error:
                # As Dagster does: the step has failed, and the run with it.
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
                return 1
    return 0


def _whole(newest: Any) -> Any:
    assert newest is not None, "there is something to build"
    return newest


def await_moment(order: Order, dying: Callable[[], None]) -> None:
    if order.get("die"):
        befall(order["die"], dying)
    if what := order.get("fill"):
        befall(what, lambda: fill(what["ballast"], what["leave"]) if what["ballast"] else limit_files(what["leave"]))


def die_together() -> None:
    """In the process of dbt and the checks: as the kernel or a machine that goes down ends both at once."""
    os.kill(os.getppid(), signal.SIGKILL)
    die()


def become_atf(order: Order) -> int:
    take_place(order)
    if order.get("steps") or order["words"][0] == "refresh":
        # The process of dbt and the checks awaits the same moment.
        lend_engines(lambda: await_moment(order, die_together))
    await_moment(order, die)
    if order.get("steps"):
        return take_steps(order)
    from atf_dagster.cli import main

    return main.main(order["words"])


if __name__ == "__main__":
    preload()
    serve(become_atf)
