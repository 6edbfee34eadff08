"""Undoing a Content-Encoding, piece by piece, with a witness for the end.

Here belongs: gzip and deflate over a stream that may be cut, damaged or hostile. The usual layers are not
used for this because they take a cut gzip stream for a whole one, and because a limit must hold before the
memory is spent.
Not here: character sets; bytes stay bytes.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

_MOST_AT_ONCE = 256 * 1024


class CorruptBody(Exception):
    """The bytes are not what their Content-Encoding says."""


class Decoder(Protocol):
    """Takes wire bytes, gives decoded ones."""

    consumed: int
    """Wire bytes used so far."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of at most 256 KB, or of the size given in. Raises CorruptBody."""
        ...

    @property
    def ended(self) -> bool | None:
        """Whether the encoding's own end has been seen; None where it has none."""
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
        self._held = b""
        self._streams_ended = 0

    @property
    def ended(self) -> bool | None:
        return self._stream is None and self._streams_ended > 0 and not self._held

    def feed(self, data: bytes) -> Iterator[bytes]:
        data = self._held + data
        self.consumed -= len(self._held)
        self._held = b""
        while data:
            if self._stream is None:
                if self._streams_ended:
                    data = self._after_the_end(data)
                    if not data:
                        return
                if not self._gzip and len(data) == 1:
                    # Two bytes tell zlib-wrapped from bare deflate; servers send either under the one name.
                    self._held = data
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
        """What remains once a stream has ended: another gzip member, or padding of zeros, or a fault."""
        rest = data.lstrip(b"\0") if self._gzip else data
        self.consumed += len(data) - len(rest)
        if rest and not self._gzip:
            raise CorruptBody("there are bytes after the end of the deflate stream")
        return rest


def decoder_for(content_encoding: str | None) -> Decoder | None:
    """The decoder for a Content-Encoding header; None where it names what we neither asked for nor undo."""
    match (content_encoding or "").strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Inflater(gzip=True)
        case "deflate":
            return _Inflater(gzip=False)
        case _:
            return None
