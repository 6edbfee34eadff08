"""One message: alerts that are new, changed, resolved or still open, and what changed in the figures.

Belongs here: the content of a message as data, folding several messages into one, choosing what concerns an owner. Does
not belong here: its text and HTML (`render`), files and channels (`outbox`).
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from atf_dagster.alerts.change_notes import ChangeNote
from atf_dagster.alerts.ledger import OpenAlert
from atf_dagster.old_names import current_names

ANALYSTS = "analysts"
"""The owner that gets the change notes. Channels without owners get them too."""


@dataclass(frozen=True)
class Digest:
    """number: from 1. at: in UTC. run_id: empty for a watch, which has no refresh."""

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
    """Alerts that opened and were resolved before a message could be delivered."""
    still_open: tuple[OpenAlert, ...] = ()
    change_notes: tuple[ChangeNote, ...] = ()
    quiet: str = ""
    """The sentence of a message without alerts, which is sent so that people notice when messages stop."""

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.changed or self.resolved or self.passed_by or self.change_notes or self.quiet)

    def for_owners(self, owners: Collection[str]) -> "Digest":
        """The digest with what concerns these owners; the whole digest if `owners` is empty."""
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
    """Make one digest, with the state of now, of several digests that could not be delivered.

    People never heard of an alert that opened and was resolved in between. So it is not listed as resolved but as
    `passed_by`.
    """
    folded = digests[0]
    for later in digests[1:]:
        folded = _then(folded, later)
    return folded


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
        else:  # notified before, perhaps resolved in between: for a reader of this digest it has changed
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
