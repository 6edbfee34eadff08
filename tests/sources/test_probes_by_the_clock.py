"""Probes alone: what a publisher says of a change is heard without a table being fetched, and starts one refresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from atf_dagster.catalogue import load
from atf_dagster.files import only_caller
from atf_dagster.landing.probing import Probed
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data
from support.fetching import fetch
from support.publishers.fingertips import Fingertips, row

DATASET, NUMBER = "fingertips_93015", "93015"
BEFORE, AFTER = (
    {"LastUploadedAt": f"2026-05-0{day}T09:00:00", "LastDeletedAt": "0001-01-01T00:00:00"} for day in (5, 6)
)


@pytest.fixture
def fingertips() -> Iterator[Fingertips]:
    with Fingertips() as server:
        server.serve(NUMBER, 502, [row(NUMBER, f"E0800001{n}", f"2{n}.5") for n in range(1, 6)])
        server.changes[NUMBER] = BEFORE
        yield server


@pytest.fixture
def settings(tmp_path: Path, fingertips: Fingertips) -> Settings:
    """A live house that holds the dataset."""
    home = Settings(
        home=tmp_path, mode="live", service_urls={"fingertips": fingertips.url}, attempts=1, requests_per_second=0
    )
    assert fetch(home.landing, {"fingertips": fingertips.url}, [DATASET])[f"{DATASET}.councils"].outcome == "landed"
    fingertips.forget()
    return home


def councils(settings: Settings) -> Probed:
    found = Refresh(settings, "probe").probe("fingertips")
    assert found is not None
    (probed,) = [entry for entry in found if (entry.dataset, entry.part) == (DATASET, "councils")]
    return probed


def test_an_unchanged_table_is_not_fetched(settings: Settings, fingertips: Fingertips) -> None:
    assert councils(settings).sign == "unchanged"
    assert fingertips.tables_asked() == []


def test_a_change_is_heard_with_the_publisher_s_own_word_and_nothing_is_landed(
    settings: Settings, fingertips: Fingertips
) -> None:
    fingertips.changes[NUMBER] = AFTER
    receipts = settings.landing / DATASET / "councils" / "attempts.jsonl"
    before = receipts.read_bytes()
    probed = councils(settings)
    assert (probed.sign, probed.token) == ("changed", AFTER["LastUploadedAt"])
    assert fingertips.tables_asked() == []
    assert receipts.read_bytes() == before


def test_a_publisher_that_knows_nothing_beforehand_and_a_dataset_never_held_start_nothing(
    settings: Settings, fingertips: Fingertips
) -> None:
    fingertips.changes.clear()
    found = Refresh(settings, "probe").probe("fingertips")
    assert found is not None
    assert {probed.sign for probed in found} == {"no_probe"}
    assert fingertips.tables_asked() == []


def test_a_publisher_that_does_not_answer_is_said_with_what_happened(settings: Settings) -> None:
    gone = settings.model_copy(update={"service_urls": {"fingertips": "http://127.0.0.1:9"}})
    probed = councils(gone)
    assert probed.sign == "failed"
    assert "refused" in probed.message


def test_a_service_that_a_refresh_is_asking_is_left_alone(settings: Settings, fingertips: Fingertips) -> None:
    with only_caller(settings.home, ["fingertips"], wait=True):
        assert Refresh(settings, "probe").probe("fingertips") is None
    assert fingertips.asked == []


def test_one_change_starts_one_refresh_and_each_tick_asks_the_next_service(
    settings: Settings, fingertips: Fingertips
) -> None:
    disable_usage_data()
    import dagster as dg

    from atf_dagster.orchestration.automation import probe

    sensor = probe.sensor(settings)

    def tick(cursor: str) -> tuple[object, str]:
        context = dg.build_sensor_context(cursor=cursor)
        said = sensor(context)
        assert context.cursor is not None
        return said, context.cursor

    services = [service.id for service in load().services]
    first = str(services.index("fingertips"))
    said, cursor = tick(first)
    assert isinstance(said, dg.SkipReason) and "1 of" in str(said.skip_message)
    assert int(cursor) == (int(first) + 1) % len(services)
    fingertips.changes[NUMBER] = AFTER
    requests = [tick(first)[0] for _ in range(2)]
    for request in requests:
        assert isinstance(request, dg.RunRequest)
        assert request.tags["atf/changed"] == DATASET and "atf/unattended" in request.tags
    assert requests[0].run_key == requests[1].run_key  # type: ignore[attr-defined]
    fingertips.changes[NUMBER] = {**AFTER, "LastUploadedAt": "2026-05-07T09:00:00"}
    assert tick(first)[0].run_key != requests[0].run_key  # type: ignore[attr-defined]
