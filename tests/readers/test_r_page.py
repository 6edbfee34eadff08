"""Code of docs/readers/r.md runs in R on a release; skipped where R or readr is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from reader_pages import HEADLINES, fences, reasons

from support.home import LONG_ENOUGH, PublishedHome


@cache
def program() -> str | None:
    return shutil.which("Rscript")


def run(code: str, folder: Path) -> str:
    rscript = program()
    if rscript is None:
        pytest.skip("Rscript is not installed (apt-get install r-base-core r-cran-readr)")
    done = subprocess.run(
        [rscript, "--vanilla", "-e", "options(width = 200, warn = 2)", "-e", code],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )
    if "there is no package called" in done.stderr:
        pytest.skip("R has no package readr (apt-get install r-cran-readr)")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def printed(checkout: Path) -> str:
    return run("\n".join(fence.code for fence in fences("r", "r")), checkout)


def test_the_code_prints_each_figure_or_its_reason_and_the_series_in_order(
    published_home: PublishedHome, printed: str
) -> None:
    headlines, series = re.split(r"^ +label +value", printed, flags=re.MULTILINE)
    lines = [line.rstrip() for line in headlines.rstrip().splitlines()]
    rows = published_home.rows(HEADLINES)
    assert len(lines) == len(rows) + 1
    for words, count in reasons(rows).items():
        assert sum(line.endswith(f" {words}") for line in lines) == count
    periods = published_home.rows(
        "select label from mart.fct_observation join mart.dim_period using (period_id) where indicator_code = 'ATF02' "
        "and area_code = 'E08000011' and is_headline order by sort_order"
    )
    positions = [series.find(label) for (label,) in periods]
    assert len(positions) > 3 and positions == sorted(positions) and -1 not in positions
