"""DfE Explore education statistics: its public API and the content API behind its data catalogue.

Belongs here: the two interfaces as the service documents them, and settings of a home that asks them live. Does not
belong here: what must hold (the test modules). Both are one server, told apart by their paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atf_dagster.settings import Settings
from support.server import Answer, LoopbackServer, Request, respond, respond_json, zipped

KEY_STAGE_4 = "b3e19901-5d2b-b676-bb4c-e60937d74725"
EARLY_YEARS = "fcda2962-82a6-4052-afa2-ea398c53c85f"
BY_19 = "2e95f880-629c-417b-981f-0901e97776ff"
NEET = "9f5d0e21-45d3-41e5-1b71-08da5e798404"

KEY_STAGE_4_CSV = (
    # As the API gives it: with a BOM, blank codes where a level has none, markers in place of numbers.
    "\ufefftime_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,"
    "new_la_code,old_la_code,la_name,version,establishment_type_group,breakdown_topic,breakdown,sex,pupil_count,"
    "attainment8_average,progress8_average,progress8_lower_95_ci,progress8_upper_95_ci\n"
    "202324,Academic year,National,E92000001,England,,,,,,Final,All state-funded,Total,Total,Total,617439,45.9,"
    "-0.03,-0.03,-0.02\n"
    "202324,Academic year,Regional,E92000001,England,E12000002,North West,,,,Final,All state-funded,Total,Total,"
    "Total,82000,44.3,-0.17,-0.18,-0.16\n"
    "202324,Academic year,Local authority,E92000001,England,E12000002,North West,E06000006,876,Halton,Final,"
    "All state-funded,Total,Total,Total,1400,39.9,-0.46,-0.53,-0.39\n"
    "202425,Academic year,Local authority,E92000001,England,E12000002,North West,E06000006,876,Halton,Provisional,"
    "All state-funded,FSM status,FSM,Total,400,32.5,x,x,x\n"
    "202425,Academic year,Local authority,E92000001,England,E12000002,North West,,342,St. Helens,Provisional,"
    "All state-funded,Total,Total,Boys,900,c,x,x,x\n"
    "202324,Academic year,Local authority,E92000001,England,E12000002,North West,E06000006,876,Halton,Final,"
    "All state-funded,Ethnicity major,White,Total,1200,39.6,-0.5,-0.6,-0.4\n"
    "202324,Academic year,School,E92000001,England,E12000002,North West,E06000006,876,Halton,Final,"
    "All state-funded,Total,Total,Total,200,39.9,-0.46,-0.7,-0.2\n"
).encode()
"""Made up."""


@dataclass
class Publication:
    """A publication's files in the data catalogue: what the listing says of each, and its bytes by id."""

    slug: str
    files: list[dict[str, Any]] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def publish(self, identifier: str, title: str, body: bytes, *, release: str, published: str | None) -> None:
        """A release's file in place of the one that had this title."""
        self.files = [file for file in self.files if file["title"] != title]
        dated = {} if published is None else {"published": published}
        self.files.append({"id": identifier, "title": title, "release": {"title": release}, **dated})
        self.bodies[identifier] = body


class Ees(LoopbackServer):
    """Answers as the service does with what stands in its attributes when the request comes."""

    def __init__(self) -> None:
        super().__init__()
        self.data_sets: dict[str, dict[str, Any]] = {}
        self.changes: dict[tuple[str, str], dict[str, Any]] = {}
        self.csv: dict[tuple[str, str], bytes] = {}
        self.columns: dict[str, list[dict[str, Any]]] = {}
        """Data set -> what the service says of its columns with figures."""
        self.publications: dict[str, Publication] = {}
        self.page_size = 40
        """The largest page that it gives; a listing is longer than one page where it is small."""

    def version(self, data_set: str, version: str, body: bytes, **card: Any) -> None:
        """A new version of a data set, which is then its newest."""
        latest = {"version": version, "published": f"2026-0{version[0]}-19T09:30:00+00:00"}
        self.data_sets[data_set] = {"id": data_set, "title": "A data set", "status": "Published", **card}
        self.data_sets[data_set]["latestVersion"] = latest
        self.csv[data_set, version] = body

    def downloads(self) -> list[str]:
        """The tables that were asked for, without probes and listings."""
        return [request.path for request in self.requests if request.path.endswith(("/csv", "/download"))]

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/statistics/v1/"):
            return self._public_api(request.path.removeprefix("/statistics/v1/").split("/"), request.query)
        if request.path.startswith("/api/data-set-files"):
            words = request.path.removeprefix("/api/data-set-files").strip("/").split("/")
            return self._content_api(words, request.query)
        return _problem(404)

    def _public_api(self, words: list[str], query: Mapping[str, str]) -> Answer:
        if words == ["publications"]:
            if len(query.get("search", "xxx")) < 3:
                return _problem(400)
            return self._listing([{"id": key, "slug": entry.slug} for key, entry in self.publications.items()], query)
        card = self.data_sets.get(words[1]) if words[0] == "data-sets" else None
        if card is not None and len(words) == 2:
            return respond_json(card)
        body = self.csv.get((words[1], query.get("dataSetVersion", ""))) if words[2:] == ["csv"] else None
        if body is not None:
            return respond(zipped(body), content_encoding="gzip")
        if card is not None and words[2:] == ["meta"] and words[1] in self.columns:
            return respond_json({"filters": [], "indicators": self.columns[words[1]]})
        changes = self.changes.get((words[1], words[3])) if words[-1] == "changes" else None
        return _problem(404) if card is None or changes is None else respond_json(changes)

    def _content_api(self, words: list[str], query: Mapping[str, str]) -> Answer:
        if words == [""]:
            publication = self.publications.get(query.get("publicationId", ""))
            latest = query.get("latestOnly") == "true"
            return self._listing(publication.files if publication and latest else [], query)
        body = next((p.bodies[words[0]] for p in self.publications.values() if words[0] in p.bodies), None)
        return _problem(404) if body is None or words[1:] != ["download"] else respond(body)

    def _listing(self, entries: list[dict[str, Any]], query: Mapping[str, str]) -> Answer:
        size, page = min(int(query.get("pageSize", "20")), self.page_size), int(query.get("page", "1"))
        results = entries[(page - 1) * size : page * size]
        pages = max(1, -(-len(entries) // size))
        paging = {"page": page, "pageSize": size, "totalResults": len(entries), "totalPages": pages}
        return respond_json({"paging": paging, "results": results})


def _problem(status: int) -> Answer:
    problem = {"title": "Not found", "status": status}
    return respond_json(problem, status=status, content_type="application/problem+json")


def settings_of_home(server: Ees, home: Path) -> Settings:
    """Settings of a home that asks this server, live."""
    urls = {"ees": server.url, "ees_content": server.url}
    return Settings(home=home, mode="live", service_urls=urls, attempts=1, backoff_first=0.0, requests_per_second=0.0)
