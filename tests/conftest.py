"""What the tests of the pieces share: one refresh from the bundled snapshot, and the publishers' own files.

Belongs here: fixtures that more than one folder uses. A refresh takes some fifteen seconds, so there is one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from published_house import PROJECT, PublishedHouse, command

ONE_HOUSE = ("alerts", "cli", "dagster_graph", "faults", "quality", "release")
"""Folders whose tests share the published house: one worker makes it once."""


@pytest.hookimpl(tryfirst=True)  # before the workers read the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run in several workers, those that share a house, or a file, stay in one."""
    for item in items:
        folder = item.path.parent.name
        shared = "house" if folder in ONE_HOUSE else folder if folder in ("dbt", "drills") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(shared))


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> PublishedHouse:
    """A house in which `atf refresh --json` ran once, as a process. Nothing in it may be changed."""
    home = tmp_path_factory.mktemp("published") / "home"
    done = command(home, "atf", "refresh", "--json")
    lines = done.stdout.strip().splitlines()
    assert lines, f"`atf refresh --json` printed nothing; exit code {done.returncode}; {done.stderr}"
    return PublishedHouse(home, done.returncode, json.loads(lines[-1]))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the publishers' own files; the test is skipped where it is absent."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: no publishers' files to read")
    return folder
