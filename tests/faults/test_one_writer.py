"""One refresh at a time, and none that dies can harm what readers have.

Belongs here: the lock and kills, with real processes. Does not belong here: faults of publishers.
"""

from __future__ import annotations

import fcntl
import signal

import pytest
from homes import Ended, Home, Killed
from story import Damaged

MOMENTS = ["while publishers answer", "while the warehouse is built"]


def test_a_second_refresh_leaves_with_3_and_says_who_is_at_work(empty_home: Home) -> None:
    empty_home.home.mkdir()
    with (empty_home.home / "refresh.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 4711")
        lock.flush()
        done = empty_home.atf("refresh")
    assert done.returncode == 3
    assert "Another refresh is running" in done.stderr
    assert "process 4711" in done.stderr
    assert "Wait until it ends" in done.stderr
    assert [path.name for path in empty_home.home.iterdir()] == ["refresh.lock"]


def test_readers_and_lookups_do_not_wait_for_the_writer(home: Home, first: Ended) -> None:
    with (home.home / "refresh.lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert home.atf("status").returncode == 0
        assert home.atf("releases").returncode == 0
        assert home.rows("select count(*) > 0 from mart.fct_observation") == [(True,)]
        assert home.atf("rollback").returncode == 3


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_refresh_leaves_the_release_that_there_was(
    home: Home, damaged: Damaged, killed: dict[str, Killed], moment: str
) -> None:
    death = killed[moment]
    assert death.code == -signal.SIGKILL, f"it ended by itself after: {death.last_line}"
    assert death.current == damaged.ended.current
    ((figures,),) = home.rows("select count(*) from mart.fct_observation", version=damaged.ended.current)
    assert death.figures_readable == figures > 0


def test_a_plain_run_after_a_kill_publishes_and_clears_up(
    home: Home, killed: dict[str, Killed], repaired: Ended
) -> None:
    assert (repaired.code, repaired.report["outcome"]) == (0, "published")
    assert list(home.releases.glob(".candidate-*")) == []
    assert list((home.workspace / "landing" / "incoming").iterdir()) == []
    for version in home.versions:
        assert home.rows("select count(*) > 0 from mart.fct_observation", version=version) == [(True,)]
