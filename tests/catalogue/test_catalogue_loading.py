"""The catalogue: what it says of every indicator, what an indicator more costs, and what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from atf_dagster import sources
from atf_dagster.catalogue import Catalogue, CatalogueError, load
from atf_dagster.catalogue.load import FOLDER
from atf_dagster.errors import NotFound
from atf_dagster.files import read_yaml
from atf_dagster.sources import SOURCES, Source

BEACON = {card.beacon_no: card for card in load().indicators if card.beacon_no is not None}
INJECTION = "x'; drop table mart.fct_observation; --"

ONE_MORE = """\
- id: fingertips_92443
  source_id: "92443"
  title: "Smoking prevalence in adults"
  page_url: https://fingertips.phe.org.uk/search/92443
  period: {start: 01-01, lag_months: 12}
  indicator:
    code: SUP99
    short_name: "Adult smokers"
    name: "Smoking prevalence in adults aged 18 and over"
    definition: "Adults aged 18 and over who smoke, Annual Population Survey."
    unit: "%"
    value_type: proportion
    multiplier: 100
    value_min: 0
    value_max: 100
    polarity: lower_is_better
    year_type: calendar
    native_level: upper tier local authority
    aggregation_rule: published_only
    ci_method: published
    trend_allowed: true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the catalogue's YAML, to be changed."""
    copied = tmp_path / "catalogue"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copied


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    """Read a YAML file, change what it says, write it again."""
    content = read_yaml(path)
    change(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def refusal(folder: Path) -> str:
    """What `load` says of a folder that it must refuse."""
    with pytest.raises(CatalogueError) as refused:
        load(folder)
    return refused.value.message


def test_there_are_the_22_beacon_indicators() -> None:
    assert sorted(BEACON) == list(range(1, 23))
    assert [BEACON[number].code for number in sorted(BEACON)] == [f"ATF{number:02d}" for number in range(1, 23)]


@pytest.mark.parametrize("number", range(1, 23))
def test_a_beacon_indicator_says_what_a_reader_must_know(number: int) -> None:
    card = BEACON[number]
    assert card.name.strip()
    assert card.report_name is not None and card.report_name.strip()
    assert card.principle_no is not None and load().principles[card.principle_no].strip()
    assert card.unit.strip()
    assert len(card.definition) >= 40
    assert not card.is_proxy


def test_a_beacon_indicator_without_a_dataset_says_why_it_is_empty() -> None:
    collected = {code for _, dataset in load().datasets for code in dataset.indicators}
    silent = [card.code for card in BEACON.values() if card.code not in collected and card.empty_reason is None]
    assert silent == []


def test_a_proxy_names_its_beacon_indicator_and_how_it_differs() -> None:
    proxies = [card for card in load().indicators if card.is_proxy]
    assert proxies
    for card in proxies:
        assert card.proxy_for in {beacon.code for beacon in BEACON.values()}
        assert card.proxy_note
        assert card.beacon_no is None


def test_the_nine_councils_their_sub_region_the_north_west_and_england_are_areas() -> None:
    areas = {area.code: area for area in load().areas}
    councils = {code for code, area in areas.items() if area.type == "council"}
    assert councils == {
        *("E06000006", "E06000007", "E06000049", "E06000050"),
        *("E08000011", "E08000012", "E08000013", "E08000014", "E08000015"),
    }
    assert {areas[code].parent for code in councils} == {"E54000008"}
    assert areas["E54000008"].parent == "E12000002"
    assert areas["E12000002"].parent == "E92000001"


def test_every_service_has_a_module_and_every_module_that_speaks_to_one_its_service() -> None:
    assert all(isinstance(SOURCES[service.id], Source) for service in load().services)
    modules = {
        path.stem for path in Path(sources.__file__).parent.glob("*.py") if "\nSOURCE = " in path.read_text("utf-8")
    }
    assert modules == {service.id for service in load().services} == set(SOURCES)


def test_a_service_without_a_module_is_told_by_the_file_that_is_missing() -> None:
    with pytest.raises(KeyError, match=r"atf_dagster/sources/tides\.py"):
        SOURCES["tides"]


def test_an_indicator_more_of_a_known_publisher_costs_one_entry(folder: Path) -> None:
    before = load()
    path = folder / "collections" / "fingertips.yml"
    path.write_text(path.read_text("utf-8") + ONE_MORE, "utf-8")
    after = load(folder)
    assert {d.id for _, d in after.datasets} - {d.id for _, d in before.datasets} == {"fingertips_92443"}
    assert {c.code for c in after.indicators} - {c.code for c in before.indicators} == {"SUP99"}
    assert [d for _, d in after.datasets if d.id != "fingertips_92443"] == [d for _, d in before.datasets]
    assert [c for c in after.indicators if c.code != "SUP99"] == list(before.indicators)


def test_an_indicator_more_is_one_landing_asset_more(folder: Path) -> None:
    from atf_dagster.orchestration.assets.landing import key, landing_assets
    from atf_dagster.orchestration.assets.raw import raw_assets

    before = landing_assets(load()).keys
    path = folder / "collections" / "fingertips.yml"
    path.write_text(path.read_text("utf-8") + ONE_MORE, "utf-8")
    after = load(folder)
    assert set(landing_assets(after).keys) - set(before) == {key("fingertips_92443")}
    assert raw_assets(after).keys == raw_assets(load()).keys
    (table,) = (spec for spec in raw_assets(after).specs if spec.key.path[-1] == "fingertips_indicator_data")
    assert key("fingertips_92443") in {dependency.asset_key for dependency in table.deps}


def test_contradictions_are_refused_together_in_one_message(folder: Path) -> None:
    def contradict(entry: Any) -> None:
        entry["datasets"][0]["indicator"] = "XYZ99"
        entry["datasets"].append(entry["datasets"][1])
        proxy = next(
            d for d in entry["datasets"] if isinstance(d.get("indicator"), dict) and d["indicator"].get("is_proxy")
        )
        proxy["indicator"]["proxy_for"] = "ATF77"

    def orphan(areas: Any) -> None:
        areas[0]["parent"] = "E99999999"

    rewrite(folder / "collections" / "fingertips.yml", contradict)
    rewrite(folder / "areas.yml", orphan)
    message = refusal(folder)
    assert "dataset fingertips_93283 yields XYZ99, which no card describes" in message
    assert "dataset fingertips_90362 is declared twice" in message
    assert "a proxy for ATF77, which no card describes" in message
    assert "area E06000006 has the parent E99999999, which is not declared" in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda beacon: beacon["indicators"].append(beacon["indicators"][0]), "indicator ATF01 is declared twice"),
        (
            lambda beacon: beacon["indicators"][1].update(short_name=beacon["indicators"][0]["short_name"]),
            "the short_name 'Life expectancy at birth' is that of two indicators",
        ),
        (lambda beacon: beacon["indicators"][0].update(principle_no=77), "ATF01 names principle 77"),
        (lambda beacon: beacon["indicators"][0].update(is_proxy=True), "ATF01: is_proxy and proxy_for"),
        (lambda beacon: beacon["indicators"][0].update(polarity="sideways"), "polarity"),
        (lambda beacon: beacon["indicators"][0].update(colour="red"), "colour"),
        (lambda beacon: beacon["indicators"][2].update(evidence="nobody else's"), "ATF03 names the evidence"),
        (lambda beacon: beacon["indicators"][2].update(evidence="{{ this }}"), "template markup"),
        (lambda beacon: beacon["indicators"][0].pop("unit"), "unit"),
    ],
)
def test_a_card_that_cannot_be_is_refused_by_name(folder: Path, change: Callable[[Any], None], words: str) -> None:
    rewrite(folder / "beacon.yml", change)
    assert words in refusal(folder)


NO_BOUND = "every figure is checked against it, and a"
BOUNDS: list[tuple[dict[str, Any], str]] = [
    ({"value_max": None}, f"value_max is missing: {NO_BOUND} proportion needs one"),
    ({"value_min": None}, f"value_min is missing: {NO_BOUND} proportion needs one"),
    ({"value_max": 200}, "value_max is 200; for a proportion it is 100 or less"),
    ({"value_min": -1}, "value_min is -1; for a proportion it is 0 or more"),
    ({"value_min": 100}, "value_max is 100; it must be above value_min, 100"),
    ({"multiplier": 1}, "multiplier is 1; for a proportion it is 100"),
    ({"value_type": "life_expectancy", "multiplier": 1, "value_max": 300}, "for a life_expectancy it is 110 or less"),
    ({"value_type": "crude_rate", "multiplier": 1000, "value_max": 1001}, "for a crude_rate it is 1000 or less"),
    ({"value_type": "standardised_rate", "multiplier": 7}, "it is 1000 or 10000 or 100000"),
    (
        {"value_type": "amount", "multiplier": 1, "value_min": None},
        f"value_min is missing: {NO_BOUND} amount needs one",
    ),
    ({"value_type": "mean", "multiplier": 1, "value_max": None}, f"value_max is missing: {NO_BOUND} mean needs one"),
]


@pytest.mark.parametrize(("change", "words"), BOUNDS)
def test_bounds_that_do_not_fit_the_kind_of_value_are_refused_by_file_entry_and_field(
    folder: Path, change: dict[str, Any], words: str
) -> None:
    path = folder / "collections" / "fingertips.yml"
    path.write_text(path.read_text("utf-8") + ONE_MORE, "utf-8")
    rewrite(path, lambda entry: entry["datasets"][-1]["indicator"].update(change))
    message = refusal(folder)
    assert message.startswith("fingertips.yml: dataset fingertips_92443: indicator SUP99: ")
    assert message.endswith(f"{words}.")


def test_an_amount_needs_no_upper_bound(folder: Path) -> None:
    path = folder / "collections" / "fingertips.yml"
    path.write_text(path.read_text("utf-8") + ONE_MORE, "utf-8")
    open_above = {"value_type": "amount", "multiplier": 1, "value_max": None}
    rewrite(path, lambda entry: entry["datasets"][-1]["indicator"].update(open_above))
    assert load(folder).indicator("SUP99").value_max is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (
            "attribution",
            "Source: the publisher.",
            "the licence must be named beside the source",
        ),
        ("licence", " ", "String should match pattern"),
    ],
)
def test_a_publisher_that_cannot_be_cited_is_refused_by_file_entry_and_field(
    folder: Path, field: str, value: str, words: str
) -> None:
    rewrite(folder / "publishers.yml", lambda who: who["publishers"][1].update({field: value}))
    assert f"publishers.yml: publishers.ohid.{field}: {words}" in refusal(folder)


def test_a_proxy_that_does_not_say_how_it_differs_is_refused(folder: Path) -> None:
    proxy = next(card.code for card in load(folder).indicators if card.is_proxy)

    def silence(entry: Any) -> None:
        for dataset in entry["datasets"]:
            for card in (dataset.get("indicator"), *(given["indicator"] for given in dataset.get("yields", ()))):
                if isinstance(card, dict) and card["code"] == proxy:
                    del card["proxy_note"]

    load.cache_clear()
    for path in (folder / "collections").glob("*.yml"):
        rewrite(path, silence)
    assert f"indicator {proxy}: proxy_note is missing" in refusal(folder)


def test_a_fault_of_a_dataset_is_named_by_its_id_and_not_by_its_number(folder: Path) -> None:
    path = folder / "collections" / "fingertips.yml"
    path.write_text(path.read_text("utf-8") + ONE_MORE, "utf-8")
    rewrite(path, lambda entry: entry["datasets"][-1]["period"].pop("lag_months"))
    assert refusal(folder) == "fingertips.yml: datasets.fingertips_92443.period.lag_months: Field required."


@pytest.mark.parametrize("markup", ["{{ env_var('HOME') }}", "{% if true %}", "fine until {{ here }}"])
@pytest.mark.parametrize("place", ["definition", "title", "attribution", "area", "principle"])
def test_template_markup_is_refused_wherever_text_may_stand(folder: Path, place: str, markup: str) -> None:
    fingertips = folder / "collections" / "fingertips.yml"
    match place:
        case "definition":
            rewrite(folder / "beacon.yml", lambda beacon: beacon["indicators"][0].update(definition=markup))
        case "title":
            rewrite(fingertips, lambda entry: entry["datasets"][0].update(title=markup))
        case "attribution":
            rewrite(folder / "publishers.yml", lambda who: who["publishers"][0].update(attribution=markup))
        case "area":
            rewrite(folder / "areas.yml", lambda areas: areas[0].update(also_written=[markup]))
        case "principle":
            rewrite(folder / "beacon.yml", lambda beacon: beacon["principles"].update({1: markup}))
    assert "template markup is not allowed" in refusal(folder)


@pytest.mark.parametrize("name", [INJECTION, "Upper", "with space", "1st", "", "ends_with_a_line\n"])
@pytest.mark.parametrize("place", ["table", "column", "optional column", "part", "dataset"])
def test_an_identifier_that_is_none_is_refused(folder: Path, place: str, name: str) -> None:
    changes: dict[str, Callable[[Any], None]] = {
        "table": lambda entry: entry.update(table=name),
        "column": lambda entry: entry["columns"].append(name),
        "optional column": lambda entry: entry["optional_columns"].append(name),
        "part": lambda entry: entry["parts"][0].update(id=name),
        "dataset": lambda entry: entry["datasets"][0].update(id=name),
    }
    rewrite(folder / "collections" / "fingertips.yml", changes[place])
    message = refusal(folder)
    assert "fingertips.yml" in message
    assert "must be lower-case letters, digits and underscores" in message


def test_a_publisher_is_asked_over_https_only(folder: Path) -> None:
    rewrite(folder / "publishers.yml", lambda who: who["services"][0].update(base_url="http://fingertips.phe.org.uk"))
    assert "base_url" in refusal(folder)


@pytest.mark.parametrize("kind", ["services", "publishers"])
def test_an_identifier_of_a_publisher_that_is_none_is_refused(folder: Path, kind: str) -> None:
    rewrite(folder / "publishers.yml", lambda who: who[kind].append({**who[kind][0], "id": "Not An Identifier"}))
    assert "must be lower-case letters, digits and underscores" in refusal(folder)


def test_a_collection_of_an_unknown_publisher_is_refused_by_name(folder: Path) -> None:
    rewrite(folder / "collections" / "fingertips.yml", lambda entry: entry.update(publisher="nobody"))
    assert "fingertips.yml: publisher 'nobody'" in refusal(folder)


def test_an_unknown_dataset_is_answered_with_what_there_is() -> None:
    with pytest.raises(NotFound) as refused:
        load().dataset("fingertips_0")
    for _, dataset in load().datasets:
        assert dataset.id in str(refused.value)


def test_loading_twice_gives_one_catalogue() -> None:
    first: Catalogue = load()
    assert load() is first
