"""Code of docs/readers/r.md runs in R on a release; skipped where R or readr is not installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from reader_pages import fences

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
    latest, _, series = printed.partition("label")
    rows = published_home.rows("select value, status from mart.vw_latest where area_name = 'Cheshire and Merseyside'")
    assert len(latest.strip().splitlines()) == len(rows) + 1
    reasons = {status.replace("_", " ") for value, status in rows if value is None}
    assert reasons and all(f"{reason} " in f"{latest} " for reason in reasons)
    periods = published_home.rows(
        "select label from mart.fct_observation join mart.dim_period using (period_id) where indicator_code = 'ATF02' "
        "and area_code = 'E08000011' and sex = 'Female' and breakdown_type = 'Total' order by dim_period.period_end"
    )
    positions = [series.find(label) for (label,) in periods]
    assert len(positions) > 3 and positions == sorted(positions) and -1 not in positions
