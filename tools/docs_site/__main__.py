"""Writes the sources of the site: `python -m tools.docs_site`. Prints the file by which Zensical builds it.

Belongs here: copying pages, and their links to their new places. Does not belong here: pages made from other facts
(`made_pages`).
"""

import os
import re
import shutil
import sys
from pathlib import Path

from tools.docs_site import made_pages

PROJECT = Path(__file__).resolve().parents[2]
OUT = PROJECT / ".cache" / "docs_site"
SETTINGS = Path(__file__).with_name("zensical.toml")
MOVED = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages beside docs, and their names in the site."""
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")


def place(file: Path) -> Path:
    """Where a file of the project lies in the site."""
    name = file.relative_to(PROJECT).as_posix()
    return Path(MOVED.get(name, name.removeprefix("docs/")))


def with_links_moved(page: Path) -> str:
    """The text of a page, each of its relative links changed to where its file lies in the site."""
    here = place(page).parent

    def moved(match: re.Match[str]) -> str:
        target = place((page.parent / match[2]).resolve())
        return match[1] + Path(os.path.relpath(target, here)).as_posix() + match[3]

    return LINK.sub(moved, page.read_text("utf-8"))


def write(out: Path = OUT) -> Path:
    """Write all sources below `out`, and return the file with the settings of the site."""
    shutil.rmtree(out, ignore_errors=True)
    pages = out / "docs"
    for file in sorted([*(PROJECT / "docs").rglob("*"), *(PROJECT / name for name in MOVED)]):
        if file.is_file():
            target = pages / place(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".md":
                target.write_text(with_links_moved(file), "utf-8")
            else:
                shutil.copyfile(file, target)
    for name, text in made_pages.all_pages().items():
        target = pages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    settings = out / "zensical.toml"
    shutil.copyfile(SETTINGS, settings)
    return settings


if __name__ == "__main__":
    print(write())
    sys.exit(0)
