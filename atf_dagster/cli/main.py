"""The command `atf`: it runs one of its commands and prints the error of any of them.

Only the commands that use Dagster, dbt or Great Expectations import them.

Belongs here: choosing the command, exit codes that all commands share. Does not belong here: one command's arguments
and printing (its own module).
"""

import argparse
from collections.abc import Sequence

from atf_dagster import settings
from atf_dagster.cli import (
    alerts,
    dev,
    diagnose,
    explain,
    impact,
    refresh,
    releases,
    report,
    rerun,
    returns,
    sources,
    status,
    verify,
)
from atf_dagster.cli.printing import print_error
from atf_dagster.errors import AtfError
from atf_dagster.files import AnotherRefreshIsRunning

EXIT_OK, EXIT_FAILED, EXIT_BUSY = 0, 1, 3
COMMANDS = (refresh, status, diagnose, explain, impact, releases, report, sources, rerun, returns, alerts, verify, dev)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 1 failed, 2 held by a check, 3 another refresh is running."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(settings.load(), options)
    except AtfError as error:
        print_error(error)
        return EXIT_BUSY if isinstance(error, AnotherRefreshIsRunning) else EXIT_FAILED
    except BrokenPipeError:
        return EXIT_OK
    except OSError as error:
        print_error(
            AtfError(
                f"{error}.",
                "Check the disk's free space and who may write there. The last release stays in place.",
            )
        )
        return EXIT_FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atf", description="All Together Fairer: the warehouse of Marmot beacon indicators."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    return parser
