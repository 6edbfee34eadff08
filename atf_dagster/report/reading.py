"""Opens a release for reading and gives rows of its tables, also of an old release that lacks some of them.

Belongs here: the connection, which tables and columns there are. Does not belong here: what the rows mean (`facts`).
"""

import json
import math
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from atf_dagster.errors import AtfError
from atf_dagster.release.contract import DATABASE
from atf_dagster.release.versions import RECEIPT, database
from atf_dagster.sql import literal, single_threaded

Row = dict[str, Any]
PACKAGE = "datapackage.json"


class UnreadableRelease(AtfError):
    """A folder that is no release, or whose files cannot be read."""


class Reading:
    """One release, opened read-only. A context manager: the file is closed at the end."""

    def __init__(self, folder: Path) -> None:
        """folder: a release's folder, with its database in it. Raises UnreadableRelease."""
        self.folder = folder
        self.connection = single_threaded()
        try:
            self.connection.execute(f"attach {literal(database(folder))} as release (read_only)")
            self.connection.execute("use release.mart")
        except duckdb.Error as error:
            self.connection.close()
            raise UnreadableRelease(
                f"The database of {folder} cannot be read: {error}.",
                "Name a release that `atf releases` lists, or look with `atf verify` whether it is damaged.",
            ) from error

    @classmethod
    def of_whole(cls, folder: Path) -> Self:
        """Open a release that has all three files. Raises UnreadableRelease, which names the missing or broken one."""
        try:
            if not database(folder).is_file():
                raise FileNotFoundError(f"{DATABASE} is missing")
            for name in (RECEIPT, PACKAGE):
                json.loads((folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UnreadableRelease(
                f"The release {folder.name} cannot be read: {error}.",
                "Name a release that `atf releases` lists, or look with `atf verify` whether it is damaged.",
            ) from error
        return cls(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The tables and views of the release, each with its columns in their order."""
        found: dict[str, list[str]] = {}
        for table, column in self.connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'release' and schema_name = 'mart' order by table_name, column_index"
        ).fetchall():
            found.setdefault(table, []).append(column)
        return {table: tuple(columns) for table, columns in found.items()}

    def has(self, table: str, *columns: str) -> bool:
        """Whether the release has this table with all these columns."""
        return table in self.columns and set(columns) <= set(self.columns[table])

    def lacks(self, *tables: str) -> list[str]:
        """Those of the tables that the release does not have."""
        return [table for table in tables if table not in self.columns]

    def column(self, table: str, name: str, alias: str) -> str:
        """SQL of a column, or of null where the release's table does not have it."""
        return f"{alias}.{name} as {name}" if self.has(table, name) else f"null as {name}"

    def select(self, table: str, alias: str, *names: str) -> str:
        """SQL of several columns, with null for those that the release does not have."""
        return ", ".join(self.column(table, name, alias) for name in names)

    def alias(self, name: str, table: str) -> None:
        """Let `name`, a table in memory made from `table`, be read as if it were in the release."""
        self.columns[name] = self.columns[table]

    def read(self, table: str, columns: str, rest: str = "", needs: str = "") -> list[Row]:
        """Rows of one table. A column that the release lacks is None in each row.

        columns, needs: names with spaces between them. rest: what follows `from <table>` in SQL, which may use the
        columns of `needs` alone. Where the release lacks the table or one of `needs`, there are no rows.
        """
        if not self.has(table, *needs.split()):
            return []
        known = self.columns[table]
        chosen = (f"{table}.{name}" if name in known else f"null as {name}" for name in columns.split())
        return self.ask(f"select {', '.join(chosen)} from {table} {rest}")

    def ask(self, sql: str) -> list[Row]:
        """The rows of a query whose tables and columns are known to be there. A number that is not finite is None."""
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, map(_finite, row), strict=True)) for row in cursor.fetchall()]

    @cached_property
    def receipt(self) -> dict[str, Any]:
        """The release's receipt; empty where it cannot be read."""
        return self._json(RECEIPT)

    @cached_property
    def package(self) -> dict[str, Any]:
        """The release's `datapackage.json`; empty where it cannot be read."""
        return self._json(PACKAGE)

    def description(self, table: str, column: str) -> str:
        """What `datapackage.json` says of a column; empty where it says nothing."""
        for resource in self.package.get("resources", []):
            if resource.get("path") == f"csv/{table}.csv":
                for field in resource.get("schema", {}).get("fields", []):
                    if field.get("name") == column:
                        return " ".join(str(field.get("description", "")).split())
        return ""

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
