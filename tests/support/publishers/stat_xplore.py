"""Stat-Xplore: a schema in pages of a hundred, tables, a key, and a limit of requests.

Belongs here: the server and what a test may change on it. Does not belong here: what our client makes of it.
Written after the publisher's help pages and its recorded answers. The figures are made up.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from support.server import Answer, LoopbackServer, Request, respond_json

API = "/webapi/rest/v1"
KEY = "65794a30655841694f694a4b5631514c0abcdef0123456789"
PAGE = 100
COUNCILS = {
    "E06000006": "Halton",
    "E06000007": "Warrington",
    "E06000049": "Cheshire East",
    "E06000050": "Cheshire West and Chester",
    "E08000011": "Knowsley",
    "E08000012": "Liverpool",
    "E08000013": "St Helens",
    "E08000014": "Sefton",
    "E08000015": "Wirral",
}
Nodes = dict[str, tuple[str, str, list[str]]]
"""Id -> (type, label, ids of the children)."""


def database_nodes(name: str) -> Nodes:
    """A database as the real ones are built: areas in two sets of boundaries, years, ages in a group, a count."""
    base = f"{name}:V_F_{name}"
    area, date, age = f"str:field:{base}:WARD_CODE", f"str:field:{name}:F_CILIF_DATE:DATE_NAME", f"{base}:CHILD_AGE"
    nodes: Nodes = {
        f"str:database:{name}": (
            "DATABASE",
            f"Children in low income families, {name}",
            [f"str:count:{base}", f"str:group:{name}:ages", f"str:field:{base}:GENDER", area, date],
        ),
        f"str:count:{base}": ("COUNT", "Children in low income families", []),
        f"str:group:{name}:ages": ("GROUP", "Ages", [f"str:field:{age}"]),
    }

    def valueset(field: str, end: str, label: str, values: dict[str, str]) -> str:
        of = field.replace("str:field:", "")
        ids = [f"str:value:{of}:{end}:{code}" for code in values]
        nodes[f"str:valueset:{of}:{end}"] = ("VALUESET", label, ids)
        nodes.update({node: ("VALUE", said, []) for node, said in zip(ids, values.values(), strict=True)})
        return f"str:valueset:{of}:{end}"

    # 352 districts in the real one; ours are the last of them, beyond the first hundred.
    others = {f"E07{number:06}": f"District {number}" for number in range(1, 344)}
    wards = {f"E05{number:06}": f"Ward {number}" for number in range(1, 251)}
    levels = [
        valueset(area, "V_C_MASTERGEOG11_WARD_TO_LA_NI", "Wards", wards),
        valueset(area, "V_C_MASTERGEOG11_LA_TO_REGION", "Local authorities 2011", {"E06000006": "Halton (2011)"}),
        valueset(area, "V_C_MASTERGEOG21_LA_TO_REGION", "Local authorities 2021", others | COUNCILS),
        valueset(
            area,
            "V_C_MASTERGEOG21_REGION_TO_COUNTRY",
            "Regions",
            {"E12000001": "North East", "E12000002": "North West"},
        ),
        valueset(area, "V_C_MASTERGEOG21_COUNTRY_TO_UK", "Countries", {"E92000001": "England", "W92000004": "Wales"}),
    ]
    nodes[area] = ("FIELD", "National - Regional - LA - Wards", levels)
    years = {"2014": "2014/15", "2023": "2023/24", "2024": "2024/25 (p)"}
    nodes[date] = ("FIELD", "Year", [valueset(date, "C_CILIF_YEAR", "Year", years)])
    bands = {"1": "0-4", "2": "5-10", "3": "11-15"}
    nodes[f"str:field:{age}"] = ("FIELD", "Age", [valueset(f"str:field:{age}", "C_CILIF_AGE_BAND", "Age", bands)])
    sexes = {"1": "Female", "2": "Male"}
    gender = f"str:field:{base}:GENDER"
    nodes[gender] = ("FIELD", "Gender", [valueset(gender, "C_GENDER", "Gender", sexes)])
    return nodes


class StatXplore(LoopbackServer):
    """Serves the schema and its tables to whoever has the key.

    refusal: (status, body) for every request, where set. remaining: requests left, as its headers say.
    unknown: ids that the schema has and the tables do not. link_to: what the Link header puts before the path.
    lost_cells: how many cells the tables lack at the end.
    questions: the bodies of the tables asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.nodes: Nodes = {
            "str:folder:fcilif": ("FOLDER", "CiLIF", ["str:database:CILIF_REL", "str:database:CILIF_ABS"])
        }
        self.nodes |= database_nodes("CILIF_REL") | database_nodes("CILIF_ABS")
        self.refusal: tuple[int, str] | None = None
        self.remaining = 1999
        self.unknown: set[str] = set()
        self.link_to = ""
        self.lost_cells = 0
        self.questions: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Answer:
        if self.refusal is not None:
            status, text = self.refusal
            return self._say({"message": text, "errorType": "AUTHENTICATION"}, status=status)
        key = request.headers.get("apikey")
        if key != KEY:
            return self._say({"message": f"Bad key {key}", "errorType": "AUTHENTICATION"}, status=403)
        return self._table_asked(request) if request.method == "POST" else self._node_asked(request)

    def _node_asked(self, request: Request) -> Answer:
        node = unquote(request.path.removeprefix(f"{API}/schema/"))
        if node not in self.nodes:
            return self._say({"message": f"No such resource: {node}", "errorType": "NOT_FOUND"}, status=404)
        kind, label, children = self.nodes[node]
        page = int(request.query.get("page", "1"))
        links = {}
        if len(children) > page * PAGE:
            links = {"link": f'<{self.link_to}{request.path}?page={page + 1}>; rel="next"'}
        listed = [
            {"id": child, "label": self.nodes[child][1], "type": self.nodes[child][0], "location": "x"}
            for child in children[(page - 1) * PAGE : page * PAGE]
        ]
        return self._say({"id": node, "label": label, "type": kind, "location": "x", "children": listed}, **links)

    def _table_asked(self, request: Request) -> Answer:
        question = json.loads(request.body)
        self.questions.append(question)
        if request.headers["content-type"] != "application/json" or not self._understood(question):
            return self._say({"message": "Invalid query", "errorType": "QUERY"}, status=422)
        return self._say(self._table(question))

    def _say(self, content: Any, *, status: int = 200, **headers: str) -> Answer:
        limits = {"x_ratelimit": "2000", "x_ratelimit_remaining": str(self.remaining)}
        return respond_json(content, status=status, **limits, x_ratelimit_reset="1795305600000", **headers)

    def _understood(self, question: dict[str, Any]) -> bool:
        ids = [question["database"], *question["measures"], *question["recodes"]]
        ids += [value for recode in question["recodes"].values() for group in recode["map"] for value in group]
        fields = [field for axis in question["dimensions"] for field in axis]
        known = self.nodes.keys() - self.unknown
        return known.issuperset(ids) and fields == list(question["recodes"])

    def _table(self, question: dict[str, Any]) -> dict[str, Any]:
        fields = []
        for field, recode in question["recodes"].items():
            items: list[dict[str, Any]] = []
            for group in recode["map"]:
                labels = [self.nodes[value][1] for value in group]
                marks = {"annotationKeys": ["r"]} if labels == ["2023/24"] else {}
                items.append({"type": "RecodeItem", "uris": group, "labels": labels, **marks})
            if recode["total"]:
                items.append({"type": "Total", "labels": ["Total"]})
            fields.append({"uri": field, "label": self.nodes[field][1], "items": items})
        labels = [[item["labels"][0] for item in field["items"]] for field in fields]
        values = [cell(*combination) for combination in itertools.product(*labels)]
        values = values[: len(values) - self.lost_cells]
        measure = question["measures"][0]
        return {
            "query": question,
            "database": {"id": "x", "uri": question["database"], "label": "x", "annotationKeys": ["I"]},
            "measures": [{"uri": measure, "label": "Children", "measure": measure, "function": "COUNT"}],
            "fields": fields,
            "cubes": {measure: {"values": _nested(iter(values), [len(of) for of in labels]), "precision": 0}},
            "annotationMap": {
                "r": 'Figures marked "r" have been revised since the previous release.',
                "I": "Revised figures are marked.",
            },
        }


def cell(*labels: str) -> float | None:
    """The figure for items with these labels: told from them, so that a shift by one cell shows."""
    if "Sefton" in labels and "2014/15" in labels:
        return None
    return float(sum(len(label) * (at + 1) for at, label in enumerate(labels)) * 100)


def _nested(values: Iterator[float | None], sizes: Sequence[int]) -> list[Any]:
    """The values as lists in lists, the first size outermost."""
    if len(sizes) == 1:
        return list(itertools.islice(values, sizes[0]))
    assert math.prod(sizes) > 0
    return [_nested(values, sizes[1:]) for _ in range(sizes[0])]
