"""The file of goals: each line is judged, its bytes are kept before that, and a bad file takes no goal away.

Belongs here: reading the file. Does not belong here: how far an area is from a goal (dbt's unit tests), a refresh with
goals (test_goals_reach_the_mart).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from atf_dagster.catalogue import load
from atf_dagster.warehouse.goals import Goals, collect, parse

HEADING = "indicator,area,year,value\n"
GOOD = HEADING + "ATF17,Liverpool,2030,1.5\natf01,e92000001,2035,82\n"


def read(home: Path, text: str | bytes) -> Goals:
    (home / "goals.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return collect(home, load())


def test_each_line_becomes_a_goal_of_an_indicator_an_area_and_a_year(tmp_path: Path) -> None:
    goals = read(tmp_path, GOOD)
    assert goals.errors == ()
    assert [tuple(row.values()) for row in goals.rows] == [
        ("ATF17", "E08000012", 2030, 1.5),
        ("ATF01", "E92000001", 2035, 82.0),
    ]


def test_without_a_file_there_is_no_goal_and_nothing_is_written(tmp_path: Path) -> None:
    assert collect(tmp_path, load()) == Goals()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("ATF99,Liverpool,2030,1", "indicator", "no indicator of the catalogue"),
        ("ATF17,Leeds,2030,1", "area", "no area that we answer for"),
        ("ATF17,Liverpool,30,1", "year", "no year"),
        ("ATF17,Liverpool,2030/31,1", "year", "no year"),
        ("ATF17,Liverpool,2030,", "value", "no number"),
        ("ATF17,Liverpool,2030,1e3", "value", "no number"),
        ("ATF17,Liverpool,2030,nan", "value", "no number"),
        ("ATF17,Liverpool,2030,1_000", "value", "no number"),
        ("ATF04,Liverpool,2030,101", "value", "beyond 100"),
        ("ATF17,Liverpool,2030,-1", "value", "beyond 0"),
        ("ATF17,Liverpool,2030,1,5", "file", "5 cells"),
    ],
)
def test_a_line_that_is_no_goal_is_named_with_its_field_and_what_to_do(
    tmp_path: Path, line: str, field: str, words: str
) -> None:
    goals = read(tmp_path, f"{HEADING}ATF17,Wirral,2030,1\n{line}\n")
    assert goals.rows == ()
    (error,) = goals.errors
    assert (error.line, error.field) == (3, field)
    assert words in error.message
    assert len(error.remedy) > 10


def test_every_error_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    goals = read(tmp_path, HEADING + "ATF99,Leeds,x,y\nATF17,Wirral,2030,1\nATF17,E08000015,2030,2\n")
    assert [(error.line, error.field) for error in goals.errors] == [
        *((2, field) for field in ("indicator", "area", "year", "value")),
        (4, "year"),
    ]
    assert "Line 3 has a goal of the same" in goals.errors[-1].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "heading"),
        (b"indicator,area,value\nATF17,Wirral,1\n", "heading"),
        (HEADING.encode("utf-16"), "UTF-8"),
        (HEADING.encode() + b"ATF17,\xa3,2030,1\n", "UTF-8"),
        (HEADING.encode() + b'ATF17,"Wirral,2030,1\n', "double quote"),
        (b"x" * 1_000_001, "larger"),
    ],
)
def test_a_file_that_is_no_table_of_goals_is_one_error(tmp_path: Path, text: bytes, words: str) -> None:
    goals = read(tmp_path, text)
    assert goals.rows == ()
    (error,) = goals.errors
    assert words in error.message


def test_bytes_are_kept_also_of_a_file_that_is_refused(tmp_path: Path) -> None:
    for text in (GOOD, HEADING + "ATF99,Leeds,x,y\n"):
        read(tmp_path, text)
        path = tmp_path / "goals" / "objects" / f"{hashlib.sha256(text.encode()).hexdigest()}.csv"
        assert path.read_text("utf-8") == text
        assert path.stat().st_mode & 0o222 == 0


def test_the_last_good_goals_stay_while_the_file_is_wrong_and_go_with_the_file(tmp_path: Path) -> None:
    good = read(tmp_path, GOOD)
    wrong = read(tmp_path, GOOD.replace("Liverpool", "Leeds"))
    assert wrong.rows == good.rows
    assert [error.field for error in wrong.errors] == ["area"]
    (tmp_path / "goals.csv").unlink()
    assert collect(tmp_path, load()) == Goals()


def test_damaged_kept_bytes_serve_nobody(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    (kept,) = (tmp_path / "goals" / "objects").iterdir()
    kept.chmod(0o644)
    kept.write_text(GOOD.replace("1.5", "9.9"), "utf-8")
    assert read(tmp_path, "nonsense\n").rows == ()


def test_the_same_file_again_writes_nothing(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert collect(tmp_path, load()) == parse(GOOD.encode(), load())
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
