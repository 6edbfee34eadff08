"""Figures and words on the pages are those of the mart, and downloads are what is shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from reading_pages import cells, page, pages

from atf_dagster.report.periods import readable
from support.home import PublishedHome

HEAT = (
    "select i.indicator_code, a.area_code, l.value, i.decimals, l.outcome_judged, l.trend, l.period, "
    "l.publisher_outcome "
    "from mart.dim_indicator as i cross join mart.dim_area as a "
    "left join mart.vw_latest as l on l.indicator_code = i.indicator_code and l.area_code = a.area_code "
    "where a.is_answered and i.beacon_no is not null"
)
ARROWS = {"increasing": "rising", "decreasing": "falling", "no_significant_change": "no significant change"}


def as_shown(value: float, decimals: int) -> str:
    shown = f"{value:,.{decimals}f}"
    return (shown.lstrip("-") if not shown.strip("-0.,") else shown).replace("-", "\u2212")


def heat(report: Path) -> dict[tuple[str, str], Any]:
    """(indicator, area) -> the cell of the scorecard."""
    found = {}
    for table in page(report / "index.html").all("table"):
        head = [cell.all("a")[0].attributes["href"] for cell in table.all("thead")[0].all("th")[1:]]
        areas = [href.removeprefix("areas/").removesuffix(".html") for href in head]
        for row in table.all("tbody")[0].all("tr"):
            code = row.all("th")[0].all("a")[0].attributes["href"].removeprefix("indicators/").removesuffix(".html")
            of_row = row.all("td")
            for area, cell in zip(areas, of_row * len(areas) if len(of_row) == 1 else of_row, strict=True):
                found[code, area] = cell
    return found


def test_the_scorecard_has_each_figure_judgement_trend_and_period(report: Path, published_home: PublishedHome) -> None:
    shown = heat(report)
    rows = published_home.rows(HEAT)
    assert len(rows) == 22 * 12
    for code, area, value, decimals, judged, trend, _, publisher in rows:
        cell = shown[code, area]
        if value is None:
            assert cell.attributes["class"] == "absent", (code, area)
            assert "no figure" in cell.read.lower(), (code, area)
            continue
        assert cell.all("strong")[0].text == as_shown(value, decimals), (code, area)
        classes = cell.attributes["class"].split()
        if area != "E92000001" and "doubted" not in classes:
            assert classes[0] == (judged or "not-judged"), (code, area)
            assert (judged or "not judged") in cell.read, (code, area)
        if trend in ARROWS:
            assert ARROWS[trend] in cell.read, (code, area)
        if judged is None and publisher:
            assert f"publisher: {publisher}" in cell.read, (code, area)


def test_a_cell_of_the_scorecard_says_its_period_where_it_is_not_that_of_its_row(
    report: Path, published_home: PublishedHome
) -> None:
    shown = heat(report)
    for code, area, value, *_, period, _publisher in published_home.rows(HEAT):
        if value is not None:
            row = shown[code, area].parent
            said = readable(period)
            assert said in shown[code, area].read or said in row.all("th")[0].read, (code, area)


def test_the_scorecard_stands_by_marmot_principle(report: Path, published_home: PublishedHome) -> None:
    principles = [
        text
        for (text,) in published_home.rows(
            "select principle from mart.dim_indicator where beacon_no is not null "
            "group by principle, principle_no order by principle_no"
        )
    ]
    headings = [heading.text for heading in page(report / "index.html").all("h3")]
    assert headings[: len(principles)] == principles


def test_the_overview_has_the_sentences_of_the_questions(report: Path, published_home: PublishedHome) -> None:
    said = page(report / "index.html").text
    rows = published_home.rows("select sentence from mart.vw_questions where kind = 'beacon' and n_areas > 0")
    assert len(rows) > 10
    for (sentence,) in rows:
        assert " ".join(sentence.split()) in said


def test_a_proxy_is_named_at_the_top_of_its_page(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select p.indicator_code, b.short_name, p.proxy_note from mart.dim_indicator as p "
        "inner join mart.dim_indicator as b on p.proxy_for = b.indicator_code"
    )
    assert len(rows) >= 10
    for code, beacon, note in rows:
        (main,) = page(report / "indicators" / f"{code}.html").all("main")
        # After the heading and the line of the release.
        notice = main.all("p")[1]
        assert "This is a proxy." in notice.read, code
        assert beacon in notice.read and " ".join(note.split()) in notice.read, code


def test_no_other_indicator_is_called_a_proxy(report: Path, published_home: PublishedHome) -> None:
    for (code,) in published_home.rows("select indicator_code from mart.dim_indicator where not is_proxy"):
        assert "This is a proxy." not in page(report / "indicators" / f"{code}.html").text, code


def test_an_indicator_without_figures_says_why_and_who_could_fill_it(
    report: Path, published_home: PublishedHome
) -> None:
    rows = published_home.rows(
        "select indicator_code from mart.coverage as c inner join mart.dim_area as a on c.area_code = a.area_code "
        "where a.is_answered group by indicator_code having bool_and(state = 'empty')"
    )
    assert len(rows) >= 6
    for (code,) in rows:
        notice = page(report / "indicators" / f"{code}.html").all("main")[0].read
        assert "There is no figure." in notice and "Who could fill it:" in notice, code
    assert "local return" in page(report / "indicators" / "ATF12.html").all("main")[0].all("p")[1].read


def test_an_indicators_page_has_definition_source_licence_and_citation(
    report: Path, published_home: PublishedHome
) -> None:
    for code, definition, publisher, attribution in published_home.rows(
        "select indicator_code, definition, publisher, attribution from mart.dim_indicator"
    ):
        said = page(report / "indicators" / f"{code}.html").text
        for words in (definition, publisher, attribution):
            if words:
                assert " ".join(words.split()) in said, (code, words)
        assert published_home.release.name in page(report / "indicators" / f"{code}.html").all("dl")[0].text


def test_bars_of_councils_have_limits_and_england(report: Path, published_home: PublishedHome) -> None:
    table = page(report / "indicators" / "ATF09.html").one("councils-caption").parent
    assert table is not None
    shown = {row[0]: row for row in cells(table)}
    for name, value, low, high, england, decimals in published_home.rows(
        "select area_name, value, lci_95, uci_95, england_value, decimals from mart.vw_latest "
        "where indicator_code = 'ATF09'"
    ):
        expected = [as_shown(number, decimals) for number in (value, low, high)]
        assert shown[name][2:5] == expected, name
        assert shown[name][5] == ("" if england is None else as_shown(england, decimals))


def test_life_and_healthy_life_expectancy_are_apart_and_so_are_the_sexes(report: Path) -> None:
    for code in ("ATF01", "ATF02"):
        tree = page(report / "indicators" / f"{code}.html")
        for id in ("councils-female", "councils-male", "series-female", "series-male"):
            assert tree.one(f"{id}-caption")
    titles = [heading.text for heading in page(report / "questions" / "q1a.html").all("h3")]
    assert "Life expectancy at birth, females" in titles and "Healthy life expectancy at birth, males" in titles


def test_a_break_is_said_beside_its_series(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows("select indicator_code, note from mart.dim_series_break")
    assert rows
    for code, note in rows:
        assert " ".join(note.split()) in page(report / "indicators" / f"{code}.html").text, code


def test_the_state_of_coverage_is_in_words_on_an_areas_page(report: Path, published_home: PublishedHome) -> None:
    table = page(report / "areas" / "E08000012.html").one("headline-beacon-caption").parent
    assert table is not None
    states = {row[0]: row[-1] for row in cells(table)}
    said = {"current": "up to date", "late": "not the newest figure", "stale": "held back", "empty": "no figure"}
    rows = published_home.rows(
        "select i.short_name, c.state from mart.coverage as c "
        "inner join mart.dim_indicator as i using (indicator_code) "
        "where c.area_code = 'E08000012' and i.beacon_no is not null"
    )
    assert len(rows) == 22
    for name, state in rows:
        parts = states[name].split("; ")
        assert any(part.startswith(said[state]) for part in parts), name
        assert "_" not in parts[0], name


def test_the_quality_page_has_what_failed_first_and_idle_notes_last(
    report: Path, published_home: PublishedHome
) -> None:
    tree = page(report / "quality.html")
    titles = [heading.text for heading in tree.all("h2")]
    assert titles[:2] == ["What failed", "What is held"]
    said = tree.all("main")[0].text
    for suite, name in published_home.rows("select suite, expectation from mart.quality_result where not success"):
        assert f"{suite}: {name}" in said
    assert said.index("Notes that change nothing") > said.index("All checks")
    kept = (published_home.release / "validation.html").read_text("utf-8")
    assert ("is read as" in kept) == ("is read as" in said)


def test_every_check_is_on_the_quality_page_with_its_reason(report: Path, published_home: PublishedHome) -> None:
    said = page(report / "quality.html").all("main")[0].text
    rows = published_home.rows("select expectation from mart.quality_result")
    assert rows
    for (name,) in rows:
        assert name in said
    assert "a gap was written as a zero" in said


def test_the_dictionary_has_every_table_and_column(report: Path, published_home: PublishedHome) -> None:
    tree = page(report / "data.html")
    tables = published_home.rows("select table_name from information_schema.tables where table_schema = 'mart'")
    assert len(tables) > 30
    for (name,) in tables:
        assert tree.one(name).tag == "h3"
    shown = {caption.text: caption.parent for caption in tree.all("caption")}
    for name in ("fct_observation", "vw_latest"):
        columns = [
            column
            for (column,) in published_home.rows(
                f"select column_name from duckdb_columns() where table_name = '{name}' and database_name = 'release' "
                "and schema_name = 'mart' "
                "order by column_index"
            )
        ]
        table = shown[f"Columns of {name}"]
        assert table is not None
        rows = cells(table)
        assert [row[0] for row in rows] == columns
        assert all(row[2] for row in rows)


# downloads -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["indicators/ATF02", "indicators/SUP63", "areas/E08000012", "questions/q2a"])
def test_downloads_are_exactly_what_is_shown(report: Path, name: str) -> None:
    tree = page(report / f"{name}.html")
    stem = name.partition("/")[2]
    whole = json.loads((report / "data" / f"{stem}.json").read_text("utf-8"))
    tables = [table for table in tree.all("table") if table.all("caption")[0].attributes["id"].endswith("-caption")]
    assert len(tables) == len(whole["figures"]) > 2
    for table in tables:
        id = table.all("caption")[0].attributes["id"].removesuffix("-caption")
        shown = cells(table)
        with (report / "data" / f"{stem}-{id}.csv").open(newline="", encoding="utf-8") as stream:
            heading, *rows = list(csv.reader(stream))
        assert heading == [column["name"] for column in whole["figures"][id]["columns"]]
        assert len(rows) == len(whole["figures"][id]["rows"]) == len(shown)
        for row, record, line in zip(rows, whole["figures"][id]["rows"], shown, strict=True):
            for cell, value, text in zip(row, record.values(), line, strict=True):
                assert _agree(cell, value, text), (id, cell, value, text)


def _agree(cell: str, value: Any, shown: str) -> bool:
    """Whether a cell of a file, the same in JSON and what is read on the page are one."""
    if value is None:
        return cell == ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return cell.removeprefix("'") == value.removeprefix("'") and " ".join(value.split()) == shown
    decimals = len(shown.partition(".")[2])
    number = float(shown.replace(",", "").replace("\u2212", "-").replace("+", ""))
    return float(cell) == value and abs(number - value) <= 0.5000001 * 10**-decimals


def test_the_specification_beside_a_page_is_the_chart_on_it(report: Path) -> None:
    for path in pages(report / "indicators")[:5]:
        for place in page(path).all("div"):
            if place.attributes.get("class") == "chart":
                id = place.attributes["data-spec"].removesuffix("-spec")
                kept = json.loads((report / "charts" / f"{path.stem}-{id}.vl.json").read_text("utf-8"))
                assert kept == json.loads(page(path).one(f"{id}-spec").text)
