"""Leaf: DuckDB connections for small work, and values as SQL.

Belongs here: how a connection is set up, how a value is written down in a statement. Does not belong here: any table.
"""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb


def single_threaded() -> duckdb.DuckDBPyConnection:
    """A connection to memory whose statements use one thread each; its cursors may work side by side.

    Tables of this size are one row group each: DuckDB's threads find nothing to share out, and cost twice the time.
    """
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    return connection


@cache
def _shared(process: int) -> duckdb.DuckDBPyConnection:
    """By process, because a fork has the connection and not the threads that serve it."""
    return single_threaded()


@contextmanager
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor of one connection that the whole process shares: opening one takes longer than writing a small table.

    For reading and writing files alone. What a caller creates in memory, every other caller sees.
    """
    with _shared(os.getpid()).cursor() as own:
        yield own


def literal(value: object) -> str:
    """A value as SQL. A bound parameter would make DuckDB's client import pandas, which takes half a second."""
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    text = "'" + str(value).replace("'", "''") + "'"
    return f"timestamp {text}" if isinstance(value, dt.datetime) else text
