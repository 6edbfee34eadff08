"""Digests that waited while a channel was down are delivered as one, which shows the state of now."""

from __future__ import annotations

import random

from problems_made import alert

from atf_dagster.alerts.alert import Alert
from atf_dagster.alerts.change_notes import ChangeNote
from atf_dagster.alerts.digest import Digest, fold
from atf_dagster.alerts.ledger import Ledger

SOURCES = frozenset({"source"})


def digests(*days: list[Alert], before: Ledger = Ledger()) -> list[Digest]:  # noqa: B008 - it cannot be changed
    """The digests of notifications that find these alerts, one a day."""
    made, ledger = [], before
    for number, found in enumerate(days, start=1):
        ledger, difference = ledger.compare(found, SOURCES, f"2026-11-{number:02d}T06:00:00+00:00")
        made.append(
            Digest(
                number=number,
                at=f"2026-11-{number:02d}",
                mode="live",
                new=difference.new,
                changed=difference.changed,
                resolved=difference.resolved,
                still_open=difference.still_open,
                change_notes=(ChangeNote("A principle", f"ATF0{number}", "x", (f"day {number}",)),),
            )
        )
    return made


def places(entries: object) -> list[str]:
    return [entry.alert.place for entry in entries]  # type: ignore[attr-defined]


def test_what_came_and_went_unheard_is_not_told_as_over() -> None:
    notified = fold(digests([alert("a.all")], []))
    assert places(notified.passed_by) == ["a.all"]
    assert not (notified.new or notified.resolved)


def test_what_is_still_open_is_new_to_whoever_hears_only_now() -> None:
    changed = alert("a.all", state="failed: tls", headline="did not answer (tls)")
    notified = fold(digests([alert("a.all")], [changed], [changed]))
    assert [(entry.alert.headline, entry.times) for entry in notified.new] == [("did not answer (tls)", 2)]
    assert not (notified.changed or notified.resolved or notified.passed_by)


def test_what_was_told_before_and_ended_meanwhile_is_over() -> None:
    known, _ = Ledger().compare([alert("a.all")], SOURCES, "2026-10-31")
    changed = alert("a.all", state="failed: tls")
    notified = fold(digests([changed], [], before=known))
    assert places(notified.resolved) == ["a.all"]
    assert not (notified.new or notified.changed or notified.passed_by)


def test_what_ended_and_came_again_has_changed() -> None:
    known, _ = Ledger().compare([alert("a.all")], SOURCES, "2026-10-31")
    notified = fold(digests([], [alert("a.all")], before=known))
    assert places(notified.changed) == ["a.all"]
    assert not (notified.new or notified.resolved)


def test_news_of_all_of_them_are_told_in_their_order() -> None:
    notified = fold(digests([], [], []))
    assert [item.sentences for item in notified.change_notes] == [("day 1",), ("day 2",), ("day 3",)]


def test_folded_or_one_by_one_a_reader_knows_the_same_problems_in_the_end() -> None:
    """Sixty random histories: what a reader takes to be open follows from the one message as from all of them."""
    chance = random.Random(7)
    for _ in range(60):
        days = [
            [
                alert(name, state=chance.choice(("x", "y")))
                for name in ("a.all", "b.all", "c.all")
                if chance.random() < 0.5
            ]
            for _ in range(chance.randint(1, 6))
        ]
        start = [alert("a.all", state="x")] if chance.random() < 0.5 else []
        known, _ = Ledger().compare(start, SOURCES, "2026-10-31")
        waited = digests(*days, before=known)
        once = fold(waited)
        open_now = {p.key: p.state for p in start}
        for entry in once.resolved:
            assert open_now.pop(entry.alert.key, None) is not None, "told as over what nobody had heard of"
        for entry in once.new:
            assert entry.alert.key not in open_now, "told as new what was known"
        open_now |= {entry.alert.key: entry.alert.state for entry in (*once.new, *once.changed)}
        assert open_now == {p.key: p.state for p in days[-1]}
