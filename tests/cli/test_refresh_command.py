"""`atf refresh`: its exit codes, its JSON, and that a refresh without changes does nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from releases_elsewhere import make_live

from atf_dagster.catalogue import load
from atf_dagster.files import single_writer
from atf_dagster.pipeline.steps import Refresh, WouldReplaceLive
from atf_dagster.settings import Settings
from support.command_output import Atf
from support.forked_atf import ForkedAtf
from support.home import BIN, PROJECT, PublishedHome, command, environment


def files(folder: Path, pattern: str) -> dict[str, int]:
    """Path -> time of the last change, in nanoseconds."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.glob(pattern))}


Refreshes = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def refresh(forked_atf: ForkedAtf) -> Refreshes:
    """`atf refresh --json` in a home: its exit code, its one line, what it wrote to stderr."""

    def run(home: PublishedHome, *words: str) -> tuple[int, dict[str, Any], str]:
        ended = forked_atf.atf(home.home, "refresh", "--json", *words)
        (line,) = ended.output.strip().splitlines()
        return ended.code, json.loads(line), ended.errors

    return run


def test_a_first_refresh_publishes_and_says_so_to_machines(published_home: PublishedHome) -> None:
    report = published_home.report
    assert published_home.code == 0
    assert report["outcome"] == "published"
    assert report["mode"] == "snapshot"
    assert re.fullmatch(r"\d{6}-\d{8}T\d{6}Z", report["release"])
    assert Path(report["release_path"]) == published_home.release
    assert Path(report["page"]).is_file()
    assert report["source_issues"] == []
    assert report["message"] is None and report["remedy"] is None
    assert report["seconds"]["total"] > 0
    assert {"import", "fetch", "raw", "admission", "checks", "release", "total"} <= set(report["seconds"])


def test_a_first_refresh_tells_what_is_new_by_indicator(published_home: PublishedHome) -> None:
    changes = {change["indicator"]: change for change in published_home.report["changes"]}
    counted = dict(
        published_home.rows("select indicator_code, count(*) from mart.fct_observation group by indicator_code")
    )
    assert {code: change["new"] for code, change in changes.items()} == counted
    assert all(change["revised"] == change["withdrawn"] == 0 for change in changes.values())
    assert {change["name"] for change in changes.values()} <= {card.short_name for card in load().indicators}


def test_a_run_leaves_its_outcome_and_its_page(published_home: PublishedHome) -> None:
    folder = published_home.home / "runs" / published_home.report["run_id"]
    outcome = json.loads((folder / "outcome.json").read_text("utf-8"))
    assert (outcome["outcome"], outcome["release"]) == ("published", published_home.release.name)
    assert (folder / "validation.html").is_file()


@pytest.fixture(scope="module")
def again(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> PublishedHome:
    """A copy of the home, for the refreshes after the first."""
    return published_home.copy_of_all(tmp_path_factory.mktemp("again") / "home")


def test_a_second_refresh_parses_nothing_builds_nothing_and_changes_nothing(
    again: PublishedHome, refresh: Refreshes
) -> None:
    before = (
        files(again.home, "snapshot/raw/*/*.[0-9]*.parquet"),
        files(again.home, "snapshot/landing/objects/*/*"),
        files(again.home, "snapshot/landing/*/*/vintages.jsonl"),
        files(again.home, "snapshot/warehouse.duckdb"),
        files(again.home, "releases/**/*"),
        os.readlink(again.releases / "current"),
    )
    code, report, _ = refresh(again)
    assert (code, report["outcome"]) == (0, "unchanged")
    assert report["release"] == again.release.name
    assert report["changes"] == []
    assert not {"dbt_staged", "dbt_mart", "admission", "checks", "release"} & set(report["seconds"])
    after = (
        files(again.home, "snapshot/raw/*/*.[0-9]*.parquet"),
        files(again.home, "snapshot/landing/objects/*/*"),
        files(again.home, "snapshot/landing/*/*/vintages.jsonl"),
        files(again.home, "snapshot/warehouse.duckdb"),
        files(again.home, "releases/**/*"),
        os.readlink(again.releases / "current"),
    )
    assert all(before)
    assert after == before


def test_a_snapshot_does_not_replace_live_figures_unless_told_to(
    published_home: PublishedHome, tmp_path: Path, refresh: Refreshes
) -> None:
    home = published_home.copy_of_all(tmp_path / "live")
    live = make_live(home.releases, home.release.name)
    code, report, _ = refresh(home)
    assert code == 1
    assert report["outcome"] == "failed"
    assert live in report["message"] and "--replace-live" in report["message"]
    assert os.readlink(home.releases / "current") == live
    code, report, _ = refresh(home, "--replace-live")
    assert (code, report["outcome"]) == (0, "unchanged")
    assert os.readlink(home.releases / "current") == home.release.name


def test_only_a_snapshot_over_live_figures_is_refused(published_home: PublishedHome, tmp_path: Path) -> None:
    home = published_home.copy_of_releases(tmp_path / "live")
    Refresh(home.settings, "guard").guard_mode()
    make_live(home.releases, home.release.name)
    Refresh(Settings(home=home.home, mode="live"), "guard").guard_mode()
    Refresh(Settings(home=home.home, replace_live=True), "guard").guard_mode()
    with pytest.raises(WouldReplaceLive, match="ATF_MODE=live"):
        Refresh(home.settings, "guard").guard_mode()


def test_a_refresh_beside_another_ends_with_3_and_says_who_writes(tmp_path: Path) -> None:
    with single_writer(tmp_path):
        done = command(tmp_path, "atf", "refresh", "--json")
    assert done.returncode == 3
    assert f"process {os.getpid()}" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "releases").exists()


def test_help_names_the_exit_codes() -> None:
    done = subprocess.run(
        [str(BIN / "atf"), "refresh", "--help"],
        env=environment(Path("unused")),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    text = " ".join(done.stdout.split())
    assert "0 published or unchanged, 1 failed, 2 held by a check, 3 another refresh is running" in text


@pytest.mark.parametrize("words", [("refresh",), ("refresh", "--json")])
def test_a_house_that_cannot_be_written_is_told_with_whose_it_is_to_mend(
    tmp_path: Path, atf: Atf, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    said = atf(tmp_path / "file" / "home", *words)
    assert said.code == 1
    assert str(tmp_path / "file") in said.err
    assert "What to do (a data engineer): Check the disk's free space and who may write there" in said.err
