"""One message about one look: what is new, changed, over and still open, and what changed in the figures.

Belongs here: its content as data, folding several into one, choosing what concerns an owner. Does not belong here:
words and mark-up (`render`), files and channels (`outbox`).
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from atf_dagster.alerts.change_notes import ChangeNote
from atf_dagster.alerts.ledger import OpenAlert
from atf_dagster.old_names import current_names

ANALYSTS = "analysts"
"""Who is told of news in the figures, beside everybody without an owner of their own."""


@dataclass(frozen=True)
class Digest:
    """`number` from 1; `at` in UTC; `run_id` is empty where nobody refreshed (a watch)."""

    number: int
    at: str
    mode: str
    run_id: str = ""
    outcome: str = ""
    release: str = ""
    new: tuple[OpenAlert, ...] = ()
    changed: tuple[OpenAlert, ...] = ()
    resolved: tuple[OpenAlert, ...] = ()
    passed_by: tuple[OpenAlert, ...] = ()
    """What came and went before any message could be delivered."""
    still_open: tuple[OpenAlert, ...] = ()
    change_notes: tuple[ChangeNote, ...] = ()
    quiet: str = ""
    """What a message says that has nothing to tell: so that silence is noticed."""

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.changed or self.resolved or self.passed_by or self.change_notes or self.quiet)

    def for_owners(self, owners: Collection[str]) -> "Digest":
        """What concerns these owners; everything where none is named."""
        if not owners:
            return self

        def theirs(entries: Sequence[OpenAlert]) -> tuple[OpenAlert, ...]:
            return tuple(entry for entry in entries if entry.alert.owner in owners)

        return replace(
            self,
            new=theirs(self.new),
            changed=theirs(self.changed),
            resolved=theirs(self.resolved),
            passed_by=theirs(self.passed_by),
            still_open=theirs(self.still_open),
            change_notes=self.change_notes if ANALYSTS in owners else (),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        record = current_names(record)
        entries = {
            name: tuple(OpenAlert.from_json(entry) for entry in record[name])
            for name in ("new", "changed", "resolved", "passed_by", "still_open")
        }
        change_notes = tuple(ChangeNote.from_json(entry) for entry in record["change_notes"])
        return cls(**{**record, **entries, "change_notes": change_notes})


def fold(digests: Sequence[Digest]) -> Digest:
    """Several digests that could not be delivered as one, which says how things stand now.

    What opened and was resolved in between was never told, so nobody is told that it is over: it passed by.
    """
    notified = digests[0]
    for later in digests[1:]:
        notified = _then(notified, later)
    return notified


def _then(first: Digest, later: Digest) -> Digest:
    closed = {entry.alert.key for entry in later.resolved}
    new = {entry.alert.key: entry for entry in first.new if entry.alert.key not in closed}
    changed = {entry.alert.key: entry for entry in first.changed if entry.alert.key not in closed}
    resolved = {entry.alert.key: entry for entry in first.resolved}
    was_new = {entry.alert.key for entry in first.new}
    for entry in later.resolved:
        if entry.alert.key not in was_new:
            resolved[entry.alert.key] = entry
    for entry in (*later.new, *later.changed):
        key = entry.alert.key
        if key in new or (key not in changed and key not in resolved and entry in later.new):
            new[key] = entry
        else:  # told before, perhaps over in between: to whoever hears only now it has changed
            resolved.pop(key, None)
            changed[key] = entry
    passed = [entry for entry in later.resolved if entry.alert.key in was_new]
    return replace(
        later,
        new=tuple(new.values()),
        changed=tuple(changed.values()),
        resolved=tuple(resolved.values()),
        passed_by=(*first.passed_by, *passed, *later.passed_by),
        still_open=tuple(e for e in later.still_open if e.alert.key not in {*new, *changed}),
        change_notes=(*first.change_notes, *later.change_notes),
    )
