"""`atf verify`: every kept byte is read again, and what is damaged is named with what depends on it and what to do."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atf_dagster.files import append_json
from atf_dagster.landing import Store, Vintage
from atf_dagster.returns import store as returns
from support.command_output import Atf
from support.home import PublishedHome

DATASET = "fingertips_93283"
RETURNED = b"a local return\n"
SUBMISSION = returns.Submission(
    sequence=1,
    sha256=hashlib.sha256(RETURNED).hexdigest(),
    bytes=len(RETURNED),
    file_name="return.csv",
    accepted_at="2026-01-15T12:00:00+00:00",
    rows=1,
    indicators=("ATF21",),
    orgs=("ZZ1",),
)


@pytest.fixture(scope="module")
def home(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> PublishedHome:
    """Landing and releases of the published home, and one local return."""
    copy = published_home.copy_of_releases(tmp_path_factory.mktemp("verified") / "home")
    shutil.copytree(published_home.home / "snapshot" / "landing", copy.home / "snapshot" / "landing")
    kept = returns.object_path(copy.home, SUBMISSION.sha256)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(RETURNED)
    record = dataclasses.asdict(SUBMISSION)
    del record["is_new"]
    append_json(copy.home / "returns" / "submissions.jsonl", record)
    return copy


def store_of(home: PublishedHome) -> Store:
    return Store(home.home / "snapshot" / "landing")


def vintage_of(home: PublishedHome) -> Vintage:
    landing = home.home / "snapshot" / "landing"
    part = next(path.name for path in sorted((landing / DATASET).iterdir()))
    return store_of(home).vintages(DATASET, part)[-1]


def flip_a_bit(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damaged(home: PublishedHome, atf: Atf, path: Path, damage: Callable[[Path], None]) -> tuple[dict[str, Any], str]:
    """What `atf verify` reports of the one damaged file, as JSON and as text; the file is restored afterwards."""
    content, mode = path.read_bytes(), path.stat().st_mode
    try:
        damage(path)
        told, said = atf(home.home, "verify", "--json"), atf(home.home, "verify")
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
    assert (told.code, said.code) == (1, 1), told.err + said.err
    (found,) = json.loads(told.out)["damaged"]
    assert found["file"] == str(path)
    assert f"DAMAGED: {path} {found['problem']}\n" in said.out
    assert f"What to do: {found['remedy']}\n" in said.out
    return found, said.out


def test_a_house_in_which_nothing_is_damaged_is_read_to_the_last_byte(home: PublishedHome, atf: Atf) -> None:
    said = atf(home.home, "verify", "--json")
    assert said.code == 0, said.out
    told = json.loads(said.out)
    assert told["damaged"] == []
    objects = list((home.home / "snapshot" / "landing" / "objects").glob("*/*"))
    assert told["looked_at"] == {"landing_objects": len(objects), "returns": 1, "releases": 1}
    assert "all agree with their receipts" in atf(home.home, "verify").out


@pytest.mark.parametrize("damage", [flip_a_bit, Path.unlink], ids=["a bit flipped", "missing"])
def test_bytes_of_a_vintage_are_named_with_dataset_and_vintage(
    home: PublishedHome, atf: Atf, damage: Callable[[Path], None]
) -> None:
    vintage = vintage_of(home)
    found, said = damaged(home, atf, store_of(home).object_path(vintage.sha256), damage)
    assert found["where"] == "landing"
    assert found["needed_by"] == [f"vintage {vintage.id}"]
    assert f"needed by: vintage {vintage.id}" in said
    assert "backup of the landing folder" in found["remedy"]


def test_a_receipt_that_nobody_can_read_is_damage_and_one_torn_by_a_kill_is_none(home: PublishedHome, atf: Atf) -> None:
    vintage = vintage_of(home)
    path = home.home / "snapshot" / "landing" / DATASET / vintage.part / "verdicts.jsonl"
    whole = path.read_text("utf-8")
    found, _ = damaged(home, atf, path, lambda p: void(p.write_text(whole.replace("{", "(", 1), "utf-8")))
    assert found["problem"] == "has lines that nobody can read: 1"
    assert found["needed_by"] == [f"{DATASET}.{vintage.part}"]
    path.write_text(whole + whole[: len(whole) // 3], "utf-8")
    assert atf(home.home, "verify").code == 0
    path.write_text(whole, "utf-8")


def test_a_local_return_is_named_with_its_submission(home: PublishedHome, atf: Atf) -> None:
    found, _ = damaged(home, atf, returns.object_path(home.home, SUBMISSION.sha256), flip_a_bit)
    assert found["needed_by"] == ["submission 1"]
    assert "sends the same file again" in found["remedy"]


@pytest.mark.parametrize("name", ["atf.duckdb", "csv/dim_area.csv"])
def test_a_file_of_a_release_is_named_with_its_release(home: PublishedHome, atf: Atf, name: str) -> None:
    found, _ = damaged(home, atf, home.release / name, flip_a_bit)
    assert found["where"] == "releases"
    assert found["needed_by"] == [f"release {home.release.name}, the current one"]
    assert "atf rollback" in found["remedy"]


def test_a_release_whose_receipt_is_damaged_is_named_and_no_command_falls_over_it(
    home: PublishedHome, atf: Atf
) -> None:
    status: list[str] = []

    def cut(path: Path) -> None:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:100])
        said = atf(home.home, "status")
        assert said.code == 1, said.err
        status.append(said.out)

    found, _ = damaged(home, atf, home.release / "receipt.json", cut)
    assert found["problem"] == "cannot be read"
    assert found["needed_by"] == [f"release {home.release.name}, the current one"]
    assert f"Release {home.release.name}:\n  DAMAGED: receipt.json cannot be read" in status[0]
    assert "No release" not in status[0]


def test_a_pointer_to_nothing_is_named(home: PublishedHome, atf: Atf) -> None:
    pointer = home.releases / "current"
    pointer.unlink()
    pointer.symlink_to("000009-20260101T000000Z")
    try:
        said = atf(home.home, "verify")
    finally:
        pointer.unlink()
        pointer.symlink_to(home.release.name)
    assert said.code == 1
    assert f"DAMAGED: {pointer} points to 000009-20260101T000000Z, which is missing" in said.out


def void(_: object) -> None:
    """For a call whose result nobody needs."""
