"""The round that asks every publisher and files what came: one attempt and one receipt a part.

Belongs here: the outcome of an attempt, in which order things are written, how many threads.
Does not belong here: retries and pace (`http`), what a good body is (`sources`).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from atf_dagster import __version__
from atf_dagster.catalogue import Catalogue, Collection, Dataset, Part
from atf_dagster.http import Client, Download, FetchError, SnapshotMiss
from atf_dagster.landing.records import GOOD, Attempt, Vintage
from atf_dagster.landing.store import Store
from atf_dagster.sources import SOURCES, BodyRejected, NoData
from atf_dagster.sources.csv_body import inspect

THREADS = 8


class Clock:
    """UTC that never goes back behind what was recorded: vintages are ordered by arrival, whatever the clock did."""

    def __init__(self) -> None:
        self._floor = dt.datetime.min.replace(tzinfo=dt.UTC)

    def advance_past(self, recorded: dt.datetime | None) -> None:
        if recorded is not None:
            self._floor = recorded + dt.timedelta(microseconds=1)

    def now(self) -> str:
        return max(dt.datetime.now(dt.UTC), self._floor).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Round:
    """What one round of fetching needs to know. `base_urls` maps publisher ids to where they are asked."""

    catalogue: Catalogue
    store: Store
    client: Client
    base_urls: dict[str, str]
    mode: str
    run_id: str
    max_bytes: int | None = None
    progress: Callable[[Attempt], None] = lambda attempt: None
    clock: Clock = field(default_factory=Clock)

    def fetch(self, dataset_ids: Sequence[str]) -> list[Attempt]:
        """Ask for each part of the datasets, at most eight at a time; one receipt each, in the catalogue's order."""
        self.clock.advance_past(self.store.newest_attempt(self.catalogue))
        wanted = set(dataset_ids)
        tasks = [
            (collection, dataset, part)
            for collection, dataset in self.catalogue.datasets
            if dataset.id in wanted
            for part in collection.parts
        ]
        with ThreadPoolExecutor(THREADS, thread_name_prefix="fetch") as pool:
            return list(pool.map(lambda task: self._fetch_part(*task), tasks))

    def _fetch_part(self, collection: Collection, dataset: Dataset, part: Part) -> Attempt:
        source = SOURCES[collection.publisher.id]
        question = source.question(collection, dataset, part, [area.code for area in self.catalogue.areas])
        url = self.base_urls[collection.publisher.id] + question.path
        vintages = self.store.vintages(dataset.id, part.id)
        newest = vintages[-1] if vintages and self.store.object_path(vintages[-1].sha256).exists() else None
        attempt = Attempt(
            dataset=dataset.id,
            part=part.id,
            mode=self.mode,
            url=url,
            outcome="failed",
            started_at=self.clock.now(),
            finished_at="",
            run_id=self.run_id,
            tool_version=__version__,
        )
        limit = dataset.max_bytes if self.max_bytes is None else self.max_bytes
        try:
            download = self.client.download(
                url,
                question.params,
                into=self.store.incoming,
                etag=newest.etag if newest else None,
                last_modified=newest.last_modified if newest else None,
                max_bytes=limit,
            )
            attempt = self._judge(collection, dataset, part, _with_download(attempt, download), download, newest)
            if attempt.outcome == "landed":
                attempt = replace(attempt, sequence=len(vintages) + 1)
        except SnapshotMiss as miss:
            attempt = replace(
                attempt,
                url=miss.url,
                outcome="not_in_snapshot",
                reason="not_in_snapshot",
                message=miss.message,
                mend=miss.mend,
            )
        except FetchError as error:
            attempt = replace(
                attempt,
                url=error.url,
                status=error.status,
                tries=error.attempts,
                outcome="failed",
                reason=error.kind,
                message=error.message,
                mend=error.mend,
            )
        attempt = replace(attempt, finished_at=self.clock.now())
        if attempt.outcome not in GOOD:
            before = self.store.last_attempt(dataset.id, part.id)
            since = before.failing_since if before else None
            attempt = replace(attempt, failing_since=since or attempt.finished_at)
        self.store.record(attempt)
        self.progress(attempt)
        return attempt

    def _judge(
        self,
        collection: Collection,
        dataset: Dataset,
        part: Part,
        attempt: Attempt,
        download: Download,
        newest: Vintage | None,
    ) -> Attempt:
        if download.path is None or download.sha256 is None:  # 304: the validators sent were those of `newest`
            known = newest
            return replace(
                attempt,
                outcome="unchanged",
                sequence=known.sequence if known else None,
                sha256=known.sha256 if known else None,
                bytes=known.bytes if known else None,
            )
        kept = self.store.keep(download.path, download.sha256)
        if newest is not None and newest.sha256 == download.sha256:
            return replace(attempt, outcome="unchanged", sequence=newest.sequence, encoding=newest.encoding)
        source = SOURCES[collection.publisher.id]
        try:
            body = inspect(
                kept,
                required=collection.columns,
                optional=collection.optional_columns,
                column_name=source.column_name,
                # A stream that only ended has no other witness for its end than a closed last line.
                ends_with_newline=source.ends_with_newline or not download.length_verified,
            )
            if not download.length_verified and newest is not None and download.size < newest.bytes:
                raise BodyRejected(
                    "truncated_body",
                    f"The connection closed after {download.size} bytes without saying that this was the end, and the "
                    f"vintage before had {newest.bytes}.",
                    "Network or publisher: the next refresh asks again. If the publisher did shorten the table, an "
                    "engineer compares both and asks the publisher to send Content-Length.",
                )
        except BodyRejected as rejection:
            return replace(
                attempt,
                outcome="rejected",
                reason=rejection.reason,
                message=rejection.message,
                mend=rejection.mend,
            )
        except NoData as nothing:
            if not part.required and newest is None:
                return replace(attempt, outcome="no_data", reason="not_published", message=str(nothing))
            return replace(
                attempt,
                outcome="rejected",
                reason="header_only",
                message=str(nothing),
                mend="The publisher withdrew, renamed or moved this indicator: an engineer looks at its page "
                f"({dataset.page_url}) and changes source_id or the part's parameters in the catalogue.",
            )
        return replace(attempt, outcome="landed", encoding=body.encoding, columns_added=body.columns_added)


def _with_download(attempt: Attempt, download: Download) -> Attempt:
    return replace(
        attempt,
        url=download.url,
        final_url=download.final_url,
        status=download.status,
        etag=download.headers.get("etag"),
        last_modified=download.headers.get("last-modified"),
        content_type=download.headers.get("content-type"),
        bytes=download.size,
        sha256=download.sha256,
        tries=download.attempts,
        waited_seconds=download.waited_seconds,
    )
