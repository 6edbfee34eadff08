"""The parsed dbt project: made once for all homes, by one of several processes, and elsewhere where it has to be."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from atf_dagster.warehouse import parsed_project

PARSE = """
import sys
from pathlib import Path
from atf_dagster.warehouse import parsed_project
parsed_project.KEPT = Path(sys.argv[1])
print(parsed_project.folder(Path(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def todays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parsed project of this checkout, made now if nobody needed it before."""
    return parsed_project.folder(tmp_path_factory.mktemp("home"))


@pytest.fixture
def kept(todays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own, in which the project of yesterday is parsed, so that dbt has little to read."""
    place = tmp_path / "kept"
    place.mkdir()
    shutil.copytree(todays, place / "yesterdays")
    monkeypatch.setattr(parsed_project, "KEPT", place)
    return place


def test_every_home_gets_the_same_parsed_project_without_parsing_again(todays: Path, tmp_path: Path) -> None:
    made = (todays / parsed_project.FOR_DBT).stat().st_mtime_ns
    for home in ("one", "two"):
        assert parsed_project.folder(tmp_path / home) == todays
        assert not (tmp_path / home).exists()
    assert (todays / parsed_project.FOR_DBT).stat().st_mtime_ns == made


def test_of_a_project_that_was_parsed_before_dbt_reads_only_what_changed(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(parsed_project.DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(parsed_project, "DBT_PROJECT", project)
    before = read_at(kept / "yesterdays")
    changed = project / "models" / "marts" / "7_views" / "vw_latest.sql"
    changed.write_text(changed.read_text("utf-8") + "-- changed\n", "utf-8")
    after = read_at(parsed_project.folder(tmp_path / "home"))
    assert before.keys() == after.keys()
    assert {name for name in after if after[name] != before[name]} == {"vw_latest"}


def read_at(folder: Path) -> dict[str, float]:
    """Model -> when dbt read it."""
    nodes = json.loads((folder / parsed_project.MANIFEST).read_text("utf-8"))["nodes"].values()
    return {node["name"]: node["created_at"] for node in nodes if node["resource_type"] == "model"}


def test_two_processes_at_once_make_one_whole_project(kept: Path, todays: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARSE, str(kept), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said == [str(kept / todays.name)] * 2
    assert sorted(path.name for path in kept.iterdir()) == sorted([todays.name, "yesterdays"])
    ours, theirs = (
        json.loads((place / parsed_project.MANIFEST).read_text("utf-8")) for place in (kept / todays.name, todays)
    )
    assert ours["nodes"].keys() == theirs["nodes"].keys()


def test_where_nobody_may_write_beside_the_project_a_home_keeps_its_own_and_says_so(
    kept: Path, todays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setattr(parsed_project, "KEPT", tmp_path / "a file" / "kept")
    home = tmp_path / "home"
    shutil.copytree(kept, home)
    with caplog.at_level(logging.WARNING):
        assert parsed_project.folder(home) == home / todays.name
    assert "not writable" in caplog.text
    assert "make setup" in caplog.text
    caplog.clear()
    assert parsed_project.folder(home) == home / todays.name
    assert caplog.text == ""


def test_a_project_that_dbt_cannot_read_is_refused_with_the_file_and_leaves_nothing(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(parsed_project.DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    (project / "models" / "broken.sql").write_text("select {{ ref('nowhere') }")
    monkeypatch.setattr(parsed_project, "DBT_PROJECT", project)
    with pytest.raises(parsed_project.NotParsed, match=r"broken\.sql"):
        parsed_project.folder(tmp_path / "home")
    assert [path.name for path in kept.iterdir()] == ["yesterdays"]
