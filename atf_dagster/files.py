"""Leaf: writes files so that a kill or a full disk leaves the old file or the new one, never half a file.

Belongs here: atomic replacement, durable appending, hashing, the lock of the single writer, removing files of killed
writers. Does not belong here: what the files mean.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from atf_dagster.errors import AtfError

CHUNK = 1 << 20


_OF_THIS_MACHINE = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "EACCES", "EPERM", "EFBIG")
)


def is_of_this_machine(error: Exception) -> bool:
    """Whether this machine caused an error (a disk that is full, read-only or broken), and not what was read."""
    if isinstance(error, OSError):
        return error.errno in _OF_THIS_MACHINE
    # DuckDB gives the number of the error as a text.
    is_of_duckdb = type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")
    return is_of_duckdb and any(os.strerror(code) in str(error) for code in _OF_THIS_MACHINE)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; reads a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Write the names in `folder` to disk, so that a new or renamed file survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Sync the contents of a file to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link_or_copy(file: Path, place: Path) -> None:
    """Give a file a second name, in the place of what has that name: a link, or a copy where there are no links."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(file)
    except OSError:  # some network shares have none
        shutil.copy2(file, temporary)
    temporary.replace(place)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file, and return when its bytes are on disk. Its name may still be lost in a power cut."""
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def keep_read_only(target: Path, data: bytes) -> None:
    """Write bytes that are never changed, whole or not at all. Replaces damaged ones."""
    if target.is_file() and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), 0o444)
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    sync_folder(target.parent.parent)


def write_atomic(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_temporary(folder: Path) -> None:
    """Remove the unfinished files of killed writers below `folder`: every `.*.tmp` whose process has ended."""
    for path in list(folder.rglob(".*.tmp")):
        writer = re.search(r"\.([0-9]+)\.tmp$", path.name)
        if writer is not None and Path(f"/proc/{writer[1]}").exists():
            continue  # another process writes it, such as `atf watch`
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def append_json(path: Path, record: Mapping[str, Any]) -> None:
    """Append one JSON line durably. A line that a killed run left unfinished is closed first and harms no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n"
    with path.open("ab+") as stream:
        if stream.tell() > 0:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                line = "\n" + line
        stream.write(line.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a file written by `append_json`. A line that a kill cut does not count as recorded."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text("utf-8", errors="replace").split("\n"):  # splitlines() also cuts at U+0085 and U+2028
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def last_json_line(path: Path, window: int = 65536) -> dict[str, Any] | None:
    """The newest whole line, read from the end of the file, because a file may have the receipts of years.

    window: bytes to read first; a longer last line, such as a receipt of many pages, needs more.
    """
    if not path.exists():
        return None
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        while True:
            stream.seek(max(0, size - window))
            lines = stream.read(min(size, window)).decode("utf-8", errors="replace").split("\n")
            # The first line of the window may lack its beginning.
            for line in reversed(lines if window >= size else lines[1:]):
                try:
                    record: dict[str, Any] = json.loads(line)
                except json.JSONDecodeError:
                    continue
                return record
            if window >= size:
                return None
            window *= 4


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, as plain data only. Uses the C parser if the library has it."""
    import yaml

    return yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


class AnotherRefreshIsRunning(AtfError):
    """Another process has the lock of the single writer."""


_held: dict[Path, int] = {}


def _taken(stream: IO[str], wait_seconds: float) -> bool:
    """Whether this process got the lock, at once or within `wait_seconds`."""
    until = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(min(1.0, wait_seconds))
        else:
            return True


@contextmanager
def only_caller(home: Path, services: Collection[str], *, wait: bool) -> Iterator[bool]:
    """Be the only process of this home that asks these services. Gives False if others ask them and `wait` is false.

    A scheduled probe and a refresh are two processes. Together they would ask a host too often, because each keeps the
    pace for itself.
    """
    folder = home / "callers"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for service in sorted(services):  # always in this order, so that two processes never wait for each other
            stream = stack.enter_context((folder / f"{service}.lock").open("a"))
            try:
                fcntl.flock(stream, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
        yield True


@contextmanager
def single_writer(home: Path, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Have the one lock of a home; re-entrant within the process. Raises AnotherRefreshIsRunning.

    wait_seconds: how long to wait for the process that has the lock.

    This is a lock of the operating system, which ends with its process in every case. Dagster's limits are not enough:
    they let two first runs begin together, and a killed run keeps its slot. A killed process leaves its name in the
    lock file; the next process then removes the temporary files in the home.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / "refresh.lock"
    if path in _held:
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    with path.open("a+", encoding="utf-8") as stream:
        if not _taken(stream, wait_seconds):
            stream.seek(0)
            holder = stream.read().strip() or "unknown process"
            raise AnotherRefreshIsRunning(
                f"Another refresh is running in {home} ({holder}).",
                "Wait until it ends; the lock ends with that process. `atf status` shows the last runs.",
                owner="whoever runs the refresh",
            )
        stream.seek(0)
        if stream.read().strip():
            remove_temporary(home)
        stream.truncate(0)
        stream.write(f"process {os.getpid()}")
        stream.flush()
        _held[path] = 1
        try:
            yield
        finally:
            del _held[path]
            stream.truncate(0)
