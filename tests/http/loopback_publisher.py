"""A publisher on loopback that behaves as badly as the test wishes.

Here belongs: a real server on a real socket, scripted answer by answer, and the answers. Not here: any test.
"""

from __future__ import annotations

import gzip
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

CSV = b"Area Code,Value\r\nE06000049,81.2\r\nE06000050,79.9\r\n"


@dataclass(frozen=True)
class Request:
    """What the publisher was asked: path with query, headers by lower-case name, and on which connection."""

    path: str
    headers: dict[str, str]
    connection: int


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


def respond(body: bytes = CSV, *, status: int = 200, **headers: str) -> Answer:
    """A proper answer with a Content-Length; header names are given with underscores."""

    def answer(exchange: Exchange) -> bool:
        named = {"Content-Type": "text/csv", "Content-Length": str(len(body))}
        named |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        head = f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in named.items())
        exchange.send(head.encode("latin-1") + b"\r\n" + (b"" if status == 304 else body))
        return True

    return answer


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


def endless(start: bytes, piece: bytes, *, pause: float = 0.0) -> Answer:
    """Send `piece` for ever, until the client hangs up."""

    def answer(exchange: Exchange) -> bool:
        exchange.send(start)
        while not exchange.stopping.wait(pause):
            exchange.send(piece)
        return False

    return answer


@dataclass
class Publisher:
    """A server that gives the scripted answers in turn, and the last one again and again.

    tls: the context to serve https with; plain http where it is None.
    """

    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    _script: list[Answer] = field(default_factory=list)

    def answers(self, *answers: Answer) -> None:
        """What to answer from now on."""
        with self._lock:
            self._script = list(answers)

    @property
    def url(self) -> str:
        """The base URL."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Publisher:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._connections = 0
        publisher = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                publisher._converse(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
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
                while (request := _read_request(incoming.readline, number)) is not None:
                    with self._lock:
                        self.requests.append(request)
                        script = self._script
                        answer = script.pop(0) if len(script) > 1 else script[0]
                    if not answer(Exchange(request, connection, self._stopping)):
                        return


def _read_request(readline: Callable[[], bytes], connection: int) -> Request | None:
    first = readline()
    if not first:
        return None
    headers = {}
    while line := readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Request(first.decode("latin-1").split()[1], headers, connection)


class Waits:
    """Stands in for sleeping: records, in seconds, how long a client wanted to wait, and returns at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        with self._lock:
            self.seconds.append(seconds)
