"""Sockets under a deadline.

Here belongs: the two things that requests and urllib3 leave open. A deadline over a whole attempt: their
timeouts start again at every byte, headers included. And the ends: they take headers that break off for whole
ones, and stop at Content-Length, so that a length that is too small passes for a whole file.
Not here: which addresses may be asked, retries, decoding.
"""

import http.client
import io
import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import requests.adapters
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry


class BrokenAnswer(http.client.HTTPException):
    """The server's answer contradicts itself, in a way that the usual layers let pass. `str()` says how."""


class BytesAfterEnd(BrokenAnswer):
    """The server sent more than its Content-Length declared."""


class Deadline:
    """A context in which every connection that this thread opens or uses is cut when the time is up.

    Cutting the socket wakes a thread that waits in a read; the failure that it sees there is then known to be
    ours by `passed`.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _in_force.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _in_force.deadline = None
        self._timer.cancel()
        self._watch_instead(None)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end

    def watch(self, descriptor: int) -> None:
        """Cut this socket when the time is up. A duplicate is kept, which outlives any wrapping in TLS."""
        self._watch_instead(socket.socket(fileno=os.dup(descriptor)))
        if self.passed:
            self._cut()

    def _watch_instead(self, newer: socket.socket | None) -> None:
        with self._lock:
            older, self._socket = self._socket, newer
        if older is not None:
            older.close()

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                # Where the other side was faster, there is nothing left to cut.
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class _InForce(threading.local):
    deadline: Deadline | None = None


_in_force = _InForce()


def _watch(descriptor: int) -> None:
    if _in_force.deadline is not None:
        _in_force.deadline.watch(descriptor)


class _LineReader:
    """Reads the lines of an answer's head, and remembers the last."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._stream.readline(limit)
        return self.last

    def close(self) -> None:
        self._stream.close()


class _Response(http.client.HTTPResponse):
    """Insists on a complete head, and looks past the last declared byte of the body before giving it out."""

    def begin(self) -> None:
        stream = self.fp
        lines = _LineReader(stream)
        self.fp = cast(io.BufferedReader, lines)
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = stream
        if lines.last not in (b"\r\n", b"\n"):
            # Without this, a head that breaks off before its Content-Length becomes a good, empty file.
            raise BrokenAnswer("its headers break off")

    def read1(self, n: int = -1) -> bytes:
        left = self.length
        if self.fp is None or self.chunked or not left or n == 0:
            return super().read1(n)
        if left > 1:
            # The last byte is left for a read of its own, so that what follows it is in the same buffer.
            return super().read1(left - 1 if n < 0 else min(n, left - 1))
        if len(self.fp.peek(2)) > 1:
            raise BytesAfterEnd("the body goes on after its declared length")
        return super().read1(1)


class _WatchedConnection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        # Here already, for the secure connection is negotiated before the first request.
        sock = super()._new_conn()
        _watch(sock.fileno())
        return sock

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
        if self.sock is not None:
            _watch(self.sock.fileno())
        return super().getresponse()


class _WatchedSecureConnection(_WatchedConnection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


class WatchedAdapter(requests.adapters.HTTPAdapter):
    """The adapter for real sockets: no retries of its own, and connections that a `Deadline` can cut."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=2, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
