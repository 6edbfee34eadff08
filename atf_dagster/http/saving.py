"""Writes the body of an answer to disk. The new file is complete, or it is removed.

Belongs here: reading a body in pieces, decoding it, comparing it with its limits and its declared length, writing it
to a new file. Does not belong here: what the bytes mean, where landing keeps them.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3.exceptions

from atf_dagster.http.decoding import CorruptBody, Decoder, decoder_for
from atf_dagster.http.failures import (
    LATER,
    TELL_PUBLISHER,
    AttemptFailed,
    FetchFailure,
    engineer,
    of_exception,
    too_slow,
)
from atf_dagster.http.transport import Deadline

PIECE = 1024 * 1024
OK = 200
_RATIO_APPLIES_ABOVE = 10_000_000
# A gzip of what does not compress is a little larger than its content, but never by this much.
_WIRE_ALLOWANCE = 1_000_000
_EXCERPT_WIRE_BYTES = 4096
_EXCERPT_CHARACTERS = 200
# A declared length with more digits than this is beyond every limit anyway.
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Saved:
    """A kept body: decoded `size` in bytes, `sha256` in hexadecimal, and whether something proved its end."""

    path: Path
    size: int
    sha256: str
    length_verified: bool


def save(
    response: requests.Response,
    *,
    into: Path,
    max_bytes: int,
    max_ratio: float,
    deadline: Deadline,
    on_progress: Callable[[], None] = lambda: None,
) -> Saved:
    """Read the body into a new file in `into`, decoded, flushed to the disk.

    on_progress: called for each megabyte that came.
    Raises AttemptFailed if the body is not complete or exceeds a limit, OSError if the disk cannot take it. Neither
    leaves a file.
    """
    transfer = response.headers.get("Transfer-Encoding", "").lower()
    if transfer not in ("", "identity", "chunked"):  # with a blank after it, Python's library does not know it either
        # It would give the bytes as they came, chunks' frames and compression included.
        message = f"the transfer is encoded as '{_plain(transfer)}', and we ask for no encoding of it"
        raise AttemptFailed(FetchFailure("bad_encoding", message, TELL_PUBLISHER, OK))
    encoding = response.headers.get("Content-Encoding")
    decoder = decoder_for(encoding)
    if decoder is None:
        message = f"the body is encoded as '{_plain(encoding or '')}', and we ask for gzip or deflate only"
        raise AttemptFailed(FetchFailure("bad_encoding", message, TELL_PUBLISHER, OK))
    declared = _declared_length(response)
    if declared is not None and declared > _wire_limit(max_bytes, encoding):
        raise AttemptFailed(_too_large(max_bytes, f"{declared:,} bytes are declared"))

    descriptor, name = tempfile.mkstemp(prefix="download-", suffix=".part", dir=into)
    path = Path(name)
    digest = hashlib.sha256()
    size = wire = 0
    try:
        with os.fdopen(descriptor, "wb", buffering=PIECE) as file:
            while data := _read(response, deadline):
                if (wire + len(data)) // PIECE > wire // PIECE:
                    on_progress()
                wire += len(data)
                if wire > _wire_limit(max_bytes, encoding):
                    raise AttemptFailed(_too_large(max_bytes, f"{wire:,} bytes came"))
                for piece in _decoded(decoder, data):
                    size += len(piece)
                    _check_limits(size, decoder.consumed, max_bytes, max_ratio)
                    digest.update(piece)
                    file.write(piece)
            witnessed = _check_declared_length(response, decoder, wire=wire, declared=declared)
            if deadline.passed:
                # A connection that we cut looks like one that the server closed.
                raise AttemptFailed(too_slow(deadline))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        # The first error matters more than an error while the file is removed.
        with suppress(OSError):
            path.unlink()
        raise
    return Saved(path, size, digest.hexdigest(), witnessed)


def excerpt(response: requests.Response, deadline: Deadline) -> str:
    """The first words of an error's text, on one printable line; empty if there is no text or it is a web page."""
    decoder = decoder_for(response.headers.get("Content-Encoding"))
    if decoder is None or "html" in response.headers.get("Content-Type", "").lower():
        return ""
    found = b""
    wire = 0
    try:
        while wire < _EXCERPT_WIRE_BYTES and len(found) < _EXCERPT_WIRE_BYTES and (data := _read(response, deadline)):
            wire += len(data)
            for piece in _decoded(decoder, data):
                found += piece
                if len(found) >= _EXCERPT_WIRE_BYTES:
                    break
    except AttemptFailed:
        # The status is what matters; the beginning of a text that breaks off still helps.
        pass
    return _plain(found.decode("utf-8", "replace"))


def _read(response: requests.Response, deadline: Deadline) -> bytes:
    """The next bytes from the wire, as soon as some arrive; empty at the end."""
    try:
        data: bytes = response.raw.read1(PIECE, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise AttemptFailed(of_exception(error, deadline)) from error
    if data and deadline.passed:
        raise AttemptFailed(too_slow(deadline))
    return data


def _decoded(decoder: Decoder, data: bytes) -> Iterator[bytes]:
    """Decoded pieces one by one, so that a limit also stops the decoding."""
    try:
        yield from decoder.feed(data)
    except CorruptBody as reason:
        message = f"the body does not decompress ({reason})"
        raise AttemptFailed(FetchFailure("bad_encoding", message, LATER, OK, again=True, retryable=True)) from reason


def _declared_length(response: requests.Response) -> int | None:
    """Bytes on the wire by Content-Length; None if it is absent, unreadable, or if chunks replace it."""
    text = response.headers.get("Content-Length", "").strip()
    if getattr(response.raw, "chunked", False) or not (text.isascii() and text.isdigit()):
        return None
    return int(text[:_MOST_DIGITS])


def _wire_limit(max_bytes: int, encoding: str | None) -> int:
    return max_bytes + (_WIRE_ALLOWANCE if encoding else 0)


def _check_limits(size: int, consumed: int, max_bytes: int, max_ratio: float) -> None:
    """Raise if the body exceeds a limit that no table of a publisher needs. Sizes in bytes."""
    if size > _RATIO_APPLIES_ABOVE and size > max_ratio * consumed:
        message = f"{consumed:,} bytes have expanded to {size:,}, more than {max_ratio:g} to 1"
        remedy = engineer("Tell the publisher. Raise the ratio only after looking at such a file.")
        raise AttemptFailed(FetchFailure("decompression_bomb", message, remedy, OK))
    if size > max_bytes:
        raise AttemptFailed(_too_large(max_bytes, f"{size:,} bytes came"))


def _too_large(max_bytes: int, found: str) -> FetchFailure:
    remedy = engineer("Look at what the publisher sends now. If the growth is real, raise the dataset's limit.")
    return FetchFailure("too_large", f"the body is over the limit of {max_bytes:,} bytes ({found})", remedy, OK)


def _check_declared_length(response: requests.Response, decoder: Decoder, *, wire: int, declared: int | None) -> bool:
    """Raise if the body is shorter or longer than it should be. Otherwise return whether something proved its end.

    If a connection closes without length, chunks or compression, a whole body looks like half a body.
    """
    if declared is not None and wire != declared:
        message = f"the body has {wire:,} bytes on the wire, {declared:,} were declared"
    elif decoder.ended is False:
        message = f"the compressed body breaks off after {wire:,} bytes, before its own end"
    else:
        return declared is not None or decoder.ended is True or bool(getattr(response.raw, "chunked", False))
    raise AttemptFailed(FetchFailure("truncated", message, LATER, OK, again=True, retryable=True))


def _plain(text: str) -> str:
    """A publisher's text as one short printable line."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= _EXCERPT_CHARACTERS else line[:_EXCERPT_CHARACTERS] + "..."
