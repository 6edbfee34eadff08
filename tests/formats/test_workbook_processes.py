"""Each workbook is read in a process of its own, and whatever becomes of that process, the next workbook is read.

Belongs here: starting, killing and ending these processes. Does not belong here: what workbooks hold.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atf_dagster.formats import workbook_forks
from atf_dagster.formats.workbook_processes import TookTooLong, reading
from atf_dagster.snapshot.workbook import xlsx

LONG = 60.0
WAITED = 20.0
READ_AND_SAY = """
import sys
from pathlib import Path
from atf_dagster.formats.workbook_processes import reading
with reading("workbook_child", Path(sys.argv[1]), "^Table", seconds=60) as ended:
    print(ended.code, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def book(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a workbook with one cell."""

    def write(cell: str) -> Path:
        path = tmp_path / f"{cell}.xlsx"
        path.write_bytes(xlsx({"Table 1": [[cell]]}))
        return path

    return write


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """A file whose reader never gets anything, as long as somebody holds it open."""
    path = tmp_path / "endless"
    os.mkfifo(path)
    handle = os.open(path, os.O_RDWR)
    yield path
    os.close(handle)


def read(path: Path, seconds: float = LONG) -> tuple[int, str]:
    with reading("workbook_child", path, "^Table", seconds=seconds) as ended:
        return ended.code, ended.output.read().decode()


def starters(parent: int) -> list[int]:
    """The processes below `parent` that fork the readers of workbooks."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            above = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if above == parent and workbook_forks.__file__.encode() in words:
            found.append(int(folder.name))
    return found


def alive(group: int) -> bool:
    """Whether a process of this group is at work; one that only waits to be buried is not."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, own = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:3]
        except (OSError, ValueError):
            continue
        if int(own) == group and state != "Z":
            return True
    return False


def wait_until_gone(group: int) -> None:
    until = time.monotonic() + WAITED
    while alive(group):
        assert time.monotonic() < until, f"process group {group} is still there"
        time.sleep(0.05)


def test_many_workbooks_at_once_each_give_their_own_cells(book: Callable[[str], Path]) -> None:
    cells = [f"cell {number}" for number in range(12)]
    paths = [book(cell) for cell in cells]
    with ThreadPoolExecutor(6) as pool:
        for cell, (code, text) in zip(cells, pool.map(read, paths), strict=True):
            assert code == 0
            assert cell in text
            assert text.count("cell ") == 1


def test_what_ends_the_reader_of_one_workbook_leaves_the_next_one_alone(
    book: Callable[[str], Path], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04 and nothing more")
    read(book("before"))
    before = set(starters(os.getpid()))
    assert read(damaged)[0] != 0
    code, text = read(book("after"))
    assert code == 0
    assert "after" in text
    assert set(starters(os.getpid())) == before


def test_a_reader_that_takes_too_long_is_killed_and_the_next_workbook_is_read(
    book: Callable[[str], Path], endless: Path
) -> None:
    read(book("before"))
    before = starters(os.getpid())
    with pytest.raises(TookTooLong):
        read(endless, seconds=0.5)
    ended = set(before) - set(starters(os.getpid()))
    for group in ended:
        wait_until_gone(group)
    assert ended
    assert "after" in read(book("after"))[1]


def test_a_process_that_was_killed_while_it_waited_is_started_again(book: Callable[[str], Path]) -> None:
    read(book("before"))
    for starter in starters(os.getpid()):
        os.kill(starter, signal.SIGKILL)
        wait_until_gone(starter)
    code, text = read(book("after"))
    assert code == 0
    assert "after" in text


def test_the_readers_hold_no_key_of_the_environment(
    book: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for starter in starters(os.getpid()):
        os.kill(starter, signal.SIGKILL)
        wait_until_gone(starter)
    monkeypatch.setenv("ATF_KEYS", "stat_xplore=a-key-that-nobody-may-have")
    read(book("before"))
    told = [(Path("/proc") / str(starter) / "environ").read_bytes() for starter in starters(os.getpid())]
    assert told
    assert not any(b"a-key" in words for words in told)


def test_a_fork_of_this_process_starts_its_own(book: Callable[[str], Path]) -> None:
    path = book("shared")
    read(path)
    fork = os.fork()
    if fork == 0:
        code = 1
        try:
            own, text = read(path)
            code = 0 if own == 0 and "shared" in text and starters(os.getpid()) else 2
        finally:
            for starter in starters(os.getpid()):
                os.kill(starter, signal.SIGKILL)
            os._exit(code)
    _, status = os.waitpid(fork, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert "after" in read(book("after"))[1]


def test_nothing_is_left_of_a_process_that_was_killed(book: Callable[[str], Path]) -> None:
    command = [sys.executable, "-c", READ_AND_SAY, str(book("cell"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"0\n"
        (starter,) = starters(process.pid)
        process.kill()
    wait_until_gone(starter)
