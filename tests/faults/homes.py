"""A home (one ATF_HOME) as a test sees it: `atf` run in it as a process, and what lies in its folders.

Belongs here: starting, killing, reading. Does not belong here: publishers, faults, assertions.
Receipts and releases are read as the plain files that they are, not through the program that wrote them.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from support.forked_atf import ForkedAtf
from support.home import command, environment

Record = dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """How a refresh ended: exit code, its JSON report, what it wrote to stderr, and `current` after it."""

    code: int
    report: Record
    errors: str
    current: str | None

    @property
    def run_id(self) -> str:
        return str(self.report["run_id"])

    def issue(self, dataset: str) -> Record:
        """The one entry of the report for a dataset; fails where there is none or more than one."""
        (found,) = [issue for issue in self.report["source_issues"] if issue["dataset"] == dataset]
        return dict(found)


@dataclass(frozen=True)
class Killed:
    """A refresh that got SIGKILL: its return code, the last line it printed, what readers found then."""

    code: int
    last_line: str
    current: str | None
    figures_readable: int


@dataclass(frozen=True)
class Home:
    """`home` is ATF_HOME. `settings` are the other ATF_ variables; those of the caller's shell do not count.

    forked: the process that forks its `atf`; without one it is the command as people type it.
    """

    home: Path
    mode: str
    settings: Mapping[str, str]
    forked: ForkedAtf | None = None

    def asks(self, service: str) -> bool:
        """Whether this home asks that service, or was told to leave it alone."""
        return service not in self.settings.get("ATF_SKIP_SERVICES", "").split(",")

    def atf(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `atf` to its end. `settings` replace those of the home for this once."""
        if self.forked is None:
            return command(self.home, "atf", *words, **self._settings(settings))
        ended = self.forked.atf(self.home, *words, **self._settings(settings))
        return subprocess.CompletedProcess(words, ended.code, ended.output, ended.errors)

    def refresh(self, **settings: str) -> Ended:
        done = self.atf("refresh", "--json", **settings)
        lines = done.stdout.strip().splitlines()
        assert lines, f"`atf refresh --json` printed nothing; exit code {done.returncode}; {done.stderr}"
        return Ended(done.returncode, json.loads(lines[-1]), done.stderr, self.current)

    def kill_refresh(self, now: Callable[[str], bool], *words: str) -> Killed:
        """Start a refresh and kill it as soon as `now` says so of a line that it printed."""
        assert self.forked is not None
        pipe = self.home.with_name("printed")
        os.mkfifo(pipe)
        running = self.forked.start(environment(self.home, self._settings({})), stdout=pipe, words=["refresh", *words])
        line = ""
        with pipe.open(encoding="utf-8") as printed:
            for line in printed:
                if now(line):
                    break
            os.kill(running.pid, signal.SIGKILL)
        pipe.unlink()
        current = self.current
        return Killed(
            code=running.ended().code,
            last_line=line.strip(),
            current=current,
            figures_readable=self.rows("select count(*) from mart.fct_observation")[0][0] if current else 0,
        )

    def _settings(self, once: Mapping[str, str]) -> dict[str, str]:
        return {**self.settings, "ATF_MODE": self.mode, **once}

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def current(self) -> str | None:
        pointer = self.releases / "current"
        return os.readlink(pointer) if pointer.is_symlink() else None

    @property
    def versions(self) -> list[str]:
        return sorted(path.name for path in self.releases.glob("[0-9]*"))

    @property
    def workspace(self) -> Path:
        return self.home / self.mode

    def put_figures_into_current(self, indicator: str, count: int) -> None:
        """Give the current release further figures of an indicator, and a receipt that covers them.

        It is then a release of a program whose successor lost these figures on the way.
        """
        folder = (self.releases / "current").resolve()
        database, receipt = folder / "atf.duckdb", folder / "receipt.json"
        database.chmod(0o644)
        receipt.chmod(0o644)
        with duckdb.connect() as connection:
            connection.execute(f"attach '{database}' as release")
            connection.execute(
                "insert into release.mart.fct_observation by name "
                "select * replace (period_id || ' (lost)' as period_id) "
                f"from release.mart.fct_observation where indicator_code = ? order by all limit {count}",
                [indicator],
            )
        record = json.loads(receipt.read_text("utf-8"))
        digest = hashlib.sha256(database.read_bytes()).hexdigest()
        for name in ("atf.duckdb", "mart.duckdb"):  # two names of one file
            record["files"][name] = {"bytes": database.stat().st_size, "sha256": digest}
        receipt.write_text(json.dumps(record), encoding="utf-8")

    def rows(self, sql: str, parameters: list[Any] | None = None, *, version: str | None = None) -> list[Any]:
        """Ask a release, the current one where no version is named, read-only as any reader would.

        Attached under another name, because in a file opened by itself under its old name `mart` is the catalog too.
        """
        path = str(self.releases / (version or "current") / "atf.duckdb").replace("'", "''")
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as release (read_only)")
            connection.execute("use release")
            return connection.execute(sql, parameters or []).fetchall()

    def attempts(self, dataset: str, part: str, run_id: str) -> list[Record]:
        """The receipts that a run left for a part of a dataset."""
        records = _lines(self.workspace / "landing" / dataset / part / "attempts.jsonl")
        return [record for record in records if record["run_id"] == run_id]

    def verdicts(self, dataset: str, part: str, run_id: str) -> list[Record]:
        records = _lines(self.workspace / "landing" / dataset / part / "verdicts.jsonl")
        return [record for record in records if record["run_id"] == run_id]

    def vintages(self, dataset: str, part: str) -> list[Record]:
        return _lines(self.workspace / "landing" / dataset / part / "vintages.jsonl")

    def object(self, sha256: str) -> Path:
        """Where the bytes with this hash are kept."""
        return self.workspace / "landing" / "objects" / sha256[:2] / sha256

    def raw_files(self) -> dict[str, int]:
        """The rows of publishers as Parquet: path -> time of its last change, in nanoseconds."""
        return {
            str(path.relative_to(self.workspace)): path.stat().st_mtime_ns
            for path in sorted((self.workspace / "raw").glob("*/*.[0-9]*.parquet"))
        }

    def all_vintages(self) -> dict[str, int]:
        """Dataset and part -> how many vintages landed."""
        landing = self.workspace / "landing"
        return {
            str(path.parent.relative_to(landing)): len(_lines(path))
            for path in sorted(landing.glob("*/*/vintages.jsonl"))
        }


def _lines(path: Path) -> list[Record]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
