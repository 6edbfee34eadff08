"""The command `atf`: its words, its exit codes and what it prints.

Belongs here: arguments and printing of `refresh` and the dispatch of the rest (`lookups`). Does not belong
here: any work. Dagster, dbt and Great Expectations are imported only by `refresh`.
"""

import argparse
import dataclasses
import json
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from atf_dagster import explain, lookups, settings, verify
from atf_dagster.alerts import commands as alerts
from atf_dagster.files import AnotherRefreshIsRunning, single_writer
from atf_dagster.refresh import Refresh, WouldReplaceLive
from atf_dagster.release.versions import ReleaseError
from atf_dagster.returns import commands as returns
from atf_dagster.settings import Settings, SettingsError

EXIT_OK, EXIT_FAILED, EXIT_HELD, EXIT_BUSY = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 1 failed, 2 held by a check, 3 another refresh is running."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(settings.load(), options)
    except AnotherRefreshIsRunning as busy:
        print(busy, file=sys.stderr)
        return EXIT_BUSY
    except (SettingsError, ReleaseError, lookups.NotFound) as error:
        print(f"atf: {error}", file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:
        return EXIT_OK
    except OSError as error:
        print(
            f"atf: {error}. An engineer looks at the disk's free space and at who may write there; the last release "
            "stays in place.",
            file=sys.stderr,
        )
        return EXIT_FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atf", description="All Together Fairer: the warehouse of Marmot beacon indicators."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    refresh = commands.add_parser(
        "refresh",
        help="fetch, transform, validate and publish",
        description="Fetch, land, transform, validate and publish once. Exit codes: 0 published or unchanged, "
        "1 failed, 2 held by a check, 3 another refresh is running.",
    )
    refresh.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    refresh.add_argument("--quiet", action="store_true", help="no progress lines")
    refresh.add_argument("--rebuild", action="store_true", help="build again even where nothing changed")
    refresh.add_argument(
        "--replace-live", action="store_true", help="let the bundled snapshot replace a release fetched live"
    )
    refresh.set_defaults(run=_refresh)

    status = commands.add_parser("status", help="what is published, how old it is and what is broken now")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=lookups.status)

    figure = commands.add_parser("explain", help="from a figure back to the publisher's bytes")
    figure.add_argument("indicator", help="indicator code, such as ATF01")
    figure.add_argument("area", help="area code or name, such as E08000012 or Liverpool")
    figure.add_argument("period", nargs="?", help="period label or id; the newest one otherwise")
    figure.add_argument("--json", action="store_true")
    figure.set_defaults(run=explain.explain)

    diagnose = commands.add_parser("diagnose", help="what happened to a dataset, and what to do")
    diagnose.add_argument("dataset", help="dataset id, such as fingertips_93283")
    diagnose.add_argument("--json", action="store_true")
    diagnose.set_defaults(run=lookups.diagnose)

    releases = commands.add_parser("releases", help="the releases that there are")
    releases.add_argument("--json", action="store_true")
    releases.set_defaults(run=lookups.releases)

    known = commands.add_parser(
        "sources", help="publishers, their licences and datasets, and how each was last answered"
    )
    known.add_argument("--json", action="store_true")
    known.set_defaults(run=lookups.sources)

    dev = commands.add_parser("dev", help="Dagster's web server and daemon, on loopback, with this house's history")
    dev.add_argument("-p", "--port", type=int, default=3000, help="port of the web server; the next one serves pages")
    dev.set_defaults(run=_develop)

    again = commands.add_parser(
        "rerun", help="read and judge one vintage of one dataset again from its bytes, and build the mart from it"
    )
    again.add_argument("vintage", help="vintage id, as `atf diagnose` shows it")
    again.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    again.set_defaults(run=_rerun, quiet=False, rebuild=True, replace_live=False)

    admit = commands.add_parser("admit", help="let in a vintage that a check holds, after a person looked at it")
    admit.add_argument("vintage", help="vintage id, as `atf diagnose` shows it")
    admit.add_argument("--reason", required=True, help="why; kept with the vintage for good")
    admit.set_defaults(run=lookups.admit)

    alerts.add_parser(commands)

    returns.add_parser(commands)

    verified = commands.add_parser("verify", help="read every kept byte again and name what is damaged")
    verified.add_argument("--json", action="store_true")
    verified.set_defaults(run=verify.verify)

    rollback = commands.add_parser("rollback", help="make an earlier release current")
    rollback.add_argument("version", nargs="?", help="version; the one before the current otherwise")
    rollback.set_defaults(run=lookups.rollback)
    return parser


def _develop(of: Settings, options: argparse.Namespace) -> int:
    from atf_dagster import runner

    return runner.develop(of, options.port)


def _refresh(of: Settings, options: argparse.Namespace) -> int:
    def progress(line: str) -> None:
        if not options.json and not options.quiet:
            sys.stdout.write(line + "\n")  # one write a line: downloads report from several threads
            sys.stdout.flush()

    from atf_dagster.alerts import telling

    telling.check_settings(of)
    with single_writer(of.home):
        from atf_dagster import runner  # takes a second: Dagster comes with it

        try:
            of = dataclasses.replace(of, replace_live=options.replace_live)
            Refresh(of, "guard").guard_mode()
            report = runner.run(of, rebuild=options.rebuild, progress=progress)
        except WouldReplaceLive as refusal:
            return _stopped(str(refusal), options)
        except Exception as error:
            traceback.print_exc()
            return _stopped(
                f"The refresh stopped before it could begin: {type(error).__name__}: {error}. The trace above is for "
                "an engineer; the last release stays in place.",
                options,
            )
    if options.json:
        print(json.dumps(dataclasses.asdict(report), ensure_ascii=False))
    else:
        _print(report, of)
    held = report.outcome == "held" or any(trouble.kind == "held" for trouble in report.troubles)
    if report.outcome == "failed":
        return EXIT_FAILED
    return EXIT_HELD if held else EXIT_OK


def _rerun(of: Settings, options: argparse.Namespace) -> int:
    with single_writer(of.home):
        lookups.ask_again(of, options.vintage)
        return _refresh(of, options)


def _stopped(message: str, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({"outcome": "failed", "message": message}))
    else:
        print(message, file=sys.stderr)
    return EXIT_FAILED


def _print(report: Any, of: Settings) -> None:
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
        print(f"Unchanged: release {report.release} (mode {report.mode}) already holds what the publishers serve.")
    else:
        print(f"{report.outcome.capitalize()}: {report.message}", file=sys.stderr)
        print(report.mend, file=sys.stderr)
    for note in report.notes:
        print(f"Noted: {note}")
    for line in lookups.told(report.troubles):
        print(line)
    print(f"Alerts: {report.told}")
    if report.release_path:
        print(f"Readers: {of.releases / 'current' / 'mart.duckdb'}")
    if report.page:
        print(f"Validation page: {report.page}")
    print("Seconds: " + ", ".join(f"{name} {value}" for name, value in report.seconds.items()))
