"""`atf explain`: from a figure in the mart back to publisher, URL, bytes and the very row as served.

Belongs here: following one figure and printing the way. Does not belong here: other look-ups (`lookups`).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster import catalogue
from atf_dagster.landing import Store
from atf_dagster.lookups import NotFound
from atf_dagster.release import versions
from atf_dagster.settings import Settings


def explain(of: Settings, options: argparse.Namespace) -> int:
    """Follow a figure back: mart row, history, vintage, URL, bytes and the very row in them."""
    current = versions.current(of.releases)
    if current is None:
        raise NotFound(f"There is no release in {of.releases} yet: run `atf refresh`.")
    workspace = of.home / current.receipt["mode"]
    with duckdb.connect() as connection:
        path = str(current.path / "mart.duckdb").replace("'", "''")
        connection.execute(f"attach '{path}' as release (read_only)")
        connection.execute("use release")
        figures = _figures(connection, options)
        for figure in figures:
            figure["history"] = _history(connection, figure)
            figure["inputs"] = _inputs(connection, workspace, figure)
    if options.json:
        print(json.dumps({"release": current.version, "figures": figures}, ensure_ascii=False, default=str))
        return 0
    for figure in figures:
        _print_figure(figure, current.receipt["mode"], current.version)
    return 0


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _figures(connection: duckdb.DuckDBPyConnection, options: argparse.Namespace) -> list[dict[str, Any]]:
    indicator, area = options.indicator.upper(), options.area
    if not _rows(connection, "select 1 from mart.dim_indicator where indicator_code = ?", [indicator]):
        raise NotFound(f"No indicator {indicator}; the codes are in the table dim_indicator.")
    also = {name.lower(): known.code for known in catalogue.load().areas for name in known.also_written}
    code_or_name = also.get(area.lower(), area)
    areas = _rows(
        connection,
        # A council's name may be its former code's, too, or a county's that ended.
        "select * from mart.dim_area where area_code = ? or lower(area_name) = lower(?) "
        "order by is_answered desc, valid_to desc nulls first, area_code",
        [code_or_name.upper(), code_or_name],
    )
    if not areas:
        raise NotFound(f"No area {area}; the areas are in the table dim_area.")
    code = areas[0]["area_code"]
    found = _rows(
        connection,
        """
        select o.*, i.name as indicator_name, i.unit, i.is_proxy, i.proxy_for, i.proxy_note, a.area_name,
            p.label as period, o.period_end
        from mart.fct_observation as o
        inner join mart.dim_indicator as i on o.indicator_code = i.indicator_code
        inner join mart.dim_area as a on o.area_code = a.area_code
        inner join mart.dim_period as p on o.period_id = p.period_id
        where o.indicator_code = ? and o.area_code = ? and o.breakdown_type = 'Total'
            and o.age = coalesce(i.headline_age, o.age)
            and (p.label = ? or o.period_id = ? or cast(? as varchar) is null)
        order by o.period_end desc, o.sex
        """,
        [indicator, code, options.period, options.period, options.period],
    )
    if not found and options.period:
        periods = _rows(
            connection,
            "select distinct p.label, p.period_end from mart.fct_observation as o inner join mart.dim_period as p "
            "on o.period_id = p.period_id where o.indicator_code = ? and o.area_code = ? order by p.period_end",
            [indicator, code],
        )
        if periods:
            labels = ", ".join(str(row["label"]) for row in periods)
            raise NotFound(f"No {indicator} in {areas[0]['area_name']} for {options.period}. There are: {labels}.")
    if not found:
        why = _rows(
            connection,
            "select state, reason from mart.coverage where indicator_code = ? and area_code = ?",
            [indicator, code],
        )
        reason = f"{why[0]['state']}, {why[0]['reason']}" if why else "unknown"
        raise NotFound(f"No total of {indicator} in {areas[0]['area_name']}. Coverage says: {reason}.")
    newest = [row for row in found if row["period_id"] == found[0]["period_id"]]
    # Persons stand for both sexes where they are published; life expectancy has the two sexes only.
    return [row for row in newest if row["sex"] == "Persons"] or newest


KEY = ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")


def _history(connection: duckdb.DuckDBPyConnection, figure: dict[str, Any]) -> list[dict[str, Any]]:
    where = " and ".join(f"{column} = ?" for column in KEY)
    return _rows(
        connection,
        f"select valid_from, valid_to, change, value, status, vintage_id from mart.fct_observation_history "
        f"where {where} order by valid_from",
        [figure[column] for column in KEY],
    )


def _inputs(connection: duckdb.DuckDBPyConnection, workspace: Path, figure: dict[str, Any]) -> list[dict[str, Any]]:
    """The published figure itself, or those of the councils or organisations that a derived one was summed from."""
    sources = [figure]
    if figure["is_derived"]:
        where = " and ".join(f"{column} = ?" for column in KEY if column != "area_code")
        # Local returns are summed over organisations, for the whole over all of them.
        below = (
            "a.area_type = 'organisation' and (a.parent_code = ? or whole.area_type = 'subregion')"
            if _is_of_returns(figure)
            else "a.area_type = 'council' and a.parent_code = ?"
        )
        sources = _rows(
            connection,
            f"select o.*, a.area_name from mart.fct_observation as o inner join mart.dim_area as a "
            f"on o.area_code = a.area_code inner join mart.dim_area as whole on whole.area_code = ? "
            f"where {where} and {below} order by a.area_code",
            [
                figure["area_code"],
                *(figure[column] for column in KEY if column != "area_code"),
                figure["area_code"],
            ],
        )
    return [
        {
            "area_name": source["area_name"],
            "status": source["status"],
            "numerator": source["numerator"],
            "denominator": source["denominator"],
            **_bytes(connection, workspace, source),
        }
        for source in sources
    ]


def _is_of_returns(figure: dict[str, Any]) -> bool:
    return str(figure["vintage_id"]).startswith("local_returns")


def _bytes(connection: duckdb.DuckDBPyConnection, workspace: Path, source: dict[str, Any]) -> dict[str, Any]:
    store = Store(workspace / "landing")
    vintages = _rows(connection, "select * from mart.dim_vintage where vintage_id = ?", [source["vintage_id"]])
    vintage = vintages[0]
    kept = next((v for v in store.vintages(vintage["dataset"], vintage["part"]) if v.id == vintage["vintage_id"]), None)
    row = _row_as_served(workspace / "raw", vintage, source["source_row"]) if kept is not None else {}
    page = kept.pages[int(row.get("page") or 1) - 1] if kept is not None else None
    path = store.object_path(page.sha256 if page else vintage["sha256"])
    return {
        "vintage_id": vintage["vintage_id"],
        "publisher": vintage["publisher"],
        "url": page.url if page else vintage["url"],
        "retrieved_at": vintage["retrieved_at"],
        "published_at": vintage["published_at"],
        "release": vintage["release"],
        "sha256": page.sha256 if page else vintage["sha256"],
        "bytes": page.bytes if page else vintage["bytes"],
        "licence": vintage["licence"],
        "attribution": vintage["attribution"],
        "object": str(path) if path.exists() else f"{path} (not on this machine)",
        "page": f"{row['page']} of {len(kept.pages)}" if kept is not None and row and len(kept.pages) > 1 else None,
        "row": source["source_row"],
        # What disclosure control hides is not printed here either: a local return holds the small count itself.
        "row_as_served": None
        if source["status"] == "suppressed"
        else {name: cell for name, cell in row.items() if name not in _TAGS and cell is not None} or None,
    }


_TAGS = ("row_number", "dataset", "part", "vintage_id", "page")


def _row_as_served(raw: Path, vintage: dict[str, Any], number: int | None) -> dict[str, Any]:
    """The row as text, under the publisher's names in snake case; empty where raw is not on this machine."""
    path = next(raw.glob(f"*/{vintage['vintage_id']}.parquet"), None)
    if path is None or number is None:
        return {}
    with duckdb.connect() as connection:
        rows = _rows(connection, "select * from read_parquet(?) where row_number = ?", [str(path), number])
    return rows[0] if rows else {}


def _counts(source: dict[str, Any]) -> str:
    if source["numerator"] is None or source["denominator"] is None:
        return f"no counts ({source['status']})"
    return f"{source['numerator']:g} / {source['denominator']:g}"


def _print_figure(figure: dict[str, Any], mode: str, version: str) -> None:
    proxy = f" (proxy for {figure['proxy_for']}: {figure['proxy_note']})" if figure["is_proxy"] else ""
    print(f"{figure['indicator_code']} {figure['indicator_name']}{proxy}")
    interval = "" if figure["lci_95"] is None else f" (95 % limits {figure['lci_95']:g} to {figure['uci_95']:g})"
    value = "no value" if figure["value"] is None else f"{figure['value']:g} {figure['unit']}{interval}"
    print(f"  {figure['area_name']}, {figure['period']}, {figure['sex']}, {figure['age']}: {value}, {figure['status']}")
    if figure["status_note"]:
        print(f"  note: {figure['status_note']}")
    print(f"  release {version}, mode {mode}")
    if figure["is_derived"] and _is_of_returns(figure):
        print(f"  derived: sum over organisations over sum over organisations, limits {figure['ci_method']}")
    elif figure["is_derived"]:
        print(
            f"  derived: sum of counts over sum of populations of {figure['n_areas_included']} of "
            f"{figure['n_areas_expected']} councils, limits {figure['ci_method']}"
        )
    for source in figure["inputs"]:
        if figure["is_derived"]:
            sent = f" of {source['url']}" if _is_of_returns(figure) else ""
            print(f"  {source['area_name']}: {_counts(source)}, row {source['row']}{sent}")
    source = figure["inputs"][0]
    print(f"  publisher: {source['publisher']} ({source['licence']})")
    print(f"  asked: {source['url']}")
    if source["release"]:
        print(f"  edition: {source['release']}")
    print(f"  retrieved: {source['retrieved_at']} UTC, {source['bytes']} bytes, sha256 {source['sha256']}")
    print(f"  bytes: {source['object']}")
    if source["row_as_served"] and not figure["is_derived"]:
        print(f"  row {source['row']} as served: {json.dumps(source['row_as_served'], ensure_ascii=False)}")
    for entry in figure["history"]:
        until = f"to {entry['valid_to']}" if entry["valid_to"] else "until now"
        print(
            f"  history: {entry['change']} {entry['value']} from {entry['valid_from']} {until} ({entry['vintage_id']})"
        )
    print(f"  {source['attribution']}")
