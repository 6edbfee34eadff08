"""The files in expectations/: each expectation has a name, an owner, a reason and a remedy."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError
from suite_of import expectation, suite_of

from atf_dagster.quality import gx, suites
from atf_dagster.quality.suites import FOLDER, Suite

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
