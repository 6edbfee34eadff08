"""Connections with a deadline, and answers whose ends are checked.

requests and urllib3 leave two gaps. Their timeouts start again at every byte, headers included, so that no attempt has
a deadline. And they accept headers that break off as whole ones, and stop at Content-Length, so that a file with a too
small length passes as whole.

Belongs here: a deadline for a whole attempt, checks of where headers and body end. Does not belong here: which
addresses may be asked, retries, decoding.
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
    """The server's answer contradicts itself, and requests and urllib3 do not notice. `str()` says how."""


class BytesAfterEnd(BrokenAnswer):
    """The server sent more than its Content-Length declared."""


class Deadline:
    """A context that cuts every connection that this thread opens or uses when the time is over.

    A cut socket wakes a thread that waits in a read. The thread then sees an error, and `passed` says that the
    deadline caused it.
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
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def watch(self, descriptor: int) -> None:
        """Cut this socket when the time is over. A duplicate is kept, because TLS replaces the socket."""
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
                # If the server closed it first, there is nothing to cut.
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class _InForce(threading.local):
    deadline: Deadline | None = None


_in_force = _InForce()


def _watch(descriptor: int) -> None:
    if _in_force.deadline is not None:
        _in_force.deadline.watch(descriptor)


class _LineReader:
    """Reads the lines of an answer's headers, and keeps the last line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._stream.readline(limit)
        return self.last

    def close(self) -> None:
        self._stream.close()


class _Response(http.client.HTTPResponse):
    """Checks that the headers are complete, and that no byte follows the declared end of the body."""

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
            # Without this check, headers that break off before Content-Length give an empty file and no error.
            raise BrokenAnswer("its headers break off")

    def read1(self, n: int = -1) -> bytes:
        left = self.length
        if self.fp is None or self.chunked or not left or n == 0:
            return super().read1(n)
        if left > 1:
            # A separate read takes the last byte, so that the buffer then shows whether more bytes follow.
            return super().read1(left - 1 if n < 0 else min(n, left - 1))
        if len(self.fp.peek(2)) > 1:
            raise BytesAfterEnd("the body goes on after its declared length")
        return super().read1(1)


class _WatchedConnection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        # Watch it from here on, because TLS is negotiated before the first request.
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
    """The adapter for real connections: it never retries, and a `Deadline` can cut its connections."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=2, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
