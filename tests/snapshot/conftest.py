"""What the tests of the snapshot share: a session that reaches nothing else, and what is said of each figures file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from atf_dagster.snapshot import FiguresSource, SnapshotAdapter, load_sources


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session as the client makes it, with the adapter for every https address and no other adapter."""
    with requests.Session() as made:
        made.adapters.clear()
        made.mount("https://", SnapshotAdapter())
        yield made


@pytest.fixture(scope="session")
def sources() -> dict[str, FiguresSource]:
    """The bundled figures files by the publisher's own id of the indicator."""
    return {source.indicator: source for source in load_sources()}
