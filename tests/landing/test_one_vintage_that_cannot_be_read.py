"""Whatever goes wrong while one vintage is read is its verdict: the others are read, and a good body is taken.

Belongs here: refused bodies, errors of every kind, damaged bytes of landing, each between landing and raw. Does not
belong here: which bodies are refused (tests/formats), the whole refresh (tests/faults, tests/drills).
"""

from __future__ import annotations

import csv
import dataclasses
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from one_table_publisher import DATASET, PART, A, B, OneTablePublisher, fetch_once

from atf_dagster.catalogue import load
from atf_dagster.errors import AtfError
from atf_dagster.formats import readers
from atf_dagster.landing import Attempt, Store, Vintage
from atf_dagster.landing.raw_verdicts import Parsed
from atf_dagster.landing.records import LANDING_DAMAGED
from atf_dagster.landing.source_issues import SourceIssue, source_issues
from atf_dagster.warehouse import raw

HEADING = b"areacd,areanm,period,value,lci_95,uci_95,status\n"
LIMITS = HEADING + b"E06000006,Halton,2023-01-01/P1Y,4.1,3.9,4.3,\nE08000012,Liverpool,2023-01-01/P1Y,5.1,4.9,5.3,\n"


def parse(store: Store, folder: Path) -> list[Parsed]:
    return raw.parse_new(load(), store, folder / "raw", "run", lambda line: None)


def parsed_rows(store: Store, folder: Path, vintage: Vintage) -> list[tuple[Any, ...]]:
    """Value and status of the vintage's rows."""
    collection, _ = load().dataset(DATASET)
    path = raw.vintage_file(folder / "raw", collection, vintage)
    return duckdb.read_parquet(str(path)).project("value, status").fetchall()


def issue(store: Store) -> SourceIssue:
    (found,) = [one for one in source_issues(load(), store) if one.dataset == DATASET]
    return found


@pytest.mark.parametrize(
    ("damaged", "reason", "says"),
    [
        (B.replace(b"4.2,", b"4,2,"), "ragged_rows", "Line 2 "),
        (B.replace(b"Halton", b'"Halton'), "stray_quote", "Line 2 "),
        (B.replace(b"status", b'""status"'), "stray_quote", "Line 1 "),
        (B + b"\n" * 70_000, "blank_line", "Line 3 "),
        (B.replace(b"4.2", b"4.2\0"), "wrong_encoding", "line 2 "),
        (B.split(b"\n")[0] + b"\n", "header_only", "no rows"),
    ],
)
def test_a_body_that_is_no_csv_is_refused_when_it_lands_and_the_next_good_one_is_taken(
    publisher: OneTablePublisher, landing: Path, store: Store, damaged: bytes, reason: str, says: str
) -> None:
    outcomes = []
    for body in (A, damaged, damaged, B):
        publisher.body = body
        outcomes.append(fetch_once(landing, publisher.url))
        parse(store, landing)
    assert [attempt.outcome for attempt in outcomes] == ["landed", "rejected", "rejected", "landed"]
    assert outcomes[1].reason == reason
    assert says in str(outcomes[1].message)
    assert outcomes[1].remedy
    first, second = store.vintages(DATASET, PART)
    assert parsed_rows(store, landing, first) == [("4.1", None)]
    assert parsed_rows(store, landing, second) == [("4.2", None)]


def put_into_landing(store: Store, attempt: Attempt, body: bytes) -> None:
    """A vintage as an earlier version of the program may have accepted it."""
    digest = hashlib.sha256(body).hexdigest()
    temporary = store.incoming / "body"
    temporary.write_bytes(body)
    store.keep(temporary, digest)
    store.record(dataclasses.replace(attempt, sha256=digest, bytes=len(body), probe=None, rows_sha256=None))


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (B.replace(b"4.2,", b"4,2,"), "ragged_rows"),
        (B.replace(b"Halton", b'"Halton'), "stray_quote"),
        (B.replace(b"status", b'""status"'), "stray_quote"),
        (B.split(b"\n")[0] + b"\n" * 70_000, "blank_line"),
        (B.split(b"\n")[0] + b"\n", "no_rows"),
    ],
)
def test_a_body_that_landed_under_older_rules_is_rejected_by_raw_and_the_next_good_one_is_taken(
    publisher: OneTablePublisher, landing: Path, store: Store, damaged: bytes, reason: str
) -> None:
    attempt = fetch_once(landing, publisher.url)
    put_into_landing(store, attempt, damaged)
    verdicts = [entry.verdict for entry in parse(store, landing)]
    assert [verdict.verdict for verdict in verdicts] == ["parsed", "rejected"]
    assert verdicts[1].reason == reason
    assert issue(store).reason == reason
    publisher.body = B
    assert fetch_once(landing, publisher.url).outcome == "landed"
    assert [entry.verdict.verdict for entry in parse(store, landing)] == ["parsed", "rejected", "parsed"]
    assert parsed_rows(store, landing, store.vintages(DATASET, PART)[-1]) == [("4.2", None)]
    assert source_issues(load(), store) == []


ERRORS: list[Callable[[], Exception]] = [
    lambda: csv.Error("new-line character seen in unquoted field"),
    lambda: duckdb.InvalidInputException("The CSV Parser state machine reached an invalid state"),
    lambda: duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"),
    lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    MemoryError,
    lambda: RuntimeError("a reader of workbooks panicked"),
    lambda: AtfError("The program that reads workbooks failed by itself.", "Run `uv sync`."),
    lambda: OSError(errno.EINVAL, "Invalid argument"),  # a damaged zip makes Python seek before its start
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda made: type(made()).__name__)
def test_any_error_of_reading_is_the_verdict_of_its_vintage_until_it_is_gone(
    publisher: OneTablePublisher,
    landing: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    error: Callable[[], Exception],
) -> None:
    fetch_once(landing, publisher.url)
    parse(store, landing)
    publisher.body = B
    fetch_once(landing, publisher.url)

    def fails(*arguments: object, **named: object) -> int:
        raise error()

    with monkeypatch.context() as patch:
        patch.setattr(readers, "to_parquet", fails)
        verdicts = [entry.verdict for entry in parse(store, landing)]
    assert [verdict.verdict for verdict in verdicts] == ["parsed", "rejected"]
    told = issue(store)
    assert store.vintages(DATASET, PART)[-1].id in told.message
    assert told.remedy
    assert [entry.verdict.verdict for entry in parse(store, landing)] == ["parsed", "parsed"]
    assert source_issues(load(), store) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EMFILE])
def test_a_full_or_broken_disk_is_no_verdict_on_a_vintage(
    publisher: OneTablePublisher, landing: Path, store: Store, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fetch_once(landing, publisher.url)
    for error in (OSError(code, os.strerror(code)), duckdb.IOException(f"IO Error: {os.strerror(code)}")):

        def fails(*arguments: object, error: Exception = error, **named: object) -> int:
            raise error

        with monkeypatch.context() as patch, pytest.raises(type(error)):
            patch.setattr(readers, "to_parquet", fails)
            parse(store, landing)
    assert store.verdicts(DATASET, PART) == {}


def change(path: Path, content: bytes | None) -> None:
    """Damage a kept file, or remove it."""
    path.chmod(0o644)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("content", [None, b"", A.replace(b"4.1", b"9.1")], ids=["missing", "empty", "changed"])
@pytest.mark.parametrize("number", [1, 2], ids=["an older vintage", "the newest vintage"])
def test_damaged_bytes_of_landing_are_the_issue_of_their_dataset_until_they_are_restored(
    publisher: OneTablePublisher, landing: Path, store: Store, content: bytes | None, number: int
) -> None:
    for body in (A, B):
        publisher.body = body
        fetch_once(landing, publisher.url)
    vintage = store.vintages(DATASET, PART)[number - 1]
    path = store.object_path(vintage.sha256)
    whole = path.read_bytes()
    change(path, content)
    verdicts = {entry.vintage.sequence: entry.verdict.verdict for entry in parse(store, landing)}
    assert verdicts == {number: "rejected", 3 - number: "parsed"}
    told = issue(store)
    assert (told.kind, told.reason) == ("rejected", LANDING_DAMAGED)
    assert str(path) in told.message
    assert vintage.id in told.message
    assert "backup" in told.remedy
    assert not raw.is_readable_again(load(), store)
    path.unlink(missing_ok=True)
    path.write_bytes(whole)
    assert raw.is_readable_again(load(), store)
    assert {entry.verdict.verdict for entry in parse(store, landing)} == {"parsed"}
    assert source_issues(load(), store) == []


@pytest.mark.parametrize("content", [None, b"half of it"])
def test_a_publisher_that_still_serves_damaged_bytes_restores_them(
    publisher: OneTablePublisher, landing: Path, store: Store, content: bytes | None
) -> None:
    fetch_once(landing, publisher.url)
    (vintage,) = store.vintages(DATASET, PART)
    change(store.object_path(vintage.sha256), content)
    parse(store, landing)
    assert issue(store).reason == LANDING_DAMAGED
    fetch_once(landing, publisher.url)
    assert store.verified(vintage)[0].read_bytes() == A
    assert {entry.verdict.verdict for entry in parse(store, landing)} == {"parsed"}
    assert source_issues(load(), store) == []


# the heading -----------------------------------------------------------------------------------------------


def served_after(publisher: OneTablePublisher, landing: Path, first: bytes, then: bytes) -> Attempt:
    for body in (first, then):
        publisher.body = body
        attempt = fetch_once(landing, publisher.url)
    return attempt


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"lci_95,uci_95", b"uci_95,lci_95", "uci_95 where it had lci_95"),
        (b"areacd,areanm", b"areanm,areacd", "areanm where it had areacd"),
        (b"value,lci_95,uci_95,status", b"status,lci_95,uci_95,value", "status where it had value"),
        (b"lci_95", b"lci95", "lci95 where it had lci_95"),  # an optional column would be lost
    ],
)
def test_a_heading_that_changes_over_rows_that_do_not_is_refused(
    publisher: OneTablePublisher, landing: Path, old: bytes, new: bytes, says: str
) -> None:
    attempt = served_after(publisher, landing, LIMITS, LIMITS.replace(old, new))
    assert (attempt.outcome, attempt.reason) == ("rejected", "heading_changed")
    assert says in str(attempt.message)


def moved(body: bytes) -> bytes:
    """The same table with its columns in another order."""
    return b"\n".join(b",".join(reversed(line.split(b","))) for line in body.splitlines()) + b"\n"


@pytest.mark.parametrize(
    "then",
    [
        moved(LIMITS),
        LIMITS.replace(b"status", b"status,note").replace(b",\n", b",,x\n"),
        LIMITS.replace(b"4.1", b"4.2"),
        B,
    ],
    ids=["columns move with their cells", "a column is added", "a figure is revised", "columns go with their cells"],
)
def test_a_heading_that_changes_with_its_rows_is_read(publisher: OneTablePublisher, landing: Path, then: bytes) -> None:
    assert served_after(publisher, landing, LIMITS, then).outcome == "landed"


def test_the_probe_of_a_refused_body_keeps_nothing_in_force(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    """The last receipt is not trusted to say that nothing changed."""
    served_after(publisher, landing, A, B.replace(b"Halton", b'"Halton'))
    publisher.body = B
    assert fetch_once(landing, publisher.url).outcome == "landed"
    assert [vintage.sequence for vintage in store.vintages(DATASET, PART)] == [1, 2]
