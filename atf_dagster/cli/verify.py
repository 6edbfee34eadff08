"""`atf verify` reads all kept bytes and lists the damaged files.

Belongs here: arguments and printing. Does not belong here: reading the bytes (`pipeline.kept_bytes`).
"""

import argparse
import json
from dataclasses import asdict
from typing import Any

from atf_dagster.pipeline.kept_bytes import damaged_files
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `verify` to the commands of `atf`."""
    parser = commands.add_parser("verify", help="read every kept byte again and list the damaged files")
    parser.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    parser.set_defaults(run=verify)


def verify(settings: Settings, options: argparse.Namespace) -> int:
    """Read all kept bytes and print the damaged files; returns 1 if there are any."""
    found, counts = damaged_files(settings.home)
    if options.json:
        record = {
            "home": str(settings.home),
            "looked_at": asdict(counts),
            "damaged": [asdict(damaged) for damaged in found],
        }
        print(json.dumps(record, ensure_ascii=False))
        return 1 if found else 0
    for damaged in found:
        print(f"DAMAGED: {damaged.file} {damaged.problem}")
        if damaged.needed_by:
            print(f"  needed by: {', '.join(damaged.needed_by)}")
        print(f"  What to do: {damaged.remedy}")
    print(
        f"Read {counts.landing_objects} objects of landing, {counts.returns} local returns, {counts.releases} "
        f"releases: {f'{len(found)} files are damaged' if found else 'all agree with their receipts'}."
    )
    return 1 if found else 0
