"""What is tried again, how often, and after how long. Waits are recorded, not waited for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from atf_dagster.http import Client, Download, FetchError, Host, Limits
from support.server import CSV, ScriptedServer, Waits, head, raw, respond, silence

MakeClient = Callable[..., Client]

# A little of the pause is over before the client begins to wait.
LITTLE = 5.0


def failure_of(client: Client, url: str, into: Path) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.download(url, into=into)
    assert list(into.iterdir()) == [], "a failed download left something behind"
    return caught.value


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_a_pause_gets_it(
    publisher: ScriptedServer, client: Client, waits: Waits, into: Path, status: int
) -> None:
    publisher.answers(respond(status=status, retry_after="17"), respond())
    download = client.download(publisher.url, into=into)
    assert download.attempts == 2
    assert [17 - LITTLE < seconds <= 17 for seconds in waits.seconds] == [True]
    assert download.waited_seconds == pytest.approx(sum(waits.seconds))


def test_the_jitter_of_a_pause_comes_on_top_of_it(
    publisher: ScriptedServer, make_client: MakeClient, waits: Waits, into: Path
) -> None:
    publisher.answers(*[respond(status=429, retry_after="20")] * 8, respond())
    make_client(attempts=9, backoff_first=15.0).download(publisher.url, into=into)
    assert all(20 - LITTLE < seconds <= 35 for seconds in waits.seconds)
    assert len(set(waits.seconds)) == len(waits.seconds) == 8
    assert max(waits.seconds) > 20


def test_a_pause_given_as_a_date_is_kept(publisher: ScriptedServer, client: Client, waits: Waits, into: Path) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    publisher.answers(respond(status=503, retry_after=when), respond())
    client.download(publisher.url, into=into)
    assert [40 - 1 - LITTLE < seconds <= 40 for seconds in waits.seconds] == [True]


@pytest.mark.parametrize("asked", ["86400", "9" * 30, "9" * 5000, "Fri, 01 Jan 2999 00:00:00 GMT"])
def test_an_excessive_pause_is_capped(
    publisher: ScriptedServer, client: Client, waits: Waits, into: Path, asked: str
) -> None:
    publisher.answers(respond(status=429, retry_after=asked), respond())
    client.download(publisher.url, into=into)
    assert [60 - LITTLE < seconds <= 60 for seconds in waits.seconds] == [True]


@pytest.mark.parametrize(
    "asked",
    ["-5", "0", "soon", "", "1.5", "²", "Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 99 Foo 2000", "1e3", "nan"],
)
def test_a_pause_that_makes_no_sense_is_treated_as_absent(
    publisher: ScriptedServer, client: Client, waits: Waits, into: Path, asked: str
) -> None:
    publisher.answers(respond(status=429, retry_after=asked), respond())
    assert client.download(publisher.url, into=into).attempts == 2
    assert waits.seconds == []


def test_a_host_that_always_asks_for_a_pause_is_given_up_with_the_outcome_named(
    publisher: ScriptedServer, client: Client, waits: Waits, into: Path
) -> None:
    publisher.answers(respond(status=429, retry_after="7"))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.status, error.attempts, error.retryable) == ("rate_limited", 429, 3, True)
    assert len(publisher.requests) == 3
    assert len(waits.seconds) == 2
    assert "429 Too Many Requests" in str(error)
    assert "pause of 7 s" in str(error)
    assert "after 3 attempts" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_again_and_then_named(
    publisher: ScriptedServer, client: Client, into: Path, status: int
) -> None:
    publisher.answers(respond(status=status), respond(status=status), respond())
    assert client.download(publisher.url, into=into).attempts == 3

    for file in into.iterdir():
        file.unlink()
    publisher.answers(respond(status=status))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.status, error.attempts, error.retryable) == ("server_error", status, 3, True)
    assert str(status) in str(error)


def test_backoff_grows_to_its_cap_with_full_jitter(
    publisher: ScriptedServer, make_client: MakeClient, waits: Waits, into: Path
) -> None:
    publisher.answers(respond(status=500))
    client = make_client(attempts=7, backoff_first=2.0, backoff_cap=10.0)
    ceilings = [2.0, 4.0, 8.0, 10.0, 10.0, 10.0]
    highest = [0.0] * len(ceilings)
    for _ in range(30):
        waits.seconds.clear()
        failure_of(client, publisher.url, into)
        assert len(waits.seconds) == len(ceilings)
        assert all(0 <= seconds <= top for seconds, top in zip(waits.seconds, ceilings, strict=True))
        highest = [max(pair) for pair in zip(highest, waits.seconds, strict=True)]
    # Of thirty draws from a whole range, all are in its lower half once in a thousand million times.
    assert all(seconds > top / 2 for seconds, top in zip(highest, ceilings, strict=True))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 422, 451, 501, 505])
def test_any_other_refusal_is_final(
    publisher: ScriptedServer, client: Client, waits: Waits, into: Path, status: int
) -> None:
    publisher.answers(respond(b"", status=status))
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.status, error.attempts, error.retryable) == ("http_status", status, 1, False)
    assert (len(publisher.requests), waits.seconds) == (1, [])
    assert error.remedy


def test_a_refusal_is_explained_in_the_publishers_own_words_on_one_line(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    publisher.answers(respond(b"Unknown parameter:\r\n\x1b[31mgeos\x00 " + b"x" * 9000, status=400))
    message = str(failure_of(client, publisher.url, into))
    assert "Unknown parameter: [31mgeos xxx" in message
    assert message.isprintable()
    assert len(message) < 600


def test_a_server_that_never_answers_is_a_timeout(
    publisher: ScriptedServer, make_client: MakeClient, into: Path
) -> None:
    publisher.answers(silence())
    error = failure_of(make_client(read_timeout=0.2), publisher.url, into)
    assert (error.kind, error.status, error.attempts, error.retryable) == ("timeout", None, 3, True)


def test_a_server_that_falls_silent_within_the_body_is_tried_again(
    publisher: ScriptedServer, make_client: MakeClient, into: Path
) -> None:
    publisher.answers(silence(head(content_length=str(len(CSV))) + CSV[:10]), respond())
    download = make_client(read_timeout=0.5).download(publisher.url, into=into)
    assert download.attempts == 2
    assert download.path is not None
    assert download.path.read_bytes() == CSV


@pytest.mark.parametrize(
    "spoilt",
    [
        raw(b"", reset=True),
        raw(b""),
        raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
        raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n12345"),
    ],
    ids=["reset", "closed", "cut in the headers", "not HTTP", "two lengths"],
)
def test_a_broken_connection_is_tried_again(
    publisher: ScriptedServer, client: Client, into: Path, spoilt: Callable[..., bool]
) -> None:
    publisher.answers(spoilt, respond())
    download = client.download(publisher.url, into=into)
    assert download.path is not None
    assert download.path.read_bytes() == CSV
    assert download.attempts == 2


def test_a_port_where_nobody_listens_is_named_as_the_networks_or_the_publishers(
    make_client: MakeClient, into: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = failure_of(make_client(Host(url, 0)), url, into)
    assert (error.kind, error.attempts, error.retryable) == ("connection", 3, True)
    assert "connection refused" in str(error)
    assert "network" in error.owner


def test_each_further_attempt_is_announced(publisher: ScriptedServer, make_client: MakeClient, into: Path) -> None:
    told: list[str] = []
    publisher.answers(respond(status=500), respond(status=429, retry_after="3"), respond())
    make_client(on_retry=told.append).download(publisher.url + "/data.csv", into=into)
    assert len(told) == 2
    assert "500 Internal Server Error. Attempt 1 of 3; trying again in 0.0 s." in told[0]
    assert "Attempt 2 of 3; trying again in 3.0 s." in told[1]
    assert all("/data.csv" in line for line in told)


def test_the_pace_of_a_host_is_kept_over_all_threads(
    publisher: ScriptedServer, make_client: MakeClient, waits: Waits, into: Path
) -> None:
    publisher.answers(respond())
    client = make_client(pace=0.001)
    together = threading.Barrier(6)

    def fetch(number: int) -> Download:
        together.wait()
        return client.download(f"{publisher.url}/{number}", into=into)

    with ThreadPoolExecutor(6) as threads:
        downloads = list(threads.map(fetch, range(6)))
    # One went at once; the others wanted to wait one, two, ... intervals of a thousand seconds.
    assert [round(seconds / 1000) for seconds in sorted(waits.seconds)] == [1, 2, 3, 4, 5]
    assert sum(download.waited_seconds for download in downloads) == pytest.approx(sum(waits.seconds))


def test_each_host_has_a_pace_of_its_own(
    publisher: ScriptedServer, other_publisher: ScriptedServer, make_client: MakeClient, waits: Waits, into: Path
) -> None:
    publisher.answers(respond())
    other_publisher.answers(respond())
    client = make_client(Host(other_publisher.url, 0.001), pace=0.001)
    client.download(publisher.url, into=into)
    client.download(other_publisher.url, into=into)
    assert waits.seconds == []


def test_a_pause_asked_of_one_thread_holds_the_others(
    publisher: ScriptedServer, make_client: MakeClient, waits: Waits, into: Path
) -> None:
    publisher.answers(respond(status=429, retry_after="50"), respond())
    client = make_client(attempts=1)
    failure_of(client, publisher.url, into)
    assert waits.seconds == []
    with ThreadPoolExecutor(1) as thread:
        thread.submit(client.download, publisher.url, into=into).result()
    assert [50 - LITTLE < seconds <= 50 for seconds in waits.seconds] == [True]


def test_a_pause_asked_for_while_a_thread_waits_its_turn_is_added(publisher: ScriptedServer, into: Path) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        if not slept:
            # While this download waits for its turn, the host asks another one for a pause.
            slept.append(seconds)
            with pytest.raises(FetchError, match="429"):
                client.download(publisher.url, into=into)
        else:
            slept.append(seconds)

    limits = Limits(attempts=1, backoff_first=0.0)
    client = Client([Host(publisher.url, 0.1)], user_agent="atf-tests", limits=limits, sleep=sleep)
    publisher.answers(respond(), respond(status=429, retry_after="45"), respond())
    with client:
        client.download(publisher.url, into=into)
        client.download(publisher.url, into=into)
    # Its own turn after 10 s; the other download's turn after 20 s; and then again, until the pause is over.
    assert [round(seconds / 10) for seconds in slept[:2]] == [1, 2]
    assert sum(slept[:1] + slept[2:]) > 45 - LITTLE
