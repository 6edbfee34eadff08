"""The steps of a refresh, one method a step, without Dagster: fetch, parse, build, admit, check, publish.

Belongs here: which step uses what, and what a run leaves in its folder. Does not belong here: how a step
works (its package), in which order steps run (`assets`), what is printed (`cli`).

Steps hand over through files, because Dagster may run them in several processes or one of them alone.
"""

import datetime as dt
import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from atf_dagster.errors import AtfError
from atf_dagster import catalogue
from atf_dagster.catalogue import Catalogue
from atf_dagster.files import only_caller, write_atomic
from atf_dagster.landing import Attempt, Store, Verdict, Vintage
from atf_dagster.landing.records import GOOD
from atf_dagster.landing.source_issues import Trouble, troubles
from atf_dagster.quality import admission, gx, history, page, suites
from atf_dagster.quality.results import Result, failing_as_csv
from atf_dagster.release import contract, versions
from atf_dagster.release.publish import ReleaseFacts, publish
from atf_dagster.release.versions import Release
from atf_dagster.returns import facts
from atf_dagster.settings import Settings, SettingsError
from atf_dagster.warehouse import dbt, inputs, raw
from atf_dagster.warehouse.raw import Parsed

if TYPE_CHECKING:
    from atf_dagster.http import Host
    from atf_dagster.landing.fetch import Round
    from atf_dagster.landing.probing import Probed

Outcome = Literal["published", "unchanged", "held", "failed"]
NEEDED_BYTES = 200_000_000
"""Free space that a refresh asks for: a warehouse, a candidate and its exports, with room."""


class WouldReplaceLive(AtfError):
    """A snapshot refresh in a house whose current release was fetched live."""


class DiskNearlyFull(AtfError):
    """Too little free space to begin; nothing was touched."""


class NoPublisherAnswered(AtfError):
    """Not one required part of any dataset came; there is nothing to refresh from."""


class NotChecked(AtfError):
    """A release was asked for in a run that did not check the mart, or whose checks failed."""


@dataclass
class Refresh:
    """One run. `progress` is told each step in a line."""

    settings: Settings
    run_id: str
    progress: Callable[[str], None] = lambda line: None
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())

    @cached_property
    def catalogue(self) -> Catalogue:
        return catalogue.load()

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.landing)

    @cached_property
    def rules(self) -> str:
        return admission.rules_fingerprint(self.catalogue)

    @cached_property
    def _returned(self) -> facts.ReturnFacts:
        return facts.gather(self.settings.home, self.catalogue)

    @property
    def folder(self) -> Path:
        return self.settings.runs / self.run_id

    # landing -----------------------------------------------------------------------------------------

    def fetch(self, dataset_ids: Sequence[str]) -> list[Attempt]:
        """Ask the publishers for these datasets; every attempt leaves a receipt.

        Raises WouldReplaceLive and DiskNearlyFull before anything is asked.
        """
        self.guard_mode()
        self._make_room()
        total = sum(len(c.parts) for c in self.catalogue.collections for d in c.datasets if d.id in set(dataset_ids))
        done = itertools.count(1)
        services = {self.catalogue.dataset(dataset_id)[0].service.id for dataset_id in dataset_ids}
        with (
            only_caller(self.settings.home, services, wait=True),
            self._round(lambda line: self.progress(f"fetch {next(done)}/{total}: {line}")) as round_,
        ):
            return round_.fetch(dataset_ids)

    def probe(self, service_id: str) -> "list[Probed] | None":
        """Ask the probes of a service alone, whether something changed; nothing is landed.

        None where another process of this house is asking that service now.
        """
        from atf_dagster.landing.probing import probe

        ids = [dataset.id for collection, dataset in self.catalogue.datasets if collection.service.id == service_id]
        with only_caller(self.settings.home, [service_id], wait=False) as alone:
            if not alone:
                return None
            with self._round(lambda line: None) as round_:
                return probe(round_, ids)

    @contextmanager
    def _round(self, progress: Callable[[str], None]) -> "Iterator[Round]":
        """A round with this house's client; `progress` gets each attempt in a line."""
        from atf_dagster.http import Client, Limits
        from atf_dagster.landing.fetch import Round

        base_urls = self._base_urls()
        adapter = None
        if self.settings.mode == "snapshot":
            from atf_dagster.snapshot import SnapshotAdapter

            adapter = SnapshotAdapter()
        client = Client(
            self._hosts(base_urls),
            user_agent=self.settings.user_agent,
            limits=Limits(attempts=self.settings.attempts, backoff_first=self.settings.backoff_first),
            adapter=adapter,
            on_retry=self.progress,
        )
        try:
            yield Round(
                catalogue=self.catalogue,
                store=self.store,
                client=client,
                base_urls=base_urls,
                mode=self.settings.mode,
                run_id=self.run_id,
                keys=self.settings.keys,
                home=self.settings.home,
                skip=self._skipped(),
                max_bytes=self.settings.max_bytes,
                progress=lambda attempt: progress(_words(attempt)),
            )
        finally:
            client.close()

    def _skipped(self) -> frozenset[str]:
        known = {service.id for service in self.catalogue.services}
        if unknown := self.settings.skip_services - known:
            raise SettingsError(
                f"ATF_SKIP_SERVICES names {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}."
            )
        return self.settings.skip_services

    def _base_urls(self) -> dict[str, str]:
        """Where each service is asked; in snapshot mode always at its own address, which the snapshot answers for."""
        urls = {}
        for service in self.catalogue.services:
            urls[service.id] = service.base_url
            urls |= {f"{service.id}_{name}": url for name, url in service.other_urls.items()}
        if self.settings.mode == "live":
            urls |= {name: url for name, url in self.settings.service_urls.items() if name in urls}
        return urls

    def _hosts(self, base_urls: Mapping[str, str]) -> list["Host"]:
        """The hosts that may be asked, each at the pace of the slowest service on it."""
        from atf_dagster.http import Host
        from atf_dagster.http.limits import Origin

        paces: dict[Origin, Host] = {}
        for service in self.catalogue.services:
            own_pace = service.requests_per_second if self.settings.requests_per_second is None else None
            pace = own_pace if own_pace is not None else (self.settings.requests_per_second or 0.0)
            if self.settings.mode == "snapshot":
                pace = 0.0
            names = [service.id, *(f"{service.id}_{name}" for name in service.other_urls)]
            for url in (base_urls[name] for name in names):
                if url.startswith("local:"):
                    continue
                host = Host(url, pace)
                slowest = paces.get(host.origin)
                if slowest is None or pace < slowest.requests_per_second:
                    paces[host.origin] = host
        return list(paces.values())

    def guard_mode(self) -> None:
        """Bundled figures never silently replace live ones, from whichever side the run was started."""
        # Not by the receipt alone: a live release whose receipt is damaged is still a live one.
        live = versions.mode_of_current(self.settings.releases) == "live"
        if live and self.settings.mode == "snapshot" and not self.settings.replace_live:
            raise WouldReplaceLive(
                f"The current release {versions.current_version(self.settings.releases)} was fetched live; this "
                "refresh would replace it by the bundled snapshot, which is older. Set ATF_MODE=live, or use another "
                "ATF_HOME, or say --replace-live."
            )

    def _make_room(self) -> None:
        versions.remove_unfinished(self.settings.releases)
        free = shutil.disk_usage(self.settings.home).free
        if free < NEEDED_BYTES:
            versions.remove_old(self.settings.releases, self.settings.keep_releases)
            free = shutil.disk_usage(self.settings.home).free
        if free < NEEDED_BYTES:
            raise DiskNearlyFull(
                f"{self.settings.home} has {free // 1_000_000} MB left; a refresh needs {NEEDED_BYTES // 1_000_000}. "
                "Free some space, or keep fewer releases (ATF_KEEP_RELEASES); the last release stays in place."
            )

    # raw ---------------------------------------------------------------------------------------------

    def parse(self) -> list[Parsed]:
        """Make Parquet of vintages that have none, and write what dbt is told beside the rows.

        Raises NoPublisherAnswered, LandingDamaged.
        """
        self._refuse_silence()
        parsed = raw.parse_new(self.catalogue, self.store, self.settings.raw, self.run_id, self.progress)
        self._inputs(parsed).write(self.settings.raw)
        # Registered as a source before the first half of dbt; filled by admission.
        admission.write_table_of_verdicts(self.settings.raw, [])
        return parsed

    def silence_can_clear(self) -> bool:
        """Whether nobody answered, for reasons that may be gone later with nothing mended on our side."""
        attempts = [attempt for attempt in self._required_attempts() if attempt is not None]
        asked = [attempt for attempt in attempts if attempt.outcome != "skipped"]
        return bool(asked) and all(attempt.outcome == "failed" and attempt.can_clear for attempt in asked)

    def _required_attempts(self) -> list[Attempt | None]:
        return [
            self.store.last_attempt(dataset.id, part.id)
            for collection, dataset in self.catalogue.datasets
            if not collection.service.base_url.startswith("local:")
            for part in collection.parts
            if part.required
        ]

    def _refuse_silence(self) -> None:
        attempts = self._required_attempts()
        # What nobody asked for is no answer either.
        answered = GOOD - {"skipped"}
        if all(attempt is None or attempt.outcome not in answered for attempt in attempts):
            raise NoPublisherAnswered(
                "No publisher answered, so nothing could be refreshed and nothing was built. Look at the network of "
                "this machine first; what each dataset met with is listed below."
            )

    def _inputs(self, parsed: Sequence[Parsed]) -> inputs.Inputs:
        return inputs.gather(
            self.catalogue,
            self.store,
            parsed,
            mode=self.settings.mode,
            rules=self.rules,
            today=self.today,
            returned=self._returned,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Of all that a release follows from: landed bytes, states, catalogue, rules, models, program."""
        parts = [
            self._inputs(raw.known(self.catalogue, self.store)).fingerprint,
            self.rules,
            dbt.fingerprint(),
            _hash_of(suites.FOLDER, "*.yml"),
            _hash_of(suites.FOLDER, "*.sql"),
            _hash_of(Path(__file__).parent, "*.py"),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def already_published(self) -> Release | None:
        """The newest release, where it follows from exactly what there is now; otherwise there is work."""
        known = versions.releases(self.settings.releases)
        newest = known[-1] if known else None
        if newest is None or not versions.follows_from(newest, self.fingerprint):
            return None
        return None if versions.damage(newest) else newest

    def finish_unchanged(self, newest: Release) -> None:
        """Nothing to build. A release that a killed run finished but did not point to is pointed to now."""
        self.guard_mode()
        broken = versions.current(self.settings.releases) is None
        if broken or (not newest.is_current and versions.rolled_back_from(self.settings.releases) is None):
            versions.point_to(self.settings.releases, newest.version)
        self.finish("unchanged", release=newest.version)

    # warehouse ---------------------------------------------------------------------------------------

    def build(self, half: dbt.Half) -> list[dbt.NodeResult]:
        return dbt.build(self.settings, half)

    # admission and checks ----------------------------------------------------------------------------

    def admit(self) -> tuple[list[Result], list[tuple[Parsed, Verdict]]]:
        """Judge the vintages that arrived; held ones take no part in the second half of the build."""
        parsed = raw.known(self.catalogue, self.store)
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            results = gx.run(connection, suites.load("admission"), has_previous=False)
        decided = admission.judge(self.store, parsed, results, rules=self.rules, run_id=self.run_id)
        admission.write_table_of_verdicts(self.settings.raw, decided)
        self._keep_results("admission", results)
        return results, decided

    def check(self) -> list[Result]:
        """Check the mart as it would be published; all results of the run become its validation page."""
        last = versions.current(self.settings.releases)
        with duckdb.connect() as connection:
            connection.execute(f"attach '{_quoted(self.settings.warehouse)}' as warehouse (read_only)")
            if last is not None and last.receipt["mode"] == self.settings.mode:
                connection.execute(f"attach '{_quoted(last.path / 'mart.duckdb')}' as previous (read_only)")
            else:
                last = None
            connection.execute("use warehouse")
            results = gx.run(connection, suites.load("mart"), has_previous=last is not None)
        self._keep_results("mart", results)
        everything = self.results()
        text = page.render(
            everything, run_id=self.run_id, mode=self.settings.mode, troubles=self.troubles(), notes=self.notes()
        )
        write_atomic(self.page, text)
        if any(result.blocks for result in results):
            self.finish("held", blocked_by=[result.sentence for result in results if result.blocks])
        return results

    @property
    def page(self) -> Path:
        return self.folder / "validation.html"

    def results(self) -> list[Result]:
        """All results of this run so far."""
        found: list[Result] = []
        for stage in ("admission", "mart"):
            path = self.folder / f"quality_{stage}.json"
            if path.exists():
                found += [Result.from_json(record) for record in json.loads(path.read_text("utf-8"))]
        return admission.with_standing_warnings(found, self._in_force())

    def _in_force(self) -> list[tuple[Vintage, Verdict]]:
        """The newest admitted vintage of each part, with its verdict."""
        newest: dict[tuple[str, str], tuple[Vintage, Verdict]] = {}
        for entry in raw.known(self.catalogue, self.store):
            vintage = entry.vintage
            verdict = self.store.verdicts(vintage.dataset, vintage.part).get((vintage.sequence, "admission"))
            if verdict is not None and verdict.verdict == "admitted":
                newest[vintage.dataset, vintage.part] = (vintage, verdict)
        return list(newest.values())

    def _keep_results(self, stage: str, results: Sequence[Result]) -> None:
        text = json.dumps([result.as_json() for result in results], ensure_ascii=False, indent=1)
        write_atomic(self.folder / f"quality_{stage}.json", text)
        write_atomic(self.folder / f"failing_{stage}.csv", failing_as_csv(results))
        history.remember(self.quality_folder, self.run_id, stage, results)

    @property
    def quality_folder(self) -> Path:
        """Where the outcomes of all runs of the house's mode are kept."""
        return self.settings.workspace / "quality"

    # release -----------------------------------------------------------------------------------------

    def publish(self) -> Release:
        """Write, audit, publish. Raises NotChecked or AuditFailed; the last release stays in place."""
        self.guard_mode()
        results = self.results()
        if not any(r.stage == "mart" for r in results) or any(r.blocks for r in results if r.stage == "mart"):
            raise NotChecked(
                f"Run {self.run_id} has no passed checks of the mart, so nothing was published. Run the whole job "
                "(`atf refresh`), not the release alone."
            )
        troubles = self.troubles()
        held_back = sorted({trouble.dataset for trouble in troubles})
        warned = bool(troubles) or any(not r.success and r.severity != "info" for r in results)
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

    def _datasets_here(self) -> list[str]:
        """The datasets of which at least one part has ever come."""
        return [
            dataset.id
            for collection, dataset in self.catalogue.datasets
            if any(self.store.vintages(dataset.id, part.id) for part in collection.parts)
        ]

    def troubles(self) -> list[Trouble]:
        """What is held back now, with what to do."""
        return troubles(self.catalogue, self.store)

    def notes(self) -> list[str]:
        """What publishers moved, renamed or said of a revision, as far as this run's attempts noted it."""
        attempts = (
            self.store.last_attempt(dataset.id, part.id)
            for collection, dataset in self.catalogue.datasets
            for part in collection.parts
        )
        of_this_run = [attempt for attempt in attempts if attempt is not None and attempt.run_id == self.run_id]
        return [f"{attempt.dataset}.{attempt.part}: {note}" for attempt in of_this_run for note in attempt.notes]

    # the run's own record ----------------------------------------------------------------------------

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


def _hash_of(folder: Path, pattern: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _words(attempt: Attempt) -> str:
    line = f"{attempt.dataset}.{attempt.part}: {attempt.outcome.replace('_', ' ')}"
    return f"{line} ({attempt.reason})" if attempt.outcome in ("failed", "rejected") else line


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
