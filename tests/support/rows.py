"""Rows that a test makes up, put into a table of DuckDB.

Belongs here: putting them there, in their order. Does not belong here: which rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

AT_ONCE = 500


def insert(
    connection: duckdb.DuckDBPyConnection, into: str, rows: Iterable[Sequence[Any]], values: str | None = None
) -> None:
    """`insert into` a table, or some of its columns; many rows a statement: one a row takes thirty times as long.

    values: what a row becomes, with a question mark for each of its cells; otherwise its cells alone.
    """
    ahead = list(rows)
    for begin in range(0, len(ahead), AT_ONCE):
        part = ahead[begin : begin + AT_ONCE]
        one = values or f"({', '.join('?' * len(part[0]))})"
        cells = [cell for row in part for cell in row]
        connection.execute(f"insert into {into} values {', '.join([one] * len(part))}", cells)
