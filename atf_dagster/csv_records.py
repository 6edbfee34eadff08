"""Leaf: splits the text of a CSV body into its records, by the rules of RFC 4180 and by no others.

A record is a line, or several lines where a cell in double quotes holds line ends. Every record has as many cells as
the heading. A line ends with LF, CRLF or CR, and a body may mix them. After the last record one line may be blank.

Belongs here: where a record ends, how many cells it has, where a double quote may stand, and the line of the first
record that breaks a rule. Does not belong here: encodings and columns (`csv_text`), Parquet (`csv_text`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from atf_dagster.errors import AtfError

MOST_CELL = 100_000
"""Characters in a cell. The longest that a publisher serves, a definition, has 3,003."""
MOST_RECORD = 1_000_000
"""Characters in a record."""

_CELL = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",]*+)'
_RECORD = re.compile(rf"{_CELL}(?:,{_CELL})*+")
_NEXT_CELL = re.compile(rf"({_CELL})(?:,|\Z)")
_QUOTED = re.compile(r'"[^"]*"')
_OPENS = re.compile(rf'(?:{_CELL},)*+"')
"""A line whose last cell is opened by a quote and goes on in the next line."""
_NONE_MAY_STAND = (
    "has a double quote where none may stand: a cell with quotes is in double quotes as a whole, and a quote inside it "
    "is written twice"
)

_DAMAGED = (
    "The publisher's table is damaged or was cut. The next refresh asks again. If it repeats, look at the line that is "
    "named here and write to the publisher."
)


class NotRfc4180(AtfError):
    """A record breaks a rule. reason: a short code. The message names the line."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, _DAMAGED)
        self.reason = reason


class Record(NamedTuple):
    """line: the line of the body in which it begins, from 1. text: as published, without its line end."""

    line: int
    text: str
    cells: int

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return _is_blank(self.text)


def _is_blank(text: str) -> bool:
    return not text.strip('", \t\r\n')


def split(record: str) -> list[str]:
    """The cells of a record that `records` gave, without the quotes around them."""
    return [
        cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
        for cell in _NEXT_CELL.findall(f"{record},")[:-1]
    ]


def records(lines: Iterable[str], *, is_made_by_hand: bool = False) -> Iterator[Record]:
    """The records of a body in their order; the first is the heading. Raises NotRfc4180.

    lines: the body's lines with their line ends, as a file gives them that was opened with newline="".
    is_made_by_hand: blank lines and lines of blank cells are allowed anywhere, and skipped.
    """
    numbered = enumerate(lines, start=1)
    blank = 0
    for number, line in numbered:
        text = line.rstrip("\r\n")
        if blank:
            raise _refused("blank_line", blank, "is blank, and it is not the last one")
        if is_made_by_hand and _is_blank(text):
            continue
        if not text:
            blank = number
        elif '"' not in text:
            if len(text) > MOST_CELL:
                _judge_size(number, text)
            yield Record(number, text, text.count(",") + 1)
        else:
            yield _quoted(number, line, numbered)
    if blank == 1:
        raise _refused("blank_line", 1, "is blank, and there is nothing else")


def _quoted(number: int, line: str, following: Iterator[tuple[int, str]]) -> Record:
    """The record with quotes that begins with this line; takes the lines that belong to it from `following`."""
    lines, quotes, size = [line], line.count('"'), len(line)
    if quotes % 2 and not _OPENS.match(line):
        raise _refused("stray_quote", number, _NONE_MAY_STAND)
    while quotes % 2:
        _, line = next(following, (0, ""))
        size += len(line)
        if not line or size > MOST_RECORD:
            raise _refused("stray_quote", number, "has a double quote that opens a cell and is never closed")
        lines.append(line)
        quotes += line.count('"')
    text = "".join(lines).rstrip("\r\n")
    if not _RECORD.fullmatch(text):
        raise _refused("stray_quote", number, _NONE_MAY_STAND)
    if size > MOST_CELL:
        _judge_size(number, text)
    cells = _QUOTED.sub("", text).count(",") + 1
    # In a narrow table a text of several lines may have as many commas by chance.
    if len(lines) > 1 and cells > 2 and all(part.count(",") == cells - 1 for part in lines):
        raise _refused("stray_quote", number, f"has a double quote that swallows {len(lines) - 1} more rows")
    return Record(number, text, cells)


def _judge_size(number: int, text: str) -> None:
    longest = max(map(len, split(text)))
    if longest > MOST_CELL or len(text) > MOST_RECORD:
        raise NotRfc4180(
            "oversized_cell",
            f"Line {number} has {len(text):,} characters, and its longest cell {longest:,}; a cell may have "
            f"{MOST_CELL:,} and a row {MOST_RECORD:,}.",
        )


def rows(found: Iterator[Record], columns: Sequence[str], optional: Sequence[str]) -> Iterator[Record]:
    """The records below the heading, which is the first, each with as many cells as the heading. Raises NotRfc4180.

    In a table of two rows and more, all may lack the same last `optional` columns (older Fingertips files are like
    this). Columns at the right that the caller left out, because the heading gives them no name, must be blank and are
    left out of the rows. A line that repeats the heading begins a second table. A line of which only the first cell is
    filled is a note.
    """
    heading = next(found)
    unnamed = heading.cells - len(columns)
    wanted, first, several = len(columns), None, False
    for as_published in found:
        record = _without(as_published, unnamed) if unnamed else as_published
        if first is None:
            first = record
            if record.cells < wanted and set(columns[record.cells :]) <= set(optional):
                wanted = record.cells
        else:
            several = True
        if record.cells != wanted:
            # Where the first row alone is short, it is the one that is damaged.
            raise _ragged(first if record.cells == len(columns) else record, columns)
        if as_published.text == heading.text:
            raise _refused("second_table", record.line, "repeats the heading: a second table begins there")
        if record.text.endswith(",,") and 0 < record.text.find(",") == len(record.text.rstrip(",")):
            raise _refused("note_in_rows", record.line, "is a note and no row: only its first cell is filled")
        yield record
    if first is not None and wanted < len(columns) and not several:
        raise _ragged(first, columns)


def _without(record: Record, unnamed: int) -> Record:
    """The record without its last cells, where they are blank."""
    cells = _NEXT_CELL.findall(f"{record.text},")[:-1]
    if any(not _is_blank(cell) for cell in cells[-unnamed:]):
        raise _refused("ragged_rows", record.line, "goes on where the heading is blank")
    return Record(record.line, ",".join(cells[:-unnamed]), record.cells - unnamed)


def _ragged(record: Record, columns: Sequence[str]) -> NotRfc4180:
    return NotRfc4180(
        "ragged_rows",
        f"Line {record.line} does not fit the heading of {len(columns)} columns: it has {record.cells} "
        f"cell{'' if record.cells == 1 else 's'}. It begins: {record.text[:60]!r}.",
    )


def _refused(reason: str, line: int, what: str) -> NotRfc4180:
    return NotRfc4180(reason, f"Line {line} {what}.")
