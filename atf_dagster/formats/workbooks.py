"""Finds one table in a workbook by its headings and codes, and gives its rows as text.

Formats: XLSX, ODS, XLS, and a CSV export of one sheet (a sheet without a name). A process of its own opens the workbook
(`workbook_processes`, `workbook_child`).

How the table is found. A row is data if its code column holds a code. The headings are the rows above the first row of
data, up to a blank row or a title: a row whose only text is in the table's first column. Blank rows and totals (a code
of `-`) between headings and data are skipped. Several rows of headings are joined with ` | `; `headings` compares them
with the layout's.

Belongs here: what is refused before a workbook is opened, where in a sheet the table is. Does not belong here: a
publisher's headings (the catalogue's layouts), what a value means (every cell stays text, also a marker).
"""

import csv
import difflib
import json
import os
import re
import signal
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atf_dagster.catalogue.model import Layout
from atf_dagster.formats import workbook_child, workbook_processes
from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.formats.csv_text import HEADING_BYTES, detect_encoding, refuse_no_table
from atf_dagster.formats.headings import JOINT, Column, matching, one_line

ZIP = b"PK\x03\x04"
CHILD_SECONDS = 120
MOST_MEMBERS = 5_000
MOST_UNPACKED_BYTES = 600_000_000
MOST_RATIO = 200
"""Ratio of unpacked to packed bytes. The publishers' own workbooks reach 40."""
MOST_TEXT_BYTES = 100_000_000
XML_START = 8192
MOST_COLUMNS = workbook_child.MOST_COLUMNS
MOST_FIRST_ROWS = 20
"""Rows that are tried as a table's first row of data."""
MOST_HEADING_ROWS = 30
DEEPEST_HEADING = 200
"""Where no row holds a code, the last row that may be a heading."""

ASK_AGAIN = (
    "The network or the publisher caused this. The next refresh asks again. If it repeats, download the file with a "
    "browser, try to open it in a spreadsheet program and write to the publisher."
)
CHANGED = (
    "The publisher changed its workbook. A data engineer opens it and changes the layout in the catalogue's "
    "collection, and the staging model where a figure's meaning changed."
)
OTHER_FORMAT = (
    "The publisher changed the format, or the address now leads to another file. A data engineer opens the publisher's "
    "page and compares the link of the file with the address that was fetched."
)


@dataclass(frozen=True)
class Table:
    """A table that was found: its sheets, its raw columns, its number of rows, its other headings."""

    sheets: tuple[str, ...]
    columns: tuple[str, ...]
    rows: int
    unknown_headings: tuple[str, ...]


@dataclass(frozen=True)
class _Sheet:
    name: str
    first_row: int
    """The row number of `rows[0]` in a spreadsheet program."""
    rows: list[list[str]]
    """All of the same length."""
    wide: int = 0
    """The number of columns of a sheet that was not read because they are too many."""

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else self.wide


@dataclass(frozen=True)
class _Found:
    """A sheet's headings compared with the layout's. The sheet holds the table if nothing is missing."""

    sheet: _Sheet
    headings: tuple[str, ...]
    columns: Mapping[str, Sequence[Column]]
    missing: tuple[str, ...]
    start: int
    """Index of the first row below the headings."""
    data: Sequence[int]
    """Indexes of the rows of data."""
    ambiguous: str = ""
    """A raw column that would be two columns of the sheet, told as a sentence; empty if there is none."""

    @property
    def name(self) -> str:
        return f"sheet {self.sheet.name!r}" if self.sheet.name else "the table"


def inspect(path: Path, layout: Layout) -> Table:
    """Judge a workbook by its content; its name and HTTP status do not count. Raises BodyRejected or NoData."""
    found = _tables(path, layout)
    rows = sum(1 for table in found for _ in _rows(table, layout))
    matched = [{column.position for columns in table.columns.values() for column in columns} for table in found]
    unknown = (
        heading
        for table, known in zip(found, matched, strict=True)
        for position, heading in enumerate(table.headings)
        if heading and position not in known
    )
    return Table(
        sheets=tuple(table.sheet.name for table in found),
        columns=_raw_columns(layout),
        rows=rows,
        unknown_headings=tuple(dict.fromkeys(unknown)),
    )


def to_rows(path: Path, layout: Layout, target: Path, beside: Mapping[str, str] | None = None) -> int:
    """Write the rows of data to `target` as UTF-8 CSV, all cells text. Returns their number.

    beside: further columns, each with one text for all rows.

    Raises BodyRejected or NoData; `target` then stays as it was.
    """
    found = _tables(path, layout)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    count = 0
    try:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            further = beside or {}
            writer.writerow((*_raw_columns(layout), *further))
            for table in found:
                for row in _rows(table, layout):
                    writer.writerow((*row, *further.values()))
                    count += 1
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _raw_columns(layout: Layout) -> tuple[str, ...]:
    return (*layout.headings, "key", "sheet", "sheet_row", "title")


# Bytes -> sheets of text.


def _sheets(path: Path, layout: Layout) -> list[_Sheet]:
    with path.open("rb") as stream:
        start = stream.read(HEADING_BYTES)
    if start.startswith(ZIP):
        _judge_zip(path)
        return _sheets_of_workbook(path, layout)
    if start.startswith((workbook_child.OLE, *workbook_child.BIFF)):
        return _sheets_of_workbook(path, layout)
    return [_sheet_of_text(path, start)]


def _judge_zip(path: Path) -> None:
    """Refuse what can be refused without unpacking anything."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _judge_members(members, path.stat().st_size)
            names = {member.filename for member in members}
            if not names & {"xl/workbook.xml", "xl/workbook.bin"} and not _is_ods(archive, names):
                raise BodyRejected(
                    "not_a_workbook",
                    f"The body is a zip file but no XLSX or ODS workbook; it holds {', '.join(sorted(names))[:120]!r}.",
                    OTHER_FORMAT,
                )
            for member in members:
                with archive.open(member) as stream:
                    _refuse_declarations(member.filename, stream.read(XML_START))
    except BodyRejected:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise BodyRejected("damaged_workbook", f"The workbook is damaged or was cut ({error}).", ASK_AGAIN) from error


def _judge_members(members: Sequence[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(member.file_size for member in members)
    suspicious = next((member.filename for member in members if _leads_elsewhere(member.filename)), None)
    if suspicious is not None:
        issue = f"a member's name leads out of it: {suspicious[:80]!r}"
    elif len(members) > MOST_MEMBERS:
        issue = f"it has {len(members)} members; {MOST_MEMBERS} are allowed"
    elif unpacked > MOST_UNPACKED_BYTES:
        issue = f"it says that it unpacks to {unpacked} bytes; {MOST_UNPACKED_BYTES} are allowed"
    elif unpacked > MOST_RATIO * packed:
        issue = f"it says that it unpacks to {unpacked // packed} times its size; {MOST_RATIO} times are allowed"
    elif any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        issue = "it is packed by a method that workbooks do not use"
    else:
        return
    raise _unsafe(issue)


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _is_ods(archive: zipfile.ZipFile, names: Collection[str]) -> bool:
    if not {"mimetype", "content.xml"} <= set(names):
        return False
    with archive.open("mimetype") as stream:
        return stream.read(100).startswith(b"application/vnd.oasis.opendocument.spreadsheet")


def _refuse_declarations(member: str, start: bytes) -> None:
    # Without its NULs the ASCII characters of UTF-16 read like ASCII.
    if re.search(rb"<!(DOCTYPE|ENTITY)", start.replace(b"\0", b"")):
        raise _unsafe(f"its member {member!r} declares a document type or entities, which no workbook needs")


def _unsafe(issue: str) -> BodyRejected:
    return BodyRejected(
        "damaged_workbook",
        f"The workbook is not opened because {issue}.",
        "Do not open it by hand. The next refresh asks again. If it repeats, compare it with the file on the "
        "publisher's page. If that is the same, ask the publisher; only then a data engineer raises the limit in "
        "formats/workbooks.py.",
    )


def _sheets_of_workbook(path: Path, layout: Layout) -> list[_Sheet]:
    sheets: list[_Sheet] = []
    try:
        with workbook_processes.reading("workbook_child", path, layout.sheets, seconds=CHILD_SECONDS) as ended:
            _judge_end(ended.code, ended.errors)
            names: list[str] = json.loads(ended.output.readline())
            for line in ended.output:
                value = json.loads(line)
                if isinstance(value, dict):
                    sheets.append(_Sheet(value["name"], value["row"], [], value["wide"]))
                else:
                    sheets[-1].rows.append(value)
    except workbook_processes.TookTooLong as error:
        raise _unreadable(f"reading it took longer than {CHILD_SECONDS} seconds") from error
    if not sheets:
        raise BodyRejected(
            "sheet_missing",
            f"No sheet's name matches {layout.sheets!r}; the workbook has: {', '.join(names)}.",
            CHANGED,
        )
    return sheets


def _judge_end(code: int, errors: str) -> None:
    last = errors.splitlines()[-1] if errors else ""
    if code == 0:
        return
    if code in (workbook_child.UNREADABLE, workbook_child.TOO_LARGE):
        raise _unreadable(f"its reader says: {last}")
    if code < 0:
        first = errors.splitlines()[0][:200] if errors else "it printed nothing"
        raise _unreadable(f"{signal.Signals(-code).name} ended its reader ({first})")
    raise workbook_processes.ReaderFailed(
        f"The program that reads workbooks failed by itself, with exit code {code}: {last or 'it printed nothing'}.",
        "Run `uv sync`, then atf_dagster/formats/workbook_child.py by hand with the same workbook.",
    )


def _unreadable(issue: str) -> BodyRejected:
    return BodyRejected("damaged_workbook", f"The workbook cannot be read within its limits: {issue}.", ASK_AGAIN)


def _sheet_of_text(path: Path, start: bytes) -> _Sheet:
    size = path.stat().st_size
    if not start.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise BodyRejected("empty_body", f"The body is empty ({size} bytes).", ASK_AGAIN)
    try:
        encoding = detect_encoding(path)
    except BodyRejected as error:
        raise BodyRejected(
            "not_a_workbook",
            f"The body is no XLSX, ODS, XLS or text; it begins with the bytes {start[:8]!r}.",
            OTHER_FORMAT,
        ) from error
    refuse_no_table(start.decode(encoding, errors="ignore"))
    if size > MOST_TEXT_BYTES:
        raise _unreadable(f"it is text of {size} bytes; {MOST_TEXT_BYTES} are allowed")
    try:
        with path.open(encoding=encoding, newline="") as stream:
            rows = [[workbook_child.as_text(cell) for cell in row] for row in csv.reader(stream, strict=True)]
    except csv.Error as error:
        raise BodyRejected("not_a_workbook", f"The body is text but no CSV ({error}).", ASK_AGAIN) from error
    width = max((len(row) for row in rows), default=0)
    if width * len(rows) > workbook_child.MOST_CELLS:
        raise _unreadable(f"it spans more than {workbook_child.MOST_CELLS} cells")
    if width > MOST_COLUMNS:
        width = workbook_child.used_columns(rows)
    return _Sheet("", 1, [(row + [""] * (width - len(row)))[:width] for row in rows])


# Sheets -> the table.


def _tables(path: Path, layout: Layout) -> list[_Found]:
    if layout.code_column not in layout.headings:
        raise ValueError(f"the layout's code_column {layout.code_column!r} is none of its headings")
    found = []
    for sheet in _sheets(path, layout):
        found.append(_find(sheet, layout))
        if layout.one_sheet and _holds_table(found[-1]):
            return found[-1:]
    closest = min(found, key=lambda table: (len(table.missing), not table.data))
    for table in [closest] if layout.one_sheet else found:
        if table.sheet.width > MOST_COLUMNS:
            raise BodyRejected(
                "too_many_columns",
                f"{table.name[:1].upper()}{table.name[1:]} has text in {table.sheet.width:,} columns; {MOST_COLUMNS:,} "
                "are read.",
                CHANGED,
            )
        if table.missing:
            raise BodyRejected("missing_column", *_explain_missing(table, layout))
        if table.ambiguous:
            raise BodyRejected("ambiguous_column", table.ambiguous, CHANGED)
    empty = [table for table in found if not table.data]
    for table in empty:
        _refuse_unknown_codes(table, layout)
    if empty and (layout.one_sheet or len(empty) == len(found)):
        raise NoData(f"In {closest.name} there is the heading and no row whose {layout.code_column} is a code.")
    if empty:
        raise BodyRejected(
            "missing_rows",
            f"In {empty[0].name} there is the heading and no row of data, while other sheets have rows.",
            ASK_AGAIN,
        )
    return found


def _holds_table(table: _Found) -> bool:
    return not table.missing and not table.ambiguous and bool(table.data)


def _find(sheet: _Sheet, layout: Layout) -> _Found:
    """The part of the sheet that is most like the layout. Its `missing` and `data` show whether it is the table."""
    nothing = _Found(sheet, (), {}, tuple(layout.headings), 0, [])
    if sheet.width > MOST_COLUMNS:
        return nothing
    is_code = re.compile(layout.code).fullmatch
    coded = [index for index, row in enumerate(sheet.rows) if any(is_code(cell) for cell in row)]
    tried = []
    for start in _first_rows(sheet.rows, coded, is_code):
        tried.append(_at(sheet, layout, start, [index for index in coded if index >= start], is_code))
        if _holds_table(tried[-1]):
            return tried[-1]
    if not tried:
        above = [index for index, row in enumerate(sheet.rows[:DEEPEST_HEADING]) if any(row)]
        tried = [_at(sheet, layout, index + 1, [], is_code) for index in above]
    return min(tried, key=lambda table: (len(table.missing), bool(table.ambiguous)), default=nothing)


def _first_rows(rows: list[list[str]], coded: Sequence[int], is_code: Callable[[str], object]) -> list[int]:
    """For each column, the first row with a code in it. One of these rows is the table's first."""
    width = len(rows[0]) if rows else 0
    first = (next((index for index in coded if is_code(rows[index][column])), None) for column in range(width))
    return sorted({index for index in first if index is not None})[:MOST_FIRST_ROWS]


def _at(sheet: _Sheet, layout: Layout, start: int, coded: Sequence[int], is_code: Callable[[str], object]) -> _Found:
    """The table if its first row of data is at `start`. An empty `coded` means that no row holds a code."""
    rows = sheet.rows
    width = len(rows[0])
    occupied = {column for column in range(width) if any(rows[index][column] for index in coded)}
    block = _heading_rows(rows, start, bool(coded), is_code)
    headings = _flatten(block, occupied, width, beside=layout.beside)
    matches = matching(layout.headings, headings)
    # Name and code may have one heading, or none. Then the codes show which column is which.
    with_codes = [
        column
        for column in matches[layout.code_column]
        if any(is_code(rows[index][column.position]) for index in coded)
    ]
    codes = with_codes or matches[layout.code_column]
    taken = {column.position for column in with_codes}
    columns: dict[str, Sequence[Column]] = {
        name: codes if name == layout.code_column else [column for column in found if column.position not in taken]
        for name, found in matches.items()
    }
    found = _Found(
        sheet=sheet,
        headings=headings,
        columns=columns,
        missing=tuple(name for name, found in columns.items() if not found),
        start=start,
        data=sorted(
            {
                *(index for index in coded if any(is_code(rows[index][column.position]) for column in with_codes)),
                *(_named(rows, layout, start) if with_codes else ()),
            }
        ),
    )
    own = {column for column in range(width) if any(row[column] for row in block)}
    return replace(found, ambiguous=_explain_ambiguous(found, layout, own))


def _named(rows: list[list[str]], layout: Layout, start: int) -> Iterator[int]:
    """Rows of areas without a code that the layout names."""
    names = {name.casefold() for name in layout.without_code}
    return (
        index
        for index in range(start, len(rows) if names else start)
        if any(one_line(cell).casefold() in names for cell in rows[index])
    )


def _heading_rows(
    rows: list[list[str]], start: int, has_data: bool, is_code: Callable[[str], object]
) -> list[list[str]]:
    below = rows[start] if has_data else rows[start - 1]
    first_column = next(column for column, cell in enumerate(below) if cell)
    code_columns = [column for column, cell in enumerate(below) if has_data and is_code(cell)]
    index = start - 1
    while index >= 0 and (not any(rows[index]) or _is_total(rows[index], code_columns)):
        index -= 1
    block: list[list[str]] = []
    while index >= 0 and len(block) < MOST_HEADING_ROWS and not _ends_headings(rows[index], first_column):
        block.insert(0, rows[index])
        index -= 1
    return block


def _is_total(row: Sequence[str], code_columns: Sequence[int]) -> bool:
    """Whether a marker such as `-` replaces the code."""
    return any(row[column] and not re.search(r"\w", row[column]) for column in code_columns)


def _ends_headings(row: Sequence[str], first_column: int) -> bool:
    """Whether a row is blank, a title or a note. ODS may repeat a title in the cells that its merged cell covers."""
    texts = {cell for cell in row if cell}
    return not texts or (len(texts) == 1 and any(row[: first_column + 1]))


def _flatten(block: Sequence[Sequence[str]], occupied: Collection[int], width: int, *, beside: bool) -> tuple[str, ...]:
    """One heading for each column. The text of a merged cell is in its first column only: it counts up to the next text
    or up to a column without heading and data. In the last row each text belongs to one column.

    beside: see `Layout.beside`.
    """
    own = [any(row[column] for row in block) for column in range(width)]
    spacers = {column for column in range(width) if not own[column] and column not in occupied}
    if beside:
        # Where no number has a marker, the column of markers is blank and still inside its heading.
        spacers -= {column for column in spacers if _goes_on(block, column + 1, width)}
    rows = [_fill(row, spacers) for row in block[:-1]] + list(block[-1:])
    headings: list[str] = []
    for column in range(width):
        if column and not own[column] and column not in spacers and column - 1 not in spacers:
            # Data under a heading of more than one column.
            headings.append(f"{headings[-1]}{JOINT}beside" if beside else headings[-1])
        else:
            # Of two equal texts the lower one counts: hidden rows are above, the visible heading is below.
            texts = dict.fromkeys(one_line(row[column]) for row in reversed(rows))
            headings.append(JOINT.join(text for text in reversed(texts) if text))
    return tuple(headings)


def _goes_on(block: Sequence[Sequence[str]], column: int, width: int) -> bool:
    """Whether a column has a heading in the last row only, so that a merged one above it began before."""
    return column < width and bool(block[-1][column]) and not any(row[column] for row in block[:-1])


def _fill(row: Sequence[str], spacers: Collection[int]) -> list[str]:
    filled: list[str] = []
    for column, cell in enumerate(row):
        before = filled[-1] if filled and column not in spacers else ""
        filled.append(cell or before)
    return filled


# The table -> rows.


def _rows(table: _Found, layout: Layout) -> Iterator[list[str]]:
    """The raw rows. Raises BodyRejected where two cells would fill one column."""
    title = _title(table, layout)
    ordered = sorted((column for columns in table.columns.values() for column in columns), key=lambda c: c.position)
    keys = list(dict.fromkeys(column.key for column in ordered if column.key is not None)) or [""]
    choices = [
        [(name, [c.position for c in table.columns[name] if c.key in (None, key)]) for name in layout.headings]
        for key in keys
    ]
    is_code = re.compile(layout.code).fullmatch
    for index in table.data:
        row = table.sheet.rows[index]
        number = table.sheet.first_row + index
        for key, choice in zip(keys, choices, strict=True):
            cells = [
                next((row[position] for position in positions if is_code(row[position])), row[positions[0]])
                if name == layout.code_column
                else _only_text(row, positions, table, name, number)
                for name, positions in choice
            ]
            yield [*cells, key, table.sheet.name, str(number), title]


def _only_text(row: Sequence[str], positions: Sequence[int], table: _Found, name: str, number: int) -> str:
    """The text of the one cell with text, because publishers indent names by columns."""
    texts = [row[position] for position in positions if row[position]]
    if len(set(texts)) > 1:
        headings = ", ".join(dict.fromkeys(repr(table.headings[p][-80:]) for p in positions if row[p]))
        raise BodyRejected(
            "ambiguous_column",
            f"In row {number} of {table.name} column {name} would be each of {', '.join(map(repr, texts[:3]))}, under "
            f"the headings {headings}.",
            CHANGED,
        )
    return texts[0] if texts else ""


def _title(table: _Found, layout: Layout) -> str:
    if layout.title is None:
        return ""
    for row in table.sheet.rows[: table.start]:
        for cell in row:
            text = " ".join(cell.split())
            if text and re.search(layout.title, text, re.IGNORECASE):
                return text
    raise BodyRejected(
        "missing_title", f"No cell above the table in {table.name} matches {layout.title!r}, the title's.", CHANGED
    )


def _refuse_unknown_codes(table: _Found, layout: Layout) -> None:
    """Refuse a table with full rows but no known code: its codes have changed, and its rows are not absent."""
    for index, row in enumerate(table.sheet.rows[table.start :], start=table.start):
        if all(any(row[column.position] for column in columns) for columns in table.columns.values()):
            code = next(row[c.position] for c in table.columns[layout.code_column] if row[c.position])
            raise BodyRejected(
                "unknown_codes",
                f"In {table.name} no {layout.code_column} matches {layout.code!r}; row "
                f"{table.sheet.first_row + index} has {code[:40]!r}.",
                CHANGED,
            )


def _explain_missing(table: _Found, layout: Layout) -> tuple[str, str]:
    known = {column.position for columns in table.columns.values() for column in columns}
    headings = list(dict.fromkeys(h for position, h in enumerate(table.headings) if h and position not in known))
    if len(table.missing) == len(layout.headings):
        begins = " / ".join(cell for row in table.sheet.rows[:5] for cell in row if cell)
        return (
            f"In {table.name} no heading of this table was found; it begins: {' '.join(begins.split())[:120]!r}.",
            CHANGED,
        )
    hints = []
    for name in table.missing:
        near = _nearest(name, layout.headings[name], headings)
        hints.append(f"{name} ({layout.headings[name]!r}" + (f"; renamed to {near!r}?)" if near else ")"))
    others = "; ".join(headings)[:1000] or "none"
    return f"In {table.name} no heading matches: {', '.join(hints)}. Other headings: {others}.", CHANGED


def _explain_ambiguous(table: _Found, layout: Layout, own: Collection[int]) -> str:
    """The first raw column that would be each of several columns of the sheet, or an empty text.

    Columns under one merged heading may stand for one raw column, if no row has text in two of them: publishers indent
    names. Columns that have headings of their own may too, if they are neighbours: some programs repeat a merged cell.
    """
    is_code = re.compile(layout.code).fullmatch
    for name, columns in table.columns.items():
        for key in dict.fromkeys(column.key for column in columns):
            places = [column.position for column in columns if column.key == key]
            headed = [place for place in places if place in own]
            filled = (
                (index, [p for p in places if is_code(table.sheet.rows[index][p])])
                if name == layout.code_column
                else (index, [p for p in headed if table.sheet.rows[index][p]])
                for index in table.data
            )
            row = next((index for index, texts in filled if len(texts) > 1), None)
            apart = len(headed) > 1 and headed[-1] - headed[0] >= len(headed)
            if row is None and apart:
                row = next(iter(table.data), None)
            if row is not None:
                which = headed if len(headed) > 1 else places
                cells = " and ".join(repr(table.sheet.rows[row][place][:40]) for place in which[:3])
                named = ", ".join(dict.fromkeys(repr(table.headings[place][-80:]) for place in which))
                return (
                    f"In {table.name} column {name} would be each of {len(which)} columns under the headings {named}: "
                    f"row {table.sheet.first_row + row} has {cells}."
                )
    return ""


def _nearest(name: str, pattern: str, headings: Sequence[str]) -> str | None:
    """The heading that is most like the column's name or its pattern; the last part of a joined heading counts too."""
    spellings = {part.lower(): heading for heading in headings for part in (heading.split(JOINT)[-1], heading)}
    words = re.sub(r"\W+", " ", re.sub(r"\\.|\(\?P<\w+>|\[[^\]]*\]", " ", pattern)).strip().lower()
    for wanted in (words, name.replace("_", " ")):
        near = difflib.get_close_matches(wanted, spellings, n=1, cutoff=0.5)
        if near:
            return spellings[near[0]]
    return None
