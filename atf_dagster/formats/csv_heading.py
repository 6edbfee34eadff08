"""Compares the heading of a CSV body with that of the vintage before.

Cells are read by the names in the heading. So where two names change places and the rows do not, every row is read into
the wrong columns, and no cell is wrong by itself.

Belongs here: that comparison. Does not belong here: which columns a body must have (`csv_text`).
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from atf_dagster.formats import csv_text
from atf_dagster.formats.body import BodyRejected

SAME_ROWS = 0.5
"""Share of lines that also stand in the vintage before, from which on the rows count as unchanged."""


def refuse_other_names(
    before: Path,
    now: Path,
    known: Collection[str],
    column_name: Callable[[str], str],
    renamed: Mapping[str, str],
) -> None:
    """Refuse a body whose heading gives a known column another place, over rows that are as before.

    before, now: the bodies. A column that is not `known` may be called as the publisher likes.
    """
    old, new = _columns(before, column_name, renamed), _columns(now, column_name, renamed)
    if len(old) != len(new):
        return
    other = [f"{to} where it had {of}" for of, to in zip(old, new, strict=True) if of != to and {of, to} & {*known}]
    if other and _share_of_same_rows(before, now) >= SAME_ROWS:
        raise BodyRejected(
            "heading_changed",
            f"The rows are as in the vintage before, and the heading has {', '.join(other)}: the cells would be read "
            "into other columns.",
            "The publisher changed its heading, or it is damaged. A data engineer compares it with the publisher's "
            "page. If a column was renamed, it is added to `renamed` in the catalogue's collection.",
        )


def _columns(body: Path, column_name: Callable[[str], str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    """Empty where a body has no heading that can be read: then there is nothing to compare."""
    try:
        return csv_text.heading(body, required=(), optional=(), column_name=column_name, renamed=renamed).columns
    except BodyRejected:
        return ()


def _share_of_same_rows(before: Path, now: Path) -> float:
    old, new = set(before.read_bytes().splitlines()[1:]), now.read_bytes().splitlines()[1:]
    return sum(line in old for line in new) / max(len(new), 1)
