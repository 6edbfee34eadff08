"""Reads cell shading that shows how reliable a figure is, and gives the text of the sheet's own key for it.

A key is a cell `Key` with its entries in the column below it. Each entry has the shade that it explains. Where several
entries have one shade, the first counts: the others explain markers, which need no shade. A shade without an entry and
a sheet without a key give no text, because nothing is guessed.

Belongs here: the key, the column whose cells are shaded, the additional column in the rows of the table. Does not
belong here: opening the workbook (`shading_child`), where the table is (`workbooks`), what a level of reliability means
for a figure (dbt staging).
"""

import csv
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from atf_dagster.catalogue.model import Layout
from atf_dagster.formats import workbook_child, workbook_processes, workbooks
from atf_dagster.formats.body import BodyRejected

COLUMN = "shading"
_KEY = "key"

_Cells = Mapping[tuple[int, int], tuple[str, str]]
"""(row, column) -> (text, shade)."""


def add(path: Path, layout: Layout, shaded: str, rows: Path) -> None:
    """Add the column `shading` to the table `rows`: the key's text for the shade of each row's cell of `shaded`.

    layout: where the rows were found. shaded: the raw column. Raises BodyRejected where the workbook cannot be read.
    """
    meaning = {name: _meanings(cells, layout, shaded) for name, cells in _sheets(path, layout.sheets).items()}
    temporary = rows.with_name(f".{rows.name}.{os.getpid()}.tmp")
    try:
        with (
            rows.open(encoding="utf-8", newline="") as before,
            temporary.open("w", encoding="utf-8", newline="") as after,
        ):
            reader = csv.DictReader(before)
            writer = csv.DictWriter(after, [*(reader.fieldnames or ()), COLUMN], lineterminator="\n")
            writer.writeheader()
            for row in reader:
                writer.writerow({**row, COLUMN: meaning.get(row["sheet"], {}).get(int(row["sheet_row"]), "")})
        temporary.replace(rows)
    finally:
        temporary.unlink(missing_ok=True)


def _meanings(cells: _Cells, layout: Layout, shaded: str) -> dict[int, str]:
    """Row -> the key's text for its cell in the column `shaded`."""
    is_code = re.compile(layout.code).fullmatch
    first = min((row for (row, _), (text, _) in cells.items() if is_code(text)), default=0)
    heading = re.compile(layout.headings[shaded], re.IGNORECASE)
    columns = {column for (row, column), (text, _) in cells.items() if row < first and heading.search(text)}
    key = _key(cells)
    return {row: key[shade] for (row, column), (_, shade) in cells.items() if {column} == columns and shade in key}


def _key(cells: _Cells) -> dict[str, str]:
    """Shade -> the first entry of the key that has it."""
    key: dict[str, str] = {}
    for (row, column), (text, _) in cells.items():
        if text.strip().lower() == _KEY:
            below = row + 1
            while (below, column) in cells:
                entry, shade = cells[below, column]
                key.setdefault(shade, " ".join(entry.split()))
                below += 1
            break
    return key


def _sheets(path: Path, pattern: str) -> dict[str, _Cells]:
    sheets: dict[str, dict[tuple[int, int], tuple[str, str]]] = {}
    cells: dict[tuple[int, int], tuple[str, str]] = {}
    seconds = workbooks.CHILD_SECONDS
    try:
        with workbook_processes.reading("shading_child", path, pattern, seconds=seconds) as ended:
            _judge_end(ended.code, ended.errors)
            for line in ended.output:
                value = json.loads(line)
                if isinstance(value, str):
                    cells = sheets.setdefault(value, {})
                else:
                    row, column, text, shade = value
                    cells[row, column] = (text, shade)
    except workbook_processes.TookTooLong as error:
        raise _unreadable(f"reading took longer than {seconds} seconds") from error
    return dict(sheets)


def _judge_end(code: int, errors: str) -> None:
    if code == workbook_child.UNREADABLE or code < 0:
        raise _unreadable(errors.splitlines()[-1] if errors else f"signal {-code} ended its reader")
    if code:
        raise workbook_processes.ReaderFailed(
            f"The program that reads shades failed by itself, with exit code {code}: {errors[-300:]}.",
            "Run `uv sync`, then atf_dagster/formats/shading_child.py by hand with the same workbook.",
        )


def _unreadable(issue: str) -> BodyRejected:
    return BodyRejected("damaged_workbook", f"The shades of its cells cannot be read: {issue}.", workbooks.ASK_AGAIN)
