"""The check `what_is_broken_now` on the release: all open alerts, in one place of Dagster.

Belongs here: the check and reporting it outside of runs. It is in no job: each comparison (after a run, by the clock)
reports it, so that it is as fresh as the ledger, also where a run found nothing to do.
"""

from collections.abc import Sequence

import dagster as dg

from atf_dagster.alerts import ledger, notify
from atf_dagster.alerts.alert import Alert, urgency
from atf_dagster.orchestration.assets.metadata import table
from atf_dagster.settings import Settings

RELEASE = dg.AssetKey("release")
CHECK = "what_is_broken_now"
KEY = dg.AssetCheckKey(RELEASE, CHECK)
EVERYTHING = dg.AssetSelection.all() - dg.AssetSelection.checks(KEY)
"""What a refresh makes: every asset and check but this one."""


def open_alerts_check(settings: Settings) -> dg.AssetChecksDefinition:
    """The check for whoever runs it by hand."""

    @dg.asset_check(
        asset=RELEASE,
        name=CHECK,
        description="Everything that is open now: sources, checks, runs, releases, channels. Reported after each run "
        "and by the clock.",
    )
    def still_open() -> dg.AssetCheckResult:
        found = [entry.alert for entry in ledger.read(notify.folder_of(settings)).open]
        return dg.AssetCheckResult(passed=not found, severity=_severity(found), metadata=_metadata(found))

    return still_open


def report(instance: dg.DagsterInstance, found: Sequence[Alert]) -> None:
    """Say in Dagster what is open now, as an evaluation that belongs to no run."""
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=RELEASE,
            check_name=CHECK,
            passed=not found,
            severity=_severity(found),
            metadata=_metadata(found),
        )
    )


def _severity(found: Sequence[Alert]) -> dg.AssetCheckSeverity:
    critical = any(alert.severity == "critical" for alert in found)
    return dg.AssetCheckSeverity.ERROR if critical else dg.AssetCheckSeverity.WARN


def _metadata(found: Sequence[Alert]) -> dict[str, dg.MetadataValue]:
    rows = [
        [
            p.severity,
            p.place,
            p.headline,
            p.since[:16].replace("T", " "),
            p.owner,
            p.remedy,
            f"docs/runbook.md#{p.runbook}",
        ]
        for p in sorted(found, key=urgency)
    ]
    columns = ["severity", "where", "what", "since (UTC)", "owner", "what to do", "runbook"]
    return {"open": dg.MetadataValue.int(len(found)), "alerts": table(columns, rows)}
