"""A reader that keeps the file open through ten releases, and one that opens `current` anew all the time.

Belongs here: readers as processes while releases are published for real. Does not belong here: refreshes; the releases
come of the warehouse with figures changed by hand, since ten refreshes would take minutes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from drill_home import DrillHome

from atf_dagster.catalogue import load
from atf_dagster.quality.results import Result
from atf_dagster.release.publish import ReleaseFacts, publish

TEN = 10
KEPT = 3
"""So that the folder which the reader has open is removed under it."""


@dataclass(frozen=True)
class Watched:
    """What both readers saw, and the releases that there were: version -> the figure that marks it."""

    keeping: dict[str, Any]
    following: dict[str, Any]
    published: dict[str, float]
    first: str
    left: list[str]


def facts_of(home: DrillHome) -> ReleaseFacts:
    """What the home's release was published with."""
    receipt = json.loads((home.releases / "current" / "receipt.json").read_text("utf-8"))
    run = home.seen / "runs" / receipt["run_id"]
    return ReleaseFacts(
        run_id="ten-releases",
        mode=receipt["mode"],
        fingerprint=receipt["fingerprint"],
        code_sha256=receipt["code_sha256"],
        quality_state=receipt["verdict"],
        datasets_fresh=receipt["datasets_fresh"],
        datasets_held_back=receipt["datasets_held_back"],
        results=[Result.from_json(record) for record in json.loads((run / "quality_mart.json").read_text("utf-8"))],
        page=run / "validation.html",
    )


@pytest.fixture(scope="module")
def watched(published: DrillHome, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("ten")
    releases, warehouse, stop = folder / "releases", folder / "warehouse.duckdb", folder / "stop"
    shutil.copytree(published.releases, releases, symlinks=True)
    shutil.copy(published.warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        for table in published.tables:  # one indicator is enough, and ten releases of all would take a minute
            if not table.is_view and "indicator_code" in {column.name for column in table.columns}:
                connection.execute(f"delete from mart.{table.name} where indicator_code <> 'ATF02'")
    made: dict[str, float] = {}
    with ExitStack() as stack:
        readers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(Path(__file__).with_name("reader.py")), way, str(releases), str(stop)],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for way in ("keep", "follow")
        ]
        stack.callback(stop.touch)
        for reader in readers:
            assert reader.stdout is not None and reader.stdout.readline() == "reading\n"
        for number in range(TEN):
            mark = 50.0 + number
            with duckdb.connect(str(warehouse)) as connection:
                connection.execute(
                    "update mart.fct_observation set value = ? where indicator_code = 'ATF02' and value is not null",
                    [mark],
                )
            made[
                publish(
                    releases,
                    warehouse,
                    load(),
                    published.tables,
                    facts_of(published),
                    keep=KEPT,
                    progress=lambda line: None,
                ).version
            ] = mark
        stop.touch()
        said = [json.loads(reader.communicate(timeout=60)[0]) for reader in readers]
    left = sorted(path.name for path in releases.glob("[0-9]*"))
    return Watched(said[0], said[1], made, str(published.current), left)


def test_ten_releases_were_published_and_the_first_one_was_removed(watched: Watched) -> None:
    assert len(watched.published) == TEN
    assert watched.left == list(watched.published)[-KEPT:]


def test_a_reader_that_keeps_the_file_open_reads_its_release_to_the_end(watched: Watched) -> None:
    assert watched.keeping["errors"] == []
    assert watched.keeping["questions"] > TEN
    ((version, *_),) = watched.keeping["seen"]
    assert version == watched.first


def test_a_reader_that_follows_the_pointer_meets_with_no_error(watched: Watched) -> None:
    assert watched.following["errors"] == []
    assert watched.following["questions"] > TEN


def test_a_reader_never_sees_the_figures_of_two_releases_mixed(watched: Watched) -> None:
    for version, lowest, highest, in_view, count in watched.following["seen"]:
        if version == watched.first:
            assert [version, lowest, highest, in_view, count] == watched.keeping["seen"][0]
        else:
            mark = watched.published[version]
            assert (lowest, highest, in_view) == (mark, mark, mark)


def test_the_following_reader_saw_release_after_release(watched: Watched) -> None:
    versions = [row[0] for row in watched.following["seen"]]
    assert versions == sorted(versions)
    assert len(versions) > TEN // 2
    assert versions[-1] == list(watched.published)[-1]
