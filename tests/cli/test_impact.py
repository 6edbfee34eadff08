"""`atf impact` names every relation and reader that a column serves; exposures are the readers that there are."""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.settings import Settings
from atf_dagster.warehouse import dbt
from support.command_output import Atf
from support.home import PROJECT, PublishedHome

WHOLE = ("csv_files", "parquet_files", "power_bi_and_excel", "analysts_notebooks")
"""Readers that get every table and view."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dbt.read_manifest(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def reads(manifest: dict[str, Any]) -> dict[str, set[str]]:
    """Exposure -> the models that it declares."""
    return {
        one["name"]: {id.rpartition(".")[2] for id in one["depends_on"]["nodes"]}
        for one in manifest["exposures"].values()
    }


def published() -> set[str]:
    return {
        path.stem
        for path in (PROJECT / "dbt_project" / "models" / "marts").rglob("*.sql")
        if not path.stem.startswith("int_")
    }


def texts(folder: Path, *but: str) -> str:
    """All strings of the modules below a folder, without what describes a module, class or function."""
    found = []
    for path in folder.rglob("*.py"):
        if set(but) & set(path.relative_to(folder).parts):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        lone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lone
        ]
    return "\n".join(found)


def test_files_of_every_table_are_declared_as_readers_of_every_table(reads: dict[str, set[str]]) -> None:
    for name in WHOLE:
        assert reads[name] == published(), name


@pytest.mark.parametrize(
    ("name", "folder", "but"), [("pages", "report", ("workbook", "json_files")), ("workbook", "report/workbook", ())]
)
def test_a_reader_of_our_own_declares_the_tables_that_its_code_names(
    reads: dict[str, set[str]], name: str, folder: str, but: tuple[str, ...]
) -> None:
    text = texts(PROJECT / "atf_dagster" / folder, *but)
    assert reads[name] == {table for table in published() if re.search(rf"\b{table}\b", text)}


def test_json_declares_tables_that_pages_read_too(reads: dict[str, set[str]]) -> None:
    assert {"fct_observation", "coverage", "dim_indicator", "vw_latest"} <= reads["json_files"] <= reads["pages"]


def followed(atf: Atf, home: Path, column: str) -> dict[str, Any]:
    said = atf(home, "impact", column, "--json")
    assert said.code == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *[("coverage", name) for name in ("reason", "note", "state", "expected_period_id")],
        *[("fct_observation", name) for name in ("value", "status_note", "numerator", "first_seen_at")],
        *[("dim_indicator", name) for name in ("polarity", "headline_sex", "proxy_for", "page_url", "evidence_group")],
        *[("fct_trend", name) for name in ("outcome", "chi_squared", "caution")],
        *[("fct_inequality", name) for name in ("quantile_edition", "seed")],
        ("dim_period", "label"),
    ],
)
def test_every_view_that_breaks_without_a_column_is_named(
    published_home: PublishedHome, atf: Atf, tmp_path: Path, table: str, column: str
) -> None:
    """The column is dropped in a copy of the release: DuckDB says which views can no longer be read.

    Without those that fail only because they read another view that does, and do not name the column themselves.
    """
    copy = tmp_path / "atf.duckdb"
    shutil.copyfile(published_home.mart, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("use main")
        connection.execute(f'alter table "mart".{table} drop column {column}')
        views = connection.execute("select view_name, sql from duckdb_views() where schema_name = 'mart'").fetchall()
        broken = set()
        for view, sql in views:
            try:
                connection.execute(f"from mart.{view} limit 0")
            except duckdb.Error:
                broken |= {view} if re.search(rf"\b{column}\b", sql) else set()
    named = {one["name"]: one["how"] for one in followed(atf, tmp_path, f"{table}.{column}")["relations"]}
    assert broken <= named.keys(), broken - named.keys()
    assert named[table] == "has it"


def test_what_is_made_of_a_column_under_another_name_counts(atf: Atf, tmp_path: Path) -> None:
    named = {one["name"]: one["how"] for one in followed(atf, tmp_path, "coverage.reason")["relations"]}
    assert named["vw_latest_by_sex"] == "its SQL names it"
    assert named["vw_latest"] == "reads what is made of it"


def test_a_column_that_only_a_macro_names_is_found(atf: Atf, tmp_path: Path) -> None:
    model = PROJECT / "dbt_project" / "models" / "marts" / "6_questions" / "vw_question_points.sql"
    assert "beacon_no" not in model.read_text("utf-8")
    named = {one["name"]: one["how"] for one in followed(atf, tmp_path, "dim_indicator.beacon_no")["relations"]}
    assert named["vw_question_points"] == "its SQL names it"


def test_what_nobody_else_names_serves_its_own_table_alone(atf: Atf, tmp_path: Path) -> None:
    found = followed(atf, tmp_path, "fct_trend.chi_squared")
    assert [one["name"] for one in found["relations"]] == ["fct_trend"]
    assert {one["name"] for one in found["readers"]} == set(WHOLE)


def test_sheets_of_the_workbook_and_modules_of_pages_are_named(atf: Atf, tmp_path: Path) -> None:
    found = {one["name"]: one for one in followed(atf, tmp_path, "coverage.reason")["readers"]}
    assert "report/workbook/states.py: Coverage" in found["workbook"]["code"]
    assert "report/overview.py" in found["pages"]["code"]
    assert "report/json_files/cards.py" in found["json_files"]["code"]


def test_a_column_alone_is_followed_from_every_table_that_has_it(atf: Atf, tmp_path: Path) -> None:
    found = followed(atf, tmp_path, "proxy_for")
    assert "dim_indicator" in found["tables"] and len(found["tables"]) > 1
    said = atf(tmp_path, "impact", "dim_indicator.proxy_note")
    assert said.code == 0
    assert "by its name alone" in said.out
    assert "report/workbook/states.py: Indicators" in said.out


@pytest.mark.parametrize(
    ("wanted", "said", "instead"),
    [
        ("fct_observation.valeu", "fct_observation has no column valeu", "value"),
        ("fct_obsevation.value", "no model fct_obsevation", "fct_observation"),
        ("proxi_for", "has a column proxi_for", "proxy_for"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(
    atf: Atf, tmp_path: Path, wanted: str, said: str, instead: str
) -> None:
    answer = atf(tmp_path, "impact", wanted)
    assert answer.code == 1
    assert said in answer.err and instead in answer.err
