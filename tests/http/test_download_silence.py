"""An origin that does not answer is given up for this client; one that answers slowly, or now and then, is not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atf_dagster.http import Budget, Client, FetchError, Host, Limits, silence
from atf_dagster.http.failures import LATER, FetchFailure
from atf_dagster.http.limits import Origin
from support.server import ScriptedServer, closed_address, endless, head, raw, respond
from support.server import silence as says_nothing

MakeBudgeted = Callable[..., Client]
TWO = Budget(unanswered=2)


@pytest.fixture
def make_budgeted(publisher: ScriptedServer, other_publisher: ScriptedServer) -> MakeBudgeted:
    def make(*further: str, budget: Budget = TWO, **limits: float) -> Client:
        hosts = [Host(url, 0) for url in (publisher.url, other_publisher.url, *further)]
        quick = {"attempts": 5, "backoff_first": 0.0, "read_timeout": 0.2, "connect_timeout": 2.0, **limits}
        return Client(
            hosts,
            user_agent="atf-tests",
            limits=Limits(**quick),  # type: ignore[arg-type]
            budget=budget,
        )

    return make


def failure_of(client: Client, url: str, into: Path) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.download(url, into=into)
    return caught.value


@pytest.mark.parametrize(
    "silent",
    [says_nothing(), says_nothing(b"HTTP/1.1 200 OK\r\nContent-Le"), says_nothing(head(content_length="99") + b"a")],
    ids=["no byte", "half the headers", "half the body"],
)
def test_after_two_requests_without_an_answer_the_others_fail_at_once_with_that_reason(
    publisher: ScriptedServer,
    other_publisher: ScriptedServer,
    make_budgeted: MakeBudgeted,
    into: Path,
    silent: Callable[..., bool],
) -> None:
    publisher.answers(silent)
    other_publisher.answers(respond())
    with make_budgeted() as client:
        first = failure_of(client, f"{publisher.url}/1", into)
        assert (first.kind, first.attempts) == ("timeout", 2)
        assert "left 2 requests of this refresh unanswered" in str(first)
        other = failure_of(client, f"{publisher.url}/2", into)
        assert (other.kind, other.attempts, other.retryable) == ("timeout", 0, True)
        assert other.url == f"{publisher.url}/2"
        assert f"{publisher.url}/2: the request was not sent" in str(other)
        assert "sent nothing for longer than the time limit" in str(other)
        assert f"{publisher.url} left 2 requests of this refresh unanswered" in str(other)
        assert client.download(other_publisher.url, into=into).attempts == 1
    assert len(publisher.requests) == 2


def nobody_listens() -> str:
    return closed_address()


def no_name_is_known() -> str:
    return "https://publisher.example"


@pytest.mark.parametrize(
    ("address", "said"), [(nobody_listens, "connection refused"), (no_name_is_known, "the host's name is not known")]
)
def test_an_origin_to_which_there_is_no_connection_is_given_up(
    make_budgeted: MakeBudgeted,
    into: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: Callable[[], str],
    said: str,
) -> None:
    def only_loopback(host: str, *more: object, **named: object) -> object:
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *more, **named)  # type: ignore[arg-type]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", only_loopback)
    url = address()
    with make_budgeted(url) as client:
        assert failure_of(client, f"{url}/1", into).attempts == 2
        other = failure_of(client, f"{url}/2", into)
    assert (other.kind, other.attempts) == ("connection", 0)
    assert said in str(other)


def test_threads_that_ask_a_silent_origin_together_all_end(
    publisher: ScriptedServer, make_budgeted: MakeBudgeted, into: Path
) -> None:
    publisher.answers(says_nothing())
    with make_budgeted() as client, ThreadPoolExecutor(8) as pool:
        failures = list(pool.map(lambda n: failure_of(client, f"{publisher.url}/{n}", into), range(40)))
    assert {failure.kind for failure in failures} == {"timeout"}
    assert {failure.attempts for failure in failures[-16:]} == {0}
    assert len(publisher.requests) <= 16  # of 200 with five attempts each


@pytest.mark.parametrize("status", [200, 404])
def test_an_origin_that_answers_now_and_then_is_not_given_up(
    publisher: ScriptedServer, make_budgeted: MakeBudgeted, into: Path, status: int
) -> None:
    with make_budgeted(attempts=1) as client:
        for _ in range(3):
            publisher.answers(says_nothing())
            assert failure_of(client, publisher.url, into).attempts == 1
            publisher.answers(respond(status=status))
            if status == 200:
                client.download(publisher.url, into=into)
            else:
                assert failure_of(client, publisher.url, into).status == status
        publisher.answers(respond())
        assert client.download(publisher.url, into=into).attempts == 1


def test_each_megabyte_of_a_large_body_is_an_answer(
    publisher: ScriptedServer, make_budgeted: MakeBudgeted, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    monkeypatch.setattr(silence.Silence, "answered", lambda self: answers.append("answered"))
    publisher.answers(respond(b"x" * 3_500_000))
    with make_budgeted() as client:
        client.download(publisher.url, into=into)
    assert len(answers) == 3 + 1


@pytest.mark.parametrize(
    "answer",
    [respond(b"", status=503), respond(b"", status=429), raw(b"", reset=True)],
    ids=["server error", "rate limited", "reset"],
)
def test_an_origin_that_says_something_gets_all_attempts_of_every_part(
    publisher: ScriptedServer, make_budgeted: MakeBudgeted, into: Path, answer: Callable[..., bool]
) -> None:
    publisher.answers(answer)
    with make_budgeted(attempts=3) as client:
        assert [failure_of(client, f"{publisher.url}/{n}", into).attempts for n in range(3)] == [3, 3, 3]


def test_a_new_client_asks_again(publisher: ScriptedServer, make_budgeted: MakeBudgeted, into: Path) -> None:
    publisher.answers(says_nothing())
    with make_budgeted() as client:
        failure_of(client, publisher.url, into)
    publisher.answers(respond())
    with make_budgeted() as client:
        assert client.download(publisher.url, into=into).attempts == 1


def test_an_origin_that_only_drips_is_given_up_when_its_seconds_are_used(
    publisher: ScriptedServer, make_budgeted: MakeBudgeted, into: Path
) -> None:
    publisher.answers(endless(head(content_length="1000000"), b"x", pause=0.02))
    with make_budgeted(budget=Budget(seconds=0.1), total_deadline=0.4) as client:
        assert failure_of(client, f"{publisher.url}/1", into).kind == "deadline"
        other = failure_of(client, f"{publisher.url}/2", into)
    assert (other.kind, other.attempts) == ("deadline", 0)
    assert "s without an answer" in str(other)


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    clock = Seconds()
    monkeypatch.setattr(silence, "time", clock)
    return clock


def of(budget: Budget) -> silence.Silence:
    return silence.Silence(Origin.of("https://publisher.example"), budget)


TIMEOUT = FetchFailure("timeout", "nothing came", LATER, again=True, retryable=True, silent=True)
REFUSED = FetchFailure("connection", "refused", LATER, again=True, retryable=True, silent=True)
BUSY = FetchFailure("server_error", "busy", LATER, 503, again=True, retryable=True)


def test_seconds_in_which_several_threads_wait_count_once(clock: Seconds) -> None:
    asked = of(Budget(seconds=100))
    began = clock.now
    clock.now += 60
    for _ in range(8):
        asked.failed(BUSY, began=began, asked=began)
    assert asked.refusal is None
    clock.now += 50
    asked.failed(BUSY, began=began, asked=began)
    assert asked.refusal is not None and asked.refusal.kind == "server_error"
    assert "110 s" in asked.why


def test_a_pause_that_the_host_asks_for_counts_as_lost(clock: Seconds) -> None:
    asked = of(Budget(seconds=100))
    began = clock.now
    for pause in (60, 60):
        clock.now += pause
        asked.failed(BUSY, began=began, asked=clock.now)
    assert asked.refusal is not None


def test_seconds_before_an_answer_to_somebody_else_are_not_lost(clock: Seconds) -> None:
    """A single slow server, asked by several threads, that answers one after the other."""
    asked = of(Budget(unanswered=2, seconds=100))
    for _ in range(30):
        began = clock.now
        clock.now += 59
        asked.answered()
        clock.now += 1
        asked.failed(TIMEOUT, began=began, asked=began)
        asked.failed(TIMEOUT, began=began, asked=began)
    assert asked.refusal is None


def test_connections_that_are_refused_together_are_one_sign_of_silence(clock: Seconds) -> None:
    asked = of(Budget(unanswered=2))
    began = clock.now
    for _ in range(8):
        clock.now += 0.01
        asked.failed(REFUSED, began=began, asked=began)
    assert asked.refusal is None
    clock.now += 0.5
    asked.failed(REFUSED, began=began, asked=clock.now - 0.01)
    assert asked.refusal is not None


def test_requests_that_wait_together_through_the_time_limit_are_two_signs_of_silence(clock: Seconds) -> None:
    asked = of(Budget(unanswered=2))
    began = clock.now
    clock.now += 60
    asked.failed(TIMEOUT, began=began, asked=began)
    assert asked.refusal is None
    clock.now += 0.1
    asked.failed(TIMEOUT, began=began, asked=began)
    assert asked.refusal is not None
    assert (asked.refusal.kind, asked.refusal.again, asked.refusal.retryable) == ("timeout", False, True)


@pytest.mark.parametrize("budget", [{"unanswered": -1}, {"seconds": -1.0}, {"seconds": float("nan")}])
def test_a_budget_below_nothing_is_refused(budget: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(**budget)  # type: ignore[arg-type]
