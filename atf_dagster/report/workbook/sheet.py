"""What a sheet is: one table, with its title and the lines above it.

Belongs here: the shape that the sheets' makers fill and the writer reads. Does not belong here: what a sheet says, or
how it is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TEXT, NUMBER = "text", "number"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    key: the row's key that fills it. header: unique in the sheet. width: in characters. decimals: how many to show;
    None takes the row's own, which stands under `decimals` in the row.
    """

    key: str
    header: str
    width: int
    kind: str = TEXT
    decimals: int | None = None


def number(key: str, header: str, width: int = 12, decimals: int | None = None) -> Column:
    """A column of numbers."""
    return Column(key, header, width, NUMBER, decimals)


@dataclass(frozen=True)
class Sheet:
    """One worksheet with one table.

    name: at most 31 characters, no spaces. blanks: why cells are blank, a sentence. scope: what is in the table and
    what is left out. source: where the figures come from. notes: the notes (`front.notes`) that the sheet refers to.
    rows: at least one, each a mapping by the columns' keys.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    blanks: str
    scope: str
    source: str
    notes: Sequence[str] = field(default=())


def absent(name: str, title: str, what: str, source: str) -> Sheet:
    """A sheet in place of a table that cannot be made: it says what the release lacks."""
    return Sheet(
        name=name,
        title=title,
        columns=[Column("statement", "What is not here, and why", 100)],
        rows=[{"statement": what}],
        blanks="No cell is blank.",
        scope="The table of one row says why there are no figures.",
        source=source,
    )
