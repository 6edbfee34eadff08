"""OHID Fingertips over its live path: kinds of area, probes, moved numbers, withdrawals, on loopback."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from atf_dagster.catalogue import load
from atf_dagster.landing import Attempt, Store
from support.fetching import fetch, rows
from support.publishers.fingertips import AREA_TYPES, Fingertips, row

DATASET = "fingertips_93015"
NUMBER = "93015"
COUNCILS = [row(NUMBER, f"E0800001{n}", f"2{n}.5") for n in range(1, 6)]
UPLOADED = {"LastUploadedAt": "2026-05-05T09:00:00", "LastDeletedAt": "0001-01-01T00:00:00"}


@pytest.fixture
def fingertips() -> Iterator[Fingertips]:
    with Fingertips() as server:
        server.serve(NUMBER, 502, COUNCILS)
        yield server


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def refresh(landing: Path, server: Fingertips, dataset: str = DATASET) -> dict[str, Attempt]:
    return fetch(landing, {"fingertips": server.url}, [dataset])


def test_each_kind_of_area_that_has_the_indicator_is_asked_the_newest_first(
    fingertips: Fingertips, landing: Path
) -> None:
    fingertips.serve(NUMBER, 402, [row(NUMBER, "E08000011", "1")])
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert attempt.outcome == "landed"
    newest, older = fingertips.tables_asked()
    assert "child_area_type_id=502" in newest and "parent_area_type_id=15" in newest
    assert "child_area_type_id=402" in older
    assert [page.url for page in attempt.pages] == [f"{fingertips.url}{asked}" for asked in (newest, older)]
    assert "several kinds of area: 502, and before it 402" in " ".join(attempt.notes)


def test_a_new_kind_of_area_is_told_and_takes_no_history(fingertips: Fingertips, landing: Path) -> None:
    refresh(landing, fingertips)
    fingertips.area_types = [*AREA_TYPES, {"Id": 602, "Name": "Upper tier local authorities (post 4/25)", "Short": ""}]
    fingertips.serve(NUMBER, 602, [row(NUMBER, "E08000012", "9")])
    fingertips.changes[NUMBER] = UPLOADED
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert attempt.outcome == "landed" and len(attempt.pages) == 2
    assert "The publisher has a new kind of area, 602; the newest was 502." in attempt.notes


def test_an_older_kind_of_area_without_rows_is_told_and_holds_nothing_back(
    fingertips: Fingertips, landing: Path
) -> None:
    fingertips.serve(NUMBER, 402, [])
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert attempt.outcome == "landed" and attempt.pages == ()
    assert "The publisher lists figures for the older kind of area 402 and sent none." in attempt.notes


def test_a_kind_of_area_that_is_renumbered_is_found_by_its_name(fingertips: Fingertips, landing: Path) -> None:
    fingertips.area_types = [
        *AREA_TYPES,
        {"Id": 602, "Name": "Upper tier local authorities (post 5/25)", "Short": "Counties & UAs (from May 2025)"},
    ]
    fingertips.serve(NUMBER, 602, COUNCILS)
    assert refresh(landing, fingertips)[f"{DATASET}.councils"].outcome == "landed"
    assert "child_area_type_id=602" in fingertips.tables_asked()[0]


def test_kinds_of_area_that_nobody_recognises_are_refused_with_their_names(
    fingertips: Fingertips, landing: Path
) -> None:
    fingertips.area_types = [{"Id": 900, "Name": "Boroughs", "Short": "Boroughs"}]
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert (attempt.outcome, attempt.reason) == ("rejected", "area_types_changed")
    assert attempt.message is not None and "Boroughs" in attempt.message


def test_a_level_without_figures_is_no_fault(fingertips: Fingertips, landing: Path) -> None:
    attempts = refresh(landing, fingertips)
    assert attempts[f"{DATASET}.icbs"].outcome == "no_data"
    assert "icbs" in (attempts[f"{DATASET}.icbs"].message or "")
    fingertips.serve(NUMBER, 221, [row(NUMBER, "E54000008", "24.1")])
    assert refresh(landing, fingertips)[f"{DATASET}.icbs"].outcome == "landed"


def test_an_unchanged_indicator_costs_a_probe_and_no_download(fingertips: Fingertips, landing: Path) -> None:
    fingertips.changes[NUMBER] = UPLOADED
    assert refresh(landing, fingertips)[f"{DATASET}.councils"].outcome == "landed"
    fingertips.forget()
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert (attempt.outcome, attempt.sequence) == ("unchanged", 1)
    assert fingertips.tables_asked() == []
    # One probe for all three levels of the indicator.
    assert [path for path in fingertips.asked if path.startswith("/api/data_changes")] == [
        f"/api/data_changes?indicator_id={NUMBER}"
    ]


def test_a_probe_is_believed_for_a_month(fingertips: Fingertips, landing: Path) -> None:
    fingertips.changes[NUMBER] = UPLOADED
    refresh(landing, fingertips)
    receipts = landing / DATASET / "councils" / "attempts.jsonl"
    record = json.loads(receipts.read_text("utf-8"))
    record["checked_at"] = (dt.datetime.now(dt.UTC) - dt.timedelta(days=31)).isoformat()
    receipts.write_text(json.dumps(record) + "\n", "utf-8")
    fingertips.forget()
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert attempt.outcome == "unchanged"
    assert len(fingertips.tables_asked()) == 1
    assert attempt.checked_at == attempt.started_at


def test_a_newer_upload_is_fetched(fingertips: Fingertips, landing: Path) -> None:
    fingertips.changes[NUMBER] = UPLOADED
    refresh(landing, fingertips)
    fingertips.changes[NUMBER] = {**UPLOADED, "LastUploadedAt": "2026-08-05T09:00:00"}
    fingertips.serve(NUMBER, 502, [*COUNCILS, row(NUMBER, "E06000006", "20.5")])
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert (attempt.outcome, attempt.sequence) == ("landed", 2)


def test_the_servers_stale_cache_is_passed_by(fingertips: Fingertips, landing: Path) -> None:
    """The probe says that there is something new and the body is the old one: it is asked for once more."""
    fingertips.changes[NUMBER] = UPLOADED
    refresh(landing, fingertips)
    fingertips.changes[NUMBER] = {**UPLOADED, "LastUploadedAt": "2026-08-05T09:00:00"}
    fingertips.serve(NUMBER, 502, [*COUNCILS, row(NUMBER, "E06000006", "20.5")], stamped=True)
    fingertips.forget()
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert attempt.outcome == "landed"
    assert len(fingertips.tables_asked()) == 2


def test_rows_in_another_order_are_no_new_vintage(fingertips: Fingertips, landing: Path) -> None:
    refresh(landing, fingertips)
    fingertips.serve(NUMBER, 502, COUNCILS[::-1])
    assert refresh(landing, fingertips)[f"{DATASET}.councils"].outcome == "unchanged"
    assert len(Store(landing).vintages(DATASET, "councils")) == 1


def test_a_withdrawal_keeps_the_last_good_and_says_since_when(fingertips: Fingertips, landing: Path) -> None:
    fingertips.changes[NUMBER] = UPLOADED
    refresh(landing, fingertips)
    fingertips.changes[NUMBER] = {**UPLOADED, "LastDeletedAt": "2026-06-01T10:00:00"}
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    assert (attempt.outcome, attempt.reason) == ("rejected", "withdrawn")
    assert attempt.message is not None and "2026-06-01" in attempt.message
    assert attempt.remedy is not None and "last good" in attempt.remedy
    assert len(Store(landing).vintages(DATASET, "councils")) == 1


def test_a_discontinued_number_is_asked_by_the_one_that_took_its_place(
    fingertips: Fingertips, landing: Path, tmp_path: Path
) -> None:
    catalogue = load()
    collection, dataset = catalogue.dataset("fingertips_93283")
    old = dataset.model_copy(update={"source_id": "90366"})
    moved = collection.model_copy(update={"datasets": (old,)})
    changed = catalogue.model_copy(update={"collections": (moved,)})
    fingertips.serve("93283", 502, [row("93283", f"E0800001{n}", "79.1") for n in range(1, 6)])
    attempts = fetch(landing, {"fingertips": fingertips.url}, [old.id], catalogue=changed)
    attempt = attempts["fingertips_93283.councils"]
    assert attempt.outcome == "landed"
    assert attempt.notes == ("Indicator 90366 was discontinued; 93283 took its place and is asked.",)
    assert {found["indicator_id"] for found in rows(landing, tmp_path / "raw", collection.table, changed)} == {"93283"}


def test_the_publishers_cards_come_for_all_indicators_in_one_request(
    fingertips: Fingertips, landing: Path, tmp_path: Path
) -> None:
    heading = "Indicator ID,Indicator,Definition,Caveats,Copyright,Data re-use\r\n"
    card = f'{NUMBER},Percentage of physically inactive adults,"Line one\nline two",Survey,Sport England,OGL\r\n'
    fingertips.metadata = (heading + card).encode()
    attempts = refresh(landing, fingertips, "fingertips_indicator_metadata")
    assert attempts["fingertips_indicator_metadata.all"].outcome == "landed"
    (asked,) = [path for path in fingertips.asked if "indicator_metadata" in path]
    numbers = [d.source_id for c, d in load().datasets if c.table == "fingertips_indicator_data"]
    assert all(number in asked for number in numbers)
    (found,) = rows(landing, tmp_path / "raw", "fingertips_indicator_metadata")
    assert (found["definition"], found["data_re_use"]) == ("Line one\nline two", "OGL")


def test_what_was_looked_up_is_kept_and_recorded(fingertips: Fingertips, landing: Path) -> None:
    attempt = refresh(landing, fingertips)[f"{DATASET}.councils"]
    listings = {fetch_listing.url.split("?")[0].rpartition("/")[2] for fetch_listing in attempt.listings}
    assert listings == {"data_changes", "area_types", "available_data"}
    store = Store(landing)
    for fetch_listing in attempt.listings:
        assert store.object_path(fetch_listing.sha256).stat().st_size == fetch_listing.bytes
