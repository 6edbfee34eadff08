"""What arrived with the first vintages of a dataset in this home: a list for people to review.

A check compares a vintage with the one before. The first one has none before it, so people look at what it holds.

Belongs here: finding first loads in the warehouse, keeping and reading the list. Does not belong here: showing it
(`page`, `cli.diagnose`), checks on the figures (`expectations`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from atf_dagster.files import write_atomic
from atf_dagster.sql import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILE = "first_loads.json"
SHOWN_STEPS = 3
SHOWN_WORDS, LONGEST = 8, 120


@dataclass(frozen=True)
class FirstLoad:
    """What one dataset holds. Lists are sorted; a number stands where all entries would be too many."""

    dataset: str
    figures: int
    """Figures that go on to the mart if they are admitted."""
    left_out: dict[str, int]
    """Why rows go no further -> how many."""
    not_given: dict[str, int]
    """Status of figures without a value -> how many."""
    indicators: tuple[str, ...]
    units: tuple[str, ...]
    """The unit of each indicator's card, with the smallest and the largest value."""
    ages: tuple[str, ...]
    sexes: tuple[str, ...]
    breakdowns: tuple[str, ...]
    periods: int
    first_period: str
    last_period: str
    areas: int
    councils: int
    """How many of the nine."""
    has_england: bool
    largest_steps: tuple[str, ...]
    """The steps of the nine councils and England that are largest beside the usual one, in words."""

    run_id: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        lists = ("indicators", "units", "ages", "sexes", "breakdowns", "largest_steps")
        return cls(**{**record, **{name: tuple(record[name]) for name in lists}})

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Heading and words, for the page and the command alike. Labels are text of the publisher."""
        england = "England" if self.has_england else "no England"
        return [
            ("Figures", f"{self.figures:,}{_counts(self.not_given, 'without a value')}"),
            ("Left out", _counts(self.left_out, "").removeprefix("; ") or "nothing"),
            ("Areas", f"{self.areas}: {self.councils} of the nine councils, {england}"),
            ("Periods", f"{self.periods}: {self.first_period} to {self.last_period}"),
            ("Ages", _list(self.ages)),
            ("Sexes", _list(self.sexes)),
            ("Categories", _list(self.breakdowns)),
            ("Units", _list(self.units)),
            ("Largest steps", " ".join(self.largest_steps) or "none"),
        ]


def _list(words: Sequence[str]) -> str:
    more = len(words) - SHOWN_WORDS
    return "; ".join(word[:LONGEST] for word in words[:SHOWN_WORDS]) + (f" and {more} more" if more > 0 else "")


def _counts(counts: dict[str, int], what: str) -> str:
    words = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sorted(counts.items()))
    return f"; {what + ': ' if what else ''}{words}" if words else ""


NEW = """
    create or replace temp table arrived as
    select staged.dataset, staged.vintage_id, staged.indicator_code, staged.area_code, staged.sex, staged.age,
        staged.breakdown_type, staged.breakdown_value, staged.period_label, staged.period_start, staged.period_end,
        staged.value, staged.status, staged.row_use, indicator.unit, indicator.short_name,
        area.area_type = 'council' as is_ours, area.area_name as name
    from warehouse.intermediate.int_staged as staged
    inner join warehouse.raw.vintage as vintage on staged.vintage_id = vintage.vintage_id
    left join warehouse.raw.catalogue_indicator as indicator on staged.indicator_code = indicator.indicator_code
    left join warehouse.raw.catalogue_area as area
        on staged.area_code = area.area_code and area.in_cheshire_merseyside
    where vintage.admission = 'pending' and staged.dataset in (select unnest($datasets))
"""
ARRIVED = """
    select dataset,
        count(*), list_sort(list(distinct indicator_code)),
        list_sort(list(distinct coalesce(age, 'no age'))), list_sort(list(distinct coalesce(sex, 'no sex'))),
        list_sort(list(distinct case when breakdown_type = 'Total' then 'Total'
            else breakdown_type || ': ' || breakdown_value end)),
        count(distinct (period_start, period_end)), min_by(period_label, (period_end, period_start)),
        max_by(period_label, (period_end, period_start)),
        count(distinct area_code), count(distinct case when is_ours then area_code end),
        bool_or(area_code = 'E92000001')
    from arrived where row_use = 'kept' group by dataset order by dataset
"""
UNITS = """
    select dataset, short_name || ': ' || unit || coalesce(', from '
        || round(min(case when status = 'normal' then value end), 4) || ' to '
        || round(max(case when status = 'normal' then value end), 4), '')
    from arrived where row_use = 'kept' group by dataset, indicator_code, short_name, unit order by dataset, short_name
"""
LEFT_OUT = "select dataset, row_use, count(*) from arrived where row_use <> 'kept' group by all"
NOT_GIVEN = "select dataset, status, count(*) from arrived where row_use = 'kept' and value is null group by all"
# Rows with another status than normal may hold a number that should be hidden.
STEPS = f"""
    with step as (
        select dataset, short_name, indicator_code, sex, age, coalesce(name, 'England') as name, period_label, value,
            period_end, area_code, lag(value) over series as value_before, lag(period_label) over series as label_before
        from arrived
        where row_use = 'kept' and breakdown_type = 'Total' and status = 'normal' and value is not null
            and (is_ours or area_code = 'E92000001')
        window series as (
            partition by dataset, indicator_code, area_code, sex, age order by period_end, period_start, vintage_id)
    ), size as (
        select *, abs(value - value_before)
            / nullif(median(abs(value - value_before)) over (partition by dataset, indicator_code), 0) as times
        from step where value_before is not null
    ), ranked as (
        select *, row_number() over (
            partition by dataset order by times desc, indicator_code, area_code, sex, age, period_end) as place
        from size where times is not null
    )
    select dataset, short_name || ', ' || name || ' (' || sex || ', ' || age || '): ' || round(value_before, 2) || ' ('
        || label_before || ') to ' || round(value, 2) || ' (' || period_label || '), ' || round(times, 1)
        || ' times the usual step.'
    from ranked where place <= {SHOWN_STEPS} order by dataset, place
"""


def find(warehouse: Path, datasets: Collection[str]) -> list[FirstLoad]:
    """The first loads among the vintages that wait for a verdict. datasets: those without an admitted vintage."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        connection.execute(NEW, {"datasets": sorted(datasets)})
        left_out = _by_dataset(connection, LEFT_OUT)
        not_given = _by_dataset(connection, NOT_GIVEN)
        units = _by_dataset(connection, UNITS)
        steps = _by_dataset(connection, STEPS)
        rows = connection.execute(ARRIVED).fetchall()
    return [
        FirstLoad(
            dataset=dataset,
            figures=figures,
            left_out=dict(left_out[dataset]),
            not_given=dict(not_given[dataset]),
            indicators=tuple(indicators),
            units=tuple(words for (words,) in units[dataset]),
            ages=tuple(ages),
            sexes=tuple(sexes),
            breakdowns=tuple(breakdown for breakdown in breakdowns if breakdown is not None),
            periods=periods,
            first_period=str(first),
            last_period=str(last),
            areas=areas,
            councils=councils,
            has_england=bool(england),
            largest_steps=tuple(words for (words,) in steps[dataset]),
        )
        for dataset, figures, indicators, ages, sexes, breakdowns, periods, first, last, areas, councils, england in (
            rows
        )
    ]


def _by_dataset(connection: "DuckDBPyConnection", sql: str) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for dataset, *row in connection.execute(sql).fetchall():
        found[dataset].append(tuple(row))
    return found


def keep(folder: Path, run_id: str, loads: Sequence[FirstLoad]) -> None:
    """Add the loads of a run to the list of the home; a newer one of a dataset takes the place of the older one."""
    kept = _kept(folder) | {load.dataset: load.as_json() | {"run_id": run_id} for load in loads}
    write_atomic(folder / FILE, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def of_run(folder: Path, run_id: str) -> list[FirstLoad]:
    """The first loads of one run."""
    return [FirstLoad.from_json(record) for record in _kept(folder).values() if record["run_id"] == run_id]


def of_dataset(folder: Path, dataset: str) -> FirstLoad | None:
    """The first load of a dataset, or nothing where it was before this list was kept."""
    record = _kept(folder).get(dataset)
    return FirstLoad.from_json(record) if record else None


def _kept(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / FILE
    return json.loads(path.read_text("utf-8")) if path.exists() else {}
