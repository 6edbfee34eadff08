"""Finds what is broken now in receipts, verdicts, results, releases and runs, and makes alerts of it.

The key of an alert begins with its scope, such as `source/` or `mart/`. A run that did not check a scope leaves the
alerts of that scope as they were: a refresh that found no change does not check the mart.

Belongs here: which record makes which alert, the owner of an alert. Does not belong here: whether people were notified
(`ledger`), the message of a single failure (the code that records the failure).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atf_dagster.alerts.alert import SHOWN_ROWS, SHOWN_SENTENCES, THE_WAREHOUSE, Alert, Kind
from atf_dagster.catalogue import Catalogue
from atf_dagster.landing.records import LANDING_DAMAGED
from atf_dagster.landing.source_issues import SourceIssue
from atf_dagster.pipeline.pages import PagesFailed
from atf_dagster.quality.results import Result
from atf_dagster.release import changes, versions
from atf_dagster.release.versions import Release

ENGINEERS = "data engineers"
SEVERAL = "Several principles"
SUPPORTING = "Supporting figures"
Scope = str

ANCHORS: dict[str, str] = {
    "DiskNearlyFull": "disk-nearly-full",
    "LandingDamaged": "landing-damaged",
    "AnotherRefreshIsRunning": "home-busy",
}
"""Error -> its entry in the runbook. All other errors have the entry of their kind."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its record in `runs/<run>/outcome.json`."""

    run_id: str
    outcome: str
    at: str
    record: Mapping[str, Any]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Ended":
        return cls(str(record["run_id"]), str(record["outcome"]), str(record["finished_at"]), record)


def principle_of(catalogue: Catalogue, indicators: Iterable[str]) -> str:
    """The Marmot principle of these indicators. A proxy has the principle of the indicator that it replaces."""
    names = _principles(catalogue, indicators)
    if not names:
        return THE_WAREHOUSE
    beacon = names - {SUPPORTING}
    return min(beacon or names) if len(beacon) <= 1 else SEVERAL


def _principles(catalogue: Catalogue, indicators: Iterable[str]) -> set[str]:
    names = set()
    for code in set(indicators):
        card = next((card for card in catalogue.indicators if card.code == code), None)
        if card is not None and card.principle_no is None and card.proxy_for is not None:
            card = catalogue.indicator(card.proxy_for)
        number = card.principle_no if card is not None else None
        names.add(SUPPORTING if number is None else catalogue.principles[number])
    return names


def _concerns(catalogue: Catalogue, indicators: Iterable[str]) -> str:
    """The principles by name, where their heading says only that there are several."""
    names = _principles(catalogue, indicators)
    return f" It concerns: {'; '.join(sorted(names))}." if len(names - {SUPPORTING}) > 1 else ""


# sources -------------------------------------------------------------------------------------------------


HEADLINES = {
    "failed": "did not answer",
    "rejected": "sent something that is not its table",
    "quarantined": "sent figures that failed a check",
}


def of_sources(
    catalogue: Catalogue, source_issues: Sequence[SourceIssue], results: Sequence[Result], run_id: str
) -> list[Alert]:
    """One alert for each part of a dataset that is held back. results: the results of admission in this run."""
    kinds: dict[str, Kind] = {
        "failed": "source-failed",
        "rejected": "source-rejected",
        "quarantined": "vintage-quarantined",
    }
    alerts = []
    for issue in source_issues:
        indicators = tuple(catalogue.dataset(issue.dataset)[1].indicators)
        kind = kinds[issue.kind]
        is_ours = issue.reason == LANDING_DAMAGED
        broken = [r for r in results if f"{r.suite}.{r.expectation}" in issue.reason.split(", ")]
        rows = [
            row
            for result in broken
            for row in result.failing
            if str(row.get("vintage_id", "")).startswith(f"{issue.dataset}.{issue.part}.")
        ]
        reason = issue.reason.replace("_", " ")
        alerts.append(
            Alert(
                key=f"source/{issue.dataset}.{issue.part}",
                kind=kind,
                severity="critical" if issue.kind == "quarantined" else "warning",
                owner=broken[0].owner if broken else ENGINEERS,
                place=f"{issue.dataset}.{issue.part}",
                headline=_headline(issue, reason, is_ours=is_ours),
                message=f"{issue.message} Readers get: {issue.serving}.{_concerns(catalogue, indicators)}",
                remedy=issue.remedy,
                since=issue.since,
                state=f"{issue.kind}: {issue.reason}",
                runbook=broken[0].runbook if broken else ANCHORS["LandingDamaged"] if is_ours else kind,
                principle=principle_of(catalogue, indicators),
                indicators=indicators,
                rows=_shown(catalogue, rows),
                n_rows=len(rows),
                page=_page(run_id, broken[0]) if broken else None,
            )
        )
    return alerts


# checks --------------------------------------------------------------------------------------------------


def _headline(issue: SourceIssue, reason: str, *, is_ours: bool) -> str:
    if is_ours:
        return "has damaged bytes in landing"
    return f"{HEADLINES[issue.kind]} ({reason})" + (f": {issue.cause}" if issue.cause else "")


def of_checks(
    catalogue: Catalogue, results: Sequence[Result], run_id: str, source_issues: Sequence[SourceIssue] = ()
) -> list[Alert]:
    """One alert for each failed expectation that people are notified of.

    A quarantined vintage has an alert of its source instead (`of_sources`). Its warnings are only on the validation
    page.
    """
    quarantined = tuple(f"{issue.dataset}.{issue.part}." for issue in source_issues if issue.kind == "quarantined")
    alerts = []
    for full_result in results:
        without_quarantined = full_result.stage == "admission" and not full_result.broken
        result = _without(full_result, quarantined) if without_quarantined else full_result
        is_alert = not result.success and result.severity != "info"
        if not is_alert or (result.stage == "admission" and result.severity == "critical" and not result.broken):
            continue
        named = set(result.indicators)
        if not named:
            named = {code for dataset in result.datasets for code in catalogue.dataset(dataset)[1].indicators}
        # A vintage's warning stays open while the vintage is in force, so only the vintage decides its state.
        keys = [row.get("vintage_id") if result.stage == "admission" else row for row in result.failing]
        alerts.append(
            Alert(
                key=f"{result.stage}/{result.suite}.{result.expectation}",
                kind="check-failed",
                severity="critical" if result.severity == "critical" else "warning",
                owner=result.owner,
                place=result.table_name,
                headline=f"{result.suite}.{result.expectation}: {result.observed}",
                message=f"{result.reason}{_concerns(catalogue, named)}",
                remedy=result.remedy,
                since=result.evaluated_at,
                state=f"{result.severity} {result.broken} {_hash(keys)}",
                runbook=result.runbook,
                principle=principle_of(catalogue, named),
                indicators=tuple(sorted(named)),
                rows=_shown(catalogue, result.failing),
                n_rows=len(result.failing) or result.unexpected_count,
                page=_page(run_id, result),
            )
        )
    return alerts


def _without(result: Result, vintages: tuple[str, ...]) -> Result:
    """The result without the rows of these vintages; it passes if no other row fails."""
    rows = tuple(row for row in result.failing if not str(row.get("vintage_id", "")).startswith(vintages))
    if not vintages or len(rows) == len(result.failing):
        return result
    return replace(result, failing=rows, unexpected_count=len(rows), success=not rows)


# runs and releases ---------------------------------------------------------------------------------------


def of_run(ended: Ended | None) -> list[Alert]:
    """The refresh that failed or that dbt's tests held. If a suite held it, its checks have alerts (`of_checks`)."""
    if ended is None or ended.outcome not in ("failed", "held") or ended.record.get("blocked_by"):
        return []
    error = str(ended.record.get("error") or "")
    kind: Kind = "refresh-held" if ended.outcome == "held" else "refresh-failed"
    if error == "Killed":
        kind = "refresh-killed"
    message = str(ended.record.get("message") or "The run left no message.")
    return [
        Alert(
            key="run/refresh",
            kind=kind,
            severity="critical",
            owner=ENGINEERS,
            place="refresh",
            headline={"refresh-held": "was held", "refresh-killed": "was ended from outside"}.get(kind, "failed"),
            message=message,
            remedy=str(ended.record.get("remedy") or ""),
            since=ended.at,
            state=f"{kind} {error} {_hash(message) if not error else ''}",
            runbook=ANCHORS.get(error, kind),
        )
    ]


def of_release(releases: Path, at: str) -> list[Alert]:
    """The newest release, if its files differ from its receipt, also after a rollback from it."""
    found = versions.damage_of_newest(releases)
    if found is None:
        return []
    newest, damage = found
    serving = versions.current_version(releases)
    return [
        Alert(
            key="release/damage",
            kind="release-damaged",
            severity="critical",
            owner=ENGINEERS,
            place=newest,
            headline="is damaged",
            message=f"{'; '.join(damage[:SHOWN_ROWS])}. Readers get release {serving or 'none'}.",
            remedy="Find out who writes into the folder of releases. Then `atf refresh` publishes whole files again.",
            since=at,
            state=f"{newest} {serving} {_hash(list(damage))}",
            runbook="release-damaged",
        )
    ]


def of_pages(failed: PagesFailed | None) -> list[Alert]:
    """The release whose pages could not be made; readers have its figures all the same."""
    if failed is None:
        return []
    return [
        Alert(
            key="pages/report",
            kind="pages-failed",
            severity="warning",
            owner=ENGINEERS,
            place=failed.release,
            headline="has no pages",
            message=f"{failed.message} The release itself is whole and in use; only its pages are missing.",
            remedy=f"{failed.remedy} Then `atf report {failed.release}` makes them; so does the next refresh.".strip(),
            since=failed.since,
            state=f"{failed.release} {_hash(failed.message)}",
            runbook="pages-failed",
        )
    ]


def of_lateness(last_good: dt.datetime | None, now: dt.datetime, overdue_hours: float) -> list[Alert]:
    """We are late: for too long no refresh has ended well."""
    if last_good is None or now - last_good <= dt.timedelta(hours=overdue_hours):
        return []
    return [
        Alert(
            key="overdue/refresh",
            kind="refresh-overdue",
            severity="critical",
            owner=ENGINEERS,
            place="refresh",
            headline=f"no refresh has ended well for {overdue_hours:g} hours",
            message=f"The last refresh that ended well ended at {last_good:%Y-%m-%d %H:%M} UTC. What publishers "
            "changed since then is not in the mart: we are late, not they.",
            remedy="Check that the scheduler runs (`make dev`, or the service that runs it), then run `atf refresh`.",
            since=(last_good + dt.timedelta(hours=overdue_hours)).isoformat(timespec="seconds"),
            state="overdue",
            runbook="refresh-overdue",
        )
    ]


def of_late_publishers(catalogue: Catalogue, current: Release, notified: Sequence[Alert]) -> list[Alert]:
    """Indicators whose expected period is due and not yet published, from `coverage`.

    notified: the open alerts. While the source of an indicator fails, we cannot know whether its publisher has caught
    up, so an open alert of that indicator stays open.
    """
    import duckdb

    with duckdb.connect() as connection:
        changes.attach(connection, current, "release")
        rows = connection.execute(
            "select c.indicator_code, i.short_name, i.publisher, max(expected.label), max(latest.label), "
            "max(c.expected_period_id), count(*) "
            "from release.mart.coverage as c "
            "inner join release.mart.dim_indicator as i using (indicator_code) "
            "left join release.mart.dim_period as expected on c.expected_period_id = expected.period_id "
            "left join release.mart.dim_period as latest on c.latest_period_id = latest.period_id "
            "where c.state = 'late' and c.reason = 'publisher_late' group by all order by all"
        ).fetchall()
        stale = connection.execute(
            "select distinct indicator_code from release.mart.coverage where state = 'stale'"
        ).fetchall()
    late = {row[0] for row in rows}
    unknown = {f"late/{code}" for (code,) in stale if code not in late}
    still_open = [alert for alert in notified if alert.key in unknown]
    return still_open + [
        Alert(
            key=f"late/{code}",
            kind="publisher-late",
            severity="warning",
            owner="publisher",
            place=code,
            headline="the publisher is late",
            message=f"{name}: {publisher} has not published {expected or expected_id}, which we expected by now; the "
            f"newest period is {latest}, for {areas} areas.",
            remedy="We have nothing to repair. Look at the publisher's page for a new date. If it now publishes at "
            "other times, an engineer corrects `period` in the catalogue.",
            since=str(current.receipt["built_at"]),
            state=str(expected_id),
            runbook="publisher-late",
            principle=principle_of(catalogue, [code]),
            indicators=(code,),
        )
        for code, name, publisher, expected, latest, expected_id, areas in rows
    ]


def _shown(catalogue: Catalogue, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The first rows as text; more of them where each is a sentence."""
    most = SHOWN_SENTENCES if any(row.get("told") for row in rows) else SHOWN_ROWS
    names = {area.code: area.name for area in catalogue.areas}
    return tuple(str(row.get("told") or _row(row, names)) for row in rows[:most])


def _row(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Keys and values; an area by its name, too."""

    def said(name: str, value: Any) -> str:
        return f"{value} ({names[value]})" if name == "area_code" and value in names else str(value)

    return ", ".join(f"{name} {said(name, value)}" for name, value in row.items() if value is not None)


def _page(run_id: str, result: Result) -> str:
    return f"runs/{run_id}/validation.html#{result.suite}"


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
