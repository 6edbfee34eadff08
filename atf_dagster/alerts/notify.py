"""Notifies people after each run and at fixed times: it finds alerts, compares, writes one digest, delivers.

The order of these steps makes a kill at any point harmless: the digest is written before the ledger that names it, and
only digests that the ledger names are delivered.

Belongs here: the order of these steps. Does not belong here: Dagster (`orchestration.automation`), printing (`cli`).
"""

import datetime as dt
import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from atf_dagster.alerts import change_notes, detect, heartbeat, ledger, outbox
from atf_dagster.alerts.alert import Alert
from atf_dagster.alerts.channels import channels
from atf_dagster.alerts.detect import Ended
from atf_dagster.alerts.digest import Digest
from atf_dagster.alerts.ledger import Difference, Ledger
from atf_dagster.files import AnotherRefreshIsRunning, single_writer, write_atomic
from atf_dagster.pipeline import pages
from atf_dagster.pipeline.run_record import RunRecord
from atf_dagster.release import changes, versions
from atf_dagster.settings import Settings


@dataclass(frozen=True)
class NotifyResult:
    """The result of one notification. digest: None if no message was needed; then `silence` says why."""

    digest: int | None
    new: int
    changed: int
    resolved: int
    still_open: int
    silence: str | None
    undelivered: tuple[str, ...]
    """Channels that did not take their message, each with the reason."""
    open: tuple[Alert, ...] = ()

    @property
    def sentence(self) -> str:
        counts = f"{self.new} new, {self.changed} changed, {self.resolved} resolved, {self.still_open} still open"
        line = f"digest {self.digest} ({counts})" if self.digest else f"no message ({self.silence})"
        return "; ".join((line, *self.undelivered))


def check_settings(settings: Settings) -> None:
    """Raise SettingsError, before any work, if a channel cannot be read or an owner does not exist."""
    channels(settings.alerts)
    channels(settings.alerts_second, "ATF_ALERTS_SECOND")


def after_run(settings: Settings, run_id: str, known_changes: Sequence[changes.Change] | None = None) -> NotifyResult:
    """Notify of a run that ended, whoever started it. A second call for the same run sends nothing."""
    folder = folder_of(settings)
    with _locked(folder):
        before = ledger.read(folder)
        if run_id in before.notified_runs:
            return _silent(before, "people were notified of this run before")
        refresh = RunRecord(settings, run_id)
        record = refresh.outcome()
        ended = Ended.of(record) if record is not None else None
        at = _now()
        found, scopes = _found_after(refresh, ended, before)
        compared, difference = _compare(settings, before, found, scopes, at)
        compared = compared.after_run(run_id, is_refresh=ended is not None)
        if ended is not None and ended.outcome != "failed":
            compared = replace(compared, last_good=ended.at)
        notes: tuple[change_notes.ChangeNote, ...] = ()
        if ended is not None and ended.outcome == "published":
            notes = tuple(_change_notes(settings, refresh, ended, known_changes))
        notified = _notify(settings, compared, difference, at, ended=ended, notes=notes)
        if settings.heartbeat_url and ended is not None:
            heartbeat.beat(folder, settings.heartbeat_url, ended.outcome, at)
        notice = {"digest": notified.digest, "silence": notified.silence, "undelivered": notified.undelivered}
        write_atomic(refresh.folder / "alerts.json", json.dumps(notice) + "\n")
        return notified


def watch(settings: Settings) -> NotifyResult:
    """Check what no run checks: no run for too long, a damaged release, messages that were not delivered."""
    folder = folder_of(settings)
    go_back_from_damage(settings)
    with _locked(folder):
        at = _now()
        compared, difference = _compare(settings, ledger.read(folder), [], frozenset(), at)
        return _notify(settings, compared, difference, at)


def go_back_from_damage(settings: Settings) -> None:
    """If the current release is damaged, make the newest whole release current."""
    try:
        with single_writer(settings.home):
            versions.roll_back_from_damage(settings.releases)
    except AnotherRefreshIsRunning:
        return  # that refresh does the same when it begins


def folder_of(settings: Settings) -> Path:
    """The folder with the alerts of the mode of the settings."""
    return settings.workspace / "alerts"


def _found_after(refresh: RunRecord, ended: Ended | None, before: Ledger) -> tuple[list[Alert], set[str]]:
    """The alerts after a run, and the scopes that the run checked."""
    known, run_id = refresh.catalogue, refresh.run_id
    results, source_issues = refresh.results(), refresh.source_issues()
    found = detect.of_sources(known, source_issues, results, run_id) + detect.of_run(ended)
    found += detect.of_checks(known, results, run_id, source_issues)
    scopes = {"source", "run", *(result.stage for result in results)}
    current = versions.current(refresh.settings.releases)
    if current is not None and current.receipt["mode"] == refresh.settings.mode:
        found += detect.of_late_publishers(known, current, [entry.alert for entry in before.open])
        scopes.add("late")
    return found, scopes


def _compare(
    settings: Settings, before: Ledger, found: Sequence[Alert], scopes: frozenset[str] | set[str], at: str
) -> tuple[Ledger, Difference]:
    """Compare with the open alerts. Adds the alerts that every notification checks."""
    before = replace(before, quiet_since=before.quiet_since or at)
    last_good = dt.datetime.fromisoformat(before.last_good or before.quiet_since)
    # After a run that ended well the ledger is not yet updated; that run proves that we are not late.
    late = [] if "run" in scopes else detect.of_lateness(last_good, dt.datetime.now(dt.UTC), settings.overdue_hours)
    folder = folder_of(settings)
    waiting = [*outbox.deliveries(folder).values(), heartbeat.read(folder)]
    always = [
        *detect.of_release(settings.releases, at),
        *detect.of_pages(pages.failure(settings)),
        *late,
        *outbox.undelivered(waiting),
    ]
    return before.compare([*found, *always], {*scopes, "release", "pages", "overdue", "channel"}, at)


def _notify(
    settings: Settings,
    compared: Ledger,
    difference: Difference,
    at: str,
    *,
    ended: Ended | None = None,
    notes: tuple[change_notes.ChangeNote, ...] = (),
) -> NotifyResult:
    folder = folder_of(settings)
    quiet = _quiet(settings, compared, at)
    digest = None
    if difference.has_changes or notes or quiet:
        digest = Digest(
            number=compared.sequence + 1,
            at=at,
            mode=settings.mode,
            run_id=ended.run_id if ended else "",
            outcome=ended.outcome if ended else "",
            release=versions.current_version(settings.releases) or "",
            new=difference.new,
            changed=difference.changed,
            resolved=difference.resolved,
            still_open=difference.still_open,
            change_notes=notes,
            quiet=quiet,
        )
        outbox.keep(folder, digest, settings.pages)
        compared = replace(compared, sequence=digest.number, quiet_since=at, refreshes_since=0)
    ledger.write(folder, compared)
    delivered = outbox.deliver(
        folder,
        compared,
        channels(settings.alerts),
        channels(settings.alerts_second, "ATF_ALERTS_SECOND"),
        at=at,
        pages=settings.pages,
        mode=settings.mode,
    )
    return NotifyResult(
        digest=digest.number if digest else None,
        new=len(difference.new),
        changed=len(difference.changed),
        resolved=len(difference.resolved),
        still_open=len(difference.still_open),
        silence=None if digest else "nothing is new, changed or resolved since the last message",
        undelivered=tuple(f"{d.name} did not take its message: {d.error}" for d in delivered if d.misses),
        open=tuple(entry.alert for entry in compared.open),
    )


def _quiet(settings: Settings, compared: Ledger, at: str) -> str:
    """The sentence of a message that is sent after a long time without messages, so that people notice if it stops."""
    since = dt.datetime.fromisoformat(compared.quiet_since)
    if dt.datetime.fromisoformat(at) - since < dt.timedelta(days=settings.quiet_days) or not settings.quiet_days:
        return ""
    still = f"{len(compared.open)} alerts are still open" if compared.open else "nothing is broken"
    return (
        f"Nothing new since {since:%Y-%m-%d}: {compared.refreshes_since} refreshes ended, {still}. This message comes "
        f"every {settings.quiet_days:g} days: if it does not come, the alerts themselves have stopped."
    )


def _change_notes(
    settings: Settings, refresh: RunRecord, ended: Ended, known: Sequence[changes.Change] | None
) -> list[change_notes.ChangeNote]:
    releases = {release.version: release for release in versions.releases(settings.releases)}
    after, before = releases[str(ended.record["release"])], releases.get(str(ended.record.get("before")))
    if before is not None and before.receipt["mode"] != settings.mode:
        before, known = None, None  # a release of the other mode: every figure would count as changed
    counted = changes.between(before, after) if known is None else known
    return change_notes.between(before, after, counted, change_notes.doubts_of(refresh.results()))


def _silent(before: Ledger, why: str) -> NotifyResult:
    return NotifyResult(None, 0, 0, 0, len(before.open), why, (), tuple(entry.alert for entry in before.open))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one notification of a home run at a time: sensors of two daemons, commands and refreshes wait here."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
