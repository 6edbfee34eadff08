"""Whatever stands in a cell of the mart is text on a page and in a file, and never a script, a link or a formula."""

from __future__ import annotations

import csv
import json
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from conftest_types import Changed
from reading_pages import page, pages

from atf_dagster.release import candidate

SCRIPT = '</script><script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="x'
FORMULA = "=cmd|' /C calc'!A0"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture(scope="module")
def hostile(changed: Changed) -> Path:
    """Pages of a release with scripts, an address that is one, codes that are paths, and a formula in its cells."""
    code = "'../../outside' as indicator_code, * exclude (indicator_code)"
    return changed(
        f"insert into mart.dim_indicator by name select {code} from mart.dim_indicator where indicator_code = 'SUP07'",
        "insert into mart.dim_area by name select '../outside' as area_code, * exclude (area_code) "
        "from mart.dim_area where area_code = 'E08000012'",
        f"update mart.dim_area set area_name = {literal(SCRIPT)} where area_code = 'E08000012'",
        f"update mart.dim_area set area_name = {literal(FORMULA)} where area_code = 'E08000011'",
        f"update mart.dim_indicator set short_name = {literal(SCRIPT)}, definition = {literal(SCRIPT)}, "
        f"unit = {literal(SCRIPT)}, proxy_note = {literal(SCRIPT)}, attribution = {literal(SCRIPT)}, "
        "page_url = 'javascript:alert(1)' where indicator_code in ('ATF02', 'PRX22A')",
        f"update mart.dim_period set label = {literal(SCRIPT)}",
        f"update mart.fct_observation set status_note = {literal(SCRIPT)}",
        f"update mart.quality_result set observed = {literal(SCRIPT)}",
        f"update mart.dim_series_break set note = {literal(SCRIPT)}",
    )


def test_what_is_a_script_stays_text(hostile: Path) -> None:
    seen = 0
    for path in pages(hostile):
        for element in page(path).within:
            assert element.tag != "img", path
            assert not [name for name in element.attributes if name.startswith("on")], path
            if element.tag == "script":
                assert element.attributes.get("type") == "application/json" or element.attributes["src"], path
                assert "alert(1)" not in element.attributes.get("src", "")
                if "src" not in element.attributes:
                    json.loads(element.text)
        seen += SCRIPT.split(">", maxsplit=1)[0] in page(path).text
    assert seen > 10
    assert " ".join(SCRIPT.split()) in page(hostile / "areas" / "E08000012.html").all("h1")[0].text


def test_the_feed_stays_well_formed(hostile: Path) -> None:
    ElementTree.parse(hostile / "changes.atom")


def test_a_code_that_is_a_path_makes_no_file_elsewhere(hostile: Path) -> None:
    assert list(hostile.parent.parent.rglob("*outside*")) == []
    assert len(list((hostile / "areas").glob("*.html"))) == 12


def test_an_address_that_is_a_script_is_no_link(hostile: Path) -> None:
    for path in pages(hostile):
        assert not [a for a in page(path).all("a") if a.attributes["href"].startswith("javascript")], path


def test_a_formula_is_guarded_in_downloads(hostile: Path) -> None:
    with (hostile / "data" / "ATF02-councils-female.csv").open(newline="", encoding="utf-8") as stream:
        names = [row[0] for row in csv.reader(stream)]
    assert f"'{FORMULA}" in names and FORMULA not in names


def test_numbers_of_a_download_have_no_apostrophe(report: Path) -> None:
    with (report / "data" / "ATF05-councils.csv").open(newline="", encoding="utf-8") as stream:
        values = [row["value"] for row in csv.DictReader(stream)]
    assert any(value.startswith("-") for value in values)


def test_a_formula_behind_any_sign_that_nobody_sees_is_known_as_in_the_mart() -> None:
    with duckdb.connect() as connection:
        found = connection.execute(
            "select n, regexp_matches(chr(cast(n as int)) || '=1+1', ?) from range(1, 1114112) as all_signs(n) "
            "where n not between 55296 and 57343",
            [candidate.FORMULA],
        ).fetchall()
    assert sum(runs for _, runs in found) > 1000
    # DuckDB and this Python may know different versions of Unicode: what is new to one of them is no sign yet.
    differ = [n for n, runs in found if runs != candidate.begins_a_formula(chr(n) + "=1+1")]
    assert [n for n in differ if unicodedata.category(chr(n)) != "Cn"] == []
