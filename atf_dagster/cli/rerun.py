"""`atf rerun` reads and judges one vintage again. `atf admit` records that a person admits a quarantined vintage.

Belongs here: arguments and printing. Does not belong here: the meaning of a verdict (`quality.admission`, `landing`).
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
    let_in = commands.add_parser("admit", help="admit a quarantined vintage, after a person looked at it")
    let_in.add_argument("vintage", help="vintage id, as `atf diagnose` shows it")
    let_in.add_argument("--reason", required=True, help="the reason; it is kept with the vintage")
    let_in.set_defaults(run=admit)


def rerun(settings: Settings, options: argparse.Namespace) -> int:
    """Discard the verdicts on a vintage, then refresh."""
    with single_writer(settings.home):
        ask_again(settings, options.vintage)
        return refresh(settings, options)


def admit(settings: Settings, options: argparse.Namespace) -> int:
    """Record that a person admits a quarantined vintage; the next refresh uses it."""
    with single_writer(settings.home):
        store, vintage = vintage_by_id(settings, options.vintage)
        admit_by_hand(store, vintage, options.reason, "by hand")
    print(f"{vintage.id} is admitted: {options.reason}. Run `atf refresh` to build the mart with it.")
    return 0
