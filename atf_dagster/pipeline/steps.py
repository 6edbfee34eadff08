"""The steps of a refresh, one method a step, without Dagster: fetch, parse, build, admit, check, publish.

Belongs here: which step uses what, and what a run leaves in its folder. Does not belong here: how a step
works (its package), in which order steps run (`orchestration`), what is printed (`cli`).

Steps hand over through files, because Dagster may run them in several processes or one of them alone.
"""

import datetime as dt
import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from atf_dagster.errors import AtfError
from atf_dagster.files import only_caller
from atf_dagster.landing import Attempt, Verdict, raw_verdicts
from atf_dagster.landing.raw_verdicts import Parsed
from atf_dagster.landing.records import GOOD
from atf_dagster.pipeline import pages
from atf_dagster.pipeline.engines import Engines, P, T
from atf_dagster.pipeline.run_record import RunRecord
from atf_dagster.quality import admission, first_loads, gx, rules
from atf_dagster.quality.results import Result
from atf_dagster.quality.rules import Rules
from atf_dagster.release import contract, versions
from atf_dagster.release.publish import ReleaseFacts, publish
from atf_dagster.release.versions import Release
from atf_dagster.returns import facts
from atf_dagster.warehouse import dbt, fingerprints, goals, in_force, inputs, raw
from atf_dagster.warehouse.fingerprints import DbtFiles

if TYPE_CHECKING:
    from atf_dagster.landing.fetch import FetchRun
    from atf_dagster.landing.probing import Probed

NEEDED_BYTES = 200_000_000
"""Free space that a refresh asks for: a warehouse, a candidate and its exports, with room."""


class WouldReplaceLive(AtfError):
    """A snapshot refresh in a home whose current release was fetched live."""


class DiskNearlyFull(AtfError):
    """Too little free space to begin; nothing was touched."""


class NoPublisherAnswered(AtfError):
    """Not one required part of any dataset came; there is nothing to refresh from."""


class NotChecked(AtfError):
    """A release was asked for in a run that did not check the mart, or whose checks failed."""


@dataclass
class Refresh(RunRecord):
    """One run at work: its record, and the steps that fill it. `progress` gets each step in a line."""

    progress: Callable[[str], None] = lambda line: None
    engines: Engines | None = None
    """The process in which dbt and the checks work; this one where there is none."""
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())

    @cached_property
    def rules(self) -> Rules:
        return rules.of(self.catalogue, self._dbt)

    @cached_property
    def _dbt(self) -> DbtFiles:
        return DbtFiles()

    @cached_property
    def _returned(self) -> facts.ReturnFacts:
        return facts.collect(self.settings.home, self.catalogue)

    @cached_property
    def _goals(self) -> goals.Goals:
        return goals.collect(self.settings.home, self.catalogue)

    # landing -----------------------------------------------------------------------------------------

    def fetch(self, dataset_ids: Sequence[str]) -> list[Attempt]:
        """Ask the publishers for these datasets; every attempt leaves a receipt.

        Raises WouldReplaceLive and DiskNearlyFull before anything is asked.
        """
        self.guard_mode()
        self._make_room()
        total = sum(
            len(c.parts_of(d)) for c in self.catalogue.collections for d in c.datasets if d.id in set(dataset_ids)
        )
        done = itertools.count(1)
        services = {self.catalogue.dataset(dataset_id)[0].service.id for dataset_id in dataset_ids}
        with (
            only_caller(self.settings.home, services, wait=True),
            self._fetch_run(
                lambda attempt: self.progress(f"fetch {next(done)}/{total}: {_words(attempt)}")
            ) as fetch_run,
        ):
            return fetch_run.fetch(dataset_ids)

    def probe(self, service_id: str) -> "list[Probed] | None":
        """Ask the probes of a service alone, whether something changed; nothing is landed.

        None where another process of this home is asking that service now.
        """
        from atf_dagster.landing.probing import probe

        ids = [dataset.id for collection, dataset in self.catalogue.datasets if collection.service.id == service_id]
        with only_caller(self.settings.home, [service_id], wait=False) as alone:
            if not alone:
                return None
            with self._fetch_run() as fetch_run:
                return probe(fetch_run, ids)

    def _fetch_run(
        self, on_attempt: Callable[[Attempt], None] = lambda attempt: None
    ) -> AbstractContextManager["FetchRun"]:
        from atf_dagster.pipeline.client import fetch_run

        def landed(attempt: Attempt) -> None:
            if attempt.outcome == "landed" and self.engines:
                self.engines.start()  # there will be something to build
            on_attempt(attempt)

        return fetch_run(
            self.settings, self.catalogue, self.store, self.run_id, on_attempt=landed, on_retry=self.progress
        )

    def guard_mode(self) -> None:
        """Bundled figures never silently replace live ones, from whichever side the run was started."""
        # Not by the receipt alone: a live release whose receipt is damaged is still a live one.
        live = versions.mode_of_current(self.settings.releases) == "live"
        if live and self.settings.mode == "snapshot" and not self.settings.replace_live:
            raise WouldReplaceLive(
                f"The current release {versions.current_version(self.settings.releases)} was fetched live; this "
                "refresh would replace it by the bundled snapshot, which is older.",
                "Set ATF_MODE=live, or use another ATF_HOME, or say --replace-live.",
                owner="whoever runs the refresh",
            )

    def _make_room(self) -> None:
        versions.remove_unfinished(self.settings.releases)
        free = shutil.disk_usage(self.settings.home).free
        if free < NEEDED_BYTES:
            versions.remove_old(self.settings.releases, self.settings.keep_releases)
            free = shutil.disk_usage(self.settings.home).free
        if free < NEEDED_BYTES:
            raise DiskNearlyFull(
                f"{self.settings.home} has {free // 1_000_000} MB left; a refresh needs {NEEDED_BYTES // 1_000_000}.",
                "Free some space, or keep fewer releases (ATF_KEEP_RELEASES); the last release stays in place.",
            )

    # raw ---------------------------------------------------------------------------------------------

    def parse(self) -> list[Parsed]:
        """Make Parquet of vintages that have none, and write the tables for dbt beside the rows.

        Raises NoPublisherAnswered.
        """
        self._refuse_silence()
        parsed = raw.parse_new(self.catalogue, self.store, self.settings.raw, self.run_id, self.progress)
        self._inputs(parsed).write(self.settings.raw)
        # Registered as a source before the first half of dbt; filled by admission.
        admission.write_table_of_verdicts(self.settings.raw, [])
        return parsed

    def silence_can_clear(self) -> bool:
        """Whether nobody answered, for reasons that may be gone later with nothing corrected on our side."""
        attempts = [attempt for attempt in self._required_attempts() if attempt is not None]
        asked = [attempt for attempt in attempts if attempt.outcome != "skipped"]
        return bool(asked) and all(attempt.outcome == "failed" and attempt.can_clear for attempt in asked)

    def _required_attempts(self) -> list[Attempt | None]:
        return [
            self.store.last_attempt(dataset.id, part.id)
            for collection, dataset in self.catalogue.datasets
            if not collection.service.base_url.startswith("local:")
            for part in collection.parts_of(dataset)
            if part.required
        ]

    def _refuse_silence(self) -> None:
        attempts = self._required_attempts()
        # What nobody asked for is no answer either.
        answered = GOOD - {"skipped"}
        if all(attempt is None or attempt.outcome not in answered for attempt in attempts):
            raise NoPublisherAnswered(
                "No publisher answered, so nothing could be refreshed and nothing was built.",
                "Look at the network of this machine first; what each dataset met with is listed below.",
            )

    def _inputs(self, parsed: Sequence[Parsed]) -> inputs.Inputs:
        return inputs.collect(
            self.catalogue,
            self.store,
            parsed,
            mode=self.settings.mode,
            rules=self.rules,
            today=self.today,
            returned=self._returned,
            goals=self._goals,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Of all that a release follows from: landed bytes, states, catalogue, rules, checks, models, program."""
        parts = {
            "inputs": self._inputs(raw_verdicts.known(self.catalogue, self.store)).fingerprint,
            "rules": json.dumps(self.rules, sort_keys=True),
            "checks": rules.of_every_check(),
            **self._code,
        }
        return fingerprints.digest(parts.items())

    @cached_property
    def _code(self) -> dict[str, str]:
        """Fingerprints of the models and of the modules that turn bytes into a release."""
        program = fingerprints.program(self.settings.dbt_target / "program.key")
        return {"dbt": self._dbt.fingerprint, "program": program}

    def already_published(self) -> Release | None:
        """The newest release, where it follows from exactly what there is now; otherwise there is work."""
        known = versions.releases(self.settings.releases)
        newest = known[-1] if known else None
        if newest is None or not versions.follows_from(newest, self.fingerprint):
            return None
        if versions.damage(newest) or raw.is_readable_again(self.catalogue, self.store):
            return None
        return newest

    def finish_unchanged(self, newest: Release) -> None:
        """Nothing to build. A release that a killed run finished but did not point to is pointed to now."""
        self.guard_mode()
        broken = versions.current(self.settings.releases) is None
        if broken or (not newest.is_current and versions.rolled_back_from(self.settings.releases) is None):
            versions.point_to(self.settings.releases, newest.version)
        versions.write_latest(self.settings.releases)
        self.finish("unchanged", release=newest.version)
        self.make_pages(newest)

    # warehouse ---------------------------------------------------------------------------------------

    def build(self, half: dbt.Half) -> list[dbt.NodeResult]:
        return self._apart(dbt.build, self.settings, half)

    def _apart(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """In the engines' process, if the run has one."""
        return self.engines.call(work, *arguments, **named) if self.engines else work(*arguments, **named)

    # admission and checks ----------------------------------------------------------------------------

    def admit(self) -> tuple[list[Result], list[tuple[Parsed, Verdict]]]:
        """Judge the vintages that arrived; quarantined ones take no part in the second half of the build."""
        parsed = raw_verdicts.known(self.catalogue, self.store)
        new = self._never_admitted(parsed)
        with ThreadPoolExecutor(1) as beside:  # while the checks run in the engines' process
            loads = beside.submit(first_loads.find, self.settings.warehouse, new) if new else None
            results = self._apart(gx.run_stage, "admission", self.settings.warehouse, None)
        if loads is not None:
            first_loads.keep(self.quality_folder, self.run_id, loads.result())
        decided = admission.judge(self.store, parsed, results, rules=self.rules, run_id=self.run_id)
        admission.write_table_of_verdicts(self.settings.raw, decided)
        self.keep_results("admission", results)
        return results, decided

    def _never_admitted(self, parsed: Sequence[Parsed]) -> set[str]:
        """The datasets with figures of publishers of which no vintage was ever admitted in this home."""
        publishers = {
            dataset.id
            for collection, dataset in self.catalogue.datasets
            if dataset.yields and not collection.service.base_url.startswith("local:")
        }
        arrived = {(entry.vintage.dataset, entry.vintage.part) for entry in parsed}
        known = {
            dataset
            for dataset, part in arrived
            for (_, stage), verdict in self.store.verdicts(dataset, part).items()
            if stage == "admission" and verdict.verdict == "admitted"
        }
        return {dataset for dataset, _ in arrived} & publishers - known

    def check(self) -> list[Result]:
        """Check the mart as it would be published; all results of the run become its validation page."""
        last = versions.current(self.settings.releases)
        comparable = last is not None and last.receipt["mode"] == self.settings.mode
        previous = last.database if last is not None and comparable else None
        results = self._apart(gx.run_stage, "mart", self.settings.warehouse, previous)
        if self.engines:
            self.engines.close()  # all that it does is done, and what it holds in memory is wanted by the release
        self.keep_vintages_in_force(in_force.vintages(self.settings.warehouse))
        self.keep_results("mart", results)
        self.write_page()
        if any(result.blocks for result in results):
            self.finish("held", blocked_by=[result.sentence for result in results if result.blocks])
        return results

    # release -----------------------------------------------------------------------------------------

    def publish(self) -> Release:
        """Write, audit, publish. Raises NotChecked or AuditFailed; the last release stays in place."""
        self.guard_mode()
        results = self.results()
        if not any(r.stage == "mart" for r in results) or any(r.blocks for r in results if r.stage == "mart"):
            raise NotChecked(
                f"Run {self.run_id} has no passed checks of the mart, so nothing was published.",
                "Run the whole job (`atf refresh`), not the release alone.",
                owner="whoever started it",
            )
        source_issues = self.source_issues()
        held_back = sorted({issue.dataset for issue in source_issues})
        warned = bool(source_issues) or any(not r.success and r.severity != "info" for r in results)
        before = versions.current_version(self.settings.releases)
        release = publish(
            self.settings.releases,
            self.settings.warehouse,
            self.catalogue,
            contract.from_manifest(dbt.read_manifest(self.settings)),
            ReleaseFacts(
                run_id=self.run_id,
                mode=self.settings.mode,
                fingerprint=self.fingerprint,
                code_sha256=fingerprints.digest(self._code.items()),
                quality_state="warned" if warned else "passed",
                datasets_fresh=[id for id in self._datasets_here() if id not in held_back],
                datasets_held_back=held_back,
                results=results,
                page=self.page if self.page.exists() else None,
            ),
            keep=self.settings.keep_releases,
            progress=self.progress,
        )
        if release.run_id != self.run_id:
            self.finish_unchanged(release)
            return release
        versions.forget_rollback(self.settings.releases)
        self.finish("published", release=release.version, before=before)
        return release

    def make_pages(self, release: Release) -> pages.PagesFailed | None:
        """Make the pages of a release that has none, if the settings want them. What stops them never ends a run."""
        if not self.settings.report or pages.are_made(release):
            return None
        failed = pages.make_or_note(self.settings, release)
        self.progress(f"pages: {failed.message if failed else f'of release {release.version}'}")
        return failed

    def _datasets_here(self) -> list[str]:
        """The datasets of which at least one part has ever come."""
        return [
            dataset.id
            for collection, dataset in self.catalogue.datasets
            if any(self.store.vintages(dataset.id, part.id) for part in collection.parts_of(dataset))
        ]


def _words(attempt: Attempt) -> str:
    line = f"{attempt.dataset}.{attempt.part}: {attempt.outcome.replace('_', ' ')}"
    return f"{line} ({attempt.reason})" if attempt.outcome in ("failed", "rejected") else line
