"""A landing folder, its store, and a publisher on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from one_table_publisher import OneTablePublisher

from atf_dagster.landing import Store


@pytest.fixture
def publisher() -> Iterator[OneTablePublisher]:
    with OneTablePublisher() as server:
        yield server


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


@pytest.fixture
def store(landing: Path) -> Store:
    return Store(landing)
