"""Goals in a home: a refresh shows them, an unchanged file costs nothing, and a wrong one is told and stops nothing.

Belongs here: refreshes of a home with a file of goals. Does not belong here: the rules for a line (test_goals_file).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from support.forked_atf import ForkedAtf
from support.home import PublishedHome

HEADING = "indicator,area,year,value\n"


def goals(home: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home / 'releases' / 'current' / 'atf.duckdb'}' as atf (read_only)")
        return connection.execute(
            "select indicator_code, area_code, goal_year, goal_value, outcome from atf.mart.fct_goal order by all"
        ).fetchall()


def test_goals_are_shown_kept_while_the_file_is_wrong_and_cost_nothing_while_it_is_the_same(
    published_home: PublishedHome, forked_atf: ForkedAtf, tmp_path: Path
) -> None:
    def refreshed() -> tuple[int, str]:
        done = forked_atf.atf(home, "refresh", "--json")
        return done.code, done.report["outcome"]

    home = tmp_path / "home"
    published_home.copy_of_all(home)
    assert goals(home) == []
    file = home / "goals.csv"

    file.write_text(HEADING + "ATF17,Liverpool,2030,1.5\n", "utf-8")
    assert refreshed() == (0, "published")
    shown = [("ATF17", "E08000012", 2030, 1.5, "off_path")]
    assert goals(home) == shown

    assert refreshed() == (0, "unchanged")

    file.write_text(HEADING + "ATF17,Liverpool,2030,1.5\nATF17,Leeds,2030,1.5\n", "utf-8")
    # Nothing of the wrong file is taken, so that the figures are those of the release before.
    assert refreshed() == (0, "unchanged")
    assert goals(home) == shown
    newest = max((home / "snapshot" / "alerts" / "digests").glob("*.txt"))
    assert "goals.csv, line 3, area: 'Leeds' is no area that we answer for." in newest.read_text("utf-8")
