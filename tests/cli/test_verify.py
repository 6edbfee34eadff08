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
from command_said import Atf
from published_house import PublishedHouse

from atf_dagster.files import append_json
from atf_dagster.landing import Store, Vintage
from atf_dagster.returns import store as returns

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
def house(published_home: PublishedHouse, tmp_path_factory: pytest.TempPathFactory) -> PublishedHouse:
    """Landing and releases of the published house, with one local return beside them."""
    copy = published_home.copy_of_releases(tmp_path_factory.mktemp("verified") / "house")
    shutil.copytree(published_home.home / "snapshot" / "landing", copy.home / "snapshot" / "landing")
    kept = returns.object_path(copy.home, SUBMISSION.sha256)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(RETURNED)
    record = dataclasses.asdict(SUBMISSION)
    del record["is_new"]
    append_json(copy.home / "returns" / "submissions.jsonl", record)
    return copy


def store_of(house: PublishedHouse) -> Store:
    return Store(house.home / "snapshot" / "landing")


def vintage_of(house: PublishedHouse) -> Vintage:
    landing = house.home / "snapshot" / "landing"
    part = next(path.name for path in sorted((landing / DATASET).iterdir()))
    return store_of(house).vintages(DATASET, part)[-1]


def flip_a_bit(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damaged(house: PublishedHouse, atf: Atf, path: Path, damage: Callable[[Path], None]) -> tuple[dict[str, Any], str]:
    """What `atf verify` tells of the one damaged file, as a record and as printed; the file is put back afterwards."""
    content, mode = path.read_bytes(), path.stat().st_mode
    try:
        damage(path)
        told, said = atf(house.home, "verify", "--json"), atf(house.home, "verify")
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
    assert (told.code, said.code) == (1, 1), told.err + said.err
    (found,) = json.loads(told.out)["damaged"]
    assert found["file"] == str(path)
    assert f"DAMAGED: {path} {found['problem']}\n" in said.out
    assert f"What to do: {found['mend']}\n" in said.out
    return found, said.out


def test_a_house_in_which_nothing_is_damaged_is_read_to_the_last_byte(house: PublishedHouse, atf: Atf) -> None:
    said = atf(house.home, "verify", "--json")
    assert said.code == 0, said.out
    told = json.loads(said.out)
    assert told["damaged"] == []
    objects = list((house.home / "snapshot" / "landing" / "objects").glob("*/*"))
    assert told["looked_at"] == {"landing_objects": len(objects), "returns": 1, "releases": 1}
    assert "all are as their receipts say" in atf(house.home, "verify").out


@pytest.mark.parametrize("damage", [flip_a_bit, Path.unlink], ids=["a bit flipped", "missing"])
def test_bytes_of_a_vintage_are_named_with_dataset_and_vintage(
    house: PublishedHouse, atf: Atf, damage: Callable[[Path], None]
) -> None:
    vintage = vintage_of(house)
    found, said = damaged(house, atf, store_of(house).object_path(vintage.sha256), damage)
    assert found["where"] == "landing"
    assert found["needed_by"] == [f"vintage {vintage.id}"]
    assert f"needed by: vintage {vintage.id}" in said
    assert "backup of the landing folder" in found["mend"]


def test_a_receipt_that_nobody_can_read_is_damage_and_one_torn_by_a_kill_is_none(
    house: PublishedHouse, atf: Atf
) -> None:
    vintage = vintage_of(house)
    path = house.home / "snapshot" / "landing" / DATASET / vintage.part / "verdicts.jsonl"
    whole = path.read_text("utf-8")
    found, _ = damaged(house, atf, path, lambda p: void(p.write_text(whole.replace("{", "(", 1), "utf-8")))
    assert found["problem"] == "has lines that nobody can read: 1"
    assert found["needed_by"] == [f"{DATASET}.{vintage.part}"]
    path.write_text(whole + whole[: len(whole) // 3], "utf-8")
    assert atf(house.home, "verify").code == 0
    path.write_text(whole, "utf-8")


def test_a_local_return_is_named_with_its_submission(house: PublishedHouse, atf: Atf) -> None:
    found, _ = damaged(house, atf, returns.object_path(house.home, SUBMISSION.sha256), flip_a_bit)
    assert found["needed_by"] == ["submission 1"]
    assert "sends the same file again" in found["mend"]


@pytest.mark.parametrize("name", ["mart.duckdb", "csv/dim_area.csv"])
def test_a_file_of_a_release_is_named_with_its_release(house: PublishedHouse, atf: Atf, name: str) -> None:
    found, _ = damaged(house, atf, house.release / name, flip_a_bit)
    assert found["where"] == "releases"
    assert found["needed_by"] == [f"release {house.release.name}, the current one"]
    assert "atf rollback" in found["mend"]


def test_a_release_whose_receipt_is_damaged_is_named_and_no_command_falls_over_it(
    house: PublishedHouse, atf: Atf
) -> None:
    status: list[str] = []

    def cut(path: Path) -> None:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:100])
        said = atf(house.home, "status")
        assert said.code == 1, said.err
        status.append(said.out)

    found, _ = damaged(house, atf, house.release / "receipt.json", cut)
    assert found["problem"] == "cannot be read"
    assert found["needed_by"] == [f"release {house.release.name}, the current one"]
    assert f"Release {house.release.name}:\n  DAMAGED: receipt.json cannot be read" in status[0]
    assert "No release" not in status[0]


def test_a_pointer_to_nothing_is_named(house: PublishedHouse, atf: Atf) -> None:
    pointer = house.releases / "current"
    pointer.unlink()
    pointer.symlink_to("000009-20260101T000000Z")
    try:
        said = atf(house.home, "verify")
    finally:
        pointer.unlink()
        pointer.symlink_to(house.release.name)
    assert said.code == 1
    assert f"DAMAGED: {pointer} points to 000009-20260101T000000Z, which is missing" in said.out


def void(_: object) -> None:
    """For a call whose result nobody needs."""
