"""How a sheet looks: panes, widths, heights of rows, paper.

Heights are set, because LibreOffice does not fit rows to wrapped text when it opens a workbook, and lines then lie over
each other.

Belongs here: what is seen and not said. Does not belong here: cells (`write`).
"""

import math
from collections.abc import Iterable
from typing import Any

from atf_dagster.report.workbook.sheet import Sheet

A4 = 9
"""XlsxWriter's number of the paper."""
FROZEN_COLUMNS = 2
"""Code and name of the indicator."""
LINE = 16.0
"""Points of a line of gptables' font, Arial 12."""
HIGHEST = 409.0
"""Points that a row may have."""
LETTERS_OF_A_WIDTH = 0.8
"""Letters of that font to a unit of a column's width, a digit of a smaller one; words do not fill their lines."""
COVER_WIDTH, CONTENTS_WIDTHS, NOTES_WIDTHS = 85, (20, 90), (14, 120)
FIRST_ROW_OF_A_LIST = 3
"""Contents and notes have a title, an instruction and a header above their first row."""


def row_height(cells: Iterable[tuple[str, float]]) -> float:
    """Points that a row needs for its texts, each with the width of its column."""
    lines = 1
    for text, width in cells:
        fit = max(1.0, width * LETTERS_OF_A_WIDTH)
        lines = max(lines, sum(max(1, math.ceil(len(part) / fit)) for part in text.split("\n")))
    return min(HIGHEST, lines * LINE)


def lay_out(worksheet: Any, sheet: Sheet, header_row: int) -> None:
    """A sheet with a table, whose header is in row `header_row`, from 0."""
    worksheet.freeze_panes(header_row + 1, FROZEN_COLUMNS if len(sheet.columns) > FROZEN_COLUMNS else 0)
    worksheet.repeat_rows(header_row)
    _for_printing(worksheet)
    for position, column in enumerate(sheet.columns):
        worksheet.set_column(position, position, column.width)
    worksheet.set_row(header_row, row_height((column.header, column.width) for column in sheet.columns))
    for offset, row in enumerate(sheet.rows, header_row + 1):
        texts = ((row.get(column.key), column.width) for column in sheet.columns)
        worksheet.set_row(offset, row_height((text, width) for text, width in texts if isinstance(text, str)))


def lay_out_list(worksheet: Any, widths: tuple[int, ...], texts: Iterable[str]) -> None:
    """Contents or notes: `texts` are those of the last column, from the first row of the table on."""
    _for_printing(worksheet)
    for position, width in enumerate(widths):
        worksheet.set_column(position, position, width)
    for row, text in enumerate(texts, FIRST_ROW_OF_A_LIST):
        worksheet.set_row(row, row_height([(text, widths[-1])]))


def lay_out_cover(worksheet: Any, title: str, parts: Iterable[list[str]]) -> None:
    """The cover: a title, and parts that have a heading each."""
    _for_printing(worksheet)
    # The title's letters are larger by a third, and bold.
    worksheet.set_row(0, row_height([(title, COVER_WIDTH / 1.6)]) * 1.4)
    row = 1
    for lines in parts:
        worksheet.set_row(row, 2 * LINE)
        for place, line in enumerate(lines, row + 1):
            worksheet.set_row(place, row_height([(line, COVER_WIDTH)]))
        row += len(lines) + 1


def _for_printing(worksheet: Any) -> None:
    worksheet.set_landscape()
    worksheet.set_paper(A4)
    worksheet.fit_to_pages(1, 0)
