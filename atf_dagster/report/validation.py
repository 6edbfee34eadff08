"""Reads a release's validation page: what is held back, notes of the fetches, why each check exists and what to do.

The mart has the checks' results and not these words; they stand only in the release's `validation.html`.

Belongs here: reading that file. Does not belong here: writing it (`quality.page`), showing it again (`quality_page`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

HELD, NOTES, NEW = "Held back", "Notes of the fetches", "New in this home"
TO_DO = "What to do:"


@dataclass
class Section:
    """What stands under one heading. rows: the cells of each outer row, in the page's order, without heading rows."""

    title: str
    items: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """The words of a validation page. checks: (suite, expectation) -> (why it exists, what to do where it fails)."""

    held: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()
    new: Sequence[Sequence[str]] = ()
    checks: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


class _Sections(HTMLParser):
    """The page's sections. Only the outermost table of a section gives rows; lists in its cells stay text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self.text: list[str] = []
        self.row: list[str] = []
        self.depth = 0
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script"):
            self.skipped += 1
        elif tag == "table":
            self.depth += 1
        elif tag == "h2" or (tag == "li" and self.depth == 0) or (tag in ("td", "th") and self.depth == 1):
            self.text = []
        elif tag == "tr" and self.depth == 1:
            self.row = []
        elif tag in ("br", "p", "tr", "li", "td", "th"):
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self.skipped -= 1
        elif tag == "table":
            self.depth -= 1
        elif tag == "h2":
            self.sections.append(Section(self._said()))
        elif not self.sections:
            return
        elif tag == "li" and self.depth == 0:
            self.sections[-1].items.append(self._said())
        elif tag == "td" and self.depth == 1:
            self.row.append(self._said())
        elif tag == "tr" and self.depth == 1 and self.row:
            self.sections[-1].rows.append(self.row)

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.text.append(data)

    def _said(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self.text).split("\n"))
        return "\n".join(line for line in lines if line)


def read(path: Path) -> Written | None:
    """The words of a validation page; None where the release has none that can be read."""
    try:
        source = path.read_text("utf-8")
    except (OSError, ValueError):
        return None
    parser = _Sections()
    parser.feed(source)
    found = {section.title: section for section in parser.sections}
    special = (HELD, NOTES, NEW)
    checks: dict[tuple[str, str], tuple[str, str]] = {}
    for section in parser.sections:
        if section.title in special:
            continue
        last: tuple[str, str] | None = None
        for row in section.rows:
            if len(row) > 1:
                name, _, why = row[0].partition("\n")
                last = (section.title, name)
                checks[last] = (why, "")
            elif last is not None and row[0].startswith(TO_DO):
                checks[last] = (checks[last][0], row[0].removeprefix(TO_DO).partition("\n")[0].strip())
    empty = Section("")
    return Written(
        held=found.get(HELD, empty).rows,
        notes=found.get(NOTES, empty).items,
        new=[row for row in found.get(NEW, empty).rows if len(row) > 1],
        checks=checks,
    )
