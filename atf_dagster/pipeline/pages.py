"""Pages, JSON and workbook of a release as a part of a refresh: made after readers have it, never a reason to fail.

What stopped them stands in a file of the mode's folder until pages are made; people are notified of it.

Belongs here: when pages are made, the note of a failure. Does not belong here: the pages (`report`), the alert
(`alerts.detect`).
"""

import datetime as dt
import json
import logging
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from atf_dagster.errors import AtfError
from atf_dagster.files import link_or_copy, write_atomic
from atf_dagster.release.versions import Release
from atf_dagster.report import FOLDER, JSON, MARK, WORKBOOK
from atf_dagster.settings import Settings


@dataclass(frozen=True)
class PagesFailed:
    """A release whose pages could not be made. since: when that was seen first, ISO in UTC."""

    release: str
    message: str
    remedy: str
    since: str


def make(settings: Settings, release: Release, out: Path | None = None) -> Path:
    """Make the pages, the JSON and the workbook of a release and forget an earlier failure. Returns their folder.

    out: another folder than the release's own; then the failure stays noted. Raises what stopped it; pages that were
    made before that are in place.
    """
    from atf_dagster.report import render
    from atf_dagster.report.workbook import write_workbook

    folder = render.write(release.path, out)
    if out is None:
        _link_all(folder / JSON, release.path / JSON)
    write_workbook(release.path, folder / WORKBOOK)
    if out is None:
        link_or_copy(folder / WORKBOOK, release.path / WORKBOOK)
    failed = failure(settings)
    # What stopped the pages of a release is not repaired by those of an older one.
    if out is None and failed is not None and release.version >= failed.release:
        _note(settings).unlink(missing_ok=True)
    return folder


def _link_all(made: Path, place: Path) -> None:
    """Every file of one folder under its name in another, which it replaces as a whole."""
    from atf_dagster.report.render import replace_folder

    making = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    shutil.rmtree(making, ignore_errors=True)
    for file in made.rglob("*"):
        if file.is_file():
            linked = making / file.relative_to(made)
            linked.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(file, linked)
    replace_folder(making, place)


def make_or_note(settings: Settings, release: Release) -> PagesFailed | None:
    """Make the pages of a release. Never raises: what stopped it is noted and given back."""
    try:
        make(settings, release)
    except Exception as error:
        logging.getLogger(__name__).exception("The pages of release %s were not made", release.version)
        before = failure(settings)
        known = error if isinstance(error, AtfError) else AtfError(f"{type(error).__name__}: {error}")
        failed = PagesFailed(
            release=release.version,
            message=known.message,
            remedy=known.remedy,
            since=before.since if before else dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
        try:
            write_atomic(_note(settings), json.dumps(asdict(failed), ensure_ascii=False) + "\n")
        except OSError:
            logging.getLogger(__name__).exception("That failure could not be noted")
        return failed
    return None


def are_made(release: Release) -> bool:
    """Whether the release has its pages, its JSON and its workbook."""
    made = (release.path / FOLDER / MARK, release.path / JSON, release.path / WORKBOOK)
    return all(path.exists() for path in made)


def failure(settings: Settings) -> PagesFailed | None:
    """What last stopped the pages of a release; None where pages were made since."""
    try:
        record = json.loads(_note(settings).read_text("utf-8"))
        return PagesFailed(**{name: str(record[name]) for name in ("release", "message", "remedy", "since")})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(settings: Settings) -> Path:
    return settings.workspace / "pages_failed.json"
