"""What the tests of the pieces share: one refresh from the bundled snapshot, and the publishers' own files.

Belongs here: fixtures that more than one folder uses, and which tests stay in one worker. A refresh costs half a
minute of computing, so there is one for all workers.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from support.home import PROJECT, PublishedHome, command, made_once

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("dbt", "kills", "damage", "faults")
"""Folders whose tests read one story or one warehouse, which a second worker would have to make again."""

LONGEST_FIRST = (
    "tests/faults",
    "tests/drills/kills",
    "tests/drills/damage",
    "tests/dbt",
)
"""What takes longest is begun first, so that no worker is left with it when the others have nothing to do."""


def unit_of(nodeid: str) -> str:
    """What is given to one worker as a whole: the folder for those above, else the file."""
    file = PurePosixPath(nodeid.partition("::")[0])
    return str(file.parent if file.parent.name in TOGETHER else file)


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
        return LONGEST_FIRST.index(unit) if unit in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=turn)


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> PublishedHome:
    """A home in which `atf refresh --json` ran once, as a process. Nothing in it may be changed."""

    def refreshed(folder: Path) -> None:
        done = command(folder / "home", "atf", "refresh", "--json")
        lines = done.stdout.strip().splitlines()
        assert lines, f"`atf refresh --json` printed nothing; exit code {done.returncode}; {done.stderr}"
        (folder / "ended.json").write_text(json.dumps({"code": done.returncode, "report": json.loads(lines[-1])}))

    folder = made_once(tmp_path_factory, "published", refreshed)
    ended = json.loads((folder / "ended.json").read_text())
    return PublishedHome(folder / "home", ended["code"], ended["report"])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the publishers' own files; the test is skipped where it is absent."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: no publishers' files to read")
    return folder
