"""The commands that only look, and rollback: status, explain, diagnose, releases.

Belongs here: reading releases, receipts and bytes, and printing them. Nothing of Dagster, dbt or Great
Expectations is imported, so that an answer takes a moment.
"""

import argparse
import csv
import datetime as dt
import itertools
import json
from typing import Any

import duckdb

from atf_dagster import catalogue
from atf_dagster.landing import Store
from atf_dagster.landing.troubles import troubles
from atf_dagster.release import versions
from atf_dagster.settings import Settings


class NotFound(LookupError):
    """What was asked for does not exist; the text says what does."""


def status(of: Settings, options: argparse.Namespace) -> int:
    """What is published, how old it is, what is broken now, how the last runs ended."""
    current = versions.current(of.releases)
    held_back = troubles(catalogue.load(), Store(of.landing))
    runs = _last_runs(of, 5)
    damage = versions.damage(current) if current else []
    if options.json:
        record = {
            "mode": of.mode,
            "home": str(of.home),
            "release": current.receipt if current else None,
            "damage": damage,
            "troubles": [vars(trouble) for trouble in held_back],
            "last_runs": runs,
        }
        print(json.dumps(record, ensure_ascii=False, default=str))
        return 0
    if current is None:
        print(f"No release in {of.releases} yet: run `atf refresh`.")
    else:
        receipt = current.receipt
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(receipt["built_at"])
        print(f"Release {current.version}: mode {receipt['mode']}, {receipt['verdict']}, {_age(age)} old")
        print(f"  {receipt['rows']['fct_observation']} figures; readers open {of.releases / 'current' / 'mart.duckdb'}")
        rolled = versions.rolled_back_from(of.releases)
        if rolled:
            print(f"  rolled back from {rolled}; the next refresh with news publishes again")
    for problem in damage:
        print(f"  DAMAGED: {problem}. Run `atf rollback`, then `atf refresh --rebuild`.")
    print(f"Held back now: {len(held_back) or 'nothing'}")
    for trouble in held_back:
        print(f"  {trouble.dataset}.{trouble.part}: {trouble.kind} ({trouble.reason}) since {trouble.since}")
        print(f"    What to do: {trouble.mend}")
    print("Last runs:" if runs else "No runs yet.")
    for run in runs:
        print(f"  {run['finished_at']}  {run['outcome']:<10} {run['run_id']}")
    return 1 if damage else 0


def releases(of: Settings, options: argparse.Namespace) -> int:
    """List the releases, newest first; the current one is marked."""
    known = versions.releases(of.releases)[::-1]
    if options.json:
        print(json.dumps([{**release.receipt, "is_current": release.is_current} for release in known]))
        return 0
    for release in known:
        mark = "*" if release.is_current else " "
        receipt = release.receipt
        print(
            f"{mark} {release.version}  {receipt['mode']:<8} {receipt['verdict']:<7} "
            f"{receipt['rows']['fct_observation']} figures  run {receipt['run_id']}"
        )
    if not known:
        print(f"No releases in {of.releases} yet: run `atf refresh`.")
    return 0


def rollback(of: Settings, options: argparse.Namespace) -> int:
    """Make an earlier release current. Readers that have a file open keep reading it."""
    from atf_dagster.files import single_writer

    with single_writer(of.home):
        before, now = versions.rollback(of.releases, options.version)
    print(f"Current is {now}; it was {before}. A refresh without news leaves it so; one with news publishes again.")
    return 0


def diagnose(of: Settings, options: argparse.Namespace) -> int:
    """The history of one dataset: attempts, vintages, verdicts, and the beginning of bytes that were refused."""
    known = catalogue.load()
    try:
        collection, dataset = known.dataset(options.dataset)
    except KeyError as error:
        raise NotFound(str(error.args[0])) from None
    store = Store(of.landing)
    parts: list[dict[str, Any]] = []
    for part in collection.parts:
        attempts = store.attempts(dataset.id, part.id)
        verdicts = store.verdicts(dataset.id, part.id)
        vintages = [
            {
                "vintage": vintage.id,
                "retrieved_at": vintage.retrieved_at.isoformat(),
                "bytes": vintage.bytes,
                "object": str(store.object_path(vintage.sha256)),
                "verdicts": [v.as_json() for (number, _), v in verdicts.items() if number == vintage.sequence],
            }
            for vintage in store.vintages(dataset.id, part.id)
        ]
        parts.append(
            {
                "part": part.id,
                "required": part.required,
                "attempts": [a.as_json() for a in attempts[-5:]],
                "vintages": vintages,
            }
        )
    held_back = [trouble for trouble in troubles(known, store) if trouble.dataset == dataset.id]
    if options.json:
        record = {"dataset": dataset.id, "parts": parts, "troubles": [vars(trouble) for trouble in held_back]}
        print(json.dumps(record, ensure_ascii=False, default=str))
        return 0
    print(f"{dataset.id}: {dataset.title} ({collection.publisher.name})")
    print(f"  page {dataset.page_url}\n  yields {dataset.indicator}")
    for entry in parts:
        print(f"Part {entry['part']}{'' if entry['required'] else ' (may be absent)'}")
        for attempt in entry["attempts"] or []:
            print(f"  {attempt['finished_at']}  {attempt['outcome']:<16} {attempt['status'] or ''} {attempt['url']}")
            if attempt["message"]:
                print(f"    {attempt['message']}\n    What to do: {attempt['mend']}")
        for vintage in entry["vintages"]:
            words = ", ".join(f"{v['stage']} {v['verdict']}" for v in vintage["verdicts"]) or "not looked at yet"
            print(f"  vintage {vintage['vintage']}: {vintage['bytes']} bytes, {words}\n    bytes: {vintage['object']}")
            for verdict in vintage["verdicts"]:
                if verdict["message"]:
                    print(f"    {verdict['message']}\n    What to do: {verdict['mend']}")
        last = entry["attempts"][-1] if entry["attempts"] else None
        if last is None:
            print("  never asked for: run `atf refresh`")
        elif last["outcome"] == "rejected" and last["sha256"]:
            start = store.object_path(last["sha256"]).read_bytes()[:200]
            print(f"  the refused bytes begin: {start!r}")
    print("Nothing is held back." if not held_back else f"Held back; readers get: {held_back[0].serving}.")
    return 0


def explain(of: Settings, options: argparse.Namespace) -> int:
    """Follow a figure back: mart row, history, vintage, URL, bytes and the very row in them."""
    current = versions.current(of.releases)
    if current is None:
        raise NotFound(f"There is no release in {of.releases} yet: run `atf refresh`.")
    store = Store(of.home / current.receipt["mode"] / "landing")
    with duckdb.connect() as connection:
        path = str(current.path / "mart.duckdb").replace("'", "''")
        connection.execute(f"attach '{path}' as release (read_only)")
        connection.execute("use release")
        figures = _figures(connection, options)
        for figure in figures:
            figure["history"] = _history(connection, figure)
            figure["inputs"] = _inputs(connection, store, figure)
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
    areas = _rows(
        connection, "select * from mart.dim_area where area_code = ? or area_name ilike ?", [area.upper(), area]
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
    if not found:
        why = _rows(
            connection,
            "select state, reason from mart.coverage where indicator_code = ? and area_code = ?",
            [indicator, code],
        )
        reason = f"{why[0]['state']}, {why[0]['reason']}" if why else "unknown"
        period = f" for {options.period}" if options.period else ""
        raise NotFound(f"No total of {indicator} in {areas[0]['area_name']}{period}. Coverage says: {reason}.")
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


def _inputs(connection: duckdb.DuckDBPyConnection, store: Store, figure: dict[str, Any]) -> list[dict[str, Any]]:
    """The published figure itself, or those of the councils that a derived one was summed from."""
    sources = [figure]
    if figure["is_derived"]:
        where = " and ".join(f"{column} = ?" for column in KEY if column != "area_code")
        sources = _rows(
            connection,
            f"select o.*, a.area_name from mart.fct_observation as o inner join mart.dim_area as a "
            f"on o.area_code = a.area_code where {where} and a.parent_code = ? and a.area_type = 'council' "
            "order by a.area_code",
            [*(figure[column] for column in KEY if column != "area_code"), figure["area_code"]],
        )
    return [
        {
            "area_name": source["area_name"],
            "numerator": source["numerator"],
            "denominator": source["denominator"],
            **_bytes(connection, store, source),
        }
        for source in sources
    ]


def _bytes(connection: duckdb.DuckDBPyConnection, store: Store, source: dict[str, Any]) -> dict[str, Any]:
    vintages = _rows(connection, "select * from mart.dim_vintage where vintage_id = ?", [source["vintage_id"]])
    vintage = vintages[0]
    path = store.object_path(vintage["sha256"])
    facts = {
        "vintage_id": vintage["vintage_id"],
        "publisher": vintage["publisher"],
        "url": vintage["url"],
        "retrieved_at": vintage["retrieved_at"],
        "published_at": vintage["published_at"],
        "sha256": vintage["sha256"],
        "bytes": vintage["bytes"],
        "licence": vintage["licence"],
        "attribution": vintage["attribution"],
        "object": str(path) if path.exists() else f"{path} (not on this machine)",
        "row": source["source_row"],
        "row_as_served": None,
    }
    if path.exists() and source["source_row"] is not None:
        attempt = next(
            (v for v in store.vintages(vintage["dataset"], vintage["part"]) if v.sha256 == vintage["sha256"]), None
        )
        with path.open(encoding=attempt.encoding if attempt else "utf-8-sig", newline="") as stream:
            records = csv.reader(stream)
            heading = next(records)
            record = next(itertools.islice(records, source["source_row"] - 1, None), [])
        facts["row_as_served"] = {name: cell for name, cell in zip(heading, record, strict=False) if cell}
    return facts


def _print_figure(figure: dict[str, Any], mode: str, version: str) -> None:
    proxy = f" (proxy for {figure['proxy_for']}: {figure['proxy_note']})" if figure["is_proxy"] else ""
    print(f"{figure['indicator_code']} {figure['indicator_name']}{proxy}")
    interval = "" if figure["lci_95"] is None else f" (95 % limits {figure['lci_95']:g} to {figure['uci_95']:g})"
    value = "no value" if figure["value"] is None else f"{figure['value']:g} {figure['unit']}{interval}"
    print(f"  {figure['area_name']}, {figure['period']}, {figure['sex']}, {figure['age']}: {value}, {figure['status']}")
    if figure["status_note"]:
        print(f"  note: {figure['status_note']}")
    print(f"  release {version}, mode {mode}")
    if figure["is_derived"]:
        print(
            f"  derived: sum of counts over sum of populations of {figure['n_areas_included']} of "
            f"{figure['n_areas_expected']} councils, limits {figure['ci_method']}"
        )
    for source in figure["inputs"]:
        if figure["is_derived"]:
            print(f"  {source['area_name']}: {source['numerator']:g} / {source['denominator']:g}, row {source['row']}")
    source = figure["inputs"][0]
    print(f"  publisher: {source['publisher']} ({source['licence']})")
    print(f"  asked: {source['url']}")
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


def _last_runs(of: Settings, count: int) -> list[dict[str, Any]]:
    records = [json.loads(path.read_text("utf-8")) for path in of.runs.glob("*/outcome.json")]
    return sorted(records, key=lambda record: str(record["finished_at"]), reverse=True)[:count]


def _age(age: dt.timedelta) -> str:
    hours = age.total_seconds() / 3600
    return (
        f"{hours * 60:.0f} minutes" if hours < 1 else f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
    )
