"""Asset groups staging, intermediate and marts: dbt's models, one asset each, its tests as asset checks.

Two steps, because admission stands between them: the first gives admission the rows to look at, the
second builds the mart from what it admitted.

Belongs here: keys, checks and metadata of these assets. Does not belong here: running dbt (`pipeline.steps`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from atf_dagster.orchestration.assets import dbt_graph
from atf_dagster.orchestration.assets.metadata import line_plot, table
from atf_dagster.orchestration.resources import HOME, WRITER, HomeResource
from atf_dagster.sql import literal
from atf_dagster.warehouse.dbt import Half, NodeResult, WarehouseFailed, WarehouseHeld

PLOTTED = "ATF01"


def warehouse_assets(manifest_path: Path) -> list[dg.AssetsDefinition]:
    """The two halves of dbt as two steps, with one asset a model."""
    manifest = json.loads(manifest_path.read_text("utf-8"))
    return [
        _half("staged", manifest, dbt_graph.is_staged),
        _half("mart", manifest, lambda node: not dbt_graph.is_staged(node)),
    ]


def _half(half: Half, manifest: Mapping[str, Any], wanted: Callable[[dbt_graph.Node], bool]) -> dg.AssetsDefinition:
    specs = dbt_graph.asset_specs(manifest, wanted)
    checks = dbt_graph.check_specs(manifest, wanted)

    @dg.multi_asset(name=half, specs=specs, check_specs=checks, required_resource_keys={HOME}, pool=WRITER)
    def build(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        yield from _run(context, half, manifest["nodes"])

    return build


def _run(
    context: dg.AssetExecutionContext, half: Half, nodes: Mapping[str, Any]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    home: HomeResource = context.resources.home
    checks = {spec.name: spec for spec in context.assets_def.check_specs}
    refresh = home.refresh(context)
    refresh.progress(f"dbt: building the {half} half")
    finished: list[NodeResult] = []
    failure: WarehouseFailed | WarehouseHeld | None = None
    try:
        finished.extend(refresh.build(half))
    except (WarehouseFailed, WarehouseHeld) as error:
        failure, finished = error, error.nodes
    built = [node for node in finished if node.kind == "model" and node.status == "success"]
    if built:
        with duckdb.connect(str(refresh.settings.warehouse), read_only=True) as connection:
            for node in built:
                properties = nodes[node.unique_id]
                yield dg.MaterializeResult(
                    asset_key=dbt_graph.key(properties), metadata=_metadata(connection, properties, node)
                )
    for node in finished:
        if node.kind == "test" and node.name in checks:
            spec = checks[node.name]
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=node.ok,
                metadata={"failing_rows": node.failures, "message": node.message},
            )
    if failure is not None:
        raise failure


def _relation(properties: Mapping[str, Any]) -> str:
    return f"{properties['schema']}.{properties['name']}"


def _metadata(connection: duckdb.DuckDBPyConnection, properties: Mapping[str, Any], node: NodeResult) -> dict[str, Any]:
    metadata: dict[str, Any] = {"seconds": node.seconds}
    if properties["config"]["materialized"] == "view":
        return metadata  # its rows would have to be worked out for this alone, a second of each refresh
    relation = _relation(properties)
    count = connection.execute(f"select count(*) from {relation}").fetchone()
    metadata["dagster/row_count"] = count[0] if count else 0
    if properties["schema"] == "mart":
        sample = connection.execute(f"select * from {relation} limit 5")
        columns = [column[0] for column in sample.description or []][:12]
        metadata["first_rows"] = table(columns, [row[:12] for row in sample.fetchall()])
    if properties["name"] == "fct_observation":
        metadata["plot"] = line_plot(_series(connection), f"{PLOTTED}, headline sex, by area")
    return metadata


def _series(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[float, float]]]:
    rows = connection.execute(
        "select a.area_name, extract(year from o.period_end), o.value from mart.fct_observation o "
        "inner join mart.dim_area a on o.area_code = a.area_code "
        "inner join mart.dim_indicator i on o.indicator_code = i.indicator_code and o.sex = i.headline_sex "
        f"where o.indicator_code = {literal(PLOTTED)} and o.breakdown_type = 'Total' and o.value is not null "
        "order by a.area_name, o.period_end"
    ).fetchall()
    series: dict[str, list[tuple[float, float]]] = {}
    for name, year, value in rows:
        series.setdefault(str(name), []).append((float(year), float(value)))
    return series
