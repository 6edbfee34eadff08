"""What Dagster says each column is made of, held against the warehouse and the graph of the published house."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from published_house import LONG_ENOUGH, PublishedHome

from atf_dagster.warehouse import column_lineage

if TYPE_CHECKING:
    import dagster as dg

Lineage = dict[str, dict[str, list[tuple[str, str]]]]
"""Asset -> column -> the assets and columns that it is made of."""


@pytest.fixture(scope="module")
def models(published_home: PublishedHome) -> dict[str, dict[str, Any]]:
    """`schema/name` -> what dbt's manifest says of the model."""
    manifest = json.loads((published_home.home / "dbt" / "manifest.json").read_text("utf-8"))
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return {f"{node['schema']}/{node['name']}": node for node in nodes}


@pytest.fixture(scope="module")
def lineage(materialised: dict[str, Mapping[str, Any]], models: dict[str, dict[str, Any]]) -> Lineage:
    found: Lineage = {}
    for asset in models:
        entry = materialised[asset]["dagster/column_lineage"].value
        found[asset] = {
            column: [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps]
            for column, deps in entry.deps_by_column.items()
        }
    return found


def raw_columns(lineage: Lineage, asset: str, column: str) -> set[tuple[str, str]]:
    """Where the column begins, through every model between."""
    begins: set[tuple[str, str]] = set()
    seen, ahead = set(), [(asset, column)]
    while ahead:
        if (here := ahead.pop()) in seen:
            continue
        seen.add(here)
        if here[0].startswith("raw/"):
            begins.add(here)
        else:
            ahead += lineage[here[0]][here[1]]
    return begins


def compiled(home: PublishedHome, model: Mapping[str, Any]) -> str:
    folder = home.settings.dbt_target / "compiled" / model["package_name"]
    return (folder / model["original_file_path"]).read_text("utf-8")


def test_a_figure_of_the_mart_leads_back_to_what_each_publisher_served(lineage: Lineage) -> None:
    begins = raw_columns(lineage, "mart/fct_observation", "value")
    assert {
        ("raw/fingertips_indicator_data", "value"),
        ("raw/ons_els_data", "value"),
        ("raw/nomis_data", "obs_value"),
        ("raw/local_returns", "numerator"),
    } <= begins
    assert ("raw/fingertips_indicator_data", "area_name") not in begins


def test_every_column_of_every_model_has_its_lineage(lineage: Lineage, models: dict[str, dict[str, Any]]) -> None:
    assert {asset: set(columns) for asset, columns in lineage.items()} == {
        asset: set(model["columns"]) for asset, model in models.items()
    }


def test_what_a_column_is_made_of_stands_in_the_warehouse_and_above_the_model(
    lineage: Lineage, definitions: dg.Definitions, published_home: PublishedHome
) -> None:
    with duckdb.connect(str(published_home.settings.warehouse), read_only=True) as connection:
        query = "select schema_name || '/' || table_name, column_name from duckdb_columns() where not internal"
        there = set(connection.execute(query).fetchall())
    above = {
        spec.key.to_user_string(): {dep.asset_key.to_user_string() for dep in spec.deps}
        for spec in definitions.resolve_all_asset_specs()
    }
    for asset, columns in lineage.items():
        made_of = {dep for deps in columns.values() for dep in deps}
        assert made_of <= there, asset
        assert {of for of, _ in made_of} <= above[asset], asset


def test_a_column_of_no_column_is_said_to_be_one(
    materialised: dict[str, Mapping[str, Any]], lineage: Lineage, models: dict[str, dict[str, Any]]
) -> None:
    without = {asset: {c for c, deps in columns.items() if not deps} for asset, columns in lineage.items()}
    assert without["mart/fct_observation"] == set()
    assert without["mart/fct_association"] == {"n_areas", "n_areas_expected", "method"}
    for asset, columns in without.items():
        said = materialised[asset]["columns_made_of"].value.replace("\\", "")
        assert {line.split(" | ")[0][2:] for line in said.splitlines() if "| no column: a constant" in line} == columns


def test_an_unchanged_project_is_followed_without_importing_sqlglot(published_home: PublishedHome) -> None:
    program = (
        "import sys, duckdb, pathlib\n"
        "from atf_dagster.warehouse import column_lineage\n"
        "kept, warehouse = map(pathlib.Path, sys.argv[1:])\n"
        "with duckdb.connect(str(warehouse), read_only=True) as connection:\n"
        "    found = column_lineage.of(kept, {'mart.fct_observation': 'no SQL at all'}, connection)\n"
        "print(len(found['mart.fct_observation'].columns), 'sqlglot' in sys.modules)\n"
    )
    arguments = [
        str(published_home.settings.dbt_target / "column_lineage.json"),
        str(published_home.settings.warehouse),
    ]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=LONG_ENOUGH, check=True
    )
    assert done.stdout.split() == [str(len(published_home.rows("describe mart.fct_observation"))), "False"]


def test_a_changed_project_is_followed_anew(
    published_home: PublishedHome,
    models: dict[str, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tmp_path / "column_lineage.json"
    kept.write_bytes((published_home.settings.dbt_target / kept.name).read_bytes())
    project = tmp_path / "project"
    project.mkdir()
    (project / "changed.sql").write_text("select 1 as changed")
    monkeypatch.setattr("atf_dagster.warehouse.dbt.DBT_PROJECT", project)
    sql = compiled(published_home, models["mart/fct_observation"])
    changed = sql.replace("is_derived,", "n_areas_expected > 1 as is_derived,")
    assert changed != sql
    with duckdb.connect(str(published_home.settings.warehouse), read_only=True) as connection:
        found = column_lineage.of(kept, {"mart.fct_observation": changed}, connection)
    made_of = found["mart.fct_observation"].columns["is_derived"]
    assert made_of == [("mart", "fct_observation_history", "n_areas_expected")]
    assert json.loads(kept.read_text("utf-8"))["models"].keys() == {"mart.fct_observation"}


def test_a_column_that_could_not_be_followed_is_said_with_its_reason() -> None:
    from atf_dagster.orchestration.assets.metadata import made_of

    metadata = made_of(column_lineage.Lineage({"value": [("raw", "row", "value")]}, {"rank": "belongs to nothing"}))
    assert list(metadata["dagster/column_lineage"].deps_by_column) == ["value"]
    assert metadata["columns_made_of"].value.splitlines()[2:] == [
        "| value | raw.row.value |",
        "| rank | could not be followed: belongs to nothing |",
    ]
