"""The commands that only look, and rollback: status, diagnose, releases.

Belongs here: reading releases and receipts, and printing them. `explain` has a module of its own. Nothing of
Dagster, dbt or Great Expectations is imported, so that an answer takes a moment.
"""

import argparse
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from atf_dagster import catalogue
from atf_dagster.alerts import ledger
from atf_dagster.alerts.ledger import Open
from atf_dagster.landing import Store, Vintage
from atf_dagster.landing.troubles import Trouble, troubles
from atf_dagster.release import versions
from atf_dagster.settings import Settings

SHOWN = 6
"""Names of sources with the same trouble that are printed; `--json` has all of them."""


class NotFound(LookupError):
    """What was asked for does not exist; the text says what does."""


def status(of: Settings, options: argparse.Namespace) -> int:
    """What is published, how old it is, what is broken now, how the last runs ended."""
    current = versions.current(of.releases)
    stores = _stores(of)
    held_back = {mode: troubles(catalogue.load(), store) for mode, store in stores.items()}
    runs = _last_runs(of, 5)
    damage = versions.damage_of_current(of.releases)
    if options.json:
        record = {
            "mode": of.mode,
            "home": str(of.home),
            "release": current.receipt if current else None,
            "damage": damage,
            "troubles": [{"mode": mode, **vars(t)} for mode, found in held_back.items() for t in found],
            "open": [entry.as_json() for entry in _open(of)],
            "last_runs": runs,
        }
        print(json.dumps(record, ensure_ascii=False, default=str))
        return 1 if damage else 0
    if current is None and damage:
        print(f"Release {versions.current_version(of.releases)}:")
    elif current is None:
        print(f"No release in {of.releases} yet: run `atf refresh`.")
    elif current is not None:
        receipt = current.receipt
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(receipt["built_at"])
        print(f"Release {current.version}: mode {receipt['mode']}, {receipt['verdict']}, {_age(age)} old")
        print(f"  {receipt['rows']['fct_observation']} figures; readers open {of.releases / 'current' / 'mart.duckdb'}")
        rolled = versions.rolled_back_from(of.releases)
        if rolled:
            print(f"  rolled back from {rolled}; the next refresh with news publishes again")
    for problem in damage:
        print(f"  DAMAGED: {problem}. Run `atf rollback`, then `atf refresh --rebuild`.")
    for mode, found in held_back.items():
        print(f"Sources, mode {mode}:")
        for line in told(found) or ["Nothing is held back."]:
            print(f"  {line}")
    others = [entry.problem for entry in _open(of) if not entry.problem.key.startswith("source/")]
    if others:
        print("Open beside the sources:")
    for other in others:
        print(f"  {other.severity}: {other.place}: {other.headline} (since {other.since})")
        print(f"    What to do: {other.mend} See docs/runbook.md#{other.runbook}")
    print("Last runs:" if runs else "No runs yet.")
    for run in runs:
        print(f"  {run['finished_at']}  {run['outcome']:<10} {run['run_id']}")
    return 1 if damage else 0


def _open(of: Settings) -> list[Open]:
    """What people were told of and is not over yet, in the house's mode."""
    return list(ledger.read(of.workspace / "alerts").open)


def told(held_back: Sequence[Trouble]) -> list[str]:
    """Troubles as lines for people; those with one cause and one remedy are told together."""
    groups: dict[tuple[str, ...], list[Trouble]] = {}
    for trouble in held_back:
        groups.setdefault((trouble.kind, trouble.reason, trouble.mend, trouble.serving), []).append(trouble)
    lines = [f"Held back: {len(held_back)}"] if held_back else []
    for (kind, reason, mend, serving), alike in groups.items():
        for trouble in alike[:SHOWN]:
            lines.append(f"  {trouble.dataset}.{trouble.part}: {kind} ({reason}) since {trouble.since}")
            lines.append(f"    {trouble.message}")
        if len(alike) > SHOWN:
            lines.append(f"  and {len(alike) - SHOWN} more with the same cause")
        lines += [f"    What to do: {mend}", f"    Readers get: {serving}."]
    return lines


def releases(of: Settings, options: argparse.Namespace) -> int:
    """List the releases, newest first; the current one is marked."""
    known = versions.releases(of.releases)[::-1]
    if options.json:
        print(json.dumps([{**release.receipt, "is_current": release.is_current} for release in known]))
        return 0
    for release in known:
        mark = "*" if release.is_current else " "
        receipt = release.receipt
        print(
            f"{mark} {release.version}  {receipt['mode']:<8} {receipt['verdict']:<7} "
            f"{receipt['rows']['fct_observation']} figures  run {receipt['run_id']}"
        )
    if not known:
        print(f"No releases in {of.releases} yet: run `atf refresh`.")
    return 0


def rollback(of: Settings, options: argparse.Namespace) -> int:
    """Make an earlier release current. Readers that have a file open keep reading it."""
    from atf_dagster.files import single_writer

    with single_writer(of.home):
        before, now = versions.rollback(of.releases, options.version)
    print(f"Current is {now}; it was {before}. A refresh without news leaves it so; one with news publishes again.")
    return 0


def admit(of: Settings, options: argparse.Namespace) -> int:
    """Record a person's verdict on a held vintage; the next refresh takes it in."""
    from atf_dagster.files import single_writer
    from atf_dagster.quality.admission import admit_by_hand

    with single_writer(of.home):
        store, vintage = _vintage(of, options.vintage)
        admit_by_hand(store, vintage, options.reason, "by hand")
    print(f"{vintage.id} is admitted: {options.reason}. Run `atf refresh` to take it in.")
    return 0


def ask_again(of: Settings, vintage_id: str) -> None:
    """Forget what raw and admission said of a vintage, so that the next build reads and judges its bytes anew."""
    store, vintage = _vintage(of, vintage_id)
    store.ask_again(vintage)


def _vintage(of: Settings, vintage_id: str) -> tuple[Store, Vintage]:
    """A vintage and the store that has it; raises NotFound."""
    for store in _stores(of).values():
        for collection, dataset in catalogue.load().datasets:
            if not vintage_id.startswith(f"{dataset.id}."):
                continue
            for part in collection.parts:
                for vintage in store.vintages(dataset.id, part.id):
                    if vintage.id == vintage_id:
                        return store, vintage
    raise NotFound(f"There is no vintage {vintage_id}; `atf diagnose DATASET` lists them.")


def _stores(of: Settings) -> dict[str, Store]:
    """The landing stores that there are, by mode; the house's own mode first."""
    modes = [of.mode, *(mode for mode in ("live", "snapshot") if mode != of.mode)]
    return {mode: Store(of.home / mode / "landing") for mode in modes if (of.home / mode / "landing").exists()}


def diagnose(of: Settings, options: argparse.Namespace) -> int:
    """The history of one dataset: attempts, vintages, verdicts, and the beginning of bytes that were refused."""
    known = catalogue.load()
    try:
        collection, dataset = known.dataset(options.dataset)
    except KeyError as error:
        raise NotFound(str(error.args[0])) from None
    current = versions.current(of.releases)
    stores = _stores(of)
    # The sources of what readers have now; before the first release, those of the mode that is set.
    mode = current.receipt["mode"] if current and current.receipt["mode"] in stores else of.mode
    store = stores.get(mode, Store(of.landing))
    parts: list[dict[str, Any]] = []
    for part in collection.parts:
        attempts = store.attempts(dataset.id, part.id)
        verdicts = store.verdicts(dataset.id, part.id)
        vintages = [
            {
                "vintage": vintage.id,
                "retrieved_at": vintage.retrieved_at.isoformat(),
                "bytes": vintage.bytes,
                "object": str(store.object_path(vintage.sha256)),
                "verdicts": [v.as_json() for (number, _), v in verdicts.items() if number == vintage.sequence],
            }
            for vintage in store.vintages(dataset.id, part.id)
        ]
        parts.append(
            {
                "part": part.id,
                "required": part.required,
                "attempts": [a.as_json() for a in attempts[-5:]],
                "vintages": vintages,
            }
        )
    held_back = [trouble for trouble in troubles(known, store) if trouble.dataset == dataset.id]
    if options.json:
        record = {"dataset": dataset.id, "parts": parts, "troubles": [vars(trouble) for trouble in held_back]}
        print(json.dumps(record, ensure_ascii=False, default=str))
        return 0
    print(f"{dataset.id}: {dataset.title} ({collection.publisher.name}), mode {mode}")
    print(f"  page {dataset.page_url}\n  yields {', '.join(dataset.indicators) or 'reference data'}")
    for entry in parts:
        print(f"Part {entry['part']}{'' if entry['required'] else ' (may be absent)'}")
        for attempt in entry["attempts"] or []:
            print(f"  {attempt['finished_at']}  {attempt['outcome']:<16} {attempt['status'] or ''} {attempt['url']}")
            for note in attempt["notes"]:
                print(f"    {note}")
            if attempt["message"]:
                mend = f"\n    What to do: {attempt['mend']}" if attempt["mend"] else ""
                print(f"    {attempt['message']}{mend}")
        for vintage in entry["vintages"]:
            words = ", ".join(f"{v['stage']} {v['verdict']}" for v in vintage["verdicts"]) or "not looked at yet"
            print(f"  vintage {vintage['vintage']}: {vintage['bytes']} bytes, {words}\n    bytes: {vintage['object']}")
            for verdict in vintage["verdicts"]:
                if verdict["message"]:
                    print(f"    {verdict['message']}\n    What to do: {verdict['mend']}")
        last = entry["attempts"][-1] if entry["attempts"] else None
        if last is None:
            print("  never asked for: run `atf refresh`")
        elif last["outcome"] == "rejected" and last["sha256"]:
            start = store.object_path(last["sha256"]).read_bytes()[:200]
            print(f"  the refused bytes begin: {start!r}")
    print("Nothing is held back." if not held_back else f"Held back; readers get: {held_back[0].serving}.")
    return 0


def sources(of: Settings, options: argparse.Namespace) -> int:
    """Who answers for which figures, under which licence, and how each dataset's last attempt ended."""
    known = catalogue.load()
    store = Store(of.landing)
    records: list[dict[str, Any]] = []
    for publisher in known.publishers:
        datasets: list[dict[str, Any]] = []
        for collection, dataset in known.datasets:
            if collection.publisher.id != publisher.id:
                continue
            attempts = [store.last_attempt(dataset.id, part.id) for part in collection.parts]
            outcomes = sorted({attempt.outcome.replace("_", " ") for attempt in attempts if attempt is not None})
            datasets.append(
                {
                    "dataset": dataset.id,
                    "title": dataset.title,
                    "indicators": dataset.indicators,
                    "licence": dataset.licence or publisher.licence,
                    "redistributed": dataset.redistributed,
                    "page": dataset.page_url,
                    "last": outcomes or ["never asked"],
                }
            )
        records.append(
            {
                "publisher": publisher.name,
                "service": publisher.service,
                "licence": publisher.licence,
                "licence_url": publisher.licence_url,
                "attribution": publisher.attribution,
                "datasets": datasets,
            }
        )
    if options.json:
        print(json.dumps(records, ensure_ascii=False))
        return 0
    for record in records:
        print(f"{record['publisher']}: {record['licence']}, {record['licence_url']}")
        print(f"  {record['attribution']}")
        for entry in record["datasets"]:
            kept = "" if entry["redistributed"] else ", kept out of releases"
            own = "" if entry["licence"] == record["licence"] else f", {entry['licence']}"
            print(
                f"  {entry['dataset']}: {', '.join(entry['indicators']) or 'reference data'}; "
                f"{', '.join(entry['last'])}{own}{kept}"
            )
    return 0


def _last_runs(of: Settings, count: int) -> list[dict[str, Any]]:
    records = [json.loads(path.read_text("utf-8")) for path in of.runs.glob("*/outcome.json")]
    return sorted(records, key=lambda record: str(record["finished_at"]), reverse=True)[:count]


def _age(age: dt.timedelta) -> str:
    hours = age.total_seconds() / 3600
    return (
        f"{hours * 60:.0f} minutes" if hours < 1 else f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
    )
