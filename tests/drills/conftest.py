"""What the drills share: two small publishers, the forked_start that forks `atf`, and one published house to copy.

Belongs here: the fixtures, and the race in which that house came about. Does not belong here: what must hold.
Each drill works on a copy of its own; nobody changes the published house. Whoever refreshes says first what the
publishers serve, so that the order of the drills does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dagster_processes import CodeServer, code_server
from drill_home import DrillHome, Ended, ForkedStart, Race, cut
from incidents import AT_THE_END, INCIDENTS, Aftermath, let_happen
from restarting import Restarted, run_while_the_daemon_is_restarted
from small_publishers import NEWS, settings_for, small_publishers

from atf_dagster.pipeline.steps import NEEDED_BYTES
from support.two_publishers import TwoPublishers

DISK_BYTES = 300_000_000
"""Of the drills' own disk: a refresh begins with 200 MB free, and the home on it takes some fifty."""


BOARD = pytest.StashKey[ForkedStart]()


@pytest.fixture(scope="session")
def publishers() -> Iterator[TwoPublishers]:
    with small_publishers() as servers:
        yield servers


@pytest.fixture(scope="session")
def forked_start(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[ForkedStart]:
    board = ForkedStart(tmp_path_factory.mktemp("forked_start"), DISK_BYTES)
    pytestconfig.stash[BOARD] = board
    yield board
    board.stop()


@pytest.fixture(scope="session")
def race(tmp_path_factory: pytest.TempPathFactory, publishers: TwoPublishers, forked_start: ForkedStart) -> Race:
    home = DrillHome(tmp_path_factory.mktemp("drills") / "home", forked_start, settings_for(publishers))
    publishers.lay_over({})
    both = [home.start("refresh", "--json") for _ in range(2)]
    return Race(home, [running.ended() for running in both])


@pytest.fixture(scope="session")
def published(race: Race) -> DrillHome:
    """A home with one release. Read only: a drill takes a copy."""
    assert sorted(ended.code for ended in race.ended) == [0, 3], race.ended
    return race.home


@pytest.fixture(scope="session")
def daemons_house(published: DrillHome, tmp_path_factory: pytest.TempPathFactory) -> DrillHome:
    """A home that Dagster's daemon looks after, on a machine whose clock is an hour ahead, as London's in summer.

    Its warehouse was deleted.
    """
    home = published.copy(tmp_path_factory.mktemp("daemon") / "home").with_settings(TZ="Africa/Lagos")
    home.warehouse.unlink()
    return home


@pytest.fixture(scope="session")
def served(daemons_house: DrillHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """The code server of that house."""
    with code_server(daemons_house, tmp_path_factory.mktemp("code_server")) as server:
        yield server


@pytest.fixture(scope="session")
def restarted(
    daemons_house: DrillHome,
    served: CodeServer,
    publishers: TwoPublishers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Restarted:
    return run_while_the_daemon_is_restarted(daemons_house, served, publishers, tmp_path_factory.mktemp("daemons"))


@pytest.fixture(scope="session")
def never_killed(restarted: Restarted) -> DrillHome:
    """A home that got the news by one refresh that nobody killed."""
    return restarted.home


@pytest.fixture(scope="session")
def unlucky(published: DrillHome, forked_start: ForkedStart) -> DrillHome:
    """The home to which everything happens, on the forked_start's own disk."""
    return published.copy(forked_start.disk / "home")


@pytest.fixture(scope="session")
def too_little_room(unlucky: DrillHome) -> Ended:
    """A refresh that found the disk nearly full; there is room again."""
    if not unlucky.forked_start.has_disk:
        pytest.skip("no disk could be mounted here, so none could be nearly full")
    unlucky.fill_disk(leave=NEEDED_BYTES - 50_000_000)
    ended = unlucky.atf("refresh")
    unlucky.make_room()
    return ended


@pytest.fixture(scope="session")
def aftermath(unlucky: DrillHome, publishers: TwoPublishers, request: pytest.FixtureRequest) -> dict[str, Aftermath]:
    """Incident -> what it left, one after the other."""
    publishers.lay_over(NEWS)
    if unlucky.forked_start.has_disk:
        request.getfixturevalue("too_little_room")
    return {name: let_happen(unlucky, name, incident) for name, incident in INCIDENTS.items()}


@pytest.fixture(scope="session")
def ends(
    unlucky: DrillHome,
    publishers: TwoPublishers,
    aftermath: dict[str, Aftermath],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[DrillHome, Aftermath, Ended]]:
    """Incident at the very end -> the home, what it left, and the plain re-run after it."""
    publishers.lay_over(NEWS)
    found = {}
    for number, (name, incident) in enumerate(AT_THE_END.items()):
        home = unlucky.copy(tmp_path_factory.mktemp(f"end{number}") / "home")
        after = let_happen(home, name, incident)
        # The whole command where something is left to do, the steps that it would take where nothing is.
        again = home.refresh() if number == 0 else home.steps("again", ("fetch", "parse", "unchanged"))
        found[name] = (home, after, again)
    return found


@pytest.fixture(scope="session")
def repaired(
    unlucky: DrillHome,
    publishers: TwoPublishers,
    aftermath: dict[str, Aftermath],
    ends: dict[str, tuple[DrillHome, Aftermath, Ended]],
) -> Ended:
    """The plain re-run after everything, and after the warehouse was cut as well."""
    publishers.lay_over(NEWS)
    cut(unlucky.warehouse)
    return unlucky.refresh()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    board = config.stash.get(BOARD, None)
    if board is not None:
        way = "a small disk of their own" if board.has_disk else "a limit on the size of files: no disk can be mounted"
        terminalreporter.write_line(f"tests/drills: disks were filled by way of {way}.")
