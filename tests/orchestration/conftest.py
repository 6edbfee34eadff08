"""The graph of a home that has published, and the Dagster instance with its run.

Dagster is imported inside: it takes a second that the other tests do not need.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atf_dagster.settings import disable_usage_data
from support.home import PublishedHome

if TYPE_CHECKING:
    import dagster as dg


@pytest.fixture(scope="session")
def definitions(published_home: PublishedHome) -> dg.Definitions:
    """What `build_defs` gives for the published house, whose dbt project is parsed already."""
    disable_usage_data()
    from atf_dagster.orchestration.definitions import build_defs

    return build_defs(published_home.settings)


@pytest.fixture(scope="session")
def instance(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """A copy of the home's instance, because opening one writes to its databases."""
    disable_usage_data()
    import dagster as dg

    folder: Path = tmp_path_factory.mktemp("instance") / "dagster"
    shutil.copytree(published_home.settings.dagster_home, folder)
    with dg.DagsterInstance.from_config(str(folder)) as opened:
        yield opened


@pytest.fixture(scope="session")
def run_id(published_home: PublishedHome) -> str:
    return str(published_home.report["run_id"])


@pytest.fixture(scope="session")
def materialised(instance: dg.DagsterInstance, run_id: str) -> dict[str, Mapping[str, Any]]:
    """Asset -> the metadata of its materialisation in the run."""
    import dagster as dg

    found: dict[str, Mapping[str, Any]] = {}
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        event = entry.get_dagster_event()
        assert event.asset_key is not None
        found[event.asset_key.to_user_string()] = event.step_materialization_data.materialization.metadata
    return found
