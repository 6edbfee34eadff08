"""A release whose receipt says that it was fetched live, for the tests of the guard."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from atf_dagster.release import versions

LIVE = "000000-20250101T000000Z"


def make_live(releases: Path, of: str) -> str:
    """Copy a release, let its receipt say `live`, make it the current one; its version."""
    folder = releases / LIVE
    shutil.copytree(releases / of, folder)
    path = folder / "receipt.json"
    receipt = {**json.loads(path.read_text("utf-8")), "version": LIVE, "mode": "live"}
    path.chmod(0o644)
    path.write_text(json.dumps(receipt), "utf-8")
    versions.point_to(releases, LIVE)
    return LIVE
