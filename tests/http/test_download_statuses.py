"""Which statuses are a success: 200, and 304 to a request that named the copy we hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from atf_dagster.http import Client, FetchError
from support.server import ScriptedServer, Waits, respond


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 226, 299, 300, 304, 305])
def test_no_status_but_200_is_taken_for_a_file(
    publisher: ScriptedServer, client: Client, into: Path, waits: Waits, status: int
) -> None:
    publisher.answers(respond(b"" if status in (204, 304) else b"Area Code,Value\r\n", status=status))
    with pytest.raises(FetchError) as caught:
        client.download(publisher.url, into=into)
    error = caught.value
    assert (error.kind, error.status, error.attempts, error.retryable) == ("http_status", status, 1, False)
    assert str(status) in error.message
    assert error.remedy
    assert list(into.iterdir()) == []


def test_an_unchanged_file_costs_a_question_and_no_body(publisher: ScriptedServer, client: Client, into: Path) -> None:
    publisher.answers(respond(status=304, etag='"v1"', content_length="5"))
    download = client.download(publisher.url, into=into, etag='"v1"', last_modified="Mon, 03 Mar 2025 09:30:00 GMT")
    assert (download.status, download.path, download.sha256, download.size) == (304, None, None, 0)
    assert download.headers["etag"] == '"v1"'
    asked = publisher.requests[0].headers
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == "Mon, 03 Mar 2025 09:30:00 GMT"
    assert list(into.iterdir()) == []


def test_a_changed_file_comes_whole_though_a_copy_was_named(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    publisher.answers(respond(etag='"v2"'))
    download = client.download(publisher.url, into=into, etag='"v1"')
    assert (download.status, download.headers["etag"]) == (200, '"v2"')
    assert download.path is not None


def test_parameters_and_the_user_agent_are_sent_and_the_address_reported(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    publisher.answers(respond())
    first = client.download(publisher.url + "/data.csv", {"indicator": "pay", "geo": "E06000049,E06000050"}, into=into)
    second = client.download(publisher.url + "/data.csv?a=1", [("b", "2"), ("b", "3 4")], into=into)
    assert publisher.requests[0].target == "/data.csv?indicator=pay&geo=E06000049%2CE06000050"
    assert publisher.requests[1].target == "/data.csv?a=1&b=2&b=3+4"
    assert first.url == first.final_url == publisher.url + publisher.requests[0].target
    assert second.url == publisher.url + publisher.requests[1].target
    assert publisher.requests[0].headers["user-agent"] == "atf-tests (loopback)"
