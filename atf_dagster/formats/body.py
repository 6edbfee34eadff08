"""The body of a publisher's answer: its description where it is good, the error where it is refused.

Belongs here: `Body`, its errors, functions on text that all formats use. Does not belong here: one format (`csv_text`,
`workbooks`).
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from atf_dagster.errors import AtfError


class NotTaken(AtfError):
    """Nothing of a part of a dataset was taken. reason: a short code. outcome: the outcome of the attempt.

    Attempts and verdicts record the remedy without the owner, so the remedy itself names who does what.
    """

    outcome: Literal["rejected", "skipped"] = "rejected"

    def __init__(self, reason: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.reason = reason


class BodyRejected(NotTaken):
    """The publisher sent bytes that are not the table."""


class Skipped(NotTaken):
    """Nothing was fetched, and nobody has to do anything now."""

    outcome = "skipped"


class NoData(AtfError):
    """The publisher answered correctly that it has no rows for this request."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "The next refresh asks again.", owner="the publisher")


def parsed_json(data: bytes, **how: Any) -> Any:
    """JSON as `json.loads` reads it. Raises ValueError or RecursionError, also for text that no file can hold, and
    BodyRejected for an object that has a key twice, of which `json.loads` silently takes the last.

    One half of a surrogate pair alone is valid JSON, but no file in UTF-8 can hold it.
    """
    found = json.loads(data, object_pairs_hook=_object, **how)
    if b"\\ud" in data.lower():
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        refuse_twice([name for name, _ in pairs], "An object of the JSON")
    return found


def refuse_twice(names: Sequence[str], where: str) -> None:
    """Refuse two columns of one name: nobody can say which of them has the figures. Raises BodyRejected."""
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise BodyRejected(
            "ambiguous_column",
            f"{where} has more than one column {', '.join(map(repr, twice))[:200]}.",
            "The publisher changed its table. A data engineer compares it with the catalogue's columns and asks the "
            "publisher which of them has the figures.",
        )


def one_line(text: str) -> str:
    """A publisher's text as one printable line, so that it cannot look like a second line of a log."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


@dataclass(frozen=True)
class Body:
    """A page that has the table's columns. columns: in their order. columns_added: those that nobody declared."""

    encoding: str
    columns: tuple[str, ...]
    columns_added: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def snake_case(heading: str) -> str:
    """`Lower CI 95.0 limit` -> `lower_ci_95_0_limit`."""
    return re.sub(r"[^a-z0-9]+", "_", heading.strip().lower()).strip("_")


@dataclass(frozen=True, kw_only=True)
class BodyRules:
    """The rules of one publisher's bodies. The rules of all bodies of a format are in the format's module."""

    column_name: Callable[[str], str] = snake_case
    """A heading as published -> its snake-case name in raw."""
    ends_with_newline: bool = False
    """Whether this publisher ends its last line with a newline. Then a body without one was cut."""
    is_made_by_hand: bool = False
    """Whether blank lines among the rows and blank columns at the right are no damage. A publisher's program writes
    none."""
    records: Callable[[Any], Iterable[Mapping[str, str | None]]] | None = None
    """For JSON: the parsed page, with numbers as text -> its records, flat."""
