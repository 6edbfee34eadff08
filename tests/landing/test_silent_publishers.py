"""A publisher that does not answer costs a fetch run little, and the others nothing; the next run asks it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from one_table_publisher import DATASET, OneTablePublisher

from atf_dagster.catalogue import load
from atf_dagster.http import Budget
from atf_dagster.landing import Attempt, Store
from support.fetching import fetch
from support.publishers.fingertips import Fingertips, row
from support.server import ScriptedServer, closed_address, silence

OF_FINGERTIPS = [dataset.id for collection, dataset in load().datasets if collection.service.id == "fingertips"]
A_FEW = 2 * 8
"""Requests: each of the eight threads may have sent two before the silence was noticed."""


def ask(landing: Path, fingertips: str, ons_els: str) -> dict[str, Attempt]:
    return fetch(
        landing,
        {"fingertips": fingertips, "ons_els": ons_els},
        [*OF_FINGERTIPS, DATASET],
        attempts=5,
        budget=Budget(unanswered=2, seconds=300),
        read_timeout=0.3,
    )


def silent(server: ScriptedServer) -> str:
    server.answers(silence())
    return server.url


def refusing(server: ScriptedServer) -> str:
    return closed_address()


@pytest.mark.parametrize(("way", "reason"), [(silent, "timeout"), (refusing, "connection")])
def test_the_parts_of_a_silent_publisher_say_so_and_the_others_land(
    publisher: OneTablePublisher, landing: Path, way: Callable[[ScriptedServer], str], reason: str
) -> None:
    with ScriptedServer() as server:
        address = way(server)
        attempts = ask(landing, address, publisher.url)
        assert len(server.requests) <= A_FEW
    landed = attempts.pop(f"{DATASET}.all")
    assert landed.outcome == "landed"
    assert len(attempts) > 40
    assert {(attempt.outcome, attempt.reason) for attempt in attempts.values()} == {("failed", reason)}
    not_sent = [attempt for attempt in attempts.values() if attempt.tries == 0]
    assert len(not_sent) >= len(attempts) - A_FEW
    for attempt in not_sent:
        assert attempt.message and address in attempt.message and "unanswered" in attempt.message
        assert attempt.can_clear and attempt.remedy
    (receipt,) = Store(landing).attempts(not_sent[0].dataset, not_sent[0].part)
    assert receipt == not_sent[0]


def test_the_next_fetch_run_asks_a_silent_publisher_from_the_beginning(
    publisher: OneTablePublisher, landing: Path
) -> None:
    with ScriptedServer() as server:
        ask(landing, silent(server), publisher.url)
    with Fingertips() as fingertips:
        fingertips.serve("93015", 502, [row("93015", f"E0800001{n}", f"2{n}.5") for n in range(1, 6)])
        assert ask(landing, fingertips.url, publisher.url)["fingertips_93015.councils"].outcome == "landed"


def test_the_parts_of_several_publishers_are_asked_in_turn(publisher: OneTablePublisher, landing: Path) -> None:
    """The one table of the second publisher does not wait behind all parts of the first."""
    from atf_dagster.landing.fetch import _services_in_turn

    tasks = [
        (collection, dataset, part)
        for collection, dataset in load().datasets
        for part in collection.parts
        if dataset.id in {*OF_FINGERTIPS, DATASET}
    ]
    order = _services_in_turn(tasks)
    assert sorted(order) == list(range(len(tasks)))
    first_two = {tasks[task][0].service.id for task in order[:2]}
    assert first_two == {"fingertips", "ons_els"}
