"""Leaf of alerts: one thing that is broken now, as it is kept, told and shown.

Belongs here: the fields of a problem and their order. Does not belong here: how it is found (`gather`).
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
    "alerts-undelivered",
]
Severity = Literal["critical", "warning"]
THE_WAREHOUSE = "The warehouse itself"
"""Where a problem is listed that concerns no indicator."""
SHOWN_ROWS = 5


@dataclass(frozen=True)
class Alert:
    """One thing that somebody has to mend. `key` names it, `state` changes when it does.

    Nothing in it may be secret or a small number: rows carry keys, and values only where their check is not sensitive.
    """

    key: str
    kind: Kind
    severity: Severity
    owner: str
    place: str
    """Dataset and part, or table, or release."""
    headline: str
    """What is wrong, without the place, so that the same trouble of many places is told as one."""
    message: str
    remedy: str
    since: str
    state: str
    runbook: str
    """Anchor of its entry in docs/runbook.md."""
    principle: str = THE_WAREHOUSE
    indicators: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    """Failing rows in words, the first few."""
    n_rows: int = 0
    page: str | None = None
    """Place in the validation page, below the house's folder: `runs/<run>/validation.html#<suite>`."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        lists = {name: tuple(record.get(name, ())) for name in ("indicators", "rows")}
        return cls(**{name: value for name, value in record.items() if name in known} | lists)


SEVERITIES: dict[str, int] = {"critical": 0, "warning": 1}


def urgency(alert: Alert) -> tuple[int, str, str]:
    """Sorts problems: the worst first, then by what they are and where."""
    return SEVERITIES[alert.severity], alert.kind, alert.place
