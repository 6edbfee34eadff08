"""One round of fetching against servers on loopback, and the rows that came of it.

Belongs here: fetching as a refresh does. Does not belong here: any server, any assertion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.http import Budget, Client, Host, Limits
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.warehouse import raw

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens."""
NO_BUDGET = Budget()


def fetch(
    landing: Path,
    base_urls: Mapping[str, str] | str,
    datasets: Sequence[str],
    *,
    catalogue: Catalogue | None = None,
    keys: Mapping[str, str] | None = None,
    home: Path | None = None,
    run_id: str = "run",
    attempts: int = 1,
    budget: Budget = NO_BUDGET,
    read_timeout: float = 60.0,
    on_retry: Callable[[str], None] | None = None,
) -> dict[str, Attempt]:
    """Ask for the datasets once; the receipts by `dataset.part`.

    base_urls: service -> address, and nobody is asked but these; or one address for all services.
    """
    known = catalogue or load()
    everywhere = base_urls if isinstance(base_urls, str) else NOBODY
    urls = {service.id: everywhere for service in known.services}
    urls |= {f"{service.id}_{name}": everywhere for service in known.services for name in service.other_urls}
    urls |= {} if isinstance(base_urls, str) else base_urls
    client = Client(
        [Host(url, 0) for url in sorted(set(urls.values()))],
        user_agent="atf-tests",
        limits=Limits(attempts=attempts, backoff_first=0, read_timeout=read_timeout),
        budget=budget,
        on_retry=on_retry,
        sleep=lambda seconds: None,
    )
    asked = FetchRun(known, Store(landing), client, urls, "live", run_id, keys=keys or {}, home=home or landing)
    try:
        return {f"{attempt.dataset}.{attempt.part}": attempt for attempt in asked.fetch(datasets)}
    finally:
        client.close()


def fetch_one(
    landing: Path, base_urls: Mapping[str, str] | str, dataset: str, run_id: str = "run", **more: Any
) -> Attempt:
    """Ask once for a dataset of one part; its receipt. `more` as for `fetch`."""
    (attempt,) = fetch(landing, base_urls, [dataset], run_id=run_id, **more).values()
    return attempt


def rows(landing: Path, raw_folder: Path, table: str, catalogue: Catalogue | None = None) -> list[dict[str, Any]]:
    """All rows of a raw table, as text, in the order of vintages and rows."""
    raw.parse_new(catalogue or load(), Store(landing), raw_folder, "run", lambda line: None)
    with duckdb.connect() as connection:
        cursor = connection.execute(
            "select * from read_parquet($files, union_by_name = true) order by vintage_id, row_number",
            {"files": str(raw_folder / table / "*.parquet")},
        )
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
