"""A disk that is nearly full, or becomes full in the middle: exit code 1, a message that says it, nothing half-written.

Belongs here: what a full disk leaves. Does not belong here: when it becomes full (`incidents`).
Where no small disk can be mounted files are forbidden to grow instead; the summary of the tests says which it was.
"""

from __future__ import annotations

import pytest
from drill_home import DrillHome, Ended
from incidents import INCIDENTS, Aftermath

every_time = pytest.mark.parametrize("name", [n for n, incident in INCIDENTS.items() if incident.kind == "disk full"])
WORDS = ("no space left", "disk i/o error", "disk is full", "file too large")


def test_too_little_room_is_said_before_anything_is_asked(
    unlucky: DrillHome, published: DrillHome, too_little_room: Ended
) -> None:
    assert too_little_room.code == 1
    assert "MB left; a refresh needs 200" in too_little_room.errors
    assert "Free some space" in too_little_room.errors
    assert "fetch 1/" not in too_little_room.output


@every_time
def test_a_full_disk_fails_the_refresh_and_is_said(aftermath: dict[str, Aftermath], name: str) -> None:
    ended = aftermath[name].ended
    assert ended.code == 1
    assert any(words in (ended.output + ended.errors).lower() for words in WORDS), ended


def test_the_command_says_that_readers_have_lost_nothing(aftermath: dict[str, Aftermath]) -> None:
    for name in ("disk full while landing", "disk full while dbt builds"):
        assert "last release stays in place" in aftermath[name].ended.errors


@every_time
def test_a_full_disk_leaves_the_last_good_release_to_readers(
    published: DrillHome, aftermath: dict[str, Aftermath], name: str
) -> None:
    after = aftermath[name]
    assert after.current == published.current
    assert after.versions == published.versions
    assert after.figures_readable == published.figures_readable > 0


@every_time
def test_a_full_disk_leaves_no_half_of_a_file(aftermath: dict[str, Aftermath], name: str) -> None:
    # The warehouse is the working file: nobody reads it, and each build begins with a new one.
    assert [left for left in aftermath[name].leftovers if not left.endswith("warehouse.duckdb.wal")] == []


def test_the_disk_became_full_in_each_step(aftermath: dict[str, Aftermath]) -> None:
    said = {name: aftermath[name].ended.output for name, i in INCIDENTS.items() if i.kind == "disk full"}
    assert "raw: " not in said["disk full while landing"]
    assert "dbt: building the staged half" in said["disk full while dbt builds"]
    assert "admission: " not in said["disk full while dbt builds"]
    assert "step: publish" in said["disk full while the candidate is written"]


def test_with_room_again_a_plain_run_publishes(unlucky: DrillHome, repaired: Ended) -> None:
    assert (repaired.code, repaired.report["outcome"]) == (0, "published"), repaired
    assert unlucky.leftovers() == []
