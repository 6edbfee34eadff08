"""The commit that this software was made from, where that can be known.

Belongs here: asking the checkout or the installed package. Does not belong here: what of the software decides figures
(`warehouse.fingerprints`).
"""

import json
import os
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from atf_dagster.settings import PROJECT

PACKAGE = "all-together-fairer-warehouse"
CHANGED = "+changed"
"""Follows the commit where files of the checkout differ from it."""
SECONDS = 5.0
"""No answer of git is worth a longer wait."""


@cache
def commit(project: Path = PROJECT) -> str | None:
    """The commit of the project's own checkout; else the one that the installed package names; else None.

    A checkout whose files differ from its commit has `+changed` behind it. A package names a commit where it was
    installed from a repository (PEP 610); one built from a folder does not.
    """
    return _of_checkout(project) if (project / ".git").exists() else _of_package()


def _of_checkout(project: Path) -> str | None:
    # No tag is named, so that only the commit remains. A hook of git would point GIT_DIR at another repository.
    words = ("git", "-C", str(project), "describe", "--always", "--abbrev=40", "--exclude=*", f"--dirty={CHANGED}")
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        asked = subprocess.run(  # noqa: S603 - our own words only
            words, env=own, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):  # no git on this machine
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None


def _of_package() -> str | None:
    try:
        origin = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    found = origin.get("vcs_info", {}).get("commit_id")
    return str(found) if found else None
