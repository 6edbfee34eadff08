"""What changed in the figures between two releases, as sentences for analysts.

Belongs here: new periods, revisions, withdrawals, councils newly better or worse than England. Does not belong here:
counting the changed figures (`release.changes`), the message that contains the sentences (`digest`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import duckdb

from atf_dagster.release.changes import Change, attach
from atf_dagster.release.versions import Release

SUPPORTING = "Supporting figures"


@dataclass(frozen=True)
class ChangeNote:
    """The changes of one indicator. Grain: principle, indicator. `sentences`: the most important one first."""

    principle: str
    indicator: str
    name: str
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        return cls(**{**record, "sentences": tuple(record["sentences"])})


LATEST = """
    select
        a.indicator_code, any_value(a.indicator_name), a.area_name, a.sex,
        any_value(area.area_type) as area_type,
        any_value(a.period) as period_now, any_value(b.period) as period_before,
        any_value(a.value) as value_now, any_value(b.value) as value_before,
        any_value(a.outcome_judged) as judged_now, any_value(b.outcome_judged) as judged_before,
        any_value(a.decimals) as decimals, any_value(a.unit) as unit
    from after.mart.vw_latest_by_sex as a
    inner join after.mart.dim_area as area on a.area_code = area.area_code
    inner join before.mart.vw_latest_by_sex as b
        on a.indicator_code = b.indicator_code and a.area_code = b.area_code and a.sex = b.sex and a.age = b.age
    where a.period_id <> b.period_id or a.outcome_judged is distinct from b.outcome_judged
        or a.value is distinct from b.value
    group by a.indicator_code, a.area_name, a.sex, a.age
    order by a.indicator_code, a.area_name, a.sex
"""
PRINCIPLES = """
    select i.indicator_code, i.short_name, coalesce(i.principle, p.principle)
    from after.mart.dim_indicator as i left join after.mart.dim_indicator as p on i.proxy_for = p.indicator_code
"""


def between(before: Release | None, after: Release, changes: Sequence[Change]) -> list[ChangeNote]:
    """Change notes of all changed indicators. changes: counts of changed figures by indicator (`release.changes`).

    For a first release there is one note, which says how many figures it has.
    """
    if before is None:
        figures = sum(change.new for change in changes)
        sentence = f"The first release: {figures:,} figures of {len(changes)} indicators."
        return [ChangeNote("All principles", "", "First release", (sentence,))]
    with duckdb.connect() as connection:
        attach(connection, before, "before")
        attach(connection, after, "after")
        latest: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in connection.execute(LATEST).fetchall():
            latest[row[0]].append(row[2:])
        cards = {code: (name, principle) for code, name, principle in connection.execute(PRINCIPLES).fetchall()}
    notes = []
    for change in changes:
        name, principle = cards.get(change.indicator, (change.name or "no longer collected", None))
        sentences = tuple(_sentences(change, latest.get(change.indicator, [])))
        notes.append(ChangeNote(principle or SUPPORTING, change.indicator, str(name), sentences))
    return notes


def _sentences(change: Change, latest: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    councils = [row for row in latest if row[2] == "council"]
    periods: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in councils:
        if row[3] != row[4]:
            periods[row[3], row[4]].add(row[0])
    for (now, earlier), areas in sorted(periods.items()):
        yield f"New period {now} for {len(areas)} of the nine councils (the newest was {earlier})."
    for word in ("worse", "better"):
        newly = [row for row in councils if row[7] == word and row[8] != word]
        if newly:
            yield f"Newly {word} than England: {'; '.join(_place(row) for row in newly)}."
    moved = [row for row in latest if row[3] == row[4] and None not in (row[5], row[6]) and row[5] != row[6]]
    if change.revised:
        largest = max(moved, key=lambda row: abs(row[5] - row[6]), default=None)
        example = f"; the largest change in a newest period: {_figure(largest)}" if largest else ""
        yield f"{_figures(change.revised)} revised{example}."
    if change.new and not periods:
        yield f"{_figures(change.new)} added."
    if change.withdrawn:
        yield f"{_figures(change.withdrawn)} withdrawn."


def _figures(count: int) -> str:
    return f"{count:,} figure{'' if count == 1 else 's'}"


def _place(row: tuple[Any, ...]) -> str:
    sex = "" if row[1] == "Persons" else f" ({str(row[1]).lower()})"
    was = f", was {row[8]}" if row[8] else ", was not judged"
    return f"{row[0]}{sex}{was}"


def _figure(row: tuple[Any, ...]) -> str:
    area, sex, _, period, _, now, earlier, _, _, decimals, unit = row
    group = area if sex == "Persons" else f"{area} ({str(sex).lower()})"
    return f"{group}, {period}: {earlier:.{decimals}f} became {now:.{decimals}f} {unit}"
