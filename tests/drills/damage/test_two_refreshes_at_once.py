"""Two refreshes at the same moment: one works, the other leaves with 3 and has touched nothing.

Belongs here: races of real processes. Does not belong here: what a lock that is held says (tests/faults), a
refresh beside one that a daemon runs (test_daemon_restarted).
"""

from __future__ import annotations

from drill_home import Race


def test_of_two_first_refreshes_of_an_empty_home_exactly_one_works(race: Race) -> None:
    assert sorted(ended.code for ended in race.ended) == [0, 3], race.ended
    (winner,) = [ended for ended in race.ended if ended.code == 0]
    (loser,) = [ended for ended in race.ended if ended.code == 3]
    assert winner.report["outcome"] == "published"
    assert winner.report["source_issues"] == []
    assert "Another refresh is running" in loser.errors
    assert loser.output == ""


def test_the_one_that_left_is_no_run_and_no_release(race: Race) -> None:
    home = race.home
    assert home.runs_by_status() == {"SUCCESS": 1}
    assert home.outcomes() == {"published": 1}
    assert len(home.versions) == 1
    assert set(home.receipts_a_run().values()) == {1}
    assert all(len(hashes) == 1 for hashes in home.landed().values())
