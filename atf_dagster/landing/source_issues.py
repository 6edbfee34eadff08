"""The source issues of now: every part of a dataset whose newest bytes are not in the mart, or whose kept bytes are
damaged.

Belongs here: finding source issues in receipts and verdicts, as texts for people. Does not belong here: deciding
outcomes and verdicts (`fetch`, `warehouse.raw`, `quality.admission`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from atf_dagster.catalogue import Catalogue, Dataset, Part
from atf_dagster.landing.records import GOOD, LANDING_DAMAGED, Attempt, Verdict
from atf_dagster.landing.store import Store


@dataclass(frozen=True)
class SourceIssue:
    """One part that is held back: what happened, what to do, and which figures readers get in the meantime."""

    dataset: str
    part: str
    kind: Literal["failed", "rejected", "quarantined"]
    reason: str
    message: str
    remedy: str
    since: str
    serving: str
    cause: str = ""
    """What happened to the figures, where it is known."""


def source_issues(catalogue: Catalogue, store: Store) -> list[SourceIssue]:
    """All source issues, in the catalogue's order; empty if the newest bytes of every part are in the mart."""
    return [
        issue
        for collection, dataset in catalogue.datasets
        for part in collection.parts_of(dataset)
        for issue in _of_part(store, dataset, part)
    ]


def _of_part(store: Store, dataset: Dataset, part: Part) -> Iterator[SourceIssue]:
    vintages = store.vintages(dataset.id, part.id)
    verdicts = store.verdicts(dataset.id, part.id)
    admitted = [
        vintage
        for vintage in vintages
        if (verdict := verdicts.get((vintage.sequence, "admission"))) is not None and verdict.verdict == "admitted"
        # Bytes that can no longer be read give no figures, whatever was said of them before.
        if (read := verdicts.get((vintage.sequence, "raw"))) is not None and read.verdict == "parsed"
    ]
    serving = f"figures retrieved {admitted[-1].retrieved_at:%Y-%m-%d %H:%M} UTC" if admitted else "no figures yet"
    # Before anything else: the publisher may serve again what it serves now, but perhaps not what is damaged here.
    for vintage in reversed(vintages):
        verdict = verdicts.get((vintage.sequence, "raw"))
        if verdict is not None and verdict.verdict == "rejected" and verdict.reason == LANDING_DAMAGED:
            yield _from_verdict(dataset.id, part.id, verdict, serving)
            return
    attempt = store.last_attempt(dataset.id, part.id)
    if attempt is not None and attempt.outcome not in GOOD:
        # A gap in the snapshot is not a source issue; `coverage` reports it for each indicator.
        if attempt.outcome != "not_in_snapshot" or vintages:
            yield _from_attempt(attempt, serving)
        return
    for stage in ("raw", "admission"):
        verdict = verdicts.get((vintages[-1].sequence, stage)) if vintages else None
        if verdict is not None and verdict.verdict in ("rejected", "quarantined"):
            yield _from_verdict(dataset.id, part.id, verdict, serving)
            return


def _from_attempt(attempt: Attempt, serving: str) -> SourceIssue:
    return SourceIssue(
        dataset=attempt.dataset,
        part=attempt.part,
        kind="rejected" if attempt.outcome == "rejected" else "failed",
        reason=attempt.reason or attempt.outcome,
        message=attempt.message or "",
        remedy=attempt.remedy or "",
        since=attempt.failing_since or attempt.finished_at,
        serving=serving,
    )


def _from_verdict(dataset: str, part: str, verdict: Verdict, serving: str) -> SourceIssue:
    return SourceIssue(
        dataset=dataset,
        part=part,
        kind="quarantined" if verdict.verdict == "quarantined" else "rejected",
        reason=verdict.reason or verdict.verdict,
        message=verdict.message or "",
        remedy=verdict.remedy or "",
        since=verdict.at,
        serving=serving,
        cause=verdict.cause or "",
    )
