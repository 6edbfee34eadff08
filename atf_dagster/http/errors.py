"""What can go wrong between us and a publisher, in words that say whose it is to mend.

Here belongs: the exceptions that `Client.download` raises. Not here: faults of content (an error page served
with status 200, missing columns), which the source and the landing judge; and faults of the disk, which stay
`OSError`.
"""

from typing import Literal

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
    "bad_request",  # the request itself cannot be written down
    "bad_encoding",  # a Content-Encoding we did not ask for, or one that does not decode
    "truncated",  # the body's length is not what was declared
    "tls",  # the secure connection could not be established
    "snapshot_miss",  # the bundled snapshot does not hold the request
]


class FetchError(Exception):
    """A download that did not happen. `str()` is `message` followed by `mend`: sentences fit to show to a
    reader.

    kind: which failure, for programs.
    url: the address asked for, without its secrets.
    status: the HTTP status, where one was received.
    attempts: how many requests were made for it, all of them failures.
    retryable: whether the same request may succeed later with nothing mended on our side. The client has
    already used up its own attempts where trying again at once made sense.
    message: what happened and where. mend: whose it is to mend, and what to do next.
    """

    def __init__(
        self,
        *,
        kind: Kind,
        url: str,
        message: str,
        remedy: str,
        status: int | None = None,
        attempts: int = 1,
        retryable: bool = False,
    ) -> None:
        self.kind: Kind = kind
        self.url = redact(url)
        self.status = status
        self.attempts = attempts
        self.retryable = retryable
        self.message = redact(message)
        self.remedy = redact(remedy)
        super().__init__(f"{self.message} {self.remedy}".strip())


class SnapshotMiss(FetchError):
    """The bundled snapshot does not hold this request. Raised by its adapter, and never tried again."""

    def __init__(self, *, url: str, message: str, remedy: str) -> None:
        super().__init__(kind="snapshot_miss", url=url, message=message, remedy=remedy, attempts=1, retryable=False)
