"""Who is late: freshness policies say that we did not ask, checks that a publisher did not bring out what was due.

Belongs here: telling these two apart. When a period is due stands in the catalogue (`period` of each dataset), by each
publisher's rhythm; the mart's own answer, by indicator and area, is its table `coverage`.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from atf_dagster.catalogue import Catalogue, Collection, Dataset
from atf_dagster.landing.source_issues import SourceIssue
from atf_dagster.orchestration.assets import raw
from atf_dagster.orchestration.assets.metadata import table
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.warehouse.due import due_periods

CHECK = "publisher_is_on_time"

OURS = {
    "failed": "the publisher has not answered us",
    "rejected": "what it sends has not been its table",
    "quarantined": "a check holds what it sends",
}
"""Why we may not have what a publisher has, by the kind of source issue."""


def specs(catalogue: Catalogue) -> list[dg.AssetCheckSpec]:
    """One check a published table that has a rhythm; reference data and local returns have none.

    By table and not by dataset, because Dagster writes each evaluation to disk and there are four times as many.
    """
    return [
        dg.AssetCheckSpec(
            CHECK,
            asset=raw.key(collection.table),
            additional_deps=[dg.AssetKey(["mart", "coverage"])],
            description="The newest period that was due by the publisher's rhythm is here. A failure says who is late.",
        )
        for collection in catalogue.collections
        if _with_a_rhythm(collection)
    ]


def results(refresh: Refresh) -> Iterator[dg.AssetCheckResult]:
    """Whether each publisher is on time, by what is in the warehouse now."""
    due = due_periods(refresh.settings.warehouse)
    source_issues = {issue.dataset: issue for issue in refresh.source_issues()}
    for collection in refresh.catalogue.collections:
        if not (datasets := _with_a_rhythm(collection)):
            continue
        by_dataset = {}
        for dataset in datasets:
            expected, newest = due.get(dataset.id, (None, None))
            late = _late(expected, newest, refresh.settings.mode, source_issues.get(dataset.id))
            by_dataset[dataset.id] = (expected, newest, late)
        late_ones = [f"{name}: {late}" for name, (_, _, late) in by_dataset.items() if late]
        yield dg.AssetCheckResult(
            asset_key=raw.key(collection.table),
            check_name=CHECK,
            passed=not late_ones,
            severity=dg.AssetCheckSeverity.WARN,
            description=" ".join(late_ones) or "everything that was due is here",
            metadata={
                "late": len(late_ones),
                "datasets": table(
                    ["dataset", "due up to", "here up to", "who is late"],
                    [[name, expected, newest, late] for name, (expected, newest, late) in by_dataset.items()],
                ),
            },
        )


def _late(expected: dt.date | None, newest: dt.date | None, mode: str, issue: SourceIssue | None) -> str:
    """Who is late with a dataset, and what to do; nothing where nobody is."""
    if expected is None or (newest is not None and newest >= expected):
        return ""
    if mode == "snapshot":
        return ""  # the bundled figures end where they end
    if issue is not None:
        since = issue.since[:16].replace("T", " ")
        return (
            f"we are late: due up to {expected}, here up to {newest or 'nothing'}, and {OURS[issue.kind]} since "
            f"{since} UTC ({issue.reason}). {issue.remedy}"
        )
    return (
        f"the publisher is late: due up to {expected}, and the newest period that it serves ends on "
        f"{newest or 'no day at all'}. Look at its page for a new date; if its rhythm changed, correct `period` in the "
        "catalogue."
    )


def _with_a_rhythm(collection: Collection) -> list[Dataset]:
    return [dataset for dataset in collection.datasets if dataset.period is not None and dataset.yields]
