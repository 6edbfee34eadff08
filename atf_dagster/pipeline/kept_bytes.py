"""Reads every kept byte again and names what is no longer what its receipt says.

Belongs here: hashing landing, local returns and releases, and saying what depends on a damaged file and what to do.
Does not belong here: repairing. Parquet, warehouse and dbt's folder are made again from landing and are not read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from atf_dagster.files import sha256_of
from atf_dagster.landing import Store
from atf_dagster.release import versions
from atf_dagster.returns import store as returns

RESTORE = (
    "An engineer restores it from a backup of the landing folder; a refresh asks the publisher again, which may no "
    "longer serve this version."
)
SEND_AGAIN = (
    "An engineer restores it from a backup, or the organisation sends the same file again (`atf returns submit`)."
)
GO_BACK = "Run `atf rollback`, then `atf refresh --rebuild`, which makes the release again from landing."
NOT_IN_USE = "Readers do not see it: restore it from a backup, or remove its folder."


@dataclass(frozen=True)
class Damaged:
    """One file that is not what it was. `needed_by`: vintages, receipts, submissions or the release that name it."""

    where: Literal["landing", "returns", "releases"]
    file: str
    problem: str
    needed_by: list[str]
    remedy: str


@dataclass
class Counts:
    """How much was read."""

    landing_objects: int = 0
    returns: int = 0
    releases: int = 0


def damaged_files(home: Path) -> tuple[list[Damaged], Counts]:
    """All files of a home that are not what they were, and how much was read."""
    counts = Counts()
    found = [
        *(damaged for mode in ("live", "snapshot") for damaged in _landing(home / mode / "landing", counts)),
        *_returns(home, counts),
        *_releases(home / "releases", counts),
    ]
    return found, counts


# landing -----------------------------------------------------------------------------------------------------


def _landing(root: Path, counts: Counts) -> Iterator[Damaged]:
    store = Store(root)
    named: dict[str, dict[str, None]] = {}
    for folder in sorted(path.parent for path in root.glob("*/*/attempts.jsonl")):
        for name in ("attempts.jsonl", "vintages.jsonl", "verdicts.jsonl"):
            if numbers := _unreadable_lines(folder / name):
                yield Damaged(
                    "landing",
                    str(folder / name),
                    f"has lines that nobody can read: {', '.join(map(str, numbers))}",
                    [f"{folder.parent.name}.{folder.name}"],
                    RESTORE,
                )
        for sha256, name in _needed(store, folder):
            named.setdefault(sha256, {})[name] = None
    for sha256 in sorted(named):
        counts.landing_objects += 1
        path = store.object_path(sha256)
        if problem := _problem(path, sha256):
            yield Damaged("landing", str(path), problem, list(named[sha256]), RESTORE)


def _needed(store: Store, folder: Path) -> Iterator[tuple[str, str]]:
    """(hash, who needs it) of all bytes that the receipts of a part name: vintages first, then what led to them."""
    dataset, part = folder.parent.name, folder.name
    for vintage in store.vintages(dataset, part):
        for sha256 in dict.fromkeys((vintage.sha256, *(page.sha256 for page in vintage.pages))):
            yield sha256, f"vintage {vintage.id}"
    of_vintages = {vintage.sha256 for vintage in store.vintages(dataset, part)}
    for attempt in store.attempts(dataset, part):
        own = [] if attempt.sha256 in of_vintages else [attempt.sha256]
        for other in (
            *own,
            *(page.sha256 for page in attempt.pages),
            *(answer.sha256 for answer in attempt.listings),
        ):
            if other:
                yield other, f"a receipt of {dataset}.{part}"


def _unreadable_lines(path: Path) -> list[int]:
    """Numbers of lines that are damaged. A line that only breaks off was torn by a kill, and was never recorded."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8", errors="replace").split("\n")
    return [number for number, line in enumerate(lines, 1) if line.endswith("}") and not _is_json(line)]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


# returns -----------------------------------------------------------------------------------------------------


def _returns(home: Path, counts: Counts) -> Iterator[Damaged]:
    for submission in returns.submissions(home):
        counts.returns += 1
        path = returns.object_path(home, submission.sha256)
        if problem := _problem(path, submission.sha256):
            yield Damaged("returns", str(path), problem, [f"submission {submission.sequence}"], SEND_AGAIN)


# releases ----------------------------------------------------------------------------------------------------


def _releases(folder: Path, counts: Counts) -> Iterator[Damaged]:
    now = versions.current_version(folder)
    for release in versions.releases(folder):
        counts.releases += 1
        remedy = GO_BACK if release.is_current else NOT_IN_USE
        for problem in versions.damage(release):
            name, _, what = problem.partition(" ")
            yield Damaged("releases", str(release.path / name), what, [_named(release.version, now)], remedy)
    for path in versions.unreadable(folder):
        counts.releases += 1
        remedy = GO_BACK if path.name == now else NOT_IN_USE
        yield Damaged("releases", str(path / "receipt.json"), "cannot be read", [_named(path.name, now)], remedy)
    if now is not None and not (folder / now).is_dir():
        yield Damaged("releases", str(folder / versions.POINTER), f"points to {now}, which is missing", [], GO_BACK)


def _named(version: str, now: str | None) -> str:
    return f"release {version}" + (", the current one" if version == now else "")


def _problem(path: Path, sha256: str) -> str | None:
    if not path.exists():
        return "is missing"
    try:
        return None if sha256_of(path) == sha256 else "no longer has the hash of its receipt"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
