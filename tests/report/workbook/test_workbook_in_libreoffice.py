"""LibreOffice opens the workbook and has the same values in every cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.soffice import EVERY_SHEET_UNROUNDED, cells, convert


def test_libreoffice_has_the_same_values(workbook: Path, book: Any, tmp_path: Path) -> None:
    folder = convert([workbook], tmp_path / "csv", EVERY_SHEET_UNROUNDED)
    compared = 0
    for sheet in book.worksheets:
        found = cells(folder / f"{workbook.stem}-{sheet.title}.csv")
        expected = [[cell.value for cell in row] for row in sheet]
        assert len(found) == len(expected), sheet.title
        for row, shown in zip(expected, found, strict=True):
            for value, text in zip(row, shown, strict=True):
                if isinstance(value, int | float):
                    # LibreOffice writes 15 significant digits.
                    assert float(text) == pytest.approx(value, rel=1e-14, abs=1e-14), sheet.title
                else:
                    assert text == (value or ""), sheet.title
                compared += value is not None
    assert compared > 10_000
