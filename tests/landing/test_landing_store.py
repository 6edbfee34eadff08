"""The store: bytes once per content, vintages in the order of arrival, and damage that is never overlooked."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
from pathlib import Path

import pytest

from atf_dagster.landing import Attempt, Store, Verdict
from atf_dagster.landing.store import LandingDamaged

LANDED = Attempt(
    dataset="some_dataset",
    part="councils",
    mode="live",
    url="https://publisher.example/table.csv",
    outcome="landed",
    started_at="2025-03-01T06:00:00+00:00",
    finished_at="2025-03-01T06:00:01+00:00",
    run_id="run-1",
    tool_version="0",
    status=200,
    encoding="utf-8-sig",
)
VERDICT = Verdict(sequence=1, stage="raw", verdict="parsed", rules="1", at="2025-03-01T06:00:02+00:00", run_id="run-1")


def land(store: Store, body: bytes, **facts: str) -> Path:
    """Keep `body` and write its receipt; the path of the bytes."""
    sha256 = hashlib.sha256(body).hexdigest()
    temporary = store.incoming / f"download-{len(list(store.incoming.iterdir()))}"
    temporary.write_bytes(body)
    kept = store.keep(temporary, sha256)
    store.record(dataclasses.replace(LANDED, sha256=sha256, bytes=len(body), **facts))  # type: ignore[arg-type]
    return kept


def test_bytes_are_stored_once_per_content(store: Store) -> None:
    first = land(store, b"a,b\n1,2\n")
    before = first.stat()
    second = land(store, b"a,b\n1,2\n")
    other = land(store, b"a,b\n3,4\n")
    assert second == first != other
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert sorted(path.name for path in store.root.glob("objects/*/*")) == sorted([first.name, other.name])
    assert list(store.incoming.iterdir()) == []


def test_stored_bytes_are_named_by_their_hash_and_read_only(store: Store) -> None:
    body = b"\xef\xbb\xbfa,b\r\n1,2\r\n"
    kept = land(store, body)
    assert kept == store.object_path(hashlib.sha256(body).hexdigest())
    assert kept.read_bytes() == body
    assert kept.stat().st_mode & 0o777 == 0o444


def test_leftovers_of_a_killed_run_are_removed(store: Store) -> None:
    (store.incoming / "half-a-download").write_bytes(b"a,b\n1,")
    assert list(Store(store.root).incoming.iterdir()) == []


def test_a_content_that_comes_back_is_a_vintage_of_its_own(store: Store) -> None:
    for minute, body in enumerate((b"A", b"B", b"A")):
        land(store, body, finished_at=f"2025-03-01T06:0{minute}:00+00:00")
    vintages = store.vintages("some_dataset", "councils")
    assert [vintage.sequence for vintage in vintages] == [1, 2, 3]
    assert vintages[0].sha256 == vintages[2].sha256 != vintages[1].sha256
    assert len({vintage.id for vintage in vintages}) == 3
    assert len(list(store.root.glob("objects/*/*"))) == 2


def test_the_time_of_retrieval_never_goes_backwards(store: Store) -> None:
    """A clock that was set back must not put a newer vintage before an older one."""
    for body, clock in ((b"A", "2025-03-01T06:00:00"), (b"B", "2024-01-01T00:00:00"), (b"C", "2025-03-01T06:00:00")):
        land(store, body, finished_at=f"{clock}+00:00")
    times = [vintage.retrieved_at for vintage in store.vintages("some_dataset", "councils")]
    assert times == sorted(set(times))
    assert times[0] == dt.datetime(2025, 3, 1, 6, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("last_modified", "published"),
    [
        ("Wed, 01 Jan 2025 10:00:00 GMT", "2025-01-01T10:00:00+00:00"),
        ("Thu, 01 Jan 2099 10:00:00 GMT", "2025-03-01T06:00:01+00:00"),
        ("Wed, 01 Jan 2025 10:00:00 -0000", "2025-01-01T10:00:00+00:00"),
        ("last Tuesday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_publication_date_in_the_future_is_clamped(
    store: Store, last_modified: str | None, published: str | None
) -> None:
    land(store, b"A", **({} if last_modified is None else {"last_modified": last_modified}))
    (vintage,) = store.vintages("some_dataset", "councils")
    expected = None if published is None else dt.datetime.fromisoformat(published)
    assert vintage.published_at == expected


def test_changed_bytes_are_noticed_and_named(store: Store) -> None:
    kept = land(store, b"a,b\n1,2\n")
    (vintage,) = store.vintages("some_dataset", "councils")
    assert store.verified(vintage) == [kept]
    os.chmod(kept, 0o644)
    kept.write_bytes(b"a,b\n1,3\n")
    with pytest.raises(LandingDamaged) as damaged:
        store.verified(vintage)
    assert str(kept) in str(damaged.value)
    assert vintage.id in str(damaged.value)
    assert "backup" in str(damaged.value)


def test_missing_bytes_are_noticed_and_named(store: Store) -> None:
    kept = land(store, b"a,b\n1,2\n")
    (vintage,) = store.vintages("some_dataset", "councils")
    kept.unlink()
    with pytest.raises(LandingDamaged, match=f"{kept} is missing"):
        store.verified(vintage)


def test_a_torn_receipt_of_a_killed_run_does_not_spoil_the_next(store: Store) -> None:
    land(store, b"A")
    folder = store.root / "some_dataset" / "councils"
    for name in ("attempts.jsonl", "vintages.jsonl"):
        with (folder / name).open("ab") as stream:
            stream.write(b'{"dataset": "some_dataset", "part": "coun')
    assert [vintage.sequence for vintage in store.vintages("some_dataset", "councils")] == [1]
    last = store.last_attempt("some_dataset", "councils")
    assert last is not None and last.sha256 == hashlib.sha256(b"A").hexdigest()
    land(store, b"B", finished_at="2025-03-02T06:00:00+00:00")
    assert [vintage.sequence for vintage in store.vintages("some_dataset", "councils")] == [1, 2]
    assert len(store.attempts("some_dataset", "councils")) == 2


def test_the_newest_verdict_of_a_stage_counts(store: Store) -> None:
    land(store, b"A")
    (vintage,) = store.vintages("some_dataset", "councils")
    for verdict in (
        VERDICT,
        dataclasses.replace(VERDICT, stage="admission", verdict="quarantined", reason="first"),
        dataclasses.replace(VERDICT, stage="admission", verdict="admitted", rules="2"),
    ):
        store.add_verdict(vintage, verdict)
    found = store.verdicts("some_dataset", "councils")
    assert found[1, "raw"].verdict == "parsed"
    assert found[1, "admission"].verdict == "admitted"
    assert found[1, "admission"].rules == "2"


def test_a_receipt_is_read_as_it_was_written(store: Store) -> None:
    attempt = dataclasses.replace(
        LANDED,
        outcome="rejected",
        reason="html_body",
        message="<html> & £ \u2013 \u2028",
        columns_added=("new_column",),
    )
    store.record(attempt)
    assert store.attempts("some_dataset", "councils") == [attempt]
    assert store.vintages("some_dataset", "councils") == []
