"""Statements of docs/readers/sql.md run on a release: by DuckDB's client, and as typed into its command line."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from reader_pages import HEADLINES, fences, reasons

from support.home import LONG_ENOUGH, PROJECT, PublishedHome

PROGRAM = PROJECT / ".kit-tools" / "python" / "duckdb_cli" / "duckdb"
STATEMENTS = fences("sql", "sql")
IDS = [f"line {fence.line}" for fence in STATEMENTS]


@pytest.mark.parametrize("sql", [fence.code for fence in STATEMENTS], ids=IDS)
def test_each_statement_answers_with_rows(published_home: PublishedHome, sql: str) -> None:
    with duckdb.connect(published_home.mart, read_only=True) as connection:
        assert connection.sql(sql).fetchall()


def test_an_absent_value_comes_with_its_reason(published_home: PublishedHome) -> None:
    with duckdb.connect(published_home.mart, read_only=True) as connection:
        answer = connection.sql(STATEMENTS[0].code)
        assert "shown" in answer.columns
        shown = [row[answer.columns.index("shown")] for row in answer.fetchall()]
    expected = published_home.rows(HEADLINES)
    assert len(shown) == len(expected) and None not in shown
    assert Counter(text for text in shown if not re.match(r"-?\d", text)) == reasons(expected)


def test_the_parquet_files_are_read_from_one_version(
    published_home: PublishedHome, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    (fence,) = fences("sql", "sql parquet")
    with duckdb.connect() as connection:
        found = connection.execute(fence.code).fetchall()
        folder = connection.sql("select getvariable('release')").fetchall()[0][0]
    assert Path(folder).name == published_home.release.name
    assert found == published_home.rows(
        "select status, count(*), count(value) from mart.fct_observation where breakdown_type = 'Total' "
        "group by 1 order by 1"
    )


def test_the_command_line_opens_the_release_that_the_link_leads_to(checkout: Path) -> None:
    if not PROGRAM.exists():
        pytest.skip("no DuckDB command line in .kit-tools: `make kit-tools` installs it there")
    (fence,) = fences("sql", "sh")
    done = subprocess.run(
        ["sh", "-c", fence.code],
        cwd=checkout,
        env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": str(checkout)},
        input="".join(fence.code for fence in STATEMENTS),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Healthy life expectancy at birth" in done.stdout
