"""A digest in words: subject, plain text for chats and webhooks, HTML for mail and the house's own files.

Belongs here: grouping, order, how much is shown, escaping. Everything that came from outside is escaped in HTML and
tamed in text. Does not belong here: what is told (`digest`), sending (`channels`).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atf_dagster.alerts.alert import SEVERITIES, THE_WAREHOUSE, Alert
from atf_dagster.alerts.digest import Digest
from atf_dagster.alerts.ledger import OpenAlert

SHOWN_BLOCKS = 30
"""Blocks of a section that a message spells out; how many there are in all is said before them."""
SHOWN_PLACES = 8
NAME = "All Together Fairer"


@dataclass(frozen=True)
class Block:
    """Problems that are one to whoever mends them: the same trouble and remedy in several places."""

    alert: Alert
    places: tuple[str, ...]
    first_seen: str
    times: int

    @property
    def where(self) -> str:
        shown = ", ".join(self.places[:SHOWN_PLACES])
        more = len(self.places) - SHOWN_PLACES
        return f"{shown} and {more} more" if more > 0 else shown


@dataclass(frozen=True)
class Section:
    """Blocks of one principle and owner."""

    principle: str
    owner: str
    blocks: tuple[Block, ...]


def subject(digest: Digest) -> str:
    """One line for a mail's subject or a chat's title."""
    words = []
    critical = sum(entry.alert.severity == "critical" for entry in (*digest.new, *digest.changed))
    for count, word in (
        (len(digest.new), "new"),
        (len(digest.changed), "changed"),
        (len(digest.resolved), "resolved"),
        (len(digest.passed_by), "passed by"),
    ):
        if count:
            words.append(f"{count} {word}")
    if critical:
        words.insert(0, f"{critical} CRITICAL")
    if digest.outcome == "published":
        words.append(f"release {digest.release.split('-')[0]} published")
    elif digest.outcome in ("held", "failed"):
        words.append(f"refresh {digest.outcome}, the last release stays")
    return one_line(f"[{NAME}] {', '.join(words) or 'all is well'}")


def text(digest: Digest, pages: str, most: int = SHOWN_BLOCKS) -> str:
    """Plain text of at most `most` blocks a section; nothing in it becomes a mention, a link or a heading of a chat."""
    return _render("digest.txt.j2", digest, pages, most, autoescape=False)


def html(digest: Digest, pages: str, most: int = SHOWN_BLOCKS) -> str:
    """HTML of at most `most` blocks a section, which loads nothing from elsewhere; everything is escaped."""
    return _render("digest.html.j2", digest, pages, most, autoescape=True)


def _render(template: str, digest: Digest, pages: str, most: int, *, autoescape: bool) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=autoescape,  # noqa: S701 - the text template has a filter of its own
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = tame
    environment.filters["when"] = lambda moment: str(moment)[:16].replace("T", " ")
    notified = {"New": digest.new, "Changed since it was last told": digest.changed}
    sections = {title: sections_of(entries) for title, entries in notified.items()}
    brief = {
        "Resolved": blocks_of(digest.resolved),
        "Came and went before this could be delivered": blocks_of(digest.passed_by),
        "Still open, told before": blocks_of(digest.still_open),
    }
    change_notes: dict[str, list[Any]] = {}
    for item in digest.change_notes:
        change_notes.setdefault(item.principle, []).append(item)
    return environment.get_template(template).render(
        digest=digest,
        subject=subject(digest),
        sections={title: _first(groups, most) for title, groups in sections.items()},
        left_out={title: sum(len(g.blocks) for g in groups) - most for title, groups in sections.items()},
        brief={title: blocks[:most] for title, blocks in brief.items()},
        brief_left_out={title: len(blocks) - most for title, blocks in brief.items()},
        change_notes=change_notes,
        pages=pages,
    )


def _first(sections: Sequence[Section], most: int) -> list[Section]:
    """The first `most` blocks of all sections together."""
    kept = []
    for section in sections:
        if most > 0:
            kept.append(replace(section, blocks=section.blocks[:most]))
            most -= len(section.blocks)
    return kept


def sections_of(entries: Sequence[OpenAlert]) -> list[Section]:
    """Grouped by principle and owner; the worst first, in each group and of the groups."""
    groups: dict[tuple[str, str], list[Block]] = {}
    for block in blocks_of(entries):
        groups.setdefault((block.alert.principle, block.alert.owner), []).append(block)
    found = [Section(principle, owner, tuple(blocks)) for (principle, owner), blocks in groups.items()]
    return sorted(
        found,
        key=lambda s: (
            min(SEVERITIES[block.alert.severity] for block in s.blocks),
            s.principle != THE_WAREHOUSE,
            s.principle,
            s.owner,
        ),
    )


def blocks_of(entries: Sequence[OpenAlert]) -> list[Block]:
    """Entries with the same severity, trouble and remedy as one block, in the order of the worst."""
    alike: dict[tuple[str, ...], list[OpenAlert]] = {}
    for entry in entries:
        p = entry.alert
        alike.setdefault((p.severity, p.principle, p.owner, p.kind, p.headline, p.remedy), []).append(entry)
    blocks = [
        Block(
            alert=group[0].alert,
            places=tuple(entry.alert.place for entry in group),
            first_seen=min(entry.alert.since for entry in group),
            times=max(entry.times for entry in group),
        )
        for group in alike.values()
    ]
    return sorted(blocks, key=lambda block: (SEVERITIES[block.alert.severity], -len(block.places), block.where))


_MENTION = re.compile(r"[@<>`*_~|\[\]]")
_LOOKALIKES = {
    "@": "\uff20",
    "<": "\u2039",
    ">": "\u203a",
    "`": "'",
    "*": "\u2217",
    "~": "\u223c",
    "|": "\u2223",
    "[": "(",
    "]": ")",
}


def tame(value: object) -> str:
    """Text from outside as one line without control characters, and without what chats read as mention or mark-up."""
    return _MENTION.sub(lambda match: _LOOKALIKES.get(match[0], match[0]), one_line(str(value)))


def one_line(value: str) -> str:
    """No line breaks and no control or direction characters: a name must not forge a line or a header."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in value)
    return " ".join(kept.split())
