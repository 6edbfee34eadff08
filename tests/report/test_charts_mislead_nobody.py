"""Colours, greys, lines and doubted figures of a chart are explained where a reader sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest_types import Changed
from reading_pages import cells, page, pages

from atf_dagster.report.charts import Chart, bars_of_areas, map_of_councils, series_of_areas, spine
from atf_dagster.report.doubts import SAID, Doubts
from support import charted
from support.browser import Chromium

WORDS: dict[str, Any] = {"title": "Fuel poverty", "unit": "%", "decimals": 1}
BANDS = "in three equal bands of the figure, not a comparison with England"
HALTON, LIVERPOOL = "E06000006", "E08000012"
DOUBTED = (
    "insert into mart.quality_result by name select * replace ("
    "'figure_is_doubted' as expectation, 'warning' as severity, false as success, "
    "(select to_json([{'indicator_code': indicator_code, 'period_id': max(period_id)}]) from mart.fct_observation "
    "where indicator_code = 'ATF16' and value is not null group by indicator_code) as sample) "
    "from mart.quality_result limit 1"
)


def council(name: str, value: float | None, **more: Any) -> dict[str, Any]:
    return {"area_name": name, "area_code": name, "value": value, "status": "normal", **more}


def yearly(names: list[str], **more: Any) -> list[dict[str, Any]]:
    return [
        council(name, float(year - 2010), period=str(year), period_end=f"{year}-12-31", **more)
        for name in names
        for year in (2020, 2021, 2022)
    ]


# maps ----------------------------------------------------------------------------------------------------


def test_a_map_says_what_its_colours_are(report: Path) -> None:
    seen = set()
    for path in pages(report / "indicators"):
        for place in page(path).all("section"):
            id = place.attributes.get("aria-labelledby", "").removesuffix("-title")
            spec = report / "charts" / f"{path.stem}-{id}.vl.json"
            if id.startswith("map") and spec.is_file():
                layer = json.loads(spec.read_text("utf-8"))["layer"][0]
                is_compared = layer["encoding"]["color"]["legend"]["title"] == "Compared with England"
                seen.add(is_compared)
                assert (BANDS in place.text) is not is_compared, path
                assert ("figure of each council, compared with England" in place.text) is is_compared, path
    assert seen == {True, False}


def test_each_sex_that_is_headline_has_its_map_and_a_map_names_its_sex(report: Path) -> None:
    tree = page(report / "indicators" / "ATF01.html")
    titles = [tree.one(f"map-{sex}-title").text for sex in ("female", "male")]
    assert titles == ["Life expectancy at birth, females", "Life expectancy at birth, males"]
    assert len({json.dumps(cells_of(report, "ATF01", f"map-{sex}")) for sex in ("female", "male")}) == 2


def cells_of(report: Path, code: str, id: str) -> list[list[str]]:
    found = page(report / "indicators" / f"{code}.html").one(f"{id}-caption").parent
    assert found is not None
    return cells(found)


def test_a_map_of_bands_says_so_to_those_who_listen() -> None:
    rows = [council("A", 1.0), council("B", 9.0)]
    banded = map_of_councils(id="map", rows=rows, boundaries={}, **WORDS)
    judged = [{**row, "outcome_judged": "better"} for row in rows]
    assert BANDS in banded.sentence
    assert BANDS not in map_of_councils(id="map", rows=judged, boundaries={}, **WORDS).sentence


# doubted figures -----------------------------------------------------------------------------------------


def test_a_false_zero_is_marked_and_left_out_of_first_and_last(report: Path) -> None:
    tree = page(report / "areas" / f"{HALTON}.html")
    place = tree.one("trend-atf17-title").parent
    assert place is not None
    said = place.all("p")[0].text
    assert not said.startswith("30 June 2022") and "Left out, because a check doubts it: 30 June 2022 (0.0)" in said
    (row,) = [row for row in cells(place.all("table")[0]) if row[0] == "30 June 2022"]
    assert SAID in row[4]
    layers = json.loads(tree.one("trend-atf17-spec").text)["layer"]
    assert {"doubted", "doubted_sign"} <= {layer.get("name") for layer in layers}


@pytest.fixture(scope="module")
def doubted(changed: Changed) -> Path:
    """Pages of a release in which a check doubts the newest figures of the councils' fuel poverty."""
    return changed(DOUBTED)


def test_a_doubt_about_a_period_is_of_each_council_and_of_what_they_make_up(doubted: Path) -> None:
    found = page(doubted / "indicators" / "ATF16.html").one("series-caption").parent
    assert found is not None
    rows = [row for row in cells(found) if SAID in row[-1]]
    councils = [row for row in rows if row[0] != "Cheshire and Merseyside"]
    assert len({row[0] for row in councils}) == 9 == len(councils)
    assert len(rows) == 10  # the nine together are doubted where each of them is, as on the scorecard
    assert {row[1] for row in rows} == {cells(found)[-1][1]}
    assert "A check doubts 10 figures" in page(doubted / "indicators" / "ATF16.html").text
    assert SAID in (doubted / "explore" / "ATF16.js").read_text("utf-8")


def test_only_a_failed_warning_or_error_doubts_and_only_the_point_that_it_names() -> None:
    failed = {"expectation": "fits", "severity": "warning", "success": False}
    sample = json.dumps([{"indicator_code": "X", "area_code": "A", "period_id": "2020"}])
    figure = {"indicator_code": "X", "area_code": "A", "period_id": "2020", "value": 1.0}

    def on(changes: dict[str, Any], **other: Any) -> bool:
        return Doubts([{**failed, "sample": sample, **changes}], ["A"]).on({**figure, **other})

    assert on({})
    assert not on({}, period_id="2021") and not on({}, area_code="B") and not on({}, value=None)
    assert not on({"success": True}) and not on({"severity": "info"}) and not on({"sample": "not JSON"})
    series = json.dumps([{"indicator_code": "X", "area_code": "A"}])
    assert not on({"sample": series})
    zeros = {"sample": series, "expectation": "zero_fits_its_series"}
    assert on(zeros, value=0.0) and not on(zeros)


# lines ---------------------------------------------------------------------------------------------------


def test_many_areas_stand_each_in_a_small_chart_with_the_benchmark_behind() -> None:
    names = [f"Area {number}" for number in range(9)]
    chart = series_of_areas(id="s", rows=yearly([*names, "England"]), **WORDS)
    assert chart.spec["facet"]["sort"] == names
    behind = next(layer for layer in chart.spec["spec"]["layer"] if layer.get("name") == "benchmark")
    assert {value["area_name"] for value in behind["data"]["values"]} == {"England"}
    assert "the dashed line in it is England" in chart.sentence


def test_each_line_of_few_areas_is_in_the_legend_with_a_look_of_its_own() -> None:
    names = [f"Area {number}" for number in range(6)]
    spec = series_of_areas(id="s", rows=yearly([*names, "England"]), focus=names[:1], **WORDS).spec
    scale = next(layer["encoding"]["shape"]["scale"] for layer in spec["layer"] if "shape" in layer["encoding"])
    assert scale["domain"] == [*names, "England"]
    looks = {
        str(
            [
                layer["encoding"][key]["scale"]["range"][at]
                for layer in spec["layer"]
                for key in layer["encoding"]
                if key in ("color", "shape", "strokeDash")
            ]
        )
        for at in range(7)
    }
    assert len(looks) == 7


# spines and bars -----------------------------------------------------------------------------------------


def spined() -> Chart:
    row = {"unit": "%", "decimals": 1, "lowest": 0.0, "lower_quartile": 8.0, "upper_quartile": 12.0, "highest": 20.0}
    row |= {"status": "normal", "england": 10.0, "polarity": "lower_is_better"}
    rows = [
        {**row, "name": "Low", "value": 1.0},
        {**row, "name": "Middle", "value": 10.0},
        {**row, "name": "High", "value": 19.0, "is_proxy": True},
        {**row, "name": "Alone", "value": 3.0, "england": None},
    ]
    return spine(id="spine", title="Halton", rows=rows)


def test_a_spine_explains_its_greys_its_proxies_and_who_lies_outside_the_middle_half() -> None:
    chart = spined()
    assert [value["name"] for value in chart.spec["data"]["values"]] == ["Low", "Middle", "High (proxy)"]
    for said in (
        "Pale grey is the range",
        "darker grey their middle half",
        "Better is to the right",
        "Outside the middle half on the better side: Low and Alone.",
        "Outside the middle half on the worse side: High (proxy).",
        "Not drawn, for there is no figure of England for the period or no range: Alone.",
    ):
        assert said in chart.sentence


def test_the_page_says_what_its_spine_shows(report: Path) -> None:
    place = page(report / "areas" / f"{LIVERPOOL}.html").one("spine-title").parent
    assert place is not None
    said = place.all("p")[0].text
    assert "Pale grey is the range" in said and "Outside the middle half on the worse side" in said
    assert "(proxy)" in said


def test_no_name_or_period_beside_a_bar_covers_another(browser: Chromium, tmp_path: Path) -> None:
    names = ["Cheshire West and Chester", "Cheshire and Merseyside", "Wirral", "Knowsley"]
    when = ["2018/19", "October 2021 to September 2022", "2023", "July 2022 to June 2023"]
    rows = [council(name, 8.0 - at, period=period) for at, (name, period) in enumerate(zip(names, when, strict=True))]
    chart = bars_of_areas(id="bars", rows=rows, **WORDS)
    overlapping = """() => { const boxes = [...document.querySelectorAll('.chart svg text')]
        .filter(e => e.textContent.trim()).map(e => e.getBoundingClientRect());
        return boxes.filter((a, i) => boxes.some((b, j) => i < j && a.left + 1 < b.right && b.left + 1 < a.right
            && a.top + 3 < b.bottom && b.top + 3 < a.bottom)).length; }"""
    for width in (1280, 400):
        with browser.opened(charted.page(tmp_path / str(width), [chart]), width=width) as opened:
            opened.drawn()
            assert opened.page.locator(".chart svg text", has_text="2018/19").count() == 1
            assert opened.page.evaluate(overlapping) == 0
            plot = "document.querySelector('.chart svg .mark-rect').getBoundingClientRect().width"
            assert opened.page.evaluate(plot) > 80
