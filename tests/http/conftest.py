"""What every test of the client needs: a publisher on loopback, recorded waits, and a client for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atf_dagster.http import Client, Host, Limits
from support.server import ScriptedServer, Waits

# No jitter and short time limits; a test that is about them sets its own.
QUICK = {
    "connect_timeout": 2.0,
    "read_timeout": 5.0,
    "total_deadline": 20.0,
    "attempts": 3,
    "backoff_first": 0.0,
}

MakeClient = Callable[..., Client]


@pytest.fixture
def publisher() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def other_publisher() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def make_client(publisher: ScriptedServer, waits: Waits) -> Iterator[MakeClient]:
    """Makes clients for `publisher` and further hosts; keywords are limits, `pace` the requests a second."""
    made: list[Client] = []

    def make(
        *further: Host, pace: float = 0.0, on_retry: Callable[[str], None] | None = None, **limits: float
    ) -> Client:
        client = Client(
            [Host(publisher.url, pace), *further],
            user_agent="atf-tests (loopback)",
            limits=Limits(**{**QUICK, **limits}),  # type: ignore[arg-type]
            sleep=waits,
            on_retry=on_retry,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The folder that downloads go into; empty at the start."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder
