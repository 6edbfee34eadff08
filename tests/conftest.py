"""What the tests of the pieces share: one refresh from the bundled snapshot, and the publishers' own files.

Belongs here: fixtures that more than one folder uses, and which tests stay in one worker. A refresh costs half a
minute of computing, so there is one for all workers.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atf_dagster.settings import COLLECT_SELDOM
from support.browser import Chromium, chromium
from support.forked_atf import ForkedAtf
from support.home import PROJECT, PublishedHome, command, made_once
from support.releases import publish_few_figures

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/faults", "tests/drills", "tests/dbt")
"""Folders whose tests read one story or one warehouse, which a second worker would have to make again. What takes
longest is begun first, so that no worker is left with it when the others have nothing to do."""

FORKING = (
    "tests/cli/test_refresh_command.py",
    "tests/goals/test_goals_reach_the_mart.py",
    "tests/report/test_report_command.py",
    "tests/returns/test_no_hidden_return_can_be_recomputed.py",
)
"""Files that go with tests/faults, where the process that forks `atf` is at work already."""


def unit_of(nodeid: str) -> str:
    """What is given to one worker as a whole: the folder for those above, else the file."""
    file = nodeid.partition("::")[0]
    if file in FORKING:
        return TOGETHER[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Several workers: each takes the next unit when it is through with its own.

    Not by `--dist loadgroup`, which pytest 9.2 silently ignores (pytest-xdist's issue 1386).
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # the order is that of the items
    return ByUnit(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not hasattr(config, "workerinput"):
        return

    def turn(item: pytest.Item) -> int:
        unit = unit_of(item.nodeid)
        return TOGETHER.index(unit) if unit in TOGETHER else len(TOGETHER)

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What is imported by now stays: nobody looks through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_SELDOM)


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> PublishedHome:
    """A home in which `atf refresh --json` ran once, as a process. Nothing in it may be changed."""

    def refreshed(folder: Path) -> None:
        done = command(folder / "home", "atf", "refresh", "--json", ATF_REPORT="true")
        lines = done.stdout.strip().splitlines()
        assert lines, f"`atf refresh --json` printed nothing; exit code {done.returncode}; {done.stderr}"
        (folder / "ended.json").write_text(json.dumps({"code": done.returncode, "report": json.loads(lines[-1])}))

    folder = made_once(tmp_path_factory, "published", refreshed)
    ended = json.loads((folder / "ended.json").read_text())
    return PublishedHome(folder / "home", ended["code"], ended["report"])


@pytest.fixture(scope="session")
def few_figures(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> PublishedHome:
    """A warehouse and a release with every relation of the mart and a tenth of its figures.

    For promises that do not depend on how many figures there are. Nothing in it may be changed.
    """
    folder = made_once(tmp_path_factory, "few", lambda folder: publish_few_figures(published_home, folder))
    (version,) = (path.name for path in (folder / "home" / "releases").glob("[0-9]*"))
    return PublishedHome(folder / "home", published_home.code, {**published_home.report, "release": version})


@pytest.fixture(scope="session")
def forked_atf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedAtf]:
    """`atf` without the seconds of imports, for stories of several refreshes."""
    forked = ForkedAtf(tmp_path_factory.mktemp("forked_atf"))
    yield forked
    forked.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """The machine's Chromium, headless; the test is skipped where there is none."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the publishers' own files; the test is skipped where it is absent."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: no publishers' files to read")
    return folder
