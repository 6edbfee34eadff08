"""Reads pages of the report as a browser would: elements with their attributes, texts and places.

Belongs here: parsing. Does not belong here: what must hold (the test modules).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

EMPTY = {"meta", "link", "br", "img", "input", "hr"}


@dataclass(eq=False)
class Element:
    """One element. parent: None for the page itself."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, with single spaces."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())

    @property
    def read(self) -> str:
        """Its text without what is hidden from those who listen."""
        if self.attributes.get("aria-hidden") == "true":
            return ""
        parts = [child if isinstance(child, str) else child.read for child in self.children]
        return " ".join(" ".join(parts).split())

    @property
    def within(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.within

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.within if element.tag in tags]

    def one(self, id: str) -> Element:
        (found,) = [element for element in self.within if element.attributes.get("id") == id]
        return found

    @property
    def is_hidden(self) -> bool:
        """Whether it is shown only when a script fills it."""
        return "hidden" in self.attributes or (self.parent is not None and self.parent.is_hidden)

    def inside(self, tag: str) -> bool:
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("page", {}, None)
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in EMPTY:
            self.at = element

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


@cache
def page(path: Path) -> Element:
    """The page as a tree. Each element must be closed where it was opened."""
    tree = _Tree()
    tree.feed(path.read_text("utf-8"))
    tree.close()
    assert tree.at is tree.root, f"{path}: <{tree.at.tag}> is not closed"
    return tree.root


def pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def cells(table: Element) -> list[list[str]]:
    """The rows of a table's body as they are read, first the heading of the row."""
    return [[cell.read for cell in row.all("th", "td")] for row in rows(table)]


def rows(table: Element) -> list[Element]:
    """The rows of a table's body, without the headings of its parts."""
    every = (row for body in table.all("tbody") for row in body.all("tr"))
    return [row for row in every if row.attributes.get("class") != "part"]
