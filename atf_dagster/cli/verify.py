"""`atf verify`: which kept bytes are damaged.

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
    parser = commands.add_parser("verify", help="read every kept byte again and name what is damaged")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=verify)


def verify(settings: Settings, options: argparse.Namespace) -> int:
    """Read everything and print what is damaged; 1 where something is."""
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
        f"releases: {f'{len(found)} files are damaged' if found else 'all are as their receipts say'}."
    )
    return 1 if found else 0
