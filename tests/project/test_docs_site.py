"""`make docs`: the site has every page, column and indicator, loads nothing from elsewhere, and refuses a broken link.

Skipped by name where `make docs` never ran, as it installs what builds the site.
"""

from __future__ import annotations

import mimetypes
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from atf_dagster import catalogue
from support.browser import Chromium
from support.home import LONG_ENOUGH, PROJECT, PublishedHome
from support.server import Answer, LoopbackServer, Request, respond
from tools.docs_site import __main__ as docs_site

ZENSICAL = PROJECT / "tools" / "docs_site" / ".venv" / "bin" / "zensical"


def build(settings: Path) -> subprocess.CompletedProcess[str]:
    if not ZENSICAL.exists():
        pytest.skip("no Zensical in tools/docs_site/.venv: `make docs` installs it there")
    return subprocess.run(
        [str(ZENSICAL), "build", "--strict", "--clean", "--config-file", str(settings)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = docs_site.write(tmp_path_factory.mktemp("docs_site") / "sources")
    done = build(settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return settings.parent / "site"


class Served(LoopbackServer):
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def answer(self, request: Request) -> Answer:
        file = self.folder / unquote(request.path).lstrip("/")
        if not file.is_file():
            return respond(b"", status=404)
        return respond(file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0] or "text/plain")


@pytest.fixture
def served(site: Path) -> Iterator[Served]:
    with Served(site) as running:
        yield running


def test_every_page_is_in_the_site_and_in_its_navigation(site: Path) -> None:
    start = (site / "index.html").read_text("utf-8")
    pages = list((PROJECT / "docs").rglob("*.md"))
    assert len(pages) > 15
    for page in pages:
        name = page.relative_to(PROJECT / "docs").with_suffix(".html").as_posix()
        assert (site / name).is_file()
        assert f'<a href="./{name}" class="md-nav__link"' in start, f"{name} is not in the nav of zensical.toml"


def test_the_dictionary_has_every_column_of_the_release(published_home: PublishedHome, site: Path) -> None:
    rows = published_home.rows(
        "select table_name, column_name from duckdb_columns() where schema_name = 'mart' and not internal"
    )
    assert len(rows) > 300
    text = {name: (site / "dictionary" / f"{name}.html").read_text("utf-8") for name in {name for name, _ in rows}}
    assert [(name, column) for name, column in rows if f"<td><code>{column}</code></td>" not in text[name]] == []


def test_every_indicator_of_the_catalogue_is_listed(site: Path) -> None:
    text = (site / "indicators.html").read_text("utf-8")
    assert [card.code for card in catalogue.load().indicators if f"<td>{card.code}</td>" not in text] == []


def test_the_site_loads_nothing_from_elsewhere(site: Path, browser: Chromium, served: Served) -> None:
    for page in ("index.html", "readers/web.html", "dictionary/fct_observation.html"):
        with browser.opened(f"{served.url}/{page}") as opened:
            opened.page.wait_for_load_state("networkidle")
            assert opened.troubles() == []
            assert len(opened.requests) > 3
    fetched = ("<script src=", '<link rel="stylesheet" href=', "<img src=", "<link rel=preconnect", "<iframe")
    for file in site.rglob("*.html"):
        text = file.read_text("utf-8")
        assert not any(f"{start}{quote}http" in text for start in fetched for quote in ('"', "", '="')), file.name


def test_a_broken_link_fails(tmp_path: Path) -> None:
    settings = docs_site.write(tmp_path / "sources")
    goals = settings.parent / "docs" / "goals.md"
    goals.write_text(goals.read_text("utf-8") + "\n[nowhere](settings.md#nowhere)\n", "utf-8")
    done = build(settings)
    assert done.returncode != 0
    assert "anchor does not exist" in done.stdout + done.stderr
