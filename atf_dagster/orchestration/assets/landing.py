"""Asset group landing: one asset a dataset, the newest bytes that its publisher served.

A dataset whose publisher failed keeps its last good bytes: the asset says so, its check fails, and the
assets below it go on with what there is. One publisher never holds up another.

Belongs here: keys, checks and metadata of these assets. Does not belong here: fetching (`pipeline.steps`).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from atf_dagster.catalogue import Catalogue
from atf_dagster.landing import Attempt
from atf_dagster.landing.records import GOOD
from atf_dagster.orchestration.assets.metadata import table
from atf_dagster.orchestration.resources import HOME, RETRIES, UNATTENDED, WRITER, HomeResource

OWNER = "team:data-engineers"
CHECK = "publisher_answered"
WE_ARE_LATE = dg.FreshnessPolicy.time_window(warn_window=dt.timedelta(hours=26), fail_window=dt.timedelta(hours=50))
"""Every dataset is asked for every morning, whatever its rhythm; a refresh that finds nothing changed asks as well."""


def key(dataset_id: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", dataset_id])


def landing_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    """All datasets in one step, so that downloads run side by side in threads instead of processes."""
    specs = [
        dg.AssetSpec(
            key(dataset.id),
            group_name="landing",
            kinds={"python", collection.format},
            owners=[OWNER],
            freshness_policy=WE_ARE_LATE,
            description=f"{dataset.title}. Bytes as served by {collection.publisher.name}.\n\n"
            f"{collection.publisher.attribution}",
            metadata={
                "publisher": collection.publisher.name,
                "page": dg.MetadataValue.url(dataset.page_url),
                "licence": dataset.licence or collection.publisher.licence,
                "indicators": ", ".join(dataset.indicators) or "reference data",
            },
        )
        for collection, dataset in catalogue.datasets
    ]
    checks = [
        dg.AssetCheckSpec(
            CHECK, asset=spec.key, description="The publisher answered with the table that was asked for."
        )
        for spec in specs
    ]
    ids = {key(dataset.id): dataset.id for _, dataset in catalogue.datasets}

    @dg.multi_asset(
        name="landing", specs=specs, check_specs=checks, can_subset=True, required_resource_keys={HOME}, pool=WRITER
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        home: HomeResource = context.resources.home
        refresh = home.refresh(context)
        attempts = refresh.fetch([ids[selected] for selected in context.selected_asset_keys])
        if context.run.tags.keys() & UNATTENDED.keys() and refresh.silence_can_clear():
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=refresh.settings.retry_after)
        by_dataset: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            by_dataset.setdefault(attempt.dataset, []).append(attempt)
        for dataset_id, parts in by_dataset.items():
            newest = [v[-1] for a in parts if (v := refresh.store.vintages(dataset_id, a.part))]
            yield dg.MaterializeResult(
                asset_key=key(dataset_id),
                data_version=dg.DataVersion("+".join(vintage.sha256[:16] for vintage in newest) or "none"),
                metadata={
                    "bytes": sum(vintage.bytes for vintage in newest),
                    "sha256": ", ".join(vintage.sha256 for vintage in newest) or "none",
                    "attempts": table(
                        ["part", "outcome", "status", "bytes", "URL", "what happened", "what to do"],
                        [[a.part, a.outcome, a.status, a.bytes, a.url, a.message, a.remedy] for a in parts],
                    ),
                },
            )
            bad = [a for a in parts if a.outcome not in GOOD and a.outcome != "not_in_snapshot"]
            yield dg.AssetCheckResult(
                asset_key=key(dataset_id),
                check_name=CHECK,
                passed=not bad,
                severity=dg.AssetCheckSeverity.ERROR,
                description=" ".join(f"{a.part}: {a.message} {a.remedy}" for a in bad) or "as expected",
            )

    return landing
