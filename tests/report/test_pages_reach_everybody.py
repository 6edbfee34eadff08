"""Every page of the report: its structure for keyboards and screen readers, its size, and that it loads nothing."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import urldefrag, urlparse

from reading_pages import Element, page, pages

from support.home import PublishedHome

MOST = 300_000
"""Bytes of a page without the library that draws its charts."""


def test_there_is_a_page_of_each_area_and_each_indicator(report: Path, published_home: PublishedHome) -> None:
    areas = {code for (code,) in published_home.rows("select area_code from mart.dim_area where is_answered")}
    indicators = {code for (code,) in published_home.rows("select indicator_code from mart.dim_indicator")}
    questions = {no for (no,) in published_home.rows("select question_no from mart.vw_questions")}
    assert {path.stem for path in (report / "areas").glob("*.html")} == areas
    assert len(areas) == 12
    assert {path.stem for path in (report / "indicators").glob("*.html")} == indicators
    assert {path.stem for path in (report / "questions").glob("*.html")} == {f"q{no}" for no in questions}
    assert {path.name for path in report.glob("*.html")} == {
        f"{name}.html" for name in ("index", "questions", "explore", "how-to-read", "changes", "data", "quality")
    }


def test_every_page_is_smaller_than_300_kilobytes(report: Path) -> None:
    assert {path.name: path.stat().st_size for path in pages(report) if path.stat().st_size >= MOST} == {}


def test_every_title_says_the_subject_and_the_release(report: Path, published_home: PublishedHome) -> None:
    titles = []
    for path in pages(report):
        (title,) = page(path).all("title")
        (heading,) = page(path).all("h1")
        assert title.text.startswith(heading.text), path
        assert published_home.release.name in title.text, path
        titles.append(title.text)
    assert len(set(titles)) == len(titles)


def test_every_page_says_release_day_mode_and_licence(report: Path, published_home: PublishedHome) -> None:
    ((built, licence),) = published_home.rows(
        "select r.built_at, v.licence from mart.release_info as r, mart.dim_vintage as v limit 1"
    )
    for path in pages(report):
        (main,) = page(path).all("main")
        (footer,) = page(path).all("footer")
        assert f"Release {published_home.release.name}" in main.text, path
        assert f"{built.day} {built:%B %Y}" in main.text, path
        assert "Made from the bundled figures" in main.text, path
        assert licence in footer.text, path
        assert "Office for National Statistics licensed under the" in footer.text, path


def test_every_page_has_its_landmarks_and_a_way_past_the_navigation(report: Path) -> None:
    for path in pages(report):
        tree = page(path)
        (html,) = tree.all("html")
        assert html.attributes["lang"] == "en-GB"
        for landmark in ("header", "main", "footer"):
            assert len(tree.all(landmark)) == 1, (path, landmark)
        labels = [nav.attributes.get("aria-label") for nav in tree.all("nav")]
        assert all(labels) and len(set(labels)) == len(labels), path
        first = tree.all("a")[0]
        assert first.attributes["href"] == "#main"
        assert tree.one("main").tag == "main"


def test_headings_are_in_order_and_never_empty(report: Path) -> None:
    for path in pages(report):
        headings = [e for e in page(path).within if re.fullmatch("h[1-6]", e.tag) and not e.is_hidden]
        levels = [int(heading.tag[1]) for heading in headings]
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path
        assert all(heading.read for heading in headings), path


def test_no_id_is_there_twice_and_what_is_referred_to_is_there(report: Path) -> None:
    for path in pages(report):
        ids = [element.attributes["id"] for element in page(path).within if "id" in element.attributes]
        assert len(ids) == len(set(ids)), path
        for element in page(path).within:
            for name in ("aria-labelledby", "data-spec"):
                if name in element.attributes:
                    assert element.attributes[name] in ids, (path, element.attributes)


def test_every_table_has_caption_and_scopes_and_scrolls_for_keyboards(report: Path) -> None:
    for path in pages(report):
        for table in page(path).all("table"):
            if table.is_hidden:
                continue
            (caption,) = table.all("caption")
            assert caption.read, path
            for heading in table.all("th"):
                expected = "col" if heading.inside("thead") else "row"
                if heading.parent is not None and heading.parent.attributes.get("class") == "part":
                    expected = "rowgroup"
                assert heading.attributes.get("scope") == expected, (path, caption.text)
            region = table.parent
            assert region is not None
            assert region.attributes["role"] == "region" and region.attributes["tabindex"] == "0", path
            assert "aria-labelledby" in region.attributes or "aria-label" in region.attributes, path
            widths = {
                sum(int(cell.attributes.get("colspan", 1)) for cell in row.all("th", "td")) for row in table.all("tr")
            }
            assert len(widths) == 1, (path, caption.text, widths)


def test_every_chart_has_its_sentence_and_its_table(report: Path) -> None:
    seen = 0
    for path in pages(report):
        for place in page(path).all("div"):
            if place.attributes.get("class") != "chart" or "data-spec" not in place.attributes:
                continue
            seen += 1
            figure = place.parent and place.parent.parent
            assert figure is not None and figure.attributes["class"] == "figure"
            assert len(figure.all("table")) == 1, path
            assert any(paragraph.read.endswith((".", ")")) for paragraph in figure.all("p")), path
            spec = page(path).one(place.attributes["data-spec"])
            assert json.loads(spec.text)["data"]["values"], path
    assert seen > 100


def test_a_page_says_which_one_it_is_in_the_navigation(report: Path) -> None:
    for name in ("index", "questions", "explore", "how-to-read", "changes", "data", "quality"):
        marked = [a for a in page(report / f"{name}.html").all("a") if a.attributes.get("aria-current") == "page"]
        assert [a.attributes["href"] for a in marked] == [f"{name}.html"]


# what is loaded ------------------------------------------------------------------------------------------


def test_a_page_forbids_what_it_does_not_need(report: Path) -> None:
    for path in pages(report):
        (policy,) = [m for m in page(path).all("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.attributes["content"].split(";"))
        assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == "'self'"


def test_a_page_has_no_script_style_or_handler_of_its_own(report: Path) -> None:
    for path in pages(report):
        for element in page(path).within:
            assert element.tag not in ("style", "iframe", "object", "embed"), (path, element.tag)
            assert "style" not in element.attributes, (path, element.tag)
            assert not [name for name in element.attributes if name.startswith("on")], (path, element.tag)
            if element.tag == "script" and "src" not in element.attributes:
                assert element.attributes["type"] == "application/json", path


def test_nothing_is_loaded_from_elsewhere(report: Path) -> None:
    for path in pages(report):
        for element in page(path).within:
            loaded = element.attributes.get("src")
            if element.tag == "link":
                loaded = element.attributes["href"]
            if loaded is not None:
                assert not urlparse(loaded).scheme and not urlparse(loaded).netloc, (path, loaded)
    for style in (report / "assets").glob("*.css"):
        assert not re.search(r"url\(|@import", style.read_text("utf-8")), style


def test_every_link_within_the_report_leads_somewhere(report: Path) -> None:
    for path in pages(report):
        for element in page(path).within:
            for name in ("href", "src"):
                if name in element.attributes:
                    _resolves(path, report, element, element.attributes[name])


def _resolves(path: Path, report: Path, element: Element, address: str) -> None:
    if urlparse(address).scheme:
        assert address.startswith("https://"), (path, address)
        return
    file, anchor = urldefrag(address)
    target = (path.parent / file).resolve() if file else path
    # Pages that lie in their release link its files, too.
    assert target.is_relative_to(report.resolve().parent), (path, address)
    assert target.is_file(), (path, address)
    if anchor:
        assert page(target).one(anchor), (path, address)


def test_every_page_is_reached_from_the_overview(report: Path) -> None:
    seen: set[Path] = set()
    waiting = [report / "index.html"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for link in page(path).all("a"):
            file, _ = urldefrag(link.attributes["href"])
            if file.endswith(".html") and not urlparse(file).scheme:
                waiting.append((path.parent / file).resolve())
    assert {path.resolve() for path in seen} == {path.resolve() for path in pages(report)}


def test_pages_have_colours_for_dark_screens_and_rules_for_paper(report: Path) -> None:
    style = (report / "assets" / "report.css").read_text("utf-8")
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def _colours(style: str) -> tuple[dict[str, str], dict[str, str]]:
    blocks = re.findall(r":root \{([^}]*)\}", style)
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    return light, {**light, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1]))}


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_stands_out_from_its_ground_in_both_modes(report: Path) -> None:
    """4.5 to 1 for text and 3 to 1 for edges (WCAG 2.2, 1.4.3 and 1.4.11)."""
    for colours in _colours((report / "assets" / "report.css").read_text("utf-8")):
        pairs = [("text", ground, 4.5) for ground in ("ground", "panel", "better", "similar", "worse", "notice")]
        pairs += [("soft", "ground", 4.5), ("soft", "panel", 4.5), ("link", "ground", 4.5), ("link", "panel", 4.5)]
        pairs += [("link", "notice", 4.5), ("better-edge", "ground", 4.5), ("worse-edge", "ground", 4.5)]
        pairs += [("focus", "ground", 3), ("edge", "ground", 3), ("notice-edge", "ground", 3)]
        for front, ground, least in pairs:
            light, dark = sorted((_luminance(colours[front]), _luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= least, (front, ground)
