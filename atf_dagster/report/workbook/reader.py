"""Reads a release: rows of its mart, its receipt and its description.

Belongs here: the read-only connection, and which relations and columns the release has. Does not belong here: what a
sheet takes from them.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.release.contract import DATABASE
from atf_dagster.release.versions import database
from atf_dagster.report.reading import UnreadableRelease
from atf_dagster.sql import literal, single_threaded


class Reader:
    """A release that is open for reading.

    receipt, package: `receipt.json` and `datapackage.json`. relations: name -> its columns, as the mart has them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, receipt: dict[str, Any], package: dict[str, Any]) -> None:
        self.connection = connection
        self.receipt = receipt
        self.package = package
        self.relations: dict[str, list[str]] = {}
        for relation, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where database_name = 'atf' and schema_name = 'mart' "
            "order by table_name, column_index"
        ).fetchall():
            self.relations.setdefault(relation, []).append(column)

    def lacks(self, *relations: str) -> list[str]:
        """Those of the relations that the release does not have."""
        return [relation for relation in relations if relation not in self.relations]

    def column(self, relation: str, name: str, alias: str) -> str:
        """SQL of a column, or of null where the release's relation does not have it yet."""
        return f"{alias}.{name} as {name}" if name in self.relations.get(relation, ()) else f"null as {name}"

    def columns(self, relation: str, alias: str, *names: str) -> str:
        """SQL of several columns, with null for those that the release does not have."""
        return ", ".join(self.column(relation, name, alias) for name in names)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, by column name. Numbers that are not finite come as null."""
        answer = self.connection.execute(sql)
        names = [str(column[0]) for column in answer.description or ()]
        return [dict(zip(names, map(_finite, row), strict=True)) for row in answer.fetchall()]

    def description(self, relation: str, column: str) -> str:
        """What `datapackage.json` says of a column; empty where it says nothing."""
        for resource in self.package.get("resources", []):
            if resource.get("path") == f"csv/{relation}.csv":
                for field in resource.get("schema", {}).get("fields", []):
                    if field.get("name") == column:
                        return " ".join(str(field.get("description", "")).replace("\n", " ").split())
        return ""


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def opened(release: Path) -> Iterator[Reader]:
    """Open the folder of a release. Raises UnreadableRelease."""
    try:
        receipt, package = (json.loads((release / n).read_text("utf-8")) for n in ("receipt.json", "datapackage.json"))
        if not database(release).is_file():
            raise FileNotFoundError(f"{DATABASE} is missing")
        connection = single_threaded()
    except (OSError, ValueError) as error:
        raise _unreadable(release, error) from error
    with connection:
        try:
            connection.execute(f"attach {literal(database(release))} as atf (read_only)")
            connection.execute("use atf.mart")
        except duckdb.Error as error:
            raise _unreadable(release, error) from error
        yield Reader(connection, receipt, package)


def _unreadable(release: Path, error: Exception) -> UnreadableRelease:
    return UnreadableRelease(
        f"The release {release.name} cannot be read: {error}.",
        "Run `atf releases` to see which releases are whole, and make the workbook from one of those.",
    )
