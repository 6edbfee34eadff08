"""Leaf: writing so that a kill or a full disk leaves the old file or the new one, never half of one.

Belongs here: atomic replacement, durable appending, hashing, the lock of the single writer,
tidying up after a dead one.
Does not belong here: what the files mean.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHUNK = 1 << 20


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; reads a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
    """Remove every `.*.tmp` below `folder`: begun by a writer that was killed. Nobody else may write."""
    for path in list(folder.rglob(".*.tmp")):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def append_json(path: Path, record: Mapping[str, Any]) -> None:
    """Append one JSON line durably. A torn last line of a killed run is closed first, so it harms no other."""
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
    """All whole lines of a file written by `append_json`; a line torn by a kill was never recorded."""
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
    """The newest whole line, read from the file's end so that years of receipts cost nothing."""
    if not path.exists():
        return None
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - window))
        lines = stream.read().decode("utf-8", errors="replace").split("\n")
    for line in reversed(lines):
        try:
            record: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            continue
        return record
    return None


def read_yaml(path: Path) -> Any:
    """A YAML file's content; the C parser where the library has it, and never anything but plain data."""
    import yaml

    return yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


class AnotherRefreshIsRunning(RuntimeError):
    """The lock of the single writer is taken by another process."""


_held: dict[Path, int] = {}


@contextmanager
def single_writer(home: Path) -> Iterator[None]:
    """Hold the one lock of a house; re-entrant within the process. Raises AnotherRefreshIsRunning.

    An operating-system lock, because Dagster's own limits let two first runs in together and a killed
    run keeps its slot; this one ends with its process, whatever ends it. A holder that was killed leaves its name in
    the file: the next one then removes the temporary files that it left in the house.
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
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "unknown process"
            raise AnotherRefreshIsRunning(
                f"Another refresh is running in {home} ({holder}). Wait for it to end, or look with `atf status`; "
                "the lock ends with that process."
            ) from None
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
