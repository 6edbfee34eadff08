"""What engineers see in Dagster: one graph from publishers to release, jobs, schedules, and no usage data."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from atf_dagster import settings
from atf_dagster.catalogue import load
from atf_dagster.quality import suites
from support.home import PROJECT, PublishedHome, command

if TYPE_CHECKING:
    import dagster as dg

GROUPS = ["landing", "raw", "staging", "intermediate", "admission", "marts", "release"]


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Asset by key, as `group/name` written with a slash."""
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def ancestors(specs: dict[str, dg.AssetSpec]) -> dict[str, set[str]]:
    """Everything that an asset follows from."""
    found: dict[str, set[str]] = {}

    def of(name: str) -> set[str]:
        if name not in found:
            parents = {dependency.asset_key.to_user_string() for dependency in specs[name].deps}
            found[name] = parents.union(*(of(parent) for parent in parents))
        return found[name]

    for name in specs:
        of(name)
    return found


def test_the_groups_of_the_graph_are_the_steps_of_the_flow(specs: dict[str, dg.AssetSpec]) -> None:
    assert {spec.group_name for spec in specs.values()} == set(GROUPS)


def test_every_asset_says_its_group_owner_kind_and_what_it_is(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert spec.group_name in GROUPS, name
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.description and len(spec.description) > 10, name


def test_there_is_one_landing_asset_a_dataset_with_page_and_licence(specs: dict[str, dg.AssetSpec]) -> None:
    landing = {name: spec for name, spec in specs.items() if spec.group_name == "landing"}
    assert set(landing) == {f"landing/{dataset.id}" for _, dataset in load().datasets}
    for spec in landing.values():
        assert {"publisher", "page", "licence", "indicators"} <= set(spec.metadata)


def test_a_raw_table_follows_from_the_datasets_of_its_publisher(specs: dict[str, dg.AssetSpec]) -> None:
    for collection in load().collections:
        parents = {dependency.asset_key.to_user_string() for dependency in specs[f"raw/{collection.table}"].deps}
        assert parents == {f"landing/{dataset.id}" for dataset in collection.datasets}


def test_nothing_is_named_that_nobody_makes(specs: dict[str, dg.AssetSpec], ancestors: dict[str, set[str]]) -> None:
    assert set().union(*ancestors.values()) <= set(specs)


def test_the_release_follows_from_every_publisher(
    specs: dict[str, dg.AssetSpec], ancestors: dict[str, set[str]]
) -> None:
    """What no model reads is read by a suite of the mart, whose checks stand before the release."""
    frames = " ".join(suite.frame for suite in suites.load("mart"))
    read_by_checks = {f"raw/{table}" for table in re.findall(r"\braw\.(\w+)", frames)}
    assert set(specs) - {"release", "pages"} - ancestors["release"] <= read_by_checks
    assert read_by_checks <= set(specs)


def test_the_flow_goes_one_way(specs: dict[str, dg.AssetSpec]) -> None:
    order = {group: number for number, group in enumerate(GROUPS)}
    # Admission stands between the rows that it looks at and those that are built from what it admitted.
    order["admission"] = order["intermediate"]
    for name, spec in specs.items():
        for dependency in spec.deps:
            parent = specs[dependency.asset_key.to_user_string()]
            assert order[parent.group_name or ""] <= order[spec.group_name or ""], (name, parent.key)


@pytest.mark.parametrize(("upper", "lower"), list(itertools.pairwise(GROUPS)))
def test_each_step_leads_to_the_next(
    specs: dict[str, dg.AssetSpec], ancestors: dict[str, set[str]], upper: str, lower: str
) -> None:
    last = [name for name, spec in specs.items() if spec.group_name == lower]
    assert any(specs[parent].group_name == upper for name in last for parent in ancestors[name])


def test_every_suite_is_a_check_and_those_on_the_mart_block(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checks = {key.name: graph.get(key) for key in graph.asset_check_keys}
    for suite in suites.load():
        assert suite.suite in checks
    blocking = {name for name, node in checks.items() if node.blocking}
    for suite in suites.load("mart"):
        assert (suite.suite in blocking) == any(entry.severity == "critical" for entry in suite.expectations)
    assert not blocking & {suite.suite for suite in suites.load("admission")}


def test_every_dataset_has_a_check_that_its_publisher_answered(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checked = {key.asset_key.path[-1] for key in graph.asset_check_keys if key.name == "publisher_answered"}
    assert checked == {dataset.id for _, dataset in load().datasets}


@pytest.mark.parametrize("name", ["refresh", "rebuild"])
def test_a_job_runs_in_one_process_and_covers_the_whole_graph(
    definitions: dg.Definitions, specs: dict[str, dg.AssetSpec], name: str
) -> None:
    job = definitions.resolve_job_def(name)
    assert job.executor_def.name == "in_process"
    covered = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert covered == set(specs)
    assert job.tags["atf/writer"] == "refresh"


def test_the_schedules_run_daily_and_weekly_in_the_time_of_the_place(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.schedules or []}
    assert set(schedules) == {"daily_refresh", "weekly_rebuild"}
    for schedule in schedules.values():
        assert getattr(schedule, "execution_timezone", None) == "Europe/London"
    days = {name: str(getattr(schedule, "cron_schedule", "")).split() for name, schedule in schedules.items()}
    assert days["daily_refresh"][2:] == ["*", "*", "*"]
    assert days["weekly_rebuild"][2:4] == ["*", "*"]
    assert days["weekly_rebuild"][4].isdigit()


def test_no_schedule_falls_into_the_hour_that_the_clocks_skip_or_double(definitions: dg.Definitions) -> None:
    for schedule in definitions.schedules or []:
        minute, hour = str(getattr(schedule, "cron_schedule", "")).split()[:2]
        assert minute.isdigit() and hour.isdigit()
        assert int(hour) != 1


def test_the_hour_is_a_setting_that_refuses_those_of_the_clock_change() -> None:
    assert settings.load({"ATF_REFRESH_AT": "07:45"}).refresh_at == (7, 45)
    for time in ("01:30", "02:00", "00:10", "24:00", "6:00", "noon"):
        with pytest.raises(settings.SettingsError, match="not before 03:00"):
            settings.load({"ATF_REFRESH_AT": time})


def test_the_two_schedules_never_start_together(definitions: dg.Definitions) -> None:
    hours = {str(getattr(schedule, "cron_schedule", "")).split()[1] for schedule in definitions.schedules or []}
    assert len(hours) == 2


def test_dagster_validates_the_workspace(published_home: PublishedHome) -> None:
    """With no instance of its own, as `dagster definitions validate` is run in a pipeline."""
    done = command(published_home.home, "dagster", "definitions", "validate", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stderr
    assert "Validation successful" in done.stdout + done.stderr


def test_usage_data_is_off_and_one_writer_runs_at_a_time(published_home: PublishedHome) -> None:
    for path in (PROJECT / "dagster.yaml", published_home.settings.dagster_home / "dagster.yaml"):
        configuration = yaml.safe_load(path.read_text("utf-8"))
        assert configuration["telemetry"] == {"enabled": False}
        assert configuration["nux"] == {"enabled": False}
        concurrency = configuration["concurrency"]
        assert {"key": "atf/writer", "limit": 1} in concurrency["runs"]["tag_concurrency_limits"]
        assert concurrency["pools"] == {"granularity": "op", "default_limit": 1}
        assert configuration["run_monitoring"]["max_runtime_seconds"] > 0
