"""What a release says of its files holds: programs that know the standards find nothing wrong, and find what is wrong.

Data Package version 2 (`datapackage.json`), CSV on the Web (`csv/*-metadata.json`), key-value metadata of Parquet.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from csvw import CSVW
from frictionless import Package
from jsonschema.validators import validator_for

from support.home import PROJECT

if TYPE_CHECKING:
    from support.home import PublishedHome

LARGE = 3_000_000
"""Bytes; programs in Python read larger files for half a minute, and DuckDB reads them in their place here."""
MEDIUM = 500_000
"""The same for csvw, which reads each file of a group several times."""
MARTS = PROJECT / "dbt_project" / "models" / "marts"
ODD = "E99999999"


@pytest.fixture(scope="module")
def described(published_home: PublishedHome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((published_home.release / "datapackage.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def declared() -> dict[str, dict[str, Any]]:
    """Table -> name of a test -> its columns, read from the files beside the models and not from dbt's manifest."""
    found: dict[str, dict[str, Any]] = {}
    for path in MARTS.rglob("*.yml"):
        for model in (yaml.safe_load(path.read_text("utf-8")) or {}).get("models", []):
            own: dict[str, Any] = {"unique_key": [], "refers_to": {}, "allowed_values": {}}
            for test in model.get("data_tests", []):
                for name, said in test.items():
                    if not (said.get("config") or {}).get("where"):
                        columns = said["arguments"]["columns"]
                        own[name] = [*own[name], columns] if name == "unique_key" else own[name] | columns
            found[model["name"]] = own
    return found


def table_of(resource: dict[str, Any]) -> str:
    return Path(resource["path"]).stem


def small_package(release: Path, described: dict[str, Any], into: Path) -> Path:
    """The package with its small tables, the keys between them, and files that may be changed."""
    (into / "csv").mkdir(parents=True)
    resources = []
    for resource in described["resources"]:
        if resource["bytes"] < LARGE:
            shutil.copyfile(release / resource["path"], into / resource["path"])
            resources.append(json.loads(json.dumps(resource)))
    kept = {resource["name"] for resource in resources}
    for resource in resources:
        keys = resource["schema"].get("foreignKeys", [])
        resource["schema"]["foreignKeys"] = [
            key for key in keys if key["reference"].get("resource", resource["name"]) in kept
        ]
        # Of a file that a test changes on purpose.
        del resource["hash"], resource["bytes"]
    path = into / "datapackage.json"
    path.write_text(json.dumps({**described, "resources": resources}))
    return path


def add_row(path: Path, **cells: str) -> None:
    """Append the file's last row again, with some cells changed."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, list(rows[-1]), quoting=csv.QUOTE_MINIMAL).writerow({**rows[-1], **cells})


def test_the_package_keeps_the_published_profile_of_version_2(described: dict[str, Any]) -> None:
    """The profile is read from a package that carries it: nothing is asked of the network."""
    profile = json.loads(files("dplib").joinpath("profiles/2.0/datapackage.json").read_text("utf-8"))
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert "profile" not in described and not [one for one in described["resources"] if "profile" in one]
    assert [error.message for error in validator_for(profile)(profile).iter_errors(described)] == []


def test_frictionless_finds_nothing_wrong_in_any_row(
    published_home: PublishedHome, described: dict[str, Any], tmp_path: Path
) -> None:
    path = small_package(published_home.release, described, tmp_path / "package")
    report = Package(str(path)).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "note"])[:5]
    assert len(report.tasks) > 30


@pytest.mark.parametrize(
    ("table", "cells", "found"),
    [
        ("coverage", {"area_code": ODD}, "foreign-key"),
        ("coverage", {"area_code": "E06000006", "indicator_code": "ATF01"}, "primary-key"),
        ("fct_trend", {"breakdown_value": "another", "outcome": "sideways"}, "constraint-error"),
        ("dim_area", {"area_code": "E00000000", "parent_code": ODD}, "foreign-key"),
    ],
)
def test_frictionless_finds_a_row_that_breaks_what_is_declared(
    published_home: PublishedHome,
    described: dict[str, Any],
    tmp_path: Path,
    table: str,
    cells: dict[str, str],
    found: str,
) -> None:
    path = small_package(published_home.release, described, tmp_path / "package")
    add_row(path.parent / "csv" / f"{table}.csv", **cells)
    package = Package(str(path))
    errors = package.get_resource(table.replace("_", "-")).validate().flatten(["type"])
    assert found in {kind for (kind,) in errors}


def test_every_foreign_key_holds_in_every_row(published_home: PublishedHome, described: dict[str, Any]) -> None:
    """In the large tables too, asked of the Parquet files that the package names."""
    names = {resource["name"]: table_of(resource) for resource in described["resources"]}
    looked_at = 0
    with duckdb.connect() as connection:
        for resource in described["resources"]:
            for key in resource["schema"].get("foreignKeys", []):
                (column,), (other,) = key["fields"], key["reference"]["fields"]
                target = names[key["reference"].get("resource", resource["name"])]
                own, its = (
                    f"'{published_home.release / 'parquet' / f'{name}.parquet'}'"
                    for name in (names[resource["name"]], target)
                )
                alone = connection.execute(
                    f"select distinct own.{column} from {own} as own left join {its} as its "
                    f"on own.{column} = its.{other} where own.{column} is not null and its.{other} is null"
                ).fetchall()
                assert alone == [], f"{names[resource['name']]}.{column}"
                looked_at += 1
    assert looked_at > 60


def test_keys_and_allowed_values_are_those_declared_beside_the_models(
    described: dict[str, Any], declared: dict[str, dict[str, Any]]
) -> None:
    published = {table_of(resource): resource["schema"] for resource in described["resources"]}
    for table, schema in published.items():
        own = declared.get(table, {})
        unique = [schema["primaryKey"], *schema.get("uniqueKeys", [])]
        assert all(columns in unique for columns in own.get("unique_key", [])), table
        assert len(unique) <= 1 + len(own.get("unique_key", [])), table
        keys = {
            key["fields"][
                0
            ]: f"{key['reference'].get('resource', table).replace('-', '_')}.{key['reference']['fields'][0]}"
            for key in schema.get("foreignKeys", [])
        }
        assert keys == own.get("refers_to", {}), table
        allowed = {field["name"]: field["categories"] for field in schema["fields"] if "categories" in field}
        assert allowed == own.get("allowed_values", {}), table
        for field in schema["fields"]:
            assert field.get("categories") == field.get("constraints", {}).get("enum"), (table, field["name"])
    assert sum("primaryKey" in schema for schema in published.values()) == len(published)
    assert sum("foreignKeys" in schema for schema in published.values()) > 15


def test_size_and_hash_are_those_of_each_file(published_home: PublishedHome, described: dict[str, Any]) -> None:
    said = [described["database"], *described["resources"], *(one["parquet"] for one in described["resources"])]
    for one in said:
        content = (published_home.release / one["path"]).read_bytes()
        assert one["bytes"] == len(content), one["path"]
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}", one["path"]
    beside = {path.relative_to(published_home.release).as_posix() for path in published_home.release.glob("*/*.csv")}
    assert beside == {one["path"] for one in described["resources"]}


def test_the_descriptions_name_licence_sources_and_mode(
    published_home: PublishedHome, described: dict[str, Any]
) -> None:
    assert described["licenses"][0]["name"] == "OGL-UK-3.0"
    assert described["mode"] == "snapshot"
    named = {source["attribution"] for source in described["sources"]}
    group = json.loads((published_home.release / "csv" / "csv-metadata.json").read_text("utf-8"))
    for (attribution,) in published_home.rows("select distinct attribution from dim_vintage"):
        assert attribution in named
        assert attribution in group["dc:rights"]


@pytest.fixture(scope="module")
def csv_folder(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small tables with their descriptions, and the keys between those tables."""
    folder = tmp_path_factory.mktemp("csvw")
    for path in (published_home.release / "csv").iterdir():
        if path.stat().st_size < MEDIUM:
            shutil.copyfile(path, folder / path.name)
    group = json.loads((folder / "csv-metadata.json").read_text("utf-8"))
    group["tables"] = [table for table in group["tables"] if (folder / table["url"]).exists()]
    urls = {table["url"] for table in group["tables"]}
    for table in group["tables"]:
        keys = table["tableSchema"].get("foreignKeys", [])
        table["tableSchema"]["foreignKeys"] = [key for key in keys if key["reference"]["resource"] in urls]
    (folder / "csv-metadata.json").write_text(json.dumps(group))
    return folder


def test_each_csv_file_is_valid_by_the_description_beside_it(csv_folder: Path) -> None:
    """The program is given the CSV file alone, and finds its description where the recommendation has it look."""
    looked_at = 0
    for path in sorted(csv_folder.glob("*.csv")):
        read = CSVW(str(path), validate=True)
        assert read.is_valid, (path.name, [str(warning.message) for warning in read.warnings][:3])
        assert read.t.tableSchema.columns, path.name
        assert read.t.common_props["dc:description"], path.name
        looked_at += 1
    assert looked_at > 30


def test_all_tables_together_are_valid_with_the_keys_between_them(csv_folder: Path) -> None:
    read = CSVW(str(csv_folder / "csv-metadata.json"), validate=True)
    assert read.is_valid, [str(warning.message) for warning in read.warnings][:3]
    assert sum(len(table.tableSchema.foreignKeys) for table in read.tables) > 20


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ("coverage", {"state": "asleep"}),
        ("dim_period", {"period_start": "last year"}),
        ("release_info", {"built_at": "2026-12-01"}),
    ],
)
def test_csvw_finds_a_row_that_breaks_what_is_described(
    csv_folder: Path, tmp_path: Path, table: str, cells: dict[str, str]
) -> None:
    for name in (f"{table}.csv", f"{table}.csv-metadata.json"):
        shutil.copyfile(csv_folder / name, tmp_path / name)
    add_row(tmp_path / f"{table}.csv", **cells)
    assert not CSVW(str(tmp_path / f"{table}.csv"), validate=True).is_valid


def test_csvw_finds_a_key_that_is_there_twice(csv_folder: Path, tmp_path: Path) -> None:
    for name in ("dim_vintage.csv", "dim_vintage.csv-metadata.json"):
        shutil.copyfile(csv_folder / name, tmp_path / name)
    add_row(tmp_path / "dim_vintage.csv")
    with pytest.raises(ValueError, match="duplicate primary key"):
        assert CSVW(str(tmp_path / "dim_vintage.csv"), validate=True).is_valid


def test_csvw_finds_a_row_without_its_area(csv_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(csv_folder, tmp_path / "csv")
    add_row(tmp_path / "csv" / "coverage.csv", area_code=ODD)
    with pytest.raises(ValueError, match=ODD):
        assert CSVW(str(tmp_path / "csv" / "csv-metadata.json"), validate=True).is_valid


def test_every_description_of_a_csv_file_has_its_hash_in_the_receipt(published_home: PublishedHome) -> None:
    listed = published_home.receipt["files"]
    for path in (published_home.release / "csv").iterdir():
        assert f"csv/{path.name}" in listed


def test_each_parquet_file_says_what_it_is(published_home: PublishedHome, described: dict[str, Any]) -> None:
    (info,) = published_home.rows("select version, mode, contract_version from release_info")
    for resource in described["resources"]:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "select decode(key), decode(value) from parquet_kv_metadata($file)",
                {"file": str(published_home.release / resource["parquet"]["path"])},
            ).fetchall()
        said = dict(rows)
        assert (said["release"], said["mode"], int(said["contract_version"])) == info
        assert said["table"] == table_of(resource)
        assert said["description"] == resource["description"]
        fields = resource["schema"]["fields"]
        assert json.loads(said["columns"]) == {field["name"]: field["description"] for field in fields}
        assert json.loads(said["primary_key"]) == resource["schema"]["primaryKey"]
        assert said["licence_url"] == described["licenses"][0]["path"]
        assert all(source["attribution"] in said["attribution"] for source in described["sources"])
