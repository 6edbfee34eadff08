"""Leaf: the names in JSON records of homes made by 0.1.0 that have changed since.

Files are never rewritten: receipts are kept as they were written. Their old names are translated when they are read.

Belongs here: old keys and values of JSON records and their names of now. Does not belong here: the records themselves.
"""

from collections.abc import Mapping
from typing import Any

KEYS: Mapping[str, str] = {
    "looks": "listings",
    "mend": "remedy",
    "news": "change_notes",
    "problem": "alert",
    "standing": "still_open",
    "told": "notified",
    "told_runs": "notified_runs",
}
VALUES: Mapping[tuple[str, str], str] = {
    ("verdict", "held"): "quarantined",
    ("kind", "vintage-held"): "vintage-quarantined",
    ("runbook", "vintage-held"): "vintage-quarantined",
    ("runbook", "house-busy"): "home-busy",
}


def current_names(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the names of now, at every depth; the same object if it has them already."""
    if record.keys().isdisjoint(KEYS) and not any(
        (key, record[key]) in VALUES for key in ("verdict", "kind") if key in record
    ):
        return record
    renamed: dict[str, Any] = _renamed(record)
    return renamed


def _renamed(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {KEYS.get(name, name): _renamed(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry) for entry in value]
    if isinstance(value, str):
        if key == "state" and value.startswith("held: "):
            return "quarantined: " + value.removeprefix("held: ")
        return VALUES.get((key, value), value)
    return value
