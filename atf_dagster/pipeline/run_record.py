"""What a run leaves behind: its folder with outcome, results and validation page, and what it found at its sources.

Belongs here: reading and writing these files. Does not belong here: the steps that make them (`steps`), Dagster.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from atf_dagster import catalogue
from atf_dagster.catalogue import Catalogue
from atf_dagster.files import write_atomic
from atf_dagster.landing import Store, Verdict, Vintage, raw_verdicts
from atf_dagster.landing.source_issues import SourceIssue, source_issues
from atf_dagster.quality import admission, first_loads, history, page
from atf_dagster.quality.results import Result, failing_as_csv
from atf_dagster.settings import Settings

Outcome = Literal["published", "unchanged", "held", "failed"]


@dataclass
class RunRecord:
    """The record of one run, in `$ATF_HOME/runs/<run>`."""

    settings: Settings
    run_id: str

    @cached_property
    def catalogue(self) -> Catalogue:
        return catalogue.load()

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.landing)

    @property
    def folder(self) -> Path:
        return self.settings.runs / self.run_id

    @property
    def page(self) -> Path:
        return self.folder / "validation.html"

    def finish(self, outcome: Outcome, **facts: Any) -> None:
        """Write how the run ended; each run ends in exactly one way."""
        record = {
            "run_id": self.run_id,
            "mode": self.settings.mode,
            "outcome": outcome,
            "finished_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            **facts,
        }
        write_atomic(self.folder / "outcome.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")

    def outcome(self) -> dict[str, Any] | None:
        path = self.folder / "outcome.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def keep_results(self, stage: str, results: Sequence[Result]) -> None:
        text = json.dumps([result.as_json() for result in results], ensure_ascii=False, indent=1)
        write_atomic(self.folder / f"quality_{stage}.json", text)
        write_atomic(self.folder / f"failing_{stage}.csv", failing_as_csv(results))
        history.remember(self.quality_folder, self.run_id, stage, results)

    def results(self) -> list[Result]:
        """All results of this run so far."""
        found: list[Result] = []
        for stage in ("admission", "mart"):
            path = self.folder / f"quality_{stage}.json"
            if path.exists():
                found += [Result.from_json(record) for record in json.loads(path.read_text("utf-8"))]
        return admission.with_standing_warnings(found, self._in_force())

    def keep_vintages_in_force(self, vintage_ids: Sequence[str]) -> None:
        """Remember the vintages whose figures the mart of this run shows."""
        write_atomic(self._shown, json.dumps(sorted(vintage_ids), indent=1))

    @property
    def _shown(self) -> Path:
        return self.folder / "vintages_in_force.json"

    def _in_force(self) -> list[tuple[Vintage, Verdict]]:
        """The newest admitted vintage of each part, and earlier editions that still give a period; with verdicts."""
        shown = set(json.loads(self._shown.read_text("utf-8"))) if self._shown.exists() else set()
        newest: dict[tuple[str, str], tuple[Vintage, Verdict]] = {}
        earlier: dict[str, tuple[Vintage, Verdict]] = {}
        for entry in raw_verdicts.known(self.catalogue, self.store):
            vintage = entry.vintage
            verdict = self.store.verdicts(vintage.dataset, vintage.part).get((vintage.sequence, "admission"))
            if verdict is not None and verdict.verdict == "admitted":
                newest[vintage.dataset, vintage.part] = (vintage, verdict)
                if vintage.id in shown:
                    earlier[vintage.id] = (vintage, verdict)
        return list({**earlier, **{vintage.id: (vintage, verdict) for vintage, verdict in newest.values()}}.values())

    @property
    def quality_folder(self) -> Path:
        """Where the outcomes of all runs of the home's mode are kept."""
        return self.settings.workspace / "quality"

    def source_issues(self) -> list[SourceIssue]:
        """What is held back now, with what to do."""
        return source_issues(self.catalogue, self.store)

    def notes(self) -> list[str]:
        """What publishers moved, renamed or said of a revision, as far as this run's attempts noted it."""
        attempts = (
            self.store.last_attempt(dataset.id, part.id)
            for collection, dataset in self.catalogue.datasets
            for part in collection.parts_of(dataset)
        )
        of_this_run = [attempt for attempt in attempts if attempt is not None and attempt.run_id == self.run_id]
        return [f"{attempt.dataset}.{attempt.part}: {note}" for attempt in of_this_run for note in attempt.notes]

    def write_page(self) -> None:
        """Write the validation page from all results of the run so far."""
        text = page.render(
            self.results(),
            run_id=self.run_id,
            mode=self.settings.mode,
            source_issues=self.source_issues(),
            notes=self.notes(),
            new=first_loads.of_run(self.quality_folder, self.run_id),
        )
        write_atomic(self.page, text)
