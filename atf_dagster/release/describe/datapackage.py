"""Makes `datapackage.json`, by version 2 of the Data Package standard: https://datapackage.org/standard/.

`fieldsMatch` stays at its default, `exact` (the same columns in the same order): the standard's text asks for a text
there and its published profile for a list, so that no value satisfies both.

Belongs here: the form that the standard gives. Does not belong here: what all descriptions say (`package`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from atf_dagster.release.contract import DATABASE, Column, Table
from atf_dagster.release.describe.package import GUARD, LICENCE, NAME, TITLE, Package

PACKAGE_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
"""The standard reads it at the root only; programs that open one resource by itself read it there."""
FIELD_TYPES = {
    "string": "string",
    "int": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
}

Files = Mapping[str, Mapping[str, Any]]
"""Path below the release -> its `bytes` and its `sha256`."""


def datapackage(about: Package, tables: Sequence[Table], files: Files) -> dict[str, Any]:
    """The package's description: one resource a table, with fields, keys, sources and licences.

    files: of the database, of each CSV and of each Parquet file.
    """
    licences = [{"name": LICENCE, "title": about.licence, "path": about.licence_url}]
    return {
        "$schema": PACKAGE_PROFILE,
        "name": NAME,
        "title": TITLE,
        "description": about.description,
        "version": about.version,
        "created": about.built_at.isoformat(timespec="seconds"),
        "mode": about.mode,
        "licenses": licences,
        "sources": [
            {
                "title": source.title,
                **({"path": source.path} if source.path else {}),
                "attribution": source.attribution,
            }
            for source in about.sources
        ],
        "database": _file(DATABASE, files),
        "resources": [_resource(table, tables, files) for table in tables],
        "csvGuard": GUARD,
    }


def _file(path: str, files: Files) -> dict[str, Any]:
    return {"path": path, "bytes": files[path]["bytes"], "hash": f"sha256:{files[path]['sha256']}"}


def resource_name(table: str) -> str:
    """The name of a table's resource."""
    return table.replace("_", "-")


def _resource(table: Table, tables: Sequence[Table], files: Files) -> dict[str, Any]:
    keys = foreign_keys(table, tables)
    return {
        "$schema": RESOURCE_PROFILE,
        "name": resource_name(table.name),
        "type": "table",
        **_file(f"csv/{table.name}.csv", files),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": table.description,
        # The same rows with their types; a resource of its own would be a second table to the standard's readers.
        "parquet": _file(f"parquet/{table.name}.parquet", files),
        "schema": {
            "fields": [_field(column) for column in table.columns],
            "missingValues": [""],
            **({"primaryKey": list(table.key)} if table.key else {}),
            **({"uniqueKeys": [list(columns) for columns in table.unique]} if table.unique else {}),
            **({"foreignKeys": [_foreign_key(table, *key) for key in keys]} if keys else {}),
        },
    }


def foreign_keys(table: Table, tables: Sequence[Table]) -> list[tuple[str, str, str]]:
    """(column, table, column) of each reference to a table that the release has."""
    published = {one.name for one in tables}
    return [
        (column.name, *column.refers_to)
        for column in table.columns
        if column.refers_to is not None and column.refers_to[0] in published
    ]


def _foreign_key(table: Table, column: str, other: str, key: str) -> dict[str, Any]:
    # The standard has no name where a table refers to itself.
    where = {} if other == table.name else {"resource": resource_name(other)}
    return {"fields": [column], "reference": {**where, "fields": [key]}}


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    return {
        "name": column.name,
        "type": FIELD_TYPES[column.type],
        **({"format": "%Y-%m-%d %H:%M:%S.%f"} if column.type == "timestamp" else {}),
        "description": column.description,
        # Readers make a categorical column of it; the same values as `enum` are what validators check.
        **({"categories": list(column.allowed)} if column.allowed else {}),
        **({"constraints": constraints} if constraints else {}),
    }
