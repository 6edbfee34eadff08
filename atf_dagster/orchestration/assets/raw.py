"""Asset group raw: the landed rows as Parquet text, one asset a published table, and the program's tables.

Where nothing changed since the newest release, the step yields nothing: Dagster then skips everything
below it, which is what "no change, no work" looks like on the graph.

Belongs here: keys, checks and metadata of these assets. Does not belong here: reading bytes (`pipeline.steps`).
"""

from collections.abc import Iterator

import dagster as dg

from atf_dagster.catalogue import Catalogue
from atf_dagster.orchestration.assets import landing
from atf_dagster.orchestration.assets.metadata import table
from atf_dagster.orchestration.resources import HOME, WRITER, HomeResource
from atf_dagster.warehouse import inputs

VINTAGES = dg.DynamicPartitionsDefinition(name="vintage")
"""Partitions of the job that reads one vintage again; this step knows them all."""


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", name])


def raw_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    every_landing = [landing.key(dataset.id) for _, dataset in catalogue.datasets]
    specs = [
        dg.AssetSpec(
            key(collection.table),
            deps=[landing.key(dataset.id) for dataset in collection.datasets],
            group_name="raw",
            kinds={"parquet"},
            owners=[landing.OWNER],
            skippable=True,
            description=f"{collection.description} As text, one file a vintage, rows as served.",
        )
        for collection in catalogue.collections
    ]
    specs += [
        dg.AssetSpec(
            key(name),
            deps=every_landing if name in ("vintage", "fetch_state") else [],
            group_name="raw",
            kinds={"parquet"},
            owners=[landing.OWNER],
            skippable=True,
            description="What the program writes beside the publishers' rows; dbt reads it as a source.",
        )
        for name in inputs.NAMES
    ]

    @dg.multi_asset(name="raw", specs=specs, required_resource_keys={HOME}, pool=WRITER)
    def raw(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        home: HomeResource = context.resources.home
        refresh = home.refresh(context)
        parsed = refresh.parse()
        _remember(context.instance, {entry.vintage.id for entry in parsed})
        newest = refresh.already_published()
        if newest is not None and not context.run.tags.get("atf/rebuild"):
            refresh.progress(f"nothing changed since release {newest.version}; nothing to build")
            refresh.finish_unchanged(newest)
            return
        for collection in catalogue.collections:
            ids = {dataset.id for dataset in collection.datasets}
            rows = [p for p in parsed if p.vintage.dataset in ids]
            yield dg.MaterializeResult(
                asset_key=key(collection.table),
                data_version=dg.DataVersion(refresh.fingerprint[:16]),
                metadata={
                    "dagster/row_count": sum(p.verdict.rows or 0 for p in rows),
                    "vintages": len(rows),
                    "parsed_now": sum(p.fresh for p in rows),
                    "newest": table(
                        ["vintage", "verdict", "rows", "what happened"],
                        [[p.vintage.id, p.verdict.verdict, p.verdict.rows, p.verdict.message] for p in rows[-40:]],
                    ),
                },
            )
        for name in inputs.NAMES:
            yield dg.MaterializeResult(asset_key=key(name))

    return raw


def _remember(instance: dg.DagsterInstance, vintages: set[str]) -> None:
    name = VINTAGES.name or ""
    if new := sorted(vintages - set(instance.get_dynamic_partitions(name))):
        instance.add_dynamic_partitions(name, new)
