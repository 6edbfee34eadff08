"""People are notified once of an alert, again when it changes, and when it is resolved; repetitions are counted."""

from __future__ import annotations

from problems_made import alert

from atf_dagster.alerts.ledger import Ledger

SOURCES = frozenset({"source"})
FIRST, SECOND, THIRD = (f"2026-11-0{day}T06:00:00+00:00" for day in (1, 2, 3))


def test_a_new_problem_is_told() -> None:
    ledger, found = Ledger().compare([alert("a.all")], SOURCES, FIRST)
    assert [entry.alert.place for entry in found.new] == ["a.all"]
    assert [entry.times for entry in ledger.open] == [1]


def test_the_same_problem_again_is_counted_and_not_told() -> None:
    ledger, _ = Ledger().compare([alert("a.all")], SOURCES, FIRST)
    # The text of a failure differs from day to day; its state does not.
    again = alert("a.all", message="No answer within 31 seconds.", since=SECOND)
    ledger, found = ledger.compare([again], SOURCES, SECOND)
    assert not found.has_changes
    (entry,) = ledger.open
    assert (entry.times, entry.first_seen, entry.alert.since) == (2, FIRST, alert("a.all").since)


def test_a_problem_that_changed_is_told_again_with_its_count() -> None:
    ledger, _ = Ledger().compare([alert("a.all")], SOURCES, FIRST)
    ledger, found = ledger.compare([alert("a.all", state="failed: tls")], SOURCES, SECOND)
    assert [(entry.alert.state, entry.times) for entry in found.changed] == [("failed: tls", 2)]
    assert not (found.new or found.resolved)
    assert not ledger.compare([alert("a.all", state="failed: tls")], SOURCES, THIRD)[1].has_changes


def test_what_is_over_is_told_once_and_may_come_again() -> None:
    ledger, _ = Ledger().compare([alert("a.all"), alert("b.all")], SOURCES, FIRST)
    ledger, found = ledger.compare([alert("b.all")], SOURCES, SECOND)
    assert [entry.alert.place for entry in found.resolved] == ["a.all"]
    ledger, found = ledger.compare([alert("b.all")], SOURCES, THIRD)
    assert not found.has_changes
    _, found = ledger.compare([alert("a.all"), alert("b.all")], SOURCES, THIRD)
    assert [entry.alert.place for entry in found.new] == ["a.all"]


def test_what_a_look_cannot_see_stays_as_it_was() -> None:
    """A refresh without changes does not check the mart: a failed check on it is not repaired by that."""
    check = alert("x", key="mart/coverage.nothing_is_stale")
    ledger, _ = Ledger().compare([check, alert("a.all")], {"source", "mart"}, FIRST)
    ledger, found = ledger.compare([], SOURCES, SECOND)
    assert [entry.alert.key for entry in found.resolved] == ["source/a.all"]
    assert [entry.alert.key for entry in ledger.open] == [check.key]
    _, found = ledger.compare([], {"mart"}, THIRD)
    assert [entry.alert.key for entry in found.resolved] == [check.key]


def test_the_worst_comes_first() -> None:
    minor, major = alert("a.all"), alert("b.all", severity="critical")
    _, found = Ledger().compare([minor, major], SOURCES, FIRST)
    assert [entry.alert for entry in found.new] == [major, minor]
