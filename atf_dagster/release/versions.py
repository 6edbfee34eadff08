"""The list of releases, and the pointer `current`.

Belongs here: listing, moving the pointer, rollback by hand and from damage, removing old releases. Does not belong
here: the contents of a release.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.errors import AtfError
from atf_dagster.files import sha256_of, sync_folder, write_atomic
from atf_dagster.release.contract import DATABASE, OLD_DATABASE

POINTER = "current"
CANDIDATE = ".candidate-"
REMOVING = ".removing-"
"""A release is renamed before it is removed: half of one would be taken for a damaged release, and kept for ever."""
ROLLED_BACK = ".rolled-back-from"
EQUIVALENT = ".equivalent"
GOOD = ("passed", "warned")
"""Verdicts with which a release may be published."""

OPERATOR = "whoever runs the command"


class ReleaseError(AtfError):
    """A release that cannot be used. The message says which one and why."""


@dataclass(frozen=True)
class Release:
    """One finished release, as its receipt describes it."""

    path: Path
    receipt: dict[str, Any]
    is_current: bool

    @property
    def version(self) -> str:
        return self.path.name

    @property
    def database(self) -> Path:
        return database(self.path)

    @property
    def run_id(self) -> str:
        return str(self.receipt["run_id"])


@dataclass(frozen=True)
class RolledBack:
    """What happened to a damaged current release. `now` is None where no undamaged release is there to go back to."""

    damaged: str
    problems: list[str]
    now: str | None

    @property
    def sentence(self) -> str:
        found = f"Release {self.damaged} is damaged ({'; '.join(self.problems)})."
        if self.now is None:
            return f"{found} There is no undamaged release of its mode to go back to. Run `atf refresh --rebuild`."
        return f"{found} Readers get release {self.now} instead. Run `atf refresh`: it publishes the figures again."


def database(release: Path) -> Path:
    """The mart of the release in this folder; older releases have it under its old name only."""
    newer = release / DATABASE
    return newer if newer.exists() else release / OLD_DATABASE


RECEIPT = "receipt.json"
LATEST = "LATEST.json"
"""What `current` points to, for tools that cannot follow a link."""
NEEDED = {"run_id", "mode", "verdict", "files"}
"""Keys that a receipt must have before its release is used."""


def releases(folder: Path) -> list[Release]:
    """All finished releases, oldest first.

    A folder without a receipt was never finished, and a release with an unreadable receipt cannot be used. Neither is
    listed. `damage_of_current` reports it where it is the current one.
    """
    now = current_version(folder)
    found = []
    for path in sorted(folder.glob("[0-9]*")):
        receipt = _read_receipt(path)
        if receipt is not None:
            found.append(Release(path, receipt, path.name == now))
    return found


def _read_receipt(path: Path) -> dict[str, Any] | None:
    try:
        receipt = json.loads((path / RECEIPT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return receipt if isinstance(receipt, dict) and receipt.keys() >= NEEDED else None


def unreadable(folder: Path) -> list[Path]:
    """Folders of releases that have a receipt which cannot be used."""
    return [path for path in sorted(folder.glob("[0-9]*")) if (path / RECEIPT).exists() and not _read_receipt(path)]


def newest_number(folder: Path) -> int:
    """The highest number of any release, also of one with an unreadable receipt, so that no number is used twice."""
    return max((int(path.name.split("-")[0]) for path in folder.glob("[0-9]*-*")), default=0)


def current_version(folder: Path) -> str | None:
    pointer = folder / POINTER
    return str(pointer.readlink()) if pointer.is_symlink() else None


def current(folder: Path) -> Release | None:
    return next((release for release in releases(folder) if release.is_current), None)


def point_to(folder: Path, version: str) -> None:
    """Move `current` in one step: a reader finds the old release or the new one. Raises ReleaseError."""
    known = {release.version: release for release in releases(folder)}
    if version not in known:
        raise ReleaseError(
            f"There is no release {version} in {folder}.",
            f"Name one of these releases. There are: {', '.join(known) or 'none'}.",
            owner=OPERATOR,
        )
    if known[version].receipt.get("verdict") not in GOOD:
        raise ReleaseError(
            f"Release {version} has no verdict that lets it be published.", "Name another release.", owner=OPERATOR
        )
    temporary = folder / f".{POINTER}.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version)
    temporary.replace(folder / POINTER)
    sync_folder(folder)
    write_latest(folder)


def write_latest(folder: Path) -> None:
    """Say in LATEST.json which release `current` points to, with its files, where it does not say so yet.

    The pointer moves first. A process that ends between the two leaves a LATEST.json that names the release before.
    """
    version = current_version(folder)
    receipt = _read_receipt(folder / version) if version is not None else None
    if receipt is None:
        return
    kept = ("version", "mode", "built_at", "contract_version", "verdict")
    says = {name: receipt[name] for name in kept if name in receipt}
    says["files"] = {f"{version}/{name}": facts for name, facts in receipt["files"].items()}
    text = json.dumps(says, indent=1, ensure_ascii=False) + "\n"
    path = folder / LATEST
    if not path.exists() or path.read_text("utf-8") != text:
        write_atomic(path, text)


def damage(release: Release) -> list[str]:
    """Files that are missing or no longer have the receipt's hash; empty where there is no damage."""
    problems = []
    for name, facts in release.receipt["files"].items():
        path = release.path / name
        if not path.exists():
            problems.append(f"{name} is missing")
        elif sha256_of(path) != facts["sha256"]:
            problems.append(f"{name} has changed")
    return problems


def damage_of_current(folder: Path) -> list[str]:
    """What is wrong with the release that readers get; empty where nothing is, or where there is no release yet."""
    version = current_version(folder)
    if version is None:
        return []
    path = folder / version
    if not path.is_dir():
        return ["its folder is missing"]
    if not (path / RECEIPT).exists():
        return [f"{RECEIPT} is missing"]
    receipt = _read_receipt(path)
    if receipt is None:
        return [f"{RECEIPT} cannot be read"]
    return damage(Release(path, receipt, is_current=True))


def damage_of_newest(folder: Path) -> tuple[str, list[str]] | None:
    """The newest release, current or not, and what is wrong with its files; None where nothing is wrong."""
    known = [*(release.path for release in releases(folder)), *unreadable(folder)]
    if not known:
        return None
    path = max(known)
    receipt = _read_receipt(path)
    problems = [f"{RECEIPT} cannot be read"] if receipt is None else damage(Release(path, receipt, is_current=False))
    return (path.name, problems) if problems else None


def roll_back_from_damage(folder: Path) -> RolledBack | None:
    """Where the current release is damaged, point to the newest undamaged one of its mode. None without damage.

    The caller holds the writer's lock. Where somebody went back from a newer release by hand, the newer one is not
    used. This is not recorded as a rollback by hand: the next refresh publishes the damaged figures again, also where
    its inputs have not changed.
    """
    problems = damage_of_current(folder)
    damaged = current_version(folder)
    if damaged is None or not problems:
        return None
    others = [release for release in releases(folder) if release.version != damaged]
    if rolled_back_from(folder) is not None:
        others = [release for release in others if release.version < damaged]
    mode = _mode(folder / damaged)
    if mode is None and others:
        mode = str(others[-1].receipt["mode"])  # its own receipt is lost, and a home seldom changes its mode
    for release in reversed(others):
        if release.receipt["mode"] == mode and release.receipt["verdict"] in GOOD and not damage(release):
            point_to(folder, release.version)
            return RolledBack(damaged, problems, release.version)
    return RolledBack(damaged, problems, None)


def mode_of_current(folder: Path) -> str | None:
    """The mode of the release that readers get, also where its receipt is damaged; None where there is no release."""
    version = current_version(folder)
    return _mode(folder / version) if version is not None else None


def _mode(path: Path) -> str | None:
    """The mode of a release, from its receipt; where that cannot be read, from its datapackage.json."""
    receipt = _read_receipt(path)
    if receipt is not None:
        return str(receipt["mode"])
    try:
        description = json.loads((path / "datapackage.json").read_text("utf-8"))
        return str(description["mode"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def rollback(folder: Path, version: str | None = None) -> tuple[str | None, str]:
    """Point to `version`, or to the release of the same mode before the current one.

    Returns (from, to). Raises ReleaseError. A refresh whose inputs have not changed leaves the pointer there.
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
            raise ReleaseError(
                "There is no release before the current one, of its mode, to go back to.",
                "Run `atf releases` and name one that it lists.",
                owner=OPERATOR,
            )
        version = earlier[-1].version
    chosen = next((release for release in known if release.version == version), None)
    if chosen is not None and (problems := damage(chosen)):
        raise ReleaseError(
            f"Release {version} is damaged and was not made current: {'; '.join(problems)}.",
            "Name another release.",
            owner=OPERATOR,
        )
    point_to(folder, version)
    if version == known[-1].version:
        forget_rollback(folder)
    else:
        write_atomic(folder / ROLLED_BACK, f"{known[-1].version}\n")
    return (now.version if now else None), version


def rolled_back_from(folder: Path) -> str | None:
    """The newest release, where somebody went back from it by hand; a refresh without changed inputs does not return
    to it.
    """
    marker = folder / ROLLED_BACK
    return marker.read_text("utf-8").strip() if marker.exists() else None


def forget_rollback(folder: Path) -> None:
    (folder / ROLLED_BACK).unlink(missing_ok=True)


def remember_equivalent(folder: Path, version: str, fingerprint: str) -> None:
    """Record that other inputs or programs gave exactly the figures of `version`, so that they are not built again."""
    write_atomic(folder / EQUIVALENT, f"{version} {fingerprint}\n")


def follows_from(release: Release, fingerprint: str) -> bool:
    """Whether this fingerprint of inputs and programs leads to the figures of `release`."""
    equivalent = release.path.parent / EQUIVALENT
    known = equivalent.read_text("utf-8").strip() if equivalent.exists() else ""
    return release.receipt.get("fingerprint") == fingerprint or known == f"{release.version} {fingerprint}"


def remove_unfinished(folder: Path) -> list[str]:
    """Remove what killed runs left behind. Returns the names."""
    folder.mkdir(parents=True, exist_ok=True)
    leftovers = [path for kind in (CANDIDATE, REMOVING) for path in folder.glob(f"{kind}*") if path.is_dir()]
    for path in leftovers:
        _remove(path)
    for path in folder.glob(f".{POINTER}.*.tmp"):
        path.unlink()
    return [path.name for path in leftovers]


def remove_old(folder: Path, keep: int) -> list[str]:
    """Remove the oldest releases beyond `keep`, but never the current one. On Linux an open file stays readable."""
    known = [release for release in releases(folder) if not release.is_current]
    surplus = known[: max(0, len(known) - max(0, keep - 1))]
    for release in surplus:
        leaving = folder / f"{REMOVING}{release.version}"
        release.path.rename(leaving)
        _remove(leaving)
    return [release.version for release in surplus]


def _remove(path: Path) -> None:
    for entry in [path, *path.rglob("*")]:
        if entry.is_dir():
            entry.chmod(0o755)
    shutil.rmtree(path)
