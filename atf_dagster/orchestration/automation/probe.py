"""The sensor that starts a refresh when a publisher's own probe says that something changed.

Belongs here: which service is asked next, and that one change starts one refresh. Does not belong here: probes
(`landing.probing`). A tick asks one service, so that no tick outlasts the minute that Dagster gives it.
"""

import hashlib
import json

import dagster as dg

from atf_dagster import catalogue
from atf_dagster.orchestration.automation import schedules
from atf_dagster.orchestration.resources import UNATTENDED
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings

TICK_SECONDS = 300


def sensor(settings: Settings) -> dg.SensorDefinition:
    """Off until somebody switches it on: it asks publishers all day."""

    @dg.sensor(
        name="publisher_changed",
        job=schedules.refresh_job,
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Asks one service's probes a tick, in turn, and starts a refresh where one says that its table "
        "changed.",
    )
    def publisher_changed(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        services = [service.id for service in catalogue.load().services]
        service = services[int(context.cursor or 0) % len(services)]
        context.update_cursor(str((services.index(service) + 1) % len(services)))
        found = Refresh(settings, f"probe-{service}").probe(service)
        if found is None:
            return dg.SkipReason(f"{service} is being asked by a refresh just now.")
        changed = [probed for probed in found if probed.sign == "changed"]
        failed = [probed for probed in found if probed.sign == "failed"]
        if not changed:
            # Not a problem yet: the next refresh asks again, and tells where it fails.
            said = f"; {len(failed)} did not answer, such as {failed[0].dataset}: {failed[0].message}" if failed else ""
            unchanged = sum(probed.sign == "unchanged" for probed in found)
            return dg.SkipReason(f"{service}: {unchanged} of {len(found)} probes answered that nothing changed{said}")
        changes = sorted((probed.dataset, probed.part, probed.token) for probed in changed)
        context.log.info(f"{service} changed: {', '.join(f'{dataset}.{part}' for dataset, part, _ in changes)}")
        return dg.RunRequest(
            # The same change again, after a refresh that could not take it in, starts no second refresh.
            run_key=hashlib.sha256(json.dumps(changes).encode()).hexdigest()[:24],
            tags={**UNATTENDED, "atf/changed": ", ".join(sorted({dataset for dataset, _, _ in changes}))[:200]},
        )

    return publisher_changed
