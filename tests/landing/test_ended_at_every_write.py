"""A landing that ends at any of its writes, by a kill or a full disk, loses nothing: the next one lands the revision.

Belongs here: one dataset of a publisher with a probe, in a process of its own that ends at an exact write. Does not
belong here: whole refreshes that are killed (tests/drills).
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from one_table_publisher import DATASET, A, B, OneTablePublisher

from atf_dagster.landing import Store
from support.fetching import fetch
from support.publishers.ukhsa import Dashboard, days

WRITES = {"open", "os.rename", "os.chmod", "os.mkdir", "os.remove"}
WHOLE, FAILED = 0, 70
A_LITTLE = 40
"""Bytes that a full disk still takes: enough to tear a line."""


@dataclass
class Publisher:
    """A publisher with a probe, its dataset, and how it revises that."""

    url: str
    dataset: str
    revise: Callable[[], object]

    def land(self, landing: Path) -> str:
        (attempt,) = fetch(landing, self.url, [self.dataset]).values()
        return attempt.outcome


@pytest.fixture(params=["one page", "many pages"])
def publisher(request: pytest.FixtureRequest) -> Iterator[Publisher]:
    with ExitStack() as stack:
        if request.param == "one page":
            els = stack.enter_context(OneTablePublisher())

            def serve(body: bytes, modified: str) -> None:
                els.body, els.cards = body, [{"slug": "modelled-unemployment", "dataModified": modified}]

            serve(A, "2026-01-01")
            yield Publisher(els.url, DATASET, lambda: serve(B, "2026-02-01"))
            return
        dashboard = stack.enter_context(Dashboard())
        dashboard.listed = {"Nation": ["England"]}
        series = dashboard.series
        key = ("Nation", "England", "COVID-19_deaths_ONSByDay")
        series[key] = days("2020-02-01", [float(day % 7) for day in range(400)])
        revised = [*series[key][:-1], *days(series[key][-1].date, [99.0])]
        yield Publisher(dashboard.url, "ukhsa_covid_deaths_by_day_england", lambda: series.update({key: revised}))


class Writes:
    """Counts the writes below a folder in this process; at number `last` it does `deed` with the path."""

    def __init__(self, folder: Path, last: int = 0, deed: Callable[[str], object] = lambda path: None) -> None:
        self.folder, self.last, self.deed, self.seen = str(folder), last, deed, 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in WRITES or not isinstance(arguments[0], str) or not arguments[0].startswith(self.folder):
            return
        if event == "open" and not isinstance(arguments[2], int):
            return
        if event == "open" and not int(str(arguments[2])) & (os.O_WRONLY | os.O_RDWR):
            return
        self.seen += 1
        if self.seen == self.last:
            self.deed(arguments[0])


def kill(path: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk(path: str) -> None:
    """From now on no file of this process grows; a file of receipts takes a little more."""
    room = os.stat(path).st_size + A_LITTLE if path.endswith(".jsonl") else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


def apart(work: Callable[[], object], writes: Writes) -> tuple[int, int]:
    """Work in a forked process under an audit hook: its exit code, and how many writes it began."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = FAILED
        try:
            sys.addaudithook(writes)
            work()
            code = WHOLE
        except OSError:
            pass
        except BaseException:
            traceback.print_exc()
        finally:
            os.write(write, str(writes.seen).encode())
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as told:
        seen = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), int(seen or 0)


@pytest.mark.parametrize(("deed", "ends_with"), [(kill, -signal.SIGKILL), (fill_the_disk, FAILED)])
def test_a_landing_that_ends_at_any_write_is_made_up_for_by_the_next(
    publisher: Publisher, tmp_path: Path, deed: Callable[[str], object], ends_with: int
) -> None:
    publisher.land(tmp_path / "first")
    publisher.revise()
    code, writes = copied(tmp_path, publisher, Writes(tmp_path / "whole"), "whole")
    assert code == WHOLE
    assert writes >= 5, "a download, its name, its mode, a receipt and a vintage are five writes"
    for number in range(1, writes + 1):
        landing = tmp_path / f"{number}"
        code, _ = copied(tmp_path, publisher, Writes(landing, number, deed), landing.name)
        assert code == ends_with
        assert publisher.land(landing) == "landed", f"write {number} of {writes}"
        store = Store(landing)
        (part,) = (path.name for path in (landing / publisher.dataset).iterdir())
        before, after = store.vintages(publisher.dataset, part)
        assert before.sha256 != after.sha256
        assert all(page.exists() for vintage in (before, after) for page in store.verified(vintage))
        assert publisher.land(landing) == "unchanged"


def copied(tmp_path: Path, publisher: Publisher, writes: Writes, name: str) -> tuple[int, int]:
    """Land the revision in a copy of the first landing."""
    shutil.copytree(tmp_path / "first", tmp_path / name)
    return apart(lambda: publisher.land(tmp_path / name), writes)
