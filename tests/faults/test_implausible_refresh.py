"""Figures that are well formed and cannot be right, or are right and no news, through a whole refresh.

Belongs here: what people hear of them and what is held with which words. Does not belong here: the limits of the checks
(tests/quality/test_plausible_series.py), each sentence (tests/alerts/test_news.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from homes import Ended, Home
from story import source_id
from test_people_are_told import section

from atf_dagster import catalogue
from support.channels import Webhook
from support.damage import Row, edited, is_council, served
from support.server import free_port
from support.two_publishers import TwoPublishers

HALF_A_YEAR, SUPPRESSED, OTHER_AGES = "fingertips_90284", "fingertips_93203", "fingertips_93881"
INJURIES = "Injury admissions, 0 to 14"


def half_a_year(body: bytes) -> bytes:
    """A year 2024/25 in which value, limits and counts of the councils are half of 2023/24, and England 1.01 times."""

    def add(rows: list[Row]) -> list[Row]:
        numbers = [name for name in rows[0] if name in ("Value", "Count") or " CI " in name]
        last = [row for row in rows if row["Time period"] == "2023/24" and not row["Category"]]
        added = []
        for row in last:
            factor = 0.5 if is_council(row) else 1.01
            halved = {name: repr(float(row[name]) * factor) for name in numbers if row[name]}
            added.append(row | halved | {"Time period": "2024/25", "Time period Sortable": "20240000"})
        return [*rows, *added]

    return edited(body, add)


def four_suppressed(body: bytes) -> bytes:
    """The newest period of four councils is suppressed."""

    def hide(rows: list[Row]) -> Iterator[Row]:
        newest = max(row["Time period Sortable"] for row in rows)
        four = sorted({row["Area Code"] for row in rows if is_council(row)})[:4]
        for row in rows:
            hidden = row["Area Code"] in four and row["Time period Sortable"] == newest
            numbers = {name: "" for name in row if name in ("Value", "Count") or " CI " in name}
            yield row | numbers | {"Value note": "Value suppressed for disclosure control reasons"} if hidden else row

    return edited(body, hide)


def under_another_age(body: bytes) -> bytes:
    return edited(body, lambda rows: [row | {"Age": row["Age"].replace("18+ yrs", "16+ yrs")} for row in rows])


@pytest.fixture(scope="module")
def heard() -> list[dict[str, str]]:
    return []


@pytest.fixture(scope="module")
def implausible(tmp_path_factory: pytest.TempPathFactory, heard: list[dict[str, str]]) -> Iterator[tuple[Home, Ended]]:
    """A good refresh, and one with all three; only Fingertips is asked. `heard` has the second one's messages."""
    hook = Webhook(free_port())
    with TwoPublishers() as publishers, hook.open():
        environment = publishers.environment
        skipped = f"{environment['ATF_SKIP_SERVICES']},ons_els"
        settings = {**environment, "ATF_SKIP_SERVICES": skipped, "ATF_ALERTS": hook.url}
        home = Home(tmp_path_factory.mktemp("implausible") / "home", "live", settings)
        assert home.refresh().code == 0
        hook.received.clear()
        publishers.lay_over(
            {
                source_id(HALF_A_YEAR): served(half_a_year),
                source_id(SUPPRESSED): served(four_suppressed),
                source_id(OTHER_AGES): served(under_another_age),
            }
        )
        ended = home.refresh()
        heard += hook.received
        yield home, ended


def test_a_year_made_of_half_a_year_is_a_warning_by_name(
    implausible: tuple[Home, Ended], heard: list[dict[str, str]]
) -> None:
    _, ended = implausible
    assert ended.report["outcome"] == "published"
    (message,) = heard
    # The bundled figures have such a year already (absolute low income, 2022/23), so that the warning is open.
    told = section(message, "CHANGED SINCE THE LAST MESSAGE")
    assert "moved_together.councils_move_with_england" in told
    assert f"{INJURIES}, 2024/25 (Persons, " in told
    assert "15 yrs): 9 of 9 councils moved together to 0.5 times 2023/24; England is 1.01 times." in told


def test_the_warning_stands_before_anybody_is_told_that_the_councils_are_better(
    implausible: tuple[Home, Ended], heard: list[dict[str, str]]
) -> None:
    notes = section(heard[0], "WHAT CHANGED IN THE FIGURES")
    (line,) = [line for line in notes.splitlines() if line.startswith(f"- {INJURIES} ")]
    assert line.index("Check before anybody is told: ") < line.index(
        "Not to be told before that check: newly better than"
    )
    assert " Newly better" not in line
    assert "New period 2024/25 for 9 of the nine councils (the newest was 2023/24)." in line


def test_councils_whose_newest_period_was_suppressed_are_no_news_of_a_new_period(
    implausible: tuple[Home, Ended], heard: list[dict[str, str]]
) -> None:
    notes = section(heard[0], "WHAT CHANGED IN THE FIGURES")
    (code,) = catalogue.load().dataset(SUPPRESSED)[1].indicators
    (line,) = [line for line in notes.splitlines() if f" ({code}): " in line]
    assert " is no longer given for 4 of the nine councils; their newest period is now the older " in line
    assert "New period" not in line
    assert "than England" not in line


def test_a_new_age_band_is_held_and_says_which_age_went_and_which_came(implausible: tuple[Home, Ended]) -> None:
    home, ended = implausible
    words = "All figures of age 18+ yrs are gone; 16+ yrs came instead."
    issue = ended.issue(OTHER_AGES)
    assert issue["kind"] == "quarantined"
    assert words in issue["message"]
    assert words in re.sub(r"\s+", " ", home.atf("diagnose", OTHER_AGES).stdout)
    assert words in re.sub(r"\s+", " ", home.atf("status").stdout)
