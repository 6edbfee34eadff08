"""The page of docs/readers/web.md opens in a browser beside a served release, and asks nobody else."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest
from reader_pages import fences

from support.browser import Chromium, Opened
from support.home import PublishedHome
from support.server import Answer, LoopbackServer, Request, respond

MARKS = "() => document.querySelectorAll('#chart :is(.mark-symbol, .mark-rect).role-mark path').length"
"""The points or bars of councils, without those of the legend."""


NEWEST = """
    select area_name, period_label, coalesce(printf('%.1f', value) || ' ' || i.unit, status_in_words)
    from mart.vw_series join mart.dim_indicator as i using (indicator_key)
    where vw_series.indicator_code = '{indicator}' and is_headline and is_answered
    qualify row_number() over (partition by area_code order by sort_order desc) = 1
    order by (area_type = 'council') desc, (area_type = 'subregion') desc, (area_type = 'region') desc, area_name"""
"""Area, period, and value or reason of the newest row of each answered area, in the order of the JSON."""


class Site(LoopbackServer):
    """Files of the folder `releases`, and pages of the test."""

    def __init__(self, releases: Path, pages: dict[str, str]) -> None:
        super().__init__()
        self.folder, self.pages = releases, pages

    def answer(self, request: Request) -> Answer:
        path = unquote(request.path)
        if path in self.pages:
            return respond(self.pages[path].encode(), content_type="text/html; charset=utf-8")
        file = self.folder / path.removeprefix("/releases/")
        if not path.startswith("/releases/") or not file.is_file():
            return respond(b"", status=204 if path == "/favicon.ico" else 404)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return respond(file.read_bytes(), content_type=kind)


@pytest.fixture
def site(published_home: PublishedHome) -> Iterator[Site]:
    (fence,) = fences("web", "html")
    with Site(published_home.releases, {"/": fence.code}) as running:
        yield running


def drawn(opened: Opened) -> int:
    """How many points or bars of areas the chart has, once there is one."""
    opened.page.wait_for_function(f"({MARKS})() > 0")
    return int(opened.page.evaluate(MARKS))


@pytest.mark.parametrize(("indicator", "chart"), [("ATF02", "ATF02-councils-female"), ("ATF19", "ATF19-councils")])
def test_the_page_draws_the_chart_and_a_table_with_reasons_and_asks_nobody_else(
    published_home: PublishedHome, browser: Chromium, site: Site, indicator: str, chart: str
) -> None:
    """As it stands in the page, and for an indicator with figures that are not there."""
    site.pages["/"] = site.pages["/"].replace("ATF02-councils-female", chart).replace("json/ATF02", f"json/{indicator}")
    with browser.opened(site.url) as opened:
        count = drawn(opened)
        opened.page.wait_for_function("document.querySelector('#source').textContent !== ''")
        assert opened.troubles() == []
        cells = opened.page.locator("#rows td").all_inner_texts()
        source = opened.page.locator("#source").inner_text()
    rows = published_home.rows(NEWEST.format(indicator=indicator))
    assert list(zip(cells[::3], cells[1::3], cells[2::3], strict=True)) == rows
    reasons = [text for _, _, text in rows if not text[0].isdigit()]
    assert bool(reasons) == (indicator == "ATF19")
    assert count == len([area for area, _, text in rows if area != "England" and text not in reasons])
    assert "Open Government Licence" in source


def test_every_file_comes_from_one_version(published_home: PublishedHome, browser: Chromium, site: Site) -> None:
    """The pointer is read once; nothing is taken through `current`."""
    with browser.opened(site.url) as opened:
        drawn(opened)
        asked = [path for path in site.asked if path.startswith("/releases/")]
    assert asked.count("/releases/LATEST.json") == 1
    version = published_home.release.name
    assert {path.split("/")[2] for path in asked} == {"LATEST.json", version}


def test_the_charts_data_can_be_those_of_a_model_as_the_page_for_power_bi_says(
    published_home: PublishedHome, browser: Chromium, site: Site
) -> None:
    """What Deneb does, with Vega-Lite alone: a named set with the query's columns in place of the data."""
    chart = json.loads(
        (published_home.release / "report" / "charts" / "ATF02-councils-female.vl.json").read_text("utf-8")
    )
    (data,) = fences("power-bi", "json")
    (query,) = (fence.code for fence in fences("power-bi", "powerquery") if "SelectColumns" in fence.code)
    chosen = query.partition("SelectColumns(")[2].partition("{")[2].partition("}")[0]
    names = [name.strip().strip('"') for name in chosen.split(",")]
    assert read_by(chart) - {"comparison"} <= set(names)
    rows = rows_like_the_query(published_home, names)
    chart |= {"data": json.loads(data.code), "datasets": {"dataset": rows}}
    vendored = f"releases/{published_home.release.name}/report/assets/vendor"
    scripts = "".join(
        f'<script src="{vendored}/{name}.min.js"></script>' for name in ("vega", "vega-lite", "vega-embed")
    )
    site.pages["/deneb"] = (
        f'<!doctype html><meta charset="utf-8"><div id="chart"></div>{scripts}<script>'
        f"vegaEmbed('#chart', {json.dumps(chart)}, {{renderer: 'svg', actions: false}})</script>"
    )
    with browser.opened(f"{site.url}/deneb") as opened:
        assert drawn(opened) == len(rows) > 9
        assert opened.troubles() == []
        assert "66.0 years" in opened.page.locator("#chart").inner_html()


def read_by(chart: Any) -> set[str]:
    """Every field that an encoding of the specification reads."""
    if isinstance(chart, dict):
        own = {chart["field"]} if isinstance(chart.get("field"), str) else set()
        return own.union(*(read_by(part) for part in chart.values()))
    return set().union(*(read_by(part) for part in chart)) if isinstance(chart, list) else set()


def rows_like_the_query(home: PublishedHome, names: list[str]) -> list[dict[str, Any]]:
    """The rows that the page's query gives, worked out by DuckDB, as Power Query is not at hand."""
    with duckdb.connect(home.mart, read_only=True) as connection:
        answer = connection.sql("""
            select area_name, value, lci_95 as low, uci_95 as high,
                coalesce(outcome_judged, 'not judged') as comparison,
                coalesce(printf('%.1f', value) || ' ' || unit, status_in_words) as shown,
                coalesce(printf('%.1f', lci_95) || ' to ' || printf('%.1f', uci_95), 'none') as limits
            from vw_series
            where indicator_code = 'ATF02' and is_headline and is_newest and is_answered
                and area_code <> 'E92000001'""")
        assert answer.columns == names
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
