"""A fetch run against a publisher on loopback: the receipt of each outcome."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import time
from pathlib import Path

import pytest
from one_table_publisher import DATASET, PART, A, B, OneTablePublisher, fetch_once

from atf_dagster.catalogue import Dataset, load
from atf_dagster.http import Client, Download, FetchError, Host
from atf_dagster.landing import Store, Verdict
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.landing.probing import probe
from support.server import closed_address


def test_what_a_publisher_serves_is_kept_byte_for_byte(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    attempt = fetch_once(landing, publisher.url)
    assert (attempt.outcome, attempt.status, attempt.bytes) == ("landed", 200, len(A))
    (vintage,) = store.vintages(DATASET, PART)
    assert store.verified(vintage)[0].read_bytes() == A
    assert vintage.sha256 == hashlib.sha256(A).hexdigest()
    assert "indicator=modelled-unemployment" in vintage.url


def test_a_to_b_to_a_is_three_vintages_and_two_contents(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    outcomes = []
    for body in (A, A, B, B, A):
        publisher.body = body
        outcomes.append(fetch_once(landing, publisher.url).outcome)
    assert outcomes == ["landed", "unchanged", "landed", "unchanged", "landed"]
    vintages = store.vintages(DATASET, PART)
    assert [store.verified(vintage)[0].read_bytes() for vintage in vintages] == [A, B, A]
    assert [vintage.retrieved_at for vintage in vintages] == sorted({vintage.retrieved_at for vintage in vintages})
    stored = {path.read_bytes() for path in landing.glob("objects/*/*")} - {json.dumps(publisher.cards).encode()}
    assert stored == {A, B}
    assert [attempt.sequence for attempt in store.attempts(DATASET, PART)] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, b"<!doctype html><html><body>Sorry</body></html>", "rejected", "html_body"),
        (200, b"", "rejected", "empty_body"),
        (200, b"areacd,areanm,period,value,status\n", "rejected", "header_only"),
        (200, A.replace(b"value", b"observation"), "rejected", "missing_column"),
    ],
)
def test_a_body_that_is_not_the_table_is_kept_with_its_receipt_and_never_lands(
    publisher: OneTablePublisher, landing: Path, store: Store, status: int, body: bytes, outcome: str, reason: str
) -> None:
    publisher.status, publisher.body = status, body
    fetch_once(landing, publisher.url)
    (receipt,) = store.attempts(DATASET, PART)
    assert (receipt.outcome, receipt.reason, receipt.status) == (outcome, reason, status)
    assert receipt.message and receipt.remedy
    assert receipt.sha256 == hashlib.sha256(body).hexdigest()
    assert store.object_path(receipt.sha256).read_bytes() == body
    assert store.vintages(DATASET, PART) == []


@pytest.mark.parametrize("status", [404, 500])
def test_a_status_that_is_no_success_leaves_a_receipt(
    publisher: OneTablePublisher, landing: Path, store: Store, status: int
) -> None:
    publisher.status = status
    fetch_once(landing, publisher.url)
    (receipt,) = store.attempts(DATASET, PART)
    assert (receipt.outcome, receipt.status, receipt.sha256) == ("failed", status, None)
    assert receipt.message and receipt.remedy
    assert receipt.failing_since == receipt.finished_at


def test_a_publisher_who_cannot_be_reached_leaves_a_receipt(landing: Path, store: Store) -> None:
    fetch_once(landing, closed_address())
    (receipt,) = store.attempts(DATASET, PART)
    assert receipt.outcome == "failed"
    assert receipt.status is None
    assert receipt.message and receipt.remedy
    assert list(store.incoming.iterdir()) == []


def test_a_receipt_says_since_when_it_fails_until_it_works_again(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    for status in (500, 500, 200, 500):
        publisher.status = status
        fetch_once(landing, publisher.url)
    first, second, good, again = store.attempts(DATASET, PART)
    assert first.failing_since == second.failing_since == first.finished_at
    assert good.failing_since is None
    assert again.failing_since == again.finished_at


def test_a_failure_after_success_leaves_the_vintage_in_force(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    fetch_once(landing, publisher.url)
    publisher.body = b"<html>down for maintenance</html>"
    fetch_once(landing, publisher.url)
    (vintage,) = store.vintages(DATASET, PART)
    assert store.verified(vintage)[0].read_bytes() == A


def test_an_added_column_lands_and_is_named(publisher: OneTablePublisher, landing: Path) -> None:
    publisher.body = A.replace(b"status\n", b"status,Footnote\n").replace(b"4.1,\n", b"4.1,,see page\n")
    attempt = fetch_once(landing, publisher.url)
    assert (attempt.outcome, attempt.columns_added) == ("landed", ("footnote",))


def test_a_header_with_an_odd_character_does_not_lose_the_vintage(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    publisher.headers = {"ETag": '"a\x85b"'}
    assert fetch_once(landing, publisher.url).outcome == "landed"
    assert len(store.vintages(DATASET, PART)) == 1
    assert fetch_once(landing, publisher.url).outcome == "unchanged"


def test_a_lost_content_is_fetched_again(publisher: OneTablePublisher, landing: Path, store: Store) -> None:
    """An engineer may remove a damaged object; as long as the publisher serves it, it comes back."""
    publisher.headers = {"ETag": '"one"'}
    fetch_once(landing, publisher.url)
    (vintage,) = store.vintages(DATASET, PART)
    store.object_path(vintage.sha256).unlink()
    fetch_once(landing, publisher.url)
    assert store.verified(vintage)[0].read_bytes() == A


def test_a_body_cut_between_two_lines_without_a_length_never_lands(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    row = b"E06000007,Warrington,2023-01-01/P1Y,3.1,\n"
    publisher.says_length, publisher.body = False, A + row
    assert fetch_once(landing, publisher.url).outcome == "landed"
    publisher.body = A
    cut = fetch_once(landing, publisher.url)
    assert (cut.outcome, cut.reason) == ("rejected", "truncated_body")
    assert cut.message and str(len(A)) in cut.message and str(len(A + row)) in cut.message
    publisher.says_length = True
    assert fetch_once(landing, publisher.url).outcome == "landed"


def test_arrival_orders_vintages_when_the_clock_goes_back(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    fetch_once(landing, publisher.url)
    (first,) = store.attempts(DATASET, PART)
    path = landing / DATASET / PART
    tomorrow = (dt.datetime.fromisoformat(first.finished_at) + dt.timedelta(days=1)).isoformat(timespec="microseconds")
    for name in ("attempts.jsonl", "vintages.jsonl"):
        text = (path / name).read_text("utf-8").replace(first.finished_at, tomorrow)
        (path / name).write_text(text, encoding="utf-8")
    publisher.body = B
    assert fetch_once(landing, publisher.url, run_id="the clock went back a day").finished_at > tomorrow
    assert [vintage.run_id for vintage in store.vintages(DATASET, PART)][-1] == "the clock went back a day"


def long_ago(landing: Path) -> None:
    """Make the last whole download forty days old."""
    receipts = landing / DATASET / PART / "attempts.jsonl"
    lines = receipts.read_text("utf-8").splitlines()
    record = json.loads(lines[-1])
    record["checked_at"] = (dt.datetime.now(dt.UTC) - dt.timedelta(days=40)).isoformat()
    receipts.write_text("\n".join([*lines[:-1], json.dumps(record)]) + "\n", "utf-8")


def test_the_monthly_check_looks_behind_a_publisher_that_always_says_304(
    publisher: OneTablePublisher, landing: Path
) -> None:
    publisher.headers = {"ETag": '"one"'}
    fetch_once(landing, publisher.url)
    publisher.body, publisher.lies = B, True
    unchanged = fetch_once(landing, publisher.url)
    assert unchanged.outcome == "unchanged"
    assert unchanged.checked_at is not None and unchanged.checked_at < unchanged.started_at  # a 304 is not a full check
    long_ago(landing)
    assert fetch_once(landing, publisher.url).outcome == "landed"


def test_a_probe_with_news_is_believed_more_than_a_304(publisher: OneTablePublisher, landing: Path) -> None:
    publisher.headers = {"ETag": '"one"'}
    publisher.cards = [{"slug": "modelled-unemployment", "dataModified": "2026-01-01"}]
    fetch_once(landing, publisher.url)
    publisher.cards = [{"slug": "modelled-unemployment", "dataModified": "2026-02-01"}]
    publisher.body, publisher.lies = B, True
    assert fetch_once(landing, publisher.url).outcome == "landed"


def test_a_vintage_that_could_not_be_read_is_asked_for_again_whatever_the_probe_says(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    publisher.cards = [{"slug": "modelled-unemployment", "dataModified": "2026-01-01"}]
    fetch_once(landing, publisher.url)
    (vintage,) = store.vintages(DATASET, PART)
    store.add_verdict(vintage, Verdict(1, "raw", "rejected", "1", "2026-01-01T00:00:00+00:00", "run"))
    publisher.tables_asked = 0
    publisher.body = B
    assert fetch_once(landing, publisher.url).outcome == "landed"
    assert publisher.tables_asked == 1


def test_a_probe_is_believed_only_of_a_vintage_that_was_written(
    publisher: OneTablePublisher, landing: Path, store: Store
) -> None:
    """As a kill between receipt and vintage leaves it, with a failed attempt behind it."""
    publisher.cards = [{"slug": "modelled-unemployment", "dataModified": "2026-01-01"}]
    fetch_once(landing, publisher.url)
    vintages = landing / DATASET / PART / "vintages.jsonl"
    of_the_first = vintages.read_bytes()
    publisher.cards, publisher.body = [{"slug": "modelled-unemployment", "dataModified": "2026-02-01"}], B
    assert fetch_once(landing, publisher.url).outcome == "landed"
    vintages.write_bytes(of_the_first)
    assert fetch_once(landing, closed_address()).outcome == "failed"

    catalogue = load()
    urls = {service.id: publisher.url for service in catalogue.services}
    with Client([Host(publisher.url, 0)], user_agent="atf-tests") as client:
        (probed,) = probe(FetchRun(catalogue, store, client, urls, "live", "run"), [DATASET])
    assert (probed.sign, probed.token) == ("changed", "2026-02-01")
    assert fetch_once(landing, publisher.url).outcome == "landed"
    assert [store.verified(vintage)[0].read_bytes() for vintage in store.vintages(DATASET, PART)] == [A, B]


def test_a_listing_that_cannot_be_had_is_asked_for_once_a_round(publisher: OneTablePublisher, landing: Path) -> None:
    asked: list[str] = []

    def broken(url: str, *arguments: object, **options: object) -> Download:
        asked.append(url)
        raise FetchError(kind="timeout", url=url, message="slow", remedy="wait", attempts=1)

    catalogue = load()
    client = Client([Host(publisher.url, 0)], user_agent="atf-tests")
    client.download = broken  # type: ignore[method-assign]
    urls = {service.id: publisher.url for service in catalogue.services}
    slugs = [dataset.id for collection, dataset in catalogue.datasets if collection.service.id == "ons_els"]
    attempts = FetchRun(catalogue, Store(landing), client, urls, "live", "run").fetch(slugs)
    assert len(attempts) == len(slugs) > 10
    assert {attempt.reason for attempt in attempts} == {"timeout"}
    assert len(asked) == 1


def test_a_disk_that_is_full_for_one_part_ends_the_fetch_run_without_asking_for_all(
    landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def fetch_part(run: FetchRun, collection: object, dataset: Dataset, part: object) -> None:
        begun.append(dataset.id)
        if len(begun) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        time.sleep(0.02)

    monkeypatch.setattr(FetchRun, "_fetch_part", fetch_part)
    catalogue = load()
    every = [dataset.id for _, dataset in catalogue.datasets]
    with Client([Host(closed_address(), 0)], user_agent="atf-tests") as client:
        run = FetchRun(catalogue, Store(landing), client, {}, "live", "run")
        with pytest.raises(OSError, match="No space left"):
            run.fetch(every)
    assert len(begun) < len(every) / 2
