"""The types that the rules share: a return error, a row as it was written, a row that passed.

Belongs here: fields and keys. Does not belong here: any rule.
"""

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

NUMBERS = ("numerator", "denominator", "unknown_count")


class RowKey(NamedTuple):
    """What a row describes. A later submission supersedes earlier ones key by key."""

    indicator_code: str
    org_code: str
    date_from: dt.date
    date_to: dt.date
    breakdown_type: str
    breakdown_value: str


@dataclass(frozen=True)
class ReturnError:
    """One error of a return: where, what is wrong, what the sender does. Row 0 is the file as a whole."""

    row: int
    column: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"row {self.row}, {self.column}" if self.row else "the file"
        return f"{where}: {self.message} What to do: {self.remedy}"


class ReturnErrors:
    """Collects return errors, so that the sender gets all of them at once."""

    def __init__(self) -> None:
        self._found: list[ReturnError] = []

    def add(self, row: int, column: str, message: str, remedy: str) -> None:
        self._found.append(ReturnError(row, column, message, remedy))

    def __iter__(self) -> Iterator[ReturnError]:
        return iter(self._found)


@dataclass(frozen=True)
class Row:
    """One row of an accepted return. Texts have no blanks around them; None is a blank cell."""

    number: int
    """Its row in the file; the heading is row 1."""
    indicator_code: str
    org_code: str
    org_name: str
    area_code: str
    date_from: dt.date
    date_to: dt.date
    period_type: str
    breakdown_type: str
    breakdown_value: str
    numerator: Decimal | None
    denominator: Decimal | None
    numerator_unit: str
    denominator_unit: str
    unknown_count: int | None
    local_definition: str | None
    data_status: str
    suppression_flag: str | None
    submitted_by_role: str
    submitted_at: dt.datetime
    """UTC; a day without a time is its beginning, in Europe/London."""
    notes: str | None

    @property
    def key(self) -> RowKey:
        return RowKey(
            self.indicator_code,
            self.org_code,
            self.date_from,
            self.date_to,
            self.breakdown_type,
            self.breakdown_value,
        )


@dataclass
class Draft:
    """A row during its check: its cells, and the values read from them (None: blank or not readable)."""

    number: int
    cells: Mapping[str, str]
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    submitted_at: dt.datetime | None = None
    numbers: dict[str, Decimal] = field(default_factory=dict)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def row(self) -> Row:
        """The row, after every rule passed it. Raises ValueError where a value could not be read."""
        if self.date_from is None or self.date_to is None or self.submitted_at is None:
            raise ValueError(f"row {self.number} has no dates; only rows without errors become part of a return")
        unread = [name for name in NUMBERS if self.cells[name] and name not in self.numbers]
        if unread:
            raise ValueError(f"row {self.number} has {', '.join(unread)} that cannot be read as numbers")
        unknown = self.numbers.get("unknown_count")
        texts = {name: self.cells[name] for name in _TEXTS}
        optional = {name: self.cells[name] or None for name in ("local_definition", "suppression_flag", "notes")}
        return Row(
            number=self.number,
            date_from=self.date_from,
            date_to=self.date_to,
            numerator=self.numbers.get("numerator"),
            denominator=self.numbers.get("denominator"),
            unknown_count=None if unknown is None else int(unknown),
            submitted_at=self.submitted_at,
            **texts,
            **optional,  # type: ignore[arg-type]
        )


_TEXTS = (
    "indicator_code",
    "org_code",
    "org_name",
    "area_code",
    "period_type",
    "breakdown_type",
    "breakdown_value",
    "numerator_unit",
    "denominator_unit",
    "data_status",
    "submitted_by_role",
)


@dataclass(frozen=True)
class Checked:
    """The result of a check: the rows without an error of their own, and every error."""

    rows: tuple[Row, ...]
    errors: tuple[ReturnError, ...]


def shown(text: str, length: int = 60) -> str:
    """A cell for an error message: cut to `length`, and escaped so that a terminal does not run anything in it."""
    return repr(text if len(text) <= length else text[: length - 1] + "…")


def to_type(text: str) -> str:
    """A text that the sender has to type, as it is: whole, without quotes and escapes, on one printable line."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


LONGEST_WORD = 100


def nearest_word(word: str, among: Sequence[str], *, cutoff: float) -> str | None:
    """The word that is most like this one; None for a word that is too long to be any of them."""
    near = difflib.get_close_matches(word, among, n=1, cutoff=cutoff) if len(word) <= LONGEST_WORD else []
    return near[0] if near else None
