"""The releases that there are, and the pointer `current`.

Belongs here: listing, moving the pointer, rollback, tidying up. Does not belong here: what is in a release.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.files import sha256_of, sync_folder, write_atomic

POINTER = "current"
CANDIDATE = ".candidate-"
ROLLED_BACK = ".rolled-back-from"
EQUIVALENT = ".equivalent"


class ReleaseError(RuntimeError):
    """A release that cannot be used; the text says which, why and what to do."""


@dataclass(frozen=True)
class Release:
    """One finished release, by its receipt."""

    path: Path
    receipt: dict[str, Any]
    is_current: bool

    @property
    def version(self) -> str:
        return self.path.name

    @property
    def run_id(self) -> str:
        return str(self.receipt["run_id"])


def releases(folder: Path) -> list[Release]:
    """All finished releases, oldest first. A folder without a receipt was never finished and is not listed; one whose
    receipt is damaged vouches for nothing and is not listed either, see `unreadable`."""
    now = current_version(folder)
    found = []
    for path in _folders(folder):
        receipt = _receipt(path)
        if receipt is not None:
            found.append(Release(path, receipt, path.name == now))
    return found


def unreadable(folder: Path) -> list[Path]:
    """Releases whose receipt is there and cannot be read."""
    return [path for path in _folders(folder) if _receipt(path) is None]


def _folders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("[0-9]*")) if (path / "receipt.json").exists()]


def _receipt(release: Path) -> dict[str, Any] | None:
    try:
        receipt = json.loads((release / "receipt.json").read_text("utf-8"))
    except ValueError:
        return None
    # What every reader of a receipt relies on.
    needed = ("built_at", "files", "mode", "rows", "run_id", "verdict")
    return receipt if isinstance(receipt, dict) and all(name in receipt for name in needed) else None


def current_version(folder: Path) -> str | None:
    pointer = folder / POINTER
    return str(pointer.readlink()) if pointer.is_symlink() else None


def current(folder: Path) -> Release | None:
    return next((release for release in releases(folder) if release.is_current), None)


def point_to(folder: Path, version: str) -> None:
    """Move `current` in one step: a reader finds the old release or the new one. Raises ReleaseError."""
    known = {release.version: release for release in releases(folder)}
    if version not in known:
        raise ReleaseError(f"There is no release {version} in {folder}. There are: {', '.join(known) or 'none'}.")
    if known[version].receipt.get("verdict") not in ("passed", "warned"):
        raise ReleaseError(f"Release {version} has no verdict that lets it be published.")
    temporary = folder / f".{POINTER}.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version)
    temporary.replace(folder / POINTER)
    sync_folder(folder)


def damage(release: Release) -> list[str]:
    """Files that are missing or no longer have the hash of the receipt; empty where all is well."""
    problems = []
    for name, facts in release.receipt["files"].items():
        path = release.path / name
        if not path.exists():
            problems.append(f"{name} is missing")
        elif sha256_of(path) != facts["sha256"]:
            problems.append(f"{name} has changed")
    return problems


def rollback(folder: Path, version: str | None = None) -> tuple[str | None, str]:
    """Point to `version`, or to the release before the current one, of the same mode.

    Returns (from, to). Raises ReleaseError. A refresh without news leaves the pointer where it was put.
    """
    known = releases(folder)
    now = next((release for release in known if release.is_current), None)
    if version is None:
        earlier = [
            release
            for release in known
            if now is None or (release.version < now.version and release.receipt["mode"] == now.receipt["mode"])
        ]
        if not earlier:
            raise ReleaseError("There is no release before the current one, of its mode, to go back to.")
        version = earlier[-1].version
    chosen = next((release for release in known if release.version == version), None)
    if chosen is not None and (problems := damage(chosen)):
        raise ReleaseError(f"Release {version} is damaged and was not made current: {'; '.join(problems)}.")
    point_to(folder, version)
    if version == known[-1].version:
        forget_rollback(folder)
    else:
        write_atomic(folder / ROLLED_BACK, f"{known[-1].version}\n")
    return (now.version if now else None), version


def rolled_back_from(folder: Path) -> str | None:
    """The newest release, where somebody went back from it: a refresh without news does not return to it."""
    marker = folder / ROLLED_BACK
    return marker.read_text("utf-8").strip() if marker.exists() else None


def forget_rollback(folder: Path) -> None:
    (folder / ROLLED_BACK).unlink(missing_ok=True)


def remember_equivalent(folder: Path, version: str, fingerprint: str) -> None:
    """Other inputs or programs gave exactly the figures of `version`; they need not be built again."""
    write_atomic(folder / EQUIVALENT, f"{version} {fingerprint}\n")


def follows_from(release: Release, fingerprint: str) -> bool:
    """Whether `release` is what this fingerprint leads to."""
    equivalent = release.path.parent / EQUIVALENT
    known = equivalent.read_text("utf-8").strip() if equivalent.exists() else ""
    return release.receipt.get("fingerprint") == fingerprint or known == f"{release.version} {fingerprint}"


def remove_unfinished(folder: Path) -> list[str]:
    """Remove what killed runs left behind; returns the names."""
    folder.mkdir(parents=True, exist_ok=True)
    leftovers = [path for path in folder.glob(f"{CANDIDATE}*") if path.is_dir()]
    for path in leftovers:
        _remove(path)
    for path in folder.glob(f".{POINTER}.*.tmp"):
        path.unlink()
    return [path.name for path in leftovers]


def remove_old(folder: Path, keep: int) -> list[str]:
    """Remove the oldest releases beyond `keep`, never the current one. An open file stays readable on Linux."""
    known = [release for release in releases(folder) if not release.is_current]
    surplus = known[: max(0, len(known) - max(0, keep - 1))]
    for release in surplus:
        _remove(release.path)
    return [release.version for release in surplus]


def _remove(path: Path) -> None:
    for entry in [path, *path.rglob("*")]:
        if entry.is_dir():
            entry.chmod(0o755)
    shutil.rmtree(path)
