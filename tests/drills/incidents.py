"""Everything that happens to one house while it tries to take in the news, in the order in which it happens.

Belongs here: the incidents, each at an exact moment. Does not belong here: what must hold (the test modules).
After each of them the refresh is started again as if nothing had been. Where Dagster's part in it matters the whole
`atf refresh` is run, else the steps alone, which cost half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from drill_home import DrillHome, Ended, Order, moment

STAGED = r"/dbt/run/.*/staging/"
MARTS = r"/dbt/run/.*/marts/"
CANDIDATE = r"/\.candidate-[^/]*/csv$"
BUILT = ("fetch", "parse", "staged", "admit", "mart")


@dataclass(frozen=True)
class Incident:
    """`steps` of a run instead of the whole command; `run_id` of a run that goes on from what it has done."""

    kind: Literal["killed", "disk full"]
    when: Order
    steps: Sequence[str] = ()
    run_id: str | None = None


INCIDENTS = {
    "disk full while landing": Incident("disk full", moment("open", r"/landing/incoming/")),
    "killed while fetching": Incident("killed", moment("os.rename", r"/landing/objects/", nth=2)),
    "killed between receipt and vintage": Incident("killed", moment("open", r"/vintages\.jsonl a"), ("fetch",)),
    "killed in raw": Incident("killed", moment("open", r"/verdicts\.jsonl a", nth=2), ("fetch", "parse")),
    "killed in dbt's staged half": Incident("killed", moment("open", STAGED, nth=10), BUILT[:3]),
    "disk full while dbt builds": Incident("disk full", moment("open", STAGED, nth=15)),
    "killed in admission": Incident("killed", moment("os.rename", r"/raw/admission/", nth=2), BUILT[:4]),
    "killed in dbt's mart half": Incident("killed", moment("open", MARTS, nth=8), ("admit", "mart")),
    "killed in the checks": Incident(
        "killed", moment("open", r"/\.quality_mart\.json\."), (*BUILT, "check"), "checked"
    ),
    "killed with the candidate half-written": Incident(
        "killed", moment("os.mkdir", CANDIDATE), ("check", "publish"), "checked"
    ),
    "disk full while the candidate is written": Incident(
        "disk full", moment("os.mkdir", CANDIDATE), ("publish",), "checked"
    ),
}

AT_THE_END = {
    "killed between the release's rename and the pointer": Incident(
        "killed", moment("os.symlink", r"/\.current\."), ("publish",), "checked"
    ),
    "killed between the pointer and the outcome": Incident(
        "killed", moment("open", r"/\.outcome\.json\."), ("publish",), "checked"
    ),
}
"""Each in a copy of the home as the incidents left it, because after it there is nothing left to build."""


@dataclass(frozen=True)
class Aftermath:
    """What was there when the process had ended and the disk had room again."""

    ended: Ended
    current: str | None
    figures_readable: int
    versions: list[str]
    leftovers: list[str]
    outcomes: dict[str, int]


def let_happen(home: DrillHome, name: str, incident: Incident) -> Aftermath:
    """Start a refresh, or its steps, and let it meet with the incident."""
    order: dict[str, Any] = {"die": incident.when}
    if incident.kind == "disk full":
        order = {"fill": {**incident.when, "ballast": home.ballast, "leave": 0}}
    if incident.steps:
        ended = home.steps(incident.run_id or name.replace(" ", "-"), incident.steps, **order)
    else:
        ended = home.atf("refresh", **order)
    home.make_room()
    return Aftermath(
        ended=ended,
        current=home.current,
        figures_readable=home.figures_readable,
        versions=home.versions,
        leftovers=home.leftovers(),
        outcomes=dict(home.outcomes()),
    )
