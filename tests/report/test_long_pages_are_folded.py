"""Long pages lead to their parts and fold what few readers need; by keyboard and on paper all is there."""

from __future__ import annotations

from pathlib import Path

from reading_pages import page, rows

from support.browser import Chromium
from support.home import PublishedHome

AREA = "areas/E08000012.html"
FOLDED = ("headline-proxy", "headline-supporting", "spine", "trends", "inequality", "neighbours")
VISIBLE = (
    "[...document.querySelectorAll('details.fold table')].filter(e => e.checkVisibility({contentVisibilityAuto: true}))"
)
HEIGHT = "document.documentElement.scrollHeight"


def test_an_areas_page_begins_with_links_to_its_parts(report: Path) -> None:
    tree = page(report / AREA)
    (contents,) = [nav for nav in tree.all("nav") if nav.attributes.get("aria-label") == "On this page"]
    links = [(link.attributes["href"].removeprefix("#"), link.read) for link in contents.all("a")]
    headings = [(h.attributes["id"], h.read) for h in tree.all("h2") if h.attributes.get("id", "").endswith("-group")]
    assert links == headings and len(links) == 6


def test_tables_of_an_area_stand_by_marmot_principle(report: Path, published_home: PublishedHome) -> None:
    expected = published_home.rows(
        "select principle, list(short_name order by beacon_no) from mart.dim_indicator where beacon_no is not null "
        "group by all order by min(beacon_no)"
    )
    table = page(report / AREA).one("headline-beacon-caption").parent
    assert table is not None
    found: list[tuple[str, list[str]]] = []
    for body in table.all("tbody"):
        (part,) = [row for row in body.all("tr") if row.attributes.get("class") == "part"]
        found.append((part.read, [row.all("th")[0].read for row in body.all("tr") if row is not part]))
    assert found == expected


def test_folded_tables_open_by_keyboard_and_all_are_open_on_paper(browser: Chromium, report: Path) -> None:
    with browser.opened(report / AREA) as opened:
        opened.drawn()
        tables = opened.page.locator("details.fold table").count()
        assert tables > len(FOLDED)
        assert opened.page.evaluate(f"{VISIBLE}.length") == 0
        folded = opened.page.evaluate(HEIGHT)
        summary = opened.page.locator("details.fold > summary").first
        summary.focus()
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate(f"{VISIBLE}.length") == 1
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate(f"{VISIBLE}.length") == 0
        opened.page.evaluate("document.querySelectorAll('details.fold').forEach(e => e.open = true)")
        assert folded < 0.7 * opened.page.evaluate(HEIGHT)
        opened.page.evaluate("document.querySelectorAll('details.fold').forEach(e => e.open = false)")
        opened.page.emulate_media(media="print")
        opened.page.screenshot()  # What is skipped is decided with the next frame, which a picture draws.
        assert opened.page.evaluate(f"{VISIBLE}.length") == tables
        heights = opened.page.evaluate(
            "[...document.querySelectorAll('details.fold table')].map(e => e.getBoundingClientRect().height)"
        )
        assert min(heights) > 20


def test_question_4_has_each_pair_under_its_determinant(report: Path, published_home: PublishedHome) -> None:
    expected = dict(
        published_home.rows(
            "select indicator_name, count(*) from mart.vw_determinants_and_life_expectancy group by all"
        )
    )
    found = {}
    for fold in page(report / "questions" / "q4.html").all("details"):
        if fold.attributes.get("class") == "fold":
            (summary,) = fold.all("summary")
            (table,) = fold.all("table")
            names = {row.all("th")[0].read for row in rows(table)}
            assert len(names) == 1 and summary.read.startswith(names.copy().pop())
            found[names.pop()] = len(rows(table))
    assert found == expected and len(found) > 30


def test_whose_figure_it_is_is_said_where_females_and_males_are_apart(report: Path) -> None:
    tree = page(report / AREA)
    for name in ("Life expectancy at birth", "Healthy life expectancy at birth"):
        assert f'"name":"{name}, females"' in tree.one("spine-spec").text
    (summary, *_) = [p.read for p in tree.all("p") if "beacon indicators have a figure" in p.read]
    assert "Healthy life expectancy at birth, females (2022 to 2024)" in summary


def test_a_charts_signs_are_those_of_the_scorecard(report: Path) -> None:
    from atf_dagster.report.charts.palette import EQUALS, MINUS, OUTCOMES, RING
    from atf_dagster.report.words import JUDGED, NOT_JUDGED

    shapes = {"+": "cross", "=": EQUALS, "\u2212": MINUS, "\u25cb": RING}
    for code, (sign, word) in JUDGED.items():
        assert OUTCOMES[word][1] == shapes[sign], code
    assert OUTCOMES[NOT_JUDGED[1]][1] == shapes[NOT_JUDGED[0]]
    spec = page(report / AREA).one("spine-spec").text
    assert all(path in spec for path in (MINUS, RING))
