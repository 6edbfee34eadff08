"""Statements of docs/readers/questions.md: twenty questions, each answered by one relation of the mart."""

from __future__ import annotations

import re

import duckdb
import pytest
from reader_pages import fences, text

from support.home import PublishedHome

STATEMENTS = fences("questions", "sql")


def test_there_are_twenty_and_each_has_its_number() -> None:
    assert re.findall(r"^\*\*(\d+)\. .*\?\*\*$", text("questions"), re.MULTILINE) == [str(n) for n in range(1, 21)]
    assert len(STATEMENTS) == 20


@pytest.mark.parametrize("sql", [fence.code for fence in STATEMENTS], ids=[str(n) for n in range(1, 21)])
def test_one_relation_answers_without_a_join(published_home: PublishedHome, sql: str) -> None:
    assert len(re.findall(r"\bfrom\b", sql)) == 1 and not re.search(r"\bjoin\b", sql)
    with duckdb.connect(published_home.mart, read_only=True) as connection:
        assert connection.sql(sql).fetchall()
