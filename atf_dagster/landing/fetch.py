"""The fetch run: it asks every publisher and keeps the answers, with one attempt and one receipt for each part.

Belongs here: the outcome of an attempt, the order of writing, the number of threads. Does not belong here: retries and
pace (`http`), which requests to send and what a good body is (`sources`), what a publisher's module may do while it
fetches (`fetch_context`).
"""

import datetime as dt
import hashlib
import itertools
import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from atf_dagster import __version__
from atf_dagster.catalogue import Catalogue, Collection, Dataset, Part
from atf_dagster.errors import AtfError
from atf_dagster.files import is_of_this_machine
from atf_dagster.formats import readers
from atf_dagster.formats.body import BodyRejected, NoData, NotTaken, Skipped, one_line
from atf_dagster.http import Client, FetchError, SnapshotMiss
from atf_dagster.http.redaction import redact
from atf_dagster.landing.fetch_context import Listings, PartContext, answer_of
from atf_dagster.landing.records import GOOD, Attempt, Origin, Outcome, Vintage
from atf_dagster.landing.store import Store
from atf_dagster.sources import SOURCES
from atf_dagster.sources.base import Collected, Page, Source, Unchanged

THREADS = 8
A = TypeVar("A", bound=PartContext)
SORTED_BYTES = 50_000_000
"""Larger bodies are not sorted to see whether only the order changed; then a new order is a new vintage."""


class Clock:
    """UTC that is never behind a recorded time: vintages stay in order of arrival, even if the clock goes back."""

    def __init__(self) -> None:
        self._floor = dt.datetime.min.replace(tzinfo=dt.UTC)

    def advance_past(self, recorded: dt.datetime | None) -> None:
        if recorded is not None:
            self._floor = recorded + dt.timedelta(microseconds=1)

    def now(self) -> str:
        return max(dt.datetime.now(dt.UTC), self._floor).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class FetchRun:
    """What one fetch run needs. `base_urls` maps services, and `<service>_<name>`, to addresses."""

    catalogue: Catalogue
    store: Store
    client: Client
    base_urls: Mapping[str, str]
    mode: str
    run_id: str
    keys: Mapping[str, str] = field(default_factory=dict)
    """Service -> key, for services that need one."""
    home: Path = Path()
    """The folder of the home; the local returns lie in it."""
    skip: frozenset[str] = frozenset()
    """Services that are not asked."""
    max_bytes: int | None = None
    progress: Callable[[Attempt], None] = lambda attempt: None
    clock: Clock = field(default_factory=Clock)
    shared_listings: Listings = field(default_factory=Listings)

    def fetch(self, dataset_ids: Sequence[str]) -> list[Attempt]:
        """Ask for each part of the datasets, at most eight at a time; one receipt each, in the catalogue's order."""
        self.clock.advance_past(self.store.newest_attempt(self.catalogue))
        _ = self.store.incoming  # made and emptied before the threads start
        wanted = set(dataset_ids)
        tasks = [
            (collection, dataset, part)
            for collection, dataset in self.catalogue.datasets
            if dataset.id in wanted
            for part in collection.parts_of(dataset)
        ]
        with ThreadPoolExecutor(THREADS, thread_name_prefix="fetch") as pool:
            begun = {task: pool.submit(self._fetch_part, *tasks[task]) for task in _services_in_turn(tasks)}
            _, waiting = wait(begun.values(), return_when=FIRST_EXCEPTION)
            for part in waiting:  # a disk that is full for one is full for all
                part.cancel()
            done = [begun[task] for task in range(len(tasks)) if not begun[task].cancelled()]
            return [part.result() for part in done]

    def context(self, kind: type[A], collection: Collection, dataset: Dataset, part: Part, started: str) -> A:
        """The context through which the publisher's module fetches one part."""
        vintages = self.store.vintages(dataset.id, part.id)
        newest = vintages[-1] if vintages and self.store.has(vintages[-1]) else None
        return kind(
            collection=collection,
            dataset=dataset,
            part=part,
            areas=[area.code for area in self.catalogue.areas],
            source_ids=[
                other.source_id
                for its_collection, other in self.catalogue.datasets
                if its_collection.service.id == collection.service.id and its_collection.table != collection.table
            ],
            key=self.keys.get(collection.service.id),
            store=self.store,
            client=self.client,
            base_urls=self.base_urls,
            shared_listings=self.shared_listings,
            home=self.home,
            newest=newest,
            is_distrusted=newest is not None and self._is_unreadable(newest),
            last_check=self.store.last_check(newest) if newest is not None else None,
            max_bytes=dataset.max_bytes if self.max_bytes is None else self.max_bytes,
            now=dt.datetime.fromisoformat(started),
        )

    def _fetch_part(self, collection: Collection, dataset: Dataset, part: Part) -> Attempt:
        started = self.clock.now()
        context = self.context(PartContext, collection, dataset, part, started)
        known, before = context.last_check, self.store.last_attempt(dataset.id, part.id)
        attempt = Attempt(
            dataset=dataset.id,
            part=part.id,
            mode=self.mode,
            url=self.base_urls[collection.service.id],
            outcome="failed",
            started_at=started,
            finished_at="",
            run_id=self.run_id,
            tool_version=__version__,
            probe=known.probe if known else None,
            checked_at=known.checked_at if known else None,
        )
        attempt = self._ask(context, attempt)
        if attempt.outcome == "landed":
            attempt = replace(attempt, sequence=len(self.store.vintages(dataset.id, part.id)) + 1)
        attempt = replace(
            attempt,
            finished_at=self.clock.now(),
            listings=tuple(context.listings),
            # A publisher's text may repeat our key, or look like another line of a log.
            notes=tuple(_fit_to_show(note, context.key) for note in context.notes),
            message=attempt.message and _fit_to_show(attempt.message, context.key),
            release=attempt.release and _fit_to_show(attempt.release, context.key),
            tries=sum(page.tries for page in context.fetched) or attempt.tries,
            waited_seconds=sum(page.waited_seconds for page in context.fetched),
        )
        if attempt.outcome not in GOOD:
            since = before.failing_since if before else None
            attempt = replace(attempt, failing_since=since or attempt.finished_at)
        self.store.record(attempt)
        self.progress(attempt)
        return attempt

    def _is_unreadable(self, vintage: Vintage) -> bool:
        verdict = self.store.verdicts(vintage.dataset, vintage.part).get((vintage.sequence, "raw"))
        return verdict is not None and verdict.verdict == "rejected"

    def _ask(self, context: PartContext, attempt: Attempt) -> Attempt:
        """Let the publisher's module fetch the part, and record the outcome."""
        service = context.collection.service.id
        source = SOURCES[service]
        try:
            if service in self.skip:
                raise Skipped(
                    "switched_off",
                    f"The service {service} was not asked, because ATF_SKIP_SERVICES names it.",
                    "To ask it again, whoever runs the refresh removes it from ATF_SKIP_SERVICES.",
                )
            collected = source.collect(context)
            attempt = self._judge(context, source, collected, _with_pages(context, attempt, collected))
            if attempt.outcome in ("landed", "unchanged"):
                attempt = replace(attempt, probe=context.probe, checked_at=attempt.started_at)
        except Unchanged:
            attempt = _unchanged(context, attempt)
        except NotTaken as reason:
            answered = attempt if reason.outcome == "skipped" else _with_answer(context, attempt)
            attempt = _with_reason(answered, reason.outcome, reason)
        except NoData as nothing:
            attempt = self._nothing(context, _with_answer(context, attempt), nothing.message)
        except SnapshotMiss as miss:
            outcome: Outcome = "not_in_snapshot"
            attempt = replace(_with_reason(attempt, outcome, miss), url=miss.url, reason=outcome)
        except FetchError as error:
            attempt = replace(
                _with_reason(attempt, "failed", error),
                url=error.url,
                status=error.status,
                tries=error.attempts,
                reason=error.kind,
                can_clear=error.retryable,
            )
        except Exception as error:
            # An unexpected answer of one publisher must not stop the others. Errors of the disk do.
            if is_of_this_machine(error):
                raise
            attempt = _with_reason(_with_answer(context, attempt), "rejected", _not_understood(service, error))
        return attempt

    def _judge(self, context: PartContext, source: Source, collected: Collected, attempt: Attempt) -> Attempt:
        newest = context.newest
        rows_sha256 = collected.rows_sha256 or _rows_sha256(context.collection, collected)
        same_rows = newest is not None and rows_sha256 is not None and newest.rows_sha256 == rows_sha256
        if newest is not None and (newest.sha256 == attempt.sha256 or same_rows):
            return _unchanged(context, attempt)
        added: dict[str, None] = {}
        encoding = None
        known = newest.pages if newest is not None else ()
        for page, before in itertools.zip_longest(collected.pages, known[: len(collected.pages)]):
            body = readers.inspect(
                page.path,
                context.collection,
                source,
                # If the connection just closed, only a closed last line shows that the body is complete.
                ends_with_newline=source.ends_with_newline or not page.length_verified,
                before=context.store.object_path(before.sha256) if before is not None else None,
            )
            encoding = encoding or body.encoding
            added |= dict.fromkeys(body.columns_added)
            for note in body.notes:
                context.note(note)
            if not page.length_verified and newest is not None and page.size < newest.bytes:
                raise BodyRejected(
                    "truncated_body",
                    f"The connection closed after {page.size} bytes and nothing shows that the body is complete. The "
                    f"vintage before had {newest.bytes} bytes.",
                    "The cause is the network or the publisher: the next refresh asks again. If the publisher did "
                    "shorten the table, an engineer compares both and asks the publisher to send Content-Length.",
                )
        return replace(
            attempt, outcome="landed", encoding=encoding, columns_added=tuple(added), rows_sha256=rows_sha256
        )

    def _nothing(self, context: PartContext, attempt: Attempt, message: str) -> Attempt:
        is_local = context.collection.service.base_url.startswith("local:")
        if context.newest is None and self.mode == "snapshot" and not is_local:
            # A gap in the snapshot does not mean that the publisher has no data.
            return replace(attempt, outcome="not_in_snapshot", reason="not_in_snapshot", message=message)
        if not context.part.required and context.newest is None:
            return replace(attempt, outcome="no_data", reason="not_published", message=message)
        return replace(
            attempt,
            outcome="rejected",
            reason="header_only",
            message=message,
            remedy="The publisher withdrew, renamed or moved this indicator. An engineer looks at its page "
            f"({context.dataset.page_url}) and changes source_id or the part's parameters in the catalogue.",
        )


def _services_in_turn(tasks: Sequence[tuple[Collection, Dataset, Part]]) -> list[int]:
    """The numbers of the tasks: the first of each service, then the second of each.

    So a slow publisher, or one with a slow pace, does not hold all threads while the others wait.
    """
    before: dict[str, int] = {}
    turns = []
    for task, (collection, _, _) in enumerate(tasks):
        service = collection.service.id
        turns.append((before.get(service, 0), task))
        before[service] = before.get(service, 0) + 1
    return [task for _, task in sorted(turns)]


def _with_reason(attempt: Attempt, outcome: Outcome, why: NotTaken | FetchError) -> Attempt:
    reason = getattr(why, "reason", None)
    return replace(attempt, outcome=outcome, reason=reason, message=why.message, remedy=why.remedy)


def _fit_to_show(text: str, key: str | None) -> str:
    return one_line(redact(text, (key,) if key else ()))


def _not_understood(service: str, error: Exception) -> BodyRejected:
    if isinstance(error, AtfError):
        return BodyRejected("not_read", error.message, error.remedy)
    place = traceback.extract_tb(error.__traceback__)
    where = next((f for f in reversed(place) if f.filename.startswith(str(Path(__file__).parents[1]))), place[-1])
    return BodyRejected(
        "not_understood",
        f"The answer has a shape that this program does not know ({type(error).__name__}: {str(error)[:200]}; "
        f"{Path(where.filename).name}, line {where.lineno}).",
        "The publisher changed its interface, or sent an error page. An engineer compares the kept bytes with what "
        f"sources/{service}.py expects. The next refresh asks again.",
    )


def _unchanged(context: PartContext, attempt: Attempt) -> Attempt:
    """The newest vintage is what the publisher has. After a whole download, the time of the full check is new too."""
    newest = context.newest
    attempt = _with_answer(context, attempt)
    return replace(
        attempt,
        outcome="unchanged",
        url=attempt.url if context.fetched else (newest.url if newest else attempt.url),
        sequence=newest.sequence if newest else None,
        sha256=newest.sha256 if newest else None,
        bytes=newest.bytes if newest else None,
        encoding=newest.encoding if newest else None,
        pages=(),
        probe=context.probe,
        # A 304 is not a full check: the publisher sent no table.
        checked_at=attempt.started_at if any(page.sha256 for page in context.fetched) else attempt.checked_at,
    )


def _with_answer(context: PartContext, attempt: Attempt) -> Attempt:
    """The attempt with status and headers of the last page, for an attempt without a table."""
    return _with_headers(attempt, context.fetched[-1]) if context.fetched else attempt


def _with_pages(context: PartContext, attempt: Attempt, collected: Collected) -> Attempt:
    first = collected.pages[0]
    attempt = replace(
        _with_headers(attempt, first),
        release=collected.release,
        published_at=collected.published_at,
        origin=_origin(first) if attempt.mode == "snapshot" else (),
    )
    if len(collected.pages) == 1:
        return attempt
    pages = tuple(answer_of(page) for page in collected.pages)
    return replace(
        attempt,
        pages=pages,
        sha256=context.store.keep_list(pages),
        bytes=sum(page.bytes for page in pages),
        # The validators of one page are not those of the other pages.
        etag=None,
        last_modified=None,
    )


def _origin(page: Page) -> tuple[Origin, ...]:
    """What the bundled snapshot says of the files behind an answer. Local returns have none."""
    return tuple(Origin(**entry) for entry in json.loads(page.headers.get("x-bundled-origin", "[]")))


def _with_headers(attempt: Attempt, page: Page) -> Attempt:
    return replace(
        attempt,
        url=page.url,
        final_url=page.final_url,
        status=page.status,
        etag=page.headers.get("etag"),
        last_modified=page.headers.get("last-modified"),
        content_type=page.headers.get("content-type"),
        bytes=page.size,
        sha256=page.sha256 or None,
    )


def _rows_sha256(collection: Collection, collected: Collected) -> str | None:
    """Hash of the sorted lines of all pages: publishers serve the same rows in another order from day to day."""
    total = sum(page.size for page in collected.pages)
    if collection.format != "csv" or total > SORTED_BYTES:
        return None
    lines: list[bytes] = []
    for page in collected.pages:
        lines += page.path.read_bytes().splitlines()
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()
