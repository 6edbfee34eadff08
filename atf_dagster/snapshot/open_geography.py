"""Answers as ONS Open Geography gives them, from the bundled lookups and boundaries.

The snapshot does not know when the publisher edited a service, so the layers have no date.

Belongs here: the interface's paths, parameters and JSON, and its limit of rows in an answer. Does not belong here: how
a request reaches this module and how the answer is sent (`adapter`).
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from atf_dagster.snapshot.answer import Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.reference import ReferenceSource, Rows, known

PUBLISHER = "ons_geography"
HOST = "services1.arcgis.com"
PREFIX = "/ESMARspQHYMw9BZ9/arcgis/rest/services"
MOST_RECORDS = 1_000
"""The publisher's limit of rows for lookups."""

_PATH = re.compile(rf"{PREFIX}/(?P<service>[A-Za-z0-9_]+)/FeatureServer/0(?P<query>/query)?")
_NUMBERS = {"ObjectId": int, "FID": int, "BNG_E": int, "BNG_N": int, "LONG": float, "LAT": float}
_ROW_NUMBERS = ("ObjectId", "FID")
_GEOMETRY = "geometry"
_CODES = re.compile(r"(?P<field>\w+) IN \((?P<codes>'\w+'(,'\w+')*)\)")
_BUNDLED = frozenset(
    {
        *("where", "outFields", "returnGeometry", "outSR", "orderByFields", "f", "resultOffset", "resultRecordCount"),
        "returnCountOnly",
    }
)


def answer(asked: Asked) -> Answer:
    """The server's answer to a request of our client. Raises NotBundled for any other request."""
    sources = {source.name: source for source in known(asked.bundle) if source.publisher == PUBLISHER}
    if asked.path == PREFIX:
        return json_answer({"services": [{"name": name, "type": "FeatureServer"} for name in sources]})
    path = _PATH.fullmatch(asked.path)
    source = sources.get(path["service"]) if path else None
    if path is None or source is None:
        raise NotBundled(asked.path, f"the Open Geography services {', '.join(sources)}, layer 0 of each")
    rows = asked.rows(source)
    if path["query"] is None:
        return json_answer(_layer(source, rows))
    return _query(dict(asked.query), source, rows)


def _layer(source: ReferenceSource, rows: Rows) -> dict[str, Any]:
    fields = [column for column in rows.columns if column != _GEOMETRY]
    return {
        "id": 0,
        "name": source.name,
        "maxRecordCount": MOST_RECORDS,
        "objectIdField": next(name for name in fields if name in _ROW_NUMBERS),
        "fields": [{"name": name, "type": _type(name)} for name in fields],
    }


def _type(field: str) -> str:
    if field in _ROW_NUMBERS:
        return "esriFieldTypeOID"
    kinds = {int: "esriFieldTypeInteger", float: "esriFieldTypeDouble"}
    return kinds[_NUMBERS[field]] if field in _NUMBERS else "esriFieldTypeString"


def _query(query: dict[str, str], source: ReferenceSource, rows: Rows) -> Answer:
    if not_bundled := sorted(query.keys() - _BUNDLED):
        raise NotBundled(
            f"{source.name} with {', '.join(not_bundled)}", f"{source.name} with {', '.join(sorted(_BUNDLED))}"
        )
    chosen = _chosen(query.get("where", ""), source, rows)
    if query.get("returnCountOnly") == "true":
        return json_answer({"count": len(chosen)})
    order = query.get("orderByFields")
    if order is not None and order in rows.columns:
        chosen = sorted(chosen, key=lambda row: row[order])
    start = int(query.get("resultOffset", "0"))
    page = chosen[start : start + min(int(query.get("resultRecordCount", MOST_RECORDS)), MOST_RECORDS)]
    cut = start + len(page) < len(chosen)
    if query.get("f") == "geojson":
        return _geojson(page, cut=cut)
    features = [{"attributes": _attributes(row)} for row in page]
    return json_answer({"features": features, **({"exceededTransferLimit": True} if cut else {})})


def _chosen(where: str, source: ReferenceSource, rows: Rows) -> list[dict[str, str]]:
    named = _CODES.fullmatch(where)
    if named is not None and named["field"] in rows.columns:
        codes = {code.strip("'") for code in named["codes"].split(",")}
        return [row for row in rows.rows if row[named["field"]] in codes]
    if where == "1=1" and not source.only_ours:
        return list(rows.rows)
    areas = "the nine councils, named by their codes" if source.only_ours else "all rows (1=1)"
    raise NotBundled(f"{source.name} where {where!r}", f"{source.name} for {areas}")


def _attributes(row: dict[str, str]) -> dict[str, Any]:
    return {name: _NUMBERS.get(name, str)(cell) for name, cell in row.items() if name != _GEOMETRY}


def _geojson(page: Sequence[dict[str, str]], *, cut: bool) -> Answer:
    # The geometry is JSON already, and its numbers keep their text.
    features = ",".join(
        '{"type":"Feature","geometry":'
        + row[_GEOMETRY]
        + ',"properties":'
        # ASCII escapes are valid JSON.
        + json.dumps(_attributes(row))
        + "}"
        for row in page
    )
    flag = ',"properties":{"exceededTransferLimit":true}' if cut else ""
    body = '{"type":"FeatureCollection","features":[' + features + "]" + flag + "}"
    return Answer(status=200, content_type="application/geo+json; charset=utf-8", body=body.encode("utf-8"))
