"""Reads and validates the suites: `expectations/*.yml` and the SQL that they share.

Belongs here: the fields of a suite. Does not belong here: running a suite (`gx`).
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from atf_dagster.files import read_yaml
from atf_dagster.settings import PROJECT

FOLDER = PROJECT / "expectations"
Severity = Literal["critical", "warning", "info"]
Stage = Literal["admission", "mart"]
Owner = Literal["publisher", "data engineers", "analysts"]
RUNBOOK = "docs/runbook.md"
"""The file in which each expectation's `runbook` is an anchor."""


class Expectation(BaseModel):
    """One Great Expectations type with its arguments, its reason and its remedy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity
    owner: Owner
    reason: str
    remedy: str
    runbook: str
    sensitive: bool = False


class Suite(BaseModel):
    """The expectations of one table, and the SQL that gives the rows to check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    stage: Stage
    table: str
    over: str | None = None
    """The name of a relation that several suites read, and of its file. It is made once, as a temporary table."""
    over_sql: str | None = None
    frame: str
    keys: tuple[str, ...]
    needs_previous: bool = False
    expectations: tuple[Expectation, ...]


def load(stage: Stage | None = None, folder: Path = FOLDER) -> list[Suite]:
    """All suites, or those of one stage, by file name. Raises pydantic.ValidationError, which names the field."""
    suites = []
    for path in sorted(folder.glob("*.yml")):
        suite = Suite.model_validate(read_yaml(path))
        if suite.over is not None:
            suite = suite.model_copy(update={"over_sql": (folder / f"{suite.over}.sql").read_text("utf-8")})
        suites.append(suite)
    return [suite for suite in suites if stage is None or suite.stage == stage]
