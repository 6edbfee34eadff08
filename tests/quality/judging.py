"""Planted rows, and all suites of a stage on them.

Belongs here: putting rows into tables that have the warehouse's columns, and running the suites. Does not belong here:
which rows (the test modules).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from atf_dagster import catalogue
from atf_dagster.quality import gx, suites
from atf_dagster.quality.results import Result

CARDS = {card.code: card for card in catalogue.load().indicators}
COUNCILS = tuple(area.code for area in catalogue.load().areas if area.type == "council")
Row = dict[str, Any]
Outcomes = Mapping[str, Result]


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


def arrive(connection: duckdb.DuckDBPyConnection, vintage_id: str, rows: Iterable[Row]) -> None:
    """Rows of a vintage without a verdict; where they do not say otherwise, totals of all persons of Manchester."""
    for number, row in enumerate(rows):
        card = CARDS[row["indicator_code"]]
        bounds = {"value_min": card.value_min, "value_max": card.value_max}
        known = {"sex": "Persons", "age": "All ages", "breakdown_type": "Total", "breakdown_value": "Total"}
        shown = {"vintage_id": vintage_id, "source_row": number, "area_code": "E08000003", "period_label": "2024"}
        insert(connection, "intermediate.int_admission", {**known, **shown, **bounds, **row})


def outcomes(connection: duckdb.DuckDBPyConnection, stage: suites.Stage) -> dict[str, Outcomes]:
    """All suites of a stage on what is in `connection`: suite -> expectation -> result."""
    found: dict[str, dict[str, Result]] = {}
    for result in gx.run(connection, suites.load(stage), has_previous=True):
        assert not result.broken, result.observed
        found.setdefault(result.suite, {})[result.expectation] = result
    return dict(found)
