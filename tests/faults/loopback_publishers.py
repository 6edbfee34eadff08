"""Both publishers on loopback: real servers that give the published figures, and spoil an answer when told to.

Belongs here: the two interfaces as HTTP, what they answer when all is well, and what they were asked.
Does not belong here: any way of spoiling (`spoiling`), which dataset is spoiled how (`bad_inputs`), any test.

The figures are those of the publishers' own files in ../shared/data where that folder is there and has the
file, otherwise those of the bundled snapshot, so that the tests run either way; `figures_from` says which.
Of an indicator that neither has, the answer is another's under its number: it is a table that is well, no more.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from atf_dagster.catalogue import load
from atf_dagster.snapshot import fingertips, load_sources, ons_els
from atf_dagster.snapshot.answer import Asked
from atf_dagster.snapshot.figures import csv_bytes, read_figures
from atf_dagster.snapshot.sources import BUNDLE

PUBLISHERS_FILES = Path(__file__).parents[2] / ".." / "shared" / "data"
COUNCILS_PART, ALL_PART = "councils", "all"
LENT = "93014"
"""The indicator whose figures are lent to those that are not at hand: one age, one sex."""
FINGERTIPS_CARDS_PATH = "/api/indicator_metadata/csv/by_indicator_id"
_EVERYWHERE_ELSE = ("W06", "S12", "N09")
LEVELS = {
    "ltla": ("E06", "E07", "E08", "E09", *_EVERYWHERE_ELSE),
    "utla": ("E06", "E08", "E09", "E10", *_EVERYWHERE_ELSE),
}
"""The service's word for lower and for upper tier authorities -> how their codes begin, the United Kingdom over."""


@dataclass(frozen=True)
class Request:
    """One request: the publisher's id of the indicator, the part, the headers by lower-case name."""

    source_id: str
    part: str
    headers: Mapping[str, str]


@dataclass
class Exchange:
    """One answer in the making. `body` is what the publisher answers when all is well.

    number: how often this indicator has been asked for since it was last told how to answer, from 1.
    """

    handler: BaseHTTPRequestHandler
    asked: Request
    body: bytes
    number: int
    sent: int = 0

    def answer(self, body: bytes | None = None, *, status: int = 200, **headers: str) -> None:
        """A proper answer with its length; header names are given with underscores."""
        whole = self.body if body is None else body
        self.begin(status=status, **{"content_length": str(len(whole)), **headers})
        self.write(whole)

    def begin(self, *, status: int = 200, **headers: str) -> None:
        """The head alone. Without a length the connection closes at the end, as HTTP asks."""
        named = {"content_type": "text/csv", **headers}
        self.handler.send_response(status)
        for name, value in named.items():
            self.handler.send_header(name.replace("_", "-").title(), value)
        if "content_length" not in named:
            self.handler.send_header("Connection", "close")
            self.handler.close_connection = True
        self.handler.end_headers()

    def write(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.sent += len(data)

    def hang_up(self) -> None:
        """Close the connection after what was sent, whatever was declared."""
        self.handler.close_connection = True

    def reset(self) -> None:
        """Cut the connection: closing without lingering sends RST instead of FIN."""
        connection: socket.socket = self.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.close_connection = True
        self.handler.rfile.close()  # the connection is only closed when nothing reads from it
        connection.close()


Spoil = Callable[[Exchange], None]


@dataclass
class LoopbackPublishers:
    """OHID Fingertips and ONS Explore Local Statistics, each a server of its own on a port of its own.

    usual: source id -> how the usual body differs from the file, always.
    spoil: source id -> how the answer is spoiled, until it is changed.
    with_etag: source ids that are answered with an ETag, and with 304 to whoever names it.
    """

    usual: Mapping[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    with_etag: frozenset[str] = frozenset()
    asked: list[Request] = field(default_factory=list)
    sent_by_spoiled: dict[str, int] = field(default_factory=dict)
    """Source id -> bytes that its last spoiled answer sent before it ended or the client hung up."""
    _spoil: dict[str, Spoil] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def fingertips_url(self) -> str:
        return _address(self._servers[0])

    @property
    def ons_els_url(self) -> str:
        return _address(self._servers[1])

    def spoil_from_now_on(self, spoil: Mapping[str, Spoil]) -> None:
        """Spoil these answers, and no others, until told again."""
        with self._lock:
            self._spoil = dict(spoil)
            self._numbers.clear()
            self.asked.clear()

    def __enter__(self) -> LoopbackPublishers:
        self._servers = [_serve(self._fingertips), _serve(self._ons_els)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _fingertips(self, handler: BaseHTTPRequestHandler, parameters: Mapping[str, str]) -> None:
        path = urlsplit(handler.path).path
        if path == FINGERTIPS_CARDS_PATH:
            cards = fingertips_cards(parameters["indicator_ids"].split(","))
            Exchange(handler, Request("", "", {}), cards, 1).answer()
            return
        if path == "/api/available_data":
            # Regions and integrated care boards beside the councils, of whatever is asked for.
            number = int(parameters["indicator_id"])
            _say_json(handler, [{"IndicatorId": number, "AreaTypeId": kind} for kind in (6, 221, 502)])
            return
        if path != fingertips.DATA_PATH:
            # Probes and listings as the snapshot gives them.
            asked = Asked(fingertips.HOST, path, list(parameters.items()), load_sources(), BUNDLE)
            _say_json(handler, json.loads(fingertips.answer(asked).body))
            return
        source_id = parameters["indicator_ids"]
        # Regions and integrated care boards are other requests; the publisher has none for these indicators.
        councils = parameters["child_area_type_id"] == fingertips.CHILD_AREA_TYPE_ID
        if councils:
            self._converse(handler, source_id, COUNCILS_PART, fingertips_body(source_id))
        else:
            self._converse(handler, source_id, "another", csv_bytes(fingertips.HEADER, [], "\r\n"))

    def _ons_els(self, handler: BaseHTTPRequestHandler, parameters: Mapping[str, str]) -> None:
        if urlsplit(handler.path).path == ons_els.CARDS_PATH:
            _say_json(handler, [{"slug": source.indicator} for source in load_sources()])
            return
        slug = parameters["indicator"]
        self._converse(handler, slug, ALL_PART, ons_els_body(slug, frozenset(parameters["geo"].split(","))))

    def _converse(self, handler: BaseHTTPRequestHandler, source_id: str, part: str, body: bytes) -> None:
        asked = Request(source_id, part, {name.lower(): value for name, value in handler.headers.items()})
        main = part in (COUNCILS_PART, ALL_PART)
        if main and source_id in self.usual:
            body = self.usual[source_id](body)
        with self._lock:
            self.asked.append(asked)
            spoil = self._spoil.get(source_id) if main else None
            self._numbers[source_id] = self._numbers.get(source_id, 0) + 1
            exchange = Exchange(handler, asked, body, self._numbers[source_id])
        if spoil is not None:
            try:
                spoil(exchange)
            finally:
                self.sent_by_spoiled[source_id] = exchange.sent
        elif source_id in self.with_etag:
            etag = f'"{hashlib.sha256(body).hexdigest()}"'
            if asked.headers.get("if-none-match") == etag:
                exchange.answer(b"", status=304, etag=etag)
            else:
                exchange.answer(etag=etag)
        else:
            exchange.answer()


def _say_json(handler: BaseHTTPRequestHandler, content: Any) -> None:
    body = json.dumps(content).encode()
    Exchange(handler, Request("", "", {}), body, 1).answer(content_type="application/json")


@dataclass
class Stranger:
    """A server that is in no catalogue. It would answer; `asked` must stay empty."""

    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return _address(self._server)

    def __enter__(self) -> Stranger:
        def answer(handler: BaseHTTPRequestHandler, _: Mapping[str, str]) -> None:
            self.asked.append(handler.path)
            Exchange(handler, Request("", "", {}), b"areacd,areanm\n", 1).answer()

        self._server = _serve(answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def closed_address() -> str:
    """An address on loopback where nobody listens: the port was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def figures_from() -> str:
    """Where the figures that are served come from, for a report's heading."""
    if PUBLISHERS_FILES.is_dir():
        return "the publishers' own files in ../shared/data, the bundled snapshot for the others"
    return "the bundled snapshot, because ../shared/data is absent"


@cache
def fingertips_body(source_id: str) -> bytes:
    """An indicator's answer for the councils and England; of one that is not at hand that of `LENT`, renumbered."""
    path = _own_file("fingertips_full", source_id)
    if path is not None:
        return path.read_bytes()
    source = next((s for s in load_sources() if s.publisher == "fingertips" and s.indicator == source_id), None)
    if source is None:
        return edited(fingertips_body(LENT), lambda rows: [row | {"Indicator ID": source_id} for row in rows])
    return fingertips.render(source, read_figures(BUNDLE / source.file))


def fingertips_cards(numbers: list[str]) -> bytes:
    """The publisher's cards of these indicators, with what the catalogue says of them."""
    catalogue = load()
    cards = {
        dataset.source_id: catalogue.indicator(dataset.indicators[0])
        for collection, dataset in catalogue.datasets
        if collection.service.id == "fingertips" and dataset.indicators
    }
    heading = ("Indicator ID", "Indicator", "Definition", "Unit", "Caveats")
    rows = [[number, cards[number].name, cards[number].definition, cards[number].unit, ""] for number in numbers]
    return csv_bytes(heading, rows, "\r\n")


@cache
def ons_els_body(slug: str, areas: frozenset[str]) -> bytes:
    """A slug's answer for the areas or levels named, all periods, with status; an unknown slug has the heading alone.

    The publisher's own file is re-expressed under the service's heading; limits only where it has some.
    """
    kinds = tuple(kind for level, begins in LEVELS.items() if level in areas for kind in begins)
    path = _own_file("els_input", slug)
    source = next((s for s in load_sources() if s.publisher == "ons_els" and s.indicator == slug), None)
    if path is None:
        if source is None:
            return b"areacd,areanm,period,value,status"
        figures = [
            figure
            for figure in read_figures(BUNDLE / source.file)
            if figure["area_code"] in areas or (kinds and figure["area_code"].startswith(kinds))
        ]
        return ons_els.render(source, figures, include_names=True, include_status=True)
    with path.open(encoding="utf-8-sig", newline="") as file:
        label = _plan()[slug]["label"]
        rows = [row for row in csv.DictReader(file) if row["indicator"] == label]
    theirs = {"areacd": "areacd", "areanm": "areanm", "period": "period", "value": "observation"}
    if any(row["lci_95"] for row in rows):
        theirs |= {"lci_95": "lci_95", "uci_95": "uci_95"}
    theirs["status"] = "status"
    ours = [
        [row[column] for column in theirs.values()]
        for row in rows
        if (row["areacd"] in areas or (kinds and row["areacd"].startswith(kinds)))
        and (row["observation"] or row["status"])
    ]
    return csv_bytes(tuple(theirs), ours, "\n").removesuffix(b"\n")  # the service does not close its last line


Row = dict[str, str]


def edited(body: bytes, change: Callable[[list[Row]], Iterable[Row]]) -> bytes:
    """The body with its rows changed; heading, line endings and the end of the last line stay as they are."""
    text = body.decode("utf-8")
    ending = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    heading = tuple(next(csv.reader(io.StringIO(text, newline=""))))
    rows = change(rows_of(body))
    written = csv_bytes(heading, [[row[name] for name in heading] for row in rows], ending)
    return written if text.endswith("\n") else written.removesuffix(ending.encode())


def rows_of(body: bytes) -> list[Row]:
    """The rows of a body that is right, by the publisher's own headings."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


@cache
def _plan() -> dict[str, dict[str, str]]:
    """How the snapshot reads the publishers' files: source id -> file and label."""
    entries = yaml.safe_load((BUNDLE / "plan.yml").read_text("utf-8"))["figures"]
    return {entry["indicator"]: entry for entry in entries}


def _own_file(shape: str, source_id: str) -> Path | None:
    entry = _plan().get(source_id)
    if entry is None or entry["shape"] != shape:
        return None
    path = PUBLISHERS_FILES / entry["source"]
    return path if path.exists() else None


def _serve(answer: Callable[[BaseHTTPRequestHandler, Mapping[str, str]], None]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            # A client that hangs up on a spoiled answer is for some tests the point.
            with suppress(ConnectionError):
                answer(self, dict(parse_qsl(urlsplit(self.path).query)))

        def log_message(self, format: str, *args: Any) -> None:
            """A test's output is no place for a server's log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def _address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"
