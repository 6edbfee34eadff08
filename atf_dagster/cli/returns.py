"""The commands `atf returns`: template, check, submit, list.

These commands import neither Dagster nor dbt nor Great Expectations.

Belongs here: arguments, printing what the package `returns` finds. Does not belong here: the rules of a return.
"""

import argparse
import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from atf_dagster import catalogue
from atf_dagster.cli.printing import print_error
from atf_dagster.errors import AtfError
from atf_dagster.files import write_atomic
from atf_dagster.returns import store, template
from atf_dagster.returns.check import check as check_file
from atf_dagster.returns.rows import ReturnError
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `returns` and its commands to the commands of `atf`."""
    returns = commands.add_parser(
        "returns",
        help="returns of trusts and councils for " + ", ".join(template.FORMS),
        description="Local returns of the indicators that nobody publishes: " + ", ".join(template.FORMS) + ". Exit "
        "codes: 0 done, 1 refused, 3 a refresh is running.",
    )
    words = returns.add_subparsers(required=True, metavar="COMMAND")

    blank = words.add_parser("template", help="the template's heading, or what each column holds")
    blank.add_argument("--indicator", choices=list(template.FORMS), help="with the rows' fixed cells of one indicator")
    blank.add_argument("--guidance", action="store_true", help="one line a column instead of the CSV")
    blank.add_argument("--out", type=Path, metavar="FILE", help="write a new file instead of printing")
    blank.set_defaults(run=write_template)

    look = words.add_parser("check", help="list every error in a file, without keeping the file")
    look.add_argument("file", type=Path, metavar="FILE")
    look.set_defaults(run=check)

    send = words.add_parser("submit", help="check a file and keep it")
    send.add_argument("file", type=Path, metavar="FILE")
    send.set_defaults(run=submit)

    kept = words.add_parser("list", help="list the accepted returns")
    kept.set_defaults(run=list_submissions)


def write_template(settings: Settings, options: argparse.Namespace) -> int:
    """Print the template or its guidance, or write it to a file that does not exist yet."""
    text = template.guidance() if options.guidance else template.template_csv(options.indicator)
    if options.out is None:
        print(text.replace("\r\n", "\n"), end="")
        return 0
    if options.out.exists():
        raise AtfError(
            f"{options.out} exists already. Somebody may have filled it in, so it was not changed.",
            "Give another name.",
            owner="whoever runs the command",
        )
    write_atomic(options.out, text)
    print(f"Written: {options.out}")
    return 0


def check(settings: Settings, options: argparse.Namespace) -> int:
    """Check a file against the rules and the accepted returns; keeps nothing."""
    known = catalogue.load()
    earlier = list(store.rows_in_force(settings.home, known).values())
    checked = check_file(options.file, known, earlier=earlier)
    if checked.errors:
        return _refused(options.file, checked.errors)
    print(f"No errors in {_count(len(checked.rows), 'row')}. `atf returns submit` keeps the file.")
    return 0


def submit(settings: Settings, options: argparse.Namespace) -> int:
    """Check a file and keep its bytes; bytes that are kept already add nothing."""
    try:
        kept = store.submit(settings.home, options.file, catalogue.load(), dt.datetime.now(dt.UTC))
    except store.Refused as refused:
        return _refused(options.file, refused.errors)
    if not kept.is_new:
        print(
            f"The same bytes are submission {kept.sequence} of {kept.accepted_at}: nothing was added. If a later "
            "submission replaced these figures, and these are right, change submitted_at and submit the file again."
        )
        return 0
    print(
        f"Submission {kept.sequence} is kept: {_count(kept.rows, 'row')} of {', '.join(kept.orgs)} for "
        f"{', '.join(kept.indicators)}. The next `atf refresh` reads it."
    )
    return 0


def list_submissions(settings: Settings, options: argparse.Namespace) -> int:
    """Print the accepted returns, oldest first."""
    kept = store.submissions(settings.home)
    for one in kept:
        print(
            f"{one.sequence:>4}  {one.accepted_at[:19]}Z  {one.rows:>4} rows  {', '.join(one.indicators)}  "
            f"{', '.join(one.orgs)}  {_printable(one.file_name)}"
        )
        print(f"      {store.object_path(settings.home, one.sha256)}")
    if not kept:
        print(f"No returns in {settings.home} yet: `atf returns template` prints the heading to fill in.")
    return 0


def _refused(path: Path, errors: Iterable[ReturnError]) -> int:
    found = list(errors)
    for error in found:
        print(error)
    print_error(
        AtfError(
            f"{_count(len(found), 'error')} in {_printable(path.name)}; nothing was kept.",
            "Correct the file as each error says, then check it again.",
            owner="the organisation that sent it",
        )
    )
    return 1


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _printable(name: str) -> str:
    """A file's name without characters that control a terminal."""
    return name if name.isprintable() else ascii(name)
