"""Leaf of alerts: one alert, as it is kept, sent and shown.

Belongs here: the fields of an alert, the order of alerts. Does not belong here: finding them (`detect`).
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

Kind = Literal[
    "source-failed",
    "source-rejected",
    "vintage-quarantined",
    "check-failed",
    "refresh-failed",
    "refresh-held",
    "refresh-killed",
    "refresh-overdue",
    "publisher-late",
    "release-damaged",
    "pages-failed",
    "alerts-undelivered",
]
Severity = Literal["critical", "warning"]
THE_WAREHOUSE = "The warehouse itself"
"""The heading for alerts that concern no indicator."""
SHOWN_ROWS = 5
SHOWN_SENTENCES = 10
"""So many rows are shown where the check says in a sentence what each of them is."""


@dataclass(frozen=True)
class Alert:
    """One thing that is broken and that somebody has to repair. It is open while it is found under the same `key`.

    A new `state` means that it has changed. No field may contain a secret or a small number: rows have keys, and values
    only if their check is not sensitive.
    """

    key: str
    kind: Kind
    severity: Severity
    owner: str
    place: str
    """Dataset and part, or table, or release."""
    headline: str
    """What is wrong, without the place: the same alert in many places is then shown once."""
    message: str
    remedy: str
    since: str
    state: str
    runbook: str
    """Anchor of its entry in docs/runbook.md."""
    principle: str = THE_WAREHOUSE
    indicators: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    """The first failing rows, as text."""
    n_rows: int = 0
    page: str | None = None
    """Section of the validation page, below the folder of the home: `runs/<run>/validation.html#<suite>`."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        lists = {name: tuple(record.get(name, ())) for name in ("indicators", "rows")}
        return cls(**{name: value for name, value in record.items() if name in known} | lists)


SEVERITIES: dict[str, int] = {"critical": 0, "warning": 1}


def urgency(alert: Alert) -> tuple[int, str, str]:
    """Sort key of alerts: critical ones first, then by kind and place."""
    return SEVERITIES[alert.severity], alert.kind, alert.place
