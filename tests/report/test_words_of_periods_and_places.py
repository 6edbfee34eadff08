"""Periods, places, counts and files are said so that a reader who is new to them is not misled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reading_pages import cells, page, pages

from atf_dagster.report import render
from atf_dagster.report.periods import readable, span
from support.home import PublishedHome

LIVERPOOL = "E08000012"
DIFFERENCES = "Differences are worked out before rounding."


def table(folder: Path, name: str, id: str) -> list[list[str]]:
    found = page(folder / name).one(f"{id}-caption").parent
    assert found is not None
    return cells(found)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("2025-12-31", "31 December 2025"),
        ("2024-12-01 to 2025-02-28", "December 2024 to February 2025"),
        ("2024-02-01 to 2024-02-29", "February 2024"),
        ("2020-03-28 to 2020-04-03", "28 March 2020 to 3 April 2020"),
        ("Oct 2012 to Sep 2013", "October 2012 to September 2013"),
        ("2018 to 2020", "2018 to 2020"),
        ("2023/24", "2023/24"),
        ("2023-02-31", "2023-02-31"),
    ],
)
def test_days_of_a_period_are_words(label: str, said: str) -> None:
    assert readable(label) == said


def test_from_one_period_to_another_has_one_to() -> None:
    assert span("2018 to 2020", "2022 to 2024") == "2018\u20132020 to 2022\u20132024"
    assert span("2019", "2024") == "2019 to 2024"
    assert span("2019", "2019") == "2019"


def test_no_page_of_figures_has_a_raw_day_as_its_period(report: Path) -> None:
    raw = re.compile(r"\d{4}-\d{2}-\d{2}")
    for path in pages(report):
        if path.name in ("data.html", "quality.html", "changes.html"):
            continue
        for one in page(path).all("table"):
            heads = [head.text for head in one.all("thead")[0].all("th")]
            at = [number for number, head in enumerate(heads) if "eriod" in head]
            shown = [row[number] for row in cells(one) for number in at if number < len(row)]
            # Groups of people may have a length of period of their own, which is no day.
            assert not [said for said in shown if raw.fullmatch(said)], path
    for path in (report / "explore").glob("*.js"):
        assert not re.search(r'"\d{4}-\d{2}-\d{2}/[^"]*","\d{4}-\d{2}-\d{2}', path.read_text("utf-8")), path


def test_a_council_is_ranked_from_the_best(report: Path, published_home: PublishedHome) -> None:
    rows = published_home.rows(
        # With as many codes as councils, no council is in the table twice under an old code.
        "select i.short_name, i.polarity, q.n_areas, (select struct_pack(n := count(*), place := 1 + count(*) filter "
        "(case i.polarity when 'higher_is_better' then o.value > l.value else o.value < l.value end)) "
        "from mart.fct_observation as o join mart.dim_area as a using (area_code) where (o.indicator_code, "
        "o.period_id, o.sex, o.age, o.breakdown_type) = (q.indicator_code, q.period_id, q.sex, q.age, 'Total') and "
        "a.area_type in ('council', 'former council') and left(o.area_code, 3) <> 'E07' and o.value is not null) "
        "from mart.fct_quintile as q join mart.dim_indicator as i using (indicator_code) join mart.vw_latest as l "
        "using (indicator_code, area_code, period_id, sex, age) where q.breakdown_type = 'Total' "
        f"and q.tier = 'upper' and q.rank is not null and l.area_code = '{LIVERPOOL}'"
    )
    shown = {row[0].partition(" (proxy")[0]: row[-1] for row in table(report, f"areas/{LIVERPOOL}.html", "spine")}
    known = [(*row[:3], row[3]["place"]) for row in rows if row[3]["n"] == row[2]]
    assert len(known) > 5
    for name, polarity, count, place in known:
        best = "has the lowest value" if polarity == "none" else "is the best"
        said = re.fullmatch(r"(\d+)(?:st|nd|rd|th) of (\d+), where 1st (.*)", shown[name])
        assert said is not None and said.groups() == (str(place), str(count), best), name


def test_who_is_no_council_is_not_ranked(report: Path) -> None:
    assert "England is not a council, so it is not ranked." in page(report / "areas" / "E92000001.html").text


def test_counts_of_areas_have_no_difference(report: Path, published_home: PublishedHome) -> None:
    names = {
        name
        for (name,) in published_home.rows(
            "select short_name from mart.dim_indicator where value_type = 'amount' and unit <> '\u00a3'"
        )
    }
    rows = table(report, f"areas/{LIVERPOOL}.html", "neighbours")
    of_counts = [row for row in rows if row[0] in names]
    assert of_counts and all(not re.search(r"\d", row[4]) for row in of_counts)
    assert any(re.search(r"\d", row[4]) for row in rows)


def test_trends_are_counted_and_named(report: Path) -> None:
    for path in sorted((report / "areas").glob("*.html")):
        said = page(path).text
        assert not re.search(r"\b1 are (rising|falling)|\b[02-9] is (rising|falling)", said), path
        for row in table(report, f"areas/{path.name}", "trends"):
            if row[4].startswith(("rising", "falling")):
                assert re.search(rf"{row[4].capitalize()}: [^.]*{re.escape(row[0])}", said), (path, row)


def test_a_first_release_is_compared_with_nothing(report: Path) -> None:
    said = page(report / "changes.html").text
    assert "This is the first release; there is nothing to compare it with." in said
    assert "has changed" not in said


def test_the_page_of_the_data_links_each_file_of_its_release(
    report: Path, published_home: PublishedHome, tmp_path: Path
) -> None:
    links = {link.attributes["href"] for link in page(report / "data.html").all("a")}
    files = [*published_home.release.glob("csv/*.csv"), *published_home.release.glob("parquet/*.parquet")]
    assert files
    for file in files:
        assert f"../{file.relative_to(published_home.release)}" in links, file
    elsewhere = page(render.write(published_home.release, tmp_path / "pages") / "data.html")
    assert not [link for link in elsewhere.all("a") if link.attributes["href"].startswith("../")]
    assert "csv/fct_observation.csv" in elsewhere.text


def test_a_page_with_differences_says_once_how_they_are_rounded(report: Path) -> None:
    for path in pages(report):
        heads = {head.text for head in page(path).all("th")} & {"Difference"}
        if path.parent.name in ("areas", "indicators"):
            assert page(path).text.count(DIFFERENCES) == (1 if heads else 0), path


def test_a_figure_below_zero_has_a_true_minus_sign(report: Path) -> None:
    for path in pages(report / "indicators"):
        said = " ".join(one.text for one in page(path).all("p", "td"))
        assert not re.search(r"(?<![\w/-])-\d+\.\d", said), path
    said = (report / "charts" / "ATF05-councils.vl.json").read_text("utf-8")
    assert "\u22120." in said and '"shown":"-' not in said
