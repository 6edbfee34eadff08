"""`atf dev` starts Dagster's web server and daemon with the history of this home.

Belongs here: arguments. Does not belong here: starting them (`orchestration.develop`).
"""

import argparse
from typing import Any

from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `dev` to the commands of `atf`."""
    parser = commands.add_parser(
        "dev", help="Dagster's web server and daemon, on loopback, with the history of this home"
    )
    parser.add_argument(
        "-p", "--port", type=int, default=3000, help="port of the web server; the next port serves pages"
    )
    parser.set_defaults(run=develop)


def develop(settings: Settings, options: argparse.Namespace) -> int:
    """Serve until somebody stops it; returns the exit code of Dagster."""
    from atf_dagster.orchestration import develop

    return develop.develop(settings, options.port)
