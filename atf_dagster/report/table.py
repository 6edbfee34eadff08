"""A table as pages show it and as files hold it: the same rows and columns, rounded here and unrounded there.

Belongs here: cells, columns, CSV and JSON of a table. Does not belong here: which rows there are (the pages).
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from atf_dagster.release.candidate import begins_a_formula
from atf_dagster.report import words


@dataclass(frozen=True)
class Cell:
    """text: what is read. value: what a file holds. kind: a class of the style sheet; href: a page of the report."""

    text: str
    value: Any = None
    kind: str = ""
    href: str = ""
    sign: str = ""
    """A sign before the text that is not read aloud, because the text says it, too."""


@dataclass(frozen=True)
class Column:
    """name: in files. label: in the heading on the page."""

    name: str
    label: str
    is_number: bool = False


LIMITS = (Column("lci_95", "Lower 95% limit", True), Column("uci_95", "Upper 95% limit", True))
"""The columns of a figure's limits, wherever they stand."""


class Section(NamedTuple):
    """Rows that stand together under a heading. n_rows: how many."""

    heading: str
    n_rows: int
    said: str = ""
    """What they say, beside the heading."""


@dataclass(frozen=True)
class Table:
    """One table with its caption. id: unique on its page, of letters, digits and hyphens. rows: one cell a column.

    sections: all rows in their order, in parts. fold: what a reader opens: the table, or each of its sections; nothing
    is left out, and on paper all is open.
    """

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    sections: Sequence[Section] = ()
    fold: Literal["", "table", "sections"] = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """Kind of download (`CSV`, `JSON`) -> address beside the page."""

    @property
    def parts(self) -> list[tuple[Section, Sequence[Sequence[Cell]]]]:
        """The sections with their rows; one without a heading where there are none."""
        if not self.sections:
            return [(Section("", len(self.rows)), self.rows)]
        found, first = [], 0
        for section in self.sections:
            found.append((section, self.rows[first : first + section.n_rows]))
            first += section.n_rows
        return found

    def as_csv(self) -> str:
        """The rows as CSV: UTF-8, quoted texts, empty where a value is null."""
        stream = io.StringIO()
        writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        for row in self.rows:
            writer.writerow([_guarded(cell.value) for cell in row])
        return stream.getvalue()

    def as_json(self) -> dict[str, Any]:
        """Caption, columns and rows as plain data."""
        names = [column.name for column in self.columns]
        return {
            "caption": self.caption,
            "columns": [{"name": column.name, "label": column.label} for column in self.columns],
            "rows": [{name: _plain(cell.value) for name, cell in zip(names, row, strict=True)} for row in self.rows],
        }


def sectioned(rows: Iterable[tuple[str, Sequence[Cell]]]) -> tuple[list[Sequence[Cell]], tuple[Section, ...]]:
    """Rows with their headings -> the rows by heading, in the order in which headings come, and the sections."""
    found: dict[str, list[Sequence[Cell]]] = {}
    for heading, row in rows:
        found.setdefault(heading, []).append(row)
    every = [row for mine in found.values() for row in mine]
    return every, tuple(Section(heading, len(mine)) for heading, mine in found.items())


def text(value: Any, kind: str = "", href: str = "") -> Cell:
    """A cell whose text is its value."""
    return Cell(words.plain(value), value, kind, href)


def figure(value: float | None, decimals: int | None, *, signed: bool = False, absent: str = "") -> Cell:
    """A cell with a figure; absent: what stands in its place where there is none."""
    if value is None:
        return Cell(absent, None, "absent")
    return Cell(words.number(value, decimals, signed=signed), value, "number")


def judgement(code: str | None) -> Cell:
    """A cell with a judgement as sign, word and colour."""
    sign, word = words.judged(code)
    return Cell(word, word, word.replace(" ", "-"), "", sign)


def direction(code: str | None, meaning: str | None) -> Cell:
    """A cell with a trend as arrow and words."""
    arrow, said = words.trend(code, meaning)
    return Cell(said, said, "", "", arrow)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value


def _guarded(value: Any) -> Any:
    value = "" if value is None else _plain(value)
    return f"'{value}" if isinstance(value, str) and begins_a_formula(value) else value
