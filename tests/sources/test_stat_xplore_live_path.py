"""Stat-Xplore from its schema to raw rows, with a key, without one, and with one that leaves no trace.

Belongs here: what the live path promises of this publisher. Does not belong here: what staging makes of the rows
(dbt's unit tests). The figures that the server makes up are told from the labels of their cell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.catalogue import load
from atf_dagster.formats.body import BodyRejected
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.records import GOOD
from atf_dagster.sources import SOURCES
from atf_dagster.warehouse import raw
from support.fetching import fetch
from support.publishers.stat_xplore import API, COUNCILS, KEY, StatXplore, cell

ABSOLUTE, RELATIVE = "stat_xplore_cilif_absolute", "stat_xplore_cilif_relative"
BASE = "CILIF_ABS:V_F_CILIF_ABS"
AREA, AGE = f"str:field:{BASE}:WARD_CODE", f"str:field:{BASE}:CHILD_AGE"
YEAR = "str:field:CILIF_ABS:F_CILIF_DATE:DATE_NAME"


@pytest.fixture
def service() -> Iterator[StatXplore]:
    with StatXplore() as server:
        yield server


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def refresh(
    service: StatXplore, landing: Path, *datasets: str, key: str | None = KEY, said: list[str] | None = None
) -> list[Attempt]:
    """One round for these datasets, as a refresh makes it; `said` collects what is printed of retries."""
    keys = {} if key is None else {"stat_xplore": key}
    on_retry = (said if said is not None else []).append
    service.forget()
    service.questions.clear()
    wanted = datasets or (ABSOLUTE,)
    return [*fetch(landing, service.url, wanted, keys=keys, attempts=2, on_retry=on_retry).values()]


def raw_rows(landing: Path, columns: str) -> list[tuple[object, ...]]:
    """The rows of the newest vintages that parsed, as raw keeps them."""
    folder = landing.parent / "raw"
    raw.parse_new(load(), Store(landing), folder, "run", lambda line: None)
    files = f"{folder}/stat_xplore_cilif/*.parquet"
    query = f"select {columns} from read_parquet('{files}', union_by_name = true) order by dataset, row_number"
    return duckdb.sql(query).fetchall()


def test_without_a_key_nothing_is_asked_and_nothing_fails(service: StatXplore, landing: Path) -> None:
    for key in (None, "", "  "):
        attempts = refresh(service, landing, ABSOLUTE, RELATIVE, key=key)
        assert {attempt.outcome for attempt in attempts} == {"skipped"} <= GOOD
        assert {attempt.reason for attempt in attempts} == {"no_api_key"}
        assert all("ATF_STAT_XPLORE_KEY" in str(attempt.remedy) for attempt in attempts)
        assert service.asked == []


def test_councils_region_and_country_come_with_all_years_and_ages(service: StatXplore, landing: Path) -> None:
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, len(attempt.pages), attempt.release) == ("landed", 3, "2024/25 (p)")
    rows = raw_rows(landing, "area_code, area_label, year_label, age_label, age_code, value")
    assert len(rows) == (9 + 1 + 1) * 3 * 4
    areas = {str(row[0]): row[1] for row in rows}
    assert areas == {**COUNCILS, "E12000002": "North West", "E92000001": "England"}
    for _, area, year, age, _, value in rows:
        expected = cell(str(area), str(year), str(age))
        assert value == (None if expected is None else str(expected))
    # Told by hand: 100 x (9 letters + 2 x 7 + 3 x 5) and 100 x (7 letters + 2 x 11 + 3 x 5).
    assert ("E08000012", "Liverpool", "2014/15", "Total", None, "3800.0") in rows
    assert ("E92000001", "England", "2024/25 (p)", "Total", None, "4400.0") in rows
    assert ("E12000002", "North West", "2023/24", "0-4", "1", "3300.0") in rows
    assert ("E06000006", "Halton", "2023/24", "11-15", "3", "3500.0") in rows
    assert ("E08000014", "Sefton", "2014/15", "Total", None, None) in rows


def test_the_question_takes_each_value_alone_and_asks_for_the_total(service: StatXplore, landing: Path) -> None:
    refresh(service, landing)
    councils, region, country = service.questions
    assert councils["database"] == "str:database:CILIF_ABS"
    assert councils["measures"] == [f"str:count:{BASE}"]
    assert councils["dimensions"] == [[AREA], [YEAR], [AGE]]
    assert all(len(group) == 1 for recode in councils["recodes"].values() for group in recode["map"])
    assert {field: recode["total"] for field, recode in councils["recodes"].items()} == {
        AREA: False,
        YEAR: False,
        AGE: True,
    }
    asked = [[group[0].rpartition(":")[2] for group in table["recodes"][AREA]["map"]] for table in service.questions]
    assert asked == [list(COUNCILS), ["E12000002"], ["E92000001"]]
    assert {request.method for request in service.requests} == {"GET", "POST"}
    assert [request.path for request in service.requests if request.method == "POST"] == [f"{API}/table"] * 3
    assert region.keys() == country.keys()


def test_the_newest_boundaries_are_found_beyond_the_first_hundred_children(service: StatXplore, landing: Path) -> None:
    refresh(service, landing)
    ids = {group[0] for group in service.questions[0]["recodes"][AREA]["map"]}
    assert {node.split(":")[-2] for node in ids} == {"V_C_MASTERGEOG21_LA_TO_REGION"}
    valueset = f"{API}/schema/str:valueset:{BASE}:WARD_CODE:V_C_MASTERGEOG21_LA_TO_REGION"
    pages = [target for target in service.asked if target.startswith(valueset)]
    assert pages == [valueset, f"{valueset}?page=2", f"{valueset}?page=3", f"{valueset}?page=4"]
    assert not any("WARD_TO_LA" in target for target in service.asked)  # nobody lists 9,000 wards


def test_a_level_that_the_database_has_not_is_left_out(service: StatXplore, landing: Path) -> None:
    kind, label, valuesets = service.nodes[AREA]
    service.nodes[AREA] = (kind, label, [node for node in valuesets if "COUNTRY_TO_UK" not in node])
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, len(attempt.pages)) == ("landed", 2)


def test_a_database_that_is_gone_is_told_with_those_that_there_are(service: StatXplore, landing: Path) -> None:
    refresh(service, landing)
    service.nodes["str:folder:fcilif"] = ("FOLDER", "CiLIF", ["str:database:CILIF_REL"])
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.reason) == ("rejected", "not_in_schema")
    assert "no database CILIF_ABS in str:folder:fcilif; it has str:database:CILIF_REL" in str(attempt.message)
    assert len(Store(landing).vintages(ABSOLUTE, "all")) == 1  # the last good figures stay


def test_the_same_years_mean_that_no_table_is_asked_for(service: StatXplore, landing: Path) -> None:
    refresh(service, landing)
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, service.questions) == ("unchanged", [])
    service.nodes[f"{YEAR}:2025".replace("field", "value")] = ("VALUE", "2025/26 (p)", [])
    service.nodes["str:valueset:CILIF_ABS:F_CILIF_DATE:DATE_NAME:C_CILIF_YEAR"][2].append(
        f"{YEAR}:2025".replace("field", "value")
    )
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.release, len(service.questions)) == ("landed", "2025/26 (p)", 3)


def test_the_key_goes_with_every_request_and_stays_nowhere(
    service: StatXplore, landing: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    with caplog.at_level("DEBUG"):
        refresh(service, landing, said=said)
        assert {request.headers.get("apikey") for request in service.requests} == {KEY}
        # A service that repeats the key in its refusal, one that fails, and one that is asked in vain.
        service.refusal = (403, f"Error authenticating API key {KEY}")
        attempts = refresh(service, landing, said=said)
        service.refusal = (500, f"Trouble with {KEY}")
        attempts += refresh(service, landing, said=said)
        service.refusal = None
        service.nodes[AREA] = ("FIELD", "Areas", [])
        attempts += refresh(service, landing, said=said)
    assert [attempt.outcome for attempt in attempts] == ["failed", "failed", "unchanged"]
    raw_rows(landing, "1")
    files = [path for path in landing.parent.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    printed = capfd.readouterr()
    assert KEY not in "".join([*said, caplog.text, printed.out, printed.err, *map(str, attempts)])


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_told_to_whoever_keeps_it(service: StatXplore, landing: Path, status: int) -> None:
    service.refusal = (status, "Error authenticating API key")
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.status) == ("failed", status)
    assert "did not accept the key" in str(attempt.remedy)
    assert "ATF_STAT_XPLORE_KEY" in str(attempt.remedy)


def test_a_limit_that_is_used_up_is_not_taken_for_a_bad_key(service: StatXplore, landing: Path) -> None:
    service.refusal = (403, "Rate limit exceeded")
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.reason) == ("failed", "rate_limited")
    service.refusal = (429, "Too many requests")
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.reason) == ("failed", "rate_limited")


def test_few_requests_left_are_told(service: StatXplore, landing: Path) -> None:
    (attempt,) = refresh(service, landing)
    assert attempt.notes == ()
    service.remaining = 7
    (attempt,) = refresh(service, landing)
    assert "nearly used up" in attempt.notes[0]


def test_ids_are_taken_from_the_schema_and_not_from_memory(service: StatXplore, landing: Path) -> None:
    kind, label, children = service.nodes["str:database:CILIF_ABS"]
    service.nodes["str:count:CILIF_ABS:V_F_CILIF_ABS_2026"] = ("COUNT", "Children", [])
    service.nodes["str:database:CILIF_ABS"] = (
        kind,
        label,
        ["str:count:CILIF_ABS:V_F_CILIF_ABS_2026", *children[1:]],
    )
    (attempt,) = refresh(service, landing)
    assert attempt.outcome == "landed"
    assert service.questions[0]["measures"] == ["str:count:CILIF_ABS:V_F_CILIF_ABS_2026"]


def test_a_question_that_is_not_understood_is_an_engineers(service: StatXplore, landing: Path) -> None:
    service.unknown = {f"str:count:{BASE}"}  # the schema lists it, the tables do not know it
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.status) == ("failed", 422)
    assert "does not understand the query" in str(attempt.remedy)


def test_a_next_page_elsewhere_is_not_asked_for_and_gets_no_key(service: StatXplore, landing: Path) -> None:
    with StatXplore() as elsewhere:
        service.link_to = elsewhere.url
        (attempt,) = refresh(service, landing)
        assert (attempt.outcome, attempt.reason) == ("rejected", "link_elsewhere")
        assert elsewhere.asked == []


def test_cells_that_do_not_fit_their_items_are_rejected(service: StatXplore, landing: Path) -> None:
    service.lost_cells = 1
    (attempt,) = refresh(service, landing)
    assert (attempt.outcome, attempt.reason) == ("rejected", "cells_do_not_fit")


def test_marks_are_those_of_the_row_and_not_of_the_database(service: StatXplore, landing: Path) -> None:
    refresh(service, landing)
    marks = {str(row[0]): row[1:] for row in raw_rows(landing, "year_label, marks, notes")}
    revised = 'r: Figures marked "r" have been revised since the previous release.'
    notes = "I: Revised figures are marked."
    assert marks == {"2014/15": (None, notes), "2023/24": (revised, notes), "2024/25 (p)": (None, notes)}


# An answer of the service for another database, shortened to one area and its total, two months.
RECORDED: dict[str, Any] = {
    "database": {
        "id": "UC_Households",
        "uri": "str:database:UC_Households",
        "label": "Households on Universal Credit",
        "annotationKeys": ["V"],
    },
    "measures": [
        {
            "uri": "str:count:UC_Households:V_F_UC_HOUSEHOLDS",
            "label": "Households on Universal Credit",
            "measure": "str:count:UC_Households:V_F_UC_HOUSEHOLDS",
            "function": "COUNT",
        }
    ],
    "fields": [
        {
            "uri": "str:field:UC_Households:V_F_UC_HOUSEHOLDS:COA_CODE",
            "label": "National - Regional - LA - OAs",
            "items": [
                {
                    "type": "RecodeItem",
                    "uris": ["str:value:UC_Households:V_F_UC_HOUSEHOLDS:COA_CODE:V_C_MASTERGEOG11:E12000001"],
                    "labels": ["North East"],
                },
                {"type": "Total", "labels": ["Total"]},
            ],
        },
        {
            "uri": "str:field:UC_Households:F_UC_HH_DATE:DATE_NAME",
            "label": "Month",
            "items": [
                {
                    "type": "RecodeItem",
                    "uris": ["str:value:UC_Households:F_UC_HH_DATE:DATE_NAME:C_UC_HH_DATE:201805"],
                    "labels": ["May 2018"],
                    "annotationKeys": ["r"],
                }
            ],
        },
    ],
    "cubes": {"str:count:UC_Households:V_F_UC_HOUSEHOLDS": {"values": [["36393.0"], ["8362.0"]], "precision": "0"}},
    "annotationMap": {
        "r": 'Figures marked "r" have been revised since the previous release.',
        "V": '".." denotes a nil or negligible number',
    },
}


def test_a_recorded_answer_is_decoded_item_by_item() -> None:
    records = SOURCES["stat_xplore"].records
    assert records is not None
    first, total = (dict(record) for record in records(RECORDED))
    assert (first["area_code"], first["area_label"], first["year_code"], first["year_label"]) == (
        "E12000001",
        "North East",
        "201805",
        "May 2018",
    )
    assert (first["value"], str(first["marks"])[:2], str(first["notes"])[:2]) == ("36393.0", "r:", "V:")
    assert (total["area_code"], total["area_label"], total["value"]) == (None, "Total", "8362.0")


def test_a_group_of_several_values_is_rejected() -> None:
    grouped = json.loads(json.dumps(RECORDED))
    grouped["fields"][0]["items"][0]["uris"].append("str:value:x:E12000002")
    records = SOURCES["stat_xplore"].records
    assert records is not None
    with pytest.raises(BodyRejected, match="several values as one group"):
        list(records(grouped))
