"""What the tests of the workbook share: the workbook of the published release, and as openpyxl reads it.

Belongs here: fixtures of this folder. Does not belong here: promises.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from atf_dagster.report.workbook import write_workbook
from support.workbook import Table, tables

if TYPE_CHECKING:
    from support.home import PublishedHome


@pytest.fixture(scope="session")
def workbook(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file. Nothing in it may be changed."""
    path = tmp_path_factory.mktemp("workbook") / "atf_beacon_indicators.xlsx"
    write_workbook(published_home.release, path)
    return path


@pytest.fixture(scope="session")
def book(workbook: Path) -> Any:
    return openpyxl.load_workbook(workbook)


@pytest.fixture(scope="session")
def sheets(book: Any) -> dict[str, Table]:
    """Name of a sheet -> its table."""
    return tables(book)
