"""Everything that Dagster loads, and nothing else.

`build_defs` is for tests and the command `atf`; `defs` is what workspace.yaml points to.

Belongs here: putting the parts together. Does not belong here: any of them (`assets`, `automation`).
"""

import warnings

import dagster as dg

from atf_dagster import catalogue
from atf_dagster import settings as settings_module
from atf_dagster.alerts import notify
from atf_dagster.orchestration import resources
from atf_dagster.orchestration.assets import landing, quality, raw, release, warehouse
from atf_dagster.orchestration.automation import open_alerts_check, probe, rerun, run_sensors, schedules
from atf_dagster.pipeline.engines import Engines
from atf_dagster.settings import Settings
from atf_dagster.warehouse.dbt import ensure_manifest

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)


def build_defs(
    settings: Settings, progress: resources.Progress | None = None, engines: Engines | None = None
) -> dg.Definitions:
    """The graph from publisher to release for these settings; parses the dbt project if it changed."""
    known = catalogue.load()
    dbt = warehouse.warehouse_assets(ensure_manifest(settings))
    again = rerun.rerun_job()
    marts = [key for definition in dbt for key in definition.keys if key.path[0] == "mart"]
    return dg.Definitions(
        assets=[
            landing.landing_assets(known),
            raw.raw_assets(known),
            *dbt,
            quality.admission_asset(),
            release.release_asset(marts),
            release.pages_asset(),
        ],
        asset_checks=[quality.mart_checks(known), open_alerts_check.open_alerts_check(settings)],
        jobs=[schedules.refresh_job, schedules.rebuild_job, again],
        schedules=schedules.schedules(settings),
        sensors=[*run_sensors.sensors(settings), probe.sensor(settings), rerun.build_after(again)],
        resources={resources.HOME: resources.resource(settings, progress, engines)},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What workspace.yaml points to: the home that the environment describes."""
    settings_module.disable_usage_data()
    of = settings_module.load()
    notify.check_settings(of)  # a slip in the channels is seen when this is loaded, not when something breaks
    return build_defs(of)
