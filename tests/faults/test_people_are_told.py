"""What people hear of the story: one message a refresh, of what is new, changed or over, on which somebody can act.

Belongs here: the messages of real refreshes. Does not belong here: their words one by one (tests/alerts).
"""

from __future__ import annotations

import json
import re
from collections import Counter

from bad_inputs import ACCEPTED, FAILS_OTHERWISE, REVISED, WITHDRAWN_LATER
from homes import Ended, Home
from story import Damaged, Heard, Unchanged, indicator_of, part_of

from atf_dagster import catalogue
from atf_dagster.alerts.detect import principle_of
from atf_dagster.alerts.render import SHOWN_BLOCKS


def only(heard: Heard, step: str) -> dict[str, str]:
    """The one message of a step."""
    (message,) = heard[step]
    return message


def section(message: dict[str, str], title: str) -> str:
    """The part of a message under a heading in capitals."""
    parts = re.split(r"^([A-Z][A-Z ,]+)$", message["message"], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(title, "")


def place(dataset: str) -> str:
    return f"{dataset}.{part_of(dataset)}"


def test_the_first_release_is_told_in_a_sentence(first: Ended, heard: Heard) -> None:
    message = only(heard, "first")
    assert re.search(r"The first release: [0-9,]+ figures of [0-9]+ indicators\.", message["message"])


def test_all_faults_of_a_refresh_come_in_one_message_each_with_its_place_and_remedy(
    damaged: Damaged, heard: Heard
) -> None:
    message = only(heard, "damaged")
    new = section(message, "NEW")
    for fault in damaged.faults.values():
        assert place(fault.dataset) in new, fault.name
    count = int(re.search(r"([0-9]+) new", message["title"])[1])  # type: ignore[index]
    assert count >= len(damaged.faults)
    for words in ("Since: ", "What happened: ", "What to do: ", "Runbook: docs/runbook.md#", "Page: "):
        assert new.count(words) >= 5, words


def test_faults_stand_under_the_principle_of_their_indicators_and_the_worst_come_first(
    damaged: Damaged, heard: Heard
) -> None:
    new = section(only(heard, "damaged"), "NEW")
    groups = re.split(r"^== (.*) / for (.*) ==$", new, flags=re.MULTILINE)[1:]
    known = catalogue.load()
    for fault in damaged.faults.values():
        principle = principle_of(known, known.dataset(fault.dataset)[1].indicators)
        texts = [
            text for name, _, text in zip(groups[::3], groups[1::3], groups[2::3], strict=True) if name == principle
        ]
        assert any(place(fault.dataset) in text for text in texts), (fault.name, principle)
    severities = re.findall(r"^\((critical|warning)\)", new, flags=re.MULTILINE)
    held = sum(fault.kind == "quarantined" for fault in damaged.faults.values())
    assert severities[0] == "critical"
    assert Counter(severities)["critical"] <= held


def test_a_held_vintage_shows_keys_and_never_the_values_of_hidden_figures(damaged: Damaged, heard: Heard) -> None:
    new = section(only(heard, "damaged"), "NEW")
    rows = re.findall(r"^  Row [0-9]+ of [0-9]+: (.*)$", new, flags=re.MULTILINE)
    of_vintages = [row for row in rows if row.startswith("vintage_id ") and "area_code" in row]
    assert of_vintages
    for row in of_vintages:
        assert not re.search(r"\b(value|numerator|denominator|lci_95|uci_95) ", row), row


def test_beside_the_faults_the_message_says_what_changed_in_the_figures(damaged: Damaged, heard: Heard) -> None:
    news = section(only(heard, "damaged"), "WHAT CHANGED IN THE FIGURES")
    assert f"({indicator_of(REVISED)}): New period " in news
    assert "1 figure revised" in news
    assert REVISED in ACCEPTED


def test_the_next_refresh_tells_only_what_changed(home: Home, otherwise: Ended, damaged: Damaged, heard: Heard) -> None:
    assert otherwise.report["outcome"] == "unchanged"
    message = only(heard, "otherwise")
    assert message["title"].endswith("1 changed")
    changed = section(message, "CHANGED SINCE THE LAST MESSAGE")
    assert f"{place(FAILS_OTHERWISE)}: did not answer (server error)" in changed
    assert changed.count("What to do:") == 1
    assert section(message, "NEW") == ""
    standing = section(message, "STILL OPEN")
    others = [place(fault.dataset) for fault in damaged.faults.values() if fault.dataset != FAILS_OTHERWISE]
    records = [json.loads(path.read_text("utf-8")) for path in (home.workspace / "alerts" / "digests").glob("*.json")]
    (record,) = [record for record in records if record["run_id"] == otherwise.run_id]
    assert all(name in json.dumps(record["still_open"]) for name in others)
    # The message names as many as are read, and counts the rest.
    (more,) = re.findall(r"^- and ([0-9]+) more$", standing, re.MULTILINE)
    assert sum(name not in standing for name in others) <= int(more)
    assert "seen 2 times" in standing


def test_the_refresh_after_the_repair_says_that_all_of_it_is_over(
    repaired: Ended, damaged: Damaged, heard: Heard
) -> None:
    message = only(heard, "repaired")
    over = section(message, "RESOLVED")
    assert all(place(fault.dataset) in over for fault in damaged.faults.values())
    elsewhere = section(message, "NEW") + section(message, "STILL OPEN")
    assert not any(place(fault.dataset) in elsewhere for fault in damaged.faults.values())
    assert "sent figures that failed a check" not in elsewhere


def test_a_refresh_without_news_is_silent_and_says_why_beside_the_run(unchanged: Unchanged, heard: Heard) -> None:
    assert heard["unchanged"] == []
    assert "no message" in unchanged.ended.report["notified"]


def test_an_outage_of_everything_is_one_short_message(down: Ended, heard: Heard) -> None:
    message = only(heard, "down")
    count = int(re.search(r"([0-9]+) new", message["title"])[1])  # type: ignore[index]
    assert count > 80
    assert message["message"].index(f"{count} new") < message["message"].index("NEW\n")
    assert section(message, "NEW").count("What to do:") <= SHOWN_BLOCKS
    assert len(message["message"]) < 20_000
    assert "No publisher answered" in message["message"]


def test_a_critical_failure_on_the_mart_is_told_with_its_rows_and_what_is_over_with_it(
    lost: Ended, heard: Heard
) -> None:
    message = only(heard, "lost")
    new = section(message, "NEW")
    assert "(critical) fct_observation: release_envelope.figures_are_not_lost" in new
    assert f"indicator_code {indicator_of(WITHDRAWN_LATER)}" in new
    assert f"runs/{lost.run_id}/validation.html#release_envelope" in new
    assert "refresh held, the last release stays" in message["title"]
    assert "No publisher answered" not in new
