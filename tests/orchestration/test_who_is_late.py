"""A publisher that is late is told apart from a home that is: by check and by freshness policy, in a live house."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from atf_dagster.catalogue import load
from atf_dagster.landing import Store
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data
from support.home import PublishedHome

if TYPE_CHECKING:
    import dagster as dg


@pytest.fixture(scope="module")
def live(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Settings:
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
            remedy="Ask again later.",
            failing_since="2026-11-01T06:00:00+00:00",
        )
    )
    return of


@pytest.fixture(scope="module")
def said(live: Settings) -> dict[str, dg.AssetCheckResult]:
    """Raw table -> its check."""
    disable_usage_data()
    from atf_dagster.orchestration.assets import late_publishers

    return {
        result.asset_key.path[-1]: result
        for result in late_publishers.results(Refresh(live, "run"))
        if result.asset_key
    }


def sentences(said: dict[str, dg.AssetCheckResult]) -> dict[str, str]:
    """Dataset -> what its table's check says of it."""
    found = {}
    for result in said.values():
        for part in re.split(r"(?:^| )(?=[a-z0-9_]+: (?:we are|the publisher is) late)", str(result.description)):
            name, _, text = part.partition(": ")
            found[name] = text
    return found


def test_a_publisher_without_its_due_period_is_called_late_and_warned_of(said: dict[str, dg.AssetCheckResult]) -> None:
    import dagster as dg

    failed = [result for result in said.values() if not result.passed]
    assert {result.severity for result in failed} == {dg.AssetCheckSeverity.WARN}
    late = [text for name, text in sentences(said).items() if text and name != "ons_els_wellbeing_happiness"]
    # The bundled figures end years before what is due today.
    assert len(late) > 5
    assert all(text.startswith("the publisher is late: due up to ") for text in late)


def test_what_we_could_not_fetch_is_called_ours(said: dict[str, dg.AssetCheckResult]) -> None:
    ours = sentences(said)["ons_els_wellbeing_happiness"]
    assert ours.startswith("we are late: due up to ")
    assert "the publisher has not answered us since 2026-11-01 06:00 UTC (timeout). Ask again later." in ours
    assert not said["ons_els_data"].passed


def test_a_publisher_that_brought_out_what_was_due_is_on_time(said: dict[str, dg.AssetCheckResult]) -> None:
    on_time = [result for result in said.values() if result.passed]
    assert on_time
    for result in on_time:
        assert (result.metadata["late"].value, result.description) == (0, "everything that was due is here")


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
