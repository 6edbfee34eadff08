"""`kill -9` at each stage of a refresh, one after the other in one house: readers never notice, a plain run repairs.

Belongs here: what each kill leaves and what the plain run makes of it. Does not belong here: the moments (`incidents`).
"""

from __future__ import annotations

import signal

import pytest
from drill_home import DrillHome, Ended
from incidents import AT_THE_END, INCIDENTS, Aftermath
from small_publishers import NEW_VINTAGES

KILLS = [name for name, incident in INCIDENTS.items() if incident.kind == "killed"]
every_kill = pytest.mark.parametrize("name", KILLS)
every_end = pytest.mark.parametrize("name", AT_THE_END)
Ends = dict[str, tuple[DrillHome, Aftermath, Ended]]

STEP_BEFORE_AND_AFTER = {
    "killed while fetching": ("fetch 1/", "raw: "),
    "killed between receipt and vintage": ("step: fetch", "step: parse"),
    "killed in raw": ("step: parse", "raw: "),
    "killed in dbt's staged half": ("step: staged", "step: admit"),
    "killed in admission": ("step: admit", "step: mart"),
    "killed in dbt's mart half": ("step: mart", "step: check"),
    "killed in the checks": ("step: check", "step: publish"),
    "killed with the candidate half-written": ("step: publish", "release: "),
}


@every_kill
def test_a_kill_leaves_the_last_good_release_to_readers(
    published: DrillHome, aftermath: dict[str, Aftermath], name: str
) -> None:
    after = aftermath[name]
    assert after.ended.code == -signal.SIGKILL, after.ended.errors
    assert after.current == published.current
    assert after.versions == published.versions
    assert after.figures_readable == published.figures_readable > 0
    assert after.outcomes["published"] == 1


@every_kill
def test_each_kill_came_in_its_step(aftermath: dict[str, Aftermath], name: str) -> None:
    before, after = STEP_BEFORE_AND_AFTER[name]
    assert before in aftermath[name].ended.output
    assert after not in aftermath[name].ended.output


def test_kills_leave_halves_behind_so_that_there_is_something_to_clear(aftermath: dict[str, Aftermath]) -> None:
    left = {name: " ".join(aftermath[name].leftovers) for name in KILLS}
    assert "landing/incoming/" in left["killed while fetching"]
    assert "warehouse.duckdb.wal" in left["killed in dbt's staged half"]
    assert "raw/admission/.admission.parquet." in left["killed in admission"]
    assert "releases/.candidate-000002-" in left["killed with the candidate half-written"]


@every_end
def test_a_kill_at_the_end_leaves_readers_the_old_release_or_the_new_one_whole(
    published: DrillHome, ends: Ends, name: str
) -> None:
    _, after, _ = ends[name]
    assert after.ended.code == -signal.SIGKILL, after.ended.errors
    assert len(after.versions) == 2
    moved = name.startswith("killed between the pointer")
    assert after.current == after.versions[1 if moved else 0]
    assert (after.figures_readable > published.figures_readable) is moved
    assert after.outcomes["published"] == 1, "the killed run said how it ended, so it was killed too late"


@every_end
def test_after_a_kill_at_the_end_a_plain_run_makes_the_finished_release_current(ends: Ends, name: str) -> None:
    home, after, ended = ends[name]
    assert ended.code == 0, ended
    now = home.outcomes()
    assert (now["published"], now["unchanged"]) == (after.outcomes["published"], 1)
    # The whole command also says of the last killed run how that ended.
    assert after.outcomes["failed"] <= now["failed"] <= after.outcomes["failed"] + 1
    assert home.versions == after.versions
    assert home.current == after.versions[-1]


def test_after_all_that_a_plain_run_publishes(unlucky: DrillHome, published: DrillHome, repaired: Ended) -> None:
    assert (repaired.code, repaired.report["outcome"]) == (0, "published"), repaired
    assert repaired.report["source_issues"] == []
    assert len(unlucky.versions) == 2
    assert unlucky.current == unlucky.versions[-1]


def test_nothing_unfinished_is_left(unlucky: DrillHome, repaired: Ended, ends: Ends) -> None:
    for home in (unlucky, *(home for home, _, _ in ends.values())):
        assert home.leftovers() == []
        assert home.atf("status").code == 0


def test_nothing_is_lost_or_doubled(unlucky: DrillHome, repaired: Ended, ends: Ends, never_killed: DrillHome) -> None:
    for home in (unlucky, *(home for home, _, _ in ends.values())):
        assert sum(len(hashes) - 1 for hashes in home.landed().values()) == NEW_VINTAGES
        assert home.landed() == never_killed.landed()
        # A kill between receipt and vintage leaves a receipt more: the bytes came twice, and were taken in once.
        assert home.receipts_that_landed() == {part: set(hashes) for part, hashes in home.landed().items()}
        assert set(home.receipts_a_run().values()) == {1}
        assert home.judged() == never_killed.judged()
        assert home.objects() == never_killed.objects()
        assert all(name == sha256 for name, sha256 in home.objects().items())
        assert home.contents() == never_killed.contents()


def test_runs_that_were_killed_are_failed_by_the_next_one(
    unlucky: DrillHome, repaired: Ended, aftermath: dict[str, Aftermath]
) -> None:
    whole_runs = [name for name in KILLS if not INCIDENTS[name].steps]
    statuses = unlucky.runs_by_status()
    assert statuses["STARTED"] == 0
    assert statuses["FAILURE"] >= len(whole_runs)
    assert unlucky.outcomes()["failed"] >= len(whole_runs)
    assert statuses["SUCCESS"] >= 1
