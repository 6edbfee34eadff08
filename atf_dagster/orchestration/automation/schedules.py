"""Jobs and schedules, in the time of the place.

At six in the morning unless the setting ATF_REFRESH_AT says otherwise, which refuses the hours in which a schedule is
skipped or doubled when the clocks change.

Belongs here: jobs, times and tags. Does not belong here: what a job does (`assets`).
"""

import dagster as dg

from atf_dagster.orchestration.automation.open_alerts_check import EVERYTHING
from atf_dagster.orchestration.resources import UNATTENDED
from atf_dagster.settings import Settings

TIMEZONE = "Europe/London"
RUNNING = {"atf/writer": "refresh"}
"""Marks every run that writes, so that dagster.yaml can let in one at a time."""

refresh_job = dg.define_asset_job(
    "refresh",
    selection=EVERYTHING,
    executor_def=dg.in_process_executor,
    tags=RUNNING,
    description="Fetch, land, transform, validate and publish. Unchanged sources cost a probe.",
)

rebuild_job = dg.define_asset_job(
    "rebuild",
    selection=EVERYTHING,
    executor_def=dg.in_process_executor,
    tags={**RUNNING, "atf/rebuild": "yes"},
    description="The same, and builds the mart again even where nothing changed.",
)


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Every morning a refresh; on Sundays, an hour before it, the whole mart again from landing."""
    hour, minute = settings.refresh_at
    return [
        dg.ScheduleDefinition(
            name="daily_refresh",
            job=refresh_job,
            cron_schedule=f"{minute} {hour} * * *",
            execution_timezone=TIMEZONE,
            tags=UNATTENDED,
            description=f"Every day at {hour:02d}:{minute:02d}.",
        ),
        dg.ScheduleDefinition(
            name="weekly_rebuild",
            job=rebuild_job,
            cron_schedule=f"{minute} {hour - 1} * * 0",
            execution_timezone=TIMEZONE,
            tags=UNATTENDED,
            description="On Sundays, an hour before the daily refresh: the whole mart again from landing.",
        ),
    ]
