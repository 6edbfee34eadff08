"""Answers as NOMIS gives them, from the bundled figures: definition, overview and data of the population estimates.

It gives only known columns, and only codes that the figures have. Where the service would answer 200 with too few rows,
the snapshot raises NotBundled. It knows no dates of update.

Belongs here: the paths, parameters and columns. Does not belong here: how a request reaches this module and how the
answer is sent (`adapter`).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from atf_dagster.snapshot.answer import Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.figures import AREAS, LINE_ENDINGS, Figure
from atf_dagster.snapshot.sources import FiguresSource

PUBLISHER = "nomis"
HOST = "www.nomisweb.co.uk"
PREFIX = "/api/v01/dataset/"

PERSONS = ("0", "Total")
MEASURES = ("20100", "Value")
AGES = {"200": "All Ages", "201": "Aged 0 to 15", "209": "Aged 65+"}
"""Code -> name of the age bands that the warehouse fetches and our file has."""
DIMENSIONS = ("geography", "gender", "c_age", "measures")

_TYPES = {
    "E06": ("432", "local authorities: district / unitary (as of April 2021)"),
    "E08": ("432", "local authorities: district / unitary (as of April 2021)"),
    "E12": ("480", "regions"),
}
_PARAMETERS = frozenset({*DIMENSIONS, "time", "select", "RecordLimit", "RecordOffset"})
_TEXT = frozenset(
    {"date", "date_name", "date_code", "geography_name", "geography_code", "geography_type", "gender", "gender_name"}
    | {"c_age", "c_age_name", "measures", "measures_name", "obs_status", "obs_status_name"}
)
"""Columns that the service writes in quotes. The others are numbers."""
_MOST_ROWS = 25_000
_ALL_DATES = "first,latest"


def type_code(area_code: str) -> str | None:
    """The service's number of this area's kind in the snapshot."""
    return _TYPES.get(area_code[:3], (None, ""))[0]


def answer(asked: Asked) -> Answer:
    """The service's answer to a request of our client. Raises NotBundled for any other request."""
    dataset, _, what = asked.path.removeprefix(PREFIX).partition(".")
    source = next((source for source in asked.of(PUBLISHER) if source.indicator == dataset), None)
    if source is None:
        bundled = ", ".join(source.indicator for source in asked.of(PUBLISHER)) or "none"
        raise NotBundled(f"the NOMIS dataset {dataset}", f"the NOMIS datasets {bundled}")
    if what == "def.sdmx.json":
        return json_answer(_definition(source))
    if what == "overview.json":
        return json_answer({"overview": {"id": source.indicator}})
    if what == "data.csv":
        return _data(asked, source)
    raise NotBundled(asked.path, f"def.sdmx.json, overview.json and data.csv of {source.indicator}")


def _definition(source: FiguresSource) -> Mapping[str, object]:
    family = {
        "id": source.indicator,
        "components": {
            "dimension": [{"conceptref": name.upper()} for name in DIMENSIONS],
            "timedimension": {"conceptref": "TIME"},
        },
        "name": {"value": source.title, "lang": "en"},
    }
    return {"structure": {"keyfamilies": {"keyfamily": [family]}}}


def _data(asked: Asked, source: FiguresSource) -> Answer:
    query = dict(asked.query)
    if len(query) != len(asked.query) or set(query) != _PARAMETERS or query["time"] != _ALL_DATES:
        raise NotBundled(
            f"{source.indicator} with the parameters {', '.join(name for name, _ in asked.query)}",
            f"{source.indicator} with each of {', '.join(sorted(_PARAMETERS))} once and time={_ALL_DATES}",
        )
    areas = _chosen(query, "geography", AREAS, source)
    ages = {AGES[code] for code in _chosen(query, "c_age", AGES, source)}
    _chosen(query, "gender", PERSONS[:1], source)
    _chosen(query, "measures", MEASURES[:1], source)
    figures = [figure for figure in asked.figures(source) if figure["area_code"] in areas and figure["age"] in ages]
    limit = min(_MOST_ROWS, int(query["RecordLimit"]))
    body = render(source, figures, query["select"].split(","), offset=int(query["RecordOffset"]), limit=limit)
    return Answer(status=200, content_type="text/csv", body=body)


def render(
    source: FiguresSource, figures: Sequence[Figure], select: Sequence[str], *, offset: int, limit: int
) -> bytes:
    """A page of the figures in the service's CSV: the heading in capitals, text in quotes, numbers without quotes."""
    rows = [_row(figure, number, len(figures)) for number, figure in enumerate(figures)]
    if rows and (unknown := [name for name in select if name not in rows[0]]):
        raise NotBundled(
            f"the columns {', '.join(unknown)} of {source.indicator}", f"the columns {', '.join(rows[0])} of it"
        )
    if not rows:
        return b""  # the service's answer where it has no rows
    ending = LINE_ENDINGS[source.line_ending]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=ending).writerow([name.upper() for name in select])
    for row in rows[offset : offset + limit]:
        text.write(",".join(f'"{row[name]}"' if name in _TEXT else row[name] for name in select) + ending)
    return text.getvalue().encode("utf-8")


def _row(figure: Figure, number: int, count: int) -> dict[str, str]:
    return {
        "date": figure["period"],
        "date_name": figure["period"],
        "date_code": figure["period"],
        "geography_code": figure["area_code"],
        "geography_name": figure["area_name"],
        "geography_type": _TYPES[figure["area_code"][:3]][1],
        "gender": PERSONS[0],
        "gender_name": figure["sex"],
        "c_age": next(code for code, name in AGES.items() if name == figure["age"]),
        "c_age_name": figure["age"],
        "measures": MEASURES[0],
        "measures_name": MEASURES[1],
        "obs_value": figure["value"],
        "obs_status": figure["status"],
        "obs_status_name": figure["note"],
        "record_offset": str(number),
        "record_count": str(count),
    }


def _chosen(query: Mapping[str, str], name: str, bundled: Iterable[str], source: FiguresSource) -> frozenset[str]:
    chosen, here = frozenset(query[name].split(",")), sorted(bundled)
    if missing := sorted(chosen - set(here)):
        raise NotBundled(
            f"{source.indicator} for {name} {', '.join(missing)}", f"{source.indicator} for {name} {', '.join(here)}"
        )
    return chosen
