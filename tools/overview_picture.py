"""Takes the first picture of README: `python -m tools.overview_picture [RELEASE]` writes docs/overview.png.

It is what the machine's Chromium shows of the overview of a release, by default of the newest one of the default home.

Belongs here: which part of which page, and its size. Does not belong here: what the page shows (`atf_dagster/report`).
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "docs" / "overview.png"
WIDTH = 1340
"""Pixels of the page: the tables have room for twelve areas."""
END = "#principle-2"
"""The picture ends where the second principle begins."""
SCALE = 0.75


def take(page: Path, picture: Path, chromium: str) -> None:
    """Write what `chromium` shows of the file `page` to `picture`, as PNG; nothing else is opened."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        try:
            tab = browser.new_page(viewport={"width": WIDTH, "height": 900}, device_scale_factor=SCALE)
            tab.goto(page.resolve().as_uri())
            end = tab.locator(END).bounding_box()
            if end is None:
                raise ValueError(f"{page} has nothing visible at {END}, where the picture ends")
            tab.screenshot(
                path=picture,
                full_page=True,
                animations="disabled",
                clip={"x": 0, "y": 0, "width": WIDTH, "height": end["y"]},
            )
        finally:
            browser.close()


def main(arguments: list[str] | None = None) -> int:
    """Take the picture. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Writes docs/overview.png from the overview of a release.")
    parser.add_argument("release", nargs="?", type=Path, default=PROJECT / ".atf" / "releases" / "current")
    page = parser.parse_args(arguments).release / "report" / "index.html"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not page.is_file():
        what = "no Chromium is installed" if chromium is None else f"{page} does not exist: run `make refresh` first"
        print(f"No picture was taken: {what}.", file=sys.stderr)
        return 1
    take(page, PICTURE, chromium)
    return 0


if __name__ == "__main__":
    sys.exit(main())
