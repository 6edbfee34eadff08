"""Every kind of page works in a real browser: charts drawn, nothing loaded elsewhere, readable for everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.browser import Chromium, Opened

WIDTHS = (1280, 400, 320)
KINDS = {
    "overview": "index.html",
    "area": "areas/E08*.html",
    "indicator": "indicators/ATF*.html",
    "question": "questions/*.html",
    "questions": "questions.html",
    "explore": "explore.html",
    "words": "how-to-read.html",
    "changes": "changes.html",
    "data": "data.html",
    "quality": "quality.html",
}
"""Kind -> which files are of it. The one with most charts is looked at."""


def of_kind(report: Path, kind: str) -> Path:
    found = sorted(report.glob(KINDS[kind]))
    return max(found, key=lambda path: path.read_text("utf-8").count("data-spec="))


def drawn(opened: Opened) -> int:
    """Wait until the page's charts are there, also the one that a reader chooses. Returns how many it came with."""
    if opened.page.locator("#explore").count():
        opened.page.wait_for_selector("#explore-chart[data-drawn=yes]")
    return opened.drawn()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_draws_its_charts_and_loads_nothing_elsewhere(browser: Chromium, report: Path, kind: str) -> None:
    page = of_kind(report, kind)
    with browser.opened(page) as opened:
        assert drawn(opened) == page.read_text("utf-8").count("data-spec=")
        for width in WIDTHS:
            opened.page.set_viewport_size({"width": width, "height": 900})
            opened.page.wait_for_timeout(50)
            assert opened.too_wide() == [], width
        assert opened.troubles() == []


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_at_any_width_and_in_print(browser: Chromium, report: Path, kind: str) -> None:
    with browser.opened(of_kind(report, kind)) as opened:
        drawn(opened)
        for width in WIDTHS:
            opened.page.set_viewport_size({"width": width, "height": 900})
            assert opened.axe(colours=width == 320) == [], width
        opened.page.emulate_media(media="print")
        assert opened.axe() == []


@pytest.mark.parametrize("kind", ["overview", "indicator", "explore"])
def test_a_dark_page_has_enough_contrast(browser: Chromium, report: Path, kind: str) -> None:
    with browser.opened(of_kind(report, kind), scheme="dark", width=400) as opened:
        drawn(opened)
        assert opened.axe() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_keyboard_reaches_everything(browser: Chromium, report: Path, kind: str) -> None:
    reachable = """() => [...document.querySelectorAll('a[href], button, select, input, summary, [tabindex="0"]')]
        .filter(e => e.checkVisibility()).length"""
    with browser.opened(of_kind(report, kind), width=400) as opened:
        drawn(opened)
        wanted = min(opened.page.evaluate(reachable), 60)
        reached = set()
        for _ in range(wanted):
            opened.page.keyboard.press("Tab")
            reached.add(opened.page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
        assert len(reached) == wanted
