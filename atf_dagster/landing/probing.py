"""Asking publishers' probes alone: has something changed since the last refresh, without fetching any table.

Belongs here: what a probe's answer means where nothing is fetched after it. Does not belong here: what follows from it
(`automation.sensors` starts a refresh), the probes themselves (`sources`).
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
    """What one part's probe said. `token` is the publisher's new word where it changed, `message` what went wrong."""

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
    """The publisher says nothing beforehand; only the table itself would tell."""


class ProbeContext(PartContext):
    """Lets a publisher's module look and no more: it ends where the probe has answered."""

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
    """Ask the probes of these datasets; one entry a part, in the catalogue's order.

    A part that we hold nothing of has no probe to compare with: the next refresh asks for it anyway.
    """
    wanted = set(dataset_ids)
    _ = fetch_run.store.incoming
    tasks = [
        (collection, dataset, part)
        for collection, dataset in fetch_run.catalogue.datasets
        if dataset.id in wanted and collection.service.id not in fetch_run.skip
        for part in collection.parts
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
