"""What a reader would take for something else is said in words where it stands: doubts, age, other periods, gaps."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

from reading_pages import Element, cells, page, pages

from atf_dagster.report.periods import readable
from support.home import PublishedHome

COUNCILS = "area_code in (select area_code from mart.dim_area where is_answered and area_type = 'council')"
BEACONS = "indicator_code in (select indicator_code from mart.dim_indicator where beacon_no is not null)"


def table(tree: Element, id: str) -> list[list[str]]:
    found = tree.one(f"{id}-caption").parent
    assert found is not None
    return cells(found)


def headline(report: Path, area: str) -> dict[str, list[str]]:
    """Indicator as named on the page -> its row, over the three tables of an area's page."""
    tree = page(report / "areas" / f"{area}.html")
    return {row[0]: row for kind in ("beacon", "proxy", "supporting") for row in table(tree, f"headline-{kind}")}


def scorecard(report: Path) -> dict[tuple[str, str], tuple[Element, str]]:
    """(indicator, area) -> the cell of the scorecard, and its notes in one text."""
    tree = page(report / "index.html")
    found = {}
    for grid in tree.all("table"):
        areas = [cell.all("a")[0].attributes["href"][6:-5] for cell in grid.all("thead")[0].all("th")[1:]]
        for row in grid.all("tbody")[0].all("tr"):
            code = row.all("th")[0].all("a")[0].attributes["href"][11:-5]
            if len(row.all("td")) == len(areas):
                for area, cell in zip(areas, row.all("td"), strict=True):
                    links = [a.attributes["href"].removeprefix("#") for a in cell.all("a")]
                    found[code, area] = cell, " ".join(tree.one(link).read for link in links)
    assert found
    return found


def test_a_changed_gap_is_wider_or_narrower_as_the_view_of_the_questions_says(
    report: Path, published_home: PublishedHome
) -> None:
    seen = set()
    for area, name, decimals, group_a, group_b, since, period, sex, growth, turned in published_home.rows(
        "select v.area_code, v.indicator_name, i.decimals, v.group_a, v.group_b, v.since_period, v.period, v.sex, "
        "v.growth, v.has_turned from mart.vw_inequalities_wider_and_widening as v "
        "inner join mart.dim_indicator as i using (indicator_code) "
        "where v.change is not null and v.measure = 'absolute_gap' and i.proxy_for is null"
    ):
        mine = [
            row
            for row in table(page(report / "areas" / f"{area}.html"), "inequality")
            if row[:4] == [name, f"Change of the gap, since {since}", f"{group_a} and {group_b}", sex]
            and row[5] == period
        ]
        assert len(mine) == 1, (area, name)
        size = f"{abs(growth):.{decimals}f}"
        is_none = not size.strip("0.")
        word = "changed sides" if turned else "no change" if is_none else "wider" if growth > 0 else "narrower"
        assert mine[0][10] == (word if turned or is_none else f"{size} {word}"), (area, name, mine[0])
        seen.add(word)
    assert {"wider", "narrower"} <= seen


def test_measures_of_inequality_that_differ_by_age_alone_are_told_apart_and_have_a_unit(report: Path) -> None:
    rows = table(page(report / "areas" / "E54000008.html"), "inequality")
    assert len({tuple(row[:6]) for row in rows}) == len(rows)
    units = {row[6] for row in rows}
    assert "" not in units
    assert {"ratio", "percentage points"} <= units


def test_a_figure_that_a_check_doubts_is_neither_better_nor_worse_anywhere(
    report: Path, published_home: PublishedHome
) -> None:
    names = dict(published_home.rows("select area_code, area_name from mart.dim_area where is_answered"))
    row_of = names.__getitem__
    shown, seen = scorecard(report), 0
    for (sample,) in published_home.rows(
        "select sample from mart.quality_result where not success and severity in ('warning', 'critical')"
    ):
        for entry in json.loads(sample):
            if "told" not in entry:
                continue
            code, told = entry["indicator_code"], " ".join(entry["told"].split())
            notices = [p.read for p in page(report / "indicators" / f"{code}.html").all("p")]
            assert any(told in said and "Do not report it before it is confirmed." in said for said in notices), code
            for area, name in published_home.rows(
                "select area_code, indicator_name from mart.vw_latest where value is not null "
                f"and {COUNCILS} and indicator_code = '{code}' and period_id = '{entry['period_id']}' "
                f"and sex = '{entry['sex']}' and age = '{entry['age']}' "
                f"and '{entry.get('area_code') or ''}' in ('', area_code)"
            ):
                seen += 1
                rows = headline(report, area)
                (row,) = [row for title, row in rows.items() if title == name or title.startswith(f"{name} (proxy")]
                assert told in row[-1] and row[9] == "in doubt, not to be reported", (code, area, row)
                if (code, area) in shown:
                    cell, notes = shown[code, area]
                    assert cell.attributes["class"].split()[0] == "doubted" and told in notes, (code, area)
                    assert not {"better", "worse", "similar"} & set(re.findall(r"\w+", cell.read)), (code, area)
                for path in (report / "charts").glob(f"{code}-*.vl.json"):
                    drawn = json.loads(path.read_text("utf-8"))["data"]["values"]
                    said = {one.get("comparison") for one in drawn if one.get("area_name") == row_of(area)}
                    assert not {"better", "worse", "similar"} & said, path
    assert seen >= 9


def test_no_page_says_by_more_than_chance_of_what_is_not_tested(report: Path, published_home: PublishedHome) -> None:
    legend = page(report / "index.html").all("main")[0].all("ul")[0].read
    assert "chance" not in legend
    rows = published_home.rows(
        "select i.indicator_code, i.chance_note, count(l.outcome_judged), any_value(o.ci_method) "
        "from mart.dim_indicator as i left join mart.vw_latest as l using (indicator_code) "
        "left join mart.fct_observation as o on l.indicator_code = o.indicator_code and l.area_code = o.area_code "
        "and l.period_id = o.period_id and l.sex = o.sex and l.age = o.age and o.breakdown_type = 'Total' "
        "and o.lci_95 is not null where i.chance_note is not null group by all"
    )
    assert {bool(judged) for _, _, judged, _ in rows} == {True, False}
    for code, note, judged, method in rows:
        said = page(report / "indicators" / f"{code}.html").one("about-title").parent
        assert said is not None and " ".join(note.split()) in said.read
        # Where a check doubts all councils, no page judges what the mart judges.
        doubted = "A check doubts" in page(report / "indicators" / f"{code}.html").all("main")[0].read
        if judged and not doubted:
            whose = "are its publisher's" if method == "published" else "are worked out here"
            assert "no test of chance" in said.read and f"The limits {whose}" in said.read, code
        elif not judged:
            assert "no figure is called better or worse" in said.read, code


def test_each_indicator_that_a_summary_names_has_its_period(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select area_code, indicator_name || case headline_sex when 'Female' then ', females' when 'Male' then "
        "', males' else '' end, period from mart.vw_latest inner join mart.dim_indicator using (indicator_code) "
        "where outcome_judged in ('better', 'worse') and dim_indicator.beacon_no is not null "
        "and area_code in (select area_code from mart.dim_area where is_answered)"
    )
    assert len(rows) > 20
    for area, name, period in rows:
        summary = page(report / "areas" / f"{area}.html").all("main")[0].all("p")[1].read
        assert f"{name} ({readable(period)}" in summary, (area, name)


def test_a_cell_of_another_period_than_englands_says_so_and_what_england_had_then(
    report: Path, published_home: PublishedHome
) -> None:
    shown, seen = scorecard(report), 0
    for code, area, period, england, decimals, is_other in published_home.rows(
        "select l.indicator_code, l.area_code, l.period, l.england_value, l.decimals, l.period_id != e.period_id "
        "from mart.vw_latest as l inner join mart.vw_latest as e on l.indicator_code = e.indicator_code "
        "and e.area_code = 'E92000001' and e.value is not null where l.value is not null"
    ):
        if (code, area) not in shown:
            continue
        cell, _ = shown[code, area]
        assert ("other-period" in cell.attributes["class"].split()) == is_other, (code, area)
        if is_other:
            seen += 1
            then = f"{england:.{decimals}f}".replace("-", "\u2212")
            assert f"other period: {period}, England then {then}" in cell.read, (code, area, cell.read)
    assert seen >= 3


def test_what_is_not_tested_by_us_says_what_its_publisher_says(report: Path, published_home: PublishedHome) -> None:
    for code, n, similar, worse in published_home.rows(
        "select indicator_code, count(*), count(*) filter (where publisher_outcome = 'similar'), "
        "count(*) filter (where publisher_outcome = 'worse') from mart.vw_latest "
        f"where outcome_judged is null and publisher_outcome is not null and {COUNCILS} and {BEACONS} group by all"
    ):
        said = page(report / "indicators" / f"{code}.html").all("main")[0].read
        assert f"{n} not tested by us, of which the publisher says {similar} similar and {worse} worse" in said, code


def test_extremes_are_of_one_period_each(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select indicator_code, list(distinct period) from mart.vw_latest where value is not null "
        f"and {COUNCILS} and sex = 'Persons' group by all having count(distinct period) > 1"
    )
    assert rows
    for code, periods in rows:
        figure = page(report / "indicators" / f"{code}.html").one("councils-title").parent
        assert figure is not None
        said = figure.all("p")[0].read
        assert all(f"in {readable(period)} " in f" {said[0].lower()}{said[1:]}" for period in periods), (code, said)
        assert "must not be set beside each other" in said, code


def test_newer_periods_without_a_value_have_their_status_in_words(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select l.area_code, l.indicator_name, count(*) filter (where o.status = 'unreliable') "
        "from mart.vw_latest as l inner join mart.fct_observation as o using (indicator_code, area_code, sex, age) "
        "where l.value is not null and o.value is null and o.breakdown_type = 'Total' and "
        "split_part(o.period_id, '/', 2) > split_part(l.period_id, '/', 2) "
        f"and l.{BEACONS} and l.{COUNCILS} group by all having count(*) filter (where o.status = 'unreliable') > 0"
    )
    assert len(rows) >= 5
    for area, name, _ in rows:
        state = headline(report, area)[name][-1]
        assert "unreliable, not shown" in state and "newer, without a value: " in state, (area, name, state)
        assert "the publisher has no figure" not in state


def test_a_figure_of_a_period_that_ended_over_three_years_before_is_called_old(
    report: Path, published_home: PublishedHome
) -> None:
    ((built,),) = published_home.rows("select built_at from mart.release_info")
    limit = dt.date(built.year - 3, built.month, min(built.day, 28))
    shown, seen = scorecard(report), set()
    for code, area, name, end in published_home.rows(
        "select indicator_code, area_code, indicator_name, period_end from mart.vw_latest "
        f"inner join mart.dim_period using (period_id) where value is not null and {COUNCILS} and {BEACONS}"
    ):
        if abs((end - limit).days) > 4:
            is_old = end < limit
            seen.add(is_old)
            assert ("old figure" in headline(report, area)[name][-1]) == is_old, (code, area)
            assert ("old figure" in shown[code, area][0].read) == is_old, (code, area)
    assert seen == {True, False}


def test_a_sign_of_the_scorecard_has_its_reason_in_a_note_that_leads_back(report: Path) -> None:
    tree = page(report / "index.html")
    for (code, area), (cell, notes) in scorecard(report).items():
        if cell.attributes["class"].split()[0] in ("not-judged", "absent", "doubted"):
            assert notes, (code, area)
        for link in cell.all("a"):
            note = tree.one(link.attributes["href"].removeprefix("#"))
            back = tree.one(note.all("a")[0].attributes["href"].removeprefix("#"))
            assert back.parent is cell.parent, (code, area)


def test_a_count_has_no_difference_from_england_and_money_has(report: Path, published_home: PublishedHome) -> None:
    seen = set()
    for name, unit in published_home.rows(
        "select l.indicator_name, i.unit from mart.vw_latest as l inner join mart.dim_indicator as i "
        "using (indicator_code) where l.area_code = 'E08000012' and i.value_type = 'amount' "
        "and l.difference_from_england is not null"
    ):
        is_money = unit == "£"
        seen.add(is_money)
        assert (headline(report, "E08000012")[name][8] != "") == is_money, name
    assert seen == {True, False}


def test_no_page_calls_late_what_this_release_does_not_have(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows(
        "select i.short_name, c.state from mart.coverage as c "
        "inner join mart.dim_indicator as i using (indicator_code) "
        "where c.area_code = 'E08000012' and c.reason = 'not_in_snapshot' and i.proxy_for is null"
    )
    assert {state for _, state in rows} == {"late", "empty"}
    for name, _ in rows:
        assert "published, but not in this release" in headline(report, "E08000012")[name][-1], name
    for path in pages(report):
        assert "live refresh" not in page(path).all("main")[0].read, path


def test_how_to_read_this_has_the_words_and_every_beacon_indicator(report: Path, published_home: PublishedHome) -> None:
    tree = page(report / "how-to-read.html")
    terms = " ".join(term.read.lower() for term in tree.all("dt"))
    for word in ("beacon", "proxy", "supporting", "together", "approximate", "suppressed", "newest", "held", "better"):
        assert word in terms, word
    rows = table(tree, "beacons")
    expected = published_home.rows(
        "select i.beacon_no, i.short_name, count(l.value) filter (where l.area_code in (select area_code from "
        "mart.dim_area where is_answered and area_type = 'council')), count(l.value) from mart.dim_indicator as i "
        "left join mart.vw_latest as l using (indicator_code) where i.beacon_no is not null group by all order by 1"
    )
    assert [row[:1] + row[2:3] for row in rows] == [[f"{no}. {name}", f"{n} of 9"] for no, name, n, _ in expected]
    for row, (*_, n_any) in zip(rows, expected, strict=True):
        assert (row[1] == "yes") == (n_any > 0)
        assert ("Who could fill it:" in row[3]) == (n_any == 0), row
