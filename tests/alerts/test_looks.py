"""After each run and at fixed times the home is checked: what failed, is late, is damaged, is resolved."""

from __future__ import annotations

import dataclasses
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atf_dagster import catalogue
from atf_dagster.alerts import detect, heartbeat, ledger, notify, outbox
from atf_dagster.alerts.digest import Digest
from atf_dagster.alerts.notify import NotifyResult
from atf_dagster.landing.source_issues import SourceIssue
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.quality.results import Result
from atf_dagster.settings import Settings
from support.channels import Webhook
from support.home import PublishedHome

TIMEOUT = {"message": "landing: no answer", "remedy": "Ask again.", "error": "NoPublisherAnswered"}


def ended(settings: Settings, outcome: str, **facts: object) -> NotifyResult:
    """A run with this outcome, and the notification after it."""
    run_id = str(uuid.uuid4())
    Refresh(settings, run_id).finish(outcome, **facts)  # type: ignore[arg-type]
    return notify.after_run(settings, run_id)


def newest(settings: Settings) -> Digest:
    folder = notify.folder_of(settings)
    found = outbox.read(folder, ledger.read(folder).sequence)
    assert found is not None
    return found


def years_ago(settings: Settings, **times: str) -> None:
    """Set the ledger's clock back."""
    folder = notify.folder_of(settings)
    ledger.write(folder, dataclasses.replace(ledger.read(folder), **times))


def test_a_failed_run_is_told_once_counted_and_told_as_over(home: Settings, webhook: Webhook) -> None:
    of = home.model_copy(update={"alerts": webhook.url})
    with webhook.open():
        assert ended(of, "failed", **TIMEOUT).new == 1
        assert ended(of, "failed", **TIMEOUT).digest is None
        notified = ended(of, "unchanged", release="000001-x")
    assert (notified.resolved, notified.still_open, notified.open) == (1, 0, ())
    first, over = webhook.received
    assert "landing: no answer" in first["message"] and "Ask again." in first["message"]
    assert first["type"] == "failure"
    assert "seen 2 times" in over["message"]


def test_a_run_is_told_of_once_whoever_looks(home: Settings) -> None:
    run_id = str(uuid.uuid4())
    Refresh(home, run_id).finish("failed", **TIMEOUT)
    assert notify.after_run(home, run_id).digest == 1
    again = notify.after_run(home, run_id)
    assert (again.digest, again.silence) == (None, "people were notified of this run before")
    assert [alert.kind for alert in again.open] == ["refresh-failed"]


def test_two_daemons_that_look_at_the_same_moment_tell_it_once(home: Settings, webhook: Webhook) -> None:
    of = home.model_copy(update={"alerts": webhook.url})
    run_id = str(uuid.uuid4())
    Refresh(of, run_id).finish("failed", **TIMEOUT)
    with webhook.open(), ThreadPoolExecutor(6) as pool:
        notified = list(pool.map(lambda _: notify.after_run(of, run_id), range(6)))
    assert sorted(one.digest or 0 for one in notified) == [0, 0, 0, 0, 0, 1]
    assert len(webhook.received) == 1


@pytest.mark.parametrize(
    ("error", "anchor"),
    [("DiskNearlyFull", "disk-nearly-full"), ("LandingDamaged", "landing-damaged"), ("Killed", "refresh-killed")],
)
def test_a_failure_with_an_entry_of_its_own_in_the_runbook_leads_there(home: Settings, error: str, anchor: str) -> None:
    ended(home, "failed", message="m", remedy="n", error=error)
    assert newest(home).new[0].alert.runbook == anchor


def test_silence_is_recorded_with_its_reason_beside_the_run(home: Settings) -> None:
    run_id = str(uuid.uuid4())
    Refresh(home, run_id).finish("unchanged", release="000001-x")
    notify.after_run(home, run_id)
    record = json.loads((home.runs / run_id / "alerts.json").read_text("utf-8"))
    assert record["digest"] is None
    assert "nothing is new" in record["silence"]


def test_after_days_without_news_a_message_says_that_all_is_well(home: Settings) -> None:
    ended(home, "unchanged", release="000001-x")
    years_ago(home, quiet_since="2026-01-01T06:00:00+00:00")
    assert ended(home, "unchanged", release="000001-x").digest == 1
    assert "2 refreshes ended, nothing is broken" in newest(home).quiet
    assert ended(home, "unchanged", release="000001-x").digest is None


def test_when_nothing_ran_for_too_long_the_watch_says_that_we_are_late(home: Settings) -> None:
    ended(home, "unchanged", release="000001-x")
    assert notify.watch(home).open == ()
    years_ago(home, last_good="2026-01-01T06:00:00+00:00")
    notified = notify.watch(home)
    (late,) = notified.open
    assert (notified.new, late.kind, late.severity) == (1, "refresh-overdue", "critical")
    assert "we are late, not they" in late.message
    assert notify.watch(home).digest is None
    assert ended(home, "unchanged", release="000001-x").resolved == 1


def test_a_house_in_which_nothing_ever_ran_is_late_from_its_first_look_on(home: Settings) -> None:
    assert notify.watch(home).open == ()
    years_ago(home, quiet_since="2026-01-01T06:00:00+00:00")
    assert "refresh-overdue" in {alert.kind for alert in notify.watch(home).open}


def test_failing_refreshes_do_not_count_as_being_on_time(home: Settings) -> None:
    ended(home, "unchanged", release="000001-x")
    years_ago(home, last_good="2026-01-01T06:00:00+00:00")
    ended(home, "failed", **TIMEOUT)
    assert {alert.kind for alert in notify.watch(home).open} == {"refresh-failed", "refresh-overdue"}


def test_the_heartbeat_is_heard_after_each_refresh_and_its_silence_is_a_problem(
    home: Settings, webhook: Webhook
) -> None:
    url = f"http://127.0.0.1:{webhook.port}/ping/canary-5f1c9e77"
    of = home.model_copy(update={"heartbeat_url": url})
    for _ in range(outbox.MISSES):
        ended(of, "unchanged", release="000001-x")
    notified = notify.watch(of)
    assert [alert.place for alert in notified.open] == ["heartbeat"]
    with webhook.open(answers_anything=True):
        ended(of, "unchanged", release="000001-x")
        assert ended(of, "unchanged", release="000001-x").resolved == 1
    assert webhook.bodies == [b"unchanged", b"unchanged"]
    kept = "".join(path.read_text("utf-8") for path in home.home.rglob("*.*") if path.is_file())
    assert "canary-5f1c9e77" not in kept
    assert heartbeat.read(notify.folder_of(of)).misses == 0


def test_a_damaged_release_is_noticed_by_the_clock(published_home: PublishedHome, tmp_path: Path) -> None:
    of = Settings(home=published_home.copy_of_releases(tmp_path / "home").home)
    assert notify.watch(of).open == ()
    page = of.releases / published_home.release.name / "csv" / "dim_area.csv"
    page.chmod(0o644)
    page.write_text("spoiled", "utf-8")
    (damaged,) = notify.watch(of).open
    assert damaged.kind == "release-damaged"
    assert "csv/dim_area.csv" in damaged.message


# the published home -------------------------------------------------------------------------------------


def test_the_first_refresh_tells_what_it_published(published_home: PublishedHome) -> None:
    of = published_home.settings
    digest = outbox.read(notify.folder_of(of), 1)
    assert digest is not None
    assert digest.outcome == "published"
    assert digest.release == published_home.release.name
    (count,) = published_home.rows("select count(*) from mart.fct_observation")
    assert digest.change_notes[0].sentences[0].startswith(f"The first release: {count[0]:,} figures")
    assert "digest 1" in published_home.report["notified"]


def test_what_is_open_after_a_refresh_is_what_its_results_say(published_home: PublishedHome) -> None:
    of = published_home.settings
    refresh = Refresh(of, str(published_home.report["run_id"]))
    failed = {
        f"{result.stage}/{result.suite}.{result.expectation}"
        for result in refresh.results()
        if not result.success and result.severity != "info"
    }
    opened = {entry.alert.key for entry in ledger.read(notify.folder_of(of)).open}
    assert {key for key in opened if key.split("/")[0] in ("mart", "admission")} == failed


# what makes an alert ------------------------------------------------------------------------------------


def failed_check(stage: str, severity: str, *rows: dict[str, object], broken: bool = False) -> Result:
    return Result(
        suite="staged_rows",
        stage=stage,  # type: ignore[arg-type]
        table_name="int_admission",
        expectation="value_within_bounds",
        severity=severity,  # type: ignore[arg-type]
        success=False,
        observed="1 of 2 rows fail",
        unexpected_count=len(rows),
        failing=tuple(rows),
        owner="publisher",
        reason="Beyond the unit's bounds.",
        remedy="Write to the publisher.",
        evaluated_at="2026-11-01T06:00:00+00:00",
        broken=broken,
        runbook="value-out-of-bounds",
    )


VINTAGE = "fingertips_93283.councils.0002.abcdefabcdef"


def held(dataset: str, part: str) -> SourceIssue:
    return SourceIssue(
        dataset=dataset,
        part=part,
        kind="quarantined",
        reason="staged_rows.value_within_bounds",
        message="m",
        remedy="n",
        since="2026-11-01T06:00:00+00:00",
        serving="figures retrieved before",
    )


def test_a_held_vintage_is_told_of_its_source_with_keys_owner_and_page() -> None:
    result = failed_check("admission", "critical", {"vintage_id": VINTAGE, "area_code": "E08000012"})
    issue = held("fingertips_93283", "councils")
    known = catalogue.load()
    (found,) = detect.of_sources(known, [issue], [result], "run")
    assert (found.kind, found.severity, found.owner) == ("vintage-quarantined", "critical", "publisher")
    assert found.rows == (f"vintage_id {VINTAGE}, area_code E08000012 (Liverpool)",)
    assert found.page == "runs/run/validation.html#staged_rows"
    assert found.principle == "Overarching outcomes"
    assert detect.of_checks(known, [result], "run") == []


def test_a_held_vintage_says_in_its_headline_what_happened_to_its_figures() -> None:
    """The same loss in several datasets is one block of a message, and names what is missing."""
    lost = "Missing: Halton (E06000006)."
    issues = [
        dataclasses.replace(held(dataset, "councils"), cause=lost)
        for dataset in ("fingertips_93283", "fingertips_93014")
    ]
    found = detect.of_sources(catalogue.load(), issues, [], "run")
    assert {alert.headline for alert in found} == {
        f"sent figures that failed a check (staged rows.value within bounds): {lost}"
    }


def test_a_problem_of_several_principles_names_them() -> None:
    known = catalogue.load()
    codes = ("ATF01", "ATF22", "SUP12")
    names = sorted({detect.principle_of(known, [code]) for code in codes})
    (found,) = detect.of_checks(known, [failed_check("mart", "warning", *({"indicator_code": c} for c in codes))], "r")
    assert found.principle == "Several principles"
    assert found.message.endswith(f" It concerns: {'; '.join(names)}.")
    (single,) = detect.of_checks(known, [failed_check("mart", "warning", {"indicator_code": "ATF01"})], "r")
    assert "It concerns" not in single.message


def test_what_else_is_odd_about_a_held_vintage_is_left_to_its_page() -> None:
    known = catalogue.load()
    other = VINTAGE.replace("93283", "93014")
    result = failed_check("admission", "warning", {"vintage_id": VINTAGE}, {"vintage_id": other})
    (found,) = detect.of_checks(known, [result], "run", [held("fingertips_93283", "councils")])
    assert (found.n_rows, found.rows) == (1, (f"vintage_id {other}",))
    result = failed_check("admission", "warning", {"vintage_id": VINTAGE})
    assert detect.of_checks(known, [result], "run", [held("fingertips_93283", "councils")]) == []


def test_a_broken_check_is_told_as_a_check_though_it_holds_everything() -> None:
    (found,) = detect.of_checks(catalogue.load(), [failed_check("admission", "critical", broken=True)], "run")
    assert found.severity == "critical"


def test_a_standing_warning_is_the_same_problem_as_when_it_was_found() -> None:
    known = catalogue.load()
    (found,) = detect.of_checks(
        known, [failed_check("admission", "warning", {"vintage_id": VINTAGE, "area_code": "E08000012"})], "run"
    )
    (still_open,) = detect.of_checks(known, [failed_check("admission", "warning", {"vintage_id": VINTAGE})], "later")
    assert (found.key, found.state) == (still_open.key, still_open.state)


def test_what_is_only_for_information_is_no_problem() -> None:
    assert detect.of_checks(catalogue.load(), [failed_check("mart", "info", {"indicator_code": "ATF01"})], "run") == []


def test_a_proxy_is_told_under_the_principle_that_it_stands_in_for() -> None:
    known = catalogue.load()
    proxies = [card for card in known.indicators if card.proxy_for is not None]
    for proxy in proxies:
        assert detect.principle_of(known, [proxy.code]) == detect.principle_of(known, [str(proxy.proxy_for)])
    assert detect.principle_of(known, []) == "The warehouse itself"
    assert detect.principle_of(known, ["ATF01", "ATF22"]) == "Several principles"
