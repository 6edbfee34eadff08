"""Who is late: freshness policies say that we did not ask, checks that a publisher did not bring out what was due.

Belongs here: telling these two apart. When a period is due stands in the catalogue (`period` of each dataset), by each
publisher's rhythm; the mart's own answer, by indicator and area, is its table `coverage`.
"""

from collections.abc import Iterator

import dagster as dg
import duckdb

from atf_dagster.assets import landing
from atf_dagster.catalogue import Catalogue
from atf_dagster.refresh import Refresh

CHECK = "publisher_is_on_time"

OURS = {
    "failed": "the publisher has not answered us",
    "rejected": "what it sends has not been its table",
    "held": "a check has held what it sends",
}
"""Why we may not have what a publisher has, by the kind of trouble."""

DUE = """
    select
        dataset.dataset,
        min(dataset.expected_end) as expected_end,
        max(staged.period_end) as newest_end
    from raw.catalogue_dataset as dataset
    left join intermediate.int_staged as staged
        on dataset.dataset = staged.dataset and dataset.indicator_code = staged.indicator_code
        and staged.row_use = 'kept' and staged.value is not null
        and staged.vintage_id in (select vintage_id from raw.admission where verdict = 'admitted')
    group by dataset.dataset
"""
"""Of the indicators that a dataset gives, what is due of all of them, and the newest period that any has."""


def specs(catalogue: Catalogue) -> list[dg.AssetCheckSpec]:
    """One check a dataset that has a rhythm; reference data and local returns have none."""
    return [
        dg.AssetCheckSpec(
            CHECK,
            asset=landing.key(dataset.id),
            additional_deps=[dg.AssetKey(["mart", "coverage"])],
            description="The newest period that was due by the publisher's rhythm is here. A failure says who is late.",
        )
        for _, dataset in catalogue.datasets
        if dataset.period is not None and dataset.yields
    ]


def results(refresh: Refresh) -> Iterator[dg.AssetCheckResult]:
    """Whether each publisher is on time, by what is in the warehouse now."""
    with duckdb.connect(str(refresh.settings.warehouse), read_only=True) as connection:
        due = {dataset: (expected, newest) for dataset, expected, newest in connection.execute(DUE).fetchall()}
    troubles = {trouble.dataset: trouble for trouble in refresh.troubles()}
    for spec in specs(refresh.catalogue):
        dataset = spec.asset_key.path[-1]
        expected, newest = due.get(dataset, (None, None))
        is_here = expected is None or (newest is not None and newest >= expected)
        trouble = troubles.get(dataset)
        if is_here:
            said = f"here up to {newest}, due up to {expected}"
        elif refresh.settings.mode == "snapshot":
            is_here, said = True, f"the bundled snapshot ends at {newest or 'nothing'}; nobody is late for it"
        elif trouble is not None:
            since = trouble.since[:16].replace("T", " ")
            said = (
                f"we are late: due up to {expected}, here up to {newest or 'nothing'}, and {OURS[trouble.kind]} since "
                f"{since} UTC ({trouble.reason}). {trouble.mend}"
            )
        else:
            said = (
                f"the publisher is late: due up to {expected}, and the newest period that it serves ends on "
                f"{newest or 'no day at all'}. Look at its page for a new date; if its rhythm changed, correct "
                "`period` in the catalogue."
            )
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=CHECK,
            passed=is_here,
            severity=dg.AssetCheckSeverity.WARN,
            description=said,
            metadata={"due": str(expected), "newest": str(newest)},
        )
