"""Code of docs/readers/python.md runs on a release, and prints what the mart holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from reader_pages import HEADLINES, fences, reasons

from support.home import LONG_ENOUGH, PROJECT, PublishedHome

TOOLS = PROJECT / ".kit-tools" / "python"
BLOCKS = [fence.code for fence in fences("python", "python")]
POLARS = "import polars"


def run(code: str, folder: Path, *, path: str = "") -> str:
    """What a Python process of its own prints. The caller's environment has nothing that the code needs."""
    environment = {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "POLARS_FMT_MAX_COLS": "20"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def printed(checkout: Path) -> str:
    return run("\n".join(code for code in BLOCKS if POLARS not in code), checkout)


def test_the_page_has_code_for_duckdb_pandas_and_polars() -> None:
    assert all(any(word in code for code in BLOCKS) for word in ("import duckdb", "import pandas", POLARS))


def test_the_code_prints_the_table_that_stands_below_it(printed: str) -> None:
    (table,) = fences("python", "text")
    assert table.code.strip() in printed


def test_each_absent_value_is_printed_with_its_reason(published_home: PublishedHome, printed: str) -> None:
    """The figures by the mart itself: as many lines, and each reason as often."""
    rows = published_home.rows(HEADLINES)
    lines = printed.partition("short_name")[2].partition("area_type")[0].strip().splitlines()[1:]
    assert len(lines) == len(rows) > 20
    for words, count in reasons(rows).items():
        assert sum(line.endswith(f" {words}") for line in lines) == count
    assert "nan" not in printed


def test_the_csv_files_join_by_their_keys(published_home: PublishedHome, printed: str) -> None:
    counts = published_home.rows(
        "select area_type, count(*) from mart.vw_latest join mart.dim_area using (area_code) group by 1"
    )
    for area_type, count in counts:
        assert any(line.split() == [area_type, str(count)] for line in printed.splitlines())


def test_polars_reads_the_parquet_files(published_home: PublishedHome, checkout: Path) -> None:
    if not (TOOLS / "polars").is_dir():
        pytest.skip("no polars in .kit-tools: `make kit-tools` installs it there")
    (block,) = (code for code in BLOCKS if POLARS in code)
    out = run(BLOCKS[0] + block, checkout, path=str(TOOLS))
    found = [
        tuple(cell.strip() for cell in line.split("┆")) for line in out.replace("│", "").splitlines() if "┆" in line
    ]
    expected = published_home.rows(
        "select status, count(*), count(value) from mart.fct_observation where breakdown_type = 'Total' group by 1"
    )
    assert {tuple(map(str, row)) for row in expected} <= set(found)
