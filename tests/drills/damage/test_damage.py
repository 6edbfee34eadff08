"""Releases damaged by hand and a warehouse that is corrupted: noticed, rolled back, made again from landing.

Belongs here: damage in the folders of a whole house. Does not belong here: single files of releases (tests/release).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from drill_home import DrillHome, Ended, cut

from atf_dagster.release import versions
from support.two_publishers import TwoPublishers


def change_a_byte(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


def remove(path: Path) -> None:
    path.unlink()


def overwrite(path: Path) -> None:
    """Every other block of 4 kB becomes noise that is no block of DuckDB."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        for place in range(0, path.stat().st_size, 8192):
            file.seek(place)
            file.write(b"\x5a" * 4096)


DAMAGE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a byte of the mart": ("atf.duckdb", change_a_byte, "atf.duckdb has changed"),
    "a missing file": ("csv/dim_area.csv", remove, "csv/dim_area.csv is missing"),
    "a broken receipt": ("receipt.json", cut, "receipt.json cannot be read"),
    "a missing receipt": ("receipt.json", remove, "receipt.json is missing"),
}
every_damage = pytest.mark.parametrize("name", DAMAGE)
OLDER, DAMAGED = "000001-20250101T000000Z", "000002-20250102T000000Z"


@pytest.fixture
def two(published: DrillHome, tmp_path: Path) -> DrillHome:
    """A home with the same release twice, the second one current."""
    home = DrillHome(tmp_path / "home", published.forked_start, published.settings)
    for version in (OLDER, DAMAGED):
        shutil.copytree(published.releases / str(published.current), home.releases / version)
    versions.point_to(home.releases, DAMAGED)
    return home


def do_damage(home: DrillHome, name: str) -> str:
    """Damage the current release; returns what should be said of it."""
    file, way, said = DAMAGE[name]
    path = (home.releases / "current").resolve() / file
    path.parent.chmod(0o755)
    way(path)
    return said


@every_damage
def test_status_notices_damage_and_says_what_to_do(two: DrillHome, name: str) -> None:
    assert two.atf("status").code == 0
    said = do_damage(two, name)
    status = two.atf("status")
    assert status.code == 1
    assert DAMAGED in status.output
    assert f"DAMAGED: {said}" in status.output
    assert "atf refresh --rebuild" in status.output


@every_damage
def test_readers_are_led_back_to_the_newest_whole_release(two: DrillHome, name: str) -> None:
    said = do_damage(two, name)
    done = versions.roll_back_from_damage(two.releases)
    assert done == versions.RolledBack(DAMAGED, [said], OLDER)
    assert said in done.sentence and OLDER in done.sentence
    assert two.current == OLDER
    assert two.figures_readable > 0
    # It is no rollback by hand: nothing keeps the next refresh from publishing whole figures.
    assert versions.rolled_back_from(two.releases) is None
    assert versions.roll_back_from_damage(two.releases) is None


def test_a_whole_release_is_left_where_it_is(two: DrillHome, tmp_path: Path) -> None:
    assert versions.roll_back_from_damage(two.releases) is None
    assert two.current == DAMAGED
    assert versions.roll_back_from_damage(tmp_path) is None


def test_a_pointer_to_a_folder_that_is_gone_is_damage(two: DrillHome) -> None:
    shutil.rmtree(two.releases / DAMAGED)
    assert versions.roll_back_from_damage(two.releases) == versions.RolledBack(
        DAMAGED, ["its folder is missing"], OLDER
    )


def test_a_damaged_release_is_not_gone_back_to(two: DrillHome) -> None:
    change_a_byte(two.releases / OLDER / "atf.duckdb")
    said = do_damage(two, "a byte of the mart")
    done = versions.roll_back_from_damage(two.releases)
    assert done == versions.RolledBack(DAMAGED, [said], None)
    assert "atf refresh --rebuild" in done.sentence
    assert two.current == DAMAGED


@every_damage
def test_figures_of_the_other_mode_never_take_the_place_of_damaged_ones(two: DrillHome, name: str) -> None:
    receipt = two.releases / OLDER / "receipt.json"
    receipt.chmod(0o644)
    receipt.write_text(receipt.read_text("utf-8").replace('"mode": "live"', '"mode": "snapshot"'), "utf-8")
    do_damage(two, name)
    done = versions.roll_back_from_damage(two.releases)
    assert done is not None and done.now is None
    assert two.current == DAMAGED


def test_a_release_that_somebody_went_back_from_is_not_returned_to(two: DrillHome) -> None:
    newest = "000003-20250103T000000Z"
    shutil.copytree(two.releases / OLDER, two.releases / newest)
    versions.rollback(two.releases, DAMAGED)
    do_damage(two, "a missing file")
    done = versions.roll_back_from_damage(two.releases)
    assert done is not None and done.now == OLDER
    assert versions.rolled_back_from(two.releases) == newest


def test_the_number_of_a_release_whose_receipt_is_broken_is_not_used_again(two: DrillHome) -> None:
    do_damage(two, "a broken receipt")
    assert [release.version for release in versions.releases(two.releases)] == [OLDER]
    assert versions.newest_number(two.releases) == 2


@pytest.fixture(scope="module")
def spoiled(
    published: DrillHome, publishers: TwoPublishers, tmp_path_factory: pytest.TempPathFactory
) -> tuple[DrillHome, Ended]:
    """No news, but the only release and the warehouse are damaged; then a plain re-run."""
    publishers.lay_over({})
    home = published.copy(tmp_path_factory.mktemp("spoiled") / "home")
    do_damage(home, "a broken receipt")
    overwrite(home.warehouse)
    return home, home.refresh()


def test_a_plain_run_publishes_whole_figures_again(spoiled: tuple[DrillHome, Ended], published: DrillHome) -> None:
    home, ended = spoiled
    assert (ended.code, ended.report["outcome"]) == (0, "published"), ended
    assert home.current != published.current
    assert versions.damage_of_current(home.releases) == []
    assert home.landed() == published.landed()
    assert home.judged() == published.judged()
    assert home.contents() == published.contents()
    assert home.leftovers() == []


def test_the_warehouse_is_made_again_from_landing_and_is_what_it_was(
    spoiled: tuple[DrillHome, Ended], published: DrillHome
) -> None:
    home, _ = spoiled
    assert home.contents(home.warehouse) == published.contents(published.warehouse)


def test_a_warehouse_that_was_cut_and_one_that_was_deleted_are_built_alike(
    unlucky: DrillHome, repaired: Ended, never_killed: DrillHome
) -> None:
    """The one was cut before the last run in its house, the other deleted before the daemon's run."""
    assert unlucky.contents(unlucky.warehouse) == never_killed.contents(never_killed.warehouse)
