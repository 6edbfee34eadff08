"""Who may be asked, where redirects may lead, and that secrets stay where they belong."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import requests.adapters
from urllib3.response import HTTPResponse

from atf_dagster.http import Client, Download, FetchError, Host, Limits, SnapshotMiss, redact
from support.server import CSV, ScriptedServer, Waits, endless, raw, respond

MakeClient = Callable[..., Client]
CANARY = "canary-7f3a91"
HEADER_CANARY = "finch-44c02e"


def redirect(location: str, status: int = 302) -> Callable[..., bool]:
    return respond(b"moved", status=status, location=location)


def failure_of(client: Client, url: str, into: Path) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.download(url, into=into)
    assert list(into.iterdir()) == []
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_an_allowed_host_is_followed(
    publisher: ScriptedServer, other_publisher: ScriptedServer, make_client: MakeClient, into: Path, status: int
) -> None:
    publisher.answers(redirect("/step?x=1", status), redirect(other_publisher.url + "/data.csv", status))
    other_publisher.answers(respond())
    download = make_client(Host(other_publisher.url, 0)).download(publisher.url + "/old", into=into)
    assert download.path is not None
    assert download.path.read_bytes() == CSV
    assert download.url == publisher.url + "/old"
    assert download.final_url == other_publisher.url + "/data.csv"
    assert download.attempts == 1
    assert [request.target for request in publisher.requests] == ["/old", "/step?x=1"]


@pytest.mark.parametrize(
    "location",
    [
        "{other}/data.csv",
        "//{other_host}/data.csv",
        "https://example.org/data.csv",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:1/",
        "https://{own_host}/data.csv",
        "http://user:pass@{own_host}/data.csv",
        "http://{own_host}@{other_host}/",
        "file:///etc/hostname",
        "ftp://{own_host}/data.csv",
        "javascript:alert(1)",
        "http://[broken",
        "http://127.0.0.1:99999999/",
        "\xff\xfe",
        "",
    ],
)
def test_a_redirect_anywhere_else_is_refused_without_asking_there(
    publisher: ScriptedServer, other_publisher: ScriptedServer, client: Client, into: Path, location: str
) -> None:
    publisher_host, other_host = (server.url.removeprefix("http://") for server in (publisher, other_publisher))
    publisher.answers(
        redirect(location.format(other=other_publisher.url, other_host=other_host, own_host=publisher_host))
    )
    other_publisher.answers(respond())
    error = failure_of(client, publisher.url, into)
    assert (error.kind, error.status, error.attempts, error.retryable) == ("redirect_refused", 302, 1, False)
    assert len(publisher.requests) == 1
    assert other_publisher.requests == []
    assert error.remedy


def test_an_address_that_parsers_read_differently_leads_to_no_other_host(
    publisher: ScriptedServer, other_publisher: ScriptedServer, client: Client, into: Path
) -> None:
    own, other = (server.url.removeprefix("http://") for server in (publisher, other_publisher))
    publisher.answers(redirect(f"http://{own}\\@{other}/data.csv"), respond())
    other_publisher.answers(respond())
    assert client.download(publisher.url, into=into).final_url.startswith(publisher.url + "/")
    assert other_publisher.requests == []


def test_more_than_three_redirects_are_too_many(publisher: ScriptedServer, client: Client, into: Path) -> None:
    publisher.answers(redirect("/1"), redirect("/2"), redirect("/3"), respond())
    assert client.download(publisher.url, into=into).final_url.endswith("/3")
    publisher.answers(redirect("/round"))
    publisher.requests.clear()
    into_again = into / "again"
    into_again.mkdir()
    error = failure_of(client, publisher.url, into_again)
    assert error.kind == "redirect_refused"
    assert "more than 3 times" in str(error)
    assert len(publisher.requests) == 4


def test_the_body_of_a_redirect_is_not_read(publisher: ScriptedServer, make_client: MakeClient, into: Path) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /new\r\n\r\n"
    publisher.answers(endless(moved, b"x" * 10_000), respond())
    assert make_client(total_deadline=10.0).download(publisher.url, into=into).final_url.endswith("/new")


def test_keys_in_headers_follow_no_redirect_to_another_host(
    publisher: ScriptedServer, other_publisher: ScriptedServer, make_client: MakeClient, into: Path
) -> None:
    secret_headers = {
        "Ocp-Apim-Subscription-Key": CANARY,
        "X-API-Key": CANARY,
        "Authorization": f"Bearer {CANARY}",
    }
    publisher.answers(redirect("/here"), redirect(other_publisher.url + "/there"))
    other_publisher.answers(redirect(publisher.url + "/back"))
    client = make_client(Host(other_publisher.url, 0))
    with pytest.raises(FetchError):
        client.download(publisher.url, into=into, headers=secret_headers)
    for request in publisher.requests:
        assert request.headers["x-api-key"] == request.headers["ocp-apim-subscription-key"] == CANARY
    assert other_publisher.requests
    for request in other_publisher.requests:
        assert CANARY not in str(request.headers)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/data.csv",
        "http://127.0.0.1:1/",
        "http://localhost.example.org/",
        "ftp://127.0.0.1/",
        "file:///etc/hostname",
    ],
)
def test_an_address_outside_the_hosts_is_not_asked_for(client: Client, into: Path, url: str) -> None:
    error = failure_of(client, url, into)
    assert (error.kind, error.attempts, error.retryable) == ("host_not_allowed", 0, False)
    assert "engineer" in error.owner and "engineer" in error.remedy


@pytest.mark.parametrize("url", ["data.csv", "http://", "", "http://[::1", "http://exa mple/", "http://*"])
def test_what_is_no_address_is_not_asked_for(client: Client, into: Path, url: str) -> None:
    error = failure_of(client, url, into)
    assert error.kind in ("bad_request", "host_not_allowed")
    assert error.attempts == 0
    assert error.__context__ is None


def test_an_address_with_a_user_name_is_not_asked_for_and_the_password_not_repeated(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    error = failure_of(client, publisher.url.replace("://", f"://me:{CANARY}@"), into)
    assert error.kind == "host_not_allowed"
    assert CANARY not in str(error) + error.url


@pytest.mark.parametrize(
    "base_url",
    [
        "http://fingertips.example",
        "ftp://127.0.0.1",
        "fingertips.example",
        "https://",
        "https://me:pw@a.example",
        "http://127.0.0.1.example",
    ],
)
def test_a_host_is_https_or_on_loopback(base_url: str) -> None:
    with pytest.raises(ValueError, match=r"HTTP|cannot be used"):
        Host(base_url, 1)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:1", "http://127.0.0.9", "http://[::1]:80/x", "HTTPS://A.example/api"]
)
def test_a_host_may_be_named_in_any_usual_way(base_url: str) -> None:
    assert Host(base_url, 0).origin == Host(base_url.lower(), 5).origin


def test_hosts_and_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="requests_per_second"):
        Host("https://a.example", -1)
    with pytest.raises(ValueError, match="different requests per second"):
        Client([Host("https://a.example", 1), Host("https://A.example:443/x", 2)], user_agent="atf-tests")
    with pytest.raises(ValueError, match="User-Agent"):
        Client([], user_agent=" ")
    with pytest.raises(ValueError, match="attempts"):
        Limits(attempts=0)
    with pytest.raises(ValueError, match="read_timeout"):
        Limits(read_timeout=float("nan"))


def test_a_closed_client_says_so(publisher: ScriptedServer, client: Client, into: Path) -> None:
    publisher.answers(respond())
    client.download(publisher.url, into=into)
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.download(publisher.url, into=into)


def test_loopback_is_not_asked_through_a_proxy(
    publisher: ScriptedServer, client: Client, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    publisher.answers(respond())
    assert client.download(publisher.url, into=into).status == 200


def test_passwords_in_a_netrc_file_are_not_sent(
    publisher: ScriptedServer, client: Client, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    publisher.answers(respond())
    client.download(publisher.url, into=into)
    assert "authorization" not in publisher.requests[0].headers


SPOILT = {
    "refused": respond(f"no such uid or key: {CANARY} {HEADER_CANARY}".encode(), status=400),
    "overloaded": respond(status=503),
    "reset": raw(b"", reset=True),
    "cut": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"),
    "redirected away": redirect(f"https://example.org/?uid={CANARY}"),
    "redirected to nonsense": redirect(f"http://[{CANARY}"),
    "good": respond(),
}


@pytest.mark.parametrize("answer", SPOILT.values(), ids=SPOILT)
def test_a_key_is_found_nowhere_but_in_the_request(
    publisher: ScriptedServer,
    make_client: MakeClient,
    into: Path,
    caplog: pytest.LogCaptureFixture,
    answer: Callable[..., bool],
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    publisher.answers(answer)
    written: FetchError | Download
    try:
        written = make_client(on_retry=told.append).download(
            publisher.url + "/data.csv",
            {"uid": CANARY, "year": "2024"},
            into=into,
            headers={"X-API-Key": f"Key {HEADER_CANARY}"},
        )
        shown = repr(written)
    except FetchError as error:
        written = error
        shown = "".join(traceback.format_exception(error)) + repr(vars(error))
        assert (error.__cause__, error.__context__) == (None, None)
    assert publisher.requests[0].target == f"/data.csv?uid={CANARY}&year=2024"
    for canary in (CANARY, HEADER_CANARY):
        assert canary not in shown
        assert canary not in "".join(told)
        assert canary not in caplog.text
    assert "uid=REDACTED&year=2024" in written.url
    if "HTTP/1.1" in caplog.text:
        assert "GET /data.csv?uid=REDACTED&year=2024 HTTP/1.1" in caplog.text
    else:
        assert "reset by peer" in shown, "without an answer, the connection log names no address"


def test_a_key_that_cannot_be_written_in_a_header_is_not_repeated(
    publisher: ScriptedServer, client: Client, into: Path
) -> None:
    with pytest.raises(FetchError) as caught:
        client.download(publisher.url, into=into, headers={"X-API-Key": f"{CANARY}\r\nX-Forged: 1"})
    assert caught.value.kind == "bad_request"
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert publisher.requests == []


@pytest.mark.parametrize(
    "name", ["key", "token", "uid", "signature", "api_key", "API-Key", "X-Amz-Signature", "access_token"]
)
def test_secret_parameters_are_known_by_their_names(name: str) -> None:
    assert (
        redact(f"https://a.example/?x=1&{name}={CANARY}&y=2 failed")
        == f"https://a.example/?x=1&{name}=REDACTED&y=2 failed"
    )


def test_ordinary_parameters_are_left_readable() -> None:
    url = "https://a.example/data?indicator_ids=93283&area=E06000049&keyword=pay&time=latest"
    assert redact(url) == url


class _EmptySnapshot(requests.adapters.BaseAdapter):
    """A snapshot adapter that holds nothing; counts what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        self.asked += 1
        raise SnapshotMiss(url=request.url or "", message="The snapshot does not hold this.", remedy="Ask live.")

    def close(self) -> None:
        pass


class _CutSnapshot(_EmptySnapshot):
    """A snapshot adapter whose bodies are shorter than they say."""

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        self.asked += 1
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Length"] = str(len(CSV))
        response.raw = HTTPResponse(body=io.BytesIO(CSV[:-1]), preload_content=False)
        return response


def test_what_an_adapter_answers_is_held_against_its_declared_length_too(into: Path, waits: Waits) -> None:
    snapshot = _CutSnapshot()
    hosts = [Host("https://a.example", 0)]
    with Client(hosts, user_agent="atf-tests", adapter=snapshot, sleep=waits) as client:
        error = failure_of(client, "https://a.example/data.csv", into)
    assert (error.kind, snapshot.asked) == ("truncated", 5)


def test_a_snapshot_miss_passes_through_untried_again(into: Path) -> None:
    snapshot = _EmptySnapshot()
    with (
        Client([Host("https://a.example", 0)], user_agent="atf-tests", adapter=snapshot) as client,
        pytest.raises(SnapshotMiss) as caught,
    ):
        client.download("https://a.example/data.csv", into=into)
    assert snapshot.asked == 1
    assert isinstance(caught.value, FetchError)
    assert (caught.value.kind, caught.value.retryable) == ("snapshot_miss", False)
    assert str(caught.value) == "The snapshot does not hold this. Ask live."
    assert list(into.iterdir()) == []
