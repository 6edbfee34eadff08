"""Answers as the OHID Fingertips API gives them, from the bundled figures.

For each period the service prints the England rows without a parent, the same rows again as the parent area, then the
child areas. This module gives both England blocks too, because readers must handle them.

Belongs here: the data URL, the 27 columns, the order of the rows. Does not belong here: how a request reaches this
module and how the answer is sent (`adapter`).
"""

import re
from collections.abc import Sequence
from itertools import groupby

from atf_dagster.snapshot.answer import Answer, Asked, NotBundled, Query, json_answer
from atf_dagster.snapshot.figures import CHESHIRE_AND_MERSEYSIDE, ENGLAND, LINE_ENDINGS, Figure, csv_bytes
from atf_dagster.snapshot.sources import FiguresSource

PUBLISHER = "fingertips"
HOST = "fingertips.phe.org.uk"
PREFIX = "/api/"
DATA_PATH = "/api/all_data/csv/by_indicator_id"

# Counties and unitary authorities from April 2023, and districts and unitary authorities, under England. Regions (6)
# and integrated care boards (221) are other requests; the snapshot has figures of a board for one indicator and of
# regions for none.
CHILD_AREA_TYPE_ID = "502"
DISTRICTS_AREA_TYPE_ID = "501"
BOARD_AREA_TYPE_ID = "221"
PARENT_AREA_TYPE_ID = "15"
CHILD_AREA_TYPE = "Counties & UAs (from Apr 2023)"
DISTRICTS_AREA_TYPE = "Districts & UAs (from Apr 2023)"
BOARD_AREA_TYPE = "ICBs"
ENGLAND_AREA_TYPE = "England"
COUNTY, DISTRICT = "E10", "E07"
_CHILD_AREA_TYPES = {
    CHILD_AREA_TYPE_ID: CHILD_AREA_TYPE,
    DISTRICTS_AREA_TYPE_ID: DISTRICTS_AREA_TYPE,
    BOARD_AREA_TYPE_ID: BOARD_AREA_TYPE,
}
_LEFT_OUT = {CHILD_AREA_TYPE_ID: DISTRICT, DISTRICTS_AREA_TYPE_ID: COUNTY}
"""Kind of area -> the first letters of the codes that are of another kind."""
ENGLAND_NAME = "England"

_AREA_TYPES = (
    (PARENT_AREA_TYPE_ID, ENGLAND_AREA_TYPE, ENGLAND_AREA_TYPE),
    (CHILD_AREA_TYPE_ID, "Upper tier local authorities (post 4/23)", CHILD_AREA_TYPE),
    (DISTRICTS_AREA_TYPE_ID, "Lower tier local authorities (post 4/23)", DISTRICTS_AREA_TYPE),
    ("6", "Regions (statistical)", "Region"),
    (BOARD_AREA_TYPE_ID, "ICBs", BOARD_AREA_TYPE),
)

HEADER = (
    "Indicator ID",
    "Indicator Name",
    "Parent Code",
    "Parent Name",
    "Area Code",
    "Area Name",
    "Area Type",
    "Sex",
    "Age",
    "Category Type",
    "Category",
    "Time period",
    "Value",
    "Lower CI 95.0 limit",
    "Upper CI 95.0 limit",
    "Lower CI 99.8 limit",
    "Upper CI 99.8 limit",
    "Count",
    "Denominator",
    "Value note",
    "Recent Trend",
    "Compared to England value or percentiles",
    "Compared to percentiles",
    "Time period Sortable",
    "New data",
    "Compared to goal",
    "Time period range",
)

_FILE_NAMES = {CHILD_AREA_TYPE_ID: "CountiesUAsfromApr2023", BOARD_AREA_TYPE_ID: BOARD_AREA_TYPE}
_REQUIRED = frozenset({"indicator_ids", "child_area_type_id", "parent_area_type_id"})
# Clients send it. The service gives the sortable column in any case.
_WITHOUT_EFFECT = {"include_sortable_time_periods": "yes"}


def answer(asked: Asked) -> Answer:
    """The service's answer to a request of our client. Raises NotBundled for any other request."""
    sources = asked.of(PUBLISHER)
    if asked.path == "/api/area_types":
        return json_answer([{"Id": int(number), "Name": name, "Short": short} for number, name, short in _AREA_TYPES])
    if asked.path == "/api/available_data":
        indicator = dict(asked.query).get("indicator_id", "")
        bundled = [source for source in sources if source.indicator == indicator]
        if not bundled:
            # The publisher may have figures that are not bundled, so this is no empty list.
            raise NotBundled(f"indicator {indicator!r}", ", ".join(sorted(source.indicator for source in sources)))
        return json_answer(
            [
                {"IndicatorId": int(indicator), "AreaTypeId": int(kind)}
                for source in bundled
                for kind in _kinds(asked.figures(source))
            ]
        )
    if asked.path == "/api/data_changes":
        return json_answer(None)  # the service's answer where it has no record of changes; the snapshot has none
    if asked.path == DATA_PATH:
        return _data(asked, sources)
    raise NotBundled(asked.path, f"the Fingertips paths {DATA_PATH}, area_types, available_data and data_changes")


def _data(asked: Asked, sources: Sequence[FiguresSource]) -> Answer:
    parameters = _parameters(asked.query)
    indicator = parameters["indicator_ids"]
    source = next((s for s in sources if s.indicator == indicator), None)
    if source is None:
        bundled = ", ".join(sorted(s.indicator for s in sources))
        raise NotBundled(f"indicator {indicator!r}", f"the Fingertips indicators {bundled}, one a request")
    child, parent = parameters["child_area_type_id"], parameters["parent_area_type_id"]
    figures = asked.figures(source)
    kinds = _kinds(figures)
    if child not in kinds or parent != PARENT_AREA_TYPE_ID:
        raise NotBundled(
            f"indicator {indicator} for child_area_type_id={child} and parent_area_type_id={parent}",
            f"indicator {indicator} ({source.title}) for child_area_type_id={' or '.join(kinds)} "
            f"and parent_area_type_id={PARENT_AREA_TYPE_ID} only",
        )
    figures = [f for f in figures if f["area_code"] == ENGLAND or _is_of(child, f["area_code"])]
    name = re.sub("[^A-Za-z0-9]", "", _CHILD_AREA_TYPES[child])
    return Answer(
        status=200,
        content_type="application/octet-stream",
        body=render(source, figures, child),
        headers={"Content-Disposition": f"attachment; filename=indicators-{name}.data.csv"},
    )


def _is_of(kind: str, area_code: str) -> bool:
    """Whether an area other than England belongs to the areas of a kind."""
    if kind == BOARD_AREA_TYPE_ID or area_code == CHESHIRE_AND_MERSEYSIDE:
        return kind == BOARD_AREA_TYPE_ID and area_code == CHESHIRE_AND_MERSEYSIDE
    return not area_code.startswith(_LEFT_OUT[kind])


def _kinds(figures: Sequence[Figure]) -> tuple[str, ...]:
    """The kinds of area that an indicator has: districts where at least one of a county is bundled."""
    codes = {figure["area_code"] for figure in figures} - {ENGLAND}
    there = {
        CHILD_AREA_TYPE_ID: codes != {CHESHIRE_AND_MERSEYSIDE},
        DISTRICTS_AREA_TYPE_ID: any(code.startswith(DISTRICT) for code in codes),
        BOARD_AREA_TYPE_ID: CHESHIRE_AND_MERSEYSIDE in codes,
    }
    return tuple(kind for kind, is_there in there.items() if is_there)


def render(source: FiguresSource, figures: Sequence[Figure], kind: str = CHILD_AREA_TYPE_ID) -> bytes:
    """The figures of one indicator in the service's CSV, for areas of one kind."""
    rows: list[list[str]] = []
    for _, of_period in groupby(figures, key=lambda figure: figure["period"]):
        in_period = list(of_period)
        england = [figure for figure in in_period if figure["area_code"] == ENGLAND]
        children = [figure for figure in in_period if figure["area_code"] != ENGLAND]
        rows += [_row(source, f, "", f["compared_to_england"], kind) for f in england]
        rows += [_row(source, f, ENGLAND, f["compared_to_england_as_parent"], kind) for f in england]
        rows += [_row(source, f, ENGLAND, f["compared_to_england"], kind) for f in children]
    return csv_bytes(HEADER, rows, LINE_ENDINGS[source.line_ending])


def sortable(period: str) -> str:
    """The service's sort key of a yearly period: YYYYQQMM of its start, without quarter and month."""
    return f"{period[:4]}0000"


def area_type(area_code: str, kind: str = CHILD_AREA_TYPE_ID) -> str:
    """The service's name for the type of an area in an answer of this snapshot."""
    return ENGLAND_AREA_TYPE if area_code == ENGLAND else _CHILD_AREA_TYPES[kind]


def _parameters(query: Query) -> dict[str, str]:
    asked = dict(query)
    effective = {name for name, value in asked.items() if _WITHOUT_EFFECT.get(name) != value}
    if len(asked) != len(query) or effective != _REQUIRED:
        names = ", ".join(name for name, _ in query) or "none"
        raise NotBundled(
            f"a Fingertips request with the parameters: {names}",
            f"requests with each of {', '.join(sorted(_REQUIRED))} once, and no other parameter than "
            "include_sortable_time_periods=yes",
        )
    return asked


def _row(source: FiguresSource, figure: Figure, parent_code: str, compared_to_england: str, kind: str) -> list[str]:
    return [
        source.indicator,
        source.title,
        parent_code,
        ENGLAND_NAME if parent_code else "",
        figure["area_code"],
        figure["area_name"],
        area_type(figure["area_code"], kind),
        figure["sex"],
        figure["age"],
        figure["breakdown_type"],
        figure["breakdown_value"],
        figure["period"],
        figure["value"],
        figure["lci_95"],
        figure["uci_95"],
        figure["lci_998"],
        figure["uci_998"],
        figure["numerator"],
        figure["denominator"],
        figure["note"],
        figure["trend"],
        compared_to_england,
        source.compared_to_parent,
        sortable(figure["period"]),
        "",
        "",
        source.period_range,
    ]
