"""A digest as text: subject, plain text for chats and webhooks, HTML for mail and the kept files.

Text from outside is escaped in HTML and made harmless in plain text.

Belongs here: grouping, order, how much is shown, escaping. Does not belong here: the content of a digest (`digest`),
sending (`channels`).
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
"""How many blocks of a section a message shows in full; the first lines count all alerts."""
SHOWN_PLACES = 8
NAME = "All Together Fairer"


@dataclass(frozen=True)
class Block:
    """Alerts with the same cause and remedy in several places: whoever repairs them sees one."""

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
        (len(digest.passed_by), "opened and resolved"),
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
    """Plain text with at most `most` blocks a section. A chat finds no mention, link or heading in it."""
    return _render("digest.txt.j2", digest, pages, most, autoescape=False)


def html(digest: Digest, pages: str, most: int = SHOWN_BLOCKS) -> str:
    """HTML with at most `most` blocks a section. It loads nothing from other places, and all text is escaped."""
    return _render("digest.html.j2", digest, pages, most, autoescape=True)


def _render(template: str, digest: Digest, pages: str, most: int, *, autoescape: bool) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=autoescape,  # noqa: S701 - the text template uses the filter `plain`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = harmless
    environment.filters["when"] = lambda moment: str(moment)[:16].replace("T", " ")
    notified = {"New": digest.new, "Changed since the last message": digest.changed}
    sections = {title: sections_of(entries) for title, entries in notified.items()}
    brief = {
        "Resolved": blocks_of(digest.resolved),
        "Opened and resolved before a message could be delivered": blocks_of(digest.passed_by),
        "Still open": blocks_of(digest.still_open),
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
    """The blocks by principle and owner. Critical ones come first, within a section and among the sections."""
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
    """One block for entries with the same severity, headline and remedy; critical ones first."""
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


def harmless(value: object) -> str:
    """Text from outside as one line without control characters, mentions of a chat or mark-up."""
    return _MENTION.sub(lambda match: _LOOKALIKES.get(match[0], match[0]), one_line(str(value)))


def one_line(value: str) -> str:
    """Remove line breaks, control characters and direction characters: a name cannot forge a line or a header."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in value)
    return " ".join(kept.split())
