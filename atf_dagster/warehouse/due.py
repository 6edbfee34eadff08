"""What was due of each dataset, and what a built warehouse has of it.

Belongs here: reading that of the warehouse. Does not belong here: when a period is due (the catalogue), who is late
(`orchestration.assets.late_publishers`).
"""

import datetime as dt
from pathlib import Path

import duckdb

from atf_dagster.sql import literal

DUE = """
    select
        dataset.dataset,
        min(dataset.expected_end) as expected_end,
        max(staged.period_end) as newest_end
    from raw.catalogue_dataset as dataset
    left join intermediate.int_staged as staged
        on dataset.dataset = staged.dataset and dataset.indicator_code = staged.indicator_code
        and staged.row_use = 'kept' and staged.value is not null
        and staged.vintage_id in (select vintage_id from raw.admission where verdict = 'admitted')
    group by dataset.dataset
"""


def due_periods(warehouse: Path) -> dict[str, tuple[dt.date | None, dt.date | None]]:
    """By dataset: the last day that is due of all indicators that it gives, and the newest that any of them has."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        connection.execute("use warehouse")
        return {dataset: (expected, newest) for dataset, expected, newest in connection.execute(DUE).fetchall()}
