"""The pages that the refresh of `published_home` made, and pages of changed copies of its release."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest_types import Changed

from atf_dagster.report import render
from support.home import PublishedHome
from support.releases import make_writable, run_sql


@pytest.fixture(scope="session")
def report(published_home: PublishedHome) -> Path:
    """The folder of the pages, as the refresh left it."""
    return published_home.release / "report"


@pytest.fixture(scope="module")
def changed(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Change a copy of the release by SQL, render it, and give the folder of its pages.

    It takes seconds: tests that want the same change share one (a fixture of their module).
    """

    def made(*statements: str, without: tuple[str, ...] = ()) -> Path:
        release = tmp_path_factory.mktemp("changed") / "release"
        release.mkdir()
        for name in ("atf.duckdb", "receipt.json", "datapackage.json", "validation.html"):
            if name not in without:
                shutil.copyfile(published_home.release / name, release / name)
        make_writable(release)
        run_sql(release / "atf.duckdb", *statements)
        return render.write(release)

    return made
