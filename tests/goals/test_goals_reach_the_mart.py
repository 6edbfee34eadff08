"""Goals in a home: a refresh shows them, an unchanged file costs nothing, and a wrong one is told and stops nothing.

The last refresh of this story is also the one that builds again what there is already (`--rebuild`).

Belongs here: refreshes of a home with a file of goals. Does not belong here: the rules for a line (test_goals_file).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.forked_atf import ForkedAtf
from support.home import PublishedHome

HEADING = "indicator,area,year,value\n"
SHOWN = [("ATF17", "E08000012", 2030, 1.5, "off_path")]


def goals(home: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home / 'releases' / 'current' / 'atf.duckdb'}' as atf (read_only)")
        return connection.execute(
            "select indicator_code, area_code, goal_year, goal_value, outcome from atf.mart.fct_goal order by all"
        ).fetchall()


@dataclass(frozen=True)
class Step:
    """How a refresh ended and what the home held then."""

    code: int
    report: dict[str, Any]
    goals: list[tuple[Any, ...]]
    versions: list[str]
    built: int
    """When the warehouse was written, in nanoseconds."""


@dataclass(frozen=True)
class Story:
    home: Path
    first: Step
    same: Step
    wrong: Step


@pytest.fixture(scope="module")
def story(published_home: PublishedHome, forked_atf: ForkedAtf, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A file of goals comes, stays as it is, and goes wrong; the last refresh builds everything again."""
    home = published_home.copy_of_all(tmp_path_factory.mktemp("goals") / "home").home
    file = home / "goals.csv"

    def refreshed(*words: str) -> Step:
        done = forked_atf.atf(home, "refresh", "--json", *words)
        versions = sorted(path.name for path in (home / "releases").glob("[0-9]*"))
        built = (home / "snapshot" / "warehouse.duckdb").stat().st_mtime_ns
        return Step(done.code, done.report, goals(home), versions, built)

    assert goals(home) == []
    file.write_text(HEADING + "ATF17,Liverpool,2030,1.5\n", "utf-8")
    first, same = refreshed(), refreshed()
    file.write_text(HEADING + "ATF17,Liverpool,2030,1.5\nATF17,Leeds,2030,1.5\n", "utf-8")
    return Story(home, first, same, refreshed("--rebuild"))


def test_goals_are_shown_and_cost_nothing_while_the_file_is_the_same(story: Story) -> None:
    assert (story.first.code, story.first.report["outcome"]) == (0, "published")
    assert story.first.goals == SHOWN
    assert (story.same.code, story.same.report["outcome"]) == (0, "unchanged")
    assert story.same.built == story.first.built


def test_nothing_of_a_wrong_file_is_taken_and_what_is_wrong_is_told(story: Story) -> None:
    assert story.wrong.goals == SHOWN
    newest = max((story.home / "snapshot" / "alerts" / "digests").glob("*.txt"))
    assert "goals.csv, line 3, area: 'Leeds' is no area that we answer for." in newest.read_text("utf-8")


def test_a_rebuild_from_the_same_bytes_gives_the_same_figures_and_no_new_version(story: Story) -> None:
    assert (story.wrong.code, story.wrong.report["outcome"]) == (0, "unchanged")
    assert {"dbt_staged", "dbt_mart", "release"} <= set(story.wrong.report["seconds"])
    assert story.wrong.built != story.same.built
    assert story.wrong.versions == story.first.versions
    assert list((story.home / "releases").glob(".candidate-*")) == []
