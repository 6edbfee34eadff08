"""The pages of docs/readers as code: what stands in their fences, and a folder in which it runs.

Belongs here: taking code out of a page. Does not belong here: what must come of it (the test modules).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.home import PROJECT

FOLDER = PROJECT / "docs" / "readers"
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(FOLDER.glob("*.md"))


@dataclass(frozen=True)
class Fence:
    """One fence. info: what stands behind its quotes, such as `python`. line: where its code begins in the page."""

    page: str
    info: str
    code: str
    line: int


def text(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text("utf-8")


def fences(page: str, info: str) -> list[Fence]:
    """The fences of a page with this info, in order; none is an error, as a test would then try nothing."""
    whole = text(page)
    found = [
        Fence(page, match["info"], match["code"], whole.count("\n", 0, match.start("code")) + 1)
        for match in FENCE.finditer(whole)
        if match["info"] == info
    ]
    assert found, f"{page}.md has no fence {info}"
    return found


HEADLINES = """
    select value, status_in_words from mart.vw_series where area_name = 'Cheshire and Merseyside' and is_headline"""
"""What the examples for Python, R and SQL show, a row a line."""


def reasons(rows: list[tuple[Any, ...]]) -> Counter[str]:
    """Of the rows of HEADLINES without a value: the words -> how often. None is an error: nothing would be tried."""
    found = Counter(words for value, words in rows if value is None)
    assert found
    return found


def working_folder(releases: Path, folder: Path) -> Path:
    """A folder in which `.atf/releases` is `releases`, as the pages write it."""
    (folder / ".atf").mkdir()
    (folder / ".atf" / "releases").symlink_to(releases)
    return folder
