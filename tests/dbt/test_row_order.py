"""No statistic depends on the order in which figures come.

Belongs here: the tables that follow from the figures' history, made again from shuffled rows. Does not belong here:
what each of them should be.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.dbt_warehouse import Built

HISTORY = "int_observation_history"


def following(manifest: dict[str, Any], first: str) -> list[dict[str, Any]]:
    """The tables that read `first`, or one that does, each behind those that it reads itself."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    start = next(key for key, node in models.items() if node["name"] == first)
    parents = {key: {name for name in node["depends_on"]["nodes"] if name in models} for key, node in models.items()}
    below = {start}
    while grown := {key for key in models if key not in below and parents[key] & below}:
        below |= grown
    done: set[str] = set()
    order = []
    waiting = below - {start}
    while waiting:
        ready = {key for key in waiting if not parents[key] & waiting}
        done |= ready
        waiting -= ready
        order += [models[key] for key in sorted(ready)]
    return [node for node in order if node["config"]["materialized"] == "table"]


@pytest.mark.parametrize("seed", [0.25, 0.75])
def test_shuffled_figures_give_the_same_statistics_to_the_last_digit(built: Built, tmp_path: Path, seed: float) -> None:
    shutil.copy(built.warehouse.file, tmp_path / built.warehouse.file.name)
    nodes = following(built.warehouse.manifest(), HISTORY)
    assert {"fct_comparison", "fct_trend", "fct_inequality", "fct_association", "fct_quintile"} <= {
        node["name"] for node in nodes
    }
    with duckdb.connect(str(tmp_path / built.warehouse.file.name)) as connection:
        before = {}
        for node in nodes:
            relation = f"{node['schema']}.{node['name']}"
            connection.execute(f"create temp table before_{node['name']} as from {relation}")
            before[relation] = f"before_{node['name']}"
        connection.execute(f"select setseed({seed})")
        connection.execute(
            f"create or replace table intermediate.{HISTORY} as select * from intermediate.{HISTORY} order by random()"
        )
        for node in nodes:
            compiled = (
                built.warehouse.folder / "target" / "compiled" / node["package_name"] / node["original_file_path"]
            )
            sql = compiled.read_text("utf-8")
            connection.execute(f"create or replace table {node['schema']}.{node['name']} as {sql}")
        for relation, copy in before.items():
            differ = connection.execute(
                f"select count(*) from ((from {relation} except all from {copy}) union all "
                f"(from {copy} except all from {relation}))"
            ).fetchone()
            assert differ == (0,), relation
