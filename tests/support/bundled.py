"""The publishers as the bundled snapshot speaks for them, over real HTTP, and what a test lays over their answers.

Belongs here: `SnapshotAdapter` behind a loopback server, and overlays. Does not belong here: what a publisher says that
the snapshot never does (versions, corrections, withdrawals, lists in pages: `support.publishers`), ways to damage an
answer (`support.damage`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import requests

from atf_dagster.catalogue import load
from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import SnapshotAdapter
from support.server import Answer, Exchange, LoopbackServer, Request, respond


@dataclass(frozen=True)
class Usual:
    """What the publisher answers when all is well. A body of None: the snapshot holds none, and it is 404."""

    body: bytes | None
    content_type: str = "text/csv"


@dataclass(frozen=True)
class Asked:
    """A request for a table and its usual body.

    service: as in the catalogue. table: the publisher's own id where the request names one, else the end of the path.
    number: how often this table was asked for since overlays were last laid, from 1.
    """

    service: str
    table: str
    request: Request
    body: bytes
    number: int


Overlay = Callable[[Asked], Answer]
"""Gives the answer in place of the usual one. It is called at once and must not wait; the answer may."""


class BundledPublishers(LoopbackServer):
    """Each service that the snapshot speaks for is a folder of this server; `base_urls` leads there.

    headers: further headers of every answer, named with underscores. with_etag: tables that are answered with an ETag,
    and with 304 to whoever names it.
    sent: table -> bytes that its last overlaid answer sent before it ended or the client hung up.
    """

    def __init__(self, *, with_etag: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.with_etag = with_etag
        self.headers: dict[str, str] = {}
        self.sent: dict[str, int] = {}
        self._overlays: Mapping[str, Overlay] = {}
        self._numbers: dict[str, int] = {}
        self._origins: dict[str, str] = {}
        self._services: dict[str, str] = {}
        for service in load().services:
            if service.base_url.startswith("https:"):
                origins = {"": service.base_url, **{f"_{name}": url for name, url in service.other_urls.items()}}
                for end, url in origins.items():
                    self._origins[service.id + end], self._services[service.id + end] = url, service.id

    @property
    def base_urls(self) -> dict[str, str]:
        return {name: f"{self.url}/{name}" for name in self._origins}

    def lay_over(self, overlays: Mapping[str, Overlay]) -> None:
        """From now on these tables are answered so, and no others; requests are counted anew."""
        with self._lock:
            self._overlays = dict(overlays)
            self._numbers.clear()
            self.requests.clear()

    def usual(self, service: str, origin: str, rest: str, request: Request) -> Usual:
        """What the service answers when all is well, to `rest`, the path and query below its base URL."""
        return bundled(f"{origin}/{rest}")

    def table_of(self, request: Request) -> str:
        named = (request.query.get(name) for name in ("indicator_ids", "indicator"))
        return next(filter(None, named), request.path.rpartition("/")[2])

    def answer(self, request: Request) -> Answer:
        folder, _, rest = request.target.removeprefix("/").partition("/")
        service = self._services[folder]
        usual = self.usual(service, self._origins[folder], rest, request)
        if usual.body is None:
            return respond(b"", status=404)
        table = self.table_of(request)
        number = self._numbers[table] = self._numbers.get(table, 0) + 1
        overlay = self._overlays.get(table)
        if overlay is not None:
            return self._counted(table, overlay(Asked(service, table, request, usual.body, number)))
        headers = {**self.headers, "content_type": usual.content_type}
        if table not in self.with_etag:
            return respond(usual.body, **headers)
        etag = f'"{hashlib.sha256(usual.body).hexdigest()}"'
        known = request.headers.get("if-none-match") == etag
        return respond(usual.body, status=304 if known else 200, etag=etag, **headers)

    def _counted(self, table: str, answer: Answer) -> Answer:
        def counted(exchange: Exchange) -> bool:
            try:
                return answer(exchange)
            finally:
                self.sent[table] = exchange.sent

        return counted


@cache
def bundled(url: str) -> Usual:
    """The snapshot's answer to a publisher's own address; the same address has the same answer."""
    try:
        response = _snapshot().send(requests.Request("GET", url).prepare())
    except SnapshotMiss:
        return Usual(None)
    return Usual(response.content if response.status_code == 200 else None, response.headers["Content-Type"])


@cache
def _snapshot() -> SnapshotAdapter:
    return SnapshotAdapter()
