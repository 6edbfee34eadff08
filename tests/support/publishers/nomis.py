"""NOMIS, with its habit of saying nothing when it is misused.

Belongs here: definitions, code lists, overview and data as the publisher gives them: a status of 200 for
everything, all codes of a dimension that is not named, no word on names that it does not know, rows cut at a
limit, an empty body where there are no rows. Does not belong here: what must come of it (the test modules).

The population figures are the publisher's own file of ../shared/data. Of the other datasets no file is at hand:
their rows here are invented, and stand for nothing but their shape.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.server import Answer, LoopbackServer, Request, respond

API = "/api/v01/dataset/"
Row = dict[str, str]
Codes = Mapping[str, str]
Damage = Callable[[Mapping[str, str], bytes], bytes]


@dataclass
class LatestVintage:
    """One dataset of the publisher: its dimensions with their codes, and its rows under the names of its columns."""

    dimensions: Mapping[str, Codes]
    rows: Sequence[Row]
    updated: str | None = "2026-01-20 09:30:00"
    times: Sequence[str] = ()
    areas: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kind of area -> the publisher's own number -> GSS code."""


class Nomis(LoopbackServer):
    """Serves `held`. `damage` may change an answer of data; `ignored` are parameters that it does not heed.

    knows_gss: whether it finds areas by their GSS codes, which not every dataset of the publisher is said to do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.latest: dict[str, LatestVintage] = {}
        self.most_rows = 25_000
        self.ignored: set[str] = set()
        self.knows_gss = True
        self.damage: Damage = lambda query, body: body

    @property
    def asked_for_data(self) -> list[dict[str, str]]:
        return [request.query for request in self.requests if request.path.endswith(".data.csv")]

    def answer(self, request: Request) -> Answer:
        return respond(self._body(request.path, request.query))

    def _body(self, path: str, query: dict[str, str]) -> bytes:
        name = path.removeprefix(API)
        dataset, _, concept = name.removesuffix(".def.sdmx.json").partition("/")
        if name.endswith(".data.csv"):
            return self.damage(query, self._data(self.latest[name.removesuffix(".data.csv")], query))
        if name.endswith(".overview.json"):
            updated = self.latest[name.removesuffix(".overview.json")].updated
            return _json({"overview": {"id": name, "datemetadata": {"lastupdated": updated} if updated else {}}})
        if concept:
            return _json(self._code_list(self.latest[dataset], concept))
        return _json({"structure": {"keyfamilies": self._family(dataset)}})

    def _family(self, dataset: str) -> object:
        if dataset not in self.latest:
            return None
        dimensions = [{"conceptref": name.upper()} for name in ("geography", *self.latest[dataset].dimensions)]
        dimensions.append({"conceptref": "FREQ", "isfrequencydimension": "true"})
        components = {"dimension": dimensions, "timedimension": {"conceptref": "TIME"}}
        return {"keyfamily": [{"id": dataset, "components": components}]}

    def _code_list(self, latest: LatestVintage, concept: str) -> object:
        if concept == "time":
            codes: list[object] = [{"value": time, "description": {"value": time}} for time in latest.times]
        elif concept.startswith("geography/"):
            codes = [
                {"value": int(number), "annotations": {"annotation": [
                    {"annotationtitle": "TypeName", "annotationtext": "districts"},
                    {"annotationtitle": "GeogCode", "annotationtext": code}]}}
                for number, code in latest.areas.get(concept.removeprefix("geography/"), {}).items()
            ]  # fmt: skip
        else:
            codes = [
                {"value": code, "description": {"value": text}} for code, text in latest.dimensions[concept].items()
            ]
        return {"structure": {"codelists": {"codelist": [{"id": "CL", "code": codes}]}}}

    def _data(self, latest: LatestVintage, query: Mapping[str, str]) -> bytes:
        heeded = {name.lower(): value for name, value in query.items() if name.lower() not in self.ignored}
        rows = [row for row in latest.rows if _fits(row, latest, heeded, self.knows_gss)]
        if not rows:
            return b""
        count, offset = str(len(rows)), int(heeded.get("recordoffset", "0"))
        limit = min(self.most_rows, int(heeded.get("recordlimit", self.most_rows)))
        columns = [name.upper() for name in heeded["select"].split(",")] if "select" in heeded else list(rows[0])
        page = [
            {**row, "RECORD_OFFSET": str(number), "RECORD_COUNT": count}
            for number, row in enumerate(rows[offset : offset + limit], offset)
        ]
        return csv_of(columns, page)


def _fits(row: Row, latest: LatestVintage, query: Mapping[str, str], knows_gss: bool) -> bool:
    if "geography" in query and not any(_is_in(row, area, knows_gss) for area in query["geography"].split(",")):
        return False
    if "date" in query and row["DATE"] not in query["date"].split(","):
        return False
    return all(row[name.upper()] in query[name].split(",") for name in latest.dimensions if name in query)


def _is_in(row: Row, area: str, knows_gss: bool) -> bool:
    """A GSS code, the publisher's own number, or such a number and the kind of area within it."""
    parent, _, kind = area.partition("TYPE")
    if kind:
        return row.get("PARENT") == parent and row["GEOGRAPHY_TYPECODE"] == kind
    return area == row.get("GEOGRAPHY") or (knows_gss and area == row["GEOGRAPHY_CODE"])


def csv_of(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    return text.getvalue().encode()


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def population(shared_data: Path) -> LatestVintage:
    """The publisher's own answer on the population of 2021: every council twice, eighteen age bands."""
    with (shared_data / "nomis" / "NM_2002_1_population_2021.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return LatestVintage(
        dimensions={
            "gender": {"0": "Total", "1": "Male", "2": "Female"},
            "c_age": {row["C_AGE"]: row["C_AGE_NAME"] for row in rows},
            "measures": {"20100": "Value"},
        },
        rows=rows,
    )


def invented(
    dimensions: Mapping[str, Codes],
    areas: Mapping[str, str],
    dates: Mapping[str, str],
    value: Callable[[Row], str],
    **columns: str,
) -> list[Row]:
    """A row for each area, date and combination of codes, with the figure that `value` makes of it."""
    rows: list[Row] = []
    for area, name in areas.items():
        for date, date_name in dates.items():
            rows += _combined(dimensions, {
                "DATE": date, "DATE_NAME": date_name, "DATE_CODE": date,
                "GEOGRAPHY_CODE": area, "GEOGRAPHY_NAME": name, "GEOGRAPHY_TYPE": "districts",
                "GEOGRAPHY_TYPECODE": "424", "OBS_STATUS": "A", "OBS_STATUS_NAME": "Normal Value", **columns,
            })  # fmt: skip
    for row in rows:
        row["OBS_VALUE"] = value(row)
    return rows


def _combined(dimensions: Mapping[str, Codes], row: Row) -> list[Row]:
    rows = [row]
    for name, codes in dimensions.items():
        upper = name.upper()
        rows = [{**one, upper: code, f"{upper}_NAME": text} for one in rows for code, text in codes.items()]
    return rows
