"""One whole live refresh, as a process, of publishers that are hostile or fail in every way, with keys set.

Every publisher says hostile names; NOMIS and Stat-Xplore, which get our keys, repeat them in errors, break off and
redirect. The program's Python processes write down whom they connect to. It is looked at what was released, printed,
kept and passed on: one refresh, because it takes as long as all the other tests of this folder.
"""

from __future__ import annotations

import csv
import datetime as dt
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hostile_publishers import FORGED, HOSTILE, SAID, HostilePublishers, residents

from atf_dagster.catalogue import load
from atf_dagster.landing import Store
from support.home import BIN, LONG_ENOUGH, PROJECT, environment
from support.server import Answer, LoopbackServer, Request, raw, respond

KEYS = {"ATF_NOMIS_KEY": "canary-nomis-5ec2e7c0ffee", "ATF_STAT_XPLORE_KEY": "canary-xplore-5ec2e7c0ffee"}
CANARY = "5ec2e7c0ffee"
WAYS = dict(zip(KEYS.values(), (("500", "cut", "503", "200", "302"), ("500", "cut", "503", "200", "401")), strict=True))
"""Key -> how the requests with it fail, one after the other; the first four are of one dataset."""
WRITES_DOWN_CONNECTIONS = """
import os, sys

def _heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        whom = arguments[1] if event == "socket.connect" else arguments[:2]
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{os.getpid()} {sys.argv[:1]} {event} {whom!r}\\n")

sys.addaudithook(_heard)
"""


class Failing(LoopbackServer):
    """Fails in turn in each way in which an answer may repeat, or carry away, the key that it was asked with."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = {key: iter(ways) for key, ways in WAYS.items()}
        self.nomis = residents()
        self.keys: list[str] = []

    def answer(self, request: Request) -> Answer:
        key = next((k for k in KEYS.values() if k in request.target or k in str(request.headers)), "")
        self.keys.append(key)
        if not key:
            return self._without_key(request)
        way = next(self.turns[key], "401")
        if way == "cut":
            return raw(b"")
        elsewhere = {"location": f"http://127.0.0.2:9{request.target}"} if way == "302" else {}
        return respond(f"Trouble with {key}: {request.target}".encode(), status=int(way), **elsewhere)

    def _without_key(self, request: Request) -> Answer:
        """What NOMIS says of a table before anybody asks for it, which needs no key."""
        try:
            return self.nomis.answer(request)
        except KeyError:
            return respond(b"", status=404)


@dataclass(frozen=True)
class Refreshed:
    """What there was to see of it."""

    home: Path
    code: int
    printed: str
    arguments: set[str]
    """Of all processes that it started."""
    environments: set[str]
    """Of those that read publishers' workbooks."""
    connections: list[str]
    keys_received: list[str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.home / 'releases' / 'current' / 'atf.duckdb'}' as release (read_only)")
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refreshed]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "sitecustomize.py").write_text(WRITES_DOWN_CONNECTIONS, "utf-8")
    home, connections = folder / "home", folder / "connections"
    with HostilePublishers() as gateway, Failing() as failing:
        urls = {**gateway.base_urls, "nomis": failing.url, "stat_xplore": failing.url}
        settings = {f"ATF_{name.upper()}_URL": url for name, url in urls.items()}
        settings |= {"ATF_MODE": "live", "ATF_BACKOFF_FIRST": "0", "ATF_REQUESTS_PER_SECOND": "0", **KEYS}
        # Half a day from London: whatever wrote local time would be seen.
        settings |= {"TZ": "Pacific/Kiritimati"}
        settings |= {"PYTHONPATH": str(folder), "CONNECTIONS": str(connections)}
        process = subprocess.Popen(
            [str(BIN / "atf"), "refresh"],
            env=environment(home, settings),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        arguments: set[str] = set()
        environments: set[str] = set()
        watcher = threading.Thread(target=watch, args=(process, arguments, environments))
        watcher.start()
        printed, _ = process.communicate(timeout=LONG_ENOUGH)
        watcher.join()
        heard = connections.read_text("utf-8").splitlines()
        yield Refreshed(home, process.returncode, printed, arguments, environments, heard, failing.keys)


def descends_from(pid: int, ancestor: int) -> bool:
    """Whether a process is `ancestor` or was started by it or below it; readers of workbooks have their own session."""
    while pid > 1 and pid != ancestor:
        # The name in brackets may hold spaces and brackets itself; behind its end stand the state and the parent.
        pid = int(Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()[1])
    return pid == ancestor


def watch(process: subprocess.Popen[str], arguments: set[str], environments: set[str]) -> None:
    """Collect what the process and all that it starts were given, while it runs."""
    while process.poll() is None:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if descends_from(int(folder.name), process.pid):
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    arguments.add(line)
                    if "workbook_forks" in line:
                        environments.add((folder / "environ").read_text("utf-8", errors="replace"))
            except OSError:
                continue  # it has ended
        time.sleep(0.2)  # each look reads all of /proc, which is work of the core that the refresh wants


def test_it_publishes_what_can_be_used(refreshed: Refreshed) -> None:
    assert refreshed.code == 0, refreshed.printed[-3000:]
    assert refreshed.rows("select count(*) > 30000 from release.mart.fct_observation") == [(True,)]


# Names ------------------------------------------------------------------------------------------------------


def test_a_hostile_name_reaches_readers_as_the_text_that_it_is(refreshed: Refreshed) -> None:
    ((name,),) = refreshed.rows("select area_name from release.mart.dim_area where area_code = 'E08000035'")
    assert name == SAID["json"]
    assert refreshed.rows("select area_name from release.mart.dim_area where area_code = 'E08000012'") == [
        ("Liverpool",)
    ]


def test_a_spreadsheet_does_not_run_it(refreshed: Refreshed) -> None:
    found = 0
    for path in (refreshed.home / "releases" / "current" / "csv").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                cells = [cell for cell in row if "evil.example" in cell]
                # What is quoted within a message or a sample of rows begins with neither.
                assert all(cell.lstrip()[:1] not in "=+-@|%" for cell in cells), path
                found += len(cells)
    assert found


def test_no_page_has_it_as_markup(refreshed: Refreshed) -> None:
    pages = [path for path in refreshed.home.rglob("*.html") if path.is_file()]
    assert pages
    for page in pages:
        text = page.read_text("utf-8")
        assert "<script>alert" not in text and 'href="javascript' not in text, page


def test_nothing_that_is_printed_is_forged(refreshed: Refreshed) -> None:
    assert FORGED not in refreshed.printed
    lines = refreshed.printed.split("\n")
    assert [line for line in lines if not line.isprintable()] == []


def test_no_file_is_where_a_publisher_wanted_it(refreshed: Refreshed) -> None:
    expected = {"callers", "dagster", "dbt", "live", "refresh.lock", "releases", "runs"}
    assert {path.name for path in refreshed.home.iterdir()} <= expected
    assert sorted(path.name for path in refreshed.home.parent.iterdir()) == ["connections", "home", "sitecustomize.py"]


def test_times_are_utc_wherever_the_machine_believes_to_be(refreshed: Refreshed) -> None:
    store = Store(refreshed.home / "live" / "landing")
    kept = {
        vintage.id: vintage.retrieved_at.replace(tzinfo=None)
        for collection, dataset in load().datasets
        for part in collection.parts_of(dataset)
        for vintage in store.vintages(dataset.id, part.id)
    }
    told = dict(refreshed.rows("select vintage_id, retrieved_at from release.mart.dim_vintage"))
    assert told and told.items() <= kept.items()
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    ((built,),) = refreshed.rows("select built_at from release.mart.release_info")
    assert all(now - dt.timedelta(hours=1) < time <= now for time in (built, *kept.values()))


# Keys -------------------------------------------------------------------------------------------------------


def test_the_keys_were_sent_to_those_whose_they_are(refreshed: Refreshed) -> None:
    for key, ways in WAYS.items():
        assert refreshed.keys_received.count(key) >= len(ways), "it did not fail in every way"


def test_a_key_is_in_no_file_of_the_house(refreshed: Refreshed) -> None:
    """Receipts, bytes, Dagster's event log, dbt's logs and artifacts, releases: all of it."""
    files = [path for path in refreshed.home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


def test_a_key_is_neither_printed_nor_an_argument(refreshed: Refreshed) -> None:
    assert "REDACTED" in refreshed.printed, "no message quotes an address with a key: the test shows nothing"
    assert CANARY not in refreshed.printed
    assert any("workbook_forks" in line for line in refreshed.arguments), "no child was seen: the test shows nothing"
    assert [line for line in refreshed.arguments if CANARY in line] == []


def test_a_process_that_reads_strangers_workbooks_has_no_key(refreshed: Refreshed) -> None:
    assert refreshed.environments
    assert [text for text in refreshed.environments if CANARY in text] == []


# Connections ------------------------------------------------------------------------------------------------


def test_no_tool_connects_to_anybody_but_the_publishers(refreshed: Refreshed) -> None:
    """Usage data of Dagster, dbt and Great Expectations would be a connection, or the question for a name."""
    connected = [line for line in refreshed.connections if "socket.connect ('127.0.0.1'" in line]
    ports = {line.rpartition(", ")[2] for line in connected}
    assert len(ports) >= 2, "the two servers were not connected to: the test shows nothing"
    others = [line for line in refreshed.connections if "'127.0.0.1'" not in line]
    # A connection of processes of this machine has a path instead of an address.
    assert [line for line in others if "socket.connect '/" not in line and "'localhost'" not in line] == []
    assert HOSTILE not in "".join(refreshed.connections)
