"""`atf refresh`: fetch, transform, validate and publish once.

Dagster is imported only when a refresh begins.

Belongs here: arguments, exit codes, printing how the refresh ended. Does not belong here: the work of a refresh.
"""

import argparse
import dataclasses
import json
import sys
import traceback
from typing import Any

from atf_dagster.cli.printing import print_error, source_issue_lines
from atf_dagster.errors import AtfError
from atf_dagster.files import single_writer
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.release.versions import database
from atf_dagster.report import FOLDER
from atf_dagster.settings import Settings

EXIT_OK, EXIT_FAILED, EXIT_HELD = 0, 1, 2


def add_parser(commands: Any) -> None:
    """Add `refresh` to the commands of `atf`."""
    parser = commands.add_parser(
        "refresh",
        help="fetch, transform, validate and publish",
        description="Fetch, land, transform, validate and publish once. Exit codes: 0 published or unchanged, "
        "1 failed, 2 held by a check, 3 another refresh is running.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    parser.add_argument("--rebuild", action="store_true", help="build again even where nothing changed")
    parser.add_argument(
        "--replace-live", action="store_true", help="let the bundled snapshot replace a release fetched live"
    )
    parser.set_defaults(run=refresh)


def refresh(settings: Settings, options: argparse.Namespace) -> int:
    """Refresh once; returns the exit code."""

    def progress(line: str) -> None:
        if not options.json and not options.quiet:
            sys.stdout.write(line + "\n")  # one write a line: downloads report from several threads
            sys.stdout.flush()

    from atf_dagster.alerts import notify

    notify.check_settings(settings)
    with single_writer(settings.home):
        from atf_dagster.orchestration import run  # takes a second: Dagster comes with it

        try:
            settings = settings.model_copy(update={"replace_live": options.replace_live})
            Refresh(settings, "guard").guard_mode()
            report = run.run(settings, rebuild=options.rebuild, progress=progress)
        except AtfError as error:
            return _stopped(error, options)
        except Exception as error:
            traceback.print_exc()
            stop = AtfError(
                f"The refresh stopped before it could begin: {type(error).__name__}: {error}.",
                "Read the trace above and repair the cause. The last release stays in place.",
            )
            return _stopped(stop, options)
    if options.json:
        print(json.dumps(dataclasses.asdict(report), ensure_ascii=False))
    else:
        _print(report, settings)
    held = report.outcome == "held" or any(issue.kind == "quarantined" for issue in report.source_issues)
    if report.outcome == "failed":
        return EXIT_FAILED
    return EXIT_HELD if held else EXIT_OK


def _stopped(error: AtfError, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({"outcome": "failed", "message": str(error)}))
    else:
        print_error(error)
    return EXIT_FAILED


def _print(report: Any, settings: Settings) -> None:
    print()
    if report.outcome == "published":
        new, revised, withdrawn = (
            sum(getattr(change, kind) for change in report.changes) for kind in ("new", "revised", "withdrawn")
        )
        print(
            f"Published release {report.release} (mode {report.mode}): {new} figures new, {revised} revised, "
            f"{withdrawn} withdrawn."
        )
        for change in report.changes:
            counts = ", ".join(f"{n} {k}" for k in ("new", "revised", "withdrawn") if (n := getattr(change, k)))
            print(f"  {change.indicator:<7} {change.name or 'no longer in the catalogue'}: {counts}")
    elif report.outcome == "unchanged":
        print(f"Unchanged: release {report.release} (mode {report.mode}) already has what the publishers serve.")
    else:
        print_error(AtfError(f"{report.outcome.capitalize()}: {report.message}", report.remedy))
    for note in report.notes:
        print(f"Note: {note}")
    for line in source_issue_lines(report.source_issues):
        print(line)
    print(f"Alerts: {report.notified}")
    if report.release_path:
        print(f"Readers: {database(settings.releases / 'current')}")
        pages = settings.releases / "current" / FOLDER / "index.html"
        if pages.is_file():
            print(f"Pages: {pages}")
    if report.page:
        print(f"Validation page: {report.page}")
    print("Seconds: " + ", ".join(f"{name} {value}" for name, value in report.seconds.items()))
