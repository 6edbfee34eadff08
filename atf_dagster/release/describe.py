"""Makes `datapackage.json`: what a release's files contain, and from which publishers.

Reference: https://specs.frictionlessdata.io/tabular-data-package/.

Belongs here: Frictionless metadata. Does not belong here: the figures and their files (`candidate`).
"""

from collections.abc import Sequence
from typing import Any

from atf_dagster.catalogue import Catalogue
from atf_dagster.release.contract import VERSION, Table

FIELD_TYPES = {
    "string": "string",
    "int": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
}


def datapackage(catalogue: Catalogue, tables: Sequence[Table], version: str, mode: str) -> dict[str, Any]:
    """The package's description: one resource a table, with fields, keys, sources and licences."""
    publishers = {c.publisher.id: c.publisher for c in catalogue.collections}.values()
    services = {service.id: service for service in catalogue.services}
    origin = "bundled snapshot of published figures" if mode == "snapshot" else "fetched live from the publishers"
    return {
        "profile": "tabular-data-package",
        "name": "all-together-fairer-mart",
        "title": "All Together Fairer: Marmot beacon indicators for Cheshire and Merseyside",
        "description": f"Social-determinants mart, contract version {VERSION}; {origin}.",
        "version": version,
        "mode": mode,
        "licenses": [
            {"name": "OGL-UK-3.0", "title": publisher.licence, "path": publisher.licence_url}
            for publisher in list(publishers)[:1]
        ],
        "sources": [
            {
                "title": publisher.name,
                # Local returns have no web address.
                **_address(services[publisher.service].base_url),
                "attribution": publisher.attribution,
            }
            for publisher in publishers
        ],
        "resources": [_resource(table) for table in tables],
        "csvGuard": GUARD,
    }


GUARD = {
    "prefix": "'",
    "description": (
        "A text that a spreadsheet would run as a formula has an apostrophe before it in CSV: one that begins with a "
        "tab or a line break, or with = + - @ in any form, spaces before it or not. Numbers have none. Without that "
        "apostrophe the cell is the one of the mart; Parquet and the database have it as it is."
    ),
}


def _address(url: str) -> dict[str, str]:
    return {"path": url} if url.startswith("https://") else {}


def _resource(table: Table) -> dict[str, Any]:
    return {
        "name": table.name.replace("_", "-"),
        "path": f"csv/{table.name}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": table.description,
        "schema": {
            "fields": [
                {
                    "name": column.name,
                    "type": FIELD_TYPES[column.type],
                    **({"format": "%Y-%m-%d %H:%M:%S.%f"} if column.type == "timestamp" else {}),
                    "description": column.description,
                    **({"constraints": {"required": True}} if column.required else {}),
                }
                for column in table.columns
            ],
            **({"primaryKey": list(table.key)} if table.key else {}),
            "missingValues": [""],
        },
    }
