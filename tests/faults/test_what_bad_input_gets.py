"""Every kind of bad input, each on its own dataset in one refresh, beside datasets that are well.

Belongs here: what a fault leaves behind (receipt, verdict, message, coverage, diagnosis) and what it leaves alone.
Does not belong here: unusual input that is accepted, repairs (`test_good_input_goes_on`), faults of the mart.
"""

from __future__ import annotations

import hashlib

import pytest
from bad_inputs import MAX_BYTES, faults
from homes import Ended, Home
from story import FIGURES, Damaged, indicator_of, part_of, receipt, says, source_id

from atf_dagster import catalogue
from atf_dagster.snapshot.figures import COUNCILS
from support.server import ScriptedServer
from support.two_publishers import ALL_PART

EVERY = [fault.name for fault in faults(str)]
every_fault = pytest.mark.parametrize("name", EVERY)


def test_a_good_refresh_of_both_publishers_is_published(first: Ended) -> None:
    assert first.code == 0, first
    assert first.report["outcome"] == "published"
    assert first.report["mode"] == "live"
    assert first.report["source_issues"] == []


def test_faults_of_single_datasets_do_not_keep_the_others_from_being_published(
    home: Home, first: Ended, damaged: Damaged
) -> None:
    assert damaged.ended.report["outcome"] == "published"
    assert damaged.ended.current not in (None, first.current)


def test_a_refresh_in_which_a_check_held_something_exits_with_2(damaged: Damaged) -> None:
    assert damaged.ended.code == 2


@every_fault
def test_each_fault_leaves_a_receipt_or_a_verdict_that_says_what_happened_and_what_to_do(
    home: Home, damaged: Damaged, name: str
) -> None:
    fault = damaged.faults[name]
    record = receipt(home, fault.dataset, damaged.ended.run_id)
    assert source_id(fault.dataset) in record["url"]
    assert record["tries"] == fault.tries
    if fault.parses:
        assert record["outcome"] == "landed"
        (record,) = [
            verdict
            for verdict in home.verdicts(fault.dataset, part_of(fault.dataset), damaged.ended.run_id)
            if verdict["verdict"] in ("rejected", "quarantined")
        ]
        assert record["verdict"] == fault.kind
    else:
        assert record["outcome"] == fault.kind
        assert record["failing_since"]
    assert fault.reason in record["reason"].split(", ")
    assert says(fault.says, record["message"])
    assert says(fault.remedy, record["remedy"])


@every_fault
def test_each_fault_is_reported_by_the_refresh_with_what_readers_get_meanwhile(
    damaged: Damaged, first: Ended, name: str
) -> None:
    fault = damaged.faults[name]
    issue = damaged.ended.issue(fault.dataset)
    assert issue["part"] == part_of(fault.dataset)
    assert issue["kind"] == fault.kind
    assert fault.reason in issue["reason"].split(", ")
    assert says(fault.says, issue["message"])
    assert says(fault.remedy, issue["remedy"])
    assert issue["serving"].startswith("figures retrieved 2")
    assert issue["since"]


@every_fault
def test_each_fault_is_shown_by_diagnose_and_by_status(damaged: Damaged, name: str) -> None:
    fault = damaged.faults[name]
    assert says((*fault.says, *fault.remedy, "Held back", "What to do"), damaged.diagnoses[fault.dataset])
    # Troubles with one cause and one remedy may stand in one line.
    (line,) = [line for line in damaged.status.splitlines() if f"{fault.dataset}.{part_of(fault.dataset)}: " in line]
    assert says((f": {fault.kind} (", fault.reason), line)
    assert says(fault.remedy, damaged.status)


@every_fault
def test_each_fault_leaves_the_last_good_figures_of_its_dataset_to_readers(
    home: Home, first: Ended, damaged: Damaged, name: str
) -> None:
    dataset = damaged.faults[name].dataset
    before = home.rows(FIGURES, [dataset], version=first.current)
    assert before, f"the first release has no figures of {dataset}, so there would be nothing to lose"
    assert home.rows(FIGURES, [dataset], version=damaged.ended.current) == before


@every_fault
def test_each_fault_is_said_on_the_indicator_for_every_council(
    home: Home, first: Ended, damaged: Damaged, name: str
) -> None:
    fault = damaged.faults[name]
    sql = "select area_code, state, reason from mart.coverage where indicator_code = ? and area_code in ?"
    asked = [indicator_of(fault.dataset), list(COUNCILS)]
    before = {code: state for code, state, _ in home.rows(sql, asked, version=first.current)}
    assert "stale" not in before.values()
    # Where there was no figure before, as of loneliness in Halton, none can be stale.
    states = {code: "empty" if before[code] == "empty" else "stale" for code in COUNCILS}
    assert "stale" in states.values()
    now = home.rows(sql, asked, version=damaged.ended.current)
    assert sorted(now) == [(code, states[code], fault.coverage_reason) for code in sorted(COUNCILS)]


@every_fault
def test_bytes_that_came_are_kept_whatever_was_wrong_with_them(home: Home, damaged: Damaged, name: str) -> None:
    fault = damaged.faults[name]
    record = receipt(home, fault.dataset, damaged.ended.run_id)
    if fault.kind == "failed":
        assert record["sha256"] is None  # what came was not whole, or not bearable
        return
    kept = home.object(record["sha256"]).read_bytes()
    assert hashlib.sha256(kept).hexdigest() == record["sha256"]
    assert len(kept) == record["bytes"]


def test_no_half_of_a_download_is_left_lying_about(home: Home, damaged: Damaged) -> None:
    assert list((home.workspace / "landing" / "incoming").iterdir()) == []


def test_the_release_names_the_datasets_that_are_held_back_and_no_others(home: Home, damaged: Damaged) -> None:
    (state, fresh, held_back) = home.rows(
        "select quality_state, datasets_fresh, datasets_held_back from mart.release_info",
        version=damaged.ended.current,
    )[0]
    faulty = sorted(fault.dataset for fault in damaged.faults.values())
    ever_came = {path.split("/")[0] for path in home.all_vintages()}
    asked = {dataset.id for collection, dataset in catalogue.load().datasets if home.asks(collection.service.id)}
    well = asked & ever_came - set(faulty)
    assert well
    assert held_back.split(", ") == faulty
    assert set(fresh.split(", ")) == well
    assert state == "warned"
    assert {issue["dataset"] for issue in damaged.ended.report["source_issues"]} == set(faulty)


def test_indicators_whose_datasets_are_all_well_are_not_called_stale(home: Home, damaged: Damaged) -> None:
    stale = home.rows(
        "select distinct indicator_code from mart.coverage where state = 'stale'", version=damaged.ended.current
    )
    assert {code for (code,) in stale} == {indicator_of(fault.dataset) for fault in damaged.faults.values()}


def test_an_unwanted_redirect_is_never_followed(stranger: ScriptedServer, damaged: Damaged) -> None:
    message = damaged.ended.issue(damaged.faults["redirect_outside_the_catalogue"].dataset)["message"]
    assert stranger.url in message
    assert stranger.asked == []


def test_a_body_over_the_limit_is_stopped_while_it_is_still_being_sent(damaged: Damaged) -> None:
    sent = damaged.bytes_sent[source_id(damaged.faults["body_over_the_limit"].dataset)]
    assert MAX_BYTES <= sent < 40 * MAX_BYTES  # what the sockets had taken in may come on top, all of it not


def test_a_fault_that_a_retry_may_cure_is_asked_for_five_times_and_no_other(damaged: Damaged) -> None:
    asked = {
        name: len(damaged.asked[source_id(fault.dataset)])
        for name, fault in damaged.faults.items()
        if part_of(fault.dataset) == ALL_PART
    }
    assert asked == {name: damaged.faults[name].tries for name in asked}
    assert 5 in asked.values()


def test_a_number_that_may_be_a_disclosure_is_not_repeated_in_the_release_or_its_page(
    home: Home, damaged: Damaged
) -> None:
    for name in ("zero_with_a_note_of_suppression", "zero_where_a_figure_was_suppressed"):
        expectation = damaged.faults[name].reason.partition(".")[2]
        ((count, sample),) = home.rows(
            "select unexpected_count, sample from mart.quality_result where expectation = ? and not success",
            [expectation],
            version=damaged.ended.current,
        )
        assert count == 1
        assert "E06000006" in sample  # which row is said, what it holds is not
        assert '"value"' not in sample
        assert '"after_suppression"' not in sample


def test_the_validation_page_shows_every_fault(home: Home, damaged: Damaged) -> None:
    page = (home.releases / str(damaged.ended.current) / "validation.html").read_text("utf-8")
    for fault in damaged.faults.values():
        assert fault.dataset in page
    assert "<!DOCTYPE html>\\n<html><head><title>Service unavailable" not in page  # quoted, never as markup
