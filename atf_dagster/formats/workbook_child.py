"""Reads the text of a workbook's cells, in a process of its own: a bad workbook can only kill this process.

It imports nothing of the project, so that a process with a stranger's bytes starts quickly and holds no secrets.
Arguments: a path and a regular expression over the names of sheets. Prints JSON, one value a line: the names of all
sheets, then for each sheet that matches an object (its name, the number of its first row, the number of its columns if
they are too many), then its rows.

python-calamine reads workbooks; xlrd reads the kinds of XLS that calamine does not read or reads wrongly.

Belongs here: limits on this process, the two libraries, the text of a cell. Does not belong here: where in a sheet the
table is (`workbooks`, which starts this file as a program).
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib import import_module
from posixpath import join, normpath
from typing import Any, TextIO
from xml.etree.ElementTree import Element

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 60
OUTPUT_BYTES = 500 << 20
MOST_CELLS = 5_000_000
MOST_COLUMNS = 1_000
"""With text, of one sheet. The publishers' own tables reach 110."""

UNREADABLE = 3
"""Exit code: the workbook cannot be read. The last line of stderr is the reason."""
TOO_LARGE = 4
"""Exit code: the workbook needs more than the limits above."""

ENVIRONMENT = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""This process gets only the environment variables that Python may need to start, because others hold keys."""

OLE = b"\xd0\xcf\x11\xe0"
BIFF = (b"\x09\x08\x08\x00", b"\x09\x08\x10\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00", b"\x09\x00\x04\x00")
"""The first bytes of an XLS, in its container and without one."""

Sheet = tuple[str, int, list[list[str]] | int]
"""Name, number of its first row, rows; for a sheet with too many columns, their number in place of rows."""

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class TooLarge(Exception):
    """The wanted sheets have more cells than any table that we collect."""


def limit_this_process() -> None:
    """Set limits: a workbook of 2 KB can name its last possible cell, and its reader then requests half a terabyte."""
    for kind, wanted in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        ceiling = resource.getrlimit(kind)[1]
        value = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
        resource.setrlimit(kind, (value, value))


def as_text(cell: Any) -> str:
    """Whole numbers without a fraction, other numbers in Python's shortest form, dates in ISO 8601."""
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n").replace("\r", "\n").strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)


def write_sheets(path: str, pattern: str, output: TextIO) -> None:
    with open(path, "rb") as stream:  # noqa: PTH123 - given a path, calamine trusts the name's ending
        start = stream.read(4)
    if start in (OLE, *BIFF):
        names, sheets = sheets_of_xls(path, pattern, in_container=start == OLE)
    else:
        names, sheets = sheets_by_calamine(path, pattern)
    output.write(json.dumps([name.strip() for name in names]) + "\n")
    for name, first, rows in sheets:
        wide = rows if isinstance(rows, int) else 0
        output.write(json.dumps({"name": name.strip(), "row": first, "wide": wide}) + "\n")
        output.writelines(json.dumps(row) + "\n" for row in (() if isinstance(rows, int) else rows))


def sheets_of_xls(path: str, pattern: str, *, in_container: bool) -> tuple[list[str], Iterator[Sheet]]:
    """By calamine, unless it does not know the kind of XLS, or reads the letters of its texts as two each."""
    from python_calamine import CalamineError

    if in_container:
        try:
            names, sheets = sheets_by_calamine(path, pattern)
            kept = list(sheets)
            if not _has_half_letters(names, kept):
                return names, iter(kept)
        except CalamineError:
            pass  # it may be a code page that calamine does not know; xlrd says what else it is
    return sheets_by_xlrd(path, pattern)


def _has_half_letters(names: list[str], sheets: list[Sheet]) -> bool:
    """Whether UTF-16 was read as single bytes: calamine does so if an XLS names another code page."""
    return any("\0" in name for name in names) or any(
        "\0" in cell for _, _, rows in sheets if not isinstance(rows, int) for row in rows for cell in row
    )


def sheets_by_calamine(path: str, pattern: str) -> tuple[list[str], Iterator[Sheet]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with open(path, "rb") as stream:  # noqa: PTH123 - given a path, calamine trusts the name's ending
        workbook = CalamineWorkbook.from_filelike(stream)
    names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]

    def sheets() -> Iterator[Sheet]:
        cells = 0
        for name in names:
            if not re.search(pattern, name.replace("\0", "").strip(), re.IGNORECASE):
                continue
            sheet = workbook.get_sheet_by_name(name)
            cells += sheet.height * sheet.width
            _refuse_too_large(cells, name)
            top, left = sheet.start or (0, 0)
            cells_of_rows = sheet.to_python()
            width = used_columns(cells_of_rows) if sheet.width > MOST_COLUMNS else sheet.width
            if width > MOST_COLUMNS:
                yield name, top + 1, width
                continue
            rows = [[as_text(cell) for cell in row[:width]] for row in cells_of_rows]
            for (row, column), text in errors_of_xlsx(path, name):
                if column - left < width:
                    rows[row - top][column - left] = text
            yield name, top + 1, rows

    return names, sheets()


def used_columns(rows: list[list[Any]]) -> int:
    """The number of columns up to the last one with text: programs count cells with a format as used."""
    return max((next((at + 1 for at in range(len(row) - 1, -1, -1) if row[at] != ""), 0) for row in rows), default=0)


def sheets_by_xlrd(path: str, pattern: str) -> tuple[list[str], Iterator[Sheet]]:
    """The sheets of an XLS, also of one without a container."""
    import xlrd

    book = xlrd.open_workbook(path, on_demand=True, logfile=sys.stderr)
    names = book.sheet_names()

    def sheets() -> Iterator[Sheet]:
        cells = 0
        for name in names:
            if re.search(pattern, name.strip(), re.IGNORECASE):
                sheet = book.sheet_by_name(name)
                cells += sheet.nrows * sheet.ncols
                _refuse_too_large(cells, name)
                yield name, 1, [[text_of_xls(book, cell) for cell in sheet.row(row)] for row in range(sheet.nrows)]

    return names, sheets()


def text_of_xls(book: Any, cell: Any) -> str:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        return as_text(xlrd.xldate_as_datetime(cell.value, book.datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return as_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return as_text(cell.value)


def _refuse_too_large(cells: int, name: str) -> None:
    if cells > MOST_CELLS:
        raise TooLarge(f"The sheets asked for span more than {MOST_CELLS} cells, with {name.strip()!r}.")


def errors_of_xlsx(path: str, name: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Cells of an XLSX sheet with an error such as #DIV/0!. Calamine gives them as blank cells."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        member = member_of_sheet(archive, name)
        if member is None or b't="e"' not in archive.read(member):
            return
        for cell in elements(archive, member, "c"):
            place = re.fullmatch(r"([A-Z]{1,3})([0-9]+)", cell.get("r", ""))
            if cell.get("t") == "e" and place:
                text = next((child.text for child in cell if child.tag.endswith("}v")), None)
                yield (int(place[2]) - 1, column_number(place[1])), text or "#ERROR"


def member_of_sheet(archive: zipfile.ZipFile, name: str) -> str | None:
    listed = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    if not set(listed) <= set(archive.namelist()):
        return None
    sheets = {sheet.get("name"): sheet.get(RELATION) for sheet in elements(archive, listed[0], "sheet")}
    targets = {entry.get("Id"): entry.get("Target", "") for entry in elements(archive, listed[1], "Relationship")}
    member = normpath(join("/xl", targets.get(sheets.get(name), ""))).lstrip("/")
    return member if member in archive.namelist() else None


def elements(archive: zipfile.ZipFile, member: str, tag: str) -> Iterator[Element]:
    from defusedxml.ElementTree import iterparse

    with archive.open(member) as stream:
        for _, element in iterparse(stream):
            if element.tag.endswith("}" + tag):
                yield element
                element.clear()


def column_number(letters: str) -> int:
    """`A` -> 0, `AA` -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def main(path: str, pattern: str) -> int:
    for needed in ("python_calamine", "defusedxml.ElementTree"):
        import_module(needed)  # first, so that a missing library is not reported as a bad workbook
    limit_this_process()
    try:
        write_sheets(path, pattern, sys.stdout)
        sys.stdout.flush()
    except (TooLarge, MemoryError) as error:
        print(f"{error or 'Its reader ran out of memory.'}", file=sys.stderr)
        return TOO_LARGE
    except BaseException as error:  # a panic of calamine is not an Exception
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", file=sys.stderr)
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
