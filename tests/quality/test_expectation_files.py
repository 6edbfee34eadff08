"""The files in expectations/: each says what it is, whose it is, why it is there and what to do."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError
from suite_of import expectation, suite_of

from atf_dagster.catalogue import load
from atf_dagster.quality import gx, suites
from atf_dagster.quality.admission import rules_fingerprint
from atf_dagster.quality.suites import FOLDER, Suite
from atf_dagster.settings import PROJECT

ALL = [(suite, entry) for suite in suites.load() for entry in suite.expectations]


def test_every_file_is_a_suite_of_its_name() -> None:
    names = [path.stem for path in sorted(FOLDER.glob("*.yml"))]
    assert [suite.suite for suite in suites.load()] == names
    assert {suite.stage for suite in suites.load()} == {"admission", "mart"}
    assert len(suites.load("admission")) + len(suites.load("mart")) == len(names)


def test_an_expectation_is_named_once_in_its_suite() -> None:
    counts = Counter((suite.suite, entry.name) for suite, entry in ALL)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("suite", "entry"), [pytest.param(*pair, id=f"{pair[0].suite}.{pair[1].name}") for pair in ALL]
)
def test_an_expectation_is_of_a_known_type_and_says_whose_why_and_what_next(
    suite: Suite, entry: suites.Expectation
) -> None:
    gx.load_engine()
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    assert entry.type in list_registered_expectation_implementations()
    get_expectation_impl(entry.type)(**entry.kwargs)
    assert len(entry.reason) > 20
    assert len(entry.remedy) > 20
    assert suite.keys


@pytest.mark.parametrize("missing", ["owner", "reason", "remedy", "runbook", "severity", "name", "type", "kwargs"])
def test_an_expectation_without_all_of_it_is_refused(missing: str) -> None:
    entry = expectation("some")
    del entry[missing]
    with pytest.raises(ValidationError, match=missing):
        suite_of("select 1", entry)


def test_an_owner_whom_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="owner"):
        suite_of("select 1", expectation("some", owner="somebody"))


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="severty"):
        suite_of("select 1", expectation("some", severty="warning"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the rules follow from, to be changed."""
    shutil.copytree(PROJECT / "expectations", tmp_path / "expectations")
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECT / "dbt_project", tmp_path / "dbt_project", ignore=ignored)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("expectations/staged_rows.yml", True),
        ("expectations/staged_vintages.yml", True),
        ("expectations/staged_ees.yml", True),
        ("expectations/staged_arrived.sql", True),
        ("dbt_project/macros/markers.sql", True),
        ("dbt_project/models/staging/ons_els/stg_ons_els__data.sql", True),
        ("dbt_project/models/intermediate/int_admission.sql", True),
        ("expectations/coverage.yml", False),
        ("dbt_project/models/marts/dim_area.sql", False),
    ],
)
def test_every_vintage_is_judged_again_when_a_rule_changes_and_only_then(
    project: Path, file: str, changes: bool
) -> None:
    before = rules_fingerprint(load(), project)
    assert before == rules_fingerprint(load())
    path = project / file
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert (rules_fingerprint(load(), project) != before) is changes


def test_every_vintage_is_judged_again_when_a_bound_changes() -> None:
    catalogue = load()
    first, *others = catalogue.indicators
    changed = catalogue.model_copy(update={"indicators": (first.model_copy(update={"value_max": 1.0}), *others)})
    assert rules_fingerprint(changed) != rules_fingerprint(catalogue)
