"""The SQL of single models, on figures that a test makes up, without building the warehouse before them.

Belongs here: putting rows where a compiled model reads them, and running it. Does not belong here: which rows, and
what must come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.settings import disable_usage_data
from atf_dagster.warehouse.tables import write_table
from support.dbt_warehouse import Warehouse

Row = dict[str, Any]

SERIES = dict.fromkeys(("indicator_code", "area_code", "sex", "age", "breakdown_type", "breakdown_value"), "varchar")
FIGURE = {
    **SERIES,
    **{"period_id": "varchar", "period_start": "date", "period_end": "date"},
    **dict.fromkeys(("value", "numerator", "denominator", "lci_95", "uci_95"), "double"),
    **{"status": "varchar", "derived_by": "varchar", "vintage_id": "varchar"},
}
TABLES: dict[str, dict[str, str]] = {
    "mart.fct_observation": FIGURE,
    "mart.fct_observation_history": {
        **FIGURE,
        **{"valid_from": "timestamp", "valid_to": "timestamp", "change": "varchar", "is_derived": "boolean"},
    },
    "mart.dim_area": {"area_code": "varchar", "is_answered": "boolean"},
    "raw.catalogue_indicator": {
        **dict.fromkeys(
            ("indicator_code", "value_type", "polarity", "ci_method", "comparison_method", "trend_points"), "varchar"
        ),
        **dict.fromkeys(("headline_sex", "headline_age"), "varchar"),
        **{"aggregation_rule": "varchar"},
        **{"multiplier": "double", "trend_allowed": "boolean"},
    },
    "raw.catalogue_series_break": {
        **{"indicator_code": "varchar", "first_day": "date", "published_from": "date", "is_break": "boolean"},
        **{"note": "varchar"},
    },
    "raw.vintage": {
        "vintage_id": "varchar",
        "published_at": "timestamp",
        "retrieved_at": "timestamp",
        "origin_date": "date",
    },
}
"""The columns that the models of trends and revisions read."""

MODELS = {
    "int_trend_point": "intermediate",
    "int_trend": "intermediate",
    "fct_trend": "mart",
    "fct_revision": "mart",
}


def card(code: str, **said: Any) -> Row:
    """What the catalogue says of an indicator: of a percentage of counted people, where a test says nothing else."""
    return {
        "indicator_code": code,
        "value_type": "proportion",
        "polarity": "higher_is_better",
        "ci_method": "wilson",
        "comparison_method": "ci_overlaps_value",
        "trend_points": "every_period",
        "headline_sex": "Persons",
        "multiplier": 100.0,
        "trend_allowed": True,
        **said,
    }


def figure(code: str, year: int, **said: Any) -> Row:
    """One council's total for one calendar year."""
    start, end = f"{year}-01-01", f"{year}-12-31"
    return {
        "indicator_code": code,
        "area_code": "E08000012",
        "sex": "Persons",
        "age": "All ages",
        "breakdown_type": "Total",
        "breakdown_value": "Total",
        "period_id": f"{start}/{end}",
        "period_start": start,
        "period_end": end,
        "status": "normal",
        "vintage_id": "v1",
        **said,
    }


class ModelsOnFigures:
    """Compiled once, run on as many sets of rows as a test likes."""

    def __init__(self, folder: Path) -> None:
        disable_usage_data()
        self.folder = folder
        warehouse = Warehouse(folder, folder / "warehouse.duckdb")
        warehouse.dbt("compile", "--select", *MODELS)
        self.sql = {
            name: next((folder / "target" / "compiled").rglob(f"{name}.sql")).read_text("utf-8") for name in MODELS
        }

    def run(self, wanted: str, rows: Mapping[str, Iterable[Row]]) -> list[Row]:
        """The rows of the model `wanted` in the order of all its columns, made of these rows of the tables."""
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as warehouse")
            connection.execute("use warehouse")
            for schema in ("raw", "intermediate", "mart"):
                connection.execute(f"create schema {schema}")
            for table, columns in TABLES.items():
                file = self.folder / "given" / f"{table}.parquet"
                write_table(file, columns, rows.get(table, ()))
                connection.execute(f"create table {table} as from read_parquet('{file}')")
            for name, schema in MODELS.items():
                connection.execute(f"create table {schema}.{name} as {self.sql[name]}")
            found = connection.execute(f"select * from {MODELS[wanted]}.{wanted} order by all")
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
