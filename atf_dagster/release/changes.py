"""How the figures of two releases differ: which are new, revised or withdrawn.

Belongs here: the one rule of what counts as changed, and counting by it. Does not belong here: the rows of a release's
`fct_change` (`history`), sentences about changes (`alerts.change_notes`).
"""

from collections.abc import Mapping
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


def paired(after: str, before: str, beside: Mapping[str, bool] | None = None) -> str:
    """SQL of each figure of either schema: KEY, change, value, status and is_derived before and after.

    `change` is null where value and status are exactly those from before. A figure whose limits alone differ has not
    changed; whether it is judged otherwise, its comparison says. beside: more columns of a figure, each with whether
    the schema before has it, too.
    """
    more = "".join(
        f", {f'coalesce(a.{name}, b.{name})' if is_in_both else f'a.{name}'} as {name}"
        for name, is_in_both in (beside or {}).items()
    )
    return f"""
        select
            {KEY},
            case
                when b.status is null then 'new'
                when a.status is null then 'withdrawn'
                when a.value is distinct from b.value or a.status <> b.status then 'revised'
            end as change,
            b.value as old_value,
            a.value as new_value,
            b.status as old_status,
            a.status as new_status,
            b.is_derived as old_is_derived,
            a.is_derived as new_is_derived
            {more}
        from {after}.fct_observation as a
        full join {before}.fct_observation as b using ({KEY})
    """


def between(before: Release | None, after: Release | None) -> list[Change]:
    """New, revised and withdrawn figures since the release before, one entry for each indicator that has any."""
    if after is None:
        return []
    with duckdb.connect() as connection:
        attach(connection, after, "after")
        earlier = "before.mart"
        if before is None:
            earlier = "nothing"
            connection.execute("create schema nothing")
            connection.execute("create view nothing.fct_observation as from after.mart.fct_observation where false")
        else:
            attach(connection, before, "before")
        rows = connection.execute(
            f"""
            select
                indicator_code,
                any_value(i.short_name),
                count(*) filter (where change = 'new') as n_new,
                count(*) filter (where change = 'revised') as n_revised,
                count(*) filter (where change = 'withdrawn') as n_withdrawn
            from ({paired("after.mart", earlier)}) as c
            left join after.mart.dim_indicator as i using (indicator_code)
            where change is not null
            group by indicator_code
            order by indicator_code
            """
        ).fetchall()
    return [Change(*row) for row in rows]


def attach(connection: duckdb.DuckDBPyConnection, release: Release, name: str) -> None:
    """Attach a release's database read-only under `name`."""
    connection.execute(f"attach {literal(release.database)} as {name} (read_only)")
