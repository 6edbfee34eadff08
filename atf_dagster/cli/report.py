"""`atf report` makes the pages of a release again: of the current one, or of any other that is kept.

Belongs here: arguments and printing. Does not belong here: the pages (`report`), choosing what they show.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from atf_dagster.errors import NotFound
from atf_dagster.files import single_writer
from atf_dagster.pipeline import pages
from atf_dagster.release import versions
from atf_dagster.release.versions import Release
from atf_dagster.report.charts import images
from atf_dagster.settings import Settings

PATIENCE = 120.0
"""Seconds to wait for a refresh that is running."""


def add_parser(commands: Any) -> None:
    """Add `report` to the commands of `atf`."""
    parser = commands.add_parser("report", help="make the pages of a release: plain HTML that opens anywhere")
    parser.add_argument("version", nargs="?", help="version of a release; without it the current one")
    parser.add_argument("--out", type=Path, help="folder for the pages; without it `report` in the release's folder")
    parser.add_argument(
        "--images", action="store_true", help="also draw each chart as SVG and PNG into `images` (the extra `images`)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    parser.set_defaults(run=report)


def report(settings: Settings, options: argparse.Namespace) -> int:
    """Make the pages and print where they are."""
    if options.images:
        images.check()
    _chosen(settings, options.version)  # before the lock, which would make a home where there is none
    # Nothing else may write in the home, nor remove the release, while its pages are replaced.
    with single_writer(settings.home, wait_seconds=PATIENCE):
        return _make(settings, options)


def _make(settings: Settings, options: argparse.Namespace) -> int:
    release = _chosen(settings, options.version)
    folder = pages.make(settings, release, options.out)
    if options.images:
        drawn = images.write(folder / "images", sorted((folder / "charts").glob(f"*{images.SUFFIX}")))
        if options.out is None:
            # No file of a release may be written; its pages are replaced as a whole, and pictures with them.
            for path in drawn:
                path.chmod(0o444)
    page = folder / "index.html"
    if options.json:
        record = {"release": release.version, "folder": str(folder), "page": str(page)}
        print(json.dumps(record | ({"images": len(drawn)} if options.images else {}), ensure_ascii=False))
    else:
        print(f"Pages of release {release.version}: {page}")
        if options.images:
            print(f"Pictures of its charts: {len(drawn)} files in {folder / 'images'}")
    return 0


def _chosen(settings: Settings, version: str | None) -> Release:
    known = versions.releases(settings.releases)
    if not settings.home.is_dir():
        raise NotFound(
            f"There is no home {settings.home}, and so no release in it.",
            "Set ATF_HOME to the folder of your installation, or run `atf refresh`, which makes it.",
        )
    if not known:
        raise NotFound(f"There is no release in {settings.releases} yet.", "Run `atf refresh`.")
    wanted = version or versions.current_version(settings.releases)
    found = next((release for release in known if release.version == wanted), None)
    if found is None:
        raise NotFound(
            f"There is no release {wanted} in {settings.releases}.",
            f"Name one of these releases: {', '.join(release.version for release in known)}.",
        )
    return found
