"""The nights in which the clocks change in Europe/London: each day's refresh once, at six, in Dagster's own scheduler.

Belongs here: time. Does not belong here: what a schedule starts (test_daemon_restarted).
"""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
from dagster_processes import CodeServer, let_tick, workspace_of
from drill_home import DrillHome, json_lines

LONDON = ZoneInfo("Europe/London")
NIGHTS = {"spring": dt.date(2026, 3, 29), "autumn": dt.date(2026, 10, 25)}
"""Both are Sundays, so that the weekly rebuild falls due as well."""


@pytest.mark.parametrize("night", NIGHTS)
def test_each_day_starts_one_refresh_at_six_and_sunday_one_rebuild_at_five(
    served: CodeServer, tmp_path: object, night: str
) -> None:
    import dagster as dg

    sunday = NIGHTS[night]
    days = [sunday + dt.timedelta(days=n) for n in (-1, 0, 1)]
    noon = dt.time(12, tzinfo=dt.UTC)
    with (
        dg.instance_for_test(
            temp_dir=str(tmp_path),
            overrides={
                "run_coordinator": {"module": "dagster", "class": "QueuedRunCoordinator"},
                # Each run begins with some three hundred events, which nobody reads here.
                "event_log_storage": {
                    "module": "dagster._core.storage.event_log",
                    "class": "InMemoryEventLogStorage",
                },
            },
        ) as instance,
        workspace_of(served, instance) as workspace,
    ):
        ticked = let_tick(
            workspace,
            ["daily_refresh", "weekly_rebuild"],
            since=dt.datetime.combine(days[0] - dt.timedelta(days=1), noon),
            until=dt.datetime.combine(days[-1], noon),
            every=dt.timedelta(minutes=30),
        )
        local = {name: [tick.astimezone(LONDON) for tick in ticks] for name, ticks in ticked.items()}
        assert [(tick.date(), tick.hour, tick.minute) for tick in local["daily_refresh"]] == [(d, 6, 0) for d in days]
        assert [(tick.date(), tick.hour, tick.minute) for tick in local["weekly_rebuild"]] == [(sunday, 5, 0)]
        assert len({tick.utcoffset() for tick in local["daily_refresh"]}) == 2, "the clocks did not change in between"
        jobs = sorted(run.job_name for run in instance.get_runs())
        assert jobs == ["rebuild", "refresh", "refresh", "refresh"]


def test_receipts_and_figures_are_in_utc_wherever_the_machine_is(never_killed: DrillHome, published: DrillHome) -> None:
    """In a home whose clock is an hour ahead, as London's is in summer; its figures are compared with those of a
    house in UTC in test_kill_at_each_stage."""
    assert never_killed.settings["TZ"] != published.settings["TZ"]
    receipt = json.loads((never_killed.releases / "current" / "receipt.json").read_text("utf-8"))
    built = dt.datetime.fromisoformat(receipt["built_at"])
    assert built.utcoffset() == dt.timedelta(0)
    assert abs(dt.datetime.now(dt.UTC) - built) < dt.timedelta(minutes=55)
    ((told,),) = never_killed.rows("select built_at from mart.release_info")
    assert told == built.replace(tzinfo=None)
    of_the_house = {
        (record["dataset"], record["part"], record["sha256"]): record["finished_at"]
        for path in never_killed.as_settings.landing.glob("*/*/vintages.jsonl")
        for record in json_lines(path)
    }
    vintages = never_killed.rows("select dataset, part, sha256, retrieved_at from mart.dim_vintage")
    assert len(vintages) == len(of_the_house)
    for dataset, part, sha256, retrieved in vintages:
        finished = of_the_house[dataset, part, sha256]
        assert finished.endswith("+00:00")
        assert dt.datetime.fromisoformat(finished).replace(tzinfo=None) == retrieved
