"""dbt on a raw folder, in this process, and what it ran.

Belongs here: running dbt and looking into the file that it builds.
Does not belong here: making the raw folder (`support.staging`), what must hold (the test modules).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.settings import Settings
from atf_dagster.warehouse.dbt import load_project
from atf_dagster.warehouse.shared_shape import describe_columns, staging_variables

PROJECT = Path(__file__).parents[2] / "dbt_project"

STAGED = ("--select", "tag:staged", "--indirect-selection", "cautious")
MART = ("--exclude", "tag:staged", "--indirect-selection", "cautious")
"""The two halves in which a refresh builds."""

NO_MANIFEST = "--no-write-json"

_PARSED: dict[tuple[Path, str], Path] = {}
"""(dbt project, name of a warehouse's file) -> the project as this process parsed it last, for the next warehouse."""


@dataclass(frozen=True)
class Node:
    """One model or test as dbt ran it; `rows` is the number of rows that a test found."""

    name: str
    kind: str
    status: str
    rows: int
    message: str


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file that dbt builds from the raw folder beside it."""

    folder: Path
    file: Path
    project: Path = PROJECT

    def dbt(self, *arguments: str) -> list[Node]:
        """Run one dbt command; the nodes it ran. A command that stops before it runs any is an error."""
        command, *rest = arguments
        # Of a build and a compilation tests read the manifest; to write it takes as long as to run a model.
        outcome = self._invoke((command, *rest) if command in ("build", "compile") else (command, NO_MANIFEST, *rest))
        if outcome.exception is not None:
            raise outcome.exception
        return [
            Node(
                name=result.node.name,
                kind=str(result.node.resource_type),
                status=str(result.status),
                rows=int(result.failures or 0),
                message=str(result.message or ""),
            )
            for result in getattr(outcome.result, "results", ())
        ]

    def compiled(self, sql: str) -> str:
        """`sql` with the project's macros put in."""
        outcome = self._invoke(("compile", NO_MANIFEST, "--inline", sql))
        if outcome.exception is not None:
            raise outcome.exception
        return str(outcome.result.results[0].node.compiled_code)

    def manifest(self, *, as_written: bool = False) -> dict[str, Any]:
        """The project as the last build or compilation had it, with the descriptions that a refresh fills in, or as the
        YAML has them.

        Read only: the same for all who ask.
        """
        path = self.folder / "target" / "manifest.json"
        return _manifest(path, path.stat().st_mtime_ns, as_written)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def _invoke(self, arguments: Sequence[str]) -> Any:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        # Whole, as a refresh gives it: dbt itself would look at each file again.
        manifest = load_project(Settings(home=self.folder)) if self.project == PROJECT else None
        parsed = self.folder / "target" / "partial_parse.msgpack"
        before = _PARSED.get((self.project, self.file.name))
        if before is not None and not parsed.exists():
            parsed.parent.mkdir(exist_ok=True)
            shutil.copyfile(before, parsed)
        target = str(parsed.parent)
        places = ("--project-dir", str(self.project), "--profiles-dir", str(self.project), "--target-path", target)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ATF_RAW", str(self.folder / "raw"))
            for name, value in staging_variables(self.project).items():
                patch.setenv(name, value)
            # dbt parses anew where the path of the file differs; seen from its folder, it is the same for all.
            patch.chdir(self.file.parent)
            patch.setenv("ATF_WAREHOUSE", self.file.name)
            try:
                return dbtRunner(manifest).invoke(["--quiet", *arguments, *places, "--log-path", target])
            finally:
                # Otherwise this process keeps the file's lock, and the tests cannot look into it.
                DuckDBConnectionManager.close_all_connections()
                if parsed.exists():
                    _PARSED[self.project, self.file.name] = parsed


@lru_cache(maxsize=4)
def _manifest(path: Path, changed: int, as_written: bool) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if not as_written:
        describe_columns(found)
    return found


@dataclass(frozen=True)
class Built:
    """The warehouse of the bundled figures, and what dbt ran in each of the two halves."""

    warehouse: Warehouse
    staged: list[Node]
    mart: list[Node]
