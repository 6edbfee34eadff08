"""Admission over several arrivals: what a vintage is compared with, what a person decided, which warnings stay.

Belongs here: verdicts that depend on earlier ones. Does not belong here: single expectations
(test_expectations_hold). One dataset, its real bytes from the bundled snapshot, dbt and Great Expectations
as in a refresh.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from atf_dagster.landing import Attempt, Vintage
from atf_dagster.landing.records import BY_HAND
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.quality.admission import admit_by_hand
from atf_dagster.settings import Settings

DATASET, PART = "ons_els_modelled_unemployment", "all"
Row = dict[str, str]


@dataclass
class Story:
    """A home with one dataset. `judged` gives verdicts in the order of arrival, after each further step."""

    settings: Settings
    body: bytes
    judged: dict[str, list[str]]
    fingerprints: list[str]
    results: dict[str, bool]

    def refresh(self, run_id: str, rules: str | None = None) -> Refresh:
        refresh = Refresh(self.settings, run_id)
        if rules is not None:
            refresh.__dict__["rules"] = dict.fromkeys(
                refresh.rules, rules
            )  # as if an expectation had been edited since
        return refresh

    def arrive(self, run_id: str, change: Callable[[list[Row]], None]) -> Vintage:
        """The publisher serves the table with a change; it lands and nothing more happens."""
        refresh = self.refresh(run_id)
        rows = list(csv.DictReader(io.StringIO(self.body.decode("utf-8-sig"), newline="")))
        change(rows)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        body = text.getvalue().encode()
        digest = hashlib.sha256(body).hexdigest()
        temporary = refresh.store.incoming / "body"
        temporary.write_bytes(body)
        refresh.store.keep(temporary, digest)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
        facts = {"bytes": len(body), "sha256": digest, "encoding": "utf-8-sig", "status": 200, "tool_version": "tests"}
        times = {"started_at": now, "finished_at": now, "run_id": run_id}
        attempt = Attempt(DATASET, PART, "snapshot", "https://www.ons.gov.uk/x", "landed", **times, **facts)  # type: ignore[arg-type]
        refresh.store.record(attempt)
        return refresh.store.vintages(DATASET, PART)[-1]

    def judge(self, name: str, rules: str | None = None) -> Refresh:
        refresh = self.refresh(name, rules)
        refresh.parse()
        refresh.build("staged")
        _, decided = refresh.admit()
        self.judged[name] = [verdict.verdict for _, verdict in decided]
        return refresh


def a_hundredth(rows: list[Row]) -> None:
    for row in rows:
        for column in ("value", "lci_95", "uci_95"):
            if row[column]:
                row[column] = repr(float(row[column]) / 100)


def one_revised(rows: list[Row]) -> None:
    rows[0]["value"] = rows[0]["uci_95"]


def one_misspelt(rows: list[Row]) -> None:
    one_revised(rows)
    rows[-1]["areanm"] = "Wirrall"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    settings = Settings(home=tmp_path_factory.mktemp("admission") / "home")
    settings.home.mkdir()
    first = Refresh(settings, "first")
    first.fetch([DATASET])
    (vintage,) = first.store.vintages(DATASET, PART)
    told = Story(settings, first.store.verified(vintage)[0].read_bytes(), {}, [], {})
    told.judge("the first arrives")
    bad = told.arrive("killed before admission", a_hundredth)
    told.arrive("the next run", one_revised)
    told.judge("a bad one and a good one wait together")
    told.judge("the rules changed", "other rules")
    told.arrive("misspelt", one_misspelt)
    told.judge("a warning")
    later = told.judge("nothing new")
    told.results = {result.expectation: result.success for result in later.results()}
    told.fingerprints.append(told.refresh("before").fingerprint)
    admit_by_hand(first.store, bad, "the publisher changed the unit", "by hand")
    told.fingerprints.append(told.refresh("after").fingerprint)
    told.judge("a person let it in", "yet other rules")
    yield told


def test_a_good_vintage_is_never_judged_by_a_bad_one_before_it(story: Story) -> None:
    assert story.judged["the first arrives"] == ["admitted"]
    assert story.judged["a bad one and a good one wait together"] == ["admitted", "quarantined", "admitted"]


def test_changed_rules_judge_again_and_compare_with_what_was_good(story: Story) -> None:
    assert story.judged["the rules changed"] == ["admitted", "quarantined", "admitted"]


def test_what_a_person_let_in_stays_in_whatever_the_rules_become(story: Story) -> None:
    assert story.judged["a person let it in"][1] == "admitted"
    verdicts = Refresh(story.settings, "look").store.verdicts(DATASET, PART)
    assert (verdicts[2, "admission"].rules, verdicts[2, "admission"].reason) == (
        BY_HAND,
        "the publisher changed the unit",
    )


def test_a_persons_verdict_is_news_for_the_next_refresh(story: Story) -> None:
    before, after = story.fingerprints
    assert before != after


def test_a_warning_stands_as_long_as_its_vintage_is_in_force(story: Story) -> None:
    assert story.judged["a warning"][-1] == "admitted"
    assert story.results["area_name_is_known"] is False
    assert story.results["one_figure_a_key"] is True


def test_the_way_to_the_reason_is_kept_beside_the_bytes(story: Story) -> None:
    path = Path(story.settings.landing) / DATASET / PART / "verdicts.jsonl"
    assert "unit_did_not_switch" in path.read_text("utf-8")
