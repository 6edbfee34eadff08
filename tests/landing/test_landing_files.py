"""Writing that a kill, a full disk or an odd character cannot spoil, and the lock of the single writer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from atf_dagster.files import (
    AnotherRefreshIsRunning,
    append_json,
    last_json_line,
    read_json_lines,
    single_writer,
    write_atomic,
)

HOLD = """
import sys, pathlib
from atf_dagster.files import single_writer
with single_writer(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
TRY = """
import sys, pathlib
from atf_dagster.files import AnotherRefreshIsRunning, single_writer
try:
    with single_writer(pathlib.Path(sys.argv[1])):
        print("entered")
except AnotherRefreshIsRunning as busy:
    print(busy)
"""


def try_to_write(home: Path) -> str:
    """What another process gets that wants to write to `home`."""
    done = subprocess.run(
        [sys.executable, "-c", TRY, str(home)], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_what_is_appended_is_read_again_in_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "records.jsonl"
    records = [{"n": number, "text": "Méthode \u2013 £"} for number in range(3)]
    for record in records:
        append_json(path, record)
    assert read_json_lines(path) == records
    assert last_json_line(path) == records[-1]


def test_a_file_that_is_not_there_has_no_records(tmp_path: Path) -> None:
    assert read_json_lines(tmp_path / "none.jsonl") == []
    assert last_json_line(tmp_path / "none.jsonl") is None


@pytest.mark.parametrize("torn", ['{"n": 2, "te', "{", '{"n": 2}'[:-1], "\udcff".encode("utf-8", "surrogateescape")])
def test_a_line_torn_by_a_kill_was_never_written_and_harms_no_other(tmp_path: Path, torn: str | bytes) -> None:
    path = tmp_path / "records.jsonl"
    append_json(path, {"n": 1})
    with path.open("ab") as stream:
        stream.write(torn.encode() if isinstance(torn, str) else torn)
    assert read_json_lines(path) == [{"n": 1}]
    assert last_json_line(path) == {"n": 1}
    append_json(path, {"n": 3})
    assert read_json_lines(path) == [{"n": 1}, {"n": 3}]
    assert last_json_line(path) == {"n": 3}


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\n", "\r\n", '"', "\\"])
def test_a_record_may_hold_any_character(tmp_path: Path, character: str) -> None:
    """Publishers' headers and error pages are kept in receipts; some characters end a line in Python's eyes."""
    path = tmp_path / "records.jsonl"
    record = {"etag": f"a{character}b"}
    append_json(path, record)
    append_json(path, {"n": 2})
    assert read_json_lines(path) == [record, {"n": 2}]
    append_json(path, record)
    assert last_json_line(path) == record


def test_the_last_record_is_found_behind_years_of_records(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps({"n": number, "text": "x" * 200}) + "\n" for number in range(2000)), "utf-8")
    append_json(path, {"n": "newest"})
    assert last_json_line(path) == {"n": "newest"}


@pytest.mark.parametrize("length", [100, 65_536, 300_000])
def test_a_last_record_of_any_length_is_found(tmp_path: Path, length: int) -> None:
    path = tmp_path / "records.jsonl"
    append_json(path, {"n": 1})
    append_json(path, {"n": 2, "pages": "x" * length})
    assert last_json_line(path) == {"n": 2, "pages": "x" * length}


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    write_atomic(path, "old")
    write_atomic(path, "new")
    assert path.read_text("utf-8") == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["outcome.json"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800 cannot be written")
    assert path.read_text("utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["outcome.json"]


def test_a_process_may_enter_its_own_house_again(tmp_path: Path) -> None:
    with single_writer(tmp_path), single_writer(tmp_path):
        pass
    with single_writer(tmp_path):
        with single_writer(tmp_path):
            pass
        assert "Another refresh is running" in try_to_write(tmp_path)
    assert try_to_write(tmp_path) == "entered"


def test_the_lock_outlives_an_error_inside_it_no_longer_than_its_block(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), single_writer(tmp_path):
        _ = 1 / 0
    assert try_to_write(tmp_path) == "entered"


def test_another_process_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    with single_writer(tmp_path):
        answer = try_to_write(tmp_path)
    assert f"Another refresh is running in {tmp_path}" in answer
    assert f"process {os.getpid()}" in answer
    assert "Wait until it ends" in answer


def test_a_writer_that_is_killed_leaves_the_house_open(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(AnotherRefreshIsRunning, match=f"process {holder.pid}"), single_writer(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=30)
    with single_writer(tmp_path):
        pass


def test_threads_of_one_process_share_the_lock(tmp_path: Path) -> None:
    entered: list[bool] = []

    def enter() -> None:
        with single_writer(tmp_path):
            entered.append(True)

    with single_writer(tmp_path):
        threads = [threading.Thread(target=enter) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert "Another refresh is running" in try_to_write(tmp_path)
    assert len(entered) == 4
