"""Whatever is told names an entry of the runbook, and no entry is left that nothing leads to."""

from __future__ import annotations

import re
from typing import get_args

from published_house import PROJECT

from atf_dagster.alerts.gather import ANCHORS
from atf_dagster.alerts.problem import Kind
from atf_dagster.quality import suites

TEXT = (PROJECT / suites.RUNBOOK).read_text("utf-8")
ENTRIES = re.findall(r'^<a id="([a-z-]+)"></a>\n### (.*)$', TEXT, re.MULTILINE)


def told() -> set[str]:
    """All anchors that an alert, a check or a page may name."""
    expectations = {entry.runbook for suite in suites.load() for entry in suite.expectations}
    kinds = set(get_args(Kind)) - {"check-failed"}  # its expectation's entry is named instead
    return expectations | kinds | set(ANCHORS.values()) | {"check-broken"}


def test_everything_that_is_told_has_an_entry_and_every_entry_is_told_of() -> None:
    anchors = [anchor for anchor, _ in ENTRIES if not anchor.startswith("q-")]
    assert len(anchors) == len(set(anchors))
    assert set(anchors) == told()


def test_an_entry_is_headed_by_its_anchor_and_says_something() -> None:
    bodies = re.split(r'^<a id="[a-z-]+"></a>\n### .*$', TEXT, flags=re.MULTILINE)[1:]
    for (anchor, heading), body in zip(ENTRIES, bodies, strict=True):
        assert anchor.startswith("q-") or heading.startswith(f"{anchor}: "), anchor
        assert len(body.split()) > 10, anchor


def test_the_ten_questions_are_answered() -> None:
    numbers = [heading.partition(".")[0] for anchor, heading in ENTRIES if anchor.startswith("q-")]
    assert numbers == [str(number) for number in range(1, 11)]


def test_every_link_within_the_runbook_leads_somewhere() -> None:
    assert set(re.findall(r"\]\(#([a-z-]+)\)", TEXT)) <= {anchor for anchor, _ in ENTRIES}
