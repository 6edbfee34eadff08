"""The runbook: what a message names is there, what is there is named, and its words are the program's."""

from __future__ import annotations

import re
import shlex
from typing import get_args

import duckdb
import pytest

from atf_dagster.alerts.alert import Kind
from atf_dagster.alerts.detect import ANCHORS
from atf_dagster.cli import main
from atf_dagster.quality import suites
from atf_dagster.quality.suites import RUNBOOK
from support.home import PROJECT, PublishedHome

TEXT = (PROJECT / RUNBOOK).read_text("utf-8")
PART_ONE, PART_TWO = TEXT.split("\n# Part two")
ENTRIES = re.findall(r"^### (.+)$", PART_ONE, re.MULTILINE)
"""Headings of one entry each: for words of letters and hyphens GitHub's anchor of a heading is the heading."""
EXPLICIT = re.findall(r'^<a id="([^"]+)"></a>$', TEXT, re.MULTILINE)
NAMED = {
    *(entry.runbook for suite in suites.load() for entry in suite.expectations),
    *(kind for kind in get_args(Kind) if kind != "check-failed"),  # each check names an entry of its own
    *ANCHORS.values(),
    "check-broken",
}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_what_a_message_names_has_an_entry(name: str) -> None:
    assert ENTRIES.count(name) == 1
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)


def test_no_entry_is_left_that_nothing_names() -> None:
    assert set(ENTRIES) - NAMED == set()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_says_what_whose_what_to_do_and_when_it_is_over(name: str) -> None:
    _, _, rest = PART_ONE.partition(f"\n### {name}\n")
    entry = re.split(r"\n##+ ", rest)[0]
    told, *points = re.split(r"\n- ", entry)
    assert len(told.strip()) > 60
    assert [point.partition(":")[0] for point in points] == ["Whose", "Do", "Over when"]


def test_ten_questions_are_answered() -> None:
    assert re.findall(r"^## (\d+)\. ", PART_TWO, re.MULTILINE) == [str(number) for number in range(1, 11)]


def test_every_link_within_leads_somewhere() -> None:
    anchors = {*ENTRIES, *EXPLICIT}
    assert len(EXPLICIT) == len(set(EXPLICIT))
    links = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert links
    assert set(links) <= anchors


COMMANDS = sorted(set(re.findall(r"(?:`|^    )(?:[A-Z_]+=\S+ )*atf ([a-z][^`\n#]*)", TEXT, re.MULTILINE)))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_one_that_the_program_takes(words: str) -> None:
    arguments = shlex.split(words)
    main._parser().parse_args(arguments)


def test_the_commands_are_seen_at_all() -> None:
    assert {"status", "verify", "rollback", "refresh --rebuild", 'admit VINTAGE --reason "..."'} <= set(COMMANDS)


def test_the_queries_run_on_a_release(published_home: PublishedHome) -> None:
    queries = re.findall(r"^    (select .*?;)$", PART_TWO, re.MULTILINE | re.DOTALL)
    assert len(queries) == 4
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as atf (read_only)")
        for query in queries:
            found = connection.execute(query).fetchall()
            assert found or "fct_revision" in query  # the bundled figures have no revision
        connection.execute("use atf.mart")
        (as_of,) = re.findall(r"`(select \* from as_of\([^`]*)`", PART_TWO)
        connection.execute(as_of).fetchall()
