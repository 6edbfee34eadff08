"""What became of each vintage when its bytes were read, by the verdicts of raw alone.

Belongs here: looking verdicts up. Does not belong here: reading bytes (`warehouse.raw`).
"""

from dataclasses import dataclass

from atf_dagster.catalogue import Catalogue
from atf_dagster.landing.records import Verdict, Vintage
from atf_dagster.landing.store import Store


@dataclass(frozen=True)
class Parsed:
    """What became of one vintage in raw. `fresh` is false where its Parquet was there already."""

    vintage: Vintage
    verdict: Verdict
    fresh: bool


def known(catalogue: Catalogue, store: Store) -> list[Parsed]:
    """The vintages that have been through raw, from their verdicts alone; nothing is parsed."""
    found = []
    for collection, dataset in catalogue.datasets:
        for part in collection.parts:
            verdicts = store.verdicts(dataset.id, part.id)
            for vintage in store.vintages(dataset.id, part.id):
                verdict = verdicts.get((vintage.sequence, "raw"))
                if verdict is not None:
                    found.append(Parsed(vintage, verdict, fresh=False))
    return found
