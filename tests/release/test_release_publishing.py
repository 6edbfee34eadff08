"""Write, audit, publish: a candidate that is not what it should be never becomes current, and no news no version."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.catalogue import load
from atf_dagster.release import versions
from atf_dagster.release.audit import AuditFailed, audit
from atf_dagster.release.candidate import export
from atf_dagster.release.contract import Column, Table
from atf_dagster.release.describe import datapackage, package
from atf_dagster.release.publish import ReleaseFacts, publish
from support.home import PublishedHome
from support.releases import facts_of, make_writable, run_sql


@pytest.fixture
def facts(few_figures: PublishedHome) -> ReleaseFacts:
    return facts_of(few_figures, "another-run")


@pytest.fixture
def warehouse(few_figures: PublishedHome, tmp_path: Path) -> Path:
    """A copy of the built warehouse, to be spoiled."""
    copied = tmp_path / "warehouse.duckdb"
    shutil.copy(few_figures.settings.warehouse, copied)
    return copied


def release_again(
    home: PublishedHome, few_figures: PublishedHome, warehouse: Path, facts: ReleaseFacts
) -> versions.Release:
    return publish(home.releases, warehouse, load(), few_figures.tables, facts, keep=30, progress=lambda line: None)


def state(releases: Path) -> tuple[str, list[str]]:
    """Where the pointer stands and which versions there are."""
    return os.readlink(releases / "current"), sorted(path.name for path in releases.glob("[0-9]*"))


def test_the_same_figures_make_no_new_version(
    home: PublishedHome, few_figures: PublishedHome, warehouse: Path, facts: ReleaseFacts
) -> None:
    before = state(home.releases)
    again = release_again(home, few_figures, warehouse, facts)
    assert again.version == home.release.name
    assert state(home.releases) == before
    assert list(home.releases.glob(".candidate-*")) == []


def test_one_figure_that_differs_makes_a_new_version_and_leaves_the_old_one(
    home: PublishedHome, few_figures: PublishedHome, warehouse: Path, facts: ReleaseFacts
) -> None:
    first = home.release.name
    figure = "indicator_code = 'ATF01' and area_code = 'E08000012' and sex = 'Female' and value is not null"
    asked = f"select value from mart.fct_observation where {figure} order by period_id desc"
    value = home.rows(asked)[0][0]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"update mart.fct_observation set value = value + 1 where {figure}")
    again = release_again(home, few_figures, warehouse, facts)
    assert again.version > first
    assert state(home.releases) == (again.version, [first, again.version])
    assert dataclasses.replace(home, report={"release": again.version}).rows(asked)[0] == (value + 1,)
    assert home.rows(asked)[0] == (value,)


def test_a_damaged_newest_release_is_published_again(
    home: PublishedHome, few_figures: PublishedHome, warehouse: Path, facts: ReleaseFacts
) -> None:
    damaged = home.release / "csv" / "dim_area.csv"
    damaged.chmod(0o644)
    damaged.write_text("gone")
    again = release_again(home, few_figures, warehouse, facts)
    assert again.version > home.release.name
    assert versions.damage(again) == []


def test_what_an_interrupted_run_left_is_cleared_before_a_candidate_is_made(
    home: PublishedHome, few_figures: PublishedHome, warehouse: Path, facts: ReleaseFacts
) -> None:
    (home.releases / ".candidate-000002-x" / "csv").mkdir(parents=True)
    release_again(home, few_figures, warehouse, facts)
    assert list(home.releases.glob(".candidate-*")) == []


SPOILED_WAREHOUSES = {
    "a duplicate key": "insert into mart.dim_area from mart.dim_area limit 1",
    "no figures at all": "delete from mart.fct_observation",
    "a column with another type": "alter table mart.dim_period alter n_years type varchar",
    "a column that is gone": "alter table mart.coverage drop column reason",
}


@pytest.mark.parametrize("way", SPOILED_WAREHOUSES)
def test_a_warehouse_that_is_not_what_the_contract_promises_changes_nothing_for_readers(
    home: PublishedHome, few_figures: PublishedHome, warehouse: Path, facts: ReleaseFacts, way: str
) -> None:
    before = state(home.releases)
    with duckdb.connect(str(warehouse)) as connection:
        for (view,) in connection.execute("select view_name from duckdb_views() where schema_name = 'mart'").fetchall():
            if way.startswith("a column"):
                connection.execute(f"drop view mart.{view}")
        connection.execute(SPOILED_WAREHOUSES[way])
    with pytest.raises((AuditFailed, duckdb.Error)):
        release_again(home, few_figures, warehouse, facts)
    assert state(home.releases) == before
    assert home.rows("select count(*) from mart.fct_observation")[0][0] > 0


# The audit -----------------------------------------------------------------------------------------------


@pytest.fixture
def candidate(few_figures: PublishedHome, tmp_path: Path) -> Path:
    """A copy of the release, to be spoiled between writing and audit."""
    folder = tmp_path / "candidate"
    shutil.copytree(few_figures.release, folder)
    make_writable(folder)
    return folder


def audited(candidate: Path, few_figures: PublishedHome) -> str:
    """The audit's message about a candidate that it must refuse."""
    with pytest.raises(AuditFailed) as failed:
        audit(candidate, few_figures.settings.warehouse, few_figures.tables)
    message = str(failed.value)
    assert "was not published" in message
    assert "the last release stays in place" in message
    return message


def test_a_good_candidate_passes_and_is_counted(candidate: Path, few_figures: PublishedHome) -> None:
    counts = audit(candidate, few_figures.settings.warehouse, few_figures.tables)
    assert counts == few_figures.receipt["rows"]


SPOILED_DATABASES: dict[str, tuple[tuple[str, ...], str]] = {
    "a missing row": (
        ("delete from mart.dim_area_boundary where area_code = 'E08000012'",),
        "dim_area_boundary has 8 rows",
    ),
    "a row too many": (
        (
            "insert into mart.dim_area_boundary "
            "select * replace ('E99999999' as area_code) from mart.dim_area_boundary limit 1",
        ),
        "dim_area_boundary has 10 rows, the warehouse has 9",
    ),
    "a duplicate key": (
        (
            "delete from mart.dim_area where area_code = 'E08000012'",
            "insert into mart.dim_area from mart.dim_area limit 1",
        ),
        "dim_area has 1 keys more than once",
    ),
    "an empty key": (
        (
            "alter table mart.coverage alter area_code drop not null",
            "update mart.coverage set area_code = null where indicator_code = 'ATF01' and area_code = 'E08000012'",
        ),
        "coverage has 1 rows with an empty key",
    ),
    "a wrong type": (
        ("alter table mart.dim_period alter n_years type varchar",),
        "dim_period does not have the contract's columns",
    ),
    "a renamed column": (
        ("alter table mart.dim_vintage rename column bytes to size",),
        "dim_vintage does not have the contract's columns",
    ),
    "an enum": (
        (
            "create type mart.sexes as enum ('Persons', 'Male', 'Female')",
            "alter table mart.fct_observation alter sex type mart.sexes",
        ),
        "fct_observation does not have the contract's columns",
    ),
}


@pytest.mark.parametrize("way", SPOILED_DATABASES)
def test_a_candidate_that_is_not_what_the_contract_promises_fails_its_audit(
    candidate: Path, few_figures: PublishedHome, way: str
) -> None:
    statements, words = SPOILED_DATABASES[way]
    run_sql(candidate / "atf.duckdb", *statements)
    assert words in audited(candidate, few_figures)


@pytest.mark.parametrize("statement", ["drop table mart.fct_trend", "drop view mart.vw_scorecard"])
def test_a_candidate_that_lacks_a_relation_is_refused(
    candidate: Path, few_figures: PublishedHome, statement: str
) -> None:
    run_sql(candidate / "atf.duckdb", statement)
    with pytest.raises((AuditFailed, duckdb.CatalogException), match=statement.split(".")[1]):
        audit(candidate, few_figures.settings.warehouse, few_figures.tables)


def test_a_write_ahead_log_beside_the_database_fails_the_audit(candidate: Path, few_figures: PublishedHome) -> None:
    (candidate / "atf.duckdb.wal").touch()
    assert "atf.duckdb.wal lies beside the database" in audited(candidate, few_figures)


def test_a_storage_that_older_clients_cannot_read_fails_the_audit(
    candidate: Path, few_figures: PublishedHome, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{newer}' as newer (storage_version 'latest')")
        connection.execute(f"attach '{candidate / 'atf.duckdb'}' as release (read_only)")
        connection.execute("copy from database release to newer")
    newer.replace(candidate / "atf.duckdb")
    assert "clients of DuckDB v1.2.0 read up to 65" in audited(candidate, few_figures)


def test_a_parquet_file_with_other_rows_fails_the_audit(candidate: Path, few_figures: PublishedHome) -> None:
    shutil.copy(candidate / "parquet" / "dim_area.parquet", candidate / "parquet" / "dim_period.parquet")
    assert "parquet/dim_period.parquet has" in audited(candidate, few_figures)


def test_all_that_is_wrong_is_said_at_once(candidate: Path, few_figures: PublishedHome) -> None:
    run_sql(
        candidate / "atf.duckdb",
        "delete from mart.dim_vintage",
        "alter table mart.dim_period alter n_years type varchar",
    )
    (candidate / "atf.duckdb.wal").touch()
    message = audited(candidate, few_figures)
    assert message.count(";") >= 3
    assert "dim_vintage has 0 rows" in message


# Exports -------------------------------------------------------------------------------------------------

FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "-", "- none", "\ttab", "\rbreak"),
    *(" =1+1", "\t=1+1", "\r=1+1", "\n=1+1", " \t\r\n @SUM(A1)"),
    # The same signs in full width, in small form and raised, which compatibility forms turn into them.
    *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", " \uff1d1+1"),
    *("\ufe661+1", "\ufe621", "\ufe631", "\ufe6bSUM(A1)", "\u207a1", "\u207c1"),
    # Behind a no-break space, a wide space, a vertical tab, a byte-order mark, a space of no width.
    *("\u00a0=1", "\u2003=1", "\x0b=1", "\x0c=1", "\ufeff=1", "\u200b=1"),
    '=HYPERLINK("https://example.org","click")',
]
HARMLESS = [
    *("%", "% of £", "%0A", "|calc", "-1.5", "-12", "+3", "-2e-05"),
    *("Liverpool", "10-24 yrs", "<15 yrs", "a=b", "'quoted'", "5 + 3", "£", "", "St Helens, Merseyside", 'a "b"'),
]
SMALL = Table(
    "small",
    "Grain: one row a number.",
    (
        Column("number", "int", "", True),
        Column("words", "string", "", False),
        Column("value", "double", "", False),
        Column("day", "date", "", False),
        Column("moment", "timestamp", "", False),
    ),
    ("number",),
    False,
)


ABOUT = package(load(), "v", "snapshot", dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC))


def described() -> dict[str, Any]:
    """The description of a package with that table alone; of its files no test here says anything."""
    names = ("atf.duckdb", "csv/small.csv", "parquet/small.parquet")
    return datapackage(ABOUT, [SMALL], {name: {"bytes": 0, "sha256": "0"} for name in names})


@pytest.fixture
def exported(tmp_path: Path) -> list[dict[str, str]]:
    """The CSV of a table with every formula, every harmless text and nothing, in this order."""
    database = tmp_path / "atf.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as release")
        connection.execute("create schema release.mart")
        connection.execute(
            "create table release.mart.small (number int, words varchar, value double, day date, moment timestamp)"
        )
        for number, words in enumerate([*FORMULAS, *HARMLESS, None]):
            row: list[Any] = [number, words, -1.5, "2025-03-01", "2025-03-01 06:00:00"]
            connection.execute("insert into release.mart.small values (?, ?, ?, ?, ?)", row)
    export(database, tmp_path, [SMALL], ABOUT)
    with (tmp_path / "csv" / "small.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("number", range(len(FORMULAS)), ids=map(ascii, FORMULAS))
def test_a_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(
    exported: list[dict[str, str]], number: int
) -> None:
    assert exported[number]["words"] == "'" + FORMULAS[number]


@pytest.mark.parametrize("number", range(len(HARMLESS)), ids=map(ascii, HARMLESS))
def test_any_other_text_stays_as_it_is(exported: list[dict[str, str]], number: int) -> None:
    assert exported[len(FORMULAS) + number]["words"] == HARMLESS[number]


def test_numbers_stay_numbers_and_nothing_stays_nothing(exported: list[dict[str, str]]) -> None:
    assert {row["value"] for row in exported} == {"-1.5"}
    assert {row["day"] for row in exported} == {"2025-03-01"}
    assert exported[-1]["words"] == ""
    assert len(exported) == len(FORMULAS) + len(HARMLESS) + 1


def test_a_moment_is_written_in_the_form_that_the_package_states(exported: list[dict[str, str]]) -> None:
    """A whole second too: publishers' Last-Modified has no fraction."""
    (field,) = (f for f in described()["resources"][0]["schema"]["fields"] if f["name"] == "moment")
    for row in exported:
        assert dt.datetime.strptime(row["moment"], field["format"]) == dt.datetime(2025, 3, 1, 6)


def test_the_package_says_how_the_guard_is_taken_off_again(exported: list[dict[str, str]]) -> None:
    guard = described()["csvGuard"]
    assert "= + - @" in guard["description"]
    assert [row["words"].removeprefix(guard["prefix"]) for row in exported[: len(FORMULAS)]] == FORMULAS


def test_parquet_keeps_the_text_as_it_is(exported: list[dict[str, str]], tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        path = str(tmp_path / "parquet" / "small.parquet")
        rows = connection.execute("select words from read_parquet($path) order by number", {"path": path}).fetchall()
    assert [row[0] for row in rows] == [*FORMULAS, *HARMLESS, None]
