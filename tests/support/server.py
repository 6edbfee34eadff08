"""The one loopback server of the tests: a real server on a real socket, whose answers are functions.

Belongs here: connections, requests, and the kinds of answers, proper and damaged. Does not belong here: what a
publisher answers (`support.publishers`), any test.
"""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

CSV = b"Area Code,Value\r\nE06000049,81.2\r\nE06000050,79.9\r\n"


@dataclass(frozen=True)
class Request:
    """What was asked: path with query as it came, headers by lower-case name, the body, and on which connection."""

    method: str
    target: str
    headers: dict[str, str]
    connection: int
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query, encoded as it came."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Exchange:
    """One answer in the making. An answer returns True where the connection may serve another request."""

    request: Request
    socket: socket.socket
    stopping: threading.Event
    sent: int = 0

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)
        self.sent += len(data)


Answer = Callable[[Exchange], bool]


def respond(body: bytes = CSV, *, status: int = 200, says_length: bool = True, **headers: str) -> Answer:
    """A proper answer; header names are given with underscores. Without a length the connection closes at the end."""

    def answer(exchange: Exchange) -> bool:
        length = {"Content-Length": str(len(body))} if says_length else {"Connection": "close"}
        named = {"Content-Type": "text/csv", **length}
        named |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        head = f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in named.items())
        exchange.send(head.encode("latin-1") + b"\r\n" + (b"" if status == 304 else body))
        return says_length

    return answer


def respond_json(content: Any, *, status: int = 200, **headers: str) -> Answer:
    return respond(json.dumps(content).encode(), status=status, **{"content_type": "application/json", **headers})


def raw(data: bytes, *, reset: bool = False) -> Answer:
    """These bytes and no more: then the connection is closed, or reset."""

    def answer(exchange: Exchange) -> bool:
        exchange.send(data)
        if reset:
            # Closing without lingering sends RST instead of FIN.
            exchange.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return answer


def head(**headers: str) -> bytes:
    """The head of a 200, to be followed by whatever body a test invents."""
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/csv", *lines, "", ""]).encode("latin-1")


def chunked(*pieces: bytes, ended: bool = True) -> bytes:
    """Pieces in chunks, with or without the chunk that says that they are all."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return body + (b"0\r\n\r\n" if ended else b"")


def zipped(body: bytes = CSV) -> bytes:
    """The body as gzip, the same bytes every time."""
    return gzip.compress(body, mtime=0)


def silence(after: bytes = b"") -> Answer:
    """Send so much, then nothing more, and keep the connection open."""

    def answer(exchange: Exchange) -> bool:
        exchange.send(after)
        exchange.stopping.wait()
        return False

    return answer


def endless(start: bytes, piece: bytes, *, pause: float = 0.0, most: int | None = None) -> Answer:
    """Send `piece` again and again, until the client hangs up or `most` bytes are sent."""

    def answer(exchange: Exchange) -> bool:
        exchange.send(start)
        while not exchange.stopping.wait(pause) and (most is None or exchange.sent < most):
            exchange.send(piece)
        return False

    return answer


class LoopbackServer:
    """Answers each request with what `answer` gives for it; a publisher is a subclass that says what it answers.

    port: 0 for one that is free. tls: the context to serve https with, None for plain http. requests: all that was
    asked, in order.
    The address is known at once, requests are served between entering and leaving.
    """

    def __init__(self, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.requests: list[Request] = []
        self._instead: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._connections = 0
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                server._converse(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def instead(self, end: str, answer: Answer) -> None:
        """From now on, answer so where the path ends with `end`, whatever the publisher would say."""
        self._instead[end] = answer

    @property
    def url(self) -> str:
        """The base URL."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def asked(self) -> list[str]:
        """The path with its query of all that was asked, in order."""
        return [request.target for request in self.requests]

    def forget(self) -> None:
        """Count requests from now on."""
        self.requests.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        # The threads of kept connections end when their client closes, and are not waited for.
        self._server.socket.close()
        self._thread.join()

    def _converse(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            number = self._connections
        # A client that hangs up, or does not like our certificate, is for many tests the point.
        with suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as incoming:
                while (request := _read_request(incoming, number)) is not None:
                    with self._lock:
                        self.requests.append(request)
                        found = (answer for end, answer in self._instead.items() if request.path.endswith(end))
                        answer = next(found, None) or self.answer(request)
                    if not answer(Exchange(request, connection, self._stopping)):
                        return


class ScriptedServer(LoopbackServer):
    """Gives the scripted answers in turn, whatever is asked, and the last one again and again."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self._script = list(answers)

    def answers(self, *answers: Answer) -> None:
        """What to answer from now on."""
        with self._lock:
            self._script = list(answers)

    def answer(self, request: Request) -> Answer:
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


def closed_address() -> str:
    """An address on loopback where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _read_request(incoming: Any, connection: int) -> Request | None:
    first = incoming.readline()
    if not first:
        return None
    headers: dict[str, str] = {}
    while line := incoming.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    method, target, _ = first.decode("latin-1").split()
    return Request(method, target, headers, connection, incoming.read(_length(headers)))


def _length(headers: Mapping[str, str]) -> int:
    return int(headers.get("content-length", "0"))


class Waits:
    """Stands in for sleeping: records, in seconds, how long a client wanted to wait, and returns at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        with self._lock:
            self.seconds.append(seconds)
