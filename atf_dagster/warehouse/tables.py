"""Leaf of the warehouse: writes small tables of Python rows as Parquet with given types.

Belongs here: writing rows. Does not belong here: which rows (`inputs`, `quality.admission`).
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from atf_dagster.sql import cursor, literal


def write_table(path: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Replace `path` with a Parquet file of `rows`. columns: name -> DuckDB type. Raises KeyError for other keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    lines = temporary.with_suffix(".jsonl.tmp")
    try:
        with lines.open("w", encoding="utf-8") as stream:
            for row in rows:
                if extra := set(row) - set(columns):
                    raise KeyError(f"{path.name}: columns {sorted(extra)} are not declared")
                stream.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        with cursor() as connection:
            connection.execute(
                f"copy (select * from read_json({literal(lines)}, format = 'newline_delimited', "
                f"columns = {{{types}}})) to {literal(temporary)} (format parquet)"
            )
        temporary.replace(path)
    finally:
        lines.unlink(missing_ok=True)
        temporary.unlink(missing_ok=True)
