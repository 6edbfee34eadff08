"""One vintage, and no other, is read and judged again from its bytes; a person's verdict stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_table_publisher import DATASET, PART, A, B, OneTablePublisher, fetch_once

from atf_dagster.catalogue import load
from atf_dagster.errors import NotFound
from atf_dagster.landing import Store, Verdict, Vintage
from atf_dagster.landing.records import BY_HAND
from atf_dagster.landing.vintages import ask_again
from atf_dagster.settings import Settings
from atf_dagster.warehouse import raw

RULES = "rules"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, mode="live")


@pytest.fixture
def vintages(settings: Settings, publisher: OneTablePublisher) -> list[Vintage]:
    """Two vintages, read and admitted."""
    store = Store(settings.landing)
    for body in (A, B):
        publisher.body = body
        fetch_once(settings.landing, publisher.url)
    read(settings)
    found = store.vintages(DATASET, PART)
    for vintage in found:
        judge(store, vintage, RULES)
    return found


def read(settings: Settings) -> set[str]:
    """Read what has to be read; returns the ids of the vintages that were read."""
    parsed = raw.parse_new(load(), Store(settings.landing), settings.raw, "run", lambda line: None)
    return {entry.vintage.id for entry in parsed if entry.fresh}


def judge(store: Store, vintage: Vintage, rules: str) -> None:
    verdict = Verdict(
        sequence=vintage.sequence, stage="admission", verdict="admitted", rules=rules, at="2026-11-01", run_id="run"
    )
    store.add_verdict(vintage, verdict)


def standing(settings: Settings, vintage: Vintage) -> bool:
    return Store(settings.landing).verdicts(DATASET, PART)[vintage.sequence, "admission"].stands_under(RULES)


def test_only_the_vintage_asked_for_is_read_and_judged_again(settings: Settings, vintages: list[Vintage]) -> None:
    first, second = vintages
    assert read(settings) == set()
    ask_again(settings, first.id)
    assert not standing(settings, first) and standing(settings, second)
    assert read(settings) == {first.id}
    assert read(settings) == set()


def test_bytes_and_receipts_stay_as_they_were(
    settings: Settings, vintages: list[Vintage], publisher: OneTablePublisher
) -> None:
    asked = publisher.tables_asked
    before = {
        path: path.read_bytes() for path in settings.landing.rglob("*") if path.is_file() and path.stem != "verdicts"
    }
    ask_again(settings, vintages[0].id)
    read(settings)
    assert {path: path.read_bytes() for path in before} == before
    assert publisher.tables_asked == asked


def test_what_a_person_decided_stands(settings: Settings, vintages: list[Vintage]) -> None:
    judge(Store(settings.landing), vintages[0], BY_HAND)
    ask_again(settings, vintages[0].id)
    assert standing(settings, vintages[0])


def test_a_vintage_that_does_not_exist_is_told_with_where_to_look(settings: Settings, vintages: list[Vintage]) -> None:
    with pytest.raises(NotFound, match="atf diagnose"):
        ask_again(settings, f"{DATASET}.{PART}.0009.abc")
