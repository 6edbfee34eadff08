"""README and docs: every link leads somewhere, the first picture comes early, every setting has its row."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from atf_dagster.settings import BY_OTHER_NAMES, Settings
from support.home import PROJECT

PAGES = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([^"]+)">')


def anchors(page: Path) -> set[str]:
    """Those of the headings, as GitHub and the site make them, and those that the page writes itself."""
    whole = page.read_text("utf-8")
    text = re.sub(r"^```.*?^```$", "", whole, flags=re.MULTILINE | re.DOTALL)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}
    return slugs | set(ANCHOR.findall(whole))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file() and target.is_relative_to(PROJECT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_reached_from_readme() -> None:
    """By links, in any number of steps."""
    reached, ahead = set(), [PROJECT / "README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        links = LINK.findall(CODE.sub("", page.read_text("utf-8")))
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in links if not link.startswith("http")}
        ahead += [target for target in targets - reached if target.suffix == ".md"]
    assert [str(page) for page in PAGES if page not in reached] == []


def test_the_commands_and_a_picture_come_first() -> None:
    first = (PROJECT / "README.md").read_text("utf-8").splitlines()[:12]
    assert any(line.startswith("    make refresh") for line in first)
    assert any("report/index.html" in line for line in first)
    (picture,) = (match[1] for line in first if (match := re.match(r"!\[.{20,}\]\((.+)\)", line)))
    content = (PROJECT / picture).read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) < 200_000


def test_every_setting_has_a_row() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text("utf-8")
    listed = set(re.findall(r"`(ATF_[A-Z_]+)`", "\n".join(re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE))))
    own = {f"ATF_{name.upper()}" for name in Settings.model_fields.keys() - BY_OTHER_NAMES}
    assert own <= listed
    assert {name for name in listed - own if not name.endswith("_KEY")} == set()
