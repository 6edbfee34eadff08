"""The key-value metadata of each Parquet file: what the table is, of which release, and under which licence.

DuckDB gives it by `parquet_kv_metadata('file')`, pyarrow and R's arrow as the metadata of the file's schema.

Belongs here: keys and values. Does not belong here: writing the files (`candidate`).
"""

import json

from atf_dagster.release.contract import VERSION, Table
from atf_dagster.release.describe.package import TITLE, Package


def key_values(about: Package, table: Table) -> dict[str, str]:
    """Key -> text. `columns` and `primary_key` are JSON: column -> description, and names."""
    return {
        "title": TITLE,
        "table": table.name,
        "description": table.description,
        "columns": json.dumps({column.name: column.description for column in table.columns}, ensure_ascii=False),
        "primary_key": json.dumps(list(table.key)),
        "release": about.version,
        "mode": about.mode,
        "built_at": about.built_at.isoformat(timespec="seconds"),
        "contract_version": str(VERSION),
        "licence": about.licence,
        "licence_url": about.licence_url,
        "attribution": about.attribution,
    }
