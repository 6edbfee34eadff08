"""The workbook's file: whole or not at all, the same from the same release, also from a release that lacks tables."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import openpyxl
import pytest

from atf_dagster.report.reading import UnreadableRelease
from atf_dagster.report.workbook import write_workbook
from support.home import PROJECT
from support.workbook import tables

if TYPE_CHECKING:
    from support.home import PublishedHome

READ = ("atf.duckdb", "receipt.json", "datapackage.json")


def without(published_home: PublishedHome, folder: Path, *relations: str) -> Path:
    """A copy of the release's three files without these relations."""
    folder.mkdir()
    for name in READ:
        shutil.copyfile(published_home.release / name, folder / name)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'atf.duckdb'}' as release")
        for relation in relations:
            kind = "view" if relation.startswith("vw_") else "table"
            connection.execute(f"drop {kind} release.mart.{relation}")
        connection.execute("checkpoint release")
    return folder


SHEET_OF = {
    "vw_scorecard": "Scorecard",
    "vw_latest": "Latest_figures",
    "fct_observation": "Series",
    "fct_inequality": "Inequalities",
    "coverage": "Coverage",
    "fct_observation_history": "Changes",
    "fct_revision": "Revisions",
    "fct_change": "Since_last_release",
    "release_history": "Releases",
}


def test_a_table_that_an_older_release_lacks_makes_a_sheet_that_says_so(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    release = without(published_home, tmp_path / "old", *SHEET_OF)
    write_workbook(release, tmp_path / "old.xlsx")
    found = tables(openpyxl.load_workbook(tmp_path / "old.xlsx"))
    for relation, sheet in SHEET_OF.items():
        (row,) = found[sheet].rows
        assert relation in row["What is not here, and why"]
    assert len(found["Indicators"].rows) > 22


def test_columns_that_an_older_release_lacks_are_blank(published_home: PublishedHome, tmp_path: Path) -> None:
    release = without(published_home, tmp_path / "old")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release / 'atf.duckdb'}' as release")
        for relation, column in (
            ("fct_inequality", "outcome"),
            ("fct_inequality", "since_period_id"),
            ("coverage", "note"),
        ):
            connection.execute(f"alter table release.mart.{relation} drop column {column}")
        connection.execute("checkpoint release")
    write_workbook(release, tmp_path / "old.xlsx")
    found = tables(openpyxl.load_workbook(tmp_path / "old.xlsx"))
    assert {row["What a change says"] for row in found["Inequalities"].rows} == {None}
    assert len(found["Inequalities"].rows) > 100


def test_the_file_is_small(workbook: Path) -> None:
    assert workbook.stat().st_size < 3_000_000


def test_a_workbook_that_cannot_be_made_leaves_the_old_file_and_nothing_else(
    published_home: PublishedHome, tmp_path: Path
) -> None:
    release = without(published_home, tmp_path / "broken")
    (release / "receipt.json").write_text("{half")
    target = tmp_path / "out" / "atf_beacon_indicators.xlsx"
    target.parent.mkdir()
    target.write_text("the old one")
    with pytest.raises(UnreadableRelease, match="broken cannot be read") as caught:
        write_workbook(release, target)
    assert caught.value.remedy
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert target.read_text() == "the old one"


@pytest.mark.parametrize("name", READ)
def test_a_release_without_one_of_the_three_files_is_refused_by_name(
    published_home: PublishedHome, tmp_path: Path, name: str
) -> None:
    release = without(published_home, tmp_path / "release")
    (release / name).unlink()
    with pytest.raises(UnreadableRelease, match=name.replace(".", r"\.")):
        write_workbook(release, tmp_path / "target.xlsx")
    assert not (tmp_path / "target.xlsx").exists()


def test_three_files_of_the_release_are_enough_and_give_the_same_bytes_again(
    published_home: PublishedHome, workbook: Path, tmp_path: Path
) -> None:
    release = without(published_home, tmp_path / published_home.release.name)
    write_workbook(release, tmp_path / "alone.xlsx")
    assert (tmp_path / "alone.xlsx").read_bytes() == workbook.read_bytes()


def test_gptables_is_imported_only_while_a_workbook_is_written() -> None:
    program = (
        "import sys, atf_dagster.report.workbook, atf_dagster.cli.main, atf_dagster.release.publish\n"
        "print([name for name in ('gptables', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.strip() == "[]"
    users = [
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "atf_dagster").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import) and any(alias.name == "gptables" for alias in node.names)
    ]
    assert users == ["atf_dagster/report/workbook/write.py"]
