"""Follows a figure of the mart back to its publisher, URL, bytes and the row as served.

Belongs here: following one figure through a release, landing and raw. Does not belong here: printing it
(`cli.explain`).
"""

from pathlib import Path
from typing import Any

import duckdb

from atf_dagster import catalogue
from atf_dagster.errors import NotFound
from atf_dagster.landing import Store
from atf_dagster.release import changes
from atf_dagster.release.versions import Release


def figures_with_origin(
    release: Release, home: Path, indicator: str, area: str, period: str | None
) -> list[dict[str, Any]]:
    """The newest total, or that of `period`. Where there is no figure for persons, one entry for each sex.

    Each entry is the row of fct_observation with names, `history` (its states) and `inputs` (the published figures
    that it comes from, each with vintage, URL, bytes and the row as served). area: code or name. Raises NotFound.
    """
    workspace = home / release.receipt["mode"]
    with duckdb.connect() as connection:
        changes.attach(connection, release, "release")
        connection.execute("use release")
        figures = _figures(connection, indicator.upper(), area, period)
        for figure in figures:
            figure["history"] = _history(connection, figure)
            figure["inputs"] = _inputs(connection, workspace, figure)
    return figures


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _figures(
    connection: duckdb.DuckDBPyConnection, indicator: str, area: str, period: str | None
) -> list[dict[str, Any]]:
    if not _rows(connection, "select 1 from mart.dim_indicator where indicator_code = ?", [indicator]):
        raise NotFound(f"There is no indicator {indicator}.", "Take a code from the table dim_indicator.")
    also = {name.lower(): known.code for known in catalogue.load().areas for name in known.also_written}
    code_or_name = also.get(area.lower(), area)
    areas = _rows(
        connection,
        # A former code of the council, or a county that ended, may have the same name.
        "select * from mart.dim_area where area_code = ? or lower(area_name) = lower(?) "
        "order by is_answered desc, valid_to desc nulls first, area_code",
        [code_or_name.upper(), code_or_name],
    )
    if not areas:
        raise NotFound(f"There is no area {area}.", "Take a code or a name from the table dim_area.")
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
            and (p.label = ? or split_part(p.label, ' (', 1) = ? or o.period_id = ? or cast(? as varchar) is null)
        order by o.period_end desc, o.sex
        """,
        [indicator, code, period, period, period, period],
    )
    if not found and period:
        periods = _rows(
            connection,
            "select distinct p.label, p.period_end from mart.fct_observation as o inner join mart.dim_period as p "
            "on o.period_id = p.period_id where o.indicator_code = ? and o.area_code = ? order by p.period_end",
            [indicator, code],
        )
        if periods:
            labels = ", ".join(str(row["label"]) for row in periods)
            raise NotFound(
                f"There is no figure of {indicator} in {areas[0]['area_name']} for {period}.",
                f"Take one of these periods: {labels}.",
            )
    if not found:
        why = _rows(
            connection,
            "select state, reason from mart.coverage where indicator_code = ? and area_code = ?",
            [indicator, code],
        )
        reason = f"{why[0]['state']}, {why[0]['reason']}" if why else "unknown"
        raise NotFound(f"No total of {indicator} in {areas[0]['area_name']}. Coverage says: {reason}.")
    newest = [row for row in found if row["period_id"] == found[0]["period_id"]]
    # The figure for persons includes both sexes. Life expectancy is published by sex only.
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
    """The published figure itself; for a derived one those of the areas or organisations that it is worked out from."""
    sources = [figure]
    if figure["is_derived"]:
        where = " and ".join(f"{column} = ?" for column in KEY if column != "area_code")
        # Local returns are summed over the organisations of a place; for the subregion over all organisations.
        below = (
            "a.area_type = 'organisation' and (a.parent_code = ? or whole.area_type = 'subregion')"
            if is_of_returns(figure)
            else "a.area_type = 'council' and (a.parent_code = ? "
            "or (whole.area_type = 'benchmark' and whole.area_code like '%-' || a.parent_code)) "
            "or (whole.area_type = 'benchmark' and a.area_code = whole.parent_code)"
        )
        sources = _rows(
            connection,
            f"select o.*, a.area_name from mart.fct_observation as o inner join mart.dim_area as a "
            f"on o.area_code = a.area_code inner join mart.dim_area as whole on whole.area_code = ? "
            f"where {where} and ({below}) order by a.area_code",
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


def is_of_returns(figure: dict[str, Any]) -> bool:
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
        "origin": vintage.get("origin"),
        "origin_date": vintage.get("origin_date"),
        "origin_sha256": vintage.get("origin_sha256"),
        "release": vintage["release"],
        "sha256": page.sha256 if page else vintage["sha256"],
        "bytes": page.bytes if page else vintage["bytes"],
        "licence": vintage["licence"],
        "attribution": vintage["attribution"],
        "object": str(path) if path.exists() else f"{path} (not on this machine)",
        "page": f"{row['page']} of {len(kept.pages)}" if kept is not None and row and len(kept.pages) > 1 else None,
        "row": source["source_row"],
        # A local return contains the small count itself, so what disclosure control hides is not printed here either.
        "row_as_served": None
        if source["status"] == "suppressed"
        else {name: cell for name, cell in row.items() if name not in _TAGS and cell is not None} or None,
    }


_TAGS = ("row_number", "dataset", "part", "vintage_id", "page")


def _row_as_served(raw: Path, vintage: dict[str, Any], number: int | None) -> dict[str, Any]:
    """The row as text, under the publisher's names in snake case; empty where this machine has no raw file of it."""
    path = next(raw.glob(f"*/{vintage['vintage_id']}.parquet"), None)
    if path is None or number is None:
        return {}
    with duckdb.connect() as connection:
        rows = _rows(connection, "select * from read_parquet(?) where row_number = ?", [str(path), number])
    return rows[0] if rows else {}
