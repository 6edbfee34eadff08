"""Asset groups staging, intermediate and marts: dbt's models, one asset each, its tests as asset checks.

Two steps, because admission stands between them: the first gives admission the rows to look at, the
second builds the mart from what it admitted.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from atf_dagster.assets.house import HOUSE, House
from atf_dagster.assets.landing import OWNER
from atf_dagster.assets.metadata import line_plot, table
from atf_dagster.warehouse.dbt import Half, NodeResult, WarehouseFailed, WarehouseHeld

PLOTTED = "ATF01"


class Translator(DagsterDbtTranslator):
    """Keys carry the layer; groups are the layers of the flow."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return "marts" if dbt_resource_props["schema"] == "mart" else dbt_resource_props["schema"]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return [OWNER]


def warehouse_assets(manifest_path: Path) -> list[dg.AssetsDefinition]:
    manifest = json.loads(manifest_path.read_text("utf-8"))
    translator = Translator()
    nodes = {**manifest["nodes"], **manifest["sources"]}

    @dbt_assets(
        manifest=manifest,
        select="tag:staged",
        name="staged",
        dagster_dbt_translator=translator,
        required_resource_keys={HOUSE},
    )
    def staged(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from _run(context, "staged", nodes, translator)

    @dbt_assets(
        manifest=manifest,
        select="fqn:*",
        exclude="tag:staged",
        name="mart",
        dagster_dbt_translator=translator,
        required_resource_keys={HOUSE},
    )
    def mart(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from _run(context, "mart", nodes, translator)

    return [staged, mart]


def _run(
    context: dg.AssetExecutionContext, half: Half, nodes: Mapping[str, Any], translator: Translator
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    house: House = context.resources.house
    checks = {spec.name: spec for spec in context.assets_def.check_specs}
    with house.refresh(context) as refresh:
        refresh.progress(f"dbt: building the {half} half")
        finished: list[NodeResult] = []
        failure: WarehouseFailed | WarehouseHeld | None = None
        try:
            finished.extend(refresh.build(half))
        except (WarehouseFailed, WarehouseHeld) as error:
            failure, finished = error, error.nodes
        built = [node for node in finished if node.kind == "model" and node.ok]
        if built:
            with duckdb.connect(str(refresh.settings.warehouse), read_only=True) as connection:
                for node in built:
                    yield dg.MaterializeResult(
                        asset_key=translator.get_asset_key(nodes[node.unique_id]),
                        metadata=_metadata(connection, nodes[node.unique_id], node),
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


def _metadata(
    connection: duckdb.DuckDBPyConnection, properties: Mapping[str, Any], node: NodeResult
) -> dict[str, Any]:
    relation = f"{properties['schema']}.{properties['name']}"
    count = connection.execute(f"select count(*) from {relation}").fetchone()
    metadata: dict[str, Any] = {"dagster/row_count": count[0] if count else 0, "seconds": node.seconds}
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
        "where o.indicator_code = ? and o.breakdown_type = 'Total' and o.value is not null "
        "order by a.area_name, o.period_end",
        [PLOTTED],
    ).fetchall()
    series: dict[str, list[tuple[float, float]]] = {}
    for name, year, value in rows:
        series.setdefault(str(name), []).append((float(year), float(value)))
    return series
