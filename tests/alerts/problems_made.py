"""Alerts made up for a test, with texts of their own.

Belongs here: making. Does not belong here: what must follow.
"""

from __future__ import annotations

from dataclasses import replace

from atf_dagster.alerts.alert import Alert

PLAIN = Alert(
    key="source/ons_els_pay.all",
    kind="source-failed",
    severity="warning",
    owner="data engineers",
    place="ons_els_pay.all",
    headline="did not answer (timeout)",
    message="No answer within 30 seconds.",
    remedy="Ask again later.",
    since="2026-11-01T06:00:00+00:00",
    state="failed: timeout",
    runbook="source-failed",
)


def alert(name: str, **facts: object) -> Alert:
    """An alert of the source `name`; `facts` replace its fields."""
    return replace(PLAIN, **{"key": f"source/{name}", "place": name, **facts})  # type: ignore[arg-type]
