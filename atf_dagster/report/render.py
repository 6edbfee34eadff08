"""Writes all pages of a release into a new folder, with their downloads and assets, and moves it into place.

Belongs here: which pages there are, files, the templates' environment. Does not belong here: what a page shows (its
own module), when pages are made (`pipeline.pages`, `cli`).
"""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atf_dagster.errors import AtfError
from atf_dagster.files import sync_file, sync_folder, write_durably
from atf_dagster.report import (
    FOLDER,
    JSON,
    MARK,
    WORKBOOK,
    area,
    changed,
    charts,
    data,
    explore,
    how_to_read,
    indicator,
    json_files,
    overview,
    quality_page,
    questions,
    words,
)
from atf_dagster.report.facts import Facts
from atf_dagster.report.page import Page
from atf_dagster.report.reading import Reading

HERE = Path(__file__).parent
ASSETS = HERE / "assets"


WRITTEN = frozenset(
    {
        *("areas", "assets", "charts", "data", "explore", "images", "indicators", "questions"),
        *("changes.atom", "changes.html", "data.html", "explore.html", "how-to-read.html", "index.html"),
        *("quality.html", "questions.html", JSON, MARK, WORKBOOK),
    }
)
"""Names in a folder of pages. A folder that holds anything else is somebody's, and is never replaced."""
SYNCED_AT_ONCE = 8
MADE_BY = "atf report"


class NotOurFolder(AtfError):
    """A folder that holds files and was not written by this command."""


def write(release: Path, target: Path | None = None) -> Path:
    """Make the pages of a release. Returns the folder with `index.html`.

    release: the release's folder. target: the folder to write, by default `report` in the release. Pages that are there
    are replaced at once when the new ones are complete; a failure leaves them as they are. Raises NotOurFolder,
    UnreadableRelease.
    """
    folder = target.resolve() if target is not None else release / FOLDER
    _refuse_foreign(folder)
    if target is not None:
        folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(making, ignore_errors=True)
    try:
        making.mkdir()
        with Reading(release) as reading:
            facts = Facts(reading)
            _write_pages(facts, making, in_release=folder.absolute().parent == release.absolute())
            _copy_assets(making)
            mark = {"made_by": MADE_BY, "version": facts.about.version, "mode": facts.about.mode}
        _sync_files(making)
        # The mark comes last: pages that have one are whole, also after a power cut.
        write_durably(making / MARK, (json.dumps(mark) + "\n").encode())
        if target is None:
            _make_read_only(making)
        replace_folder(making, folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def pages(facts: Facts) -> Iterator[Page]:
    """All pages of a release."""
    yield overview.page(facts)
    for one in facts.areas:
        yield area.page(facts, one)
    for card in facts.indicators:
        yield indicator.page(facts, card)
    yield from questions.pages(facts)
    yield explore.page(facts)
    yield how_to_read.page(facts)
    yield changed.page(facts)
    yield data.page(facts)
    yield quality_page.page(facts)


def _write_pages(facts: Facts, folder: Path, *, in_release: bool) -> None:
    templates = environment()
    for name in ("areas", "indicators", "questions", "data", "charts"):
        (folder / name).mkdir()
    shared: dict[str, Any] = {
        "about": facts.about,
        "areas_of_release": facts.areas,
        "indicators_of_release": facts.indicators,
        "citation": data.citation(facts),
        "in_release": in_release,
    }
    for page in pages(facts):
        html = templates.get_template(page.template).render(
            **{**shared, **page.context, "page": page, "root": page.root, "groups": page.groups}
        )
        (folder / page.path).write_text(html, "utf-8")
        _write_downloads(facts, page, folder)
    explore.write(facts, folder)
    json_files.write(facts, folder / JSON)
    feed = templates.get_template("changes.atom.j2").render(**{**shared, **changed.feed(facts)})
    (folder / "changes.atom").write_text(feed, "utf-8")


def _write_downloads(facts: Facts, page: Page, folder: Path) -> None:
    """The rows of each figure as CSV, all of the page's as one JSON, and the charts' specifications."""
    tables = {}
    for figure in page.figures():
        (folder / "data" / f"{page.name}-{figure.id}.csv").write_text(figure.table.as_csv(), "utf-8")
        tables[figure.id] = {"title": figure.title, "sentence": figure.sentence, **figure.table.as_json()}
        if figure.chart is not None:
            spec = figure.chart.as_json()
            (folder / "charts" / f"{page.name}-{figure.chart.file_name}").write_text(spec, "utf-8")
    if tables:
        about = facts.about
        record = {
            "page": page.title,
            "release": about.version,
            "mode": about.mode,
            "licence": about.licence,
            "sources": about.sources,
            "figures": tables,
        }
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        (folder / "data" / f"{page.name}.json").write_text(text + "\n", "utf-8")


def _copy_assets(folder: Path) -> None:
    """Style sheet and scripts, as they are packaged."""
    shutil.copytree(ASSETS, folder / "assets", ignore=shutil.ignore_patterns("__pycache__", "*.py", "*.md"))


def environment() -> Environment:
    """The templates' environment: everything is escaped, and a name that is not given is an error."""
    found = Environment(
        loader=FileSystemLoader([HERE / "templates", HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["day"] = words.day
    found.filters["moment"] = words.moment
    found.filters["sentence"] = words.sentence
    found.globals["scripts"] = charts.SCRIPTS
    found.globals["styles"] = ("report.css", *charts.STYLES)
    found.globals["modes"] = words.MODES
    found.globals["in_doubt"], found.globals["old"] = words.IN_DOUBT, words.OLD
    found.globals["other_period"], found.globals["old_years"] = words.OTHER_PERIOD, words.OLD_YEARS
    found.globals["counted"] = words.counted
    return found


def _make_read_only(folder: Path) -> None:
    """No file of a release may be written; its pages are replaced as a whole."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)


def _refuse_foreign(folder: Path) -> None:
    """Raise NotOurFolder for a folder with files in it that this module did not write, and for a file."""
    if not folder.exists():
        return
    if folder.is_dir():
        inside = {path.name for path in folder.iterdir()}
        if not inside or (inside <= WRITTEN and _is_marked(folder)):
            return
    raise NotOurFolder(
        f"{folder} is not empty and was not made by `atf report`, so nothing was written.",
        "Name an empty folder, or one that does not exist yet.",
        owner="whoever runs the command",
    )


def _is_marked(folder: Path) -> bool:
    """Whether `report.json` says that the folder is ours: other tools have files of that name, too."""
    try:
        mark = json.loads((folder / MARK).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(mark, dict) and mark.get("made_by") == MADE_BY


def _sync_files(folder: Path) -> None:
    """Sync all files to the disk, several at once."""
    with ThreadPoolExecutor(SYNCED_AT_ONCE) as pool:
        list(pool.map(sync_file, (path for path in folder.rglob("*") if path.is_file())))


def replace_folder(making: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one. A kill between the steps leaves none, never half of one."""
    for path in (making, *(inner for inner in making.rglob("*") if inner.is_dir())):
        sync_folder(path)
    old = folder.with_name(f".{folder.name}.old.{os.getpid()}.tmp")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    making.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
