"""What the tests of the dbt project share: raw made of the bundled figures, and a warehouse built from it.

Belongs here: making a raw folder without a network. Does not belong here: running dbt (dbt_warehouse), what
must hold (the test modules).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from dbt_warehouse import MART, STAGED, Built, Warehouse

from atf_dagster.catalogue import load
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.returns import facts
from atf_dagster.settings import Settings, disable_usage_data
from atf_dagster.warehouse import inputs, raw
from atf_dagster.warehouse.tables import write_table


@pytest.fixture(scope="session")
def raw_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw tables of the bundled figures, every vintage admitted; made as a refresh makes them."""
    folder = tmp_path_factory.mktemp("bundled")
    catalogue = load()
    refresh = Refresh(Settings(home=folder / "home"), "test", today=dt.date(2026, 1, 31))
    refresh.settings.home.mkdir()
    refresh.fetch([dataset.id for _, dataset in catalogue.datasets])
    parsed = raw.parse_new(catalogue, refresh.store, folder / "raw", "test", lambda message: None)
    known = inputs.collect(
        catalogue,
        refresh.store,
        parsed,
        mode="snapshot",
        rules="test",
        today=refresh.today,
        returned=facts.collect(refresh.settings.home, catalogue),
    )
    known.write(folder / "raw")
    write_table(
        folder / "raw" / "admission" / "admission.parquet",
        {"vintage_id": "varchar", "verdict": "varchar", "reason": "varchar"},
        [{"vintage_id": row["vintage_id"], "verdict": "admitted"} for row in known.tables["vintage"][1]],
    )
    return folder / "raw"


@pytest.fixture(scope="session")
def built(raw_folder: Path) -> Built:
    """Built once for all tests; a test that changes rows takes a copy."""
    disable_usage_data()
    warehouse = Warehouse(raw_folder.parent, raw_folder.parent / "warehouse.duckdb")
    no_unit_tests = ("--exclude-resource-type", "unit_test")
    return Built(
        warehouse,
        staged=warehouse.dbt("build", *STAGED, *no_unit_tests),
        mart=warehouse.dbt("build", *MART, *no_unit_tests),
    )
