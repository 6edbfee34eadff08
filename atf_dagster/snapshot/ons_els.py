"""Answers as ONS Explore Local Statistics gives them, from the bundled figures.

Where the service would answer 200 with an empty table (an unknown slug, an area that is not bundled), the snapshot
raises NotBundled, because it does not know whether the publisher has these figures.

Belongs here: the data URL, parameters and columns. Does not belong here: how a request reaches this module and how the
answer is sent (`adapter`).
"""

import json
from collections.abc import Sequence

from atf_dagster.snapshot.answer import Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.figures import AREAS, LINE_ENDINGS, Figure, csv_bytes
from atf_dagster.snapshot.sources import FiguresSource

PUBLISHER = "ons_els"
HOST = "www.ons.gov.uk"
PREFIX = "/explore-local-statistics/"
DATA_PATH = "/explore-local-statistics/api/v1/data.csv"
CARDS_PATH = "/explore-local-statistics/api/v1/metadata/indicators"

INVALID_PARAMETERS = "Request contained invalid or duplicate parameters."

_BUNDLED = frozenset({"indicator", "geo", "time", "includeNames", "includeStatus"})
_OTHERS = frozenset({"topic", "geoExtent", "geoCluster", "hasGeo", "timeNearest", "measure", "excludeMultivariate"})
_LEVELS = {"ltla": ("E06", "E07", "E08", "E09"), "utla": ("E06", "E08", "E09", "E10")}
"""The service's names for lower and upper tier local authorities -> the beginnings of England's codes of them."""
_DIMENSION = "dimension_"
_TRUTH = {"true": True, "false": False}


def answer(asked: Asked) -> Answer:
    """The service's answer to a request of our client. Raises NotBundled for any other request."""
    sources = asked.of(PUBLISHER)
    if asked.path == CARDS_PATH:
        # The snapshot does not know when the service changed its figures, so the cards have no date.
        return json_answer([{"label": source.title, "slug": source.indicator} for source in sources])
    if asked.path == DATA_PATH:
        return _data(asked, sources)
    raise NotBundled(asked.path, f"the Explore Local Statistics paths {DATA_PATH} and {CARDS_PATH}")


def _data(request: Asked, sources: Sequence[FiguresSource]) -> Answer:
    """The answer to a request for one indicator, named areas and all periods.

    The answer to an unknown or repeated parameter is 400, as at the service. Raises NotBundled for a valid request
    whose figures are not bundled.
    """
    asked = dict(request.query)
    if len(asked) != len(request.query) or not all(_is_parameter(name) for name in asked):
        body = json.dumps({"message": INVALID_PARAMETERS}).encode()
        return Answer(status=400, content_type="application/json", body=body)

    slug = asked.get("indicator", "")
    source = next((s for s in sources if s.indicator == slug), None)
    if source is None:
        bundled = ", ".join(sorted(s.indicator for s in sources))
        raise NotBundled(
            f"indicator {slug!r}" if slug else "a request without an indicator",
            f"the Explore Local Statistics indicators {bundled}, one a request",
        )
    whole = request.figures(source)
    areas = _areas(asked, source, {figure["area_code"] for figure in whole})
    if asked.get("time") != "all":
        time = asked.get("time", "latest")  # the service's own default
        raise NotBundled(f"indicator {slug} with time={time}", f"{slug} with time=all only")
    not_bundled = sorted(asked.keys() - _BUNDLED)
    if not_bundled:
        raise NotBundled(f"indicator {slug} with {', '.join(not_bundled)}", f"{slug} without {', '.join(not_bundled)}")
    figures = [f for f in whole if f["area_code"] in areas]
    body = render(
        source,
        figures,
        include_names=_switch(asked, "includeNames", default=True),
        include_status=_switch(asked, "includeStatus", default=False),
    )
    # The content type of the service's text answers; clients use the header line.
    return Answer(status=200, content_type="text/plain;charset=UTF-8", body=body)


def render(source: FiguresSource, figures: Sequence[Figure], *, include_names: bool, include_status: bool) -> bytes:
    """The figures of one indicator in the service's CSV, whose last line has no line ending."""
    columns = {"areacd": "area_code"}
    if include_names:
        columns["areanm"] = "area_name"
    columns |= {"period": "period", "value": "value"}
    if source.intervals:
        columns |= {"lci_95": "lci_95", "uci_95": "uci_95"}
    if include_status:
        columns["status"] = "status"
    rows = [
        [figure[column] for column in columns.values()]
        for figure in figures
        if figure["value"] or (include_status and figure["status"])
    ]
    ending = LINE_ENDINGS[source.line_ending]
    return csv_bytes(tuple(columns), rows, ending).removesuffix(ending.encode())


def _is_parameter(name: str) -> bool:
    return name in _BUNDLED or name in _OTHERS or name.startswith(_DIMENSION)


def _areas(asked: dict[str, str], source: FiguresSource, there: set[str]) -> frozenset[str]:
    """The areas that geo names, by code or by a level whose councils the file holds."""
    geo = asked.get("geo", "")
    named = set(geo.split(",")) if geo else set()
    levels = _LEVELS.keys() if there - AREAS else set()
    areas = named - levels
    if not named or not areas <= AREAS:
        outside = ", ".join(sorted(areas - AREAS)) or "every area"
        raise NotBundled(
            f"indicator {source.indicator} for {outside}",
            f"{source.indicator} for {', '.join([*sorted(AREAS), *levels])}, named in geo",
        )
    kinds = tuple(kind for level in named & levels for kind in _LEVELS[level])
    return frozenset(areas | {area for area in there if kinds and area.startswith(kinds)})


def _switch(asked: dict[str, str], name: str, *, default: bool) -> bool:
    if name not in asked:
        return default
    if asked[name] not in _TRUTH:
        raise NotBundled(f"{name}={asked[name]}", f"{name}=true and {name}=false")
    return _TRUTH[asked[name]]
