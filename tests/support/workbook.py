"""Reads the tables of a workbook.

Belongs here: a sheet's table as rows. Does not belong here: what it must say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """headers: as in the sheet. rows: by header. first: number of the header's row, from 1."""

    headers: list[str]
    rows: list[dict[str, Any]]
    first: int


def tables(book: Any) -> dict[str, Table]:
    """Every sheet with a table."""
    return {sheet.title: table(sheet) for sheet in book.worksheets if sheet.tables}


def table(sheet: Any) -> Table:
    (marked,) = sheet.tables.values()
    cells = [[cell.value for cell in row] for row in sheet[marked.ref]]
    rows = [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    return Table(cells[0], rows, sheet[marked.ref][0][0].row)
