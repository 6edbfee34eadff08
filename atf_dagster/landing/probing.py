"""Asks the publishers' probes whether something changed since the last refresh, without fetching a table.

Belongs here: what the answer of a probe means if no table is fetched. Does not belong here: starting a refresh after it
(`orchestration.automation`), the probes of each publisher (`sources`).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Never

from atf_dagster.catalogue import Collection, Dataset, Part
from atf_dagster.formats.body import BodyRejected, NoData, Skipped
from atf_dagster.http import FetchError
from atf_dagster.landing.fetch import THREADS, FetchRun
from atf_dagster.landing.fetch_context import PartContext
from atf_dagster.sources import SOURCES
from atf_dagster.sources.base import Unchanged

Sign = Literal["changed", "unchanged", "no_probe", "failed"]


@dataclass(frozen=True)
class Probed:
    """The result of one part's probe. token: the new answer, if it changed. message: the error, if it failed."""

    dataset: str
    part: str
    sign: Sign
    token: str = ""
    message: str = ""


class _Changed(Exception):
    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.token = token


class _NoProbe(Exception):
    """The publisher has no probe for this part; only the table shows whether it changed."""


class ProbeContext(PartContext):
    """A context that lets a publisher's module ask its probe and stops it after the answer."""

    def probed(self, token: str | None) -> None:
        self.probe = token
        latest = self.latest
        if token is None or latest is None or latest.probe is None:
            raise _NoProbe
        if latest.probe == token:
            raise Unchanged
        raise _Changed(token)

    def fetch(self, *args: object, **named: object) -> Never:
        raise _NoProbe


def probe(fetch_run: FetchRun, dataset_ids: Sequence[str]) -> list[Probed]:
    """Ask the probes of these datasets; one entry for each part, in the catalogue's order.

    A part without a vintage has no earlier probe to compare with. The next refresh fetches it anyway.
    """
    wanted = set(dataset_ids)
    _ = fetch_run.store.incoming
    tasks = [
        (collection, dataset, part)
        for collection, dataset in fetch_run.catalogue.datasets
        if dataset.id in wanted and collection.service.id not in fetch_run.skip
        for part in collection.parts_of(dataset)
    ]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="probe") as pool:
        return list(pool.map(lambda task: _probe_part(fetch_run, *task), tasks))


def _probe_part(fetch_run: FetchRun, collection: Collection, dataset: Dataset, part: Part) -> Probed:
    context = fetch_run.context(ProbeContext, collection, dataset, part, fetch_run.clock.now())
    try:
        SOURCES[collection.service.id].collect(context)
    except Unchanged:
        return Probed(dataset.id, part.id, "unchanged")
    except _Changed as changed:
        return Probed(dataset.id, part.id, "changed", token=changed.token)
    except (BodyRejected, FetchError) as error:
        return Probed(dataset.id, part.id, "failed", message=str(error))
    except (_NoProbe, NoData, Skipped):
        pass
    return Probed(dataset.id, part.id, "no_probe")
