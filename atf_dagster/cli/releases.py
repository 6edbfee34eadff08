"""`atf releases` lists the releases. `atf rollback` makes an earlier one current.

Belongs here: arguments and printing. Does not belong here: moving the pointer (`release.versions`).
"""

import argparse
import json
from typing import Any

from atf_dagster.files import single_writer
from atf_dagster.release import versions
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `releases` and `rollback` to the commands of `atf`."""
    listed = commands.add_parser("releases", help="list the releases")
    listed.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    listed.set_defaults(run=releases)
    back = commands.add_parser("rollback", help="make an earlier release current")
    back.add_argument("version", nargs="?", help="version; without it the release before the current one")
    back.set_defaults(run=rollback)


def releases(settings: Settings, options: argparse.Namespace) -> int:
    """List the releases, newest first; the current one is marked."""
    known = versions.releases(settings.releases)[::-1]
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
        print(f"No releases in {settings.releases} yet: run `atf refresh`.")
    return 0


def rollback(settings: Settings, options: argparse.Namespace) -> int:
    """Make an earlier release current. Readers that have a file open keep reading it."""
    with single_writer(settings.home):
        before, now = versions.rollback(settings.releases, options.version)
    print(f"Current is {now}; it was {before}. A refresh without changes keeps it; one with changes publishes again.")
    return 0
