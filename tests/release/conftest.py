"""A folder of releases that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest
from published_house import PublishedHouse


@pytest.fixture
def house(published_home: PublishedHouse, tmp_path: Path) -> PublishedHouse:
    """A house with a copy of the releases and nothing else."""
    return published_home.copy_of_releases(tmp_path / "house")
