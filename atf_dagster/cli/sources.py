"""`atf sources`: publishers, licences, datasets, and how the last attempt for each dataset ended.

Belongs here: arguments and printing. Does not belong here: the catalogue, the receipts.
"""

import argparse
import json
from typing import Any

from atf_dagster import catalogue
from atf_dagster.landing import Store
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `sources` to the commands of `atf`."""
    parser = commands.add_parser(
        "sources", help="publishers, their licences and datasets, and how the last attempt for each dataset ended"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    parser.set_defaults(run=sources)


def sources(settings: Settings, options: argparse.Namespace) -> int:
    """Print each publisher with its licence and datasets, and how the last attempt for each dataset ended."""
    known = catalogue.load()
    store = Store(settings.landing)
    records: list[dict[str, Any]] = []
    for publisher in known.publishers:
        datasets: list[dict[str, Any]] = []
        for collection, dataset in known.datasets:
            if collection.publisher.id != publisher.id:
                continue
            attempts = [store.last_attempt(dataset.id, part.id) for part in collection.parts_of(dataset)]
            outcomes = sorted({attempt.outcome.replace("_", " ") for attempt in attempts if attempt is not None})
            datasets.append(
                {
                    "dataset": dataset.id,
                    "title": dataset.title,
                    "indicators": dataset.indicators,
                    "licence": dataset.licence or publisher.licence,
                    "redistributed": dataset.redistributed,
                    "page": dataset.page_url,
                    "last": outcomes or ["never asked"],
                }
            )
        records.append(
            {
                "publisher": publisher.name,
                "service": publisher.service,
                "licence": publisher.licence,
                "licence_url": publisher.licence_url,
                "attribution": publisher.attribution,
                "datasets": datasets,
            }
        )
    if options.json:
        print(json.dumps(records, ensure_ascii=False))
        return 0
    for record in records:
        print(f"{record['publisher']}: {record['licence']}, {record['licence_url']}")
        print(f"  {record['attribution']}")
        for entry in record["datasets"]:
            kept = "" if entry["redistributed"] else ", kept out of releases"
            own = "" if entry["licence"] == record["licence"] else f", {entry['licence']}"
            print(
                f"  {entry['dataset']}: {', '.join(entry['indicators']) or 'reference data'}; "
                f"{', '.join(entry['last'])}{own}{kept}"
            )
    return 0
