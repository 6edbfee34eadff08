"""A publisher that is late is told apart from a house that is: by check and by freshness policy, in a live house."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from published_house import PublishedHouse

from atf_dagster.catalogue import load
from atf_dagster.landing import Store
from atf_dagster.refresh import Refresh
from atf_dagster.settings import Settings, quieten

if TYPE_CHECKING:
    import dagster as dg


@pytest.fixture(scope="module")
def live(published_home: PublishedHouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The published house's landing and warehouse as those of a live one, in which one publisher stopped answering."""
    home: Path = tmp_path_factory.mktemp("late") / "home"
    shutil.copytree(published_home.home / "snapshot" / "landing", home / "live" / "landing")
    shutil.copy(published_home.home / "snapshot" / "warehouse.duckdb", home / "live" / "warehouse.duckdb")
    of = Settings(home=home, mode="live")
    store = Store(of.landing)
    last = store.last_attempt("ons_els_wellbeing_happiness", "all")
    assert last is not None
    store.record(
        dataclasses.replace(
            last,
            outcome="failed",
            reason="timeout",
            message="No answer.",
            mend="Ask again later.",
            failing_since="2026-11-01T06:00:00+00:00",
        )
    )
    return of


@pytest.fixture(scope="module")
def said(live: Settings) -> dict[str, dg.AssetCheckResult]:
    quieten()
    from atf_dagster.assets import timeliness

    return {
        result.asset_key.path[-1]: result for result in timeliness.results(Refresh(live, "run")) if result.asset_key
    }


def test_a_publisher_without_its_due_period_is_called_late_and_warned_of(said: dict[str, dg.AssetCheckResult]) -> None:
    import dagster as dg

    # The bundled figures of this one end in 2024/25; a year later is due long since.
    late = {name: result for name, result in said.items() if not result.passed}
    assert len(late) > 5
    others = [str(result.description) for name, result in late.items() if name != "ons_els_wellbeing_happiness"]
    assert all(text.startswith("the publisher is late: due up to ") for text in others)
    assert {result.severity for result in late.values()} == {dg.AssetCheckSeverity.WARN}


def test_what_we_could_not_fetch_is_called_ours(said: dict[str, dg.AssetCheckResult]) -> None:
    ours = said["ons_els_wellbeing_happiness"]
    assert not ours.passed
    assert str(ours.description).startswith("we are late: due up to ")
    assert "the publisher has not answered us since 2026-11-01 06:00 UTC (timeout). Ask again later." in str(
        ours.description
    )


def test_a_publisher_that_brought_out_what_was_due_is_on_time(said: dict[str, dg.AssetCheckResult]) -> None:
    on_time = [result for result in said.values() if result.passed]
    assert on_time
    for result in on_time:
        due, newest = result.metadata["due"].value, result.metadata["newest"].value
        assert str(newest) >= str(due)


def test_each_dataset_is_stale_after_two_days_without_a_question_whatever_its_rhythm(
    definitions: dg.Definitions,
) -> None:
    import dagster as dg

    specs = {spec.key.path[-1]: spec for spec in definitions.resolve_all_asset_specs() if spec.group_name == "landing"}
    assert set(specs) == {dataset.id for _, dataset in load().datasets}
    for spec in specs.values():
        policy = spec.freshness_policy
        assert policy == dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(hours=50), warn_window=dt.timedelta(hours=26)
        )
