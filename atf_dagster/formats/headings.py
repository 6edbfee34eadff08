"""Which heading of a workbook's table is which column: the rule for marks of notes.

A column's regular expression is first matched with each heading as it is written. Only if none matches, it is matched
with the headings without the note at their end: a digit at a word (`households1`), `[1]`, `(2)` or a sign such as `*`.
A number that stands by itself is part of the name: `Table 2`, `16 to 64`, `FYE 2024`.

Belongs here: marks of notes, comparing headings with a layout. Does not belong here: where the headings are
(`workbooks`), a publisher's headings (the catalogue's layouts).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

JOINT = " | "
"""Between the parts of a heading that is in several rows."""

_NAMED_NOTE = re.compile(r"[\[(]\s*(?:foot)?notes?\b[^\])]*[\])]", re.IGNORECASE)
_NOTE_AT_END = re.compile(
    r"""(?: (?<=[A-Za-z)%\]]) [0-9]{1,2} (?:\s*,\s*[0-9]{1,2})*    # households1, (000s)2,3
          | \s* [\[(] \s* [0-9]{1,2} (?:\s*,\s*[0-9]{1,2})* \s* [\])]   # households [1], households (2)
          | \s* \[ \s* [a-z]{1,2} \s* \]                              # households [r]
          | \s* [*†‡§¹²³⁰⁴-⁹]+                                        # households*
        ) \s* (?= $ | \( [^()]* \) $ )                                # also before a unit in brackets
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Column:
    """A column that matches a regular expression."""

    position: int
    key: str | None
    """The text of the group `key` in the regular expression; None where there is no such group."""


def one_line(text: str) -> str:
    """The text without marks such as `[note 3]` and without line breaks."""
    return " ".join(_NAMED_NOTE.sub(" ", text).split())


def without_note(heading: str) -> str:
    """The heading without the marks of notes at the ends of its parts."""
    return JOINT.join(_without_note(part) for part in heading.split(JOINT))


def _without_note(part: str) -> str:
    while (shorter := _NOTE_AT_END.sub(" ", part, count=1)) != part:
        part = " ".join(shorter.split())
    return part


def matching(patterns: Mapping[str, str], headings: Sequence[str]) -> dict[str, list[Column]]:
    """Name -> the columns whose headings match its pattern: as written, else without their notes."""
    as_written = {name: _matching(pattern, headings) for name, pattern in patterns.items()}
    taken = {column.position for columns in as_written.values() for column in columns}
    plain = ["" if position in taken else without_note(heading) for position, heading in enumerate(headings)]
    noted = {position for position, heading in enumerate(headings) if plain[position] not in ("", heading)}
    found = {}
    for name, columns in as_written.items():
        keys = {column.key for column in columns}
        others = _matching(patterns[name], plain, noted)
        found[name] = [*columns, *(column for column in others if column.key not in keys)]
    return found


def _matching(pattern: str, headings: Sequence[str], among: Collection[int] | None = None) -> list[Column]:
    found = []
    expression = re.compile(pattern, re.IGNORECASE)
    for position, heading in enumerate(headings):
        if among is not None and position not in among:
            continue
        match = expression.search(heading)
        if match:
            key = (match["key"] or "").strip() if "key" in expression.groupindex else None
            found.append(Column(position, key))
    return found
