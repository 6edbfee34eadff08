"""A home (one ATF_HOME) with a release in it, and the command `atf` as a process.

Belongs here: running the command, making a home once for all workers, copying it, reading a release as the files
that it is.
Does not belong here: what must hold (the test modules), publishers on loopback (`support.publishers`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.release.contract import Table, from_manifest
from atf_dagster.settings import Settings
from atf_dagster.warehouse import dbt

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
LONG_ENOUGH = 300.0  # seconds; only a command that hangs takes longer


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without anything that it says of a home, and with this one."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ATF_", "DAGSTER_"))}
    # Pages are the business of few tests, and every refresh would make them.
    usual = {"ATF_HOME": str(home), "ATF_MODE": "snapshot", "ATF_REPORT": "false"}
    return {**inherited, **usual, **(more or {})}


def command(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the virtual environment to its end, in `home`."""
    return subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        env=environment(home, more),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LONG_ENOUGH,
        check=False,
    )


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills once for all workers of this run; a worker that comes while it does waits.

    What is in it is only read: each worker sees what the others do to it.
    """
    base = factory.getbasetemp()
    # A worker's own folder lies in that of the run, which a run in one process has for itself.
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, whole = root / f"shared-{name}", root / f"shared-{name}.whole"
    with (root / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


@dataclass(frozen=True)
class PublishedHome:
    """A home after one refresh from the bundled snapshot. Read only: a test that writes takes a copy."""

    home: Path
    code: int
    report: dict[str, Any]
    """What `atf refresh --json` printed."""

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home)

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def release(self) -> Path:
        return self.releases / str(self.report["release"])

    @property
    def mart(self) -> Path:
        return self.release / "atf.duckdb"

    @property
    def receipt(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.release / "receipt.json").read_text("utf-8"))
        return found

    @cached_property
    def tables(self) -> list[Table]:
        """The relations of the mart as dbt's manifest declares them."""
        return from_manifest(dbt.read_manifest(self.settings))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the release, attached under another name than its file has, as readers may."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.mart}' as release (read_only)")
            connection.execute("use release")
            return connection.execute(sql).fetchall()

    def copy_of_all(self, into: Path) -> PublishedHome:
        """The whole home again, so that a test may refresh or damage it."""
        shutil.copytree(self.home, into, symlinks=True)
        return PublishedHome(into, self.code, self.report)

    def copy_of_releases(self, into: Path) -> PublishedHome:
        """A home that has the releases and nothing else."""
        shutil.copytree(self.releases, into / "releases", symlinks=True)
        return PublishedHome(into, self.code, self.report)
