"""One story that the tests of this folder read in turns: a good refresh, a damaged one, repairs, an outage.

Belongs here: what happens, in its order, each step once and recorded. Does not belong here: assertions.
A refresh takes some ten seconds, so each step is a fixture of the whole session that builds on the one before it;
a later step never touches what an earlier one recorded (releases and receipts are never rewritten).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_inputs import (
    ACCEPTED,
    BUSY,
    FAILS_OTHERWISE,
    HALF_A_YEAR,
    MAX_BYTES,
    REVISED,
    SUPPRESSED_FROM_THE_START,
    SUPPRESSED_LATER,
    WITH_ETAG,
    WITHDRAWN_LATER,
    faults,
)
from homes import Ended, Home, Killed
from story import Damaged, Heard, Unchanged, indicator_of, source_id

from support.bundled import Overlay
from support.channels import Webhook
from support.damage import (
    revised_els_figure,
    revised_with_a_new_period,
    served,
    server_error,
    suppressed,
    without_the_oldest_periods,
)
from support.forked_atf import ForkedAtf
from support.home import PublishedHome
from support.server import ScriptedServer, closed_address, free_port, respond
from support.two_publishers import TwoPublishers


def refreshed(home: Home, webhook: Webhook, heard: Heard, step: str, **settings: str) -> Ended:
    """A refresh, and what people were told of it."""
    webhook.received.clear()
    ended = home.refresh(**settings)
    heard[step] = list(webhook.received)
    return ended


def by_source_id(overlays: dict[str, Overlay]) -> dict[str, Overlay]:
    return {source_id(dataset): way for dataset, way in overlays.items()}


def diagnosed(home: Home, datasets: list[str]) -> dict[str, str]:
    """What `atf diagnose` prints of each dataset."""
    return {dataset: home.atf("diagnose", dataset).stdout for dataset in datasets}


@pytest.fixture(scope="session")
def stranger() -> Iterator[ScriptedServer]:
    """A server that is in no catalogue. It would answer; nobody may ask it."""
    with ScriptedServer(respond(b"areacd,areanm\n")) as server:
        yield server


@pytest.fixture(scope="session")
def publishers() -> Iterator[TwoPublishers]:
    servers = TwoPublishers(
        differs={source_id(SUPPRESSED_FROM_THE_START): suppressed}, with_etag=frozenset({source_id(WITH_ETAG)})
    )
    with servers:
        yield servers


@pytest.fixture(scope="session")
def webhook() -> Iterator[Webhook]:
    """The channel of the home; what came of each step is in `heard`."""
    hook = Webhook(free_port())
    with hook.open():
        yield hook


@pytest.fixture(scope="session")
def heard() -> Heard:
    return {}


@pytest.fixture(scope="session")
def home(
    tmp_path_factory: pytest.TempPathFactory, publishers: TwoPublishers, webhook: Webhook, forked_atf: ForkedAtf
) -> Home:
    # The story is told with two publishers; each of the others has its own tests, in tests/sources.
    settings = {**publishers.environment, "ATF_MAX_BYTES": str(MAX_BYTES), "ATF_ALERTS": webhook.url}
    return Home(tmp_path_factory.mktemp("faults") / "home", "live", settings, forked_atf)


@pytest.fixture(scope="session")
def first(home: Home, publishers: TwoPublishers, webhook: Webhook, heard: Heard) -> Ended:
    """All is well: the release that readers must keep through everything that follows."""
    publishers.lay_over({})
    return refreshed(home, webhook, heard, "first")


@pytest.fixture(scope="session")
def damaged(
    home: Home, publishers: TwoPublishers, stranger: ScriptedServer, first: Ended, webhook: Webhook, heard: Heard
) -> Damaged:
    every = {fault.name: fault for fault in faults(lambda: stranger.url)}
    publishers.lay_over(by_source_id({**{fault.dataset: fault.overlay for fault in every.values()}, **ACCEPTED}))
    ended = refreshed(home, webhook, heard, "damaged")
    asked = {table: [each.headers for each in requests] for table, requests in publishers.tables_asked().items()}
    return Damaged(
        ended=ended,
        faults=every,
        diagnoses=diagnosed(home, [fault.dataset for fault in every.values()]),
        status=home.atf("status").stdout,
        bytes_sent=dict(publishers.sent),
        asked=asked,
    )


@pytest.fixture(scope="session")
def otherwise(
    home: Home, publishers: TwoPublishers, damaged: Damaged, stranger: ScriptedServer, webhook: Webhook, heard: Heard
) -> Ended:
    """The same faults again, of which one fails in another way; nothing new lands."""
    overlays = {fault.dataset: fault.overlay for fault in faults(lambda: stranger.url)}
    publishers.lay_over(by_source_id({**overlays, **ACCEPTED, FAILS_OTHERWISE: server_error}))
    return refreshed(home, webhook, heard, "otherwise")


def well() -> dict[str, Overlay]:
    """The publishers are well again, and what was revised stays revised."""
    stay = {dataset: ACCEPTED[dataset] for dataset in (HALF_A_YEAR, SUPPRESSED_LATER)}
    return {REVISED: served(revised_with_a_new_period), BUSY: served(revised_els_figure), **stay}


@pytest.fixture(scope="session")
def killed(home: Home, publishers: TwoPublishers, damaged: Damaged, otherwise: Ended) -> dict[str, Killed]:
    """The publishers are well again, but the refresh that would notice is killed, at two moments."""
    publishers.lay_over(by_source_id(well()))
    return {
        "while publishers answer": home.kill_refresh(lambda line: line.startswith("fetch 20/")),
        # All has landed by then; later moments, to the pointer's move, are those of tests/drills/kills.
        "while the warehouse is built": home.kill_refresh(lambda line: line.startswith("dbt: building the staged")),
    }


@pytest.fixture(scope="session")
def repaired(home: Home, killed: dict[str, Killed], webhook: Webhook, heard: Heard) -> Ended:
    """A plain re-run after the kills, with every publisher well."""
    return refreshed(home, webhook, heard, "repaired")


@pytest.fixture(scope="session")
def unchanged(home: Home, repaired: Ended, webhook: Webhook, heard: Heard) -> Unchanged:
    before = home.versions, home.raw_files(), home.all_vintages()
    ended = refreshed(home, webhook, heard, "unchanged")
    after = home.versions, home.raw_files(), home.all_vintages()
    return Unchanged(ended, *zip(before, after, strict=True))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def down(home: Home, unchanged: Unchanged, webhook: Webhook, heard: Heard) -> Ended:
    """Every publisher is down: nobody listens at either address."""
    return refreshed(
        home, webhook, heard, "down", ATF_FINGERTIPS_URL=closed_address(), ATF_ONS_ELS_URL=closed_address()
    )


@pytest.fixture(scope="session")
def lost(home: Home, publishers: TwoPublishers, down: Ended, webhook: Webhook, heard: Heard) -> Ended:
    """The current release holds figures that no publisher withdrew and that the models no longer give."""
    home.put_figures_into_current(indicator_of(WITHDRAWN_LATER), 100)
    publishers.lay_over(by_source_id({**well(), WITHDRAWN_LATER: served(without_the_oldest_periods(1))}))
    return refreshed(home, webhook, heard, "lost")


@pytest.fixture(scope="session")
def snapshot_house(published_home: PublishedHome, forked_atf: ForkedAtf) -> Home:
    """The home with one release made from the bundled snapshot. Nothing in it may be changed."""
    return Home(published_home.home, "snapshot", {}, forked_atf)


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", "snapshot", {})
