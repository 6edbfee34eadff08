"""Which vintages' figures a built warehouse shows.

Belongs here: reading that of the warehouse. Does not belong here: the rule (dbt's macro `periods_of_vintages`), what
follows from it (`pipeline.run_record`).
"""

from pathlib import Path

import duckdb

from atf_dagster.sql import literal


def vintages(warehouse: Path) -> list[str]:
    """Ids of the vintages that give the figures of a period now: of yearly editions, one for each year."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        connection.execute("use warehouse")
        rows = connection.execute("select distinct vintage_id from intermediate.int_period_in_force").fetchall()
    return [str(vintage_id) for (vintage_id,) in rows]
