"""Old runs are removed with their folders, never those that assets show something of, and never all at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from atf_dagster.settings import Settings, disable_usage_data

if TYPE_CHECKING:
    import dagster as dg


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dg.DagsterInstance, list[str]]:
    """An instance with 24 runs, each with a folder; the second oldest is the only one that made an asset."""
    disable_usage_data()
    import dagster as dg

    @dg.asset
    def made() -> None: ...

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def unchanged() -> None:
        nothing()

    home: Path = tmp_path_factory.mktemp("tidying")
    of = Settings(home=home, keep_runs=1)
    instance = dg.DagsterInstance.local_temp(str(home))
    ids = []
    for number in range(24):
        run = (
            dg.materialize([made], instance=instance)
            if number == 1
            else unchanged.execute_in_process(instance=instance)
        )
        ids.append(run.run_id)
        (of.runs / run.run_id).mkdir(parents=True)
        (of.runs / run.run_id / "validation.html").write_text("page", "utf-8")
    return of, instance, ids


def test_the_oldest_go_with_their_folders_and_what_an_asset_shows_stays(
    runs: tuple[Settings, dg.DagsterInstance, list[str]],
) -> None:
    from atf_dagster.orchestration.automation.run_retention import remove_old_runs

    of, instance, ids = runs
    assert set(remove_old_runs(of, instance)) == {ids[0], ids[2], ids[3]}
    there = {run.run_id for run in instance.get_runs()}
    assert there == set(ids) - {ids[0], ids[2], ids[3]} == {path.name for path in of.runs.iterdir()}
    assert instance.get_latest_materialization_event(instance.get_asset_keys()[0]) is not None


def test_a_setting_that_is_generous_removes_nothing(runs: tuple[Settings, dg.DagsterInstance, list[str]]) -> None:
    from atf_dagster.orchestration.automation.run_retention import remove_old_runs

    of, instance, _ = runs
    assert remove_old_runs(Settings(home=of.home, keep_runs=200), instance) == []
