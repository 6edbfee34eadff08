"""What counts as a whole body, and what is left when it is not one."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from atf_dagster.http import Client, Download, FetchError
from support.server import CSV, ScriptedServer, Waits, chunked, endless, head, raw, respond, silence, zipped

MakeClient = Callable[..., Client]

MANY_ROWS = b"Area Code,Value\r\n" + b"".join(
    b"E0600%05d,%d.%d\r\n" % (row, row % 97, row % 7) for row in range(200_000)
)


def deflated(body: bytes, window: int) -> bytes:
    stream = zlib.compressobj(wbits=window)
    return stream.compress(body) + stream.flush()


def content(download: Download) -> bytes:
    assert download.path is not None
    body = download.path.read_bytes()
    assert (download.size, download.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    return body


def failure_of(client: Client, url: str, into: Path, **options: int) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.download(url, into=into, **options)  # type: ignore[arg-type]
    assert list(into.iterdir()) == [], "a failed download left something behind"
    return caught.value


def closed_after(body: bytes, **headers: str) -> Callable[..., bool]:
    return raw(head(**headers) + body)


WHOLE = {
    "with its length": respond(MANY_ROWS),
    "in chunks": closed_after(chunked(MANY_ROWS[:70_000], MANY_ROWS[70_000:]), transfer_encoding="chunked"),
    "as gzip": respond(zipped(MANY_ROWS), content_encoding="gzip"),
    "as gzip in two members": respond(zipped(MANY_ROWS[:999]) + zipped(MANY_ROWS[999:]), content_encoding="gzip"),
    "as padded gzip": respond(zipped(MANY_ROWS) + b"\0" * 600, content_encoding="x-gzip"),
    "as gzip, byte by byte in chunks": closed_after(
        chunked(*[bytes([byte]) for byte in zipped(MANY_ROWS[:200])], zipped(MANY_ROWS[200:])),
        transfer_encoding="chunked",
        content_encoding="gzip",
    ),
    "as gzip until the connection closes": closed_after(zipped(MANY_ROWS), content_encoding="gzip"),
    "as deflate": respond(deflated(MANY_ROWS, zlib.MAX_WBITS), content_encoding="deflate"),
    "as bare deflate": respond(deflated(MANY_ROWS, -zlib.MAX_WBITS), content_encoding="deflate"),
    "as deflate, byte by byte in chunks": closed_after(
        chunked(*[bytes([byte]) for byte in deflated(MANY_ROWS, zlib.MAX_WBITS)[:50]])[:-5]
        + chunked(deflated(MANY_ROWS, zlib.MAX_WBITS)[50:]),
        transfer_encoding="chunked",
        content_encoding="deflate",
    ),
}


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
def test_a_whole_body_is_kept_decoded_with_its_size_and_hash(
    publisher: ScriptedServer, client: Client, into: Path, answer: Callable[..., bool]
) -> None:
    publisher.answers(answer)
    download = client.download(publisher.url, into=into)
    assert content(download) == MANY_ROWS
    assert download.path is not None
    assert download.path.parent == into
    assert (download.status, download.attempts, download.length_verified) == (200, 1, True)


CUT = {
    "shorter than declared": closed_after(CSV[:-9], content_length=str(len(CSV))),
    "reset within the body": raw(head(content_length=str(len(CSV))) + CSV[:9], reset=True),
    "last chunk missing": closed_after(chunked(CSV, ended=False), transfer_encoding="chunked"),
    "cut within a chunk": closed_after(chunked(CSV)[:20], transfer_encoding="chunked"),
    "longer than declared": closed_after(CSV, content_length=str(len(CSV) - 9)),
    "much longer than declared": closed_after(MANY_ROWS, content_length=str(len(MANY_ROWS) - 100_000)),
    "gzip cut, its length agreeing": respond(zipped()[:-12], content_encoding="gzip"),
    "gzip without its last byte": respond(zipped()[:-1], content_encoding="gzip"),
    "gzip cut in chunks": closed_after(
        chunked(zipped()[:30]), connection="close", transfer_encoding="chunked", content_encoding="gzip"
    ),
    "gzip cut between members' ends": respond(zipped() + zipped()[:8], content_encoding="gzip"),
    "gzip of nothing at all": respond(b"", content_encoding="gzip"),
    "deflate cut, its length agreeing": respond(deflated(CSV, 15)[:-6], content_encoding="deflate"),
    "bare deflate cut": respond(deflated(CSV, -15)[:-3], content_encoding="deflate"),
    "one byte of deflate": respond(deflated(CSV, 15)[:1], content_encoding="deflate"),
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
def test_a_truncated_body_is_tried_again_and_never_kept(
    publisher: ScriptedServer, client: Client, into: Path, answer: Callable[..., bool]
) -> None:
    publisher.answers(answer, respond())
    download = client.download(publisher.url, into=into)
    assert content(download) == CSV
    assert download.attempts == 2
    assert list(into.iterdir()) == [download.path]

    assert download.path is not None
    download.path.unlink()
    publisher.answers(answer)
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("truncated", 3, True)


def test_a_body_that_ends_with_the_connection_only_is_not_called_verified(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    publisher.answers(closed_after(CSV))
    download = client.download(publisher.url, into=into)
    assert content(download) == CSV
    assert download.length_verified is False


DAMAGED = {
    "wrong checksum": zipped()[:-8] + b"\xde\xad\xbe\xef" + zipped()[-4:],
    "wrong length in the trailer": zipped()[:-1] + b"\x01",
    "not gzip": CSV,
    "rubbish after the end": zipped() + b"rubbish",
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_compressed_body_is_refused(
    publisher: ScriptedServer, client: Client, into: Path, body: bytes
) -> None:
    publisher.answers(respond(body, content_encoding="gzip"))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("bad_encoding", 3, True)


def test_bytes_after_a_deflate_stream_are_refused(publisher: ScriptedServer, client: Client, into: Path) -> None:
    publisher.answers(respond(deflated(CSV, 15) + b"more", content_encoding="deflate"))
    assert failure_of(client, publisher.url, into).kind == "bad_encoding"


@pytest.mark.parametrize(
    ("transfer", "body"),
    [
        ("gzip, chunked", chunked(zipped())),
        ("gzip,chunked", chunked(zipped())),
        ("deflate, chunked", chunked(deflated(CSV, 15))),
        ("gzip", zipped()),
        ("identity, chunked", chunked(CSV)),
        ("chunked, chunked", chunked(chunked(CSV))),
        ("chunked ", chunked(CSV)),
    ],
)
def test_an_encoding_of_the_transfer_that_was_not_asked_for_is_refused_by_its_name(
    publisher: ScriptedServer, client: Client, into: Path, transfer: str, body: bytes
) -> None:
    publisher.answers(raw(head(transfer_encoding=transfer) + body))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.attempts) == ("bad_encoding", 1)
    assert f"'{transfer.strip()}'" in str(error)


@pytest.mark.parametrize("transfer", ["chunked", "Chunked", "CHUNKED"])
def test_chunks_are_the_one_encoding_of_the_transfer(
    publisher: ScriptedServer, client: Client, into: Path, transfer: str
) -> None:
    publisher.answers(raw(head(transfer_encoding=transfer, content_encoding="gzip") + chunked(zipped())))
    assert content(client.download(publisher.url, into=into)) == CSV


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate, gzip", "\x1b[2J"])
def test_an_encoding_that_was_not_asked_for_is_refused_at_once(
    publisher: ScriptedServer, client: Client, into: Path, encoding: str
) -> None:
    publisher.answers(respond(zipped(), content_encoding=encoding))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("bad_encoding", 1, False)
    assert str(error).isprintable()
    assert publisher.requests[0].headers["accept-encoding"] == "gzip, deflate"


DRIPS = {
    "in the body": endless(head(content_length="100000"), b"x", pause=0.01),
    "in a body without length": endless(head(), b"x", pause=0.01),
    "in chunks": endless(head(transfer_encoding="chunked"), b"1\r\nx\r\n", pause=0.01),
    "in the headers": endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x", pause=0.01),
    "before a silence": silence(head(content_length="100000") + b"x"),
    "in bits": endless(head(), b"x" * 1000),
}


@pytest.mark.parametrize("answer", DRIPS.values(), ids=DRIPS)
def test_a_body_that_drips_is_cut_off_at_the_total_deadline(
    publisher: ScriptedServer, make_client: MakeClient, into: Path, answer: Callable[..., bool]
) -> None:
    publisher.answers(answer)
    error = failure_of(make_client(read_timeout=60.0, total_deadline=0.3, max_bytes=10**12), publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("deadline", 1, True)
    assert "0.3 s" in str(error)


def test_a_deadline_that_was_kept_does_not_cut_a_later_download(
    publisher: ScriptedServer, make_client: MakeClient, into: Path
) -> None:
    publisher.answers(endless(head(), b"x", pause=0.01), respond(), respond())
    client = make_client(total_deadline=1.0)
    failure_of(client, publisher.url, into)
    assert content(client.download(publisher.url, into=into)) == CSV
    assert content(client.download(publisher.url, into=into)) == CSV


@pytest.mark.parametrize(
    "answer",
    [
        respond(MANY_ROWS),
        endless(head(), MANY_ROWS),
        endless(head(transfer_encoding="chunked"), chunked(MANY_ROWS, ended=False)),
        respond(zipped(MANY_ROWS), content_encoding="gzip"),
        respond(b"", content_length="9" * 400),
    ],
    ids=["declared", "endless", "endless chunks", "compressed", "absurd declaration"],
)
def test_a_body_over_the_limit_is_stopped_and_not_kept(
    publisher: ScriptedServer, make_client: MakeClient, into: Path, answer: Callable[..., bool]
) -> None:
    publisher.answers(answer)
    error = failure_of(make_client(max_bytes=1_000_000), publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("too_large", 1, False)
    assert "1,000,000 bytes" in str(error)
    assert "engineer" in error.owner and "engineer" in error.remedy


def test_an_endless_compressed_body_that_holds_nothing_is_stopped(
    publisher: ScriptedServer, make_client: MakeClient, into: Path
) -> None:
    publisher.answers(endless(head(content_encoding="gzip"), zipped(b"") * 5000))
    assert failure_of(make_client(max_bytes=1_000_000), publisher.url, into).kind == "too_large"


def test_the_limit_can_be_set_for_one_download(publisher: ScriptedServer, client: Client, into: Path) -> None:
    publisher.answers(respond())
    assert failure_of(client, publisher.url, into, max_bytes=len(CSV) - 1).kind == "too_large"
    assert content(client.download(publisher.url, into=into, max_bytes=len(CSV))) == CSV


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_decompression_bomb_is_stopped_early(
    publisher: ScriptedServer, client: Client, into: Path, encoding: str
) -> None:
    stream = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    bomb = b"".join(stream.compress(b"\0" * 1_000_000) for _ in range(200)) + stream.flush()
    assert len(bomb) < 250_000
    publisher.answers(respond(bomb, content_encoding=encoding))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("decompression_bomb", 1, False)
    expanded = int(str(error).split("expanded to ")[1].split(", more")[0].replace(",", ""))
    assert expanded < 11_000_000, "it was noticed at the threshold, long before the 200 MB"


def test_a_small_table_may_compress_as_well_as_it_likes(publisher: ScriptedServer, client: Client, into: Path) -> None:
    table = b"E06000049,0\r\n" * 300_000
    assert len(table) > 100 * len(zipped(table))
    publisher.answers(respond(zipped(table), content_encoding="gzip"))
    assert content(client.download(publisher.url, into=into)) == table


def test_web_pages_and_empty_bodies_are_handed_over_unjudged(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    page = b"<!DOCTYPE html><title>Sorry</title>"
    publisher.answers(respond(page, content_type="text/html"), respond(b""))
    download = client.download(publisher.url, into=into)
    assert (content(download), download.headers["content-type"]) == (page, "text/html")
    empty = client.download(publisher.url, into=into)
    assert (content(empty), empty.size, empty.length_verified) == (b"", 0, True)


def test_only_headers_that_help_to_recognise_the_file_are_kept(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    publisher.answers(respond(etag='"v1"', last_modified="Mon, 03 Mar 2025 09:30:00 GMT", set_cookie="visitor=1"))
    first = client.download(publisher.url, into=into)
    assert first.headers == {
        "etag": '"v1"',
        "last-modified": "Mon, 03 Mar 2025 09:30:00 GMT",
        "content-type": "text/csv",
        "content-length": str(len(CSV)),
    }
    client.download(publisher.url, into=into)
    assert "cookie" not in publisher.requests[1].headers


def test_connections_are_kept_between_downloads(publisher: ScriptedServer, client: Client, into: Path) -> None:
    publisher.answers(respond(MANY_ROWS), respond(status=304), respond(zipped(), content_encoding="gzip"), respond())
    client.download(publisher.url, into=into)
    client.download(publisher.url, into=into, etag='"v1"')
    client.download(publisher.url, into=into)
    client.download(publisher.url, into=into)
    assert [request.connection for request in publisher.requests] == [1, 1, 1, 1]


def test_a_missing_folder_is_noticed_before_anybody_is_asked(
    publisher: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    publisher.answers(respond())
    with pytest.raises(NotADirectoryError, match="not a folder"):
        client.download(publisher.url, into=tmp_path / "nowhere")
    assert publisher.requests == []


SMALL_DISK = """
import pathlib, resource, sys
from atf_dagster.http import Client, Host
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
url, into = sys.argv[1], pathlib.Path(sys.argv[2])
try:
    Client([Host(url, 0)], user_agent="atf-tests").download(url, into=into)
except OSError as error:
    print(type(error).__name__, len(list(into.iterdir())))
"""


@pytest.mark.skipif(os.name != "posix", reason="file size limits are a matter of POSIX systems")
def test_a_full_disk_is_an_error_of_the_disk_and_leaves_nothing(
    publisher: ScriptedServer, into: Path, waits: Waits
) -> None:
    publisher.answers(respond(MANY_ROWS))
    child = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, publisher.url, str(into)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.split() == ["OSError", "0"]
    assert len(publisher.requests) == 1, "the publisher is not asked again for what our disk cannot take"
