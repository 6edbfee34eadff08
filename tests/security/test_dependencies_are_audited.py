"""`make audit`: fails on a known vulnerability and on a bad lock file, and says so where nobody can be asked.

The program is the one that CI runs, with the real uv; the service of advisories is a server on loopback that speaks
OSV's interface.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.home import PROJECT
from support.server import Answer, LoopbackServer, Request, respond_json

LOCK = PROJECT / "uv.lock"
ADVISORY = "GHSA-made-up"
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "UV_HTTP_RETRIES": "0",
    "UV_NO_CACHE": "1",
    "UV_PYTHON": sys.executable,
    # Whatever uv would ask beside the service on loopback ends here.
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
}


class Advisories(LoopbackServer):
    """OSV's two requests: which advisories concern these versions, and what one of them says."""

    def __init__(self) -> None:
        super().__init__()
        self.vulnerable: frozenset[str] = frozenset()
        self.status = 200
        self.packages: list[str] = []

    def answer(self, request: Request) -> Answer:
        return respond_json(
            self._versions(request) if request.method == "POST" else self._advisory(), status=self.status
        )

    def _versions(self, request: Request) -> object:
        names = [query["package"]["name"] for query in json.loads(request.body)["queries"]]
        self.packages += names
        known = {"vulns": [{"id": ADVISORY, "modified": "2026-01-01T00:00:00Z"}]}
        return {"results": [known if name in self.vulnerable else {} for name in names]}

    def _advisory(self) -> object:
        (name,) = self.vulnerable
        span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}
        affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": [span]}]
        dates = {"modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z"}
        return {"id": ADVISORY, **dates, "summary": "Reads too much", "affected": affected}


@pytest.fixture
def advisories() -> Iterator[Advisories]:
    with Advisories() as server:
        yield server


def audit(service_url: str, lock: Path = LOCK) -> subprocess.CompletedProcess[str]:
    uv = shutil.which("uv") or str(PROJECT / ".tools" / "bin" / "uv")
    if not Path(uv).exists():
        pytest.skip("no uv here: `make setup` fetches it")
    return subprocess.run(
        [sys.executable, PROJECT / ".ci" / "audit.py", "--uv", uv, "--lock", lock, "--service-url", service_url],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_locked_version_is_asked_about(advisories: Advisories) -> None:
    done = audit(advisories.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "knows no vulnerability of 1" in done.stdout
    assert "NOT AUDITED" not in done.stdout
    assert {"dagster", "dbt-core", "great-expectations", "duckdb", "requests", "urllib3"} <= set(advisories.packages)


def test_a_known_vulnerability_fails_and_is_named(advisories: Advisories) -> None:
    advisories.vulnerable = frozenset({"jinja2"})
    done = audit(advisories.url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert ADVISORY in done.stdout
    assert "jinja2" in done.stdout
    assert "Fixed in: 99.0" in done.stdout


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def test_where_nobody_listens_it_says_not_audited_and_does_not_fail() -> None:
    done = audit(nobody())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT AUDITED" in done.stdout
    assert "knows no vulnerability" not in done.stdout


@pytest.mark.parametrize(
    ("status", "code", "said"), [(403, 0, "NOT AUDITED"), (503, 0, "NOT AUDITED"), (404, 2, "FAILED")]
)
def test_a_refusal_on_the_way_is_no_answer_and_a_wrong_address_is_a_failure(
    advisories: Advisories, status: int, code: int, said: str
) -> None:
    advisories.status = status
    done = audit(advisories.url)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout


THE_INDEX = re.search(r'source = \{ registry = "[^"]+" \}', LOCK.read_text("utf-8"))
assert THE_INDEX is not None
BAD_LOCKS = {
    "another index": (THE_INDEX[0], 'source = { registry = "https://evil/" }'),
    "from a repository": (THE_INDEX[0], 'source = { git = "https://a/b" }'),
    "no hash": (', hash = "sha256:', ', was = "sha256:'),
    "a weaker hash": ('hash = "sha256:', 'hash = "md5:'),
    "without TLS": ('url = "https://', 'url = "http://'),
    "old urllib3": ('name = "urllib3"\nversion = "2.', 'name = "urllib3"\nversion = "1.'),
    "no defusedxml": ('name = "defusedxml"\nversion', 'name = "other"\nversion'),
}


@pytest.mark.parametrize("name", BAD_LOCKS)
def test_a_lock_file_that_is_not_as_it_must_be_fails_whoever_can_be_asked(name: str, tmp_path: Path) -> None:
    before, after = BAD_LOCKS[name]
    text = LOCK.read_text("utf-8")
    assert before in text
    lock = tmp_path / "uv.lock"
    lock.write_text(text.replace(before, after, 1), "utf-8")
    assert tomllib.loads(lock.read_text("utf-8"))
    done = audit(nobody(), lock)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED: " in done.stdout


def test_ci_audits() -> None:
    assert "make audit\n" in (PROJECT / ".ci" / "run").read_text("utf-8")
    assert "\naudit:" in (PROJECT / "Makefile").read_text("utf-8")
