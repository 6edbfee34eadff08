"""Asset group release: what readers get, and its pages. Runs only when no blocking check on the mart failed.

Belongs here: keys, checks and metadata of these assets. Does not belong here: publishing (`pipeline.steps`).
"""

import dagster as dg

from atf_dagster.orchestration.assets.landing import OWNER
from atf_dagster.orchestration.assets.metadata import table
from atf_dagster.orchestration.resources import HOME, WRITER, HomeResource
from atf_dagster.release import versions
from atf_dagster.report import FOLDER


def release_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        name="release",
        deps=marts,
        group_name="release",
        kinds={"duckdb", "parquet", "csv"},
        owners=[OWNER],
        required_resource_keys={HOME},
        pool=WRITER,
        description="The newest release: DuckDB file, Parquet, CSV, datapackage.json and receipt.json, "
        "published by moving one pointer.",
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        home: HomeResource = context.resources.home
        refresh = home.refresh(context)
        published = refresh.publish()
        refresh.progress(f"release: {published.version}")
        receipt = published.receipt
        return dg.MaterializeResult(
            data_version=dg.DataVersion(receipt["fingerprint"][:16]),
            metadata={
                "version": published.version,
                "mode": receipt["mode"],
                "verdict": receipt["verdict"],
                "folder": dg.MetadataValue.path(str(published.path)),
                f"sha256_of_{published.database.name}": receipt["files"][published.database.name]["sha256"],
                "rows": table(["table", "rows"], list(receipt["rows"].items())),
                "held_back": ", ".join(receipt["datasets_held_back"]) or "none",
            },
        )

    return release


def pages_asset() -> dg.AssetsDefinition:
    """The pages: made when readers have the release already, and never a reason for a run to fail."""

    @dg.asset(
        name="pages",
        deps=["release"],
        group_name="release",
        kinds={"html"},
        owners=[OWNER],
        required_resource_keys={HOME},
        pool=WRITER,
        description="The pages of the newest release, plain HTML in its folder `report`.",
    )
    def pages(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        home: HomeResource = context.resources.home
        refresh = home.refresh(context)
        newest = versions.releases(refresh.settings.releases)[-1]
        failed = refresh.make_pages(newest)
        return dg.MaterializeResult(
            metadata={
                "version": newest.version,
                "folder": dg.MetadataValue.path(str(newest.path / FOLDER)),
                "failed": failed.message if failed else "no",
            }
        )

    return pages
