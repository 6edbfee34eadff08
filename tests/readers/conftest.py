"""A folder like that of a reader who ran `make refresh`."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_pages import working_folder

from support.home import PublishedHome


@pytest.fixture
def checkout(published_home: PublishedHome, tmp_path: Path) -> Path:
    """A folder with `.atf/releases`; code of the pages runs in it."""
    return working_folder(published_home.releases, tmp_path)
