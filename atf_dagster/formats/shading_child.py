"""Reads the texts and shades of a workbook's cells, in a process of its own: a bad workbook can only kill this process.

Arguments: a path and a regular expression over the names of sheets. Prints JSON, one value a line: for each sheet that
matches, its name, then its cells with text, each as row, column (as a spreadsheet program numbers them, from 1), text
and shade. Cells that look the same have the same shade; `plain` is white or unfilled.

Belongs here: how XLS (xlrd) and XLSX (its own XML) store the pattern that fills a cell; python-calamine, which reads
everything else, does not give it. Does not belong here: what a shade means (`cell_shading`, which starts this file as a
program).
"""

import json
import re
import runpy
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from xml.etree.ElementTree import Element

# The limits and the XML reader of the other program. Nothing else of the project is imported.
_OTHER: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("workbook_child.py")))
MOST_CELLS: int = _OTHER["MOST_CELLS"]

PLAIN = "plain"
_WHITE = frozenset({"FFFFFFFF", "00FFFFFF", "indexed 9", "indexed 64", "theme 0"})
"""The names of white in an XLSX; theme 0 is white in every theme of Excel."""

Cell = tuple[int, int, str, str]


def cells_of_xls(path: str, pattern: str) -> Iterator[tuple[str, Iterator[Cell]]]:
    import xlrd

    with xlrd.open_workbook(path, formatting_info=True, on_demand=True) as book:
        for name in book.sheet_names():
            if re.search(pattern, name.strip(), re.IGNORECASE):
                yield name.strip(), _cells_of_xls_sheet(book, book.sheet_by_name(name))


def _cells_of_xls_sheet(book: Any, sheet: Any) -> Iterator[Cell]:
    if sheet.nrows * sheet.ncols > MOST_CELLS:
        raise _OTHER["TooLarge"](f"Sheet {sheet.name!r} spans more than {MOST_CELLS} cells.")
    for row in range(sheet.nrows):
        for column in range(sheet.ncols):
            text = _OTHER["as_text"](sheet.cell_value(row, column))
            if text:
                fill = book.xf_list[sheet.cell_xf_index(row, column)].background
                yield row + 1, column + 1, text, _shade_of_xls(book, fill)


def _shade_of_xls(book: Any, fill: Any) -> str:
    front = book.colour_map.get(fill.pattern_colour_index)
    if fill.fill_pattern == 0 or (fill.fill_pattern == 1 and front == (255, 255, 255)):
        return PLAIN
    # The background colour counts only where the pattern shows it.
    behind = book.colour_map.get(fill.background_colour_index) if fill.fill_pattern > 1 else None
    return f"{fill.fill_pattern} {front} {behind}"


def cells_of_xlsx(path: str, pattern: str) -> Iterator[tuple[str, Iterator[Cell]]]:
    elements = _OTHER["elements"]
    with zipfile.ZipFile(path) as archive:
        shades = _shades_of_xlsx(archive) if "xl/styles.xml" in archive.namelist() else []
        shared: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            shared = [_text(entry) for entry in elements(archive, "xl/sharedStrings.xml", "si")]
        # An element loses its attributes when the next one is read, so the names are collected first.
        for name in [sheet.get("name", "") for sheet in elements(archive, "xl/workbook.xml", "sheet")]:
            member = _OTHER["member_of_sheet"](archive, name)
            if member is not None and re.search(pattern, name.strip(), re.IGNORECASE):
                yield name.strip(), _cells_of_xlsx_sheet(elements(archive, member, "c"), shades, shared)


def _cells_of_xlsx_sheet(cells: Iterator[Element], shades: list[str], shared: list[str]) -> Iterator[Cell]:
    for cell in cells:
        place = re.fullmatch(r"([A-Z]{1,3})([0-9]+)", cell.get("r", ""))
        value = next((child.text or "" for child in cell if child.tag.endswith("}v")), None)
        if cell.get("t") == "s" and value is not None:
            value = shared[int(value)]
        text = (_text(cell) if value is None else value).strip()
        if place and text:
            style = int(cell.get("s", "0"))
            shade = shades[style] if style < len(shades) else PLAIN
            yield int(place[2]), _OTHER["column_number"](place[1]) + 1, text, shade


def _shades_of_xlsx(archive: zipfile.ZipFile) -> list[str]:
    """The shade of each cell style, in the order of the styles."""
    elements = _OTHER["elements"]
    fills = [_shade_of_xlsx(fill) for table in elements(archive, "xl/styles.xml", "fills") for fill in table]
    styles = [int(xf.get("fillId", "0")) for table in elements(archive, "xl/styles.xml", "cellXfs") for xf in table]
    return [fills[style] if style < len(fills) else PLAIN for style in styles]


def _shade_of_xlsx(fill: Element) -> str:
    pattern = next((child for child in fill if child.tag.endswith("}patternFill")), None)
    kind = "none" if pattern is None else pattern.get("patternType", "none")
    if pattern is None or kind == "none":
        return PLAIN
    front, behind = (_colour(pattern, name) for name in ("fgColor", "bgColor"))
    if kind == "solid":
        return PLAIN if front in _WHITE else f"solid {front}"
    return f"{kind} {front} {behind}"


def _colour(pattern: Element, name: str) -> str:
    colour = next((child for child in pattern if child.tag.endswith("}" + name)), None)
    if colour is None:
        return "none"
    if colour.get("rgb"):
        return str(colour.get("rgb")).upper()
    kind = next((kind for kind in ("indexed", "theme") if colour.get(kind) is not None), "none")
    return f"{kind} {colour.get(kind, '')}" + (f" {colour.get('tint')}" if colour.get("tint") else "")


def _text(element: Element) -> str:
    return "".join(child.text or "" for child in element.iter() if child.tag.endswith("}t"))


def write_cells(path: str, pattern: str, output: TextIO) -> None:
    read = cells_of_xlsx if zipfile.is_zipfile(path) else cells_of_xls
    for name, cells in read(path, pattern):
        output.write(json.dumps(name) + "\n")
        output.writelines(json.dumps(cell) + "\n" for cell in cells)


def main(path: str, pattern: str) -> int:
    _OTHER["import_module"]("xlrd")  # first, so that a missing library is not reported as a bad workbook
    _OTHER["limit_this_process"]()
    try:
        write_cells(path, pattern, sys.stdout)
        sys.stdout.flush()
    except BaseException as error:
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", file=sys.stderr)
        return int(_OTHER["UNREADABLE"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
