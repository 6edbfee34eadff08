"""A person can act on a digest: grouped, the worst first, counted before it is cut, and harmless whatever it quotes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from problems_made import alert

from atf_dagster import catalogue
from atf_dagster.alerts import detect, render
from atf_dagster.alerts.alert import Alert
from atf_dagster.alerts.change_notes import ChangeNote
from atf_dagster.alerts.digest import Digest
from atf_dagster.alerts.ledger import OpenAlert
from atf_dagster.quality.results import Result

WORK, HOUSING = "Create fair employment and good work for all", "Ensure a healthy standard of living for all"


def digest(*found: Alert, change_notes: tuple[ChangeNote, ...] = ()) -> Digest:
    entries = tuple(OpenAlert(p, "2026-11-02T06:00:00+00:00") for p in found)
    return Digest(
        number=7,
        at="2026-11-02T06:00:00+00:00",
        mode="live",
        run_id="r",
        outcome="published",
        new=entries,
        change_notes=change_notes,
    )


def test_problems_are_grouped_by_principle_and_owner_the_worst_first() -> None:
    text = render.text(
        digest(
            alert("minor.all", principle=WORK),
            alert("analysts.all", principle=WORK, owner="analysts"),
            alert("major.all", principle=HOUSING, severity="critical"),
            alert("home", principle="The warehouse itself"),
        ),
        "/house",
    )
    headings = re.findall(r"^== (.*) ==$", text, re.MULTILINE)
    assert headings == [
        f"{HOUSING} / for data engineers",
        "The warehouse itself / for data engineers",
        f"{WORK} / for analysts",
        f"{WORK} / for data engineers",
    ]


def test_each_problem_says_what_since_when_rows_what_to_do_and_where_to_read_on() -> None:
    text = render.text(
        digest(
            alert(
                "a.all", rows=("area_code E08000012", "area_code E08000015"), n_rows=12, page="runs/r/validation.html#s"
            )
        ),
        "https://pages.example.org",
    )
    for words in (
        "(warning) a.all: did not answer (timeout)",
        "Since: 2026-11-01 06:00 UTC",
        "What happened: No answer within 30 seconds.",
        "Row 1 of 12: area_code E08000012",
        "What to do: Ask again later.",
        "Runbook: docs/runbook.md#source-failed",
        "Page: https://pages.example.org/runs/r/validation.html#s",
    ):
        assert words in text


def test_the_same_trouble_in_many_places_is_one_block() -> None:
    text = render.text(digest(*(alert(f"set_{n:03d}.all") for n in range(300))), "/house")
    assert "300 new" in render.subject(digest(*(alert(f"set_{n:03d}.all") for n in range(300))))
    assert text.count("What to do:") == 1
    assert "set_000.all" in text and "and 292 more" in text


def test_how_many_there_are_is_said_before_the_list_is_cut_and_the_page_has_all() -> None:
    many = digest(*(alert(f"set_{n:03d}.all", headline=f"trouble {n}") for n in range(300)))
    text = render.text(many, "/house")
    assert text.index("300 new") < text.index("trouble 0")
    assert text.count("What to do:") == render.SHOWN_BLOCKS
    assert f"And {300 - render.SHOWN_BLOCKS} more; `atf alerts show 7` has all of them." in text
    assert render.html(many, "/house", most=10_000).count("What to do:") == 300


HOSTILE = (
    "<script>alert(1)</script>",
    "<!channel> @all @here",
    "[free money](https://evil.example.org)",
    "*bold* _under_ `code` ~gone~ |spoiler|",
    "one\r\nBcc: everybody@example.org",
    "right\u202eleft\u2028line",
    "{{ 7 * 7 }} {% raw %}",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_what_came_from_outside_is_harmless_in_text_html_and_subject(words: str) -> None:
    spoiled = digest(
        alert("a.all", headline=words, message=words, remedy=words, place=words, rows=(words,), n_rows=1, owner=words),
        change_notes=(ChangeNote(words, "ATF01", words, (words,)),),
    )
    text, html = render.text(spoiled, "/house"), render.html(spoiled, "/house")
    for line in text.splitlines():
        assert not line.startswith(("Bcc", "left", "line"))
    own = text.replace("`atf status`", "")
    assert not set("<>@`*~|[]\r\u202e\u2028") & set(own)
    assert "49" not in text.replace("2026-11", "")
    tags = Tags()
    tags.feed(html)
    assert not tags.found & {"script", "a", "img", "b", "i", "iframe", "form", "link", "object"}
    assert "\n" not in render.subject(spoiled) and "\r" not in render.subject(spoiled)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onerror"}, attrs


def test_news_of_the_figures_stand_under_their_principle() -> None:
    text = render.text(
        digest(change_notes=(ChangeNote(WORK, "ATF08", "NEET", ("New period 2025.", "3 figures revised.")),)), "/house"
    )
    assert f"== {WORK} ==\n- NEET (ATF08): New period 2025. 3 figures revised." in text


@pytest.mark.parametrize(("told", "shown"), [(True, 10), (False, 5)])
def test_ten_figures_that_a_check_describes_are_in_a_digest_the_worst_first(told: bool, shown: int) -> None:
    words = [f"Pay, Halton, {year}: {year} stands between 400 and 410." for year in range(1990, 2020)]
    rows = tuple({"indicator_code": "SUP07", "told": word} if told else {"period_id": word} for word in words)
    result = Result(
        suite="old_periods",
        stage="mart",
        table_name="fct_observation",
        expectation="figure_fits_its_series",
        severity="warning",
        success=False,
        observed="30 of 3000 rows fail",
        unexpected_count=30,
        failing=rows,
        owner="analysts",
        reason="Because.",
        remedy="Compare.",
        runbook="old-periods",
        evaluated_at="2026-11-02T06:00:00+00:00",
    )
    (found,) = detect.of_checks(catalogue.load(), [result], "r")
    assert found.n_rows == 30
    text = render.text(digest(found), "/house")
    assert text.count("stands between") == shown
    assert words[shown - 1] in text and words[shown] not in text
    if told:
        assert f"Row 1 of 30: {words[0]}" in text
