"""DfE Explore education statistics on loopback: its public API and the content API behind its data catalogue.

Belongs here: the two interfaces as the service documents them, and a house (`one_house`) that asks them live.
Does not belong here: what must hold (the test modules). Both are one server, told apart by their paths.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.http import Client, Host, Limits
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.settings import Settings

KEY_STAGE_4 = "b3e19901-5d2b-b676-bb4c-e60937d74725"
EARLY_YEARS = "fcda2962-82a6-4052-afa2-ea398c53c85f"
BY_19 = "2e95f880-629c-417b-981f-0901e97776ff"
NEET = "9f5d0e21-45d3-41e5-1b71-08da5e798404"


@dataclass
class Publication:
    """A publication's files in the data catalogue: what the listing says of each, and its bytes by id."""

    slug: str
    files: list[dict[str, Any]] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def publish(self, identifier: str, title: str, body: bytes, *, release: str, published: str | None) -> None:
        """A release's file in place of the one that had this title."""
        self.files = [file for file in self.files if file["title"] != title]
        dated = {} if published is None else {"published": published}
        self.files.append({"id": identifier, "title": title, "release": {"title": release}, **dated})
        self.bodies[identifier] = body


class EesOnLoopback(ThreadingHTTPServer):
    """Answers as the service does with what stands in its attributes when the request comes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.data_sets: dict[str, dict[str, Any]] = {}
        self.changes: dict[tuple[str, str], dict[str, Any]] = {}
        self.csv: dict[tuple[str, str], bytes] = {}
        self.publications: dict[str, Publication] = {}
        self.page_size = 40
        """The largest page that it gives; a listing is longer than one page where it is small."""
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def version(self, data_set: str, version: str, body: bytes, **card: Any) -> None:
        """A new version of a data set, which is then its newest."""
        latest = {"version": version, "published": f"2026-0{version[0]}-19T09:30:00+00:00"}
        self.data_sets[data_set] = {"id": data_set, "title": "A data set", "status": "Published", **card}
        self.data_sets[data_set]["latestVersion"] = latest
        self.csv[data_set, version] = body

    def downloads(self) -> list[str]:
        """The tables that were asked for, without probes and listings."""
        return [path for path in self.asked if path.endswith(("/csv", "/download"))]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: EesOnLoopback

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        self.server.asked.append(parts.path)
        if parts.path.startswith("/statistics/v1/"):
            self._public_api(parts.path.removeprefix("/statistics/v1/").split("/"), query)
        elif parts.path.startswith("/api/data-set-files"):
            self._content_api(parts.path.removeprefix("/api/data-set-files").strip("/").split("/"), query)
        else:
            self._problem(404)

    def _public_api(self, words: list[str], query: Mapping[str, str]) -> None:
        if words == ["publications"]:
            if len(query.get("search", "xxx")) < 3:
                self._problem(400)
                return
            known = [{"id": key, "slug": entry.slug} for key, entry in self.server.publications.items()]
            self._listing(known, query)
            return
        card = self.server.data_sets.get(words[1]) if words[0] == "data-sets" else None
        if card is None:
            self._problem(404)
        elif len(words) == 2:
            self._json(card)
        elif words[2] == "csv":
            body = self.server.csv.get((words[1], query.get("dataSetVersion", "")))
            if body is None:
                self._problem(404)
            else:
                self._send(gzip.compress(body), "text/csv", {"Content-Encoding": "gzip"})
        elif words[2] == "versions" and words[-1] == "changes" and (words[1], words[3]) in self.server.changes:
            self._json(self.server.changes[words[1], words[3]])
        else:
            self._problem(404)

    def _content_api(self, words: list[str], query: Mapping[str, str]) -> None:
        if words == [""]:
            publication = self.server.publications.get(query.get("publicationId", ""))
            latest = query.get("latestOnly") == "true"
            self._listing(publication.files if publication and latest else [], query)
            return
        body = next((p.bodies[words[0]] for p in self.server.publications.values() if words[0] in p.bodies), None)
        if body is None or words[1:] != ["download"]:
            self._problem(404)
        else:
            self._send(body, "text/csv", {})

    def _listing(self, entries: list[dict[str, Any]], query: Mapping[str, str]) -> None:
        size, page = min(int(query.get("pageSize", "20")), self.server.page_size), int(query.get("page", "1"))
        results = entries[(page - 1) * size : page * size]
        pages = max(1, -(-len(entries) // size))
        paging = {"page": page, "pageSize": size, "totalResults": len(entries), "totalPages": pages}
        self._json({"paging": paging, "results": results})

    def _problem(self, status: int) -> None:
        self._send(
            json.dumps({"title": "Not found", "status": status}).encode(), "application/problem+json", {}, status
        )

    def _json(self, content: Any) -> None:
        self._send(json.dumps(content).encode(), "application/json; charset=utf-8", {})

    def _send(self, body: bytes, kind: str, headers: Mapping[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news in a test."""


def fetch(
    server: EesOnLoopback, landing: Path, dataset: str, run_id: str = "run", catalogue: Catalogue | None = None
) -> Attempt:
    """Ask for one dataset once, as a refresh does; the receipt."""
    catalogue = catalogue or load()
    client = Client([Host(server.url, 0)], user_agent="atf-tests", limits=Limits(attempts=1, backoff_first=0))
    base_urls = {service.id: server.url for service in catalogue.services} | {"ees_content": server.url}
    try:
        (attempt,) = FetchRun(catalogue, Store(landing), client, base_urls, "live", run_id).fetch([dataset])
    finally:
        client.close()
    return attempt


def one_house(server: EesOnLoopback, home: Path) -> Settings:
    """Settings of a house in a folder that asks this server, live."""
    urls = {"ees": server.url, "ees_content": server.url}
    return Settings(home=home, mode="live", service_urls=urls, attempts=1, backoff_first=0.0, requests_per_second=0.0)
