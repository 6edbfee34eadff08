"""Answers as NOMIS gives them, from the bundled figures: definition, overview and data of two datasets.

They are the population estimates (NM_2002_1) and the Annual Population Survey (NM_17_5), of which the rate, its
numerator and its denominator are held, each a row, and no limits.

It gives only known columns, and only codes that the figures have. Where the service would answer 200 with too few rows,
the snapshot raises NotBundled. It knows no dates of update.

Belongs here: the paths, parameters and columns. Does not belong here: how a request reaches this module and how the
answer is sent (`adapter`).
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
UNEMPLOYMENT = ("84", "Unemployment rate - aged 16-64")
_OF_A_SURVEY = {
    # code -> name, column of a figure; the half width of the interval is in neither of the files at hand
    "20599": ("Variable", "value"),
    "21001": ("Numerator", "numerator"),
    "21002": ("Denominator", "denominator"),
    "21003": ("Confidence", ""),
}

Cells = dict[str, str]


@dataclass(frozen=True)
class _Shape:
    """A dataset: the codes of each dimension beside geography, and the rows of one figure."""

    codes: Mapping[str, frozenset[str]]
    rows: Callable[[Figure], Iterator[Cells]]

    @property
    def parameters(self) -> frozenset[str]:
        return frozenset({"geography", *self.codes, "time", "select", "RecordLimit", "RecordOffset"})


def _of_population(figure: Figure) -> Iterator[Cells]:
    yield {
        "gender": PERSONS[0],
        "gender_name": figure["sex"],
        "c_age": next(code for code, name in AGES.items() if name == figure["age"]),
        "c_age_name": figure["age"],
        "measures": MEASURES[0],
        "measures_name": MEASURES[1],
        "obs_value": figure["value"],
        "obs_status": figure["status"],
        "obs_status_name": figure["note"],
    }


def _of_survey(figure: Figure) -> Iterator[Cells]:
    for code, (name, column) in _OF_A_SURVEY.items():
        value = figure.get(column, "")
        if value or column == "value":
            of_value = column == "value"
            yield {
                "variable": UNEMPLOYMENT[0],
                "variable_name": UNEMPLOYMENT[1],
                "measures": code,
                "measures_name": name,
                "obs_value": value,
                "obs_status": figure["status"] if of_value else "A",
                "obs_status_name": figure["note"] if of_value else "Normal Value",
            }


_SHAPES = {
    "NM_2002_1": _Shape(
        {"gender": frozenset(PERSONS[:1]), "c_age": frozenset(AGES), "measures": frozenset(MEASURES[:1])},
        _of_population,
    ),
    "NM_17_5": _Shape({"variable": frozenset(UNEMPLOYMENT[:1]), "measures": frozenset(_OF_A_SURVEY)}, _of_survey),
}
_TYPES = {
    "E06": ("432", "local authorities: district / unitary (as of April 2021)"),
    "E08": ("432", "local authorities: district / unitary (as of April 2021)"),
    "E12": ("480", "regions"),
}
_NUMBERS = frozenset({"obs_value", "record_offset", "record_count"})
"""Columns that the service writes without quotes."""
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
            "dimension": [{"conceptref": name.upper()} for name in ("geography", *_SHAPES[source.indicator].codes)],
            "timedimension": {"conceptref": "TIME"},
        },
        "name": {"value": source.title, "lang": "en"},
    }
    return {"structure": {"keyfamilies": {"keyfamily": [family]}}}


def _data(asked: Asked, source: FiguresSource) -> Answer:
    query, shape = dict(asked.query), _SHAPES[source.indicator]
    if len(query) != len(asked.query) or set(query) != shape.parameters or query["time"] != _ALL_DATES:
        raise NotBundled(
            f"{source.indicator} with the parameters {', '.join(name for name, _ in asked.query)}",
            f"{source.indicator} with each of {', '.join(sorted(shape.parameters))} once and time={_ALL_DATES}",
        )
    areas = _chosen(query, "geography", AREAS, source)
    chosen = {name: _chosen(query, name, codes, source) for name, codes in shape.codes.items()}
    rows = [
        _of_area(figure) | row
        for figure in asked.figures(source)
        if figure["area_code"] in areas
        for row in shape.rows(figure)
        if all(row[name] in codes for name, codes in chosen.items())
    ]
    limit = min(_MOST_ROWS, int(query["RecordLimit"]))
    body = _render(source, rows, query["select"].split(","), offset=int(query["RecordOffset"]), limit=limit)
    return Answer(status=200, content_type="text/csv", body=body)


def _render(source: FiguresSource, found: Sequence[Cells], select: Sequence[str], *, offset: int, limit: int) -> bytes:
    """A page of the rows in the service's CSV: the heading in capitals, text in quotes, numbers without quotes."""
    rows = [row | {"record_offset": str(number), "record_count": str(len(found))} for number, row in enumerate(found)]
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
        text.write(",".join(row[name] if name in _NUMBERS else f'"{row[name]}"' for name in select) + ending)
    return text.getvalue().encode("utf-8")


def _of_area(figure: Figure) -> Cells:
    return {
        "date": figure["period"],
        "date_name": figure["period"],
        "date_code": figure["period"],
        "geography_code": figure["area_code"],
        "geography_name": figure["area_name"],
        "geography_type": _TYPES[figure["area_code"][:3]][1],
    }


def _chosen(query: Mapping[str, str], name: str, bundled: Iterable[str], source: FiguresSource) -> frozenset[str]:
    chosen, here = frozenset(query[name].split(",")), sorted(bundled)
    if missing := sorted(chosen - set(here)):
        raise NotBundled(
            f"{source.indicator} for {name} {', '.join(missing)}", f"{source.indicator} for {name} {', '.join(here)}"
        )
    return chosen
