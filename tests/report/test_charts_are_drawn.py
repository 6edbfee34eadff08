"""Every chart of the mart's own rows is drawn by a real browser under the pages' policy, for every reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from atf_dagster.report.charts import Chart
from atf_dagster.report.charts.palette import COLOURS
from support import charted
from support.browser import Chromium
from support.home import PublishedHome

WIDTHS = (1280, 400, 320)


@pytest.fixture(scope="module")
def drawn(published_home: PublishedHome) -> list[Chart]:
    return charted.all_builders(published_home.mart)


@pytest.fixture(scope="module")
def page(drawn: list[Chart], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return charted.page(tmp_path_factory.mktemp("charts"), drawn)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_chart_is_drawn_without_a_warning_or_a_request_elsewhere(
    browser: Chromium, page: Path, drawn: list[Chart], width: int
) -> None:
    with browser.opened(page, width=width) as opened:
        assert opened.drawn() == len(drawn)
        assert opened.troubles() == []
        assert opened.too_wide() == []
        widest = opened.page.evaluate(
            "Math.max(...[...document.querySelectorAll('.chart svg')].map(e => e.getBoundingClientRect().right))"
        )
        assert widest <= width


def test_a_chart_follows_the_width_of_the_page(browser: Chromium, page: Path) -> None:
    with browser.opened(page, width=1280) as opened:
        opened.drawn()
        opened.page.set_viewport_size({"width": 320, "height": 900})
        opened.page.wait_for_function(
            "() => [...document.querySelectorAll('.chart svg')].every(e => Number(e.getAttribute('width')) <= 320)"
        )
        assert opened.too_wide() == []


def test_a_screen_reader_meets_one_picture_with_a_description(
    browser: Chromium, page: Path, drawn: list[Chart]
) -> None:
    with browser.opened(page) as opened:
        opened.drawn()
        pictures = opened.page.locator(".chart[role=img]")
        said = pictures.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
        assert said == [f"{chart.title}. {chart.sentence}" for chart in drawn]
        assert opened.page.locator(".chart svg [role=graphics-symbol]:not([aria-hidden=true])").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark"), (320, "light")])
def test_axe_finds_nothing(browser: Chromium, page: Path, width: int, scheme: str) -> None:
    with browser.opened(page, width=width, scheme=scheme) as opened:
        opened.drawn()
        assert opened.axe() == []


def test_axe_finds_nothing_in_print(browser: Chromium, page: Path) -> None:
    with browser.opened(page, media="print") as opened:
        opened.drawn()
        assert opened.axe() == []


def test_a_dark_page_is_printed_in_ink(browser: Chromium, page: Path) -> None:
    with browser.opened(page, scheme="dark") as opened:
        opened.drawn()
        inks = "[...document.querySelectorAll('.chart svg text')].map(e => e.getAttribute('fill'))"
        assert COLOURS["ink"][1] in opened.page.evaluate(inks)
        opened.page.emulate_media(media="print")
        opened.page.wait_for_function(f"() => !{inks}.includes('{COLOURS['ink'][1]}')")


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb) by WCAG 2.2."""

    def light(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("scheme", "at"), [("light", 0), ("dark", 1)])
def test_colours_stand_out_from_the_page(browser: Chromium, page: Path, scheme: str, at: int) -> None:
    with browser.opened(page, scheme=scheme) as opened:
        ground = opened.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    red, green, blue = (int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(","))
    behind = f"#{red:02x}{green:02x}{blue:02x}"
    assert behind == COLOURS["page"][at]
    # Grid lines, the ranges of a spine and the outlined classes of a map carry no sign by their colour.
    decoration = {"page", "grid", "pale", "pale_inner", "light_blue"}
    least = {name: 4.5 if name in ("ink", "muted") else 3.0 for name in COLOURS if name not in decoration}
    assert {name for name, enough in least.items() if contrast(COLOURS[name][at], behind) < enough} == set()


def test_without_scripts_sentences_and_tables_remain(browser: Chromium, page: Path, drawn: list[Chart]) -> None:
    with browser.opened(page, scripts=False) as opened:
        assert opened.page.locator(".chart-sentence:visible").all_inner_texts() == [chart.sentence for chart in drawn]
        assert opened.page.locator("table:visible").count() == len(drawn)
        assert opened.page.locator(".chart:visible").count() == 0


def test_a_chart_that_cannot_be_drawn_says_so_in_words(browser: Chromium, drawn: list[Chart], tmp_path: Path) -> None:
    broken = Chart("broken", "Broken", "It says nothing.", {"mark": "bar", "data": {"url": "figures.csv"}}, (), ())
    with browser.opened(charted.page(tmp_path, [broken, drawn[0]])) as opened:
        opened.page.wait_for_selector(".chart[data-drawn=no] + .chart-error", state="visible")
        opened.page.wait_for_selector(".chart[data-drawn=yes]")
        assert "The table has its figures" in opened.page.locator(".chart-error").first.inner_text()
        assert [address for address in opened.requests if "figures" in address] == []
        # The libraries do not even try: the policy had nothing to refuse.
        assert [said for said in opened.console if "connect-src" in said] == []


def test_hostile_names_are_words(browser: Chromium, tmp_path: Path) -> None:
    name = """</script><img src=x onerror="window.hit=1"><b>O'Neil" '"""
    reason = "'+(window.hit=2)+'\\'}{{7*7}}${7*7} datum.value signal <svg onload=window.hit=3>"
    with browser.opened(charted.page(tmp_path, charted.hostile(name, reason))) as opened:
        assert opened.drawn() == 7
        for mark in opened.page.locator(".chart svg path[aria-roledescription], .chart svg .mark-symbol path").all()[
            :20
        ]:
            mark.hover(force=True)
        assert opened.page.evaluate("window.hit") is None
        assert opened.page.locator("main img, main b, main svg [onload]").count() == 0
        assert opened.troubles() == []
        assert "<b>O'Neil" in opened.page.locator("table").first.inner_text()
