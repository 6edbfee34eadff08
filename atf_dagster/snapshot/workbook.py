"""Writes rows of text as an XLSX workbook, with the same bytes each time.

Belongs here: how text becomes a cell of a workbook. Does not belong here: a publisher's headings (its module).
"""

import datetime as dt
import io
from collections.abc import Mapping, Sequence

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A fixed moment, because the moment of writing would change the bytes each time.
_CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def xlsx(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """A workbook of these sheets, name -> rows. Blank cells are left out; numbers are written as numbers."""
    from xlsxwriter import Workbook

    written = io.BytesIO()
    with Workbook(written, {"in_memory": True}) as workbook:
        workbook.set_properties({"created": _CREATED})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, text in enumerate(row):
                    if text:
                        sheet.write(number, column, cell(text))
    return written.getvalue()


def cell(text: str) -> float | str:
    """The value to write for a text, so that reading gives the same text.

    The library writes 16 digits of a number. Where that would lose the 17th, and for `1,234` and `34.2%`, the cell is
    text.
    """
    try:
        number = float(text)
    except ValueError:
        return text
    kept = float(f"{number:.16G}")
    again = str(int(kept)) if kept.is_integer() else repr(kept)
    return number if again == text else text
