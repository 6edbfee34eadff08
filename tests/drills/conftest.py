"""What the drills share: two small publishers, the springboard that forks `atf`, and one published house to copy.

Belongs here: the fixtures, and the race in which that house came about. Does not belong here: what must hold.
Each drill works on a copy of its own; nobody changes the published house.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drill_house import DrillHouse, Race, Springboard
from small_publishers import NEWS, LoopbackPublishers, settings_for, small_publishers

DISK_BYTES = 300_000_000
"""Of the drills' own disk: a refresh begins with 200 MB free, and the house on it takes some fifty."""


@pytest.fixture(scope="session")
def publishers() -> Iterator[LoopbackPublishers]:
    with small_publishers() as servers:
        yield servers


@pytest.fixture(scope="session")
def springboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Springboard]:
    board = Springboard(tmp_path_factory.mktemp("springboard"), DISK_BYTES)
    yield board
    board.stop()


@pytest.fixture(scope="session")
def race(tmp_path_factory: pytest.TempPathFactory, publishers: LoopbackPublishers, springboard: Springboard) -> Race:
    house = DrillHouse(tmp_path_factory.mktemp("drills") / "home", springboard, settings_for(publishers))
    publishers.spoil_from_now_on({})
    both = [house.start("refresh", "--json") for _ in range(2)]
    return Race(house, [running.ended() for running in both])


@pytest.fixture(scope="session")
def published(race: Race) -> DrillHouse:
    """A house with one release. Read only: a drill takes a copy."""
    assert sorted(ended.code for ended in race.ended) == [0, 3], race.ended
    return race.house


@pytest.fixture(scope="session")
def news(publishers: LoopbackPublishers) -> LoopbackPublishers:
    """The publishers with revised figures and a new period."""
    publishers.spoil_from_now_on(NEWS)
    return publishers


@pytest.fixture(scope="session")
def never_killed(
    published: DrillHouse, news: LoopbackPublishers, tmp_path_factory: pytest.TempPathFactory
) -> DrillHouse:
    """A house that got the news by one undisturbed refresh."""
    house = published.copy(tmp_path_factory.mktemp("undisturbed") / "home")
    ended = house.refresh()
    assert (ended.code, ended.report["outcome"]) == (0, "published"), ended
    return house
