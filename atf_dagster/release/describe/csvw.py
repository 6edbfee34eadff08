"""Makes the descriptions of the CSV files by CSV on the Web: https://www.w3.org/TR/tabular-metadata/.

Two kinds, in the two places where the recommendation has a reader look for them. `csv/<table>.csv-metadata.json`
describes one table, for whoever has one file. A key of another table needs both tables in one description, so that
`csv/csv-metadata.json` describes all of them, with the keys between them: those of columns that are never empty, since
each row must find its row by the recommendation. `datapackage.json` has the others, too.

Belongs here: the form that the recommendation gives. Does not belong here: what all descriptions say (`package`).
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atf_dagster.files import write_atomic
from atf_dagster.release.contract import Column, Table
from atf_dagster.release.describe.datapackage import foreign_keys
from atf_dagster.release.describe.package import GUARD, TITLE, Package

SIDECAR = "-metadata.json"
GROUP = "csv-metadata.json"
CONTEXT = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
DATATYPES: dict[str, Any] = {
    "string": "string",
    "int": "integer",
    "bigint": "integer",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": {"base": "datetime", "format": "yyyy-MM-dd HH:mm:ss.SSSSSS"},
}
DIALECT = {"encoding": "utf-8", "delimiter": ",", "quoteChar": '"', "doubleQuote": True, "header": True, "trim": False}


def write_csvw(folder: Path, about: Package, tables: Sequence[Table]) -> None:
    """Write both kinds into `folder`, which has <table>.csv of each table."""
    described = {table.name: _table(table) for table in tables}
    for table in tables:
        own = [key for key in _never_empty(table, tables) if key[1] == table.name]
        alone = {"@context": CONTEXT, **_about(about), **_with_keys(described[table.name], own)}
        _write(folder / f"{table.name}.csv{SIDECAR}", alone)
    every = [_with_keys(described[table.name], _never_empty(table, tables)) for table in tables]
    _write(folder / GROUP, {"@context": CONTEXT, "dc:title": TITLE, **_about(about), "tables": every})


def _write(path: Path, description: dict[str, Any]) -> None:
    write_atomic(path, json.dumps(description, indent=1, ensure_ascii=False) + "\n")


def _about(about: Package) -> dict[str, Any]:
    return {
        "dc:license": {"@id": about.licence_url},
        "dc:rights": about.attribution,
        "dc:source": [source.path or source.title for source in about.sources],
        "dc:created": {"@value": about.built_at.isoformat(timespec="seconds"), "@type": "xsd:dateTime"},
        "schema:version": about.version,
        "schema:creativeWorkStatus": about.mode,
        "rdfs:comment": GUARD["description"],
        "dialect": DIALECT,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "url": f"{table.name}.csv",
        "dc:title": table.name,
        "dc:description": table.description,
        "tableSchema": {
            "columns": [_column(column) for column in table.columns],
            **({"primaryKey": list(table.key)} if table.key else {}),
        },
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        # A reader compares it with the heading, so that it cannot be a longer name.
        "titles": column.name,
        "dc:description": column.description,
        "datatype": _datatype(column),
        "null": [""],
        **({"required": True} if column.required else {}),
    }


def _datatype(column: Column) -> Any:
    if column.allowed and column.type == "string":
        # The recommendation has no list of values; a text's format is an expression that the whole cell matches.
        return {"base": "string", "format": "|".join(re.escape(str(value)) for value in column.allowed)}
    if column.allowed:
        numbers = [int(value) for value in column.allowed]
        return {"base": DATATYPES[column.type], "minimum": str(min(numbers)), "maximum": str(max(numbers))}
    return DATATYPES[column.type]


def _never_empty(table: Table, tables: Sequence[Table]) -> list[tuple[str, str, str]]:
    required = {column.name for column in table.columns if column.required}
    return [key for key in foreign_keys(table, tables) if key[0] in required]


def _with_keys(table: dict[str, Any], keys: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    if not keys:
        return table
    references = [
        {"columnReference": [column], "reference": {"resource": f"{other}.csv", "columnReference": [key]}}
        for column, other, key in keys
    ]
    return {**table, "tableSchema": {**table["tableSchema"], "foreignKeys": references}}
