"""The JSON of a release: every published figure of the answered areas with what it is, and no hidden one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest_types import Changed
from jsonstat_validator import validate_jsonstat

from atf_dagster.release import versions
from support.home import PublishedHome

ANSWERED = "area_code in (select area_code from dim_area where is_answered and area_type <> 'organisation')"
GROUP = ("sex", "age", "breakdown_type", "breakdown_value")
MOST_BYTES = 10_000_000
SECRET = 31415926
HIDDEN = ("ATF01", "E08000012")
DOUBTED = ("ATF18", "E06000006")


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def folder(published_home: PublishedHome) -> Path:
    return published_home.release / "json"


@pytest.fixture(scope="module")
def cards(folder: Path) -> dict[str, dict[str, Any]]:
    return {card["indicator_code"]: card for card in read(folder / "indicators.json")["indicators"]}


def figures(document: dict[str, Any]) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """Key without the indicator -> value, limits, status, note."""
    return {
        (
            one["area_code"],
            point["period_id"],
            *(one[name] for name in GROUP),
        ): (
            point["value"],
            point.get("lower"),
            point.get("upper"),
            point["status"],
            point.get("note"),
        )
        for one in document["series"]
        for point in one["points"]
    }


def of_the_mart(home: PublishedHome, code: str) -> dict[tuple[str, ...], tuple[Any, ...]]:
    rows = home.rows(
        "select area_code, period_id, sex, age, breakdown_type, breakdown_value, value, lci_95, uci_95, status, "
        f"status_note from fct_observation where indicator_code = '{code}' and {ANSWERED}"
    )
    return {row[:6]: row[6:] for row in rows}


def cells(dataset: dict[str, Any]) -> dict[tuple[str, ...], float]:
    """Categories of all dimensions -> value, by the rule of JSON-stat: the last dimension runs fastest."""
    indexes = [dataset["dimension"][name]["category"]["index"] for name in dataset["id"]]
    assert [len(index) for index in indexes] == dataset["size"]
    found = {}
    for place, value in dataset["value"].items():
        left, key = int(place), []
        for index in reversed(indexes):
            left, at = divmod(left, len(index))
            key.append(index[at])
        assert left == 0
        found[tuple(reversed(key))] = value
    return found


def test_each_file_has_exactly_the_published_figures_of_its_indicator(
    published_home: PublishedHome, folder: Path, cards: dict[str, dict[str, Any]]
) -> None:
    total = 0
    for code, card in cards.items():
        found = figures(read(folder / card["file"]))
        assert found == of_the_mart(published_home, code), code
        total += len(found)
    assert total > 15_000


def test_each_dataset_of_json_stat_is_valid_and_has_the_same_figures(
    published_home: PublishedHome, folder: Path, cards: dict[str, dict[str, Any]]
) -> None:
    for code, card in cards.items():
        expected = of_the_mart(published_home, code)
        assert (card["json_stat"] is not None) == bool(expected), code
        if not expected:
            continue
        dataset = read(folder / card["json_stat"])
        assert validate_jsonstat(dataset)
        found = cells(dataset)
        statuses = set()
        for (area, period, *group), (value, lower, upper, status, _) in expected.items():
            key = (area, period, "|".join(group))
            wanted = (value, None, None) if value is None else (value, lower, upper)
            assert tuple(found.get((*key, name)) for name in ("value", "lower", "upper")) == wanted, (code, key)
            statuses |= {status} - {"normal"}
        assert statuses <= set(dataset.get("status", {}).values()) | {"doubted"}, code
        assert card["attribution"] in dataset["source"], code


def test_headline_series_are_those_of_the_newest_figures(
    published_home: PublishedHome, folder: Path, cards: dict[str, dict[str, Any]]
) -> None:
    newest = published_home.rows(
        f"select indicator_code, area_code, sex, age, period_id, value from vw_latest where {ANSWERED}"
    )
    assert len(newest) > 300
    for code, area, sex, age, period, value in newest:
        (series,) = (
            one
            for one in read(folder / cards[code]["file"])["series"]
            if (one["area_code"], one["sex"], one["age"], one["breakdown_type"]) == (area, sex, age, "Total")
        )
        assert series["is_headline"], (code, area)
        assert {point["period_id"]: point["value"] for point in series["points"]}[period] == value


def test_where_to_begin_leads_to_every_file_and_names_licence_and_sources(
    published_home: PublishedHome, folder: Path
) -> None:
    index = read(folder / "index.json")
    listed = {entry[kind] for entry in index["indicators"] for kind in ("file", "json_stat") if entry[kind]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    assert there == listed | {"index.json", index["files"]["indicators"]}
    assert index["release"]["version"] == published_home.release.name
    assert index["release"]["mode"] == "snapshot"
    assert index["licence"]["title"] == "Open Government Licence v3.0"
    attributions = {one for (one,) in published_home.rows("select distinct attribution from dim_vintage")}
    assert set(index["attribution"]) == attributions
    for path in folder.glob("*.json"):
        assert read(path)["release"]["mode"] == "snapshot", path.name
        assert read(path)["licence"]["url"].startswith("https://"), path.name


def test_each_figure_leads_to_its_source(published_home: PublishedHome, folder: Path, cards: dict[str, Any]) -> None:
    rows = published_home.rows(
        f"select indicator_code, area_code, period_id, {', '.join(GROUP)}, vintage_id, attribution "
        f"from fct_observation join dim_vintage using (vintage_id) where {ANSWERED}"
    )
    expected = {row[:7]: row[7:] for row in rows}
    looked_at = 0
    for code, card in cards.items():
        document = read(folder / card["file"])
        for one in document["series"]:
            for point in one["points"]:
                source = document["sources"][point["source"]]
                key = (code, one["area_code"], point["period_id"], *(one[name] for name in GROUP))
                assert (source["vintage_id"], source["attribution"]) == expected[key]
                looked_at += 1
    assert looked_at == len(expected)


def test_a_proxy_says_that_it_is_one_wherever_it_stands(folder: Path, cards: dict[str, dict[str, Any]]) -> None:
    proxies = [card for card in cards.values() if card["proxy_for"]]
    assert len(proxies) > 5
    for card in proxies:
        assert card["is_proxy"] and card["kind"] == "proxy" and card["proxy_note"]
        assert card["indicator_code"] in cards[card["proxy_for"]]["proxies"]
        assert read(folder / card["file"])["indicator"] == card
        if card["json_stat"]:
            dataset = read(folder / card["json_stat"])
            assert dataset["extension"]["proxy_for"] == card["proxy_for"]
            assert card["proxy_note"] in dataset["note"]


def test_coverage_is_that_of_the_mart_and_in_words(
    published_home: PublishedHome, cards: dict[str, dict[str, Any]]
) -> None:
    rows = published_home.rows(f"select indicator_code, area_code, state, reason from coverage where {ANSWERED}")
    assert len(rows) > 300
    for code, area, state, reason in rows:
        (one,) = (one for one in cards[code]["coverage_by_area"] if one["area_code"] == area)
        assert (one["state"], one["reason"]) == (state, reason)
        assert one["in_words"] and "_" not in one["in_words"]
    known = {code for (code,) in published_home.rows("select indicator_code from vw_latest where value is not null")}
    for code, card in cards.items():
        assert card["coverage"].startswith("No figure.") == (code not in known), code
        assert "_" not in card["coverage"], code


def test_the_folder_of_the_release_is_that_of_the_pages(published_home: PublishedHome, folder: Path) -> None:
    (release,) = versions.releases(published_home.releases)
    pages = published_home.release / "report" / "json"
    names = {path.relative_to(folder) for path in folder.rglob("*.json")}
    assert names == {path.relative_to(pages) for path in pages.rglob("*.json")}
    for name in names:
        assert (folder / name).read_bytes() == (pages / name).read_bytes()
    assert not [name for name in release.receipt["files"] if name.startswith("json")]
    assert sum((folder / name).stat().st_size for name in names) < MOST_BYTES


@pytest.fixture(scope="module")
def altered(changed: Changed) -> Path:
    """The JSON of a release in which a figure is hidden, with counts that nobody may see, and one is doubted."""
    hidden, doubted = (f"indicator_code = '{code}' and area_code = '{area}'" for code, area in (HIDDEN, DOUBTED))
    report = changed(
        "update mart.fct_observation set value = null, lci_95 = null, uci_95 = null, lci_998 = null, uci_998 = null, "
        f"status = 'suppressed', status_note = 'A small number.', numerator = {SECRET}, denominator = {SECRET}, "
        f"partial_value = {SECRET} where {hidden}",
        "insert into mart.quality_result select run_id, suite, 'a_planted_doubt', 'warning', false, '', 1, "
        "(select to_json([{'indicator_code': indicator_code, 'area_code': area_code, 'period_id': period_id, "
        f"'sex': sex, 'age': age, 'told': 'It is odd.'}}]) from mart.vw_latest where {doubted}), "
        "table_name, owner, evaluated_at from mart.quality_result limit 1",
    )
    return report / "json"


def test_a_hidden_figure_is_null_with_its_status_and_no_number_of_it_is_anywhere(altered: Path) -> None:
    code, area = HIDDEN
    mine = [one for one in read(altered / f"{code}.json")["series"] if one["area_code"] == area]
    points = [point for one in mine for point in one["points"]]
    assert len(points) > 3
    for point in points:
        assert (point["value"], point["status"], point["in_words"]) == (None, "suppressed", "suppressed")
        assert point["note"] == "A small number."
        assert not point.keys() & {"lower", "upper"}
    dataset = read(altered / "stat" / f"{code}.json")
    assert not [key for key in cells(dataset) if key[0] == area]
    assert "suppressed" in dataset["status"].values()
    for path in altered.rglob("*.json"):
        assert str(SECRET) not in path.read_text("utf-8"), path.name


def test_a_figure_that_a_check_doubts_says_so(altered: Path) -> None:
    code, area = DOUBTED
    said = [
        point["doubt"]
        for one in read(altered / f"{code}.json")["series"]
        if one["area_code"] == area
        for point in one["points"]
        if "doubt" in point
    ]
    assert len(said) == 1 and "It is odd." in said[0]
    assert "doubted" in read(altered / "stat" / f"{code}.json")["status"].values()
