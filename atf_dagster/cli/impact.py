"""`atf impact`: which tables, views and readers a column serves.

Belongs here: arguments and printing. Does not belong here: following the column (`warehouse.impact`).
"""

import argparse
import json
from typing import Any

from atf_dagster.settings import Settings
from atf_dagster.warehouse import dbt
from atf_dagster.warehouse.impact import Impact
from atf_dagster.warehouse.impact import impact as follow


def add_parser(commands: Any) -> None:
    """Add `impact` to the commands of `atf`."""
    parser = commands.add_parser("impact", help="which tables, views and readers a column of the mart serves")
    parser.add_argument("column", help="fct_observation.value, or a column's name alone for every table that has it")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=impact)


def impact(settings: Settings, options: argparse.Namespace) -> int:
    """Print what a change to the column may concern."""
    found = follow(dbt.read_manifest(settings), options.column)
    if options.json:
        print(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _print(found)
    return 0


def _print(found: Impact) -> None:
    print(f"{found.column} of {', '.join(found.tables)}")
    if found.description:
        print(f"  {' '.join(found.description.split())}")
    print("By dbt's lineage; within SQL and code the column is found by its name alone.")
    for title, published in (("In releases", True), ("Within the warehouse", False)):
        mine = [relation for relation in found.relations if relation.published is published]
        if mine:
            print(f"{title}: {len(mine)}")
        for relation in mine:
            print(f"  {relation.name}: {relation.how}")
    print(f"Readers: {len(found.readers)}")
    for reader in found.readers:
        print(f"  {reader.label} ({reader.files}), by {', '.join(reader.through)}")
        for place in reader.code or (("gets what is made of it",) if reader.is_ours else ()):
            print(f"    {place}")
