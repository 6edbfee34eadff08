"""The names by which readers reach a release: the file, its tables with and without the schema, and LATEST.json.

Belongs here: opening a release as people do at first. Does not belong here: what the tables hold
(test_release_contract), the pointer `current` (test_release_pointer).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from atf_dagster.files import sha256_of
from atf_dagster.release import versions
from support.home import PROJECT, PublishedHome

OPENED_AS = {
    "opened": ("", "duckdb.connect(path, read_only=True)"),
    "attached and used": ("attach '{path}' as x (read_only); use x;", "duckdb.connect()"),
}
TRIED = """
import sys, duckdb
path, before, connect, *statements = sys.argv[1:]
connection = eval(connect)
for statement in [*filter(None, before.format(path=path).split(";")), *statements]:
    connection.execute(statement).fetchall()
print(duckdb.__version__, len(statements))
"""


def clients() -> dict[str, list[str]]:
    return {"this": [], "1.2": [str(PROJECT / ".old-client")]}


def read(client: str, path: str, before: str, connect: str, statements: list[str]) -> int:
    """How many statements a client of DuckDB answers in a process of its own; each that it does not is an error."""
    if client == "1.2" and not (PROJECT / ".old-client").is_dir():
        pytest.skip("no .old-client: `make test` installs DuckDB 1.2 there")
    tried = subprocess.run(
        [sys.executable, "-c", TRIED, path, before, connect, *statements],
        env={"PYTHONPATH": ":".join(clients()[client])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr[-1000:]
    version, count = tried.stdout.split()
    assert version.startswith("1.2.") is (client == "1.2")
    return int(count)


@pytest.mark.parametrize("client", clients())
@pytest.mark.parametrize("how", OPENED_AS)
def test_every_table_answers_to_its_name_with_and_without_the_schema(
    few_figures: PublishedHome, how: str, client: str
) -> None:
    names = [table.name for table in few_figures.tables]
    statements = [f"select * from {prefix}{name} limit 1" for name in names for prefix in ("", "mart.")]
    statements += [f"select count(*) from {prefix}as_of(date '2999-12-31')" for prefix in ("", "mart.")]
    before, connect = OPENED_AS[how]
    path = str(few_figures.release / "atf.duckdb")
    assert read(client, path, before, connect, statements) == len(statements) > 70


OF_VERSION_1 = {
    "dim_indicator": "indicator_code, short_name, headline_sex, headline_age",
    "dim_area": "area_code, area_name, parent_code",
    "dim_period": "period_id, label, period_start, period_end",
    "dim_vintage": "vintage_id, publisher, sha256",
    "fct_observation": "indicator_code, area_code, period_id, sex, age, breakdown_type, breakdown_value, value, status",
    "fct_observation_history": "indicator_code, valid_from, valid_to, change",
    "fct_revision": "indicator_code, seen_at, old_value, new_value",
    "fct_comparison": "indicator_code, benchmark_area_code, outcome_statistical, outcome_judged",
    "fct_trend": "indicator_code, outcome, reason",
    "fct_inequality": "indicator_code, measure, group_a, group_b, value",
    "coverage": "indicator_code, area_code, state, reason",
    "quality_result": "suite, expectation, success",
    "release_info": "version, contract_version",
    "vw_latest": "indicator_code, area_name, value",
    "vw_scorecard": "indicator_code, liverpool, cheshire_and_merseyside, england",
}


@pytest.mark.parametrize("client", clients())
def test_names_of_the_first_version_are_still_read_from_the_file_of_that_version(
    few_figures: PublishedHome, client: str
) -> None:
    statements = [f"select {columns} from x.mart.{name} limit 1" for name, columns in OF_VERSION_1.items()]
    statements += ["use x.mart", "select count(*) from as_of(date '2999-12-31')"]
    path = str(few_figures.release / "mart.duckdb")
    assert read(client, path, "attach '{path}' as x (read_only)", "duckdb.connect()", statements) == len(statements)


def test_short_names_show_the_same_rows(few_figures: PublishedHome) -> None:
    with duckdb.connect(str(few_figures.mart), read_only=True) as connection:
        for table in few_figures.tables:
            short = connection.execute(f"select count(*) from {table.name}").fetchone()
            assert short == connection.execute(f"select count(*) from mart.{table.name}").fetchone(), table.name
        for prefix in ("", "mart."):
            then = connection.execute(f"select count(*) from {prefix}as_of(date '2999-12-31')").fetchone()
            assert then == connection.execute("select count(*) from fct_observation").fetchone()


def test_the_first_name_of_the_file_is_a_second_link_to_it(few_figures: PublishedHome) -> None:
    new, old = few_figures.release / "atf.duckdb", few_figures.release / "mart.duckdb"
    assert new.samefile(old)
    files = few_figures.receipt["files"]
    assert files["mart.duckdb"] == files["atf.duckdb"]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{old}' as atf (read_only)")
        assert connection.execute("select count(*) from atf.mart.vw_latest").fetchone() != (0,)


def test_a_release_made_before_the_new_name_is_read_by_its_old_one(few_figures: PublishedHome) -> None:
    assert versions.database(few_figures.release).name == "atf.duckdb"
    assert versions.database(few_figures.release / "csv").name == "mart.duckdb"


def test_latest_json_names_the_release_and_the_files_that_readers_get(few_figures: PublishedHome) -> None:
    says = json.loads((few_figures.releases / "LATEST.json").read_text("utf-8"))
    assert says["version"] == few_figures.release.name
    assert (says["mode"], says["contract_version"]) == ("snapshot", few_figures.receipt["contract_version"])
    assert f"{few_figures.release.name}/atf.duckdb" in says["files"]
    for name, facts in says["files"].items():
        assert sha256_of(few_figures.releases / name) == facts["sha256"]


def test_latest_json_follows_the_pointer_and_is_repaired_where_a_run_died_before_it(
    few_figures: PublishedHome, tmp_path: Path
) -> None:
    home = few_figures.copy_of_releases(tmp_path)
    latest = home.releases / "LATEST.json"
    latest.unlink()
    versions.point_to(home.releases, home.release.name)
    assert json.loads(latest.read_text("utf-8"))["version"] == home.release.name
    latest.write_text("{}", "utf-8")
    versions.write_latest(home.releases)
    assert json.loads(latest.read_text("utf-8"))["version"] == home.release.name
