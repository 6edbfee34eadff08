"""The snapshot answers a real session as a publisher would, or raises a clear error."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from atf_dagster.http import FetchError, SnapshotMiss

FINGERTIPS_URL = "https://fingertips.phe.org.uk/api/all_data/csv/by_indicator_id"
ELS_URL = "https://www.ons.gov.uk/explore-local-statistics/api/v1/data.csv"
ELS_REQUEST = {
    "indicator": "modelled-unemployment",
    "geo": "E06000006,E12000002,E92000001",
    "time": "all",
    "includeStatus": "true",
}
NOT_BY_INDICATOR = "https://fingertips.phe.org.uk/api/all_data/csv/for_one_indicator"


def fingertips_parameters(indicator: str) -> dict[str, str]:
    """The one request for an indicator that the snapshot answers."""
    return {
        "indicator_ids": indicator,
        "child_area_type_id": "502",
        "parent_area_type_id": "15",
        "include_sortable_time_periods": "yes",
    }


def test_an_answer_is_a_response_whose_body_can_be_streamed_raw(session: requests.Session) -> None:
    response = session.get(FINGERTIPS_URL, params=fingertips_parameters("93283"), stream=True)
    assert isinstance(response, requests.Response)
    assert response.status_code == 200
    streamed = io.BytesIO()
    while chunk := response.raw.read(1000, decode_content=False):
        assert len(chunk) <= 1000
        streamed.write(chunk)
    body = streamed.getvalue()
    assert body.startswith(b"Indicator ID,")
    assert len(body) == int(response.headers["Content-Length"])
    assert response.headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'


def test_the_same_request_gets_the_same_bytes_whatever_the_order_of_its_parameters(
    session: requests.Session,
) -> None:
    parameters = fingertips_parameters("93283")
    backwards = dict(reversed(parameters.items()))
    first = session.get(FINGERTIPS_URL, params=parameters)
    second = session.get(FINGERTIPS_URL, params=backwards)
    assert first.request.url != second.request.url
    assert first.content == second.content
    assert first.headers["ETag"] == second.headers["ETag"]


def test_sessions_of_several_threads_may_share_an_adapter(session: requests.Session) -> None:
    adapter = session.get_adapter(FINGERTIPS_URL)
    indicators = ["93283", "90362", "92901", "93014", "93015", "93881"] * 3

    def fetch(indicator: str) -> bytes:
        with requests.Session() as own:
            own.mount("https://", adapter)
            return own.get(FINGERTIPS_URL, params=fingertips_parameters(indicator)).content

    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(fetch, indicators))
    assert len(set(bodies)) == len(set(indicators))
    for indicator, body in zip(indicators, bodies, strict=True):
        assert body.splitlines()[1].startswith(f"{indicator},".encode())


@pytest.mark.parametrize(("url", "parameters"), [
    (FINGERTIPS_URL, fingertips_parameters("93283")),
    (ELS_URL, ELS_REQUEST),
])  # fmt: skip
def test_an_unchanged_answer_costs_a_304(session: requests.Session, url: str, parameters: Mapping[str, str]) -> None:
    etag = session.get(url, params=parameters).headers["ETag"]
    for validator in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        again = session.get(url, params=parameters, headers={"If-None-Match": validator})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == etag


def test_another_etag_gets_the_whole_answer(session: requests.Session) -> None:
    etag = session.get(FINGERTIPS_URL, params=fingertips_parameters("93283")).headers["ETag"]
    other = session.get(FINGERTIPS_URL, params=fingertips_parameters("90362"), headers={"If-None-Match": etag})
    assert other.status_code == 200
    assert other.content


@pytest.mark.parametrize(("url", "parameters", "held_instead"), [
    # another indicator, several at once, none
    (FINGERTIPS_URL, fingertips_parameters("92796"), "93283"),
    (FINGERTIPS_URL, fingertips_parameters("93283,90362"), "one a request"),
    (FINGERTIPS_URL, {"child_area_type_id": "502", "parent_area_type_id": "15"}, "indicator_ids"),
    # regions and integrated care boards
    (FINGERTIPS_URL, {**fingertips_parameters("93283"), "child_area_type_id": "6"}, "child_area_type_id=502"),
    (FINGERTIPS_URL, {**fingertips_parameters("93283"), "child_area_type_id": "221"}, "Life expectancy"),
    # a parameter that would change the answer
    (FINGERTIPS_URL, {**fingertips_parameters("93283"), "profile_id": "143"}, "no other parameter"),
    (FINGERTIPS_URL, {**fingertips_parameters("93283"), "include_sortable_time_periods": "no"}, "=yes"),
    (f"{FINGERTIPS_URL}?profile_id=1", fingertips_parameters("93283"), "no other parameter"),
    (f"{FINGERTIPS_URL}?indicator_ids=90362", fingertips_parameters("93283"), "once"),
    (NOT_BY_INDICATOR, {"indicator_id": "93283"}, "/api/all_data/csv/by_indicator_id"),
    ("https://fingertips.phe.org.uk/api/profiles", {}, "available_data"),
    (ELS_URL, {**ELS_REQUEST, "indicator": "obese-children-year-6"}, "employment-rate"),
    (ELS_URL, {**ELS_REQUEST, "indicator": "employment-rate,claimant-count"}, "one a request"),
    (ELS_URL, {"geo": "E92000001", "time": "all"}, "employment-rate"),
    (ELS_URL, {**ELS_REQUEST, "geo": "E92000001,W92000004"}, "E06000006"),
    (ELS_URL, {**ELS_REQUEST, "indicator": "gross-median-weekly-pay", "geo": "ltla"}, "E06000006"),
    (ELS_URL, {"indicator": "employment-rate", "time": "all"}, "named in geo"),
    (ELS_URL, {**ELS_REQUEST, "time": "latest"}, "time=all only"),
    (ELS_URL, {"indicator": "employment-rate", "geo": "E92000001"}, "time=all only"),
    (ELS_URL, {**ELS_REQUEST, "measure": "value"}, "without measure"),
    (ELS_URL, {**ELS_REQUEST, "dimension_sex": "male"}, "without dimension_sex"),
    (ELS_URL, {**ELS_REQUEST, "includeStatus": "perhaps"}, "includeStatus=true"),
    (ELS_URL.replace(".csv", ".json"), ELS_REQUEST, "/explore-local-statistics/api/v1/data.csv"),
    ("https://api.beis.gov.uk/", {}, "https://fingertips.phe.org.uk/api/"),
    ("https://fingertips.phe.org.uk:8443/api/all_data/csv/by_indicator_id", {}, "https://fingertips.phe.org.uk/api/"),
])  # fmt: skip
def test_a_request_that_is_not_held_is_a_miss_that_says_what_is(
    session: requests.Session, url: str, parameters: Mapping[str, str], held_instead: str
) -> None:
    with pytest.raises(SnapshotMiss) as raised:
        session.get(url, params=parameters)
    miss = raised.value
    assert isinstance(miss, FetchError)
    assert miss.kind == "snapshot_miss"
    assert not miss.retryable
    assert miss.url.startswith(url)
    assert "does not hold" in miss.message
    assert held_instead in miss.message
    assert "ATF_MODE=live" in miss.message
    assert "engineer" in miss.remedy


def test_nothing_can_be_sent_to_the_snapshot(session: requests.Session) -> None:
    with pytest.raises(SnapshotMiss, match="GET and POST only"):
        session.put(FINGERTIPS_URL, params=fingertips_parameters("93283"), data=b"figures")
