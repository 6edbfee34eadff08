"""dbt's manifest as Dagster specs: one asset a model, one check a test, lineage from `ref` and `source`.

Belongs here: reading the manifest. Does not belong here: running dbt (`warehouse`).
Written here and not taken from dagster-dbt because that imports dbt itself, a second and a half that each
unchanged refresh would pay for nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from atf_dagster.orchestration.assets.landing import OWNER

Node = Mapping[str, Any]


def key(node: Node) -> dg.AssetKey:
    """`<schema>/<name>`, for models and for sources, which the group raw writes."""
    return dg.AssetKey([node["schema"], node["name"]])


def asset_specs(manifest: Mapping[str, Any], wanted: Callable[[Node], bool]) -> list[dg.AssetSpec]:
    """A spec for each wanted model: what it reads, its description, its columns with types."""
    every = {**manifest["nodes"], **manifest["sources"]}
    return [
        dg.AssetSpec(
            key(node),
            deps=[key(every[parent]) for parent in node["depends_on"]["nodes"]],
            # The folder: steps towards a mart are in its group, wherever they are kept.
            group_name=node["fqn"][1],
            kinds={"dbt", "duckdb", node["config"]["materialized"]},
            owners=[OWNER],
            skippable=True,
            description=node["description"],
            metadata={"dagster/column_schema": _columns(node), "dbt_file": node["original_file_path"]},
            code_version=node["checksum"]["checksum"][:16],
        )
        for node in _models(manifest)
        if wanted(node)
    ]


def check_specs(manifest: Mapping[str, Any], wanted: Callable[[Node], bool]) -> list[dg.AssetCheckSpec]:
    """A check for each data test on a wanted model. A failing test fails its step, so none has to block."""
    models = {node["unique_id"]: node for node in _models(manifest)}
    specs = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        tested = node.get("attached_node") or next((p for p in node["depends_on"]["nodes"] if p in models), None)
        if tested in models and wanted(models[tested]):
            specs.append(
                dg.AssetCheckSpec(node["name"], asset=key(models[tested]), description=node["description"] or None)
            )
    return specs


def is_staged(node: Node) -> bool:
    """Whether a model belongs to the half that admission looks at."""
    return "staged" in node["tags"]


def _models(manifest: Mapping[str, Any]) -> Iterator[Node]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == "model")


def _columns(node: Node) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(column["name"], type=column.get("data_type") or "string", description=column["description"])
            for column in node["columns"].values()
        ]
    )
