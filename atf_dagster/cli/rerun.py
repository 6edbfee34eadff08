"""`atf rerun` and `atf admit`: one vintage, read and judged again, or let in by a person.

Belongs here: arguments and printing. Does not belong here: what a verdict is (`quality.admission`, `landing`).
"""

import argparse
from typing import Any

from atf_dagster.cli.refresh import refresh
from atf_dagster.files import single_writer
from atf_dagster.landing.vintages import ask_again, vintage_by_id
from atf_dagster.quality.admission import admit_by_hand
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `rerun` and `admit` to the commands of `atf`."""
    again = commands.add_parser(
        "rerun", help="read and judge one vintage of one dataset again from its bytes, and build the mart from it"
    )
    again.add_argument("vintage", help="vintage id, as `atf diagnose` shows it")
    again.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    again.set_defaults(run=rerun, quiet=False, rebuild=True, replace_live=False)
    let_in = commands.add_parser("admit", help="let in a vintage that a check holds, after a person looked at it")
    let_in.add_argument("vintage", help="vintage id, as `atf diagnose` shows it")
    let_in.add_argument("--reason", required=True, help="why; kept with the vintage for good")
    let_in.set_defaults(run=admit)


def rerun(settings: Settings, options: argparse.Namespace) -> int:
    """Forget what was said of a vintage, then refresh."""
    with single_writer(settings.home):
        ask_again(settings, options.vintage)
        return refresh(settings, options)


def admit(settings: Settings, options: argparse.Namespace) -> int:
    """Record a person's verdict on a held vintage; the next refresh takes it in."""
    with single_writer(settings.home):
        store, vintage = vintage_by_id(settings, options.vintage)
        admit_by_hand(store, vintage, options.reason, "by hand")
    print(f"{vintage.id} is admitted: {options.reason}. Run `atf refresh` to take it in.")
    return 0
