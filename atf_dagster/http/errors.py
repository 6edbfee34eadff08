"""The errors that `Client.download` raises.

Belongs here: errors between us and a publisher. Does not belong here: errors of content, such as an error page with
status 200 or missing columns (`formats`, `sources`); errors of the disk, which stay `OSError`.
"""

from typing import Literal

from atf_dagster.errors import ENGINEER, AtfError
from atf_dagster.http.redaction import redact

Kind = Literal[
    "timeout",  # no connection, or no bytes, within the limit
    "deadline",  # bytes came, but too slowly to finish in time
    "connection",  # refused, reset, unresolved, or not HTTP
    "http_status",  # a status that no retry will change
    "rate_limited",  # 429
    "server_error",  # 500, 502, 503, 504
    "too_large",  # more than `max_bytes`
    "decompression_bomb",  # expands beyond `max_ratio`
    "redirect_refused",  # to an origin that is not allowed, or too many
    "host_not_allowed",  # the address asked for is not of an allowed origin
    "bad_request",  # the request cannot be encoded
    "bad_encoding",  # a Content-Encoding we did not ask for, or one that does not decode
    "truncated",  # the body is shorter or longer than declared
    "tls",  # the secure connection could not be established
    "snapshot_miss",  # the bundled snapshot has no answer to the request
]


class FetchError(AtfError):
    """A download that failed. Receipts record the remedy without the owner, so the remedy itself names who acts.

    kind: which failure, for programs.
    url: the address of the request, without its secrets.
    status: the HTTP status, if one was received.
    attempts: how many requests were made; all of them failed.
    retryable: whether the same request may succeed later without any repair on our side. Where another attempt at once
    could help, the client has made all of its attempts already.
    """

    def __init__(
        self,
        *,
        kind: Kind,
        url: str,
        message: str,
        remedy: str,
        owner: str = ENGINEER,
        status: int | None = None,
        attempts: int = 1,
        retryable: bool = False,
    ) -> None:
        super().__init__(redact(message), redact(remedy), owner=owner)
        self.kind: Kind = kind
        self.url = redact(url)
        self.status = status
        self.attempts = attempts
        self.retryable = retryable


class SnapshotMiss(FetchError):
    """The bundled snapshot has no answer to this request. Its adapter raises this; the client does not try again."""

    def __init__(self, *, url: str, message: str, remedy: str, owner: str = ENGINEER) -> None:
        super().__init__(kind="snapshot_miss", url=url, message=message, remedy=remedy, owner=owner)
