"""The pointer `current`: moved in one step under open readers, back and forth, and never to a damaged release."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atf_dagster.pipeline.steps import Refresh
from atf_dagster.release import versions
from atf_dagster.release.versions import ReleaseError
from support.home import PublishedHome
from support.releases import another_release, spoil

OLDER, NEWER, NEWEST = "000000-20250101T000000Z", "000002-20990101T000000Z", "000003-20990101T000000Z"

READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(connection.execute("select version from mart.release_info").fetchone()[0],
          connection.execute("select count(*) from mart.fct_observation").fetchone()[0], flush=True)
"""


class Reader:
    """A process that opened a release and keeps it open."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self) -> str:
        """The version that this reader sees now."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        version, count = self._process.stdout.readline().split()
        assert int(count) > 0
        return version


@contextmanager
def reader(releases: Path) -> Iterator[Reader]:
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(releases / "current" / "atf.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Reader(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=30)


@pytest.fixture
def first(home: PublishedHome) -> str:
    """The version that the refresh published, which is current."""
    return home.release.name


@pytest.fixture
def three(home: PublishedHome, first: str) -> PublishedHome:
    """An older and a newer release around the current one."""
    another_release(home.releases, first, OLDER)
    another_release(home.releases, first, NEWER)
    return home


def test_releases_are_listed_oldest_first_and_the_current_one_is_known(three: PublishedHome, first: str) -> None:
    known = versions.releases(three.releases)
    assert [release.version for release in known] == [OLDER, first, NEWER]
    assert [release.is_current for release in known] == [False, True, False]
    current = versions.current(three.releases)
    assert current is not None and current.version == first


def test_an_open_reader_keeps_its_release_and_a_new_one_gets_the_new(three: PublishedHome, first: str) -> None:
    with reader(three.releases) as early:
        assert early.ask() == first
        versions.point_to(three.releases, NEWER)
        with reader(three.releases) as late:
            assert late.ask() == NEWER
        assert early.ask() == first


def test_an_open_reader_outlives_the_removal_of_its_release(three: PublishedHome, first: str) -> None:
    with reader(three.releases) as early:
        assert early.ask() == first
        versions.point_to(three.releases, NEWER)
        assert versions.remove_old(three.releases, 1) == [OLDER, first]
        assert early.ask() == first


def test_the_pointer_is_always_there_while_it_moves(three: PublishedHome, first: str) -> None:
    """A reader that opens the pointer all the time finds one release or another, never none."""
    pointer = three.releases / "current"
    seen: set[str] = set()
    missed: list[OSError] = []
    moving = threading.Event()
    moving.set()

    def read() -> None:
        while moving.is_set():
            try:
                seen.add(json.loads((pointer / "receipt.json").read_text("utf-8"))["version"])
            except OSError as error:
                missed.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    try:
        for version in (OLDER, NEWER, first) * 40:
            versions.point_to(three.releases, version)
            assert pointer.readlink() == Path(version)
    finally:
        moving.clear()
        for thread in readers:
            thread.join(timeout=30)
    assert missed == []
    assert seen <= {OLDER, NEWER, first}
    assert seen
    assert list(three.releases.glob(".current*")) == []


def test_the_pointer_survives_a_move_of_the_house(three: PublishedHome, first: str, tmp_path: Path) -> None:
    moved = three.home.rename(tmp_path / "elsewhere")
    current = versions.current(moved / "releases")
    assert current is not None and current.version == first


def test_rollback_goes_one_back(three: PublishedHome, first: str) -> None:
    assert versions.rollback(three.releases) == (first, OLDER)
    assert versions.current_version(three.releases) == OLDER
    assert versions.rolled_back_from(three.releases) == NEWER


def test_rollback_goes_to_a_named_release_forward_too(three: PublishedHome, first: str) -> None:
    assert versions.rollback(three.releases, OLDER) == (first, OLDER)
    assert versions.rollback(three.releases, NEWER) == (OLDER, NEWER)
    assert versions.current_version(three.releases) == NEWER
    assert versions.rolled_back_from(three.releases) is None


@pytest.mark.parametrize("name", ["current", "../releases", ".candidate-000009-20260101T000000Z"])
def test_rollback_to_something_that_is_no_release_leaves_the_pointer(
    three: PublishedHome, first: str, name: str
) -> None:
    with pytest.raises(ReleaseError, match="There is no release"):
        versions.rollback(three.releases, name)
    assert versions.current_version(three.releases) == first


def test_two_steps_back_hold_until_there_is_news(three: PublishedHome, first: str) -> None:
    versions.rollback(three.releases, NEWER)
    assert versions.rollback(three.releases)[1] == first
    assert versions.rollback(three.releases)[1] == OLDER
    newest = versions.releases(three.releases)[-1]
    Refresh(three.settings, "unchanged").finish_unchanged(newest)
    assert versions.current_version(three.releases) == OLDER


def test_a_pointer_to_nothing_is_mended_by_the_next_refresh(three: PublishedHome) -> None:
    pointer = three.releases / "current"
    pointer.unlink()
    pointer.symlink_to("000099-20250101T000000Z")
    newest = versions.releases(three.releases)[-1]
    Refresh(three.settings, "unchanged").finish_unchanged(newest)
    assert versions.current_version(three.releases) == newest.version


def test_rollback_without_a_name_stays_within_the_mode(three: PublishedHome, first: str) -> None:
    receipt = three.releases / OLDER / "receipt.json"
    receipt.chmod(0o644)
    receipt.write_text(json.dumps({**json.loads(receipt.read_text("utf-8")), "mode": "live"}), encoding="utf-8")
    with pytest.raises(ReleaseError, match="of its mode"):
        versions.rollback(three.releases)
    assert versions.current_version(three.releases) == first


def test_rollback_from_the_oldest_release_is_refused(three: PublishedHome) -> None:
    versions.point_to(three.releases, OLDER)
    with pytest.raises(ReleaseError, match="no release before the current one"):
        versions.rollback(three.releases)
    assert versions.current_version(three.releases) == OLDER


def test_rollback_to_what_is_not_there_names_what_is(three: PublishedHome, first: str) -> None:
    with pytest.raises(ReleaseError) as refused:
        versions.rollback(three.releases, "000099-20250101T000000Z")
    assert all(version in str(refused.value) for version in (OLDER, first, NEWER))
    assert versions.current_version(three.releases) == first
    assert versions.rolled_back_from(three.releases) is None


@pytest.mark.parametrize("name", ["atf.duckdb", "csv/fct_observation.csv", "parquet/dim_area.parquet"])
def test_rollback_to_a_damaged_release_is_refused(three: PublishedHome, first: str, name: str) -> None:
    spoil(three.releases / OLDER / name)
    with pytest.raises(ReleaseError) as refused:
        versions.rollback(three.releases)
    assert f"{name} has changed" in str(refused.value)
    assert OLDER in str(refused.value)
    assert versions.current_version(three.releases) == first


def test_damage_is_noticed_file_by_file(three: PublishedHome) -> None:
    release = versions.releases(three.releases)[0]
    assert versions.damage(release) == []
    spoil(release.path / "atf.duckdb")
    release.path.joinpath("csv").chmod(0o755)
    (release.path / "csv" / "coverage.csv").unlink()
    assert sorted(versions.damage(release)) == ["atf.duckdb has changed", "csv/coverage.csv is missing"]


def test_the_pointer_never_moves_to_a_release_without_a_verdict(home: PublishedHome, first: str) -> None:
    another_release(home.releases, first, NEWER, lambda receipt: receipt.update(verdict="held"))
    with pytest.raises(ReleaseError, match="no verdict that lets it be published"):
        versions.point_to(home.releases, NEWER)
    assert versions.current_version(home.releases) == first


def test_a_folder_without_a_receipt_is_no_release(home: PublishedHome, first: str) -> None:
    folder = another_release(home.releases, first, NEWER)
    (folder / "receipt.json").unlink()
    assert [release.version for release in versions.releases(home.releases)] == [first]
    with pytest.raises(ReleaseError, match=f"no release {NEWER}"):
        versions.point_to(home.releases, NEWER)


@pytest.mark.parametrize("keep", [0, 1, 2, 3, 30])
@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_tidying_up_keeps_the_newest_and_never_removes_the_current(
    three: PublishedHome, first: str, keep: int, position: int
) -> None:
    another_release(three.releases, first, NEWEST)
    known = [OLDER, first, NEWER, NEWEST]
    versions.point_to(three.releases, known[position])
    removed = versions.remove_old(three.releases, keep)
    left = [release.version for release in versions.releases(three.releases)]
    assert known[position] in left
    assert len(left) == min(len(known), max(1, keep))
    assert sorted([*removed, *left]) == known
    others = [version for version in left if version != known[position]]
    assert others == [version for version in known if version != known[position]][len(known) - len(left) :]


ENDED_WHILE_REMOVING = """
import os, sys
from pathlib import Path
from atf_dagster.release import versions
removed = 0
def end(event, arguments):
    global removed
    removed += event == "os.remove"
    if removed > int(sys.argv[2]):
        os._exit(9)
sys.addaudithook(end)
versions.remove_old(Path(sys.argv[1]), 1)
"""


@pytest.mark.parametrize("removed", [0, 3, 40])
def test_a_release_that_was_half_removed_is_removed_by_the_next_refresh(
    three: PublishedHome, first: str, removed: int
) -> None:
    """It was left for ever before: half of a release is neither a candidate nor a release."""
    versions.point_to(three.releases, NEWER)
    words = [sys.executable, "-c", ENDED_WHILE_REMOVING, str(three.releases), str(removed)]
    assert subprocess.run(words, check=False).returncode == 9
    assert [release.version for release in versions.releases(three.releases)] == [first, NEWER]
    assert versions.remove_unfinished(three.releases) == [f".removing-{OLDER}"]
    assert sorted(path.name for path in three.releases.iterdir()) == [first, NEWER, "LATEST.json", "current"]


def test_what_a_killed_run_left_is_removed_and_nothing_else(three: PublishedHome, first: str) -> None:
    half = three.releases / ".candidate-000009-20990101T000000Z" / "csv"
    half.mkdir(parents=True)
    (half / "dim_area.csv").write_text("half")
    (three.releases / ".current.4711.tmp").symlink_to(NEWER)
    assert versions.remove_unfinished(three.releases) == [".candidate-000009-20990101T000000Z"]
    assert sorted(path.name for path in three.releases.iterdir()) == [OLDER, first, NEWER, "LATEST.json", "current"]


def test_a_refresh_without_news_leaves_a_rollback_alone(published_home: PublishedHome, tmp_path: Path) -> None:
    whole = published_home.copy_of_all(tmp_path / "whole")
    first = whole.release.name
    another_release(whole.releases, first, OLDER)
    versions.rollback(whole.releases)
    refresh = Refresh(whole.settings, "a-run-without-news")
    newest = refresh.already_published()
    assert newest is not None and newest.version == first
    refresh.finish_unchanged(newest)
    assert versions.current_version(whole.releases) == OLDER
    outcome = refresh.outcome()
    assert outcome is not None and outcome["outcome"] == "unchanged"


def test_a_release_that_was_finished_but_not_pointed_to_becomes_current(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    """A run may be killed between the last rename and the move of the pointer."""
    whole = published_home.copy_of_all(tmp_path / "whole")
    first = whole.release.name
    another_release(whole.releases, first, OLDER)
    versions.point_to(whole.releases, OLDER)
    refresh = Refresh(whole.settings, "the-run-after")
    newest = refresh.already_published()
    assert newest is not None
    refresh.finish_unchanged(newest)
    assert versions.current_version(whole.releases) == first


def test_a_damaged_newest_release_is_work_to_do(published_home: PublishedHome, tmp_path: Path) -> None:
    whole = published_home.copy_of_all(tmp_path / "whole")
    assert Refresh(whole.settings, "a-run").already_published() is not None
    spoil(whole.release / "atf.duckdb")
    assert Refresh(whole.settings, "a-run").already_published() is None


def test_a_receipt_is_readable_by_people_and_machines(home: PublishedHome) -> None:
    text = (home.release / "receipt.json").read_text("utf-8")
    assert json.loads(text)["version"] == home.release.name
    assert len(text.splitlines()) > 20
