"""Local returns from `atf returns submit` to the mart: values, nil, not supplied, hidden, superseded, totals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from made_up_returns import LIVERPOOL, WHOLE

from atf_dagster.landing import Store
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings


def figures(settings: Settings, table: str = "fct_observation") -> list[dict[str, Any]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        cursor = connection.execute(f"select * from mart.{table} where indicator_code in ('ATF12', 'ATF20', 'ATF21')")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(settings: Settings, **wanted: str) -> dict[str, Any]:
    (found,) = [row for row in figures(settings) if all(row[name] == value for name, value in wanted.items())]
    return found


def test_a_return_becomes_a_figure_of_its_organisation_and_of_its_place(settings: Settings) -> None:
    own = one(settings, indicator_code="ATF12", area_code=f"ORG-{LIVERPOOL}")
    assert own["value"] == pytest.approx(100 * 10.5 / 40.25)
    assert (own["numerator"], own["denominator"], own["status"]) == (10.5, 40.25, "normal")
    assert own["status_note"].startswith("Local means: ")
    place = one(settings, indicator_code="ATF12", area_code=LIVERPOOL)
    assert (place["value"], place["is_derived"], place["n_areas_included"]) == (own["value"], True, 1)


def test_a_later_return_supersedes_its_key_and_the_history_keeps_both(settings: Settings) -> None:
    assert one(settings, indicator_code="ATF21", area_code=f"ORG-{LIVERPOOL}")["value"] == pytest.approx(50.0125)
    steps = [
        (row["change"], row["value"])
        for row in figures(settings, "fct_observation_history")
        if (row["indicator_code"], row["area_code"]) == ("ATF21", f"ORG-{LIVERPOOL}")
    ]
    assert sorted(steps) == [("new", pytest.approx(25.0125)), ("revised", pytest.approx(50.0125))]


def test_nil_not_supplied_and_zero_stay_apart(settings: Settings) -> None:
    nil = one(settings, indicator_code="ATF20", area_code="ORG-ZZ1", breakdown_value="Band 9")
    assert (nil["status"], nil["value"]) == ("not_applicable", None)
    missing = one(settings, indicator_code="ATF21", area_code="ORG-ZZ1")
    assert (missing["status"], missing["value"]) == ("not_available", None)
    whole = one(settings, indicator_code="ATF21", area_code=WHOLE)
    assert (whole["status"], whole["value"]) == ("not_available", None)
    assert whole["status_note"] == "1 of 2 organisations that reported supplied the figure."


def test_a_small_band_and_a_second_one_are_hidden_everywhere(settings: Settings) -> None:
    hidden = [row for row in figures(settings) if row["indicator_code"] == "ATF20" and row["status"] == "suppressed"]
    bands = {row["breakdown_value"] for row in hidden if row["area_code"] == "ORG-ZZ1"}
    assert "Band 5" in bands and len(bands) >= 2
    for row in [*hidden, *figures(settings, "fct_observation_history")]:
        if row["status"] == "suppressed":
            assert (row["value"], row["numerator"], row["denominator"], row["lci_95"]) == (None, None, None, None)


def test_the_hidden_count_is_in_no_table_of_the_mart(settings: Settings) -> None:
    """What is hidden is Band 5: 3 of 20, 15 %; the bands around it do not give it away."""
    for table in ("fct_observation", "fct_observation_history"):
        shown = [row for row in figures(settings, table) if row["indicator_code"] == "ATF20"]
        assert not [row for row in shown if row["numerator"] == 3 or row["denominator"] == 20 or row["value"] == 15]


def test_a_small_count_that_was_corrected_later_is_in_no_history(settings: Settings) -> None:
    """Hidden after the first submission, harmless after the second: hidden wherever the first is shown."""
    for table in ("fct_observation", "fct_observation_history"):
        rows = [row for row in figures(settings, table) if row["area_code"] == "ORG-ZZ2"]
        band = [(row["value"], row["numerator"], row["status"]) for row in rows if row["breakdown_value"] == "Band 5"]
        assert band and set(band) == {(None, None, "suppressed")}
    for row in figures(settings, "fct_revision"):
        if row["breakdown_value"] == "Band 5":
            assert (row["old_value"], row["new_value"]) == (None, None)


def test_totals_are_those_of_the_submissions_that_were_landed(settings: Settings) -> None:
    """The third submission has 4,000 of 4,000 and was not fetched; the mart is that of the second."""
    for area in (LIVERPOOL, f"ORG-{LIVERPOOL}"):
        assert one(settings, indicator_code="ATF21", area_code=area)["value"] == pytest.approx(50.0125)


def test_one_place_is_never_cheshire_and_merseyside(settings: Settings) -> None:
    """Liverpool alone returned ATF12: the sum is Liverpool's, and the whole has no figure."""
    whole = one(settings, indicator_code="ATF12", area_code=WHOLE)
    assert (whole["value"], whole["status"]) == (None, "not_available")
    assert (whole["n_areas_expected"], whole["n_areas_included"]) == (9, 1)
    assert one(settings, indicator_code="ATF12", area_code=LIVERPOOL)["status"] == "estimated"


def test_submissions_are_pages_of_a_vintage_and_kept_byte_for_byte(settings: Settings) -> None:
    store = Store(settings.landing)
    first, second = store.vintages("local_returns_atf21", "all")
    assert [len(vintage.pages) for vintage in (first, second)] == [1, 2]
    kept = {path.read_bytes() for path in store.verified(second)}
    assert kept < {path.read_bytes() for path in (settings.home / "returns" / "objects").glob("*.csv")}
    assert str(settings.home) not in (settings.landing / "local_returns_atf21/all/vintages.jsonl").read_text("utf-8")


def test_organisations_are_areas_beside_the_places_they_serve(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select area_code, area_type, parent_code from mart.dim_area where area_type = 'organisation' order by 1"
        ).fetchall()
    assert found == [
        (f"ORG-{LIVERPOOL}", "organisation", LIVERPOOL),
        ("ORG-ZZ1", "organisation", WHOLE),
        ("ORG-ZZ2", "organisation", WHOLE),
    ]


def test_a_house_without_returns_says_that_none_was_received(tmp_path: Path) -> None:
    (attempt, *_) = Refresh(Settings(home=tmp_path), "run").fetch(["local_returns_atf12"])
    assert (attempt.outcome, attempt.reason) == ("no_data", "not_published")
    assert attempt.message is not None and "atf returns template" in attempt.message
