"""`atf alerts` lists and sends digests and tests channels. `atf watch` checks the home at fixed times.

Belongs here: arguments and printing. Does not belong here: finding alerts (`alerts.detect`), delivering them
(`alerts.outbox`).
"""

import argparse
import dataclasses
import json
from typing import Any

from atf_dagster.cli.printing import print_error
from atf_dagster.errors import AtfError, NotFound
from atf_dagster.settings import Settings, SettingsError

EXIT_OK, EXIT_FAILED = 0, 1


def add_parser(commands: Any) -> None:
    """Add `alerts` and `watch` to the parser of the command."""
    alerts = commands.add_parser("alerts", help="list and send digests of alerts; test the channels")
    words = alerts.add_subparsers(required=True, metavar="WHAT")
    listed = words.add_parser("list", help="the kept digests, the channels and what each channel still has to get")
    listed.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    listed.set_defaults(run=_list)
    shown = words.add_parser("show", help="one digest in full; without a number the newest one")
    shown.add_argument("number", type=int, nargs="?")
    shown.set_defaults(run=_show)
    words.add_parser("test", help="send a test message to every channel of the settings").set_defaults(run=_test)
    words.add_parser("send", help="send what was not delivered yet, now").set_defaults(
        run=_watch, json=False, quiet=False
    )
    watch = commands.add_parser(
        "watch",
        help="check whether a refresh is overdue or a release is damaged, and send what was not delivered yet",
        description="Run it from cron or from a systemd timer of its own: then people also learn of a scheduler that "
        "stopped. Exit codes: 0 nothing is broken and every message was delivered, 1 otherwise.",
    )
    watch.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    watch.add_argument("--quiet", action="store_true", help="print nothing; the channels get the message as usual")
    watch.set_defaults(run=_watch)


def _list(settings: Settings, options: argparse.Namespace) -> int:
    from atf_dagster.alerts import ledger, notify, outbox, render
    from atf_dagster.alerts.channels import channels

    folder = notify.folder_of(settings)
    kept = ledger.read(folder)
    states = outbox.deliveries(folder)
    known = channels(settings.alerts)
    if options.json:
        record = {
            "open": [dataclasses.asdict(entry) for entry in kept.open],
            "digests": outbox.numbers(folder),
            "channels": [dataclasses.asdict(state) for state in states.values()],
        }
        print(json.dumps(record, ensure_ascii=False))
        return EXIT_OK
    for number in outbox.numbers(folder):
        digest = outbox.read(folder, number)
        if digest is not None and number <= kept.sequence:
            print(f"{number:>6}  {digest.at[:16].replace('T', ' ')} UTC  {render.subject(digest)}")
    print(f"Open now: {len(kept.open)} alerts.")
    for channel in known:
        state = states.get(channel.id)
        if state is None:
            print(f"Channel {channel.name}: not used yet")
        elif state.misses:
            since = state.failing_since[:16]
            print(f"Channel {channel.name}: fails since {since} UTC, {state.misses} tries: {state.error}")
        else:
            print(f"Channel {channel.name}: got every digest up to {state.notified}")
    if not known:
        print(f"No channel is set (ATF_ALERTS); digests are kept in {folder / 'digests'}.")
    return EXIT_OK


def _show(settings: Settings, options: argparse.Namespace) -> int:
    from atf_dagster.alerts import notify, outbox, render

    folder = notify.folder_of(settings)
    there = outbox.numbers(folder)
    number = options.number or (there[-1] if there else 0)
    digest = outbox.read(folder, number)
    if digest is None:
        raise NotFound(
            f"There is no digest {number} in {folder}.",
            f"Choose one of these: {', '.join(map(str, there[-20:]))}."
            if there
            else "No digest was made yet. `atf watch` makes one when it finds something to report.",
        )
    print(f"{render.subject(digest)}\n\n{render.text(digest, settings.pages, most=10_000)}", end="")
    return EXIT_OK


def _test(settings: Settings, options: argparse.Namespace) -> int:
    from atf_dagster.alerts.channels import Undelivered, channels, send

    known = [*channels(settings.alerts), *channels(settings.alerts_second, "ATF_ALERTS_SECOND")]
    if not known:
        raise SettingsError(
            "No channel is set.",
            "Set ATF_ALERTS to one address or more, such as mailtos://user:password@mail.example.org?to=...",
            owner="whoever runs the home",
        )
    text = "This is a test of the warehouse's alerts. Nothing is broken."
    code = EXIT_OK
    for channel in known:
        try:
            send(channel, "[All Together Fairer] A test", text, f"<p>{text}</p>", is_failure=False)
            print(f"{channel.name}: accepted the message")
        except Undelivered as failure:
            print_error(AtfError(f"{channel.name}: {failure.message}", failure.remedy, owner=failure.owner))
            code = EXIT_FAILED
    return code


def _watch(settings: Settings, options: argparse.Namespace) -> int:
    from atf_dagster.alerts import notify

    notified = notify.watch(settings)
    if options.json:
        print(json.dumps(dataclasses.asdict(notified), ensure_ascii=False))
    elif not options.quiet:
        print(f"Alerts: {notified.sentence}")
        for alert in notified.open:
            print(f"  {alert.severity}: {alert.place}: {alert.headline}")
            print(f"    What to do: {alert.remedy} (docs/runbook.md#{alert.runbook})")
    return EXIT_FAILED if notified.open or notified.undelivered else EXIT_OK
