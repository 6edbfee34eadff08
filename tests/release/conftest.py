"""A folder of releases that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.home import PublishedHome


@pytest.fixture
def home(published_home: PublishedHome, tmp_path: Path) -> PublishedHome:
    """A home with a copy of the releases and nothing else."""
    return published_home.copy_of_releases(tmp_path / "home")
