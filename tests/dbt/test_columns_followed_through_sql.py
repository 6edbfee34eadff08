"""What each column of a relation is made of, by its SQL: the shapes that models take, each run in DuckDB first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from atf_dagster.warehouse import column_lineage


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        connection.execute('create table raw.figure (area int, "Time period" text, value int, count int, parts int[])')
        connection.execute("create table raw.place (area int, name text, size int)")
        yield connection


def followed(sql: str, warehouse: duckdb.DuckDBPyConnection, kept: Path) -> column_lineage.Lineage:
    warehouse.execute(f"create or replace view model as {sql}")
    return column_lineage.of(kept, {"main.model": sql}, warehouse)["main.model"]


@pytest.mark.parametrize(
    ("sql", "made_of"),
    [
        pytest.param(
            'select * exclude (value, count, parts) replace (area + value as area), "time period" as period'
            " from raw.figure",
            {
                "area": {"figure.area", "figure.value"},
                "Time period": {"figure.Time period"},
                "period": {"figure.Time period"},
            },
            id="a star without some and with others replaced, and names in any case",
        ),
        pytest.param(
            "with stacked as (select area, value from raw.figure union all select size, area from raw.place)"
            " select value as v from stacked",
            {"v": {"figure.value", "place.area"}},
            id="a union goes by position",
        ),
        pytest.param(
            "select area, name, sum(value) filter (where count > 1) as total, count(*) as n, 'x' as kind"
            " from raw.figure inner join raw.place using (area) group by all",
            {
                "area": {"figure.area", "place.area"},
                "name": {"place.name"},
                "total": {"figure.value", "figure.count"},
                "n": set(),
                "kind": set(),
            },
            id="an aggregate, a column shared by a join, a count and a constant",
        ),
        pytest.param(
            "select area, v from (select area, value, count from raw.figure) unpivot (v for k in (value, count))",
            {"area": {"figure.area"}, "v": {"figure.value", "figure.count"}},
            id="an unpivot",
        ),
        pytest.param(
            "select value + 1 as next, next * count as product,"
            " (select max(size) from raw.place where place.area = figure.area) as largest from raw.figure",
            {"next": {"figure.value"}, "product": {"figure.value", "figure.count"}, "largest": {"place.size"}},
            id="an alias used again, and a subquery",
        ),
        pytest.param(
            "select list_transform(parts, lambda part: part + value) as more, k"
            " from raw.figure cross join range(1, 3) as number(k)",
            {"more": {"figure.parts", "figure.value"}, "k": set()},
            id="a function over a list, and numbers made of nothing",
        ),
    ],
)
def test_a_column_leads_to_the_columns_it_is_worked_out_from(
    sql: str, made_of: dict[str, set[str]], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = followed(sql, warehouse, tmp_path / "kept.json")
    assert found.lost == {}
    assert {column: {f"{table}.{name}" for _, table, name in ends} for column, ends in found.columns.items()} == made_of


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        pytest.param(
            "select area, value from raw.figure union all by name select area, size as value from raw.place",
            "*",
            id="a union by name",
        ),
        pytest.param("unpivot raw.figure on value, count into name k value v", "*", id="an unpivot statement"),
        pytest.param("select columns('val.*') from raw.figure", "value", id="columns by pattern"),
        pytest.param("select figure as whole from raw.figure", "whole", id="a whole row"),
        pytest.param("select k from raw.figure, range(0, value) as number(k)", "k", id="numbers up to a column"),
        pytest.param(
            "with recursive step(n) as (select value from raw.figure union all select n - 1 from step"
            " where n > 0) select n from step",
            "n",
            id="a recursion",
        ),
    ],
)
def test_what_cannot_be_followed_is_said_and_never_left_out(
    sql: str, column: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = followed(sql, warehouse, tmp_path / "kept.json")
    assert found.lost[column]
    assert column not in found.columns
