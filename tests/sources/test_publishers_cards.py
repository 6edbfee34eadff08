"""Publishers' own cards of their indicators, from their metadata to the warning: where ours say something else, and
what their words mean.

Belongs here: the way from the publisher's bytes to the suite's rows. Does not belong here: the news of a changed
definition (tests/alerts/test_news.py), terms of re-use (tests/quality).

The heading is that of OHID's metadata, and its words are those of its lists. Of Explore Local Statistics the fields are
those of its list of indicators.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.landing import Store
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.quality import gx, suites
from atf_dagster.quality.results import Result
from atf_dagster.settings import Settings, disable_usage_data
from support.dbt_warehouse import Warehouse
from support.fetching import fetch_one
from support.publishers.ees import KEY_STAGE_4, Ees
from support.publishers.fingertips import Fingertips, row
from support.server import Answer, LoopbackServer, Request, respond_json

CARDS, ELS_CARDS, EES_CARDS = "fingertips_indicator_metadata", "ons_els_indicator_metadata", "ees_key_stage_4_metadata"
FIGURES = "fingertips_93015"
HEADING_LINE = (
    "Indicator ID,Indicator,Definition,Rationale,Data source,Indicator source,Methodology,Standard population/values,"
    "Confidence interval details,Source of numerator,Definition of numerator,Source of denominator,"
    "Definition of denominator,Disclosure control,Caveats,Copyright,Data re-use,Links,Indicator number,Notes,Frequency,"
    "Rounding,Indicator Content,Specific rationale,Impact of COVID-19,Unit,Value type,Year type,Polarity"
)
HEADING = HEADING_LINE.split(",")
Card = Mapping[str, str]

INACTIVE: Card = {
    "Indicator": "Percentage of physically inactive adults",
    "Definition": "Adults aged 19 and over who do less than 30 minutes of activity a week.",
    "Unit": "%",
    "Value type": "Proportion",
    "Year type": "November-November",
    "Polarity": "RAG - Low is good   ",
    "Frequency": "Annual",
}
INJURIES: Card = {
    "Indicator": "Hospital admissions caused by injuries in children",
    "Unit": "per 10,000",
    "Value type": "Crude rate",
    "Year type": "Financial",
    "Polarity": "RAG - Low is good",
    "Rounding": "Counts are rounded to the nearest 5.",
}
LIFE: Card = {
    "Indicator": "Life expectancy at birth",
    "Unit": "Years",
    "Value type": "Life expectancy",
    "Year type": "Calendar",
    "Polarity": "RAG - High is good",
    "Caveats": "A source of deaths at home was discontinued in 2012.",
}
HOMELESS: Card = {
    "Indicator": "Homelessness: households in temporary accommodation",
    "Unit": "per 1,000",
    "Value type": "Crude rate",
    "Year type": "Financial",
    "Polarity": "RAG - Low is good",
}
LONELY: Card = {"Indicator": "Loneliness", "Unit": "Percent", "Year type": "", "Polarity": "Not applicable"}
GOOD: Mapping[str, Card] = {
    "93015": INACTIVE,
    "90284": INJURIES,
    "93283": LIFE,
    "93735": HOMELESS,
    "93758": LONELY,
}
CHANGED: Mapping[str, Card] = {
    "93015": {
        **INACTIVE,
        "Definition": "Adults aged 16 and over who do less than 60 minutes of activity a week.",
        "Unit": "per 1,000",
        "Year type": "Calendar",
        "Polarity": "RAG - High is good",
    },
    "90284": {**INJURIES, "Rounding": "Numerators are rounded to the nearest 10.", "Value type": "Proportion"},
    "93283": {**LIFE, "Unit": "Fortnights", "Polarity": "BOB - Blue orange blue", "Rounding": "Numbers to nearest 0.1"},
    "93735": {**HOMELESS, "Notes": "This indicator has been discontinued and will not be updated."},
}


WORK: dict[str, Any] = {
    "slug": "modelled-unemployment",
    "label": "Modelled unemployment rate",
    "description": "People aged 16 and over without a job.",
    "unit": "%",
    "decimalPlaces": 1,
    "dataModified": "2026-01-20",
}
PAY: dict[str, Any] = {"slug": "gross-median-weekly-pay", "label": "Pay", "unit": "£", "decimalPlaces": 2}
OTHERS: dict[str, Any] = {"slug": "dogs-per-household", "label": "Dogs", "unit": "dogs", "dataModified": "2026-01-20"}
PROGRESS: dict[str, Any] = {"id": "a", "column": "progress8_average", "label": "Progress 8", "decimalPlaces": 2}
ATTAINMENT: dict[str, Any] = {"id": "b", "column": "attainment8_average", "label": "Attainment 8", "unit": ""}
EES_GOOD = [PROGRESS, ATTAINMENT, {"id": "c", "column": "pupil_count", "label": "Pupils", "unit": "pupils"}]
EES_CHANGED = [{**PROGRESS, "decimalPlaces": 1}, {**ATTAINMENT, "unit": "%"}]
ELS_GOOD = [WORK, PAY, OTHERS]
ELS_CHANGED = [{**WORK, "unit": "per 1,000"}, {**PAY, "decimalPlaces": 0, "unit": "doubloons"}, OTHERS]


class ExploreLocalStatistics(LoopbackServer):
    """The list of indicators alone."""

    def __init__(self) -> None:
        super().__init__()
        self.cards = ELS_GOOD

    def answer(self, request: Request) -> Answer:
        return respond_json(self.cards if request.path.endswith("/metadata/indicators") else None)


def served(cards: Mapping[str, Card]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADING, restval="")
    writer.writeheader()
    writer.writerows({"Indicator ID": number, **card} for number, card in cards.items())
    return text.getvalue().encode()


@dataclass
class Story:
    """A home and what the suite said after each answer of the publisher."""

    settings: Settings
    said: dict[str, dict[str, Result]]
    server: Fingertips

    def rows(self, run: str, expectation: str) -> set[tuple[Any, ...]]:
        names = ("indicator_code", "field", "theirs", "ours")
        return {tuple(found[name] for name in names) for found in self.said[run][expectation].failing}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    disable_usage_data()
    home = tmp_path_factory.mktemp("cards") / "home"
    home.mkdir()
    suite = [found for found in suites.load("mart") if found.suite == "publisher_cards"]
    with Fingertips() as server, ExploreLocalStatistics() as els, Ees() as ees:
        server.serve("93015", 502, [row("93015", f"E0800001{n}", f"2{n}.5") for n in range(1, 6)])
        urls = {"fingertips": server.url, "ons_els": els.url, "ees": ees.url, "ees_content": ees.url}
        asked: dict[str, Any] = {"attempts": 1, "backoff_first": 0.0, "requests_per_second": 0.0}
        settings = Settings(home=home, mode="live", service_urls=urls, **asked)
        told = Story(settings, {}, server)
        for run, cards, listed, columns, version in (
            ("good", GOOD, ELS_GOOD, EES_GOOD, "1.0"),
            ("changed", CHANGED, ELS_CHANGED, EES_CHANGED, "1.1"),
        ):
            server.metadata, els.cards, ees.columns[KEY_STAGE_4] = served(cards), listed, columns
            ees.version(KEY_STAGE_4, version, b"")
            refresh = Refresh(settings, run)
            refresh.fetch([CARDS, ELS_CARDS, EES_CARDS, *([FIGURES] if run == "good" else [])])
            refresh.parse()
            refresh.build("staged")
            refresh.admit()
            warehouse = Warehouse(settings.workspace, settings.warehouse)
            ran = warehouse.dbt("run", "--select", "+int_publisher_card")
            assert {node.status for node in ran} == {"success"}, [node for node in ran if node.status != "success"]
            with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
                found = gx.run(connection, suite, has_previous=False)
            assert not [result.observed for result in found if result.broken]
            told.said[run] = {result.expectation: result for result in found}
    yield told


AGREES, KNOWN, GOES_ON = (
    "card_says_what_the_publishers_card_says",
    "publishers_word_is_known",
    "publisher_goes_on_with_the_indicator",
)


@pytest.mark.parametrize("expectation", [AGREES, KNOWN, GOES_ON])
def test_the_publishers_words_for_what_we_say_are_no_contradiction(story: Story, expectation: str) -> None:
    assert story.rows("good", expectation) == set()
    assert story.said["good"][expectation].success


def test_each_contradiction_is_told_with_the_indicator_the_field_their_word_and_ours(story: Story) -> None:
    assert story.rows("changed", AGREES) == {
        ("SUP02", "unit", "per 1,000", "%"),
        ("SUP02", "year_type", "Calendar", "rolling"),
        ("SUP02", "polarity", "RAG - High is good", "lower_is_better"),
        ("SUP04", "value_type", "Proportion", "crude_rate"),
        ("SUP04", "counts_rounded_to", "Numerators are rounded to the nearest 10.", "5"),
        ("ATF01", "polarity", "BOB - Blue orange blue", "higher_is_better"),
        ("SUP32", "polarity", "BOB - Blue orange blue", "higher_is_better"),
        ("PRX10A", "unit", "per 1,000", "%"),
        ("SUP07", "decimals", "0", "1"),
        ("ATF05", "decimals", "1", "2"),
        ("ATF06", "unit", "%", "score"),
    }
    result = story.said["changed"][AGREES]
    assert (result.severity, result.owner) == ("warning", "analysts")
    assert set(result.indicators) == {"ATF01", "ATF05", "ATF06", "PRX10A", "SUP02", "SUP04", "SUP07", "SUP32"}


def test_a_word_that_nobody_knows_is_told_by_name(story: Story) -> None:
    of_both = [(code, "unit", "Fortnights", "years") for code in ("ATF01", "SUP32")]
    assert story.rows("changed", KNOWN) == {*of_both, ("SUP07", "unit", "doubloons", "£")}


def test_an_indicator_that_the_publisher_gave_up_is_told(story: Story) -> None:
    found = {(code, theirs) for code, _, theirs, _ in story.rows("changed", GOES_ON)}
    says = f"{HOMELESS['Indicator']}. {CHANGED['93735']['Notes']}"
    assert found == {("SUP17", says), ("ATF19", "no card any longer")}


def test_the_cards_cost_one_request_a_refresh_and_are_landed_before_they_are_read(story: Story) -> None:
    assert len([path for path in story.server.asked if "indicator_metadata" in path]) == 2
    store = Store(story.settings.landing)
    before, after = (store.verified(vintage)[0].read_bytes() for vintage in store.vintages(CARDS, "all"))
    assert (before, after) == (served(GOOD), served(CHANGED))
    assert Path(store.object_path(store.vintages(CARDS, "all")[0].sha256)).exists()


def test_the_card_or_the_date_of_an_indicator_that_is_not_ours_makes_no_vintage(tmp_path: Path) -> None:
    outcomes = []
    with ExploreLocalStatistics() as els:
        for run, cards in (
            ("first", ELS_GOOD),
            ("another's", [WORK, PAY, {**OTHERS, "unit": "cats"}, {"slug": "cats", "label": "Cats", "unit": "cats"}]),
            ("our date", [PAY, {**WORK, "dataModified": "2026-02-20"}, OTHERS]),
            ("our unit", [{**WORK, "unit": "per 1,000"}, PAY, OTHERS]),
        ):
            els.cards = cards
            outcomes.append(fetch_one(tmp_path, {"ons_els": els.url}, ELS_CARDS, run).outcome)
    assert outcomes == ["landed", "unchanged", "unchanged", "landed"]


def test_a_list_of_names_alone_is_no_card(tmp_path: Path) -> None:
    with ExploreLocalStatistics() as els:
        els.cards = [{"slug": "modelled-unemployment", "label": "Modelled unemployment rate"}]
        attempt = fetch_one(tmp_path, {"ons_els": els.url}, ELS_CARDS)
    assert attempt.outcome == "no_data"
    assert "no more than their names" in str(attempt.message)


def test_the_columns_of_a_data_set_are_asked_for_once_a_version(tmp_path: Path) -> None:
    outcomes = []
    with Ees() as ees:
        for run, version in (("not there", "1.0"), ("first", "1.1"), ("same", "1.1"), ("next", "1.2")):
            ees.version(KEY_STAGE_4, version, b"")
            if run != "not there":
                ees.columns[KEY_STAGE_4] = EES_GOOD if version == "1.1" else EES_CHANGED
            outcomes.append(fetch_one(tmp_path, {"ees": ees.url}, EES_CARDS, run).outcome)
        asked = [request.path for request in ees.requests if request.path.endswith("/meta")]
    assert outcomes == ["no_data", "landed", "unchanged", "landed"]
    assert len(asked) == 3
