"""Runs dbt in this process, in two halves: what admission looks at, and what is built from what it admitted.

Belongs here: how dbt is invoked and what its results mean. Does not belong here: SQL, Dagster, which process it is
(`engines`).
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from atf_dagster.errors import AtfError
from atf_dagster.settings import Settings
from atf_dagster.warehouse import parsed_project
from atf_dagster.warehouse.shared_shape import staging_variables

Half = Literal["staged", "mart"]
SELECTION: dict[Half, list[str]] = {
    "staged": ["--select", "tag:staged"],
    "mart": ["--exclude", "tag:staged"],
}


@dataclass(frozen=True)
class NodeResult:
    """One model or test as dbt ran it; times in seconds."""

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    message: str
    failures: int

    @property
    def ok(self) -> bool:
        return self.status in ("success", "pass", "skipped", "warn")


class WarehouseError(AtfError):
    """What dbt ran before it stopped is in `nodes`."""

    def __init__(self, message: str, nodes: list[NodeResult], remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.nodes = nodes

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.nodes)


class WarehouseFailed(WarehouseError):
    """dbt could not build a model; an engineer corrects the SQL or the input that the text names."""


class WarehouseHeld(WarehouseError):
    """A dbt test found rows that break a rule of keys, relationships or accepted values."""


def ensure_manifest(settings: Settings) -> Path:
    """The manifest of today's project, parsed anew only when a file changed. Raises WarehouseFailed."""
    return _parsed(settings) / parsed_project.MANIFEST


def _parsed(settings: Settings) -> Path:
    try:
        return parsed_project.folder(settings.dbt_target / "parsed")
    except parsed_project.NotParsed as error:
        raise WarehouseFailed(
            f"dbt could not read the project {parsed_project.DBT_PROJECT}: {error}",
            [],
            "Correct the file that the text names; the last release stays in place.",
        ) from error


def read_manifest(settings: Settings) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(ensure_manifest(settings).read_text("utf-8"))
    return manifest


def build(settings: Settings, half: Half) -> list[NodeResult]:
    """Build one half; one result a node. Raises WarehouseFailed or WarehouseHeld.

    The staged half begins with a new file: the warehouse is wholly derived and nothing of an earlier,
    perhaps killed, build can remain in it.
    """
    if half == "staged":
        for path in (settings.warehouse, settings.warehouse.with_name(settings.warehouse.name + ".wal")):
            path.unlink(missing_ok=True)
    # Unit tests belong to the project's own tests, exposures to its documentation: neither builds anything.
    beside = ["--exclude-resource-type", "unit_test", "exposure"]
    selection = [*SELECTION[half], "--indirect-selection", "cautious", *beside]
    nodes = _invoke(settings, ["build", *selection, "--no-write-json"])
    errors = [node for node in nodes if not node.ok and node.status != "fail"]
    if errors:
        raise WarehouseFailed(
            "dbt could not build: " + "; ".join(f"{node.name}: {_one_line(node.message)}" for node in errors) + ".",
            nodes,
            "Correct the model, or the input that it names; the last release stays in place.",
        )
    if failed := [node for node in nodes if not node.ok]:
        raise WarehouseHeld(
            "dbt tests failed: " + "; ".join(f"{node.name} ({node.failures} rows)" for node in failed) + ".",
            nodes,
            "Run the test's SQL from the dbt target folder to see the rows; the last release stays in place.",
        )
    return nodes


_loaded: list[Any] = []
"""Manifests that no build used yet: each changes what it is given."""


def load_engine(settings: Settings, builds: int = 1) -> None:
    """Import dbt and load the project for the next `builds` builds; takes seconds."""
    while len(_loaded) < builds:
        _loaded.append(load_project(settings))


def load_project(settings: Settings) -> Any:
    """The parsed project, whole: dbt itself would look at each file again."""
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack((_parsed(settings) / parsed_project.FOR_DBT).read_bytes())
    manifest.build_flat_graph()
    return manifest


def _invoke(settings: Settings, arguments: list[str]) -> list[NodeResult]:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    manifest = _loaded.pop() if _loaded else load_project(settings)
    os.environ["ATF_RAW"] = str(settings.raw)
    os.environ["ATF_WAREHOUSE"] = str(settings.warehouse)
    os.environ.update(staging_variables(parsed_project.DBT_PROJECT))
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    command = [
        "--quiet",
        "--no-use-colors",
        "--log-level-file",
        "info",
        *arguments,
        "--project-dir",
        str(parsed_project.DBT_PROJECT),
        "--profiles-dir",
        str(parsed_project.DBT_PROJECT),
        "--target-path",
        str(settings.dbt_target),
        "--log-path",
        str(settings.dbt_target),
    ]
    try:
        outcome = dbtRunner(manifest).invoke(command)
    finally:
        # Otherwise this process keeps the warehouse's lock, and nobody can open what was built.
        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise WarehouseFailed(
            f"dbt {arguments[0]} stopped: {_one_line(str(outcome.exception))}.",
            [],
            f"Correct the dbt project; the log is {settings.dbt_target / 'dbt.log'}.",
        ) from outcome.exception
    nodes = getattr(outcome.result, "results", None) or []
    return [
        NodeResult(
            unique_id=node.node.unique_id,
            name=node.node.name,
            kind=str(node.node.resource_type),
            status=str(node.status),
            seconds=float(node.execution_time),
            message=str(node.message or ""),
            failures=int(node.failures or 0),
        )
        for node in nodes
        if str(node.node.resource_type) != "operation"
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:400]
