"""`atf diagnose`: what happened to a dataset, and what to do.

Belongs here: arguments and printing. Does not belong here: the meaning of a receipt or a verdict (`landing`).
"""

import argparse
import json
from typing import Any

from atf_dagster import catalogue
from atf_dagster.formats.body import one_line
from atf_dagster.landing.source_issues import source_issues
from atf_dagster.landing.vintages import store_of
from atf_dagster.quality import first_loads
from atf_dagster.release import versions
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `diagnose` to the commands of `atf`."""
    parser = commands.add_parser("diagnose", help="what happened to a dataset, and what to do")
    parser.add_argument("dataset", help="dataset id, such as fingertips_93283")
    parser.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    parser.set_defaults(run=diagnose)


def diagnose(settings: Settings, options: argparse.Namespace) -> int:
    """Print the history of one dataset: attempts, vintages, verdicts, what arrived first, first bytes of a refusal."""
    known = catalogue.load()
    collection, dataset = known.dataset(options.dataset)
    current = versions.current(settings.releases)
    mode, store = store_of(settings, current.receipt["mode"] if current else None)
    parts: list[dict[str, Any]] = []
    for part in collection.parts_of(dataset):
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
    arrived = first_loads.of_dataset(settings.home / mode / "quality", dataset.id)
    held_back = [issue for issue in source_issues(known, store) if issue.dataset == dataset.id]
    if options.json:
        record = {
            "dataset": dataset.id,
            "parts": parts,
            "source_issues": [vars(issue) for issue in held_back],
            "first_load": arrived.as_json() if arrived else None,
        }
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
                remedy = f"\n    What to do: {attempt['remedy']}" if attempt["remedy"] else ""
                print(f"    {attempt['message']}{remedy}")
        for vintage in entry["vintages"]:
            words = ", ".join(f"{v['stage']} {v['verdict']}" for v in vintage["verdicts"]) or "not judged yet"
            print(f"  vintage {vintage['vintage']}: {vintage['bytes']} bytes, {words}\n    bytes: {vintage['object']}")
            for verdict in vintage["verdicts"]:
                if verdict["message"]:
                    print(f"    {verdict['message']}\n    What to do: {verdict['remedy']}")
        last = entry["attempts"][-1] if entry["attempts"] else None
        if last is None:
            print("  never asked for: run `atf refresh`")
        elif last["outcome"] == "rejected" and last["sha256"]:
            start = store.object_path(last["sha256"]).read_bytes()[:200]
            print(f"  the refused bytes begin: {start!r}")
    _print_first_load(arrived)
    print(f"Held back; readers get: {held_back[0].serving}." if held_back else "Nothing is held back.")
    return 0


def _print_first_load(load: first_loads.FirstLoad | None) -> None:
    if load is not None:
        print(f"What arrived first, in run {load.run_id}:")
    for heading, words in load.facts if load is not None else ():
        print(f"  {heading}: {one_line(words)}")
