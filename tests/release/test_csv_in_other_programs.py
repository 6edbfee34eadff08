"""The CSV files are read as what they are: texts as texts, days as days, in UTF-8 without a byte order mark.

docs/readers/csv.md tells readers what follows for each program.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook

from support.soffice import AS_UTF_8_WITH_QUOTED_TEXTS, convert

if TYPE_CHECKING:
    from support.home import PublishedHome

LARGE = 3_000_000
"""Bytes; larger files are written by the same statement, and are left out to save time."""
CELL = re.compile(r'("(?:[^"]|"")*"|[^",\n]*)(,|\n|$)')
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
IN_SPREADSHEETS = ("dim_period", "dim_indicator", "dim_vintage", "vw_latest", "vw_scorecard", "fct_question_estimate")


@pytest.fixture(scope="module")
def types(published_home: PublishedHome) -> dict[Path, list[str]]:
    """File -> the types of its columns, as the package states them."""
    package = json.loads((published_home.release / "datapackage.json").read_text("utf-8"))
    return {
        published_home.release / resource["path"]: [field["type"] for field in resource["schema"]["fields"]]
        for resource in package["resources"]
    }


def test_no_file_begins_with_a_byte_order_mark_and_each_is_utf_8(types: dict[Path, list[str]]) -> None:
    for path in types:
        assert not path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name
        path.read_text("utf-8", errors="strict")


def test_every_text_is_quoted_and_nothing_else_is(types: dict[Path, list[str]]) -> None:
    """So that a program that takes what is quoted for text takes no label of a period for a day."""
    looked_at = 0
    for path, kinds in types.items():
        if path.stat().st_size > LARGE:
            continue
        text = path.read_bytes().decode("utf-8").partition("\n")[2]
        cells = [cell for cell, _ in CELL.findall(text)]
        # The pattern also finds the empty end of the file.
        for number, cell in enumerate(cells[:-1] if len(cells) % len(kinds) else cells):
            kind = kinds[number % len(kinds)]
            assert not cell or cell.startswith('"') == (kind == "string"), f"{path.name}: {cell}"
            assert kind != "date" or not cell or DAY.fullmatch(cell), f"{path.name}: {cell}"
            looked_at += 1
    assert looked_at > 100_000


def test_signs_and_accents_are_those_of_the_mart(published_home: PublishedHome) -> None:
    with (published_home.release / "csv" / "dim_indicator.csv").open(encoding="utf-8", newline="") as stream:
        units = {row["indicator_code"]: row["unit"] for row in csv.DictReader(stream)}
    assert units == dict(published_home.rows("select indicator_code, unit from mart.dim_indicator"))
    assert "£" in units.values()


def shown(folder: Path, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(folder / f"{name}.ods").get_sheet_by_index(0).to_python()


def test_libreoffice_has_every_cell_as_it_is_where_quoted_fields_are_texts(
    published_home: PublishedHome, types: dict[Path, list[str]], tmp_path: Path
) -> None:
    files = [published_home.release / "csv" / f"{name}.csv" for name in IN_SPREADSHEETS]
    folder = convert(files, tmp_path / "ods", "ods", AS_UTF_8_WITH_QUOTED_TEXTS)
    for path in files:
        with path.open(encoding="utf-8", newline="") as stream:
            expected = list(csv.reader(stream))
        found = shown(folder, path.stem)
        assert len(found) == len(expected) and found[0] == expected[0]
        for row, cells in zip(found[1:], expected[1:], strict=True):
            for value, cell, kind in zip(row, cells, types[path], strict=True):
                if kind == "string" or not cell:
                    assert value == cell, f"{path.name}: {cell}"
                elif kind == "date":
                    assert value == dt.date.fromisoformat(cell), f"{path.name}: {cell}"
                elif kind in ("number", "integer"):
                    assert value == pytest.approx(float(cell), rel=1e-14), f"{path.name}: {cell}"


def test_libreoffice_left_alone_takes_only_a_label_that_is_a_day_for_a_date(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    """`2019/20`, `2004/05` and `2022 to 2024` stay texts; a day is the same day."""
    path = published_home.release / "csv" / "dim_period.csv"
    folder = convert([path], tmp_path / "ods", "ods")
    with path.open(encoding="utf-8", newline="") as stream:
        labels = [row["label"] for row in csv.DictReader(stream)]
    found = [row[1] for row in shown(folder, "dim_period")[1:]]
    for label, value in zip(labels, found, strict=True):
        if DAY.fullmatch(label):
            assert value == dt.date.fromisoformat(label)
        elif re.fullmatch(r"\d{4}", label):
            assert value == int(label)
        else:
            assert value == label
    assert {"2019/20", "2004/05"} <= set(labels)
