"""What the tests of the suites share: the tables that admission checks, empty."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from support.home import PublishedHome


@pytest.fixture(scope="module")
def empty_admission(published_home: PublishedHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that admission checks, with the warehouse's columns; only the catalogue's tables have rows."""
    warehouse = published_home.settings.warehouse
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.execute("create schema intermediate; create schema raw")
        for table in (
            "intermediate.int_admission",
            "intermediate.int_reference_admission",
            "intermediate.int_staged",
            "raw.vintage",
        ):
            connection.execute(f"create table {table} as from warehouse.{table} where false")
        for table in ("raw.catalogue_area", "raw.catalogue_indicator", "raw.catalogue_dataset"):
            connection.execute(f"create table {table} as from warehouse.{table}")
        yield connection
