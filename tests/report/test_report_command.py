"""`atf report`, and pages as a part of a refresh: made after readers have the release, and never a reason to fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from atf_dagster.alerts import ledger
from atf_dagster.alerts.notify import folder_of
from atf_dagster.cli.main import main
from atf_dagster.pipeline import pages
from atf_dagster.pipeline.kept_bytes import damaged_files
from atf_dagster.release import versions
from atf_dagster.report.render import WRITTEN
from support.forked_atf import ForkedAtf
from support.home import PublishedHome, command
from support.releases import another_release

OTHER = "000002-20260101T000000Z"


@pytest.fixture
def home(published_home: PublishedHome, tmp_path: Path) -> PublishedHome:
    return published_home.copy_of_releases(tmp_path / "home")


def test_a_refresh_leaves_the_pages_in_the_release(published_home: PublishedHome) -> None:
    assert (published_home.release / "report" / "index.html").is_file()
    book = published_home.release / "atf_beacon_indicators.xlsx"
    assert book.read_bytes() == (published_home.release / "report" / book.name).read_bytes()
    assert [path.name for path in published_home.release.iterdir() if path.name.startswith(".")] == []


def test_pages_are_no_damage_and_stand_in_no_receipt(published_home: PublishedHome) -> None:
    (release,) = versions.releases(published_home.releases)
    assert versions.damage(release) == []
    assert not [name for name in published_home.receipt["files"] if name.startswith("report")]
    assert damaged_files(published_home.home)[0] == []


def test_the_command_makes_the_pages_of_the_current_release_again(home: PublishedHome) -> None:
    shutil.rmtree(home.release / "report")
    done = command(home.home, "atf", "report", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["release"] == home.release.name
    assert Path(said["page"]) == home.release / "report" / "index.html"
    assert Path(said["page"]).is_file()


def test_any_release_that_is_kept_can_be_rendered_elsewhere(home: PublishedHome, tmp_path: Path) -> None:
    another_release(home.releases, home.release.name, OTHER)
    out = tmp_path / "out" / "pages"
    done = command(home.home, "atf", "report", OTHER, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert str(out / "index.html") in done.stdout
    assert OTHER in (out / "index.html").read_text("utf-8")
    again = command(home.home, "atf", "report", "--out", str(out))
    assert again.returncode == 0, again.stderr
    assert OTHER not in (out / "index.html").read_text("utf-8")
    assert [path.name for path in out.parent.iterdir()] == ["pages"]


def test_the_same_release_gives_the_same_pages(home: PublishedHome) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (home.release / "report").rglob("*") if path.is_file()}

    pages.make(home.settings, versions.releases(home.releases)[0])
    before = files()
    pages.make(home.settings, versions.releases(home.releases)[0])
    assert len(before) > 500
    assert files() == before


def test_a_folder_of_others_is_refused_and_stays_as_it_is(home: PublishedHome, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "letter.txt").write_text("mine")
    done = command(home.home, "atf", "report", "--out", str(tmp_path / "theirs"))
    assert done.returncode == 1
    assert "was not made by `atf report`" in done.stderr
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    "files",
    [
        {"report.json": '{"tests": 3}', "index.html": ""},
        {"report.json": '{"made_by": "atf report"}', "letter.txt": "Dear reader"},
    ],
)
def test_a_folder_that_only_looks_like_pages_is_refused_and_stays(
    home: PublishedHome, tmp_path: Path, files: dict[str, str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name, text in files.items():
        (out / name).write_text(text)
    done = command(home.home, "atf", "report", "--out", str(out))
    assert done.returncode != 0
    assert "was not made by `atf report`" in done.stderr
    assert {path.name: path.read_text() for path in out.iterdir()} == files


def test_the_root_and_the_working_folder_are_refused_in_words(home: PublishedHome) -> None:
    for where in (".", "/"):
        done = command(home.home, "atf", "report", "--out", where)
        assert done.returncode != 0
        assert "Name an empty folder" in done.stderr, where


def test_every_name_that_pages_write_is_known_as_theirs(published_home: PublishedHome) -> None:
    assert {path.name for path in (published_home.release / "report").iterdir()} <= WRITTEN


def test_a_release_that_is_not_there_is_named_with_those_that_are(home: PublishedHome) -> None:
    done = command(home.home, "atf", "report", "000009-x")
    assert done.returncode == 1
    assert "There is no release 000009-x" in done.stderr and home.release.name in done.stderr


def test_a_home_without_releases_says_so(tmp_path: Path) -> None:
    done = command(tmp_path, "atf", "report")
    assert done.returncode == 1
    assert "no release" in done.stderr and "atf refresh" in done.stderr


def test_a_home_that_does_not_exist_is_said_and_not_made(tmp_path: Path) -> None:
    done = command(tmp_path / "nowhere", "atf", "report")
    assert done.returncode == 1
    assert "There is no home" in done.stderr and str(tmp_path / "nowhere") in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_pages_that_fail_leave_those_that_are_there(home: PublishedHome) -> None:
    (release,) = versions.releases(home.releases)
    before = (release.path / "report" / "index.html").read_bytes()
    (release.path / "atf.duckdb").chmod(0o644)
    (release.path / "atf.duckdb").write_bytes(b"no database")
    failed = pages.make_or_note(home.settings, release)
    assert failed is not None and "cannot be read" in failed.message
    assert (release.path / "report" / "index.html").read_bytes() == before
    assert not list(release.path.glob(".*"))


def test_pages_that_cannot_be_made_are_an_alert_and_stop_no_refresh(
    published_home: PublishedHome, tmp_path: Path, forked_atf: ForkedAtf, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = published_home.copy_of_all(tmp_path / "home")
    shutil.rmtree(home.release / "report")
    (home.release / "report").write_text("a file where the folder belongs")
    ended = forked_atf.atf(home.home, "refresh", "--json", ATF_REPORT="true")
    assert ended.code == 0, ended.errors
    assert json.loads(ended.output.strip().splitlines()[-1])["outcome"] == "unchanged"
    kinds = [entry.alert.kind for entry in ledger.read(folder_of(home.settings)).open]
    assert kinds.count("pages-failed") == 1
    (home.release / "report").unlink()
    monkeypatch.setenv("ATF_HOME", str(home.home))
    assert main(["report"]) == 0
    forked_atf.atf(home.home, "watch", "--quiet")
    assert "pages-failed" not in [entry.alert.kind for entry in ledger.read(folder_of(home.settings)).open]


def test_a_home_that_wants_no_pages_gets_none(
    published_home: PublishedHome, tmp_path: Path, forked_atf: ForkedAtf
) -> None:
    home = published_home.copy_of_all(tmp_path / "home")
    shutil.rmtree(home.release / "report")
    assert forked_atf.atf(home.home, "refresh", "--json", ATF_REPORT="false").code == 0
    assert not (home.release / "report").exists()


def test_a_refresh_makes_pages_that_a_killed_run_did_not(
    published_home: PublishedHome, tmp_path: Path, forked_atf: ForkedAtf
) -> None:
    home = published_home.copy_of_all(tmp_path / "home")
    shutil.rmtree(home.release / "report")
    ended = forked_atf.atf(home.home, "refresh", "--json", ATF_REPORT="true")
    assert ended.code == 0, ended.errors
    assert (home.release / "report" / "index.html").is_file()
