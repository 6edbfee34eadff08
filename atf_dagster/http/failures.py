"""Sorts the failure of one attempt: what happened, who repairs it, and whether to try again.

The texts of the exceptions of requests and urllib3 are never repeated: they quote whole addresses with their secrets.

Belongs here: making a `FetchFailure` of a status or of an exception of requests and urllib3. Does not belong here:
waiting and counting attempts (`client`).
"""

import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

import requests
import urllib3.exceptions

from atf_dagster.errors import ENGINEER
from atf_dagster.http.errors import Kind
from atf_dagster.http.transport import BrokenAnswer, BytesAfterEnd, Deadline

SERVER_ERRORS = frozenset({500, 502, 503, 504})
SPOKEN: frozenset[Kind] = frozenset({"rate_limited", "server_error"})
"""Failures in which the host answered, though not with the file."""


class Advice(NamedTuple):
    """Who acts, and what to do next."""

    owner: str
    action: str

    @property
    def remedy(self) -> str:
        """Owner and action as one text."""
        return f"{self.owner[:1].upper()}{self.owner[1:]}: {self.action}"


def engineer(action: str) -> Advice:
    """What a data engineer does next."""
    return Advice(ENGINEER, action)


LATER = Advice(
    "whoever runs the refresh",
    "Nothing needs a repair on our side: ask again later, and tell the publisher if the failure lasts.",
)
NETWORK = Advice(
    "whoever runs the network",
    "Check the network: if this machine reaches the host, ask again. If the host is down, the publisher repairs it.",
)
TELL_PUBLISHER = engineer("Open the address in a browser. If the failure lasts, tell the publisher, who repairs it.")
ALLOWED = engineer(
    "If the publisher has really moved, change its address in the settings or the catalogue. If not, keep the refusal "
    "and tell the publisher."
)


@dataclass(frozen=True)
class FetchFailure:
    """Why one attempt failed.

    message: what happened, without the address and without a full stop.
    again: whether another attempt can help now.
    retryable: whether a later attempt can help without any repair on our side.
    pause: seconds that the host asked for.
    silent: whether there was no connection, or no byte within the time limit.
    """

    kind: Kind
    message: str
    advice: Advice
    status: int | None = None
    again: bool = False
    retryable: bool = False
    pause: float | None = None
    silent: bool = False


class AttemptFailed(Exception):
    """Carries a `FetchFailure` out of an attempt. The client catches it."""

    def __init__(self, failure: FetchFailure) -> None:
        self.failure = failure
        super().__init__(failure.message)


def of_status(status: int, *, explanation: str, pause: float | None) -> FetchFailure:
    """The failure for a final status other than 200. A 304 is one if no validator was sent.

    explanation: a short extract of the answer's text, or empty. pause: seconds that the host asked for.
    """
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    message = f"the host answered {name}"
    if pause is not None:
        message += f", and asked for a pause of {pause:.0f} s"
    if explanation:
        message += f": '{explanation}'"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        slower = engineer("Ask again later. If the failure lasts, lower the host's requests per second.")
        return FetchFailure("rate_limited", message, slower, status, again=True, retryable=True, pause=pause)
    if status in SERVER_ERRORS:
        return FetchFailure("server_error", message, LATER, status, again=True, retryable=True, pause=pause)
    meaning, advice = _OTHER_STATUSES.get(status, ("", None))
    if advice is None and status < HTTPStatus.MULTIPLE_CHOICES:
        meaning = "only an answer with 200 has a complete file"
    if advice is None and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        advice = engineer("Compare the request with the publisher's documentation.")
    message += f"; {meaning}" if meaning else ""
    return FetchFailure("http_status", message, advice or TELL_PUBLISHER, status)


_WHO_WE_ARE = engineer("Check the key and the User-Agent that this publisher wants.")
_MOVED = engineer("The file may have been moved or withdrawn. Look at the dataset's page and correct the address.")
_OTHER_STATUSES: dict[int, tuple[str, Advice | None]] = {
    203: (
        "something between the publisher and us has changed the answer",
        Advice("whoever runs the network", "Find the proxy that rewrites answers."),
    ),
    206: ("we asked for the whole file", TELL_PUBLISHER),
    304: ("but we have no copy and sent no validator", TELL_PUBLISHER),
    401: ("", _WHO_WE_ARE),
    403: ("", _WHO_WE_ARE),
    404: ("", _MOVED),
    410: ("", _MOVED),
}


def of_exception(error: Exception, deadline: Deadline) -> FetchFailure:
    """The failure for an exception of requests or urllib3. After the deadline, the deadline was the cause."""
    if deadline.passed:
        return too_slow(deadline)
    causes = list(_causes(error))
    secure = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if isinstance(secure, ssl.SSLCertVerificationError):
        trust = Advice(
            "whoever runs the network",
            "If a proxy opens secure connections, name its authority in REQUESTS_CA_BUNDLE. If not, tell the publisher "
            "of its certificate. Verification is never switched off.",
        )
        return FetchFailure("tls", f"the host's certificate was refused ({secure.verify_message})", trust)
    kind: Kind = "connection"
    silent = any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes)
    message = f"the connection failed ({_reason(causes)})"
    advice = NETWORK
    if any(isinstance(cause, BytesAfterEnd) for cause in causes):
        kind, message, advice = "truncated", "the body goes on after its declared length", LATER
    elif isinstance(error, requests.exceptions.ProxyError):
        silent = True
        message = f"the proxy did not connect ({_reason(causes)})"
        advice = Advice("whoever runs the network", "Check HTTPS_PROXY and NO_PROXY, then ask again.")
    elif secure is not None or isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        name = (secure.reason if secure is not None else None) or "no reason given"
        kind, message = "tls", f"the secure connection failed ({name})"
    elif isinstance(error, requests.exceptions.ConnectTimeout):
        silent = True
        kind, message = "timeout", "there was no connection within the time limit"
    elif isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        silent = True
        kind, message, advice = "timeout", "the host sent nothing for longer than the time limit", LATER
    elif isinstance(error, urllib3.exceptions.ProtocolError):
        kind, message, advice = "truncated", f"the body was cut off ({_reason(causes)})", LATER
    return FetchFailure(kind, message, advice, again=True, retryable=True, silent=silent)


def too_slow(deadline: Deadline) -> FetchFailure:
    """The failure of an attempt that took too long. The client does not try at once: it would take as long again."""
    message = f"the download was not finished within {deadline.seconds:g} s"
    advice = engineer("Ask again later. If the file has really grown, raise the total deadline.")
    return FetchFailure("deadline", message, advice, retryable=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all its causes, outermost first, wherever the libraries keep them."""
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
    """The system's text for the innermost cause, or the kind of exception if there is none."""
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
        return "the last chunk did not come"
    return type(causes[-1]).__name__
