"""Reads each workbook in a process of its own, forked from a process that is already running.

Belongs here: starting and ending that process (`workbook_forks`), sending it requests. Does not belong here: what its
output means (`workbooks`, `cell_shading`).
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from tempfile import NamedTemporaryFile
from typing import IO, Literal

from atf_dagster.errors import AtfError
from atf_dagster.formats import workbook_child, workbook_forks

Program = Literal["workbook_child", "shading_child"]
SIDE_BY_SIDE = 2
"""Workbooks that are read at the same time."""


class TookTooLong(Exception):
    """The process did not end in time and was killed."""


class ReaderFailed(AtfError):
    """A program that reads workbooks failed by itself; no workbook caused it."""


@dataclass(frozen=True)
class Ended:
    """How a process ended. code: its exit code, negative where a signal ended it. errors: the text of its stderr."""

    code: int
    errors: str
    output: IO[bytes]


@contextmanager
def reading(program: Program, path: Path, pattern: str, *, seconds: float) -> Iterator[Ended]:
    """Run `program` on a workbook in a process of its own. Raises TookTooLong after `seconds`."""
    with NamedTemporaryFile(prefix="atf-sheets-") as output, NamedTemporaryFile(prefix="atf-errors-") as errors:
        request = {
            "program": program,
            "path": str(path.resolve()),
            "pattern": pattern,
            "output": output.name,
            "errors": errors.name,
        }
        code = _starters.run(json.dumps(request).encode() + b"\n", seconds)
        yield Ended(code, errors.read().decode(errors="replace").strip(), output.file)


class _Starters:
    """The processes that fork. None stands for one that has not been started yet."""

    def __init__(self) -> None:
        self._free: LifoQueue[subprocess.Popen[bytes] | None] = LifoQueue()
        self.forget()

    def forget(self) -> None:
        """Drop all starters. A fork of this process does so, because two users of one would mix up their answers."""
        self._free = LifoQueue()
        for _ in range(SIDE_BY_SIDE):
            self._free.put(None)

    def run(self, request: bytes, seconds: float) -> int:
        """Have a fork do the request. Returns its exit code."""
        process = self._free.get()
        try:
            if process is None or process.poll() is not None:
                process = _start()
            return _run(process, request, seconds)
        except BaseException:
            if process is not None:
                _kill(process)
            process = None
            raise
        finally:
            self._free.put(process)

    def end(self) -> None:
        while not self._free.empty():
            process = self._free.get()
            if process is not None:
                _close(process)


def _run(process: subprocess.Popen[bytes], request: bytes, seconds: float) -> int:
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise RuntimeError("a process was started without pipes")
    requests.write(request)
    requests.flush()
    if not select.select([answers], [], [], seconds)[0]:
        raise TookTooLong
    answer = answers.readline()
    if not answer:
        raise ReaderFailed(
            "The program that starts the readers of workbooks ended by itself.",
            "Run `uv sync`, then atf_dagster/formats/workbook_forks.py by hand.",
        )
    return int(answer)


def _start() -> subprocess.Popen[bytes]:
    # -I: the environment and the current folder do not change what this process imports.
    return subprocess.Popen(  # noqa: S603 - our own program; paths and patterns come as requests, no shell
        [sys.executable, "-I", workbook_forks.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: os.environ[name] for name in workbook_child.ENVIRONMENT if name in os.environ},
        start_new_session=True,  # one process group with its forks, so that they are killed together
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes, which ends a waiting process."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.wait()


_starters = _Starters()
atexit.register(_starters.end)
os.register_at_fork(after_in_child=_starters.forget)
