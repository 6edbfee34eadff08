"""Writes a candidate: the mart in a folder of its own, in the formats of a release.

Belongs here: the DuckDB file with its macro as_of and all names that readers know, Parquet, CSV. Does not belong here:
checks of the files (`audit`), the pointer (`versions`).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.release.contract import SCHEMA, TYPES, WRITTEN_AT_RELEASE, Column, Table
from atf_dagster.release.describe import Package, key_values
from atf_dagster.sql import literal, single_threaded

STORAGE = "v1.2.0"
"""The oldest DuckDB whose clients must open the file."""
SIDE_BY_SIDE = 2
"""Relations that are exported or counted at the same time."""


AS_OF = """
create macro release.{schema}.as_of(day) as table
select {columns} from fct_observation_history
where
    valid_from < cast(day as date) + interval 1 day
    and (valid_to is null or valid_to >= cast(day as date) + interval 1 day)
    and change <> 'withdrawn'
"""
"""The figures that were in force when a day (UTC) ended. DuckDB looks for a macro's tables in the caller's current
database: nothing is to be done where the file is opened, and a reader who attaches it runs `use` first."""


def write_database(
    target: Path,
    warehouse: Path,
    tables: Sequence[Table],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    add_history: Callable[[duckdb.DuckDBPyConnection], None],
) -> None:
    """Copy the mart from the warehouse into `target`, in key order, with the tables of `rows` added.

    add_history: fills the tables that compare the database, attached as `release`, with releases before it.
    The file is checkpointed and closed, without a .wal file: a stale .wal makes a replaced file impossible to open.
    """
    with single_threaded() as connection:
        connection.execute(f"attach {literal(target)} as release (storage_version '{STORAGE}')")
        connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        # Few transactions: without them DuckDB syncs each of some five hundred comments to the disk. Views are created
        # outside, because one that fails for want of another view is tried again.
        connection.execute("begin transaction")
        connection.execute(f"create schema release.{SCHEMA}")
        for table in tables:
            if not table.is_view:
                _create(connection, table)
                columns = ", ".join(column.name for column in table.columns)
                connection.execute(
                    f"insert into release.{SCHEMA}.{table.name} ({columns}) select {columns} "
                    f"from warehouse.{SCHEMA}.{table.name} order by {', '.join(table.key)}"
                )
        for table in WRITTEN_AT_RELEASE:
            _create(connection, table)
            lines = ", ".join(
                f"({', '.join(literal(row[column.name]) for column in table.columns)})"
                for row in rows.get(table.name, ())
            )
            if lines:
                connection.execute(f"insert into release.{SCHEMA}.{table.name} values {lines}")
        views = connection.execute(
            "select view_name, sql from duckdb_views() where database_name = 'warehouse' and schema_name = ?", [SCHEMA]
        ).fetchall()
        connection.execute(f"use release.{SCHEMA}")
        # A file that is opened by itself is the catalog `mart`. There DuckDB refuses `mart.x`, which could name the
        # catalog or the schema. Without the schema's name a view finds its tables under any name of the catalog.
        relations = "|".join(re.escape(table.name) for table in tables)
        own = re.compile(rf'"?\b{SCHEMA}"?\."?({relations})\b"?')
        connection.execute("commit")
        add_history(connection)  # outside: a release before it that cannot be read must not undo what is written
        _create_views(connection, {str(name): own.sub(r"\1", str(sql)) for name, sql in views})
        connection.execute("begin transaction")
        for table in tables:
            if table.is_view:
                _comment(connection, table)
            if table.name == "fct_observation_history":
                columns = ", ".join(column.name for column in table.columns)
                for schema in (SCHEMA, "main"):
                    connection.execute(AS_OF.format(schema=schema, columns=columns))
        _shorten_names(connection, [*tables, *WRITTEN_AT_RELEASE])
        connection.execute("commit")
        connection.execute("checkpoint release")
        connection.execute("use memory")
        connection.execute("detach release")


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(_definition(column) for column in table.columns)
    connection.execute(f"create table release.{SCHEMA}.{table.name} ({columns})")
    _comment(connection, table)


def _definition(column: Column) -> str:
    return f"{column.name} {TYPES[column.type]}{' not null' if column.required else ''}"


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    kind = "view" if table.is_view else "table"
    name = f"release.{SCHEMA}.{table.name}"
    comments = [f"comment on {kind} {name} is {literal(table.description)}"]
    comments += [f"comment on column {name}.{column.name} is {literal(column.description)}" for column in table.columns]
    connection.execute("; ".join(comments))


def _create_views(connection: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> None:
    """Create views that may read each other, in any order."""
    waiting = dict(views)
    while waiting:
        failed: dict[str, str] = {}
        last_error: Exception | None = None
        for name, sql in waiting.items():
            try:
                connection.execute(sql)
            except duckdb.CatalogException as error:
                failed[name], last_error = sql, error
        if last_error is not None and len(failed) == len(waiting):
            raise last_error
        waiting = failed


def _shorten_names(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """A view in `main` for each relation, so that a reader who opens the file may leave out the schema."""
    for table in tables:
        connection.execute(f"create view release.main.{table.name} as select * from {SCHEMA}.{table.name}")
        comment = f"The same rows as {SCHEMA}.{table.name}, for readers who leave out the schema."
        connection.execute(f"comment on view release.main.{table.name} is {literal(comment)}")


def export(database: Path, folder: Path, tables: Sequence[Table], about: Package) -> None:
    """Write parquet/<table>.parquet and csv/<table>.csv from the finished file.

    Each Parquet file says what it is (`describe.parquet`). In CSV an apostrophe precedes a text that a spreadsheet
    would run as a formula (`GUARD`); numbers stay numbers.
    """
    (folder / "parquet").mkdir()
    (folder / "csv").mkdir()
    with single_threaded() as connection, ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="export") as pool:
        connection.execute(f"attach {literal(database)} as release (read_only)")
        # The widest first, so that no thread is left with it when the other has nothing to do.
        widest = sorted(tables, key=lambda table: -len(table.columns))
        list(pool.map(lambda table: _export(connection, folder, table, about), widest))


def _export(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table, about: Package) -> None:
    parquet = literal(folder / "parquet" / f"{table.name}.parquet")
    order = f"order by {', '.join(table.key)}" if table.key else "order by all"
    cells = ", ".join(_csv_cell(column) for column in table.columns)
    texts = ", ".join(column.name for column in table.columns if column.type == "string")
    said = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in key_values(about, table).items())
    with connection.cursor() as own:
        own.execute(
            f"copy (from release.{SCHEMA}.{table.name} {order}) to {parquet} "
            f"(format parquet, compression zstd, kv_metadata {{{said}}})"
        )
        # From the Parquet file: its rows are in order, and no view is computed again.
        own.execute(
            f"copy (select {cells} from read_parquet({parquet})) to {literal(folder / 'csv' / f'{table.name}.csv')} "
            # Quotes show a reader that guesses types from the first rows which columns are texts. They also tell the
            # empty text from a missing value.
            f"(format csv, header{f', force_quote ({texts})' if texts else ''})"
        )


STARTS = "=+@-\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207c\u208a\u208c\u2a75\u2a76\ufb29"
"""The signs with which a formula begins, in any form."""
FORMULA = f"^([\\t\\r]|[\\s\\pZ\\pC]*[{re.escape(STARTS)}])"
"""The start of a text that a spreadsheet would run: a tab, a line break, or spaces and then = + - @ in any form."""
NUMBER = "[+\\-]?[0-9]+([.][0-9]+)?([eE][+\\-]?[0-9]+)?"
"""A text that a spreadsheet reads as a number and never runs."""


def begins_a_formula(text: str) -> bool:
    """The rule of `FORMULA` for Python, whose expressions have no classes of spaces and invisible characters."""
    first = next((sign for sign in text if unicodedata.category(sign)[0] not in "ZC"), " ")
    return (text[:1] in ("\t", "\r") or first in STARTS) and not re.fullmatch(NUMBER, text)


def _csv_cell(column: Column) -> str:
    if column.type == "timestamp":  # DuckDB omits a fraction of zero, and datapackage.json declares one form
        return f"strftime({column.name}, '%Y-%m-%d %H:%M:%S.%f') as {column.name}"
    if column.type != "string":
        return column.name
    led = f"chr(39) || {column.name}"
    runs = f"regexp_matches({column.name}, '{FORMULA}') and not regexp_full_match({column.name}, '{NUMBER}')"
    return f"case when {runs} then {led} else {column.name} end as {column.name}"
