"""A chart, its sentence and its table say the same of the same rows; an absence is a word, and no zero."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atf_dagster.report.charts import (
    Chart,
    bars_of_areas,
    bars_of_groups,
    dots_of_councils,
    history,
    map_of_councils,
    series_of_areas,
    spine,
)
from atf_dagster.report.charts.labels import apart
from atf_dagster.report.charts.maps import drawn
from support import charted
from support.browser import Chromium
from support.home import PublishedHome

WORDS: dict[str, Any] = {"title": "Fuel poverty", "unit": "%", "decimals": 1}
KNOWN = {"area_name": "Halton", "area_code": "E1", "value": 12.2, "status": "normal", "lci_95": 11.0, "uci_95": 13.0}
ZERO = {"area_name": "Wirral", "area_code": "E2", "value": 0.0, "status": "normal"}
HIDDEN = {"area_name": "Sefton", "area_code": "E3", "value": None, "status": "suppressed", "reason": "a small number"}
ROWS = [KNOWN, ZERO, HIDDEN]


def values(chart: Chart) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart.spec["data"]["values"]
    return found


def of_every_kind() -> list[Chart]:
    dated = [{**row, "period": "2022", "period_end": "2022-12-31"} for row in ROWS]
    ranged = {"name": "Fuel poverty", "unit": "%", "decimals": 1, "england": 10.0, "lowest": 1.0, "highest": 20.0}
    since = [{**row, "valid_from": f"202{at}-01-01", "change": "revised"} for at, row in enumerate(ROWS)]
    return [
        bars_of_areas(id="bars", rows=ROWS, **WORDS),
        bars_of_groups(id="groups", rows=[{**row, "group": "Female"} for row in ROWS], **WORDS),
        map_of_councils(id="map", rows=ROWS, boundaries={}, **WORDS),
        series_of_areas(id="series", rows=dated, **WORDS),
        spine(id="spine", title="Halton", rows=[{**ranged, **row, "name": row["area_name"]} for row in ROWS]),
        dots_of_councils(id="dots", rows=ROWS, axis="Change", **WORDS),
        history(id="history", rows=since, **WORDS),
    ]


@pytest.mark.parametrize("chart", of_every_kind(), ids=lambda chart: chart.id)
def test_suppressed_is_a_word_and_zero_is_a_figure(chart: Chart) -> None:
    shown = [row["shown"] for row in chart.rows]
    assert sorted(shown) == ["0.0%", "12.2%", "suppressed"]
    note = next(row["note"] for row in chart.rows if row["shown"] == "suppressed")
    assert "a small number" in note
    assert "suppressed" in chart.sentence or chart.id == "history"
    drawn_values = [value.get("value") for value in values(chart)]
    assert drawn_values.count(0.0) == (0 if chart.id == "map" else 1)


@pytest.mark.parametrize("chart", of_every_kind(), ids=lambda chart: chart.id)
def test_a_specification_stands_alone(chart: Chart) -> None:
    text = chart.as_json()
    assert json.loads(text) == chart.spec
    assert chart.spec["$schema"].endswith("/vega-lite/v6.json")
    assert '"url"' not in text
    assert chart.spec["description"] == f"{chart.title}. {chart.sentence}"


def test_the_sentence_names_the_highest_the_lowest_england_and_what_is_hidden() -> None:
    chart = bars_of_areas(id="bars", rows=ROWS, england=10.0, **WORDS)
    assert chart.sentence == (
        "Highest: Halton (12.2%). Lowest: Wirral (0.0%). England: 10.0%. "
        "No figure for Sefton: suppressed, a small number."
    )


def test_bars_begin_at_zero_and_an_axis_that_does_not_says_so() -> None:
    far = bars_of_areas(id="far", rows=[KNOWN, ZERO], **WORDS)
    near = bars_of_areas(id="near", rows=[{**KNOWN, "value": 80.0}, {**ZERO, "value": 81.0}], **WORDS)
    marks = [{layer["mark"]["type"] for layer in chart.spec["layer"]} for chart in (far, near)]
    assert "bar" in marks[0]
    assert "bar" not in marks[1]
    assert "axis does not begin at 0" in near.as_json()
    assert "axis does not begin at 0" not in far.as_json()


def test_a_line_has_gaps_at_missing_periods_absent_figures_and_breaks() -> None:
    years = {2015: 1.0, 2016: 2.0, 2018: 3.0, 2019: None, 2020: 4.0, 2021: 5.0}
    rows = [
        {**KNOWN, "value": value, "status": "normal" if value else "suppressed", "period": str(year)}
        | {"period_end": f"{year}-12-31"}
        for year, value in years.items()
    ]
    chart = series_of_areas(id="s", rows=rows, breaks=[{"first_day": "2021-01-01", "note": "New rules."}], **WORDS)
    segments = {value["period"]: value["segment"] for value in values(chart)}
    assert segments["2015"] == segments["2016"]
    assert len(set(segments.values())) == 5
    assert "cannot be compared: New rules." in chart.sentence


def test_a_line_has_a_gap_where_all_areas_lack_a_period() -> None:
    rows = [{**KNOWN, "value": 1.0, "period": str(year), "period_end": f"{year}-06-30"} for year in (2021, 2023)]
    segments = [value["segment"] for value in values(series_of_areas(id="s", rows=rows, step=366, **WORDS))]
    assert len(set(segments)) == 2


def test_an_outcome_has_a_colour_and_a_shape() -> None:
    judged = [{**KNOWN, "outcome_judged": "better"}, {**ZERO, "outcome_judged": "worse"}]
    chart = bars_of_areas(id="bars", rows=judged, england=5.0, **WORDS)
    for channel in ("color", "shape"):
        scale = next(
            layer["encoding"][channel]["scale"] for layer in chart.spec["layer"] if channel in layer["encoding"]
        )
        assert scale["domain"] == ["better", "worse"]
        assert len({str(look) for look in scale["range"]}) == 2
    assert {row["comparison"] for row in chart.rows} == {"better", "worse"}


def test_better_is_to_the_right_of_a_spine_whichever_way_is_better() -> None:
    row = {
        "unit": "%",
        "decimals": 1,
        "england": 10.0,
        "lowest": 0.0,
        "highest": 20.0,
        "value": 15.0,
        "status": "normal",
    }
    rows = [{**row, "name": name, "polarity": name} for name in ("higher_is_better", "lower_is_better")]
    at = {value["name"]: value["at"] for value in values(spine(id="spine", title="Halton", rows=rows))}
    assert at == {"higher_is_better": 0.75, "lower_is_better": 0.25}


def test_rings_go_round_as_the_projection_wants() -> None:
    square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    for ring in (square, square[::-1]):
        made = drawn(json.dumps({"type": "Polygon", "coordinates": [ring]}))
        assert made["coordinates"][0][0] == square[::-1]


def test_labels_that_cover_each_other_go_apart_and_others_stay() -> None:
    middles = [(-2.90, 53.40), (-2.89, 53.41), (-2.50, 53.00)]
    moved = apart(middles, [9, 9, 9], 600.0)
    assert moved[2] == pytest.approx(middles[2], abs=0.001)
    assert moved[0] != middles[0]
    assert apart(middles[:1], [9], 600.0) == middles[:1]


def test_no_name_of_a_map_covers_another(browser: Chromium, published_home: PublishedHome, tmp_path: Any) -> None:
    maps = [chart for chart in charted.all_builders(published_home.mart) if chart.id.startswith("map")]
    overlapping = """names => { const boxes = [...document.querySelectorAll('.chart svg text')]
        .filter(e => names.includes(e.textContent) && !e.getAttribute('stroke')).map(e => e.getBoundingClientRect());
        return [boxes.length, boxes.filter((a, i) => boxes.some((b, j) => i < j
            && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length]; }"""
    with browser.opened(charted.page(tmp_path, maps[:1]), width=900) as opened:
        opened.drawn()
        names = [row["area_name"] for row in maps[0].rows]
        assert opened.page.evaluate(overlapping, names) == [len(names), 0]
