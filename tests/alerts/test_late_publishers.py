"""People are notified once of a late publisher, also while its source does not answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atf_dagster import catalogue
from atf_dagster.alerts import detect
from atf_dagster.alerts.alert import Alert
from atf_dagster.release import versions
from atf_dagster.release.versions import Release
from support.home import PublishedHome
from support.releases import run_sql

COVERAGE = Callable[[str, str], Release]


@pytest.fixture(scope="module")
def coverage(few_figures: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> COVERAGE:
    """Gives the release with another state and reason for all areas of life expectancy."""
    folder: Path = few_figures.copy_of_releases(tmp_path_factory.mktemp("late") / "home").releases
    (release,) = versions.releases(folder)
    (release.path / "atf.duckdb").chmod(0o644)

    def having(state: str, reason: str) -> Release:
        run_sql(
            release.path / "atf.duckdb",
            f"update mart.coverage set state = '{state}', reason = '{reason}', expected_period_id = "
            "'2027-01-01/2029-12-31' where indicator_code = 'ATF01'",
        )
        return release

    return having


def late(release: Release, notified: list[Alert]) -> list[Alert]:
    return detect.of_late_publishers(catalogue.load(), release, notified)


def test_what_is_due_and_not_out_is_told_with_publisher_and_period(coverage: COVERAGE) -> None:
    (found,) = late(coverage("late", "publisher_late"), [])
    assert (found.key, found.owner, found.principle) == ("late/ATF01", "publisher", "Overarching outcomes")
    assert "has not published 2027-01-01/2029-12-31" in found.message
    assert "Office for Health Improvement and Disparities" in found.message


def test_while_its_source_fails_nobody_can_say_that_it_caught_up(coverage: COVERAGE) -> None:
    notified = late(coverage("late", "publisher_late"), [])
    assert late(coverage("stale", "source_failed"), notified) == notified
    assert late(coverage("stale", "source_failed"), []) == []


def test_when_the_period_is_out_it_is_late_no_longer(coverage: COVERAGE) -> None:
    notified = late(coverage("late", "publisher_late"), [])
    assert late(coverage("current", ""), notified) == []
