"""A table or column that a page names is one of the mart, and each relation that it lists leads to one row."""

from __future__ import annotations

import re

import pytest
from reader_pages import FENCE, PAGES, fences, text

from support.home import PublishedHome

RELATION = re.compile(r"\b(?:dim|fct|vw)_[a-z_]+\b")
QUALIFIED = re.compile(r"\b((?:dim|fct|vw)_[a-z_]+)(?:\.|\[)([a-z][a-z0-9_]*)\b")
BRACKETED = re.compile(r"\[([a-z][a-z0-9_]*)\](?!\s*=\s*File)")
QUOTED_COLUMN = re.compile(r'"([a-z]+(?:_[a-z0-9]+)+)"')
FILE_ENDINGS = {"csv", "parquet", "json"}
MADE = {"release_version", "name", "path", "type", "schema", "fields", "resources", "low", "high"}
"""Columns that the code of a page makes itself, and members of datapackage.json."""


@pytest.fixture(scope="module")
def columns(published_home: PublishedHome) -> dict[str, set[str]]:
    """Relation -> its columns, of the release itself."""
    found: dict[str, set[str]] = {}
    for relation, column in published_home.rows(
        "select table_name, column_name from duckdb_columns() where schema_name = 'mart' and not internal"
    ):
        found.setdefault(relation, set()).add(column)
    return found


@pytest.mark.parametrize("page", [path.stem for path in PAGES])
def test_each_relation_and_qualified_column_is_in_the_mart(columns: dict[str, set[str]], page: str) -> None:
    words = set(RELATION.findall(text(page)))
    assert words - columns.keys() == set()
    pairs = {pair for pair in QUALIFIED.findall(text(page)) if pair[1] not in FILE_ENDINGS}
    assert {f"{relation}.{column}" for relation, column in pairs if column not in columns[relation]} == set()


@pytest.mark.parametrize("page", ["excel", "power-bi", "tableau"])
def test_each_column_in_code_that_no_program_here_runs_is_in_the_mart(columns: dict[str, set[str]], page: str) -> None:
    every = set().union(*columns.values())
    seen = 0
    for match in FENCE.finditer(text(page)):
        names = {*BRACKETED.findall(match["code"]), *QUOTED_COLUMN.findall(match["code"])}
        seen += len(names)
        assert names - every - columns.keys() - MADE == set(), match["code"]
    assert seen > 3


def test_each_relation_of_the_model_leads_to_one_row(published_home: PublishedHome) -> None:
    listed = set(re.findall(r"^\| `([a-z_.]+)` \| `([a-z_.]+)` \|$", text("power-bi"), re.MULTILINE))
    assert len(listed) >= 4
    for many, one in listed:
        (table, column), (other, key) = many.split("."), one.split(".")
        assert published_home.rows(f"select {key} from mart.{other} group by 1 having count(*) > 1") == []
        lost = f"select {column} from mart.{table} except select {key} from mart.{other}"
        assert published_home.rows(lost) == []
    loaded = set(re.findall(r'FromRelease\("(\w+)"\)', "".join(f.code for f in fences("power-bi", "powerquery"))))
    assert {name.partition(".")[0] for pair in listed for name in pair} <= loaded


def test_every_program_that_is_not_tried_is_said_so() -> None:
    for page in ("excel", "power-bi", "tableau"):
        assert text(page).partition("\n\n")[2].startswith("Not tried by us")
