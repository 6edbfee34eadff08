"""Two publishers on loopback that serve the nine councils, North West and England alone, and what news they have.

Belongs here: how small the answers are, which of them change. Does not belong here: the server
(`support.two_publishers`).
"""

from __future__ import annotations

from collections.abc import Mapping

from atf_dagster.catalogue import load
from atf_dagster.snapshot.figures import COUNCILS
from support.bundled import Overlay
from support.damage import Row, area_code, edited, revised_els_figure, revised_with_a_new_period, served
from support.two_publishers import TwoPublishers

ASKED = ("fingertips", "ons_els")
AREAS = {*COUNCILS, "E12000002", "E92000001"}
NEWS: Mapping[str, Overlay] = {
    "93283": served(revised_with_a_new_period),
    "claimant-count": served(revised_els_figure),
    "wellbeing-anxiety": served(revised_els_figure),
    "housing-affordability-ratio": served(revised_els_figure),
}
"""Source id -> how it is answered once there is news: three revised figures, and one with a new period beside it."""
NEW_VINTAGES = len(NEWS)


def small_publishers() -> TwoPublishers:
    """Both, not yet started. An answer without rows in these areas stays whole: a heading alone is no table."""
    asked = [d.source_id for collection, d in load().datasets if collection.service.id in ASKED]
    return TwoPublishers(differs=dict.fromkeys(asked, _of_these_areas))


def settings_for(publishers: TwoPublishers) -> dict[str, str]:
    """What a home needs to ask these two and nobody else."""
    return {"ATF_MODE": "live", "TZ": "UTC", **publishers.environment}


def _of_these_areas(body: bytes) -> bytes:
    def keep(rows: list[Row]) -> list[Row]:
        return [row for row in rows if area_code(row) in AREAS] or rows

    return edited(body, keep) if b"\n" in body else body
