"""From landing through raw and dbt's staging, as a refresh goes, without the rest of it.

Belongs here: raw tables of what has landed, and the warehouse with every staged row. Does not belong here: servers,
what must hold (the test modules).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.catalogue import load
from atf_dagster.landing import Attempt, Store
from atf_dagster.returns import facts
from atf_dagster.settings import disable_usage_data
from atf_dagster.warehouse import inputs, raw
from atf_dagster.warehouse.tables import write_table
from support.dbt_warehouse import Warehouse
from support.fetching import fetch

TODAY = dt.date(2026, 1, 31)


@dataclass(frozen=True)
class Staged:
    """The receipts of one fetch, and the warehouse that dbt made of what landed."""

    attempts: Sequence[Attempt]
    warehouse: Warehouse

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.warehouse.query(sql)


def stage(folder: Path, base_urls: Mapping[str, str] | str, datasets: Sequence[str]) -> Staged:
    """Fetch the datasets, all of which must land, and let dbt build every model up to the account of rows."""
    attempts = [*fetch(folder / "landing", base_urls, datasets).values()]
    assert {attempt.message for attempt in attempts if attempt.outcome != "landed"} == set()
    write_raw(folder, Store(folder / "landing"), mode="live", admitted=False)
    disable_usage_data()
    warehouse = Warehouse(folder, folder / "warehouse.duckdb")
    ran = warehouse.dbt("run", "--select", "+int_row_account")
    assert {node.status for node in ran} == {"success"}, [node for node in ran if node.status != "success"]
    return Staged(attempts, warehouse)


def write_raw(folder: Path, store: Store, *, mode: str, admitted: bool, home: Path | None = None) -> Path:
    """`folder/raw`: the rows of all that landed, what the catalogue says, and a verdict on every vintage, or on none.

    home: where local returns lie, if not in `folder`.
    """
    catalogue, target = load(), folder / "raw"
    parsed = raw.parse_new(catalogue, store, target, "test", lambda message: None)
    returned = facts.collect(home or folder, catalogue)
    known = inputs.collect(catalogue, store, parsed, mode=mode, rules="test", today=TODAY, returned=returned)
    known.write(target)
    vintages = [row["vintage_id"] for row in known.tables["vintage"][1]] if admitted else []
    write_table(
        target / "admission" / "admission.parquet",
        {"vintage_id": "varchar", "verdict": "varchar", "reason": "varchar"},
        [{"vintage_id": vintage, "verdict": "admitted"} for vintage in vintages],
    )
    return target
