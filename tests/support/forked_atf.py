"""`atf` forked from a process that has imported everything: the same command, without the seconds of imports.

Belongs here: starting and ending that process, starting `atf` from it, waiting for it. Does not belong here: what that
process does (`support.forked_program`), the command as people type it (`support.home.command`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.home import PROJECT, environment

Record = dict[str, Any]
PROGRAM = Path(__file__).with_name("forked_program.py")


@dataclass(frozen=True)
class Ended:
    """How a forked `atf` ended; `code` is -9 for one that was killed."""

    code: int
    output: str
    errors: str

    @property
    def report(self) -> Record:
        """What `refresh --json` printed last."""
        lines = self.output.strip().splitlines()
        assert lines, f"nothing was printed; exit code {self.code}; {self.errors}"
        found: Record = json.loads(lines[-1])
        return found


@dataclass(frozen=True)
class Running:
    """An `atf` at work."""

    forked_atf: ForkedAtf
    pid: int
    stdout: Path
    stderr: Path

    def ended(self) -> Ended:
        code = self.forked_atf.wait_for(self.pid)
        # Where it was a pipe somebody else has read it.
        output = self.stdout.read_text("utf-8") if self.stdout.is_file() else ""
        return Ended(code, output, self.stderr.read_text("utf-8"))


class ForkedAtf:
    """The process that forks. `command` starts it, before the program that it runs where that is another one."""

    def __init__(self, folder: Path, command: Sequence[str] = (), program: Path = PROGRAM) -> None:
        self.folder = folder
        self._number = 0
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [*command, sys.executable, str(program)],
            env=environment(folder / "none", {"PYTHONPATH": str(PROJECT / "tests")}),
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "forks.log").open("w"),
            text=True,
            start_new_session=True,
        )
        self.pid = int(self._answer()["ready"])

    def start(self, environment: Mapping[str, str], *, stdout: Path | None = None, **order: Any) -> Running:
        """Fork one. stdout: a file or a named pipe for what it prints, where that is read while it works."""
        with self._lock:
            self._number += 1
            number = self._number
        files = [stdout or self.folder / f"{number:03d}.out", self.folder / f"{number:03d}.err"]
        full = {"environment": dict(environment), "stdout": str(files[0]), "stderr": str(files[1])}
        return Running(self, int(self._ask({**full, **order})["pid"]), *files)

    def atf(self, home: Path, *words: str, **settings: str) -> Ended:
        """As `support.home.command(home, "atf", *words)`."""
        return self.start(environment(home, settings), words=words).ended()

    def wait_for(self, pid: int) -> int:
        return int(self._ask({"wait": pid})["code"])

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _ask(self, order: Record) -> Record:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return self._answer()

    def _answer(self) -> Record:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process that forks is gone; its last words are in {self.folder / 'forks.log'}"
        found: Record = json.loads(line)
        return found
