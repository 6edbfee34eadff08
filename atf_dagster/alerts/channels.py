"""The channels of the settings, through Apprise: e-mail, Slack, Teams, webhooks.

The address of a channel contains secrets: it is never written to a file, printed or put into an error. The name of a
channel is its kind and a part of its hash. Apprise is imported only to send a message.

Belongs here: reading the setting, sending one message, the reason of a failure. Does not belong here: the content of a
message (`digest`), trying again (`outbox`).
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import get_args

from atf_dagster.errors import AtfError
from atf_dagster.http.redaction import redact
from atf_dagster.quality.suites import Owner
from atf_dagster.settings import SettingsError

_ENTRY = re.compile(r"^(?:(?P<owners>[a-z,-]+)=)?(?P<url>(?P<kind>[a-z][a-z0-9+.-]*)://\S+)$", re.IGNORECASE)
RUNS_THE_HOME = "whoever runs the home"
OWNERS: tuple[str, ...] = get_args(Owner)
QUOTING = ("apprise", "urllib3.connectionpool")
"""Loggers that log whole addresses."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Channel:
    """An address that gets messages: those for its owners, or all."""

    url: str = field(repr=False)
    kind: str
    owners: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return hashlib.sha256(self.url.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        return f"{self.kind} {self.id[:6]}"


def channels(text: str, setting: str = "ATF_ALERTS") -> list[Channel]:
    """The channels of a setting: addresses separated by spaces. `owner=` or `owner,owner=` may stand before each.

    The name of an owner has a hyphen for each space, such as `data-engineers=`. Raises SettingsError, which does not
    quote the address.
    """
    found = []
    for number, entry in enumerate(text.split(), start=1):
        match = _ENTRY.match(entry)
        if match is None:
            raise SettingsError(
                f"Entry {number} of {setting} is not the address of a channel.",
                "Write an address such as mailto://..., slack://... or jsons://...; `analysts=` may stand before it. "
                "See https://github.com/caronc/apprise/wiki.",
                owner=RUNS_THE_HOME,
            )
        owners = tuple(name.replace("-", " ") for name in (match["owners"] or "").lower().split(",") if name)
        if unknown := [name for name in owners if name not in OWNERS]:
            raise SettingsError(
                f"Entry {number} of {setting} is for {', '.join(unknown)}, and nothing has that owner: the channel "
                "would never get a message.",
                f"Use one of these owners: {', '.join(name.replace(' ', '-') for name in OWNERS)}.",
                owner=RUNS_THE_HOME,
            )
        found.append(Channel(match["url"], match["kind"].lower(), owners))
    return found


class Undelivered(AtfError):
    """A message that was not delivered. The text says why, without the address of the channel."""


def send(channel: Channel, title: str, text: str, html: str, *, is_failure: bool) -> None:
    """Send one message: HTML to mail, text to all other channels. Raises Undelivered."""
    with _collected_warnings() as warnings:
        try:
            delivered = _send(channel, title, text, html, is_failure=is_failure)
        except Undelivered:
            raise
        except Exception as error:  # plug-ins raise many kinds, and a channel must never stop a refresh
            raise Undelivered(_safe(f"{type(error).__name__}: {error}", channel)) from None
    if not delivered:
        raise Undelivered(_safe("; ".join(warnings.lines) or "the channel refused the message", channel))


def _send(channel: Channel, title: str, text: str, html: str, *, is_failure: bool) -> bool:
    import apprise

    server = apprise.Apprise.instantiate(channel.url)
    if server is None:
        raise Undelivered(
            "Apprise does not understand the address.",
            "Correct it in the settings and try it with `atf alerts test`.",
            owner=RUNS_THE_HOME,
        )
    # Only mail prefers HTML and accepts all of it; chats that accept a few tags get the text.
    takes_html = _formats(server)[0] == apprise.NotifyFormat.HTML and len(html) <= server.body_maxlen
    sender = apprise.Apprise()
    sender.add(server)
    return bool(
        sender.notify(
            title=title,
            body=html if takes_html else _cut(text, server.body_maxlen - len(title)),
            body_format=apprise.NotifyFormat.HTML if takes_html else apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.FAILURE if is_failure else apprise.NotifyType.INFO,
        )
    )


def _cut(text: str, most: int) -> str:
    """At most `most` characters, in whole lines; a last line says that text is missing."""
    if len(text) <= most:
        return text
    end = "\n(cut here: `atf alerts show` prints all of it)"
    return text[: most - len(end)].rpartition("\n")[0] + end


def _formats(server: object) -> tuple[object, ...]:
    formats = getattr(server, "notify_format", ())
    return tuple(formats) if isinstance(formats, list | tuple | set | frozenset) else (formats,)


def _safe(reason: str, channel: Channel) -> str:
    """A reason without addresses, keys or parts of the channel's address."""
    text = _ADDRESS.sub("(address)", redact(reason))
    for piece in re.split(r"[/:@?&=,]+", channel.url):
        if len(piece) >= 6 and piece.lower() not in ("mailto", "mailtos", "localhost"):
            text = text.replace(piece, "(secret)")
    return " ".join(text.split())[:400]


class _Warnings(logging.Handler):
    """Collects the warnings of Apprise while one message is sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _collected_warnings() -> Iterator[_Warnings]:
    """Collect Apprise's warnings, and keep the loggers that quote addresses out of every other log."""
    warnings = _Warnings()
    before = {name: (logger := logging.getLogger(name), logger.level, logger.propagate) for name in QUOTING}
    for logger, _, _ in before.values():
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    apprise_logger = logging.getLogger(QUOTING[0])
    apprise_logger.addHandler(warnings)
    try:
        yield warnings
    finally:
        apprise_logger.removeHandler(warnings)
        for logger, level, propagate in before.values():
            logger.setLevel(level)
            logger.propagate = propagate
