"""The bundled snapshot never takes the place of live figures by itself, whatever became of their receipt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atf_dagster.pipeline.steps import Refresh, WouldReplaceLive
from atf_dagster.settings import Settings

VERSION = "000001-20261101T060000Z"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose current release has the mode live in both of its descriptions."""
    home = Settings(home=tmp_path)
    folder = home.releases / VERSION
    folder.mkdir(parents=True)
    receipt = {"run_id": "run", "mode": "live", "verdict": "passed", "files": {}}
    (folder / "receipt.json").write_text(json.dumps(receipt), "utf-8")
    (folder / "datapackage.json").write_text(json.dumps({"mode": "live"}), "utf-8")
    (home.releases / "current").symlink_to(VERSION)
    return home


def test_a_snapshot_refresh_is_refused_where_the_current_release_is_live(settings: Settings) -> None:
    with pytest.raises(WouldReplaceLive, match=VERSION):
        Refresh(settings, "run").guard_mode()


def test_a_live_release_whose_receipt_is_damaged_is_still_a_live_one(settings: Settings) -> None:
    (settings.releases / VERSION / "receipt.json").write_text('{"run_id": "ru', "utf-8")
    with pytest.raises(WouldReplaceLive, match=VERSION):
        Refresh(settings, "run").guard_mode()


def test_a_snapshot_release_is_replaced_by_a_snapshot(settings: Settings) -> None:
    for name in ("receipt.json", "datapackage.json"):
        path = settings.releases / VERSION / name
        path.write_text(path.read_text("utf-8").replace("live", "snapshot"), "utf-8")
    Refresh(settings, "run").guard_mode()
