"""Two publishers on loopback that serve the nine councils, North West and England alone, and what news they have.

Belongs here: how small the answers are, which of them change. Does not belong here: the servers (tests/faults).
"""

from __future__ import annotations

from collections.abc import Mapping

from loopback_publishers import LoopbackPublishers, Row, Spoil, edited
from spoiling import area_code, revised_els_figure, revised_with_a_new_period, served

from atf_dagster.catalogue import load
from atf_dagster.snapshot.figures import COUNCILS

ASKED = ("fingertips", "ons_els")
AREAS = {*COUNCILS, "E12000002", "E92000001"}
NEWS: Mapping[str, Spoil] = {
    "93283": served(revised_with_a_new_period),
    "claimant-count": served(revised_els_figure),
    "wellbeing-anxiety": served(revised_els_figure),
    "housing-affordability-ratio": served(revised_els_figure),
}
"""Source id -> how it is answered once there is news: three revised figures, and one with a new period beside it."""
NEW_VINTAGES = len(NEWS)


def small_publishers() -> LoopbackPublishers:
    """Both, not yet started. An answer without rows in these areas stays whole: a heading alone is no table."""
    asked = [d.source_id for collection, d in load().datasets if collection.service.id in ASKED]
    return LoopbackPublishers(usual=dict.fromkeys(asked, _of_these_areas))


def settings_for(publishers: LoopbackPublishers) -> dict[str, str]:
    """What a house needs to ask these two and nobody else."""
    others = {service.id for service in load().services} - set(ASKED)
    return {
        "ATF_MODE": "live",
        "TZ": "UTC",
        "ATF_BACKOFF_FIRST": "0",
        "ATF_REQUESTS_PER_SECOND": "0",
        "ATF_FINGERTIPS_URL": publishers.fingertips_url,
        "ATF_ONS_ELS_URL": publishers.ons_els_url,
        "ATF_SKIP_SERVICES": ",".join(sorted(others)),
    }


def _of_these_areas(body: bytes) -> bytes:
    def keep(rows: list[Row]) -> list[Row]:
        return [row for row in rows if area_code(row) in AREAS] or rows

    return edited(body, keep) if b"\n" in body else body
