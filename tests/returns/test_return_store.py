"""Accepted returns are kept for good: immutable bytes, one line each, the same file once; and the commands."""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from made_up_returns import NOW, as_bytes, good_rows, spend, staff, write

from atf_dagster import catalogue
from atf_dagster.cli import returns
from atf_dagster.errors import AtfError
from atf_dagster.files import AnotherRefreshIsRunning
from atf_dagster.returns import store
from atf_dagster.returns.template import COLUMNS
from atf_dagster.settings import Settings

KNOWN = catalogue.load()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_the_exact_bytes_are_kept_read_only(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "return.csv"
    path.write_bytes(b"\xef\xbb\xbf" + as_bytes(good_rows()))
    kept = store.submit(home, path, KNOWN, NOW)
    target = store.object_path(home, kept.sha256)
    assert target.read_bytes() == path.read_bytes()
    assert kept.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert stat.S_IMODE(target.stat().st_mode) == 0o444
    assert (kept.sequence, kept.rows, kept.is_new, kept.file_name) == (1, 6, True, "return.csv")
    assert kept.indicators == ("ATF12", "ATF20", "ATF21")
    assert kept.accepted_at == "2026-01-15T12:00:00+00:00"
    assert [p.name for p in target.parent.iterdir()] == [target.name]


def test_a_return_that_arrived_during_the_check_counts_in_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    first = write(tmp_path / "other", [spend()])
    second = write(tmp_path, [spend(local_definition="Postcode L", date_from="2023-04-01", date_to="2024-03-31")])
    real = store.single_writer

    def after_another(home: Path) -> AbstractContextManager[None]:
        monkeypatch.setattr(store, "single_writer", real)
        store.submit(home, first, KNOWN, NOW)
        return real(home)

    monkeypatch.setattr(store, "single_writer", after_another)
    with pytest.raises(store.Refused) as refused:
        store.submit(home, second, KNOWN, NOW)
    assert [(error.row, error.column) for error in refused.value.errors] == [(2, "local_definition")]
    assert len(store.submissions(home)) == 1


def test_a_definition_is_told_as_it_must_be_typed(home: Path, tmp_path: Path) -> None:
    words = "An office in 'the City Region', \\ or \"nearby\", in any of the postcodes " + "L, " * 60 + "WA"
    store.submit(home, write(tmp_path, [spend(local_definition=words)]), KNOWN, NOW)
    later = spend(date_from="2023-04-01", date_to="2024-03-31", local_definition="Postcode L")
    with pytest.raises(store.Refused) as refused:
        store.submit(home, write(tmp_path, [later]), KNOWN, NOW)
    (error,) = refused.value.errors
    assert error.message.endswith(f": {words}")


def test_a_band_that_is_left_out_is_told_as_it_must_be_typed(home: Path, tmp_path: Path) -> None:
    band = "Grade 'senior' of the council's own scale, with a name of more than sixty characters"
    rows = [staff("ALL", "60", "250"), staff(band, "60", "250")]
    store.submit(home, write(tmp_path, rows), KNOWN, NOW)
    with pytest.raises(store.Refused) as refused:
        store.submit(home, write(tmp_path, [staff("ALL", "61", "250")]), KNOWN, NOW)
    assert refused.value.errors[0].message.endswith(f": {band}")


def test_the_same_bytes_add_nothing(home: Path, tmp_path: Path) -> None:
    first = store.submit(home, write(tmp_path, [spend()]), KNOWN, NOW)
    ledger = (home / "returns" / "submissions.jsonl").read_bytes()
    again = store.submit(home, write(tmp_path, [spend()], "other-name.csv"), KNOWN, NOW + dt.timedelta(days=1))
    assert (again.sequence, again.accepted_at, again.is_new) == (first.sequence, first.accepted_at, False)
    assert (home / "returns" / "submissions.jsonl").read_bytes() == ledger
    assert len(store.submissions(home)) == 1


def test_a_refused_file_leaves_nothing(home: Path, tmp_path: Path) -> None:
    with pytest.raises(store.Refused) as refusal:
        store.submit(home, write(tmp_path, [spend(numerator="£1", notes="=1")]), KNOWN, NOW)
    assert len(refusal.value.errors) == 2
    assert not (home / "returns").exists()


def test_a_later_submission_supersedes_key_by_key_and_changes_no_bytes(home: Path, tmp_path: Path) -> None:
    first = store.submit(home, write(tmp_path, good_rows()), KNOWN, NOW)
    before = store.object_path(home, first.sha256).read_bytes()
    second = store.submit(home, write(tmp_path, [spend(numerator="2000")]), KNOWN, NOW)
    assert [one.sequence for one in store.submissions(home)] == [1, 2]
    assert second.sequence == 2
    assert store.object_path(home, first.sha256).read_bytes() == before
    in_force = store.rows_in_force(home, KNOWN)
    assert len(in_force) == 6
    assert [row.numerator for row in in_force.values() if row.indicator_code == "ATF21"] == [2000]
    assert len(list(store.accepted_rows(home, KNOWN))) == 7


def test_definitions_are_compared_with_accepted_returns(home: Path, tmp_path: Path) -> None:
    store.submit(home, write(tmp_path, [spend(date_from="2023-04-01", date_to="2024-03-31")]), KNOWN, NOW)
    with pytest.raises(store.Refused) as refusal:
        store.submit(home, write(tmp_path, [spend(local_definition="Ten miles")]), KNOWN, NOW)
    assert [(error.row, error.column) for error in refusal.value.errors] == [(2, "local_definition")]


def test_damaged_bytes_are_noticed_and_mended_by_the_same_file(home: Path, tmp_path: Path) -> None:
    path = write(tmp_path, [spend()])
    kept = store.submit(home, path, KNOWN, NOW)
    target = store.object_path(home, kept.sha256)
    target.unlink()
    target.write_bytes(b"changed")
    with pytest.raises(store.ReturnsDamaged, match="no longer has the hash"):
        store.rows_in_force(home, KNOWN)
    assert not store.submit(home, path, KNOWN, NOW).is_new
    assert len(store.rows_in_force(home, KNOWN)) == 1


def test_bytes_of_a_killed_submit_are_nobodys(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    path = write(tmp_path, [spend()])
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(store, "append_json", killed)
        store.submit(home, path, KNOWN, NOW)
    assert store.submissions(home) == []
    assert store.submit(home, path, KNOWN, NOW).sequence == 1


LOCKED = """
import sys
from pathlib import Path
from atf_dagster.files import single_writer
with single_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def running_refresh(home: Path) -> Iterator[None]:
    """Another process has the lock of the home."""
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCKED, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        yield
    finally:
        holder.communicate("")


def test_no_return_arrives_while_a_refresh_runs(home: Path, tmp_path: Path) -> None:
    with running_refresh(home), pytest.raises(AnotherRefreshIsRunning):
        store.submit(home, write(tmp_path, [spend()]), KNOWN, NOW)
    assert store.submissions(home) == []


def test_a_bad_file_is_refused_at_once_also_while_a_refresh_runs(home: Path, tmp_path: Path) -> None:
    """Its check does not wait for the lock, and no refresh waits for its check."""
    with running_refresh(home), pytest.raises(store.Refused) as refused:
        store.submit(home, write(tmp_path, [spend(numerator="£1")]), KNOWN, NOW)
    assert [(error.row, error.column) for error in refused.value.errors] == [(2, "numerator")]


PROCESS = """
import argparse, sys
from pathlib import Path
from atf_dagster.cli import returns as commands
from atf_dagster.settings import Settings
parser = argparse.ArgumentParser()
commands.add_parser(parser.add_subparsers(required=True))
options = parser.parse_args(sys.argv[2:])
code = options.run(Settings(home=Path(sys.argv[1])), options)
heavy = {"dagster", "dbt", "great_expectations"} & set(sys.modules)
assert not heavy, heavy
sys.exit(code)
"""


def atf_returns(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`atf returns ...` as a process of its own."""
    given = [sys.executable, "-c", PROCESS, str(home), "returns", *words]
    return subprocess.run(given, check=False, capture_output=True, text=True, timeout=60)


def test_the_commands_as_processes(home: Path, tmp_path: Path) -> None:
    template = atf_returns(home, "template")
    assert (template.returncode, template.stdout.strip()) == (0, ",".join(COLUMNS))
    assert "suppression_flag: " in atf_returns(home, "template", "--guidance").stdout
    assert "No returns" in atf_returns(home, "list").stdout

    bad = write(tmp_path, [spend(numerator="£1", data_status="Final")], "bad.csv")
    for word in ("check", "submit"):
        refused = atf_returns(home, word, str(bad))
        assert refused.returncode == 1
        assert "row 2, numerator: '£1' has a pound sign. What to do: " in refused.stdout
        assert "row 2, data_status: " in refused.stdout
        assert "2 errors in bad.csv; nothing was kept." in refused.stderr

    good = write(tmp_path, good_rows())
    looked = atf_returns(home, "check", str(good))
    assert (looked.returncode, "No errors in 6 rows" in looked.stdout) == (0, True), looked
    assert not store.submissions(home)
    sent = atf_returns(home, "submit", str(good))
    assert (sent.returncode, "Submission 1 is kept" in sent.stdout) == (0, True), sent
    again = atf_returns(home, "submit", str(good))
    assert (again.returncode, "nothing was added" in again.stdout) == (0, True), again
    listed = atf_returns(home, "list").stdout
    assert "return.csv" in listed
    assert store.submissions(home)[0].sha256 in listed


def test_the_template_never_overwrites_a_file(home: Path, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    returns.add_parser(parser.add_subparsers(required=True))
    target = tmp_path / "template.csv"
    options = parser.parse_args(["returns", "template", "--indicator", "ATF21", "--out", str(target)])
    assert options.run(Settings(home=home), options) == 0
    target.write_text("filled in")
    with pytest.raises(AtfError, match="exists"):
        options.run(Settings(home=home), options)
    assert target.read_text() == "filled in"
