"""Answers as the UKHSA data dashboard's interface gives them, from the bundled figures.

Our files do not show which figures were incomplete, so the rows have no flag for that. Where the service would answer
200 with no rows, the snapshot raises NotBundled, because it does not know whether the publisher has these figures.

Belongs here: the addresses, pages and fields of rows. Does not belong here: how a request reaches this module and how
the answer is sent (`adapter`), reading the publisher's files (`tools/snapshot_build`).
"""

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from atf_dagster.snapshot.answer import Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.figures import ENGLAND, Figure
from atf_dagster.snapshot.sources import FiguresSource

PUBLISHER = "ukhsa"
HOST = "api.ukhsa-dashboard.data.gov.uk"
THEME = "infectious_disease"
SUB_THEME = "respiratory"
TOPIC = "COVID-19"
GEOGRAPHY_TYPE = "Nation"
COUNCILS = "Lower Tier Local Authority"
EVERYBODY = {"sex": "all", "age": "all", "stratum": "default"}

PREFIX = "/themes/"
TYPES_PATH = f"{PREFIX}{THEME}/sub_themes/{SUB_THEME}/topics/{TOPIC}/geography_types/"
_ASKED = re.compile(
    re.escape(TYPES_PATH) + r"(?P<kind>[^/]+)/geographies(?:/(?P<name>[^/]+)/metrics/(?P<metric>[^/]+))?"
)
# The service's default number of rows in a page, and its largest.
_USUAL_SIZE = 5
_LARGEST_SIZE = 365
_BUNDLED = f"{TOPIC} for the {GEOGRAPHY_TYPE} England, and cases for the nine councils"


def answer(asked: Asked) -> Answer:
    """The service's answer to a request of our client. Raises NotBundled for any other request."""
    found = _ASKED.fullmatch(unquote(asked.path))
    if found is None:
        raise NotBundled(f"the UKHSA address {unquote(asked.path)}", _BUNDLED)
    kind, name, metric = found["kind"], found["name"], found["metric"]
    sources = asked.of(PUBLISHER)
    if metric is None:
        # Any metric has England; councils are those that any metric has.
        every = [figure for source in sources for figure in asked.figures(source) if geography_type(figure) == kind]
        names = list(dict.fromkeys(figure["area_name"] for figure in every))
        if not names:
            raise NotBundled(f"the UKHSA address {unquote(asked.path)}", _BUNDLED)
        return json_answer([{"name": each, "link": f"https://{HOST}{_path(kind, each)}"} for each in names])
    source = next((source for source in sources if source.indicator == metric), None)
    if source is None:
        raise NotBundled(f"the metric {metric!r}", f"{_BUNDLED}: " + ", ".join(sorted(s.indicator for s in sources)))
    figures = [
        figure for figure in asked.figures(source) if (geography_type(figure), figure["area_name"]) == (kind, name)
    ]
    if not figures:
        raise NotBundled(f"{metric} for the {kind} {name}", _BUNDLED)
    query = dict(asked.query)
    not_bundled = [f"{name}={value}" for name, value in asked.query if EVERYBODY.get(name) != value]
    not_bundled = [named for named in not_bundled if not named.startswith(("page=", "page_size="))]
    if not_bundled:
        raise NotBundled(f"{metric} with {', '.join(not_bundled)}", f"{metric} for everybody and all dates")
    return _page(source, figures, query)


def geography_type(figure: Figure) -> str:
    """The service's name of the kind of area."""
    return GEOGRAPHY_TYPE if figure["area_code"] == ENGLAND else COUNCILS


def _path(kind: str, name: str) -> str:
    return f"{TYPES_PATH}{quote(kind)}/geographies/{quote(name)}"


def _page(source: FiguresSource, figures: Sequence[Figure], query: dict[str, str]) -> Answer:
    series = _path(geography_type(figures[0]), figures[0]["area_name"])

    size = min(int(query.get("page_size", _USUAL_SIZE)), _LARGEST_SIZE)
    number = int(query.get("page", 1))
    last = max(-(-len(figures) // size), 1)
    if not 1 <= number <= last:
        return replace(json_answer({"detail": "Invalid page."}), status=404)

    def address(page: int) -> str | None:
        parameters = urlencode(sorted((query | {"page": str(page)}).items()))
        return f"https://{HOST}{series}/metrics/{quote(source.indicator)}?{parameters}" if 1 <= page <= last else None

    results = [row(source.indicator, figure) for figure in figures[(number - 1) * size : number * size]]
    return json_answer(
        {"count": len(figures), "next": address(number + 1), "previous": address(number - 1), "results": results}
    )


def row(metric: str, figure: Figure) -> dict[str, Any]:
    """One row as the service gives it. Fields that follow from the date are computed."""
    day = dt.date.fromisoformat(figure["period"])
    return {
        "theme": THEME,
        "sub_theme": SUB_THEME,
        "topic": TOPIC,
        "geography_type": geography_type(figure),
        "geography": figure["area_name"],
        "geography_code": figure["area_code"],
        "metric": metric,
        "metric_group": metric_group(metric),
        "stratum": EVERYBODY["stratum"],
        # A file whose rows are all of everybody leaves both out.
        "sex": figure["sex"] or EVERYBODY["sex"],
        "age": figure["age"] or EVERYBODY["age"],
        "year": day.year,
        "month": day.month,
        "epiweek": epiweek(day),
        "date": figure["period"],
        # This number prints as published; the reader refused numbers for which that is not so.
        "metric_value": json.loads(figure["value"]),
    }


def metric_group(metric: str) -> str:
    """`COVID-19_deaths_ONSByDay` -> `deaths`."""
    return metric.split("_")[1]


def epiweek(day: dt.date) -> int:
    """The publisher's number of the week, which begins on Monday."""
    return day.isocalendar().week
