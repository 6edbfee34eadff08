"""What a publisher's module may do while it fetches. Every answer is kept and recorded before the module gets it.

Belongs here: keeping answers, fetching a listing once in a fetch run, comparing a probe with the last one. Does not
belong here: which requests a publisher needs (`sources`), judging the table (`fetch`).
"""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atf_dagster.catalogue import Collection, Dataset, Part
from atf_dagster.files import CHUNK
from atf_dagster.formats.body import BodyRejected
from atf_dagster.http import Client, Download, FetchError
from atf_dagster.landing.records import Answer, Attempt, Vintage
from atf_dagster.landing.store import Store
from atf_dagster.sources.base import LatestVintage, Page, Params, Unchanged

FULL_CHECK_AFTER = dt.timedelta(days=30)
"""After this time without a full check the table itself is fetched, even if the probe says that nothing changed."""


class Listings:
    """Listings and probes of this fetch run; several parts share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._pages: dict[str, Page | FetchError] = {}

    def get(self, key: str, ask: Callable[[], Page]) -> Page:
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            if key not in self._pages:
                try:
                    self._pages[key] = ask()
                except FetchError as error:
                    # Otherwise each dataset of a publisher that is down would try again, one after the other.
                    self._pages[key] = error
            found = self._pages[key]
        if isinstance(found, FetchError):
            raise found
        return found


@dataclass
class PartContext:
    """One part of a dataset while it is fetched; `sources.base.FetchContext` says what each method promises."""

    collection: Collection
    dataset: Dataset
    part: Part
    areas: Sequence[str]
    source_ids: Sequence[str]
    key: str | None
    store: Store
    client: Client
    base_urls: Mapping[str, str]
    shared_listings: Listings
    newest: Vintage | None
    is_distrusted: bool
    """True if raw could not read the newest vintage: then neither a probe nor a validator may keep it in force."""
    last_check: Attempt | None
    """The newest receipt that speaks of the newest vintage; its probe and the time of its full check are believed."""
    home: Path
    max_bytes: int
    now: dt.datetime
    listings: list[Answer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    probe: str | None = None
    fetched: list[Page] = field(default_factory=list)

    @property
    def latest(self) -> LatestVintage | None:
        if self.newest is None:
            return None
        checked = self.last_check.checked_at if self.last_check else None
        fresh = checked is not None and self.now - dt.datetime.fromisoformat(checked) < FULL_CHECK_AFTER
        return LatestVintage(
            sha256=self.newest.sha256,
            url=self.newest.url,
            size=self.newest.bytes,
            probe=self.last_check.probe if self.last_check and not self.is_distrusted else None,
            needs_full_check=self.is_distrusted or not fresh,
        )

    def url(self, path: str, at: str = "") -> str:
        return self.base_urls[f"{self.collection.service.id}_{at}" if at else self.collection.service.id] + path

    def fetch_listing(self, url: str, params: Params = (), *, headers: Mapping[str, str] | None = None) -> Page:
        page = self.shared_listings.get(f"{url}?{params}", lambda: self._keep(self._download(url, params, headers)))
        self.listings.append(answer_of(page))
        return page

    def fetch(
        self,
        url: str,
        params: Params = (),
        *,
        conditional: bool = False,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        latest = self.latest
        # A 304 may come from an old copy on the publisher's server. So no validator is sent where the probe says that
        # something changed, or where the full check of the month is due.
        ask_in_full = latest is not None and (
            latest.needs_full_check or (self.probe is not None and self.probe != latest.probe)
        )
        newest = self.newest if conditional and not ask_in_full else None
        download = self.client.download(
            url,
            params,
            into=self.store.incoming,
            etag=newest.etag if newest else None,
            last_modified=newest.last_modified if newest else None,
            headers=headers,
            body=body,
            max_bytes=self.max_bytes,
        )
        page = self._keep(download)
        self.fetched.append(page)
        if page.sha256 == "":  # 304: the request had the validators of `newest`
            raise Unchanged
        return page

    def probed(self, token: str | None) -> None:
        self.probe = token
        latest = self.latest
        if token is not None and latest is not None and latest.probe == token and not latest.needs_full_check:
            raise Unchanged

    def keep(self, path: Path, url: str) -> Page:
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        kept = self.store.keep_bytes(data, sha256)
        page = Page(kept, url, url, sha256, len(data), status=200, headers={}, length_verified=True)
        self.fetched.append(page)
        return page

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _download(self, url: str, params: Params, headers: Mapping[str, str] | None) -> Download:
        into = self.store.incoming
        return self.client.download(url, params, into=into, headers=headers, max_bytes=self.max_bytes)

    def _keep(self, download: Download) -> Page:
        sha256 = download.sha256 or ""
        if self.key and download.path is not None and _holds(download.path, self.key.strip().encode()):
            download.path.unlink()
            raise BodyRejected(
                "key_repeated",
                f"The answer of {download.url} repeats the key of the request, so its bytes were not kept.",
                "The publisher or a proxy repeats the key. Tell whoever keeps the key, who gets a new one. The last "
                "good figures stay.",
            )
        path = self.store.keep(download.path, sha256) if download.path is not None else Path()
        return Page(
            path=path,
            url=download.url,
            final_url=download.final_url,
            sha256=sha256,
            size=download.size,
            status=download.status,
            headers=download.headers,
            length_verified=download.length_verified,
            tries=download.attempts,
            waited_seconds=download.waited_seconds,
        )


def _holds(path: Path, secret: bytes) -> bool:
    """Whether a file contains these bytes; reads it in pieces that overlap."""
    before = b""
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            if secret in before + piece:
                return True
            before = piece[-len(secret) :]
    return False


def answer_of(page: Page) -> Answer:
    """The record of a page."""
    return Answer(url=page.url, sha256=page.sha256, bytes=page.size, final_url=page.final_url, status=page.status)
