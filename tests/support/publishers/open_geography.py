"""ONS Open Geography: feature services as ArcGIS answers for them, and the ways in which it goes wrong.

Belongs here: the server and what a test may change on it. Does not belong here: what our client makes of it.
Written after the published reference of the interface; the publisher's real lookups are served where they are at hand.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.server import Answer, LoopbackServer, Request, respond, respond_json

ROOT = "/ESMARspQHYMw9BZ9/arcgis/rest/services"
NO_SUCH_SERVICE = {"error": {"code": 400, "message": "Invalid URL", "details": ["Invalid URL"]}}


@dataclass
class Service:
    """One feature service. Rows may have a `geometry`; all else is attributes."""

    rows: Sequence[Mapping[str, Any]]
    cap: int = 1_000
    edited: int | None = 1_700_000_000_000
    counted: int | None = None
    """What it says that it counted, where that is not the number of rows."""
    most_a_page: int | None = None
    """Pages are cut here, below the cap, as those of large shapes are."""
    flag: str = "usual"
    """Where it says that there is more: `top`, `properties`, `nowhere`, or `usual` by the format."""
    flags_full_pages: bool = False
    """It says so of every full page, the last one included."""
    empty_from: int | None = None
    """From this row on pages are empty, and say that there is more."""
    unstable: bool = False
    """Every page begins one row too early, as without a stable order."""


class OpenGeography(LoopbackServer):
    """Answers as services1.arcgis.com, with what is published now; a test changes it between fetches.

    error: answered with status 200 to every query for rows. web_page: answered to everything.
    """

    def __init__(self, services: dict[str, Service] | None = None) -> None:
        super().__init__()
        self.services = services or {}
        self.error: Mapping[str, Any] | None = None
        self.web_page = False

    def pages_asked(self) -> list[dict[str, str]]:
        queries = [request.query for request in self.requests if request.path.endswith("/query")]
        return [query for query in queries if "returnCountOnly" not in query]

    def answer(self, request: Request) -> Answer:
        if self.web_page:
            return respond(b"<!DOCTYPE html><title>Sign in to this network</title>", content_type="text/plain")
        # The real server labels some of its JSON as text.
        return respond_json(self._content(request.path, request.query), content_type="text/plain;charset=utf-8")

    def _content(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        if path == ROOT:
            others = [{"name": "LAD24_RGN24_EN_LU", "type": "MapServer"}, {"name": "Rivers", "type": "FeatureServer"}]
            return {"services": [*others, *({"name": name, "type": "FeatureServer"} for name in self.services)]}
        found = re.fullmatch(rf"{ROOT}/(\w+)/FeatureServer/0(/query)?", path)
        if found is None or found[1] not in self.services:
            return NO_SUCH_SERVICE
        service = self.services[found[1]]
        if found[2] is None:
            names = [name for name in service.rows[0] if name != "geometry"]
            told: dict[str, Any] = {
                "maxRecordCount": service.cap,
                "fields": [{"name": name, "type": "esriFieldTypeString"} for name in names],
            }
            if service.edited is not None:
                told["editingInfo"] = {"lastEditDate": service.edited}
            return told
        return self.error or _rows(service, query)


def _rows(service: Service, query: Mapping[str, str]) -> Mapping[str, Any]:
    named = re.fullmatch(r"(\w+) IN \((.*)\)", query["where"])
    codes = set(re.findall(r"'(\w+)'", named[2])) if named else set()
    chosen = [row for row in service.rows if named is None or row[named[1]] in codes]
    if query.get("returnCountOnly") == "true":
        return {"count": len(chosen) if service.counted is None else service.counted}
    if "orderByFields" in query:
        chosen = sorted(chosen, key=lambda row: str(row[query["orderByFields"]]))
    start = int(query.get("resultOffset", 0))
    if service.unstable and start:
        start -= 1
    most = min(int(query.get("resultRecordCount", service.cap)), service.cap, service.most_a_page or service.cap)
    page = chosen[start : start + most]
    more = start + len(page) < len(chosen) or (service.flags_full_pages and len(page) == most)
    if service.empty_from is not None and start >= service.empty_from:
        page, more = [], True
    geojson = query.get("f") == "geojson"
    place = {"usual": "properties" if geojson else "top"}.get(service.flag, service.flag)
    answer: dict[str, Any] = {"type": "FeatureCollection"} if geojson else {"objectIdFieldName": "ObjectId"}
    answer["features"] = [_feature(row, geojson=geojson) for row in page]
    if more and place == "top":
        answer["exceededTransferLimit"] = True
    if more and place == "properties":
        answer["properties"] = {"exceededTransferLimit": True}
    return answer


def _feature(row: Mapping[str, Any], *, geojson: bool) -> Mapping[str, Any]:
    attributes = {name: cell for name, cell in row.items() if name != "geometry"}
    if not geojson:
        return {"attributes": attributes}
    return {"type": "Feature", "geometry": row.get("geometry"), "properties": attributes}


def lookup(path: Path) -> list[dict[str, str]]:
    """The rows of one of the publisher's lookups."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
