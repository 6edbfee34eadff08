"""An answer of another shape is told as a broken interface, and never as a withdrawal by the publisher.

Belongs here: each listing and each table in JSON of every publisher that the snapshot answers for, one after the other
in another shape. Does not belong here: answers that are no JSON (tests/security), what a publisher does withdraw.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from atf_dagster.catalogue import load
from atf_dagster.formats.body import BodyRejected
from atf_dagster.http import Client, Host, Limits
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.snapshot import SnapshotAdapter
from atf_dagster.sources import nomis_definition, open_geography
from support.fetching import fetch
from support.publishers.fingertips import Fingertips, row
from support.publishers.stat_xplore import KEY, StatXplore
from support.server import respond_json

WITHDRAWN = re.compile(
    r"any longer|no longer|withdr|has no figures|lists no|has no rows|not added the file|renamed", re.I
)


def renamed_keys(content: Any) -> Any:
    if isinstance(content, dict):
        return {f"{name}X": renamed_keys(value) for name, value in content.items()}
    return [renamed_keys(entry) for entry in content] if isinstance(content, list) else content


def renamed_inside(content: Any) -> Any:
    """Only what is in lists has other keys, as a new version of an interface has."""
    if isinstance(content, dict):
        return {name: renamed_inside(value) for name, value in content.items()}
    return [renamed_keys(entry) for entry in content] if isinstance(content, list) else content


def wrapped(content: Any) -> Any:
    return {"data": content}


def emptied(content: Any) -> Any:
    """Each list of the answer is null."""
    if isinstance(content, dict):
        return {name: emptied(value) for name, value in content.items()}
    return None if isinstance(content, list) else content


def texts_for_lists(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: texts_for_lists(value) for name, value in content.items()}
    return "none" if isinstance(content, list) else content


SHAPES: Mapping[str, Callable[[Any], Any]] = {
    "null": lambda content: None,
    "an empty list": lambda content: [],
    "an empty object": lambda content: {},
    "renamed keys": renamed_keys,
    "renamed keys inside": renamed_inside,
    "wrapped": wrapped,
    "null for lists": emptied,
    "texts for lists": texts_for_lists,
    "an object of another interface": lambda content: {"value": None},
}


@dataclass
class Reshaping(BaseAdapter):
    """The snapshot, but for the JSON at one path and query. asked: those of the answers in JSON, in order."""

    inner: SnapshotAdapter
    path: str = ""
    reshape: Callable[[Any], Any] = lambda content: content
    asked: dict[str, Any] = field(default_factory=dict)

    def send(self, request: PreparedRequest, *args: Any, **named: Any) -> Response:
        answer = self.inner._answer(request)
        split = urlsplit(request.url or "")
        path = f"{split.path}?{split.query}"
        try:
            content = json.loads(answer.body)
        except ValueError:
            return self.inner.send(request)
        self.asked[path] = content
        if path != self.path:
            return self.inner.send(request)
        body = json.dumps(self.reshape(copy.deepcopy(content))).encode()
        return self.inner._response(request, answer_status(answer.status), {"Content-Length": str(len(body))}, body)

    def close(self) -> None:
        pass


def answer_status(status: int) -> Any:
    from http import HTTPStatus

    return HTTPStatus(status)


def ask(landing: Path, dataset: str, adapter: Reshaping) -> list[Attempt]:
    catalogue = load()
    urls = {service.id: service.base_url for service in catalogue.services}
    urls |= {f"{service.id}_{name}": url for service in catalogue.services for name, url in service.other_urls.items()}
    hosts = [Host(url, 0) for url in sorted(set(urls.values())) if url.startswith("https://")]
    with Client(hosts, user_agent="atf-tests", limits=Limits(attempts=1), adapter=adapter) as client:
        return FetchRun(catalogue, Store(landing), client, urls, "live", "run").fetch([dataset])


ONE_OF_EACH = (
    "fingertips_93283",
    "ons_els_housing_affordability_ratio",
    "ons_beta_below_real_living_wage",
    "ons_beta_population_estimates",
    "open_geography_district_region",
    "nomis_population",
    "ees_key_stage_4",
    "ees_neet_16_17",
    "govuk_desnz_fuel_poverty",
    "govuk_mhclg_temporary_accommodation",
    "ukhsa_covid_deaths_by_day_england",
)


@pytest.fixture(scope="module")
def snapshot() -> SnapshotAdapter:
    return SnapshotAdapter()


@pytest.mark.parametrize("dataset", ONE_OF_EACH)
def test_an_answer_of_another_shape_is_told_as_a_broken_interface(
    snapshot: SnapshotAdapter, tmp_path: Path, dataset: str
) -> None:
    as_it_is = Reshaping(snapshot)
    first = ask(tmp_path / "as it is", dataset, as_it_is)
    assert "landed" in {attempt.outcome for attempt in first}
    assert as_it_is.asked, "this publisher has no answer in JSON"
    refused = 0
    for number, path in enumerate(as_it_is.asked):
        for name, reshape in SHAPES.items():
            if reshape(copy.deepcopy(as_it_is.asked[path])) == as_it_is.asked[path]:
                continue
            adapter = Reshaping(snapshot, path, reshape)
            for attempt in ask(tmp_path / f"{number} {name}", dataset, adapter):
                said = f"{path}, {name}: {attempt.outcome} {attempt.reason} {attempt.message} {attempt.remedy}"
                # A probe that gives nothing holds nothing up: the table itself is asked for.
                as_before = (attempt.part, attempt.outcome) in [(before.part, before.outcome) for before in first]
                assert as_before or attempt.outcome == "rejected", said
                if attempt.outcome == "rejected":
                    refused += 1
                    columns = attempt.reason == "missing_column"  # which are named, with their new names
                    assert columns or not WITHDRAWN.search(attempt.message or ""), said
                    assert "changed its interface" in (attempt.remedy or ""), said
    assert refused >= len(SHAPES) / 2


CODES = {"value": 5, "description": {"value": "Unemployed"}}
AREA = {"value": 99, "annotations": {"annotation": [{"annotationtext": "E08000012"}]}}


@pytest.mark.parametrize("name", SHAPES)
def test_a_definition_of_another_shape_is_told_as_a_broken_interface(name: str) -> None:
    """The definitions that the snapshot does not have: lists of codes and of areas."""
    for entry, read in (
        (CODES, lambda listing: nomis_definition.codes(listing, "label: unemployed", "NM_1, variable")),
        (AREA, lambda listing: nomis_definition.areas_of_type(listing, ["E08000012"], "NM_1, TYPE424")),
        (AREA, lambda listing: nomis_definition.numbers_of_areas(listing, "NM_1, TYPE424")),
    ):
        listing = {"structure": {"codelists": {"codelist": [{"id": "CL", "code": [entry]}]}}}
        assert read(listing)
        with pytest.raises(BodyRejected) as refusal:
            read(SHAPES[name](listing))
        assert refusal.value.reason == "not_this_json"


@pytest.mark.parametrize("name", ["null", "an empty list", "an empty object", "wrapped"])
def test_a_schema_of_another_shape_is_told_as_a_broken_interface(tmp_path: Path, name: str) -> None:
    with StatXplore() as server:
        server.instead("", respond_json(SHAPES[name]({"id": "x", "children": []})))
        (attempt,) = fetch(tmp_path, server.url, ["stat_xplore_cilif_relative"], keys={"stat_xplore": KEY}).values()
    assert (attempt.outcome, attempt.reason) == ("rejected", "not_this_json")
    assert "changed its interface" in (attempt.remedy or "")


@pytest.mark.parametrize(
    "moments",
    [
        {"LastUploadedAt2": "2026-05-05T09:00:00", "LastDeletedAt": "2020-01-01T00:00:00"},
        {"LastUploadedAt": "2026-05-05T09:00:00"},
        {"LastUploadedAt": "2026-05-05T09:00:00", "LastDeletedAt": 5},
        {"LastUploadedAt": None, "LastDeletedAt": "yes"},
        ["2026-05-05T09:00:00"],
    ],
)
def test_moments_of_another_shape_are_no_deletion(tmp_path: Path, moments: Any) -> None:
    with Fingertips() as fingertips:
        fingertips.serve("93015", 502, [row("93015", "E08000012", "1.5")])
        fingertips.changes["93015"] = moments
        attempt = fetch(tmp_path, {"fingertips": fingertips.url}, ["fingertips_93015"])["fingertips_93015.councils"]
    assert (attempt.outcome, attempt.reason) == ("rejected", "not_this_json")
    assert "deleted" not in (attempt.message or "")


def test_a_key_that_is_there_twice_is_refused_by_its_name(tmp_path: Path, snapshot: SnapshotAdapter) -> None:
    from support.publishers.ukhsa import Dashboard
    from support.server import respond

    with Dashboard() as dashboard:
        dashboard.listed = {"Nation": ["England"]}
        body = b'{"count": 1, "next": null, "results": [{"metric_value": 1, "date": "2026-01-01", "metric_value": 2}]}'
        dashboard.instead("/metrics/COVID-19_deaths_ONSByDay", respond(body))
        (attempt,) = fetch(tmp_path, dashboard.url, ["ukhsa_covid_deaths_by_day_england"]).values()
    assert (attempt.outcome, attempt.reason) == ("rejected", "ambiguous_column")
    assert "'metric_value'" in (attempt.message or "")


def test_two_fields_of_one_name_are_refused_and_two_numbers_of_a_row_are_not() -> None:
    cells = {"FID": "1", "ObjectId": "1", "LAD24CD": "E06000006", "LAD24NM": "Halton"}
    (record,) = open_geography.records({"features": [{"attributes": cells}]})
    assert (record["lad_code"], record["code_year"]) == ("E06000006", "2024")
    with pytest.raises(BodyRejected) as refusal:
        list(open_geography.records({"features": [{"attributes": {**cells, "LAD23NM": "Halton"}}]}))
    assert refusal.value.reason == "ambiguous_column"
    assert "'lad_name'" in refusal.value.message
