"""Every publisher on one loopback server: the bundled figures as they answer, with a hostile text in place of names.

Belongs here: the server, how a text is put into CSV, JSON and workbooks, and the texts. Does not belong here: what must
come of it. Each service is a folder of this server; the bundled snapshot, which speaks for the publishers, is asked
behind it. Stat-Xplore, of which nothing is bundled, has a server of its own (tests/sources).
"""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from xml.sax.saxutils import escape

import requests
from nomis_on_loopback import LatestVintage, Nomis, invented

from atf_dagster.catalogue import load
from atf_dagster.catalogue.model import Service
from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import SnapshotAdapter

NAMES = ("Liverpool", "Leeds")
"""One of the nine, whose name the catalogue has, and a council whose name comes from a publisher's lookup."""
HOSTILE = (
    '=HYPERLINK("http://evil.example";"x") King\'s Lynn\'); drop table fct_observation; -- '
    '<script>alert(1)</script> {{ env_var("HOME") }} {% raw %} [x](javascript:alert(1)) |a|b| ../../../etc/passwd'
)
FORGED = "fetch 1/1: forged.all: landed"
"""What a line of progress looks like."""
CONTROLS = "\x1b[2J\u202e\u2028\x85"
"""Clears a terminal, turns the rest of the line round, and ends a line for whoever splits at every kind of end."""
NOTE = f"A note\n{FORGED}{CONTROLS}"
SAID = {"csv": f"{HOSTILE}\n{FORGED}{CONTROLS}", "json": f"{HOSTILE}\n{FORGED}{CONTROLS}", "workbook": HOSTILE}
"""XML has no control characters, and a heading of several lines is one line."""
REPLACED = {"ukhsa": ("infectious_disease",)}
"""Service -> what is replaced in its answers, where that is not a name: a name is part of the question there."""


def spoiled(body: bytes, names: tuple[str, ...]) -> bytes:
    """The same answer with the hostile text where one of `names` stood as a whole cell or a whole value."""
    if body.startswith(b"PK"):
        return _in_zip(body, names)
    if body.lstrip()[:1] in (b"{", b"["):
        return json.dumps(_in_json(json.loads(body), names)).encode()
    return _in_csv(body, names)


def _in_csv(body: bytes, names: tuple[str, ...]) -> bytes:
    text = body.decode("utf-8-sig")
    out = io.StringIO(newline="")
    end = "\r\n" if "\r\n" in text else "\n"
    writer = csv.writer(out, lineterminator=end)
    for row in csv.reader(io.StringIO(text, newline="")):
        writer.writerow([SAID["csv"] if cell in names else cell for cell in row])
    written = out.getvalue()
    return (written if text.endswith("\n") else written.removesuffix(end)).encode()


def _in_json(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _in_json(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_json(inner, names) for inner in value]
    return SAID["json"] if value in names else value


def _in_zip(body: bytes, names: tuple[str, ...]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            if content.startswith(b"PK"):
                content = _in_zip(content, names)
            for name in names:
                content = content.replace(f">{name}<".encode(), f">{escape(SAID['workbook'])}<".encode())
            new.writestr(member, content)
    return target.getvalue()


class OneAnswer(ThreadingHTTPServer):
    """Answers whatever it is asked with one body and its headers."""

    daemon_threads = True

    def __init__(self, body: bytes = b"", **headers: str) -> None:
        super().__init__(("127.0.0.1", 0), _SaysIt)
        self.body, self.headers, self.asked = body, headers, 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def urls(self, service: Service) -> dict[str, str]:
        return {service.id: self.url, **{f"{service.id}_{name}": self.url for name in service.other_urls}}

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _SaysIt(BaseHTTPRequestHandler):
    server: OneAnswer

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked += 1
        self.send_response(200)
        for name, value in {"Content-Length": str(len(self.server.body)), **self.server.headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with suppress(ConnectionError):  # a client that has seen enough hangs up
            self.wfile.write(self.server.body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news in a test."""


class HostileGateway(ThreadingHTTPServer):
    """`urls` are the base URLs of all services that the snapshot speaks for. `asked`: every path, as it came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.snapshot = SnapshotAdapter()
        self.asked: list[str] = []
        self.targets: dict[str, str] = {}
        for service in load().services:
            if not service.base_url.startswith("local:") and service.id != "stat_xplore":
                self.targets[service.id] = service.base_url
                self.targets |= {f"{service.id}_{name}": url for name, url in service.other_urls.items()}
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def urls(self) -> Mapping[str, str]:
        return {name: f"http://127.0.0.1:{self.server_address[1]}/{name}" for name in self.targets}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HostileGateway

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name, _, rest = self.path.removeprefix("/").partition("/")
        service = next(service.id for service in load().services if name.startswith(service.id))
        try:
            request = requests.Request("GET", f"{self.server.targets[name]}/{rest}").prepare()
            response = self.server.snapshot.send(request)
            status, body = response.status_code, response.content
        except SnapshotMiss:
            status, body = 404, b""
        if status == 200:
            body = spoiled(body, REPLACED.get(service, NAMES))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Disposition", 'attachment; filename="../../../../etc/passwd"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news in a test."""


def residents() -> Nomis:
    """NOMIS with made-up residents of one council, whose name is then hostile."""
    catalogue, server = load(), Nomis()
    _, dataset = catalogue.dataset("nomis_population")
    ages = {code: f"Age {code}" for code in str(dataset.ask["c_age"]).split(",")}
    dimensions = {"gender": {"0": "Total"}, "c_age": ages, "measures": {"20100": "Value"}}
    areas = {area.code: area.name for area in catalogue.areas if area.type != "subregion"}
    server.latest[dataset.source_id] = LatestVintage(
        dimensions, invented(dimensions, areas, {"2024": "2024"}, lambda row: "1000")
    )
    server.spoil = lambda query, body: spoiled(body, ("Liverpool",))
    return server
