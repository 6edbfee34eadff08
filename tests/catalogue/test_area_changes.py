"""Codes of councils that ended: each change once, on the day that the published lists say."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path

import pytest

from atf_dagster.catalogue import CatalogueError, load
from atf_dagster.catalogue.load import FOLDER

GEOGRAPHY = Path(__file__).parents[2] / ".." / "shared" / "data" / "geography"
CHANGES = load().area_changes


@pytest.fixture
def lists() -> Path:
    if not GEOGRAPHY.is_dir():
        pytest.skip("../shared/data is absent: no published list to hold the changes against")
    return GEOGRAPHY


def published(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def day(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%d/%m/%Y").date()


def test_first_and_last_days_are_those_of_the_published_list(lists: Path) -> None:
    known = {row["new_la_code"]: row for row in published(lists / "las.csv")}
    checked = 0
    # The order S.I. 2024/1328 gave Barnsley and Sheffield their new codes on 1 April 2025; the list says a month later.
    by_the_order = {"E08000016", "E08000019"}
    for change in CHANGES:
        if change.old_code in by_the_order:
            assert change.changed_on == dt.date(2025, 4, 1)
            assert day(known[change.old_code]["date_of_termination"]) == dt.date(2025, 4, 30)
            continue
        if change.old_code in known:
            last = day(known[change.old_code]["date_of_termination"])
            assert change.changed_on - dt.timedelta(days=1) == last, change
            assert change.old_valid_from == day(known[change.old_code]["date_of_operation"]), change
            checked += 1
        if change.new_code in known:
            assert change.changed_on == day(known[change.new_code]["date_of_operation"]), change
            checked += 1
    assert checked > len(CHANGES)


def test_every_upper_tier_code_that_ended_is_there(lists: Path) -> None:
    ended = {row["new_la_code"] for row in published(lists / "las.csv") if row["status"] == "terminated"}
    assert {code for code in ended if code.startswith("E")} <= {change.old_code for change in CHANGES}


def test_every_change_of_an_english_council_since_2018_is_there(lists: Path) -> None:
    wanted = {
        (row["oldcd"], row["newcd"], row["start"])
        for row in published(lists / "area_code_changes.csv")
        if row["type"] in ("merger", "new_code") and row["oldcd"][:3] in ("E06", "E07", "E08", "E10")
    }
    assert wanted
    assert wanted <= {(change.old_code, change.new_code, str(change.changed_on.year)) for change in CHANGES}


def test_barnsley_sheffield_and_cheshire_by_hand() -> None:
    found = {(c.old_code, c.new_code): (c.kind, c.changed_on) for c in CHANGES}
    assert found["E08000016", "E08000038"] == ("recoded", dt.date(2025, 4, 1))
    assert found["E08000019", "E08000039"] == ("recoded", dt.date(2025, 4, 1))
    assert found["E10000004", "E06000049"] == ("split", dt.date(2009, 4, 1))
    assert found["E10000004", "E06000050"] == ("split", dt.date(2009, 4, 1))


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (
            "- {old_code: E08000016, old_name: Barnsley, new_code: E08000038, new_name: Barnsley, kind: recoded, "
            "changed_on: 2025-05-01, old_valid_from: 2009-01-01}\n",
            "the change of E08000016 to E08000038 is declared twice",
        ),
        (
            "- {old_code: E08000016, old_name: Barnsley, new_code: E08000099, new_name: Barnsley, kind: recoded, "
            "changed_on: 2026-05-01, old_valid_from: 2009-01-01}\n",
            "area E08000016 has two entries that differ on how it ended",
        ),
    ],
)
def test_changes_that_contradict_each_other_are_refused(tmp_path: Path, added: str, said: str) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (folder / "area_changes.yml").open("a", encoding="utf-8") as stream:
        stream.write(added)
    with pytest.raises(CatalogueError, match=said):
        load(folder)
