"""A home in which things go wrong: `atf` forked from the forked_start, killed at a moment, and what lies there after.

Belongs here: starting, the moments, reading. Does not belong here: what must hold (the test modules).
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from atf_dagster.release.contract import Table, from_manifest
from atf_dagster.settings import Settings
from atf_dagster.warehouse import dbt
from support.forked_atf import Ended, ForkedAtf, Record, Running
from support.home import environment

Order = dict[str, Any]


def moment(event: str, path: str, nth: int = 1) -> Order:
    """The n-th time that Python is about to do `event` where its first two arguments, with a space between, match."""
    return {"event": event, "path": path, "nth": nth}


class ForkedStart(ForkedAtf):
    """The process that forks `atf`; on a disk of its own in a mount namespace of its own where that is allowed."""

    def __init__(self, folder: Path, disk_bytes: int) -> None:
        self.disk = folder / "disk"
        self.disk.mkdir()
        mount = f'mount -t tmpfs -o size={disk_bytes},mode=0700 drill "{self.disk}" && exec "$@"'
        shell = ["sh", "-c", mount, "drill"]
        alone = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
        mountable = [*alone, *shell, "true"]
        self.has_disk = (
            shutil.which("unshare") is not None
            and subprocess.run(mountable, capture_output=True, check=False).returncode == 0
        )
        program = Path(__file__).with_name("forked_start.py")
        super().__init__(folder, [*alone, *shell] if self.has_disk else [], program)

    def seen(self, path: Path) -> Path:
        """Where this process finds a path of the forked_start's own disk."""
        if self.has_disk and path.is_relative_to(self.disk):
            return Path(f"/proc/{self.pid}/root{path}")
        return path


@dataclass(frozen=True)
class DrillHome:
    """`home` is ATF_HOME as `atf` sees it; `seen` is the same folder as this process sees it."""

    home: Path
    forked_start: ForkedStart
    settings: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.home, self.settings)

    def start(self, *words: str, **order: Order) -> Running:
        return self.forked_start.start(self.environment, words=words, **order)

    def steps(self, run_id: str, steps: Sequence[str], **order: Order) -> Ended:
        """Some steps of a run without Dagster around them, which would cost as much again."""
        return self.forked_start.start(self.environment, run_id=run_id, steps=steps, **order).ended()

    def atf(self, *words: str, **order: Order) -> Ended:
        return self.start(*words, **order).ended()

    def refresh(self, *words: str, **order: Order) -> Ended:
        return self.atf("refresh", "--json", *words, **order)

    def with_settings(self, **more: str) -> DrillHome:
        return replace(self, settings={**self.settings, **more})

    def copy(self, home: Path) -> DrillHome:
        """The whole house again under another name."""
        there = replace(self, home=home)
        shutil.copytree(self.seen, there.seen, symlinks=True)
        return there

    @property
    def seen(self) -> Path:
        return self.forked_start.seen(self.home)

    @property
    def ballast(self) -> str | None:
        """The file that fills the home's disk, as `atf` sees it; None where no disk could be mounted."""
        return str(self.forked_start.disk / "ballast") if self.forked_start.has_disk else None

    def fill_disk(self, leave: int) -> None:
        """Fill the home's own disk up to `leave` bytes."""
        assert self.ballast is not None
        with self.forked_start.seen(Path(self.ballast)).open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, self.free_bytes - leave)

    def make_room(self) -> None:
        if self.ballast is not None:
            self.forked_start.seen(Path(self.ballast)).unlink(missing_ok=True)

    @property
    def free_bytes(self) -> int:
        return shutil.disk_usage(self.seen).free

    @property
    def as_settings(self) -> Settings:
        return Settings(home=self.seen, mode="live")

    @property
    def releases(self) -> Path:
        return self.seen / "releases"

    @property
    def warehouse(self) -> Path:
        return self.as_settings.warehouse

    @property
    def current(self) -> str | None:
        pointer = self.releases / "current"
        return os.readlink(pointer) if pointer.is_symlink() else None

    @property
    def versions(self) -> list[str]:
        return sorted(path.name for path in self.releases.glob("[0-9]*"))

    @cached_property
    def tables(self) -> list[Table]:
        return from_manifest(dbt.read_manifest(Settings(home=self.seen)))

    def rows(self, sql: str, database: Path | None = None) -> list[tuple[Any, ...]]:
        """Ask the current release, or another database, read-only as any reader would."""
        path = database or self.releases / "current" / "atf.duckdb"
        with TemporaryDirectory() as folder, duckdb.connect() as connection:
            if self.seen != self.home:
                # DuckDB follows links to their end, and so leaves the other namespace again.
                path = Path(shutil.copy(path, folder))
            connection.execute(f"attach '{path}' as read (read_only)")
            connection.execute("use read")
            return connection.execute(sql).fetchall()

    @property
    def figures_readable(self) -> int:
        """How many figures a reader gets through `current`."""
        return int(self.rows("select count(*) from mart.fct_observation")[0][0])

    def contents(self, database: Path | None = None) -> dict[str, tuple[int, str]]:
        """Every table of a mart as the number and the digest of its rows, in whatever order they lie.

        Without moments in time, which no two runs share.
        """
        digests = []
        for table in self.tables:
            columns = ", ".join(column.name for column in table.columns if column.type != "timestamp")
            digests.append(
                f"select '{table.name}', count(*), md5(coalesce(string_agg(row, '\n' order by row), '')) "
                f"from (select cast(row({columns}) as varchar) as row from mart.{table.name})"
            )
        return {name: (rows, digest) for name, rows, digest in self.rows(" union all ".join(digests), database)}

    def landed(self) -> dict[str, list[str]]:
        """Dataset and part -> the hashes of its vintages, in their order."""
        return {str(p.parent.relative_to(self._landing)): _hashes(p) for p in self._files("vintages.jsonl")}

    def receipts_that_landed(self) -> dict[str, set[str]]:
        """Dataset and part -> the hashes of the receipts that brought something."""
        found = {str(p.parent.relative_to(self._landing)): set(_hashes(p)) for p in self._files("attempts.jsonl")}
        return {part: hashes for part, hashes in found.items() if hashes}

    def receipts_a_run(self) -> Counter[tuple[str, str, str]]:
        """(run, dataset, part) -> how many receipts."""
        return Counter(
            (record["run_id"], record["dataset"], record["part"])
            for path in self._files("attempts.jsonl")
            for record in json_lines(path)
        )

    def judged(self) -> dict[tuple[str, int, str], str]:
        """(dataset and part, number of the vintage, stage) -> its last verdict."""
        return {
            (str(path.parent.relative_to(self._landing)), record["sequence"], record["stage"]): record["verdict"]
            for path in self._files("verdicts.jsonl")
            for record in json_lines(path)
        }

    def objects(self) -> dict[str, str]:
        """The name of every object in landing -> the hash that its bytes have."""
        from atf_dagster.files import sha256_of

        return {path.name: sha256_of(path) for path in (self._landing / "objects").glob("*/*")}

    def leftovers(self) -> list[str]:
        """What only an unfinished run leaves: candidates, temporary files, half downloads, half pointers."""
        patterns = (".candidate-*", "*.tmp", ".*.tmp", ".*.jsonl", ".pages-*", "*.wal", "tmp_*.parquet")
        found = {path for pattern in patterns for path in self.seen.rglob(pattern) if "dagster" not in path.parts}
        found |= set((self._landing / "incoming").iterdir())
        return sorted(str(path.relative_to(self.seen)) for path in found)

    def runs_by_status(self) -> Counter[str]:
        """Runs in Dagster's history by status, read from a copy because opening an instance writes to it."""
        with TemporaryDirectory() as folder:
            for path in (self.seen / "dagster" / "history").glob("runs.db*"):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(Path(folder) / "runs.db")) as runs:
                return Counter(status for (status,) in runs.execute("select status from runs"))

    def outcomes(self) -> Counter[str]:
        """How the runs said that they ended; one that was killed said nothing."""
        return Counter(
            json.loads(path.read_text("utf-8"))["outcome"] for path in (self.seen / "runs").glob("*/outcome.json")
        )

    @property
    def _landing(self) -> Path:
        return self.as_settings.landing

    def _files(self, name: str) -> list[Path]:
        return sorted(self._landing.glob(f"*/*/{name}"))


@dataclass(frozen=True)
class Race:
    """Two first refreshes of one empty home, started at the same moment, and the home that came of it."""

    home: DrillHome
    ended: list[Ended]


def cut(path: Path) -> None:
    """A file loses its second half."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def json_lines(path: Path) -> list[Record]:
    """The whole lines; one that a kill tore was never recorded."""
    from atf_dagster.files import read_json_lines

    return read_json_lines(path)


def _hashes(path: Path) -> list[str]:
    return [record["sha256"] for record in json_lines(path) if record["outcome"] == "landed"]
