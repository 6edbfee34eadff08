"""Undoes a Content-Encoding piece by piece, and says whether the end was reached.

requests and urllib3 are not used for this: they accept a cut gzip stream as a whole one, and a limit must stop the
decoding before the memory is used.

Belongs here: gzip and deflate over a stream that may be cut, damaged or hostile. Does not belong here: character sets.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

_MOST_AT_ONCE = 256 * 1024


class CorruptBody(Exception):
    """The bytes are not what their Content-Encoding says."""


class Decoder(Protocol):
    """Takes bytes from the wire, returns decoded bytes."""

    consumed: int
    """Bytes from the wire that were used so far."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of at most 256 KB, or of the size of `data`. Raises CorruptBody."""
        ...

    @property
    def ended(self) -> bool | None:
        """Whether the end mark of the encoding was seen; None if the encoding has none."""
        ...


class _Identity:
    def __init__(self) -> None:
        self.consumed = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        self.consumed += len(data)
        yield data

    @property
    def ended(self) -> bool | None:
        return None


class _Inflater:
    """zlib streams: one for deflate, one or more (members) for gzip. zlib checks the checksums."""

    def __init__(self, *, gzip: bool) -> None:
        self.consumed = 0
        self._gzip = gzip
        self._stream: zlib._Decompress | None = None
        self._kept_back = b""
        self._streams_ended = 0

    @property
    def ended(self) -> bool | None:
        return self._stream is None and self._streams_ended > 0 and not self._kept_back

    def feed(self, data: bytes) -> Iterator[bytes]:
        data = self._kept_back + data
        self.consumed -= len(self._kept_back)
        self._kept_back = b""
        while data:
            if self._stream is None:
                if self._streams_ended:
                    data = self._after_the_end(data)
                    if not data:
                        return
                if not self._gzip and len(data) == 1:
                    # The first two bytes show whether zlib wraps the deflate stream; servers send both under one name.
                    self._kept_back = data
                    self.consumed += 1
                    return
                self._stream = zlib.decompressobj(self._window(data))
            before = len(data)
            try:
                piece = self._stream.decompress(data, _MOST_AT_ONCE)
            except zlib.error as reason:
                raise CorruptBody(str(reason)) from None
            if self._stream.eof:
                data = self._stream.unused_data
                self._stream = None
                self._streams_ended += 1
            else:
                data = self._stream.unconsumed_tail
            self.consumed += before - len(data)
            if piece:
                yield piece

    def _window(self, data: bytes) -> int:
        if self._gzip:
            return 16 + zlib.MAX_WBITS
        wrapped = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS

    def _after_the_end(self, data: bytes) -> bytes:
        """What follows the end of a stream: another gzip member, zeros as padding, or damage."""
        rest = data.lstrip(b"\0") if self._gzip else data
        self.consumed += len(data) - len(rest)
        if rest and not self._gzip:
            raise CorruptBody("there are bytes after the end of the deflate stream")
        return rest


def decoder_for(content_encoding: str | None) -> Decoder | None:
    """The decoder for a Content-Encoding header; None for an encoding that we did not ask for."""
    match (content_encoding or "").strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Inflater(gzip=True)
        case "deflate":
            return _Inflater(gzip=False)
        case _:
            return None
