"""A secure connection that cannot be verified is no connection."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from atf_dagster.http import Client, FetchError, Host, Limits
from support.server import CSV, ScriptedServer, Waits, endless, head, respond, silence

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl on PATH to make a certificate with")


def make_certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for `name` (as subjectAltName), with its key in the same file."""
    certificate = folder / "certificate.pem"
    subprocess.run(
        [
            *(
                str(OPENSSL),
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-days", "2", "-subj", "/CN=atf-tests", "-addext", f"subjectAltName={name}"),
            *("-keyout", str(folder / "key.pem"), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    certificate.write_bytes(certificate.read_bytes() + (folder / "key.pem").read_bytes())
    return certificate


def serve(certificate: Path) -> ScriptedServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return ScriptedServer(tls=context)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@pytest.fixture
def secure_publisher(certificate: Path) -> Iterator[ScriptedServer]:
    with serve(certificate) as server:
        yield server


def client_of(publisher: ScriptedServer, **limits: float) -> Client:
    bounds = Limits(**{"attempts": 2, "backoff_first": 0.0, "read_timeout": 5.0, **limits})  # type: ignore[arg-type]
    return Client([Host(publisher.url, 0)], user_agent="atf-tests", limits=bounds, sleep=Waits())


def failure_of(client: Client, url: str, into: Path) -> FetchError:
    with client, pytest.raises(FetchError) as caught:
        client.download(url, into=into)
    assert list(into.iterdir()) == []
    return caught.value


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_asked(
    secure_publisher: ScriptedServer, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    secure_publisher.answers(respond())
    error = failure_of(client_of(secure_publisher), secure_publisher.url, into)
    assert (error.kind, error.attempts, error.retryable) == ("tls", 1, False)
    assert "self-signed" in str(error) or "self signed" in str(error)
    assert "REQUESTS_CA_BUNDLE" in error.remedy
    assert secure_publisher.requests == []


def test_a_certificate_of_an_authority_named_in_the_environment_is_accepted(
    secure_publisher: ScriptedServer, certificate: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    secure_publisher.answers(respond())
    with client_of(secure_publisher) as client:
        download = client.download(secure_publisher.url, into=into)
        client.download(secure_publisher.url, into=into)
    assert download.path is not None
    assert download.path.read_bytes() == CSV
    assert [request.connection for request in secure_publisher.requests] == [1, 1]


def test_a_certificate_for_another_name_is_refused(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path, "DNS:publisher.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serve(certificate) as publisher:
        publisher.answers(respond())
        error = failure_of(client_of(publisher), publisher.url, into)
        assert (error.kind, error.retryable) == ("tls", False)
        assert "127.0.0.1" in str(error)
        assert publisher.requests == []


def test_a_secure_body_that_drips_is_cut_off_at_the_total_deadline(
    secure_publisher: ScriptedServer, certificate: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    client = client_of(secure_publisher, total_deadline=0.5, read_timeout=60.0)
    for answer in (endless(head(), b"x", pause=0.01), silence(head(content_length="9") + b"x")):
        secure_publisher.answers(answer)
        with pytest.raises(FetchError) as caught:
            client.download(secure_publisher.url, into=into)
        assert (caught.value.kind, caught.value.attempts) == ("deadline", 1)
    assert list(into.iterdir()) == []
    client.close()


def test_a_host_that_does_not_speak_tls_is_refused(publisher: ScriptedServer, into: Path) -> None:
    publisher.answers(respond())
    url = publisher.url.replace("http://", "https://")
    client = Client(
        [Host(url, 0)],
        user_agent="atf-tests",
        limits=Limits(attempts=2, backoff_first=0, connect_timeout=0.3),
    )
    error = failure_of(client, url, into)
    assert error.kind in ("tls", "timeout", "connection")
    assert all("host" not in request.headers for request in publisher.requests), "nothing was asked in clear"
