"""The folders show the flow: imports go one way, each tool has one room, and the picture is the newest."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import rooms

USERS = {
    "dagster": {"orchestration"},
    "great_expectations": {"quality"},
    "dbt": {"warehouse"},
    "gptables": {"report"},
    # The heartbeat is one call to an address of the settings; the snapshot answers in the library's own shapes.
    "requests": {"http", "alerts", "snapshot"},
}
"""Tool -> the rooms that import it."""


def imported(path: Path) -> set[str]:
    """The first part of every name that a module imports when it runs, not only for its types."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and isinstance(branch.test, ast.Name) and branch.test.id == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_every_room_has_its_place_in_the_order() -> None:
    assert rooms.rooms()


def test_an_import_goes_down_and_never_up() -> None:
    up = [
        f"{path.relative_to(rooms.PROJECT)} imports {other}"
        for room, other, path in rooms.imports()
        if rooms.ORDER.index(other) < rooms.ORDER.index(room)
    ]
    assert up == []


def test_nothing_imports_the_commands() -> None:
    assert [str(path) for _, other, path in rooms.imports() if other == "cli"] == []


@pytest.mark.parametrize("tool", USERS)
def test_a_tool_is_imported_in_its_room_alone(tool: str) -> None:
    files = rooms.PACKAGE.rglob("*.py")
    assert {path.relative_to(rooms.PACKAGE).parts[0] for path in files if tool in imported(path)} == USERS[tool]


def test_the_picture_shows_the_rooms_as_they_are() -> None:
    assert rooms.PICTURE.read_text("utf-8") == rooms.picture(), "run `python -m tools.rooms`"
