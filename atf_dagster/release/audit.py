"""The audit: opens the written files as a reader would, compares them with the warehouse, and attacks what they hide.

Belongs here: whether the candidate keeps the contract and hides what it must hide. Does not belong here: whether its
figures are plausible (`quality`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from atf_dagster.errors import AtfError
from atf_dagster.release.candidate import SIDE_BY_SIDE, STORAGE
from atf_dagster.release.contract import DATABASE, SCHEMA, TYPES, WRITTEN_AT_RELEASE, Table
from atf_dagster.release.disclosure import given_away
from atf_dagster.sql import literal, single_threaded

# The storage number in DuckDB's file header that a client of STORAGE still reads.
NEWEST_STORAGE_NUMBER = 65


class AuditFailed(AtfError):
    """The candidate breaks the contract or gives away what it hides. It is not published."""


def audit(folder: Path, warehouse: Path, tables: Sequence[Table]) -> dict[str, int]:
    """Check the candidate in `folder`. Returns the number of rows by relation. Raises AuditFailed with everything that
    is wrong.
    """
    database = folder / DATABASE
    problems: list[str] = []
    problems += [f"{wal.name} lies beside the database" for wal in sorted(folder.glob("*.duckdb.wal"))]
    with database.open("rb") as stream:
        number = int.from_bytes(stream.read(20)[12:], "little")
    if number > NEWEST_STORAGE_NUMBER:
        problems.append(f"the database's storage number is {number}; clients of DuckDB {STORAGE} read up to 65")
    counts: dict[str, int] = {}
    everything = [*tables, *WRITTEN_AT_RELEASE]
    with single_threaded() as connection, ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="audit") as pool:
        for path, name in ((database, "release"), (warehouse, "warehouse")):
            connection.execute(f"attach {literal(path)} as {name} (read_only)")
        columns = _columns(connection)
        audited = pool.map(lambda table: _relation(connection, folder, table, columns[table.name]), everything)
        for table, (count, found) in zip(everything, audited, strict=True):
            problems += found
            if count is not None:
                counts[table.name] = count
    if not counts.get("fct_observation"):
        problems.append("fct_observation has no rows")
    if problems:
        raise AuditFailed(
            f"The candidate failed its audit and was not published: {'; '.join(problems)}.",
            "Correct the model or the contract; the last release stays in place.",
        )
    return counts


NAMED = 5
"""A failed audit names so many figures, and gives the number of the others."""


def audit_disclosure(folder: Path, groups: Mapping[str, Collection[str]]) -> list[str]:
    """Try to recompute what the candidate hides. Raises AuditFailed where this release would give it away.

    Returns a sentence for each figure that publishers give away in their own tables. `groups` as in `given_away`.
    """
    found = given_away(folder / DATABASE, groups)
    blocking = [finding.sentence for finding in found if finding.blocks]
    if blocking:
        more = f" {len(blocking) - NAMED} more figures are given away." if len(blocking) > NAMED else ""
        raise AuditFailed(
            f"The candidate gives away what it hides and was not published: {' '.join(blocking[:NAMED])}{more}",
            "Correct what each of these sentences names. The last release stays in place.",
        )
    return [finding.sentence for finding in found]


def _relation(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: Table, columns: Sequence[tuple[str, str]]
) -> tuple[int | None, list[str]]:
    """The number of rows of a relation (None where it cannot be read), and what is wrong with it."""
    problems = _judge_columns(table, columns)
    found = None
    try:
        with connection.cursor() as own:
            found, of_keys = _rows(own, table)
            problems += of_keys
            if table not in WRITTEN_AT_RELEASE:
                expected = _count(own, f"warehouse.{SCHEMA}.{table.name}")
                if found != expected:
                    problems.append(f"{table.name} has {found} rows, the warehouse has {expected}")
            exported = _count(own, f"read_parquet({literal(folder / 'parquet' / f'{table.name}.parquet')})")
            if exported != found:
                problems.append(f"parquet/{table.name}.parquet has {exported} rows instead of {found}")
    except duckdb.Error as error:
        problems.append(f"{table.name} cannot be read: {' '.join(str(error).split())[:200]}")
    return found, problems


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def _columns(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Name and type of each column, by relation of the candidate."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        f"where database_name = 'release' and schema_name = '{SCHEMA}'"
    ).fetchall():
        found[table].append((column, kind))
    return found


def _judge_columns(table: Table, found: Sequence[tuple[str, str]]) -> list[str]:
    promised = [(column.name, TYPES[column.type]) for column in table.columns]
    if sorted(found) != sorted(promised):
        wrong = sorted(set(found) ^ set(promised))
        return [f"{table.name} does not have the contract's columns: {wrong}"]
    return []


def _rows(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, list[str]]:
    """The number of rows, and what is wrong with their keys. One query, because each query computes a view again."""
    relation = f"release.{SCHEMA}.{table.name}"
    if not table.key:
        return _count(connection, relation), []
    row = connection.execute(
        "select coalesce(sum(n), 0), count(*) filter (where n > 1), "
        f"coalesce(sum(n) filter (where {' or '.join(f'{column} is null' for column in table.key)}), 0) "
        f"from (select {', '.join(table.key)}, count(*) as n from {relation} group by all)"
    ).fetchone()
    count, twice, empty = map(int, row) if row else (0, 0, 0)
    problems = []
    if twice:
        problems.append(f"{table.name} has {twice} keys more than once")
    if empty:
        problems.append(f"{table.name} has {empty} rows with an empty key")
    return count, problems
