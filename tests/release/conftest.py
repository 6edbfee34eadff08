"""A folder of releases that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.home import PublishedHome


@pytest.fixture
def home(few_figures: PublishedHome, tmp_path: Path) -> PublishedHome:
    """A home with a copy of the release that has few figures, and nothing else."""
    return few_figures.copy_of_releases(tmp_path / "home")
