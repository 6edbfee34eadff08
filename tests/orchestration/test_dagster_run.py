"""The run that `atf refresh` left in Dagster: it succeeded, and its assets and checks say what they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from atf_dagster.catalogue import load
from atf_dagster.quality import suites
from support import found_as_published
from support.home import PublishedHome

if TYPE_CHECKING:
    import dagster as dg

Metadata = Mapping[str, Any]


def standing_key() -> dg.AssetCheckKey:
    from atf_dagster.orchestration.automation import open_alerts_check

    return open_alerts_check.KEY


@pytest.fixture(scope="module")
def evaluated(instance: dg.DagsterInstance, run_id: str) -> dict[str, dg.AssetCheckEvaluation]:
    """Asset and check -> the evaluation of the run."""
    import dagster as dg

    evaluations = [
        entry.get_dagster_event().asset_check_evaluation_data
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    ]
    return {f"{e.asset_key.to_user_string()}:{e.check_name}": e for e in evaluations}


def test_the_refresh_is_a_run_that_succeeded(instance: dg.DagsterInstance, run_id: str) -> None:
    import dagster as dg

    (run,) = instance.get_runs()
    assert run.run_id == run_id
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.job_name == "refresh"


def test_every_asset_of_the_graph_was_materialised(
    definitions: dg.Definitions, materialised: dict[str, Metadata]
) -> None:
    assert set(materialised) == {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}


def test_a_landing_asset_says_bytes_hash_and_attempts(
    materialised: dict[str, Metadata], published_home: PublishedHome
) -> None:
    hashes = {row[0] for row in published_home.rows("select sha256 from mart.dim_vintage")}
    here = {row[0] for row in published_home.rows("select dataset from mart.dim_vintage")}
    for _, dataset in load().datasets:
        metadata = materialised[f"landing/{dataset.id}"]
        assert (metadata["bytes"].value > 0) == (dataset.id in here)
        assert set(metadata["sha256"].value.split(", ")) <= hashes | {"none"}
        assert "councils" in metadata["attempts"].value or "all" in metadata["attempts"].value


def test_a_table_of_the_mart_says_how_many_rows_it_has_and_shows_some(
    materialised: dict[str, Metadata], published_home: PublishedHome
) -> None:
    counts = published_home.receipt["rows"]
    marts = {name.removeprefix("mart/"): data for name, data in materialised.items() if name.startswith("mart/")}
    assert {"fct_observation", "dim_area", "coverage", "vw_latest"} <= set(marts)
    for name, metadata in marts.items():
        # A view's rows would have to be worked out for this alone; the receipt of the release has their number.
        if not name.startswith("vw_"):
            assert metadata["dagster/row_count"].value == counts[name], name
            assert "|" in metadata["first_rows"].value


def test_raw_counts_the_rows_that_it_parsed(materialised: dict[str, Metadata], published_home: PublishedHome) -> None:
    (landed,) = published_home.rows("select sum(landed_rows) from mart.dim_vintage")
    tables = [f"raw/{collection.table}" for collection in load().collections]
    assert sum(materialised[table]["dagster/row_count"].value for table in tables) == landed[0]
    for table in tables:
        parsed_now, known = materialised[table]["parsed_now"].value, materialised[table]["vintages"].value
        assert parsed_now == known


def test_the_facts_carry_a_plot_that_loads_nothing(materialised: dict[str, Metadata]) -> None:
    plot = materialised["mart/fct_observation"]["plot"].value
    assert "data:image/svg+xml;base64," in plot
    assert "http" not in plot


def test_the_release_names_its_version_and_hash(
    materialised: dict[str, Metadata], published_home: PublishedHome
) -> None:
    metadata = materialised["release"]
    assert metadata["version"].value == published_home.release.name
    assert metadata["mode"].value == "snapshot"
    assert metadata["sha256_of_atf.duckdb"].value == published_home.receipt["files"]["atf.duckdb"]["sha256"]


def test_every_check_was_evaluated_and_passed_but_for_what_is_as_published(
    definitions: dg.Definitions, evaluated: dict[str, dg.AssetCheckEvaluation]
) -> None:
    # The standing check belongs to no run: it is reported after each.
    declared = definitions.resolve_asset_graph().asset_check_keys - {standing_key()}
    assert set(evaluated) == {f"{key.asset_key.to_user_string()}:{key.name}" for key in declared}
    found = {suite for suite, _ in found_as_published.ADMISSION | found_as_published.MART}
    assert {name.split(":")[1] for name, evaluation in evaluated.items() if not evaluation.passed} == found


def test_a_suites_check_lists_its_expectations(evaluated: dict[str, dg.AssetCheckEvaluation]) -> None:
    by_name = {evaluation.check_name: evaluation for evaluation in evaluated.values()}
    for suite in suites.load():
        metadata = by_name[suite.suite].metadata
        text = str(metadata["expectations"].value).replace("\\_", "_")
        assert all(entry.name in text for entry in suite.expectations)
        assert {"failing_rows", "page"} <= set(metadata)
        assert metadata["page"].value.endswith(f"/validation.html#{suite.suite}")


def test_a_suites_check_shows_how_it_came_out_the_last_times(
    evaluated: dict[str, dg.AssetCheckEvaluation], run_id: str
) -> None:
    by_name = {evaluation.check_name: evaluation for evaluation in evaluated.values()}
    for suite in suites.load():
        assert run_id in str(by_name[suite.suite].metadata["last_outcomes"].value)


def test_each_publisher_with_a_rhythm_is_on_time_or_the_check_says_who_is_late(
    evaluated: dict[str, dg.AssetCheckEvaluation],
) -> None:
    found = {name: e for name, e in evaluated.items() if e.check_name == "publisher_is_on_time"}
    assert set(found) == {
        f"raw/{collection.table}:publisher_is_on_time"
        for collection in load().collections
        if any(dataset.period and dataset.yields for dataset in collection.datasets)
    }
    for collection in load().collections:
        if evaluation := found.get(f"raw/{collection.table}:publisher_is_on_time"):
            listed = str(evaluation.metadata["datasets"].value).replace("\\_", "_")
            assert all(dataset.id in listed for dataset in collection.datasets if dataset.yields)


def test_what_is_broken_now_is_reported_after_the_run(instance: dg.DagsterInstance) -> None:
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key([standing_key()])
    evaluation = found[standing_key()].event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    assert evaluation.metadata["open"].value == len(found_as_published.ADMISSION | found_as_published.MART)
    assert not evaluation.passed


def test_the_vintages_are_the_partitions_of_the_job_that_reads_one_again(
    instance: dg.DagsterInstance, published_home: PublishedHome
) -> None:
    vintages = {row[0] for row in published_home.rows("select vintage_id from mart.dim_vintage")}
    assert vintages <= set(instance.get_dynamic_partitions("vintage"))


def test_a_dbt_tests_check_says_how_many_rows_failed(evaluated: dict[str, dg.AssetCheckEvaluation]) -> None:
    of_suites = {suite.suite for suite in suites.load()} | {"publisher_answered", "publisher_is_on_time"}
    tests = [evaluation for evaluation in evaluated.values() if evaluation.check_name not in of_suites]
    assert len(tests) > 20
    assert {evaluation.metadata["failing_rows"].value for evaluation in tests} == {0}
