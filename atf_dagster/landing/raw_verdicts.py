"""The verdict of raw on each vintage.

Belongs here: looking verdicts up. Does not belong here: reading bytes (`warehouse.raw`).
"""

from dataclasses import dataclass

from atf_dagster.catalogue import Catalogue
from atf_dagster.landing.records import Verdict, Vintage
from atf_dagster.landing.store import Store


@dataclass(frozen=True)
class Parsed:
    """One vintage and its verdict of raw. `fresh` is false if its Parquet file existed already."""

    vintage: Vintage
    verdict: Verdict
    fresh: bool


def known(catalogue: Catalogue, store: Store) -> list[Parsed]:
    """The vintages that have a verdict of raw; nothing is parsed."""
    found = []
    for collection, dataset in catalogue.datasets:
        for part in collection.parts_of(dataset):
            verdicts = store.verdicts(dataset.id, part.id)
            for vintage in store.vintages(dataset.id, part.id):
                verdict = verdicts.get((vintage.sequence, "raw"))
                if verdict is not None:
                    found.append(Parsed(vintage, verdict, fresh=False))
    return found
