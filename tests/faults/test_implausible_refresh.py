"""Figures that are well formed and cannot be right, or are right and no news: what people hear of them.

Belongs here: the messages of the refresh in which they come beside all faults, and with which words one is held. Does
not belong here: the limits of the checks (tests/quality/test_plausible_series.py), each sentence
(tests/alerts/test_news.py).
"""

from __future__ import annotations

import re

from bad_inputs import HALF_A_YEAR, SUPPRESSED_LATER
from story import Damaged, Heard, indicator_of
from test_people_are_told import only, section

INJURIES = "Injury admissions, 0 to 14"


def news_of(heard: Heard, dataset: str) -> str:
    """The line of the damaged refresh's message that says what changed in the figures of a dataset."""
    notes = section(only(heard, "damaged"), "WHAT CHANGED IN THE FIGURES")
    (line,) = [line for line in notes.splitlines() if f" ({indicator_of(dataset)}): " in line]
    return line


def test_a_year_made_of_half_a_year_is_a_warning_by_name(damaged: Damaged, heard: Heard) -> None:
    # The bundled figures have such a year already (absolute low income, 2022/23), so that the warning is open.
    told = section(only(heard, "damaged"), "CHANGED SINCE THE LAST MESSAGE")
    assert "moved_together.councils_move_with_england" in told
    assert f"{INJURIES}, 2024/25 (Persons, " in told
    assert "15 yrs): 9 of 9 councils moved together to 0.5 times 2023/24; England is 1.01 times." in told


def test_the_warning_stands_before_anybody_is_told_that_the_councils_are_better(damaged: Damaged, heard: Heard) -> None:
    line = news_of(heard, HALF_A_YEAR)
    assert line.startswith(f"- {INJURIES} ")
    assert line.index("Check before anybody is told: ") < line.index(
        "Not to be told before that check: newly better than"
    )
    assert " Newly better" not in line
    assert "New period 2024/25 for 9 of the nine councils (the newest was 2023/24)." in line


def test_councils_whose_newest_period_was_suppressed_are_no_news_of_a_new_period(
    damaged: Damaged, heard: Heard
) -> None:
    line = news_of(heard, SUPPRESSED_LATER)
    assert " is no longer given for 4 of the nine councils; their newest period is now the older " in line
    assert "New period" not in line
    assert "than England" not in line


def test_a_new_age_band_is_held_and_says_which_age_went_and_which_came(damaged: Damaged) -> None:
    fault = damaged.faults["another_age_band"]
    words = "All figures of age 18+ yrs are gone; 16+ yrs came instead."
    issue = damaged.ended.issue(fault.dataset)
    assert issue["kind"] == "quarantined"
    assert words in issue["message"]
    assert words in re.sub(r"\s+", " ", damaged.diagnoses[fault.dataset])
    assert words in re.sub(r"\s+", " ", damaged.status)
