"""Old workbooks (XLS): their text is read right, whatever code page they name and with or without a container."""

from __future__ import annotations

import csv
import struct
from pathlib import Path

import pytest

from atf_dagster.catalogue.model import Layout
from atf_dagster.formats.body import BodyRejected
from atf_dagster.formats.workbooks import inspect, to_rows

LAYOUT = Layout(sheets="^Table", headings={"code": "^Code$", "name": "^Name, in £"}, code_column="code")
TEXTS = [
    ["Code", "Name, in £"],
    ["E08000012", "Liverpool"],
    ["W06000001", "Ynys Môn, Łódź, 日本"],
    ["E06000006", "Halton"],
]
SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
BIFF5, BIFF8 = 0x500, 0x600


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def text(version: int, written: str, length: str, *, wide: bool) -> bytes:
    """A string of BIFF: a count of characters with a flag, or of bytes before BIFF8."""
    data = written.encode("utf-16-le" if wide else "cp1252")
    if version == BIFF5:
        return struct.pack(length, len(data)) + data
    return struct.pack(f"{length}B", len(written), int(wide)) + data


def stream(version: int, code_page: int, *, wide: bool, name: str = "Table 1") -> bytes:
    """One sheet with the cells of TEXTS, in letters of two bytes or of one."""

    def start(kind: int) -> bytes:
        more = struct.pack("<II", 0, 6) if version == BIFF8 else b""
        return record(0x0809, struct.pack("<HHHH", version, kind, 0x0DBB, 0x07CC) + more)

    def book(place: int) -> bytes:
        # Before BIFF8 all texts of a file are in its code page, so also the name.
        sheet = struct.pack("<IH", place, 0) + text(version, name, "<B", wide=wide and version == BIFF5)
        cells = record(0xE0, bytes(20 if version == BIFF8 else 16))
        return start(5) + record(0x42, struct.pack("<H", code_page)) + cells + record(0x85, sheet) + record(0x0A)

    labels = [
        record(0x204, struct.pack("<HHH", row, column, 0) + text(version, cell, "<H", wide=wide))
        for row, cells in enumerate(TEXTS)
        for column, cell in enumerate(cells)
    ]
    return book(len(book(0))) + start(0x10) + b"".join(labels) + record(0x0A)


def contained(data: bytes, name: str) -> bytes:
    """The stream in a compound file with nothing else."""
    data = data.ljust(8 * SECTOR, b"\0")
    data += bytes(-len(data) % SECTOR)
    sectors = len(data) // SECTOR

    def entry(called: str, kind: int, child: int, first: int, size: int) -> bytes:
        title = called.encode("utf-16-le") + b"\0\0"
        head = title.ljust(64, b"\0") + struct.pack("<HBBIII", len(title), kind, 1, FREE, FREE, child)
        return head + bytes(36) + struct.pack("<IQ", first, size)

    chain = [FAT, END, *range(3, sectors + 2), END]
    table = struct.pack("<128I", *chain, *[FREE] * (128 - len(chain)))
    folder = entry("Root Entry", 5, 1, END, 0) + entry(name, 2, FREE, 2, len(data)) + 2 * entry("", 0, FREE, 0, 0)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, END, 0, END, 0)
    return header + struct.pack("<109I", 0, *[FREE] * 108) + table + folder + data


def rows(path: Path) -> list[list[str]]:
    target = path.with_suffix(".csv")
    assert inspect(path, LAYOUT).rows == to_rows(path, LAYOUT, target)
    with target.open(encoding="utf-8", newline="") as read:
        return [row[:2] for row in csv.reader(read)][1:]


@pytest.mark.parametrize("is_contained", [True, False], ids=["in a container", "without one"])
@pytest.mark.parametrize("code_page", [1200, 1252, 1250, 437])
def test_letters_of_two_bytes_are_read_right_under_any_code_page(
    tmp_path: Path, code_page: int, *, is_contained: bool
) -> None:
    data = stream(BIFF8, code_page, wide=True)
    path = tmp_path / "book.xls"
    path.write_bytes(contained(data, "Workbook") if is_contained else data)
    assert rows(path) == TEXTS[1:]


@pytest.mark.parametrize("is_contained", [True, False], ids=["in a container", "without one"])
def test_a_file_older_than_that_is_read_in_its_code_page(tmp_path: Path, *, is_contained: bool) -> None:
    data = stream(BIFF5, 1200, wide=True)
    path = tmp_path / "book.xls"
    path.write_bytes(contained(data, "Book") if is_contained else data)
    assert rows(path) == TEXTS[1:]


def test_a_file_whose_text_cannot_be_read_is_refused_and_not_guessed(tmp_path: Path) -> None:
    """Its name is in letters of one byte, its cells in letters of two."""
    data = stream(BIFF5, 1200, wide=True).replace("Table 1".encode("utf-16-le"), b"Table 1 and ...")
    path = tmp_path / "book.xls"
    path.write_bytes(contained(data, "Book"))
    with pytest.raises(BodyRejected) as refusal:
        inspect(path, LAYOUT)
    assert refusal.value.reason == "damaged_workbook"


def test_a_workbook_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(stream(BIFF8, 1252, wide=True)[:60])
    with pytest.raises(BodyRejected) as refusal:
        inspect(path, LAYOUT)
    assert refusal.value.reason in ("damaged_workbook", "missing_column", "sheet_missing")
