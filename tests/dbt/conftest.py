"""What the tests of the dbt project share: raw made of the bundled figures, and a warehouse built from it.

Belongs here: making a raw folder without a network. Does not belong here: running dbt (dbt_warehouse), what
must hold (the test modules).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from atf_dagster.catalogue import load
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data
from support.dbt_warehouse import MART, STAGED, Built, Warehouse
from support.staging import TODAY, write_raw


@pytest.fixture(scope="session")
def raw_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw tables of the bundled figures, every vintage admitted; made as a refresh makes them."""
    folder = tmp_path_factory.mktemp("bundled")
    catalogue = load()
    refresh = Refresh(Settings(home=folder / "home"), "test", today=TODAY)
    refresh.settings.home.mkdir()
    refresh.fetch([dataset.id for _, dataset in catalogue.datasets])
    return write_raw(folder, refresh.store, mode="snapshot", admitted=True, home=refresh.settings.home)


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
