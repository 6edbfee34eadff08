"""Goals in a home: a refresh shows them, an unchanged file costs nothing, and a wrong one is told and stops nothing.

Belongs here: refreshes of a home with a file of goals. Does not belong here: the rules for a line (test_goals_file).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from support.home import PublishedHome, command

HEADING = "indicator,area,year,value\n"


def refreshed(home: Path) -> tuple[int, dict[str, Any]]:
    done = command(home, "atf", "refresh", "--json")
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def goals(home: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home / 'releases' / 'current' / 'mart.duckdb'}' as atf (read_only)")
        return connection.execute(
            "select indicator_code, area_code, goal_year, goal_value, outcome from atf.mart.fct_goal order by all"
        ).fetchall()


def test_goals_are_shown_kept_while_the_file_is_wrong_and_cost_nothing_while_it_is_the_same(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    published_home.copy_of_all(home)
    assert goals(home) == []
    file = home / "goals.csv"

    file.write_text(HEADING + "ATF17,Liverpool,2030,1.5\n", "utf-8")
    code, report = refreshed(home)
    assert (code, report["outcome"]) == (0, "published")
    shown = [("ATF17", "E08000012", 2030, 1.5, "off_path")]
    assert goals(home) == shown

    assert refreshed(home)[1]["outcome"] == "unchanged"

    file.write_text(HEADING + "ATF17,Liverpool,2030,1.5\nATF17,Leeds,2030,1.5\n", "utf-8")
    # Nothing of the wrong file is taken, so that the figures are those of the release before.
    code, report = refreshed(home)
    assert (code, report["outcome"]) == (0, "unchanged")
    assert goals(home) == shown
    newest = max((home / "snapshot" / "alerts" / "digests").glob("*.txt"))
    assert "goals.csv, line 3, area: 'Leeds' is no area that we answer for." in newest.read_text("utf-8")
