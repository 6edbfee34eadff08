"""Unpacks the one member of a zip file in which a publisher serves a workbook.

Landing keeps the bytes of the zip file. A member's name never becomes the name of a file.

Belongs here: choosing the member, what is refused before and during unpacking. Does not belong here: what is in the
workbook (`workbooks`), which member belongs to which table (the catalogue's layouts).
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from atf_dagster.files import CHUNK
from atf_dagster.formats.body import BodyRejected

MOST_MEMBERS = 5_000
MOST_UNPACKED_BYTES = 100_000_000
MOST_RATIO = 200

_WORKBOOKS = frozenset({"xl/workbook.xml", "xl/workbook.bin", "content.xml"})
_SAFE_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1


@contextmanager
def opened(path: Path, member: str | None) -> Iterator[Path]:
    """The file of the workbook: `path` itself, or a temporary file of the member that `member` matches.

    member: a regular expression over names without folders; case does not count. A workbook outside a zip file is taken
    as it is. Raises BodyRejected.
    """
    if member is None or not _is_zip(path):
        yield path
        return
    with TemporaryDirectory(prefix="atf-member-") as folder:
        unpacked = Path(folder) / "member"
        yield unpacked if _unpack(path, member, unpacked) else path


def name_of(path: Path, member: str | None) -> str | None:
    """The name, without folders, of the member that `opened` unpacks; None where it unpacks none.

    Publishers put into it what the workbook does not say. Raises BodyRejected.
    """
    if member is None or not _is_zip(path):
        return None
    with zipfile.ZipFile(path) as archive:
        members = [entry for entry in archive.infolist() if not entry.is_dir()]
        if _WORKBOOKS & {entry.filename for entry in members}:
            return None
        return PurePosixPath(_wanted(members, member).filename).name


def _is_zip(path: Path) -> bool:
    # By its first bytes. zipfile looks for an end mark in the last bytes, which other files may hold by chance.
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _unpack(path: Path, member: str, target: Path) -> bool:
    """Write the member to `target`. Returns False where the zip file is itself a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir()]
            if _WORKBOOKS & {entry.filename for entry in members}:
                return False
            _judge_names(members)
            wanted = _wanted(members, member)
            _judge_size(wanted)
            _copy(archive, wanted, target)
    except BodyRejected:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, NotImplementedError) as error:
        raise BodyRejected(
            "damaged_zip",
            f"The zip file is damaged or was cut ({error}).",
            "The network or the publisher caused this. The next refresh asks again. If it repeats, download the file "
            "with a browser, try to open it and write to the publisher.",
        ) from error
    return True


def _judge_names(members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise _unsafe(f"it has {len(members)} members; {MOST_MEMBERS} are allowed")
    for entry in members:
        name = entry.filename
        if name.startswith("/") or "\\" in name or ":" in name.split("/")[0] or ".." in name.split("/"):
            raise _unsafe(f"a member's name leads out of it: {name[:80]!r}")


def _wanted(members: Sequence[zipfile.ZipInfo], member: str) -> zipfile.ZipInfo:
    fits = re.compile(member, re.IGNORECASE)
    found = [entry for entry in members if fits.search(PurePosixPath(entry.filename).name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(repr(entry.filename) for entry in (found or members)))[:1000]
    what = "more than one member fits" if found else "no member's name fits"
    raise BodyRejected(
        "member_not_found",
        f"In the zip file {what} {member!r}: {names or 'it is empty'}.",
        "The publisher renamed its workbooks. A data engineer opens the zip file and corrects `member` in the layout "
        "of the catalogue's collection.",
    )


def _judge_size(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise _unsafe(f"its member {entry.filename[:80]!r} is encrypted")
    if entry.compress_type not in _SAFE_METHODS:
        raise _unsafe("it is packed by a method that zip files of tables do not use")
    if entry.file_size > MOST_UNPACKED_BYTES:
        raise _unsafe(f"its member says that it has {entry.file_size} bytes; {MOST_UNPACKED_BYTES} are allowed")
    if entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise _unsafe(f"its member says that it unpacks to more than {MOST_RATIO} times its size")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Copy the member and count its bytes, because the size in the entry may be wrong."""
    size = 0
    with archive.open(entry) as stream, target.open("wb") as unpacked:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > MOST_UNPACKED_BYTES:
                raise _unsafe(f"its member unpacks to more than {MOST_UNPACKED_BYTES} bytes")
            unpacked.write(chunk)


def _unsafe(issue: str) -> BodyRejected:
    return BodyRejected(
        "unsafe_zip",
        f"The zip file is not opened because {issue}.",
        "Do not open it by hand. The next refresh asks again. If it repeats, compare it with the file on the "
        "publisher's page. If that is the same, ask the publisher; only then a data engineer raises the limit in "
        "formats/zip_member.py.",
    )
