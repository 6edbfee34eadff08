"""The client: it downloads one file from an allowed host, and tries again while that can help.

Belongs here: the order of the steps (turn, request, redirects, status, body, next attempt), which headers go to which
host. Does not belong here: sorting failures (`failures`), reading bodies (`body`), waiting times (`pace`), sockets
(`transport`).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
import requests.adapters
import urllib3.exceptions

from atf_dagster.http import failures
from atf_dagster.http.errors import FetchError
from atf_dagster.http.failures import AttemptFailed, FetchFailure
from atf_dagster.http.limits import Budget, Host, Limits, Origin
from atf_dagster.http.pace import Pace, backoff, retry_after
from atf_dagster.http.redaction import guard_connection_log, is_secret_name, redact
from atf_dagster.http.saving import excerpt, save
from atf_dagster.http.silence import Silence
from atf_dagster.http.transport import Deadline, WatchedAdapter

_DEFAULT_LIMITS = Limits()
_NO_BUDGET = Budget()
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS_KEPT = (
    "etag",
    "last-modified",
    "content-type",
    "content-length",
    "content-encoding",
    "date",
    "retry-after",
    "link",
    "x-ratelimit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-bundled-origin",  # of the snapshot; landing believes it in no other mode
)


@dataclass(frozen=True)
class Download:
    """A successful answer.

    url, final_url: the address with its parameters, and the address after redirects; both without the values of
    secret parameters.
    status: 200, or 304 if a validator was sent and the publisher says that nothing has changed.
    headers: the headers that identify the file or help with the next request, by lower-case name.
    path: a new file in the given folder, which the caller moves or removes; None for 304.
    size, sha256: of the file; decoded bytes and hexadecimal; 0 and None for 304.
    attempts: requests, without redirects. waited_seconds: seconds slept for the pace, pauses and backoff.
    length_verified: whether a Content-Length, complete chunks or a complete compressed stream proved the end of the
    body. False means that the connection closed without such a proof: the caller must check in another way that the
    file is complete.
    """

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    path: Path | None
    size: int
    sha256: str | None
    attempts: int
    waited_seconds: float
    length_verified: bool


@dataclass(frozen=True)
class _Wish:
    """What the caller asked for; the same for all attempts."""

    url: str
    origin: Origin
    into: Path
    validators: Mapping[str, str]
    headers: Mapping[str, str]
    max_bytes: int
    secrets: tuple[str, ...]
    body: bytes | None

    def redact(self, text: str) -> str:
        return redact(text, self.secrets)


@dataclass
class _Tally:
    """One download so far: when it began, its requests, its seconds of sleep, whom it asked last, and when."""

    began: float = field(default_factory=time.monotonic)
    attempts: int = 0
    waited: float = 0.0
    origin: Origin | None = None
    asked: float = 0.0


class _Sessions(threading.local):
    session: requests.Session | None = None


class Client:
    """Downloads from the hosts given, and from no other. Threads may share it; each gets its own session.

    budget: what an origin may cost in vain. Then its downloads fail at once; a new client asks it again.
    adapter: answers every https request instead of the network (the bundled snapshot). Threads share it too.
    sleep: waits for a number of seconds.
    on_retry: gets one line that says why an attempt failed and when the next one follows.

    Proxies and certificate authorities come from the environment as usual. Certificates are always verified. The
    client uses no passwords from a .netrc file and keeps no cookies. Requests to loopback never go through a proxy.
    """

    def __init__(
        self,
        hosts: Sequence[Host],
        *,
        user_agent: str,
        limits: Limits = _DEFAULT_LIMITS,
        budget: Budget = _NO_BUDGET,
        adapter: requests.adapters.BaseAdapter | None = None,
        sleep: Callable[[float], None] = time.sleep,
        on_retry: Callable[[str], None] | None = None,
    ) -> None:
        if not user_agent.strip():
            raise ValueError("A User-Agent is needed: publishers block clients without one.")
        self._limits = limits
        self._user_agent = user_agent
        self._adapter = adapter
        self._sleep = sleep
        self._on_retry = on_retry
        self._paces = _paces(hosts, sleep)
        self._silences = {origin: Silence(origin, budget) for origin in self._paces}
        self._mine = _Sessions()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []
        self._closed = False
        guard_connection_log()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of every thread. A later download raises RuntimeError."""
        with self._lock:
            self._closed = True
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()

    def download(
        self,
        url: str,
        params: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        *,
        into: Path,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int | None = None,
    ) -> Download:
        """Ask for `url` with `params`, and keep the body as a new file in the existing folder `into`.

        etag, last_modified: validators of the copy that we have. Without one of them a 304 is a failure.
        headers: sent only to the origin of `url`; a redirect to another origin does not get a key in them.
        body: a question in JSON, sent by POST. It is sent again after a failure, because it changes nothing there.
        max_bytes: decoded bytes, instead of the client's limit.
        Raises FetchError (SnapshotMiss from a snapshot), or OSError if the disk cannot take the file. Neither leaves a
        file.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        wish = self._wish(
            url,
            params,
            into=into,
            validators={name: value for name, value in validators.items() if value},
            headers=headers or {},
            body=body,
            max_bytes=self._limits.max_bytes if max_bytes is None else max_bytes,
        )
        if not into.is_dir():
            raise NotADirectoryError(f"Downloads cannot be kept in {into}: it is not a folder.")
        tally = _Tally()
        while True:
            try:
                return self._attempt(wish, tally)
            except AttemptFailed as failed:
                failure = failed.failure
            given_up = self._silences[tally.origin or wish.origin].why
            if not failure.again or tally.attempts >= self._limits.attempts or given_up:
                # Raised outside the handler: otherwise the library's exception is chained to it and printed, and that
                # one quotes the whole address with its secrets.
                raise _as_error(failure, wish, tally, given_up)
            self._wait_before_next(failure, wish, tally)

    def _wait_before_next(self, failure: FetchFailure, wish: _Wish, tally: _Tally) -> None:
        """Report why, and wait for the backoff. A pause that the host asked for is part of the next turn."""
        seconds = backoff(tally.attempts, self._limits) if failure.pause is None else 0.0
        if self._on_retry is not None:
            line = (
                f"{wish.url}: {failure.message}. Attempt {tally.attempts} of {self._limits.attempts}; "
                f"trying again in {seconds if failure.pause is None else failure.pause:.1f} s."
            )
            self._on_retry(wish.redact(line))
        if seconds > 0:
            self._sleep(seconds)
            tally.waited += seconds

    def _wish(
        self,
        url: str,
        params: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        into: Path,
        validators: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
        max_bytes: int,
    ) -> _Wish:
        pairs = list(params.items() if isinstance(params, Mapping) else params)
        full = _written(url, pairs)
        if full is None:
            raise FetchError(
                kind="bad_request",
                url=url,
                message=f"{url}: this is not a complete web address, so no request was sent.",
                remedy=failures.engineer("Correct the address in the catalogue.").remedy,
                attempts=0,
            )
        origin, refusal = self._allowed(full)
        if origin is None:
            raise FetchError(
                kind="host_not_allowed",
                url=full,
                message=f"{full}: no request was sent, because {refusal}.",
                remedy=failures.engineer(
                    "If the address is right, add its host to the catalogue or the settings."
                ).remedy,
                attempts=0,
            )
        secrets = [value for name, value in parse_qsl(urlsplit(full).query) if is_secret_name(name)]
        for value in headers.values():
            # The single words too: of "Bearer abc", a publisher's error text may quote only the second word.
            secrets += [value, *value.split()]
        return _Wish(full, origin, into, validators, headers, max_bytes, tuple(secrets), body)

    def _allowed(self, url: str) -> tuple[Origin | None, str]:
        """The origin of an allowed address; otherwise None and the reason."""
        try:
            origin = Origin.of(url)
        except ValueError as reason:
            return None, str(reason)
        if origin not in self._paces:
            return None, f"{origin} is not one of the allowed hosts ({', '.join(map(str, self._paces))})"
        return origin, ""

    def _attempt(self, wish: _Wish, tally: _Tally) -> Download:
        """One request, redirects and body included. Raises AttemptFailed, SnapshotMiss, or OSError (disk)."""
        self._take_turn(wish.origin, tally)
        tally.attempts += 1
        try:
            download = self._ask(wish, tally)
        except AttemptFailed as failed:
            silence = self._silences[tally.origin or wish.origin]
            silence.failed(failed.failure, began=tally.began, asked=tally.asked)
            raise
        self._silences[tally.origin or wish.origin].answered()
        return download

    def _take_turn(self, origin: Origin, tally: _Tally) -> None:
        """Wait until this origin may be asked. Raises AttemptFailed if it is not asked any more in this fetch run."""
        silence = self._silences[origin]
        if silence.refusal is None:
            tally.waited += self._paces[origin].wait_turn()
        if silence.refusal is not None:  # perhaps only since this thread has been waiting
            raise AttemptFailed(silence.refusal)
        tally.origin, tally.asked = origin, time.monotonic()

    def _ask(self, wish: _Wish, tally: _Tally) -> Download:
        with Deadline(self._limits.total_deadline) as deadline:
            url, origin = wish.url, wish.origin
            for hop in range(self._limits.max_redirects + 1):
                if hop:
                    self._take_turn(origin, tally)
                with self._send(url, origin, wish, deadline) as response:
                    status = response.status_code
                    if status not in _REDIRECTS:
                        return self._receive(response, url, wish, tally, deadline)
                    self._silences[origin].answered()
                    url, origin = self._next_hop(response, url)
            message = f"the host redirects more than {self._limits.max_redirects} times"
            raise AttemptFailed(FetchFailure("redirect_refused", message, failures.TELL_PUBLISHER, status))

    def _send(self, url: str, origin: Origin, wish: _Wish, deadline: Deadline) -> requests.Response:
        """Send one request and return when the headers of the answer have arrived.

        The request goes to the adapter directly: `Session.send` reads the whole body of a redirect, however large,
        keeps cookies, and adds passwords from a .netrc file.
        """
        headers = dict(wish.headers) if origin == wish.origin else {}
        headers |= wish.validators
        headers |= {"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate", "Accept": "*/*"}
        # After a redirect the question becomes a plain GET, as in browsers, so that only one host gets its text.
        method, data = ("POST", wish.body) if wish.body is not None and url == wish.url else ("GET", None)
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            request = requests.Request(method, url, headers=headers, data=data).prepare()
        except (requests.exceptions.InvalidHeader, UnicodeError):
            message = "a header of the request cannot be encoded"
            remedy = failures.engineer(
                "Look for a line break or a letter outside Latin-1 in the key or the User-Agent."
            )
            raise AttemptFailed(FetchFailure("bad_request", message, remedy)) from None
        session = self._session()
        adapter = session.get_adapter(url)
        around = session.merge_environment_settings(url, {}, True, None, None)
        # The environment may name authorities (REQUESTS_CA_BUNDLE), but cannot switch verification off.
        authorities = around["verify"]
        try:
            return adapter.send(
                request,
                stream=True,
                timeout=(
                    min(self._limits.connect_timeout, deadline.seconds),
                    min(self._limits.read_timeout, deadline.seconds),
                ),
                verify=authorities if isinstance(authorities, str) else True,
                cert=around["cert"],
                proxies={} if origin.is_loopback else around["proxies"],
            )
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise AttemptFailed(failures.of_exception(error, deadline)) from error

    def _receive(
        self, response: requests.Response, url: str, wish: _Wish, tally: _Tally, deadline: Deadline
    ) -> Download:
        """Make a Download of the final answer. Only 200, or 304 to a validator, is a success."""
        status = response.status_code
        path, size, sha256, verified = None, 0, None, True
        if status == HTTPStatus.OK:
            saved = save(
                response,
                into=wish.into,
                max_bytes=wish.max_bytes,
                max_ratio=self._limits.max_ratio,
                deadline=deadline,
                on_progress=self._silences[Origin.of(url)].answered,
            )
            path, size, sha256, verified = saved.path, saved.size, saved.sha256, saved.length_verified
        elif status == HTTPStatus.NOT_MODIFIED and wish.validators:
            # A 304 has no body; draining the connection frees it for the next request.
            response.raw.drain_conn()
        else:
            raise AttemptFailed(self._refusal(response, Origin.of(url), wish, deadline))
        return Download(
            url=wish.redact(wish.url),
            final_url=wish.redact(url),
            status=status,
            headers={name: response.headers[name] for name in _HEADERS_KEPT if name in response.headers},
            path=path,
            size=size,
            sha256=sha256,
            attempts=tally.attempts,
            waited_seconds=tally.waited,
            length_verified=verified,
        )

    def _refusal(self, response: requests.Response, origin: Origin, wish: _Wish, deadline: Deadline) -> FetchFailure:
        """The failure for a status. A pause that the host asks for stops every thread."""
        status = response.status_code
        pause = None
        if status == HTTPStatus.TOO_MANY_REQUESTS or status in failures.SERVER_ERRORS:
            pause = retry_after(response.headers.get("Retry-After"), self._limits)
            if pause is not None:
                # The jitter is added to the pause: no thread may come back before the pause is over.
                self._paces[origin].hold(pause + backoff(1, self._limits))
        # Only of a refusal the publisher's text is read; an overloaded host gets no time for that.
        refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        explained = refused and status != HTTPStatus.TOO_MANY_REQUESTS
        explanation = wish.redact(excerpt(response, deadline)) if explained else ""
        return failures.of_status(status, explanation=explanation, pause=pause)

    def _next_hop(self, response: requests.Response, url: str) -> tuple[str, Origin]:
        """Address and origin of a redirect's target. Raises AttemptFailed if the target is not allowed."""
        status = response.status_code
        location = response.headers.get("Location", "")
        if not location:
            message = f"the host answered {status} without saying where to"
            raise AttemptFailed(FetchFailure("redirect_refused", message, failures.TELL_PUBLISHER, status))
        try:
            # Header bytes arrive as Latin-1; an address in them that is not ASCII is UTF-8.
            target = _written(urljoin(url, location.encode("latin-1").decode("utf-8")))
        except ValueError:
            target = None
        if target is None:
            message = f"the host redirects ({status}) to something that is not a web address"
            failure = FetchFailure("redirect_refused", message, failures.TELL_PUBLISHER, status)
        else:
            origin, refusal = self._allowed(target)
            if origin is not None:
                return target, origin
            failure = FetchFailure(
                "redirect_refused", f"the host redirects ({status}), but {refusal}", failures.ALLOWED, status
            )
        raise AttemptFailed(failure)

    def _session(self) -> requests.Session:
        session = self._mine.session
        if self._closed:
            raise RuntimeError("This client is closed; make a new one for further downloads.")
        if session is None:
            session = requests.Session()
            session.mount("http://", WatchedAdapter())
            session.mount("https://", self._adapter or WatchedAdapter())
            self._mine.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def _written(url: str, params: Sequence[tuple[str, str]] = ()) -> str | None:
    """The address as it is sent, with encoded parameters; None if it cannot be an address."""
    try:
        return requests.Request("GET", url, params=list(params)).prepare().url
    except (requests.exceptions.RequestException, ValueError):
        return None


def _paces(hosts: Sequence[Host], sleep: Callable[[float], None]) -> dict[Origin, Pace]:
    """One pace for each origin. ValueError if two entries give one origin different rates."""
    rates: dict[Origin, float] = {}
    for host in hosts:
        if rates.setdefault(host.origin, host.requests_per_second) != host.requests_per_second:
            raise ValueError(f"{host.origin} is given twice, with different requests per second.")
    return {origin: Pace(rate, sleep) for origin, rate in rates.items()}


def _as_error(failure: FetchFailure, wish: _Wish, tally: _Tally, given_up: str) -> FetchError:
    """The failure as whole sentences, with the address and the attempts, without secrets.

    given_up: why its origin is not asked again, or empty.
    """
    times = f", after {tally.attempts} attempts" if tally.attempts > 1 else ""
    times += f"; {given_up}" if given_up else ""
    return FetchError(
        kind=failure.kind,
        url=wish.redact(wish.url),
        message=wish.redact(f"{wish.url}: {failure.message}{times}."),
        remedy=failure.advice.remedy,
        owner=failure.advice.owner,
        status=failure.status,
        attempts=tally.attempts,
        retryable=failure.retryable,
    )
