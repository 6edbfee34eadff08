"""The daemon dies in the middle of a run and is started again: the run ends well, is published, and is not run twice.

Belongs here: runs that Dagster's daemon starts. Does not belong here: runs that are killed themselves.
"""

from __future__ import annotations

from restarting import Restarted


def test_while_the_daemons_run_works_a_second_refresh_leaves_with_3(restarted: Restarted) -> None:
    assert restarted.beside.code == 3
    assert "Another refresh is running" in restarted.beside.errors


def test_the_run_outlives_its_daemon_and_publishes(restarted: Restarted) -> None:
    assert restarted.status_when_killed == "STARTED"
    assert restarted.home.runs_by_status() == {"SUCCESS": 2}  # the one that made the home, and this one
    assert restarted.home.outcomes() == {"published": 2}
    assert len(restarted.home.versions) == 2
    assert restarted.home.current == restarted.home.versions[-1]
    assert restarted.home.leftovers() == []


def test_the_run_was_started_once(restarted: Restarted) -> None:
    started = [line for line in restarted.said if line.startswith("Started process for run")]
    assert len(started) == 1, restarted.said
    assert set(restarted.home.receipts_a_run().values()) == {1}
