"""Counts, by indicator, how the figures of two releases differ.

Belongs here: counting. Does not belong here: sentences about changes (`alerts.change_notes`).
"""

from dataclasses import dataclass

import duckdb

from atf_dagster.release.versions import Release
from atf_dagster.sql import literal

KEY = "indicator_code, area_code, period_id, sex, age, breakdown_type, breakdown_value"


@dataclass(frozen=True)
class Change:
    """How many figures of one indicator differ from the release before."""

    indicator: str
    name: str | None
    new: int
    revised: int
    withdrawn: int


def between(before: Release | None, after: Release | None) -> list[Change]:
    """New, revised and withdrawn figures since the release before, one entry for each indicator that has any."""
    if after is None:
        return []
    with duckdb.connect() as connection:
        attach(connection, after, "after")
        if before is None:
            connection.execute("create view earlier as from after.mart.fct_observation where false")
        else:
            attach(connection, before, "before")
            connection.execute("create view earlier as from before.mart.fct_observation")
        rows = connection.execute(
            f"""
            select
                indicator_code,
                any_value(i.short_name),
                count(*) filter (where b.status is null) as n_new,
                count(*) filter (where b.status is not null and a.status is not null
                    and (a.value is distinct from b.value or a.status <> b.status)) as n_revised,
                count(*) filter (where a.status is null) as n_withdrawn
            from after.mart.fct_observation as a
            full join earlier as b using ({KEY})
            left join after.mart.dim_indicator as i using (indicator_code)
            group by indicator_code
            having n_new + n_revised + n_withdrawn > 0
            order by indicator_code
            """
        ).fetchall()
    return [Change(*row) for row in rows]


def attach(connection: duckdb.DuckDBPyConnection, release: Release, name: str) -> None:
    """Attach a release's database read-only under `name`."""
    connection.execute(f"attach {literal(release.database)} as {name} (read_only)")
