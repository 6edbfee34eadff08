"""The validation page: every cell is text, nothing is loaded from elsewhere, and a real browser shows it."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from atf_dagster.landing.source_issues import SourceIssue
from atf_dagster.quality.first_loads import FirstLoad
from atf_dagster.quality.page import render
from atf_dagster.quality.results import Result
from support.home import PublishedHome

HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "'><svg/onload=document.title='owned'>",
    "</td></tr></table><h1>owned</h1>",
    "{{ 7 * 7 }} {% raw %} &lt; & \u202e",
    "javascript:document.title='owned'",
)
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "span", "br", "table", "thead", "tbody"),
    *("tr", "th", "td", "small", "strong", "details", "summary", "ul", "li"),
}


class Page(HTMLParser):
    """The tags and attributes of a page, and its text without style."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.style = ""
        self._in_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.words)


def result(text: str, **facts: object) -> Result:
    """A failed result with `text` in every field that is text."""
    everywhere = Result(
        suite=text,
        stage="mart",
        table_name=text,
        expectation=text,
        severity="critical",
        success=False,
        observed=text,
        unexpected_count=1,
        failing=({text: text, "area_name": text}, {text: None, "area_name": text}),
        owner=text,
        reason=text,
        remedy=text,
        runbook=text,
        evaluated_at="2025-03-01T06:00:00+00:00",
    )
    return dataclasses.replace(everywhere, **facts)  # type: ignore[arg-type]


def issue(text: str) -> SourceIssue:
    return SourceIssue(
        dataset=text,
        part=text,
        kind="quarantined",
        reason=text,
        message=text,
        remedy=text,
        since=text,
        serving=text,
    )


def first_load(text: str, dataset: str | None = None) -> FirstLoad:
    return FirstLoad(
        dataset=dataset or text,
        figures=1234,
        left_out={text: 2},
        not_given={text: 3},
        indicators=(text,),
        units=(text,),
        ages=(text,),
        sexes=(text,),
        breakdowns=(text,),
        periods=2,
        first_period=text,
        last_period=text,
        areas=10,
        councils=9,
        has_england=False,
        largest_steps=(text,),
    )


def hostile_page() -> str:
    return render(
        [result(text) for text in HOSTILE],
        run_id=HOSTILE[0],
        mode=HOSTILE[1],
        source_issues=[issue(text) for text in HOSTILE],
        notes=HOSTILE,
        new=[first_load(text) for text in HOSTILE],
    )


def references(page: Page) -> list[str]:
    """Everything in a page that would make a browser fetch or run something."""
    found = [tag for tag, _ in page.tags if tag not in ALLOWED]
    for tag, attributes in page.tags:
        found += [
            f"{tag} {name}={value}"
            for name, value in attributes.items()
            if name in ("src", "href", "srcset", "action", "data", "style", "background", "poster") or name[:2] == "on"
        ]
        if (attributes.get("http-equiv") or "").lower() == "refresh":
            found.append("meta refresh")
    found += re.findall(r"url\s*\(.*|@import.*|expression\s*\(.*", page.style, re.IGNORECASE)
    return found


def policy(page: Page) -> str:
    (found,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert found is not None
    return found


def test_every_cell_is_escaped_and_shown_as_it_is() -> None:
    page = Page(hostile_page())
    assert references(page) == []
    for text in HOSTILE:
        # Suite, table, expectation, reason, observed, owner, remedy, runbook, a heading and three cells; a source issue
        # has seven, a note is one, and a first load has eight at the least.
        assert page.text.count(text) >= 11 + 7 + 1 + 8


def test_a_hostile_page_has_no_tag_that_a_tame_one_has_not() -> None:
    tame = Page(
        render([result("a")], run_id="r", mode="m", source_issues=[issue("t")], notes=["n"], new=[first_load("l")])
    )
    assert {tag for tag, _ in Page(hostile_page()).tags} == {tag for tag, _ in tame.tags}


def test_the_policy_lets_nothing_be_loaded_or_run() -> None:
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy(Page(hostile_page())).split(";")}
    assert rules["default-src"] == ["'none'"]
    assert rules["base-uri"] == ["'none'"]
    assert rules["form-action"] == ["'none'"]
    assert set(rules) <= {"default-src", "style-src", "base-uri", "form-action"}
    assert rules["style-src"] == ["'unsafe-inline'"]


def test_the_policy_stands_before_anything_that_it_governs() -> None:
    page = hostile_page()
    assert page.index("Content-Security-Policy") < page.index("<title>")
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_every_failing_row_is_on_the_page() -> None:
    rows = tuple({"area_code": f"E{number:08d}", "value": number} for number in range(300))
    page = Page(render([result("a", failing=rows)], run_id="r", mode="m", source_issues=[]))
    for row in rows:
        assert row["area_code"] in page.words
    assert "300 failing rows" in page.text


@pytest.mark.parametrize(("number", "is_open"), [(1, True), (5, True), (6, False), (60, False)])
def test_new_datasets_are_one_row_each_and_many_of_them_are_folded(number: int, is_open: bool) -> None:
    loads = [first_load("x", f"set_{n}") for n in range(number)]
    page = Page(render([result("a")], run_id="r", mode="m", source_issues=[], new=loads))
    assert [page.words.count(f"set_{n}") for n in range(number)] == [1] * number
    assert f"{number} datasets" in page.text
    folded = [attributes for tag, attributes in page.tags if tag == "details"]
    assert ("open" in folded[0]) is is_open
    assert not any("open" in attributes for attributes in folded[1 : number + 1])


def test_a_page_without_new_datasets_says_nothing_of_them() -> None:
    assert "New in this home" not in render([result("a")], run_id="r", mode="m", source_issues=[])


def test_a_suite_is_an_anchor_and_a_failure_says_where_the_runbook_tells_of_it() -> None:
    failed = result("a", suite="fct_trend", expectation="e", runbook="statistics-wrong")
    html = render(
        [failed], run_id="r", mode="m", source_issues=[], since={("fct_trend", "e"): "2025-02-27T06:30:00+00:00"}
    )
    page = Page(html)
    assert [attributes.get("id") for tag, attributes in page.tags if tag == "h2"] == ["fct_trend"]
    assert "docs/runbook.md#statistics-wrong" in page.words
    assert "Failing since 2025-02-27 06:30 UTC" in page.text
    assert "Checked at 2025-03-01 06:00 UTC" in page.text


def test_since_when_is_said_only_where_it_is_known() -> None:
    page = Page(
        render([result("a")], run_id="r", mode="m", source_issues=[], since={("another", "a"): "2025-02-27T06:30"})
    )
    assert "Failing since" not in page.text


@pytest.mark.parametrize(
    ("results", "source_issues", "words"),
    [
        ([result("a", success=True)], [], "Passed"),
        ([result("a", severity="warning")], [], "Passed with warnings"),
        ([result("a", success=True)], [issue("t")], "Passed with warnings"),
        ([result("a", stage="admission")], [issue("t")], "Passed with warnings"),
        ([result("a")], [], "Held: nothing was published, the last release stays in place"),
    ],
)
def test_the_page_says_first_how_it_ended(results: list[Result], source_issues: list[SourceIssue], words: str) -> None:
    page = Page(render(results, run_id="r", mode="m", source_issues=source_issues))
    assert page.words[page.words.index("Validation results") + 2] == words


def test_the_page_of_a_refresh_lists_its_expectations_and_loads_nothing(published_home: PublishedHome) -> None:
    html = Path(published_home.report["page"]).read_text("utf-8")
    page = Page(html)
    assert references(page) == []
    assert policy(page).startswith("default-src 'none'")
    for suite, expectation in published_home.rows("select suite, expectation from mart.quality_result"):
        assert suite in page.words
        assert expectation in page.words
    assert (published_home.release / "validation.html").read_text("utf-8") == html


def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on this machine: no real browser opens the page")
    return found


def look(path: Path, profile: Path) -> tuple[str, list[str]]:
    """Open a file in a headless browser. Returns the page as it is afterwards, and the lines of the console."""
    done = subprocess.run(
        [
            *(browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *(f"--user-data-dir={profile}", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND"),
            *("--enable-logging=stderr", "--v=0", "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


def test_a_browser_opens_the_page_without_a_complaint_and_runs_nothing_of_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "validation.html"
    path.write_text(hostile_page(), "utf-8")
    shown, console = look(path, tmp_path / "profile")
    assert console == []
    assert "<title>Validation of" in shown
    assert "<title>owned" not in shown
    assert {tag for tag, _ in Page(shown).tags} <= ALLOWED


def test_the_browsers_console_is_heard(tmp_path: Path) -> None:
    """Without this the test above would pass for a console that is never read."""
    path = tmp_path / "spoiled.html"
    path.write_text(hostile_page().replace("</body>", "<script>console.error('heard')</script></body>"), "utf-8")
    _, console = look(path, tmp_path / "profile")
    assert len(console) == 1
    assert "Content Security Policy" in console[0]
