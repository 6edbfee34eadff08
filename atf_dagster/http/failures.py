"""Sorting what went wrong in one attempt: what it was, whose it is to mend, and whether to try again.

Here belongs: the way from a status, or from an exception of requests and urllib3, to a `Failure`. Texts of
those libraries' exceptions are not repeated, for they quote whole addresses, secrets included.
Not here: waiting and counting attempts (`client`).
"""

import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import requests
import urllib3.exceptions

from atf_dagster.http.errors import Kind
from atf_dagster.http.transport import BrokenAnswer, BytesAfterEnd, Deadline

SERVER_ERRORS = frozenset({500, 502, 503, 504})

LATER = "Nothing to mend on our side: ask again later, and tell the publisher if it lasts."
NETWORK = "The network's or the publisher's to mend: check that this machine reaches the host, then ask again."
TELL_PUBLISHER = "The publisher's to mend: look at the address in a browser, and tell the publisher if it lasts."
ENGINEER = "An engineer's to mend: "
ALLOWED = (
    ENGINEER + "if the publisher has really moved, change its address in the settings or the catalogue; "
    "if not, leave it refused and tell the publisher."
)


@dataclass(frozen=True)
class FetchFailure:
    """Why one attempt came to nothing.

    message: what happened, without the address and without a full stop.
    again: whether the next attempt makes sense now.
    retryable: whether a later one does, with nothing mended on our side. pause: seconds that the host asked
    for.
    """

    kind: Kind
    message: str
    remedy: str
    status: int | None = None
    again: bool = False
    retryable: bool = False
    pause: float | None = None


class AttemptFailed(Exception):
    """Carries a `Failure` out of an attempt; never leaves the client."""

    def __init__(self, failure: FetchFailure) -> None:
        self.failure = failure
        super().__init__(failure.message)


def of_status(status: int, *, said: str, pause: float | None) -> FetchFailure:
    """The failure that a final status other than 200 is, 304 being none only where a validator was sent.

    said: a short extract of the answer's text, or empty. pause: seconds that the host asked for.
    """
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    message = f"the host answered {name}"
    if pause is not None:
        message += f", and asked for a pause of {pause:.0f} s"
    if said:
        message += f": '{said}'"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        remedy = ENGINEER + "if it lasts, lower the host's requests per second; otherwise ask again later."
        return FetchFailure("rate_limited", message, remedy, status, again=True, retryable=True, pause=pause)
    if status in SERVER_ERRORS:
        return FetchFailure("server_error", message, LATER, status, again=True, retryable=True, pause=pause)
    meaning, remedy = _OTHER_STATUSES.get(status, ("", ""))
    if not remedy and status < HTTPStatus.MULTIPLE_CHOICES:
        meaning = "only 200 carries a complete file"
    if not remedy and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        remedy = ENGINEER + "compare the request with the publisher's documentation."
    message += f"; {meaning}" if meaning else ""
    return FetchFailure("http_status", message, remedy or TELL_PUBLISHER, status)


_WHO_WE_ARE = ENGINEER + "check the key and the User-Agent that this publisher wants."
_MOVED = ENGINEER + "it may have been moved or withdrawn; look at the dataset's page and correct its address."
_OTHER_STATUSES: dict[int, tuple[str, str]] = {
    203: (
        "something between the publisher and us has changed the answer",
        "The network's to mend: find the proxy that rewrites answers.",
    ),
    206: ("the whole was asked for", TELL_PUBLISHER),
    304: ("but no copy is held, and none was claimed", TELL_PUBLISHER),
    401: ("", _WHO_WE_ARE),
    403: ("", _WHO_WE_ARE),
    404: ("", _MOVED),
    410: ("", _MOVED),
}


def of_exception(error: Exception, deadline: Deadline) -> FetchFailure:
    """The failure that an exception of requests or urllib3 is. After the deadline, that was the cause."""
    if deadline.passed:
        return too_slow(deadline)
    causes = list(_causes(error))
    secure = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if isinstance(secure, ssl.SSLCertVerificationError):
        remedy = (
            "The publisher's to mend; or the network's, where a proxy opens secure connections: name its "
            "authority in REQUESTS_CA_BUNDLE. Verification is never switched off."
        )
        return FetchFailure("tls", f"the host's certificate was refused ({secure.verify_message})", remedy)
    kind: Kind = "connection"
    message = f"the connection failed ({_reason(causes)})"
    remedy = NETWORK
    if any(isinstance(cause, BytesAfterEnd) for cause in causes):
        kind, message, remedy = "truncated", "the body goes on after its declared length", LATER
    elif isinstance(error, requests.exceptions.ProxyError):
        message = f"the proxy did not connect us ({_reason(causes)})"
        remedy = "The network's to mend: check HTTPS_PROXY and NO_PROXY, then ask again."
    elif secure is not None or isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        name = (secure.reason if secure is not None else None) or "no reason given"
        kind, message = "tls", f"the secure connection failed ({name})"
    elif isinstance(error, requests.exceptions.ConnectTimeout):
        kind, message = "timeout", "there was no connection within the time limit"
    elif isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        kind, message, remedy = "timeout", "the host fell silent for longer than the time limit", LATER
    elif isinstance(error, urllib3.exceptions.ProtocolError):
        kind, message, remedy = "truncated", f"the body was cut off ({_reason(causes)})", LATER
    return FetchFailure(kind, message, remedy, again=True, retryable=True)


def too_slow(deadline: Deadline) -> FetchFailure:
    """An attempt took too long as a whole. Not tried again at once: another would take as long."""
    message = f"it was not finished within {deadline.seconds:g} s in all"
    remedy = ENGINEER + "ask again later; if the file has really grown, raise the total deadline."
    return FetchFailure("deadline", message, remedy, retryable=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it was made from, outermost first, however the libraries keep them."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _reason(causes: list[BaseException]) -> str:
    """The system's own words for the innermost cause, or the kind of exception where it has none."""
    for cause in reversed(causes):
        if isinstance(cause, BrokenAnswer):
            return str(cause)
        if isinstance(cause, socket.gaierror):
            return "the host's name is not known"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    for cause in reversed(causes):
        if isinstance(cause, urllib3.exceptions.IncompleteRead):
            return f"{cause.partial} bytes came, {cause.expected} more were declared"
    if any(isinstance(cause, http.client.IncompleteRead) for cause in causes):
        return "its last chunk never came"
    return type(causes[-1]).__name__
