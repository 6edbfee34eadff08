"""The open alerts that people were notified of: they hear of an alert when it is new, changed or resolved.

Belongs here: comparing the alerts of now with the open alerts. Does not belong here: finding alerts (`detect`), texts
(`digest`, `render`), channels (`outbox`).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from atf_dagster.alerts.alert import Alert, urgency
from atf_dagster.files import write_atomic
from atf_dagster.old_names import current_names

REMEMBERED_RUNS = 500
"""How many notified runs are kept: two daemons, or a command and a sensor, must not notify of one run twice."""


@dataclass(frozen=True)
class OpenAlert:
    """An open alert: when it was first seen, and how many times."""

    alert: Alert
    first_seen: str
    times: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        return cls(Alert.from_json(record["alert"]), str(record["first_seen"]), int(record["times"]))


@dataclass(frozen=True)
class Difference:
    """The alerts of now compared with the open alerts."""

    new: tuple[OpenAlert, ...] = ()
    changed: tuple[OpenAlert, ...] = ()
    still_open: tuple[OpenAlert, ...] = ()
    resolved: tuple[OpenAlert, ...] = ()

    @property
    def has_changes(self) -> bool:
        return bool(self.new or self.changed or self.resolved)


@dataclass(frozen=True)
class Ledger:
    """sequence: number of the last digest. quiet_since: when the last digest was made, or the ledger began."""

    sequence: int = 0
    open: tuple[OpenAlert, ...] = ()
    notified_runs: tuple[str, ...] = ()
    quiet_since: str = ""
    refreshes_since: int = 0
    """Refreshes that ended after `quiet_since`."""
    last_good: str = ""
    """When the last refresh ended that did not fail."""

    def compare(self, found: Sequence[Alert], scopes: Collection[str], at: str) -> tuple["Ledger", Difference]:
        """Compare. scopes: what was checked; open alerts of other scopes stay as they are.

        Returns the ledger to keep and the difference. The caller numbers the digests.
        """
        before = {entry.alert.key: entry for entry in self.open}
        now = {alert.key: alert for alert in sorted(found, key=urgency)}
        unseen = [entry for key, entry in before.items() if key.split("/")[0] not in scopes]
        new: list[OpenAlert] = []
        changed: list[OpenAlert] = []
        still_open: list[OpenAlert] = []
        for key, alert in now.items():
            notified = before.get(key)
            if notified is None:
                new.append(OpenAlert(alert, at))
            else:
                # An alert began at the earliest time; the record of the newest failure may have a later one.
                since = min(alert.since, notified.alert.since)
                entry = OpenAlert(replace(alert, since=since), notified.first_seen, notified.times + 1)
                (still_open if notified.alert.state == alert.state else changed).append(entry)
        checked = {key for key in before if key.split("/")[0] in scopes}
        resolved = [before[key] for key in before if key in checked - set(now)]
        kept = replace(self, open=(*new, *changed, *still_open, *unseen))
        return kept, Difference(tuple(new), tuple(changed), (*still_open, *unseen), tuple(resolved))

    def after_run(self, run_id: str, *, is_refresh: bool) -> "Ledger":
        runs = (*self.notified_runs, run_id)[-REMEMBERED_RUNS:]
        return replace(self, notified_runs=runs, refreshes_since=self.refreshes_since + is_refresh)


def read(folder: Path) -> Ledger:
    """The ledger of a home; an empty one before the first notification."""
    path = folder / "ledger.json"
    if not path.exists():
        return Ledger()
    record = current_names(json.loads(path.read_text("utf-8")))
    return Ledger(
        sequence=int(record["sequence"]),
        open=tuple(OpenAlert.from_json(entry) for entry in record["open"]),
        notified_runs=tuple(record["notified_runs"]),
        quiet_since=str(record["quiet_since"]),
        refreshes_since=int(record["refreshes_since"]),
        last_good=str(record["last_good"]),
    )


def write(folder: Path, ledger: Ledger) -> None:
    write_atomic(folder / "ledger.json", json.dumps(asdict(ledger), ensure_ascii=False, indent=1) + "\n")
