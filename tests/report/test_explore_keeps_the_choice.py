"""On the explore page readers choose by keyboard or link, and see, hear and read the figures of the mart."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.browser import Chromium, Opened
from support.home import PublishedHome

DONE = """() => document.getElementById('explore-said').textContent !== ''
    && ['yes', 'no', 'none'].includes(document.getElementById('explore-chart').dataset.drawn)"""
HALTON, ENGLAND = "E06000006", "E92000001"
MOST_BYTES = 300_000


@contextmanager
def explored(browser: Chromium, report: Path, choice: str = "", width: int = 1280) -> Iterator[Opened]:
    with browser.opened(f"{(report / 'explore.html').resolve().as_uri()}{choice}", width=width) as opened:
        opened.page.wait_for_function(DONE)
        yield opened
        assert opened.troubles() == []
        assert opened.too_wide() == []


def cells(opened: Opened) -> list[list[str]]:
    rows = "[...document.querySelectorAll('#explore-table tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    found: list[list[str]] = opened.page.evaluate(rows)
    return found


def test_the_table_shows_the_figures_of_the_mart(
    browser: Chromium, report: Path, published_home: PublishedHome
) -> None:
    known = published_home.rows(
        "select area_name, value from mart.fct_observation join mart.dim_area using (area_code) "
        "where indicator_code = 'ATF16' and is_answered and breakdown_type = 'Total' and period_end = "
        "(select max(period_end) from mart.fct_observation where indicator_code = 'ATF16' and value is not null)"
    )
    with explored(browser, report, "#indicator=ATF16") as opened:
        shown = {name: figure for name, _, figure, *_ in cells(opened)}
        assert shown == {name: f"{value:.1f}%" for name, value in known}
        assert opened.page.locator("#explore-chart svg").count() == 1


def test_explore_rounds_a_figure_once_as_the_other_pages_do(report: Path, published_home: PublishedHome) -> None:
    published: dict[tuple[str, str, str], set[float]] = defaultdict(set)
    for *key, value in published_home.rows(
        "select indicator_code, area_code, period_id, value from mart.fct_observation where value is not null"
    ):
        published[key[0], key[1], key[2]].add(value)
    compared = 0
    for path in (report / "explore").glob("*.js"):
        given = json.loads(path.read_text("utf-8").removeprefix("atfExplore.take(").rstrip().removesuffix(");"))
        for area, period, _, value, *_ in given["rows"]:
            if value is not None:
                exact = published[given["code"], given["areas"][area], given["periods"][period][0]]
                assert value in {round(one, given["decimals"]) for one in exact}, (given["code"], value)
                compared += 1
    assert compared > 10_000


def test_a_link_brings_the_same_choice_back(browser: Chromium, report: Path) -> None:
    with explored(browser, report) as opened:
        opened.page.select_option("#explore-indicator", "ATF06")
        opened.page.wait_for_function(
            "() => document.getElementById('explore-title').textContent.includes('ttainment')"
        )
        opened.page.click("#explore-none")
        for area in (HALTON, ENGLAND):
            opened.page.check(f"input[value={area}]")
        opened.page.select_option("#explore-from", index=0)
        opened.page.wait_for_function(DONE)
        first = cells(opened)
        link = opened.page.get_attribute("#explore-link", "href")
        assert link == opened.page.evaluate("location.hash")
        said = opened.page.inner_text("#explore-said")
    assert {row[0] for row in first} == {"Halton", "England"}
    assert len({row[1] for row in first}) > 1
    with explored(browser, report, str(link)) as opened:
        assert cells(opened) == first
        assert opened.page.inner_text("#explore-said") == said


def test_every_indicator_can_be_chosen_and_drawn_over_all_its_periods(browser: Chromium, report: Path) -> None:
    with explored(browser, report) as opened:
        codes = opened.page.evaluate("[...document.querySelectorAll('#explore-indicator option')].map(o => o.value)")
        assert len(codes) > 10
        for code in codes:
            opened.page.evaluate("document.getElementById('explore-chart').dataset.drawn = 'wait'")
            opened.page.select_option("#explore-indicator", code)
            opened.page.wait_for_function(DONE)
            opened.page.evaluate("document.getElementById('explore-chart').dataset.drawn = 'wait'")
            opened.page.select_option("#explore-from", index=0)
            opened.page.wait_for_function(DONE)
            assert opened.page.get_attribute("#explore-chart", "data-drawn") == "yes", code
            assert opened.page.get_attribute("#explore-page", "href") == f"indicators/{code}.html"


def test_a_proxy_is_called_one(browser: Chromium, report: Path) -> None:
    proxy = next(path.stem for path in sorted((report / "explore").glob("PRX*.js")))
    with explored(browser, report, f"#indicator={proxy}") as opened:
        assert opened.page.inner_text("#explore-words").startswith("This is a proxy for ")


def test_an_absent_figure_is_its_word_and_never_zero(browser: Chromium, report: Path) -> None:
    with explored(browser, report, "#indicator=PRX22A&areas=E54000008") as opened:
        shown = {row[2] for row in cells(opened)}
        assert shown == {"unreliable, not shown"}
        assert opened.page.get_attribute("#explore-chart", "data-drawn") == "none"


def test_a_keyboard_changes_the_choice_and_the_change_is_announced(browser: Chromium, report: Path) -> None:
    with explored(browser, report) as opened:
        before = opened.page.inner_text("#explore-said")
        assert opened.page.get_attribute("#explore-said", "role") == "status"
        opened.page.focus("#explore-indicator")
        opened.page.keyboard.press("ArrowDown")
        opened.page.keyboard.press("Enter")
        opened.page.wait_for_function(
            "said => document.getElementById('explore-said').textContent !== said", arg=before
        )
        assert opened.page.evaluate("document.activeElement.id") == "explore-indicator"


@pytest.mark.parametrize(
    "choice", ["#indicator=%3Cimg%20src=x%3E&areas=x&from=y&to=z&group=w", "#%%%", "#indicator=../x"]
)
def test_a_wrong_link_shows_the_first_indicator(browser: Chromium, report: Path, choice: str) -> None:
    with explored(browser, report, choice) as opened:
        assert all(address.startswith("file:") for address in opened.requests)
        assert opened.page.evaluate("document.getElementById('explore-indicator').selectedIndex") == 0


def test_without_scripts_it_says_where_the_tables_are(browser: Chromium, report: Path) -> None:
    with browser.opened(report / "explore.html", scripts=False) as opened:
        assert "Every figure is in the tables" in opened.page.inner_text("main")
        links = opened.page.locator("noscript a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert links
        assert all((report / link).is_file() for link in links)
        assert not opened.page.is_visible("#explore")


def test_page_and_figures_are_small(report: Path) -> None:
    page = (report / "explore.html").stat().st_size
    assert {path.name for path in (report / "explore").iterdir() if page + path.stat().st_size > MOST_BYTES} == set()


def test_the_figures_are_json_in_one_call(report: Path) -> None:
    for path in (report / "explore").glob("*.js"):
        text = path.read_text("utf-8")
        figures = json.loads(text.removeprefix("atfExplore.take(").removesuffix(");\n"))
        assert figures["code"] == path.stem
        assert not set(text) & set("<>&\u2028\u2029")
