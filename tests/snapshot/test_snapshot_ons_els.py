"""Explore Local Statistics answers: the service's own columns, filters and refusals."""

from __future__ import annotations

import csv
import io

import pytest
import requests

from atf_dagster.snapshot import FiguresSource
from atf_dagster.snapshot.figures import AREAS, COUNCILS, ENGLAND, NORTH_WEST
from atf_dagster.snapshot.ons_els import INVALID_PARAMETERS

ELS_URL = "https://www.ons.gov.uk/explore-local-statistics/api/v1/data.csv"
EVERYWHERE = ",".join(sorted(AREAS))
WITH_INTERVALS = {
    "healthy-life-expectancy-male", "healthy-life-expectancy-female", "modelled-unemployment",
    "employment-rate", "economic-inactivity-rate", "gross-median-weekly-pay",
    "wellbeing-anxiety", "wellbeing-happiness", "wellbeing-satisfaction", "wellbeing-worthwhile",
}  # fmt: skip
WITHOUT_INTERVALS = {
    "claimant-count", "children-in-relative-poverty-before-housing",
    "children-in-relative-poverty-after-housing", "gcses-equivalent-english-maths",
    "early-years-communication-language", "early-years-literacy", "early-years-mathematics",
    "housing-affordability-ratio",
}  # fmt: skip


def fetch(session: requests.Session, slug: str, **parameters: str) -> requests.Response:
    asked = {"indicator": slug, "geo": EVERYWHERE, "time": "all", **parameters}
    return session.get(ELS_URL, params=asked)


def rows_of(response: requests.Response) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8"), newline="")))


def test_every_slug_that_is_held_is_tested(sources: dict[str, FiguresSource]) -> None:
    bundled = {slug for slug, source in sources.items() if source.publisher == "ons_els"}
    assert bundled == WITH_INTERVALS | WITHOUT_INTERVALS


@pytest.mark.parametrize("slug", sorted(WITH_INTERVALS | WITHOUT_INTERVALS))
def test_limits_have_columns_only_where_the_indicator_has_them(session: requests.Session, slug: str) -> None:
    header = fetch(session, slug, includeStatus="true").content.split(b"\n")[0]
    limits = b"lci_95,uci_95," if slug in WITH_INTERVALS else b""
    assert header == b"areacd,areanm,period,value," + limits + b"status"


@pytest.mark.parametrize("slug", sorted(WITH_INTERVALS | WITHOUT_INTERVALS))
def test_an_answer_holds_each_council_and_the_regions_published(session: requests.Session, slug: str) -> None:
    expected = {*COUNCILS, NORTH_WEST}
    if not slug.startswith("children-in-relative-poverty"):  # published without a figure for England
        expected.add(ENGLAND)
    assert {row["areacd"] for row in rows_of(fetch(session, slug, includeStatus="true"))} == expected


@pytest.mark.parametrize(("slug", "level", "begins", "councils"), [
    ("modelled-unemployment", "ltla", {"E06", "E07", "E08", "E09"}, 296),
    ("employment-rate", "utla", {"E06", "E08", "E09", "E10"}, 153),
    ("healthy-life-expectancy-male", "utla", {"E06", "E08", "E09", "E10"}, 151),
    ("children-in-relative-poverty-after-housing", "ltla,utla", {"E06", "E07", "E08", "E09", "E10"}, 317),
])  # fmt: skip
def test_a_level_stands_for_the_councils_of_england_in_it(
    session: requests.Session, slug: str, level: str, begins: set[str], councils: int
) -> None:
    rows = rows_of(fetch(session, slug, geo=f"E92000001,{level}", includeStatus="true"))
    found = {row["areacd"] for row in rows} - {ENGLAND}
    assert {area[:3] for area in found} == begins
    assert len(found) == councils


def test_an_answer_holds_only_the_areas_asked_for(session: requests.Session) -> None:
    rows = rows_of(fetch(session, "modelled-unemployment", geo="E08000012,E92000001"))
    assert {row["areacd"] for row in rows} == {"E08000012", "E92000001"}


def test_rows_without_a_value_and_the_status_column_are_for_those_who_ask(session: requests.Session) -> None:
    asked = rows_of(fetch(session, "housing-affordability-ratio", includeStatus="true"))
    unasked = rows_of(fetch(session, "housing-affordability-ratio"))
    without_value = [row for row in asked if not row["value"]]
    assert without_value
    assert {row["status"] for row in without_value} == {"x"}
    assert "status" not in unasked[0]
    assert all(row["value"] for row in unasked)
    assert len(unasked) == len(asked) - len(without_value)


def test_names_can_be_left_out(session: requests.Session) -> None:
    assert "areanm" in rows_of(fetch(session, "claimant-count"))[0]
    assert "areanm" not in rows_of(fetch(session, "claimant-count", includeNames="false"))[0]


@pytest.mark.parametrize("query", [
    "indicator=claimant-count&geo=E92000001&time=all&colour=blue",
    "indicator=claimant-count&geo=E92000001&geo=E12000002&time=all",
    "indicator=claimant-count&geo=E92000001&time=all&includestatus=true",
])  # fmt: skip
def test_an_unknown_or_repeated_parameter_is_a_400_with_the_services_words(
    session: requests.Session, query: str
) -> None:
    response = session.get(f"{ELS_URL}?{query}")
    assert response.status_code == 400
    assert INVALID_PARAMETERS in response.text
    assert "ETag" not in response.headers


def test_an_answer_ends_without_a_line_ending_as_the_services_does(session: requests.Session) -> None:
    body = fetch(session, "claimant-count").content
    assert not body.endswith(b"\n")
    assert b"\r" not in body
    assert not body.startswith(b"\xef\xbb\xbf")
