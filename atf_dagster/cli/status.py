"""`atf status`: what is published, how old it is and what is broken now.

This command imports neither Dagster nor dbt nor Great Expectations: they would make it slow.

Belongs here: arguments and printing. Does not belong here: reading releases, receipts and alerts.
"""

import argparse
import datetime as dt
import json
from typing import Any

from atf_dagster import catalogue
from atf_dagster.alerts import ledger
from atf_dagster.alerts.ledger import OpenAlert
from atf_dagster.cli.printing import source_issue_lines
from atf_dagster.landing.source_issues import source_issues
from atf_dagster.landing.vintages import stores as stores_of
from atf_dagster.release import versions
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `status` to the commands of `atf`."""
    parser = commands.add_parser("status", help="what is published, how old it is and what is broken now")
    parser.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    parser.set_defaults(run=status)


def status(settings: Settings, options: argparse.Namespace) -> int:
    """Print what is published, how old it is, what is broken now and how the last runs ended."""
    current = versions.current(settings.releases)
    stores = stores_of(settings)
    held_back = {mode: source_issues(catalogue.load(), store) for mode, store in stores.items()}
    runs = _last_runs(settings, 5)
    damage = versions.damage_of_current(settings.releases)
    if options.json:
        record = {
            "mode": settings.mode,
            "home": str(settings.home),
            "release": current.receipt if current else None,
            "damage": damage,
            "source_issues": [{"mode": mode, **vars(t)} for mode, found in held_back.items() for t in found],
            "open": [entry.as_json() for entry in _open(settings)],
            "last_runs": runs,
        }
        print(json.dumps(record, ensure_ascii=False, default=str))
        return 1 if damage else 0
    if current is None and damage:
        print(f"Release {versions.current_version(settings.releases)}:")
    elif current is None:
        print(f"No release in {settings.releases} yet: run `atf refresh`.")
    elif current is not None:
        receipt = current.receipt
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(receipt["built_at"])
        print(f"Release {current.version}: mode {receipt['mode']}, {receipt['verdict']}, {_age(age)} old")
        mart = versions.database(settings.releases / "current")
        print(f"  {receipt['rows']['fct_observation']} figures; readers open {mart}")
        rolled = versions.rolled_back_from(settings.releases)
        if rolled:
            print(f"  rolled back from {rolled}; the next refresh that finds a change publishes again")
    for alert in damage:
        print(f"  DAMAGED: {alert}. Run `atf rollback`, then `atf refresh --rebuild`.")
    for mode, found in held_back.items():
        print(f"Sources, mode {mode}:")
        for line in source_issue_lines(found) or ["Nothing is held back."]:
            print(f"  {line}")
    others = [entry.alert for entry in _open(settings) if not entry.alert.key.startswith("source/")]
    if others:
        print("Other open alerts:")
    for other in others:
        print(f"  {other.severity}: {other.place}: {other.headline} (since {other.since})")
        print(f"    What to do: {other.remedy} See docs/runbook.md#{other.runbook}")
    print("Last runs:" if runs else "No runs yet.")
    for run in runs:
        print(f"  {run['finished_at']}  {run['outcome']:<10} {run['run_id']}")
    return 1 if damage else 0


def _open(settings: Settings) -> list[OpenAlert]:
    """The open alerts, in the mode of the settings."""
    return list(ledger.read(settings.workspace / "alerts").open)


def _last_runs(settings: Settings, count: int) -> list[dict[str, Any]]:
    records = [json.loads(path.read_text("utf-8")) for path in settings.runs.glob("*/outcome.json")]
    return sorted(records, key=lambda record: str(record["finished_at"]), reverse=True)[:count]


def _age(age: dt.timedelta) -> str:
    hours = age.total_seconds() / 3600
    return (
        f"{hours * 60:.0f} minutes" if hours < 1 else f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
    )
