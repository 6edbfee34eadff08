"""A workbook inside a zip file: the member that is meant is opened, and nothing else of a stranger's zip is."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from atf_dagster.formats import zip_member
from atf_dagster.formats.body import BodyRejected

WANTED = r"^Table 7.*\.xlsx?$"


def zip_file(folder: Path, members: list[tuple[str, bytes]]) -> Path:
    path = folder / "body"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def refused(path: Path, member: str = WANTED) -> BodyRejected:
    with pytest.raises(BodyRejected) as rejection, zip_member.opened(path, member):
        pass
    return rejection.value


def test_the_one_member_that_fits_is_opened_and_gone_afterwards(tmp_path: Path) -> None:
    path = zip_file(tmp_path, [("2023/Table 7 a.xls", b"wanted"), ("2023/Table 8 a.xls", b"other"), ("2023/", b"")])
    with zip_member.opened(path, WANTED) as workbook:
        assert workbook.read_bytes() == b"wanted"
    assert not workbook.exists()


@pytest.mark.parametrize("start", [b"\xd0\xcf\x11\xe0 an old workbook", b"a,b\n1,2\n"])
def test_what_is_no_zip_file_is_taken_as_it_is(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "body"
    path.write_bytes(start)
    with zip_member.opened(path, WANTED) as workbook:
        assert workbook == path


def test_a_workbook_that_is_a_zip_file_itself_is_taken_as_it_is(tmp_path: Path) -> None:
    path = zip_file(tmp_path, [("xl/workbook.xml", b"<workbook/>"), ("Table 7.xls", b"a member of the same name")])
    with zip_member.opened(path, WANTED) as workbook:
        assert workbook == path


def test_two_that_fit_and_none_that_fits_are_refused_by_name(tmp_path: Path) -> None:
    two = refused(zip_file(tmp_path, [("a/Table 7.xls", b"1"), ("b/Table 7.xls", b"2"), ("Table 8.xls", b"3")]))
    assert two.reason == "member_not_found"
    assert "'a/Table 7.xls', 'b/Table 7.xls'" in two.message
    assert "Table 8" not in two.message
    none = refused(zip_file(tmp_path, [("Table 8.xls", b"3")]))
    assert none.reason == "member_not_found"
    assert "'Table 8.xls'" in none.message


@pytest.mark.parametrize("name", ["../Table 7.xls", "/etc/Table 7.xls", "a/../../Table 7.xls", "C:/Table 7.xls"])
def test_a_name_that_leads_out_is_refused_whichever_member_has_it(tmp_path: Path, name: str) -> None:
    assert refused(zip_file(tmp_path, [(name, b"1")])).reason == "unsafe_zip"
    assert refused(zip_file(tmp_path, [(name, b"1"), ("Table 7 good.xls", b"2")])).reason == "unsafe_zip"


def test_a_name_with_a_backslash_is_refused(tmp_path: Path) -> None:
    path = zip_file(tmp_path, [("a_Table 7.xls", b"1"), ("Table 7.xls", b"1")])
    path.write_bytes(path.read_bytes().replace(b"a_Table", b"a\\Table"))
    assert refused(path).reason == "unsafe_zip"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = refused(zip_file(tmp_path, [("Table 7.xls", bytes(20_000_000))]))
    assert bomb.reason == "unsafe_zip"
    assert "200 times" in bomb.message


def test_a_member_larger_than_any_workbook_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_member, "MOST_UNPACKED_BYTES", 1000)
    assert refused(zip_file(tmp_path, [("Table 7.xls", bytes(range(256)) * 5)])).reason == "unsafe_zip"


def test_a_member_that_says_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    content = bytes(range(256)) * 40
    path = zip_file(tmp_path, [("Table 7.xls", content)])
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", len(content)), struct.pack("<I", 100)))
    assert refused(path).reason == "damaged_zip"


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = zip_file(tmp_path, [("Table 7.xls", b"1")])
    body = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1
    path.write_bytes(body)
    assert refused(path).reason == "unsafe_zip"


def test_a_cut_member_is_refused(tmp_path: Path) -> None:
    path = zip_file(tmp_path, [("Table 7.xls", bytes(range(256)) * 40)])
    body = bytearray(path.read_bytes())
    body[60:70] = bytes(10)
    path.write_bytes(body)
    assert refused(path).reason == "damaged_zip"


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for number in range(zip_member.MOST_MEMBERS + 1):
            archive.writestr(f"{number}.txt", b"")
    path = tmp_path / "body"
    path.write_bytes(body.getvalue())
    assert refused(path).reason == "unsafe_zip"
