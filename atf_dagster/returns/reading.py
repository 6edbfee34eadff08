"""Turns the bytes of a return into cells by column: encoding, heading, rows with too few or too many cells.

Publishers' tables have a reader of their own (`formats.csv_text`), which reads returns as well when they land.

Belongs here: what makes a file a table with the template's columns. Does not belong here: what a cell means.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from atf_dagster import csv_records
from atf_dagster.csv_records import NotRfc4180
from atf_dagster.returns.rows import ReturnErrors, nearest_word, shown
from atf_dagster.returns.template import COLUMNS

MAX_BYTES = 5_000_000
MAX_COLUMNS = 100
MAX_ROWS = 5_000
"""Without blank ones. Ten years of one organisation are some two hundred."""
LONGEST_HEADING = 100
"""Characters of a heading that an error repeats."""
FILE = "file"
"""The column of errors of the file as a whole."""

Records = list[tuple[int, Mapping[str, str]]]
"""(row number as a spreadsheet counts it, raw cells by the template's columns)."""

SAVE_AS = "Whoever made the file saves it again as 'CSV UTF-8 (comma delimited)'."


def load(path: Path, errors: ReturnErrors) -> bytes | None:
    """The bytes, at most MAX_BYTES; None, with an error, where the file cannot be read."""
    try:
        if not path.is_file():
            errors.add(0, FILE, f"{path} is not a file.", "Give the path of the CSV.")
            return None
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        errors.add(0, FILE, f"{path} cannot be read: {error.strerror}.", "Its owner gives you the right to read it.")
        return None
    if len(data) > MAX_BYTES:
        errors.add(
            0,
            FILE,
            f"It is larger than {MAX_BYTES:,} bytes; a return of one organisation is a thousandth of that.",
            "Whoever made it removes what is not the return, or sends one file an organisation.",
        )
        return None
    return data


def read(data: bytes, errors: ReturnErrors, *, most_rows: float = MAX_ROWS) -> Records:
    """Cells by the template's columns. Empty where the heading cannot be matched to the template."""
    text = _decode(data, errors)
    if text is None:
        return []
    rows = _rows(text, errors, most_rows)
    if rows is None:
        return []
    if not rows:
        errors.add(1, FILE, "The file has no heading.", "Begin with `atf returns template` and fill in its columns.")
        return []
    # Spreadsheets leave blank columns at the right. Each row then has their blank cells too, and no other number.
    heading = [cell.strip() for cell in rows[0][1]]
    width = len(heading)
    while heading and not heading[-1]:
        heading.pop()
    columns = _heading(heading, errors)
    if columns is None:
        return []
    records: Records = []
    for number, cells in rows[1:]:
        if len(cells) != width:
            errors.add(
                number,
                FILE,
                f"The row has {len(cells)} cells and the heading {width}.",
                "Look for a comma inside a text that is not in double quotes, or for a row that was cut. The other "
                "rules check this row when it has as many cells as the heading.",
            )
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            errors.add(
                number,
                FILE,
                f"The row goes on after column {len(columns)}, {columns[-1]}, where the heading is blank.",
                "Look for a comma inside a text that is not in double quotes, or remove what is at the right.",
            )
            continue
        records.append((number, dict(zip(columns, cells, strict=False))))
    if len(rows) == 1:
        errors.add(
            1,
            FILE,
            "The file has a heading and no row.",
            "Where there is nothing to report, send a row with data_status 'nil return'. Where figures are missing, "
            "send a row with 'not supplied'.",
        )
    return records


def _decode(data: bytes, errors: ReturnErrors) -> str | None:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        errors.add(0, FILE, "It is a workbook of a spreadsheet program, not a CSV.", SAVE_AS)
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        errors.add(0, FILE, "Its encoding is UTF-16, not UTF-8.", SAVE_AS)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        errors.add(
            line, FILE, f"The byte 0x{data[error.start]:02X} is not UTF-8 (often a £ or a curly quote).", SAVE_AS
        )
        return None
    if "\0" in text:
        errors.add(text.count("\n", 0, text.index("\0")) + 1, FILE, "There is a NUL character: not text.", SAVE_AS)
        return None
    start = text.lstrip()[:400].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<head", "<body", "<script")) or "<html" in start:
        errors.add(
            0,
            FILE,
            f"It is a web page, not a CSV; it begins {shown(text.strip())}.",
            "A portal's sign-in or error page was saved in place of the file: download the file itself.",
        )
        return None
    return text


def _rows(text: str, errors: ReturnErrors, most_rows: float) -> list[tuple[int, list[str]]] | None:
    """The heading and the rows that are not blank; None, with an error, where there are more than any return has."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            is_blank = not any(cell.strip() for cell in cells)
            if number == 1 and is_blank:
                return []
            if is_blank:
                continue  # spreadsheets leave blank rows behind
            used = next(at for at in range(len(cells), 0, -1) if cells[at - 1].strip())
            if used > MAX_COLUMNS or len(rows) > most_rows:
                many = f"{used:,} columns" if used > MAX_COLUMNS else f"more than {MAX_ROWS:,} rows"
                errors.add(
                    number,
                    FILE,
                    f"There are {many}; the template has {len(COLUMNS)} columns and a return at most {MAX_ROWS:,} "
                    "rows. Nothing else was checked.",
                    "Whoever made the file removes what is not the return, or sends one file an organisation.",
                )
                return None
            rows.append((number, cells))
    except csv.Error as error:
        errors.add(
            number + 1,
            FILE,
            f"The row cannot be split into cells ({error}); rows from here on were not checked.",
            "Look for a double quote that is not closed, or one inside a text that is not doubled.",
        )
    else:
        _judge_records(text, errors)
    return rows


def _judge_records(text: str, errors: ReturnErrors) -> None:
    """What is accepted here, landing reads by the rules for all CSV bodies."""
    try:
        for _ in csv_records.records(io.StringIO(text, newline=""), is_made_by_hand=True):
            pass
    except NotRfc4180 as refusal:
        errors.add(
            0,
            FILE,
            refusal.message,
            "Save the file with a spreadsheet program: it puts a cell with a double quote in double quotes as a whole, "
            "and writes the quote inside it twice.",
        )


def _heading(found: Sequence[str], errors: ReturnErrors) -> list[str] | None:
    """The template's column for each heading; None where columns are missing, even with similar headings."""
    template = list(COLUMNS)
    if list(found) == template:
        return template
    if len(found) == 1 and (";" in found[0] or "\t" in found[0]):
        errors.add(1, FILE, "The columns are not separated by commas.", SAVE_AS)
        return None
    free = [name for name in template if name not in found]
    guessed: list[str | None] = []
    for position, heading in enumerate(found, start=1):
        if heading in template:
            guessed.append(heading)
            if heading in found[: position - 1]:
                errors.add(1, heading, f"The heading is there twice, also as column {position}.", "Remove one.")
            continue
        nearest = nearest_word(heading.lower().replace(" ", "_"), free, cutoff=0.6)
        guessed.append(nearest)
        if nearest:
            free.remove(nearest)
            remedy = f"Write {nearest} as the heading if that is what the column holds."
        elif heading:
            closest = nearest_word(heading.lower(), template, cutoff=0.0)
            remedy = f"Remove the column{f'; the nearest of the template is {closest}' if closest else ''}."
        else:
            remedy = "Delete the blank column in the spreadsheet and save again."
        errors.add(
            1,
            heading[:LONGEST_HEADING] or f"column {position}",
            f"{shown(heading)} is no heading of the template{f'; the nearest is {nearest}' if nearest else ''}.",
            remedy,
        )
    for name in free:
        errors.add(
            1,
            name,
            "The column is missing; rows were not checked.",
            f"Add it: {COLUMNS[name].what}. `atf returns template` prints the heading.",
        )
    columns = [name for name in guessed if name is not None]
    if len(columns) != len(found) or sorted(columns) != sorted(template):
        return None
    if columns != template:
        first = next(i for i, name in enumerate(template) if columns[i] != name)
        errors.add(
            1,
            columns[first],
            f"The columns are not in the template's order: column {first + 1} should be {template[first]}.",
            "Put them into the order of `atf returns template`.",
        )
    return columns
