"""`kill -9` at each stage of a refresh, one after the other in one house: readers never notice, a plain run repairs.

Belongs here: the moments, and what is left after each. Does not belong here: full disks, races.
The signal is the kernel's own, sent by the process to itself when Python is about to do what the moment names: an
exact place between two writes, which a parent that watches progress lines cannot hit.
"""

from __future__ import annotations

import signal
from collections import Counter
from dataclasses import dataclass

import pytest
from drill_house import DrillHouse, Ended, moment
from small_publishers import NEW_VINTAGES, LoopbackPublishers

STAGES = {
    "fetching": moment("os.rename", r"/landing/objects/", nth=2),
    "raw": moment("open", r"/verdicts\.jsonl$", nth=2),
    "dbt, staged half": moment("open", r"/dbt/run/.*/staging/", nth=10),
    "admission": moment("os.rename", r"/raw/admission/", nth=2),
    "dbt, mart half": moment("open", r"/dbt/run/.*/marts/", nth=8),
    "checks": moment("open", r"\.quality_mart\.json\."),
    "candidate half-written": moment("os.mkdir", r"/\.candidate-[^/]*/csv$"),
}
"""Stage -> the moment of the kill, in the order in which the kills follow each other."""

TOWARDS_THE_END = {
    "between the release's rename and the pointer": moment("os.symlink", r"/\.current\."),
    # The first outcome that a run writes is that of the killed one before it.
    "after the pointer moved, before the outcome is written": moment("open", r"/\.outcome\.json\.", nth=2),
    "while the digest is written": moment("open", r"/digests/\.[0-9]+\.json\."),
    "while people are told": moment("open", r"/alerts/\.ledger\.json\."),
}
"""Each in a copy of the house as the kills above left it, because after them there is nothing left to build."""


@dataclass(frozen=True)
class Death:
    """What was there when the process was dead."""

    ended: Ended
    current: str | None
    figures_readable: int
    versions: list[str]
    leftovers: list[str]
    outcomes: dict[str, int]


def die(house: DrillHouse, when: dict[str, object]) -> Death:
    ended = house.atf("refresh", die=when)
    return Death(
        ended, house.current, house.figures_readable, house.versions, house.leftovers(), dict(house.outcomes())
    )


@pytest.fixture(scope="module")
def house(published: DrillHouse, tmp_path_factory: pytest.TempPathFactory) -> DrillHouse:
    return published.copy(tmp_path_factory.mktemp("killed") / "home")


@pytest.fixture(scope="module")
def deaths(house: DrillHouse, news: LoopbackPublishers) -> dict[str, Death]:
    """Killed at every stage up to the half-written candidate, each time started again, as nothing had happened."""
    return {stage: die(house, when) for stage, when in STAGES.items()}


@pytest.fixture(scope="module")
def last_deaths(
    house: DrillHouse, deaths: dict[str, Death], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[DrillHouse, Death, Ended]]:
    """Killed when the release was finished: the house, the death, and the plain re-run after it."""
    found = {}
    for number, (stage, when) in enumerate(TOWARDS_THE_END.items()):
        copy = house.copy(tmp_path_factory.mktemp(f"end{number}") / "home")
        found[stage] = (copy, die(copy, when), copy.refresh())
    return found


every_stage = pytest.mark.parametrize("stage", STAGES)
every_end = pytest.mark.parametrize("stage", TOWARDS_THE_END)


@every_stage
def test_a_kill_leaves_the_last_good_release_to_readers(
    published: DrillHouse, deaths: dict[str, Death], stage: str
) -> None:
    death = deaths[stage]
    assert death.ended.code == -signal.SIGKILL, death.ended.errors
    assert death.current == published.current
    assert death.versions == published.versions
    assert death.figures_readable == published.figures_readable > 0
    # Each run says of the killed one before it how that ended; the newest is still owed.
    buried = list(STAGES).index(stage)
    assert death.outcomes == Counter(published.outcomes()) + Counter(failed=buried)


@every_stage
def test_each_kill_came_in_its_stage(deaths: dict[str, Death], stage: str) -> None:
    """By what the run had said of itself: the line before, and not yet the line after."""
    output = deaths[stage].ended.output
    lines = ["fetch 1/", "raw: ", "dbt: building the staged half", "admission: ", "dbt: building the mart half"]
    said = {"fetching": 1, "raw": 1, "dbt, staged half": 3, "admission": 3, "dbt, mart half": 5, "checks": 5}
    first = 0 if stage == "fetching" else 1
    expected = said.get(stage, 6)
    assert [line in output for line in [*lines, "checks: "]][first:] == [n < expected for n in range(6)][first:]
    assert "release: " not in output


def test_the_candidate_was_half_written(deaths: dict[str, Death]) -> None:
    (candidate,) = [name for name in deaths["candidate half-written"].leftovers if "/.candidate-" in f"/{name}"]
    assert candidate.startswith("releases/.candidate-000002-")


@every_end
def test_a_kill_at_the_end_leaves_readers_the_old_release_or_the_new_one_whole(
    published: DrillHouse, last_deaths: dict[str, tuple[DrillHouse, Death, Ended]], stage: str
) -> None:
    _, death, _ = last_deaths[stage]
    assert death.ended.code == -signal.SIGKILL, death.ended.errors
    assert len(death.versions) == 2
    moved = not stage.startswith("between")
    assert death.current == death.versions[1 if moved else 0]
    assert (death.figures_readable > published.figures_readable) is moved
    told = Counter(published=1) if stage.startswith("while") else Counter[str]()
    assert death.outcomes == Counter(published.outcomes()) + Counter(failed=len(STAGES)) + told


@every_end
def test_a_plain_run_after_all_kills_makes_the_new_release_current_and_clears_up(
    last_deaths: dict[str, tuple[DrillHouse, Death, Ended]], stage: str
) -> None:
    house, death, ended = last_deaths[stage]
    assert (ended.code, ended.report["outcome"]) == (0, "unchanged"), ended
    assert house.versions == death.versions
    assert house.current == death.versions[-1]
    assert house.leftovers() == []
    assert house.atf("status").code == 0


@every_end
def test_after_all_kills_the_house_holds_what_one_that_was_never_killed_holds(
    last_deaths: dict[str, tuple[DrillHouse, Death, Ended]], never_killed: DrillHouse, stage: str
) -> None:
    house, _, _ = last_deaths[stage]
    assert sum(len(hashes) - 1 for hashes in house.landed().values()) == NEW_VINTAGES
    assert house.landed() == never_killed.landed()
    assert house.receipts_that_landed() == house.landed()
    assert set(house.receipts_a_run().values()) == {1}
    assert house.judged() == never_killed.judged()
    assert house.objects() == never_killed.objects()
    assert all(name == sha256 for name, sha256 in house.objects().items())
    assert house.contents() == never_killed.contents()
