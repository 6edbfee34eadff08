"""dbt and Great Expectations in a process of their own, which imports them while publishers are being asked.

Belongs here: starting that process, asking it for something, and how both end. Does not belong here: what it does
(`warehouse.dbt`, `quality.gx`).
Importing both takes as long as fetching, and threads of one process would wait for each other. One process serves both,
because they work one after the other: two would hold the libraries that they share twice, for nothing.
"""

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from atf_dagster.errors import AtfError
from atf_dagster.settings import COLLECT_SELDOM, Settings, disable_usage_data

P = ParamSpec("P")
T = TypeVar("T")
SECONDS_TO_END = 10.0
BY_DEFAULT = gc.get_threshold()
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""Threads of dbt and DuckDB would each keep memory of their own that they no longer need."""


class EnginesEnded(AtfError):
    """The process ended while it was asked for something; the last release stays in place."""


class EngineFailed(AtfError):
    """What was raised in the process cannot be handed over as it was; its name, text and trace are the message."""


class Engines:
    """The process, from `start` (or the first `call`) to `close`. It ends with this one, however this one ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ours: Connection | None = None

    def start(self) -> None:
        """Begin importing; returns at once. A second call does nothing."""
        with self._lock:
            self._started()

    def _started(self) -> Connection:
        if self._ours is None:
            self._ours, theirs = Pipe()
            with theirs:
                self._process = self._begin(theirs.fileno())
            self._ours.send(self._settings)
        return self._ours

    def _begin(self, theirs: int) -> subprocess.Popen[bytes]:
        """Start the process; it hears what we send at the file descriptor `theirs`."""
        # Its output is none of ours: `atf refresh --json` prints one object and nothing else.
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "atf_dagster.pipeline.engines", str(theirs)],
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[theirs],
            env={**os.environ, **FEW_ARENAS},
        )

    def call(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """`work(*arguments, **named)` in the process. Raises what it raised, or EnginesEnded."""
        with self._lock:
            try:
                connection = self._started()
                connection.send((work, arguments, named))
                worked, answer = connection.recv()
            except (EOFError, ConnectionError) as error:
                raise EnginesEnded(
                    f"The process in which dbt and Great Expectations work ended {self._ending()} "
                    f"during {work.__module__}.{work.__qualname__}. Nothing was published; the last release stays.",
                    "Run `atf refresh` again. If it happens again, look at the machine's memory and at who ends "
                    "processes.",
                ) from error
        if worked:
            result: T = answer
            return result
        raise answer

    def _ending(self) -> str:
        code = self._process.wait() if self._process else 0
        self._forget()
        return f"by signal {-code}" if code < 0 else f"with exit code {code}"

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._ours is not None:
            with suppress(OSError):  # it may have ended already
                self._ours.send(None)
            self._ours.close()  # which ends it in the middle of its work, too
        if self._process is not None:
            try:
                self._process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._ours = self._process = None


def serve(connection: Connection) -> None:
    """Work until there is nothing more to do."""
    # A terminal tells the whole group of an interrupt; the refresh decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*COLLECT_SELDOM)
    disable_usage_data()
    asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, asked), daemon=True).start()
    _prepare(asked.get())
    gc.collect()
    gc.freeze()  # modules stay; what models and checks leave behind is looked for as usual, or it would add up
    gc.set_threshold(*BY_DEFAULT)
    while True:
        order = asked.get()
        if order is None:
            return
        work, arguments, named = order
        try:
            answer = (True, work(*arguments, **named))
        except Exception as error:
            answer = (False, _portable(error))
        connection.send(answer)


def _listen(connection: Connection, asked: "queue.SimpleQueue[Any]") -> None:
    """In a thread of its own, so that the end of the refresh is heard in the middle of a model."""
    order: Any = connection
    while order is not None:
        try:
            order = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        asked.put(order)


def _prepare(settings: Settings) -> None:
    from atf_dagster.quality import gx
    from atf_dagster.warehouse import dbt

    dbt.load_engine(settings)
    gx.load_engine()


def _portable(error: Exception) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        copy = None
    if type(copy) is type(error) and str(copy) == str(error):
        return error
    return EngineFailed("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
