"""A publisher on loopback that serves whatever body a test gives it, as both publishers of the catalogue.

Belongs here: the server and a round of fetching against it. Does not belong here: retries, TLS and cut
connections (tests/http).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from atf_dagster.catalogue import load
from atf_dagster.http import Client, Host, Limits
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun

DATASET = "ons_els_modelled_unemployment"
PART = "all"
A = b"areacd,areanm,period,value,status\nE06000006,Halton,2023-01-01/P1Y,4.1,\n"
B = b"areacd,areanm,period,value,status\nE06000006,Halton,2023-01-01/P1Y,4.2,\n"


class OneTablePublisher(ThreadingHTTPServer):
    """Answers every GET with `status`, `headers` and `body`, as they stand when the request comes.

    cards: what its list of indicators says. asked: how often the table itself was asked for.
    lies: a validator is always answered with 304, whatever the body is by now.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.body = A
        self.headers: dict[str, str] = {}
        self.says_length = True
        self.cards: list[dict[str, str]] = [{"slug": "modelled-unemployment"}]
        self.asked = 0
        self.lies = False
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: OneTablePublisher

    def do_GET(self) -> None:
        if self.path.endswith("/metadata/indicators"):
            self._answer(json.dumps(self.server.cards).encode())
            return
        self.server.asked += 1
        if self.server.lies and "If-None-Match" in self.headers:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/csv")
        if self.server.says_length:
            self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news in a test."""


Fetch = Callable[[], Attempt]


def fetch_once(landing: Path, url: str, *, run_id: str = "run") -> Attempt:
    """Ask for the one dataset once, as a refresh does; the receipt."""
    catalogue = load()
    client = Client([Host(url, 0)], user_agent="atf-tests", limits=Limits(attempts=1, backoff_first=0))
    base_urls = {service.id: url for service in catalogue.services}
    try:
        (attempt,) = FetchRun(catalogue, Store(landing), client, base_urls, "live", run_id).fetch([DATASET])
    finally:
        client.close()
    return attempt
