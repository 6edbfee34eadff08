"""A body that a publisher sent: what it is where it is good, and why it is refused where it is not.

Belongs here: `Body`, its errors, and what all formats need of text. Does not belong here: one format's ways.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from atf_dagster.errors import AtfError


class NotTaken(AtfError):
    """A part of a dataset of which nothing was taken. `reason` is a short code; `outcome` that of the attempt."""

    outcome: Literal["rejected", "skipped"] = "rejected"

    def __init__(self, reason: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.reason = reason


class BodyRejected(NotTaken):
    """Bytes came, but they are not the table."""


class Skipped(NotTaken):
    """Nothing was asked, and nobody has to do anything about it now."""

    outcome = "skipped"


class NoData(AtfError):
    """The publisher answered properly that it has no rows for this request."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "The next refresh asks again.", owner="the publisher")


def parsed_json(data: bytes, **how: Any) -> Any:
    """JSON as `json.loads` reads it; text that no file could hold is refused here. Raises ValueError, RecursionError.

    A lone half of a surrogate pair is JSON, and would stop whatever writes it down.
    """
    found = json.loads(data, **how)
    if b"\\ud" in data.lower():
        json.dumps(found, ensure_ascii=False).encode()
    return found


def one_line(text: str) -> str:
    """A publisher's text on one printable line: what it says may not look like another line of a log."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


@dataclass(frozen=True)
class Body:
    """A page that looks like the table: how its text is encoded and which columns it has, in order."""

    encoding: str
    columns: tuple[str, ...]
    columns_added: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def snake_case(heading: str) -> str:
    """`Lower CI 95.0 limit` -> `lower_ci_95_0_limit`."""
    return re.sub(r"[^a-z0-9]+", "_", heading.strip().lower()).strip("_")


@dataclass(frozen=True, kw_only=True)
class BodyRules:
    """What one publisher's bodies have of their own; what all bodies of a format have in common is in its module."""

    column_name: Callable[[str], str] = snake_case
    """A heading as found -> its snake-case name in raw."""
    ends_with_newline: bool = False
    """Whether this publisher closes its last line; if so, a body that does not was cut."""
    records: Callable[[Any], Iterable[Mapping[str, str | None]]] | None = None
    """For JSON: the parsed page, numbers still the text that they were, -> its records, flat."""
