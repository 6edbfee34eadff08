"""The channels of the settings, spoken to with Apprise: e-mail, Slack, Teams, webhooks.

Belongs here: reading the setting, sending one message, saying why it did not go. Does not belong here: what is told
(`digest`), trying again (`outbox`). Apprise is imported only where something is to be sent. An address holds secrets:
it is never written down, printed or put into an error; a channel is called by its kind and a piece of its hash.
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
OWNERS: tuple[str, ...] = get_args(Owner)
QUOTING = ("apprise", "urllib3.connectionpool")
"""Loggers that write whole addresses down."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Channel:
    """Where messages go; those of the owners named, or all."""

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
    """The channels of a setting: addresses separated by spaces, each perhaps behind `owner=` or `owner,owner=`.

    Owners are written with a hyphen for a space, such as `data-engineers=`. Raises SettingsError without the address.
    """
    found = []
    for number, entry in enumerate(text.split(), start=1):
        match = _ENTRY.match(entry)
        if match is None:
            raise SettingsError(
                f"Entry {number} of {setting} is no address of a channel. It must be such as mailto://..., slack://... "
                "or jsons://..., perhaps behind `analysts=`; see https://github.com/caronc/apprise/wiki."
            )
        owners = tuple(name.replace("-", " ") for name in (match["owners"] or "").lower().split(",") if name)
        if unknown := [name for name in owners if name not in OWNERS]:
            raise SettingsError(
                f"Entry {number} of {setting} is for {', '.join(unknown)}, and nothing has that owner: nothing would "
                f"ever be sent there. Owners are: {', '.join(name.replace(' ', '-') for name in OWNERS)}."
            )
        found.append(Channel(match["url"], match["kind"].lower(), owners))
    return found


class Undelivered(AtfError):
    """A message that did not go; the text says why, without the channel's address."""


def send(channel: Channel, title: str, text: str, html: str, *, is_failure: bool) -> None:
    """Send one message; mail gets the HTML, everything else the text. Raises Undelivered."""
    with _heard() as said:
        try:
            delivered = _send(channel, title, text, html, is_failure=is_failure)
        except Undelivered:
            raise
        except Exception as error:  # any plug-in's own: a channel must never end a refresh
            raise Undelivered(_safe(f"{type(error).__name__}: {error}", channel)) from None
    if not delivered:
        raise Undelivered(_safe("; ".join(said.lines) or "the channel refused the message", channel))


def _send(channel: Channel, title: str, text: str, html: str, *, is_failure: bool) -> bool:
    import apprise

    server = apprise.Apprise.instantiate(channel.url)
    if server is None:
        raise Undelivered(
            "Apprise does not understand the address. Whoever runs the house corrects it in the settings; "
            "`atf alerts test` tries it."
        )
    # What prefers HTML and takes all of it is mail; chats that know a few tags get the text.
    takes_html = _formats(server)[0] == apprise.NotifyFormat.HTML and len(html) <= server.body_maxlen
    postman = apprise.Apprise()
    postman.add(server)
    return bool(
        postman.notify(
            title=title,
            body=html if takes_html else _cut(text, server.body_maxlen - len(title)),
            body_format=apprise.NotifyFormat.HTML if takes_html else apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.FAILURE if is_failure else apprise.NotifyType.INFO,
        )
    )


def _cut(text: str, most: int) -> str:
    """At most `most` characters, whole lines, saying that there is more."""
    if len(text) <= most:
        return text
    end = "\n(cut here: `atf alerts show` prints all of it)"
    return text[: most - len(end)].rpartition("\n")[0] + end


def _formats(server: object) -> tuple[object, ...]:
    formats = getattr(server, "notify_format", ())
    return tuple(formats) if isinstance(formats, list | tuple | set | frozenset) else (formats,)


def _safe(reason: str, channel: Channel) -> str:
    """A reason without addresses, keys or pieces of the channel's address."""
    text = _ADDRESS.sub("(address)", redact(reason))
    for piece in re.split(r"[/:@?&=,]+", channel.url):
        if len(piece) >= 6 and piece.lower() not in ("mailto", "mailtos", "localhost"):
            text = text.replace(piece, "(secret)")
    return " ".join(text.split())[:400]


class _Said(logging.Handler):
    """Keeps what Apprise warned of while one message was sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[_Said]:
    """Hear Apprise's warnings, and keep from every other log what quotes addresses: Apprise and the connection."""
    said = _Said()
    before = {name: (logger := logging.getLogger(name), logger.level, logger.propagate) for name in QUOTING}
    for logger, _, _ in before.values():
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    apprise_logger = logging.getLogger(QUOTING[0])
    apprise_logger.addHandler(said)
    try:
        yield said
    finally:
        apprise_logger.removeHandler(said)
        for logger, level, propagate in before.values():
            logger.setLevel(level)
            logger.propagate = propagate
