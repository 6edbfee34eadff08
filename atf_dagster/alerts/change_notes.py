"""What changed in the figures between two releases, as sentences for analysts.

Belongs here: new periods, revisions, withdrawals, councils newly better or worse than England, definitions that a
publisher changed, and what must be checked before anybody is told so. Does not belong here: counting the changed
figures (`release.changes`), the checks (`expectations`), the message that contains the sentences (`digest`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import duckdb

from atf_dagster.quality.results import Result
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


@dataclass(frozen=True)
class Doubt:
    """A check's warning about figures of one period, in words."""

    period_id: str
    words: str


Doubts = Mapping[str, Sequence[Doubt]]
"""Indicator -> the doubts about its figures."""
SHOWN_DOUBTS = 3


class Latest(NamedTuple):
    """The newest figure of an area and sex in the new release beside that of the release before.

    If the newest period is older than the one before it (newer figures are no longer given), `value_before` and
    `judged_before` are what the release before said of the same period.
    """

    area: str
    sex: str
    area_type: str
    period_id: str
    period_now: str
    period_before: str
    direction: str
    """`same` period, `newer`, `again` (newer, and known but not given before) or `older`."""
    value_now: float | None
    value_before: float | None
    judged_now: str | None
    judged_before: str | None
    decimals: int
    unit: str


LATEST = """
    with pair as (
        select
            a.*,
            area.area_type,
            -- Both in the words of the newer release: software that words periods otherwise is no news.
            coalesce(renamed.label, b.period) as period_before,
            b.value as b_value,
            b.outcome_judged as b_judged,
            own.status as own_status,
            own.value as own_value,
            compared.outcome_judged as own_judged,
            case
                when a.period_id = b.period_id then 'same'
                when (now.period_end, now.period_start) < (earlier.period_end, earlier.period_start) then 'older'
                when own.status is not null then 'again'
                else 'newer'
            end as direction
        from after.mart.vw_latest_by_sex as a
        inner join after.mart.dim_area as area on a.area_code = area.area_code
        inner join after.mart.dim_period as now on a.period_id = now.period_id
        inner join before.mart.vw_latest_by_sex as b
            on a.indicator_code = b.indicator_code and a.area_code = b.area_code and a.sex = b.sex and a.age = b.age
        inner join before.mart.dim_period as earlier on b.period_id = earlier.period_id
        left join after.mart.dim_period as renamed on b.period_id = renamed.period_id
        left join before.mart.fct_observation as own
            on a.indicator_code = own.indicator_code and a.area_code = own.area_code and a.sex = own.sex
            and a.age = own.age and a.period_id = own.period_id and own.breakdown_type = 'Total'
        left join before.mart.fct_comparison as compared
            on a.indicator_code = compared.indicator_code and a.area_code = compared.area_code and a.sex = compared.sex
            and a.age = compared.age and a.period_id = compared.period_id and compared.breakdown_type = 'Total'
            and compared.benchmark_area_code = 'E92000001'
        where a.period_id <> b.period_id or a.outcome_judged is distinct from b.outcome_judged
            or a.value is distinct from b.value
    )
    select
        indicator_code, area_name, sex,
        any_value(area_type), any_value(period_id), any_value(period), any_value(period_before), any_value(direction),
        any_value(value), any_value(case when direction = 'older' then own_value else b_value end),
        any_value(outcome_judged), any_value(case when direction = 'older' then own_judged else b_judged end),
        any_value(decimals), any_value(unit)
    from pair
    group by indicator_code, area_name, sex, age
    order by indicator_code, area_name, sex
"""
DEFINITIONS = r"""
    select a.indicator_code, b.source_definition, a.source_definition
    from after.mart.dim_indicator as a
    inner join before.mart.dim_indicator as b on a.indicator_code = b.indicator_code
    where regexp_replace(trim(a.source_definition), '\s+', ' ', 'g')
        <> regexp_replace(trim(b.source_definition), '\s+', ' ', 'g')
    order by a.indicator_code
"""
"""Only where both releases have the publisher's own definition: the first one that comes changes nothing."""
SHOWN = 240
"""So many characters of a definition stand in a sentence; `dim_indicator` has all."""
PRINCIPLES = """
    select i.indicator_code, i.short_name, coalesce(i.principle, p.principle)
    from after.mart.dim_indicator as i left join after.mart.dim_indicator as p on i.proxy_for = p.indicator_code
"""


def doubts_of(results: Iterable[Result]) -> dict[str, list[Doubt]]:
    """What the checks of a run say in words of single figures and periods, by indicator, the worst first."""
    found: dict[str, list[Doubt]] = defaultdict(list)
    for result in results:
        for row in () if result.success else result.failing:
            if row.get("told") and row.get("indicator_code"):
                found[str(row["indicator_code"])].append(Doubt(str(row["period_id"]), str(row["told"])))
    return dict(found)


def between(
    before: Release | None, after: Release, changes: Sequence[Change], doubts: Doubts | None = None
) -> list[ChangeNote]:
    """Change notes of all changed indicators. changes: counts of changed figures by indicator (`release.changes`).

    For a first release there is one note, which says how many figures it has. doubts: what the checks said of the
    figures of the new release; doubts about a newest period come first in its note.
    """
    if before is None:
        figures = sum(change.new for change in changes)
        sentence = f"The first release: {figures:,} figures of {len(changes)} indicators."
        return [ChangeNote("All principles", "", "First release", (sentence,))]
    with duckdb.connect() as connection:
        attach(connection, before, "before")
        attach(connection, after, "after")
        latest: dict[str, list[Latest]] = defaultdict(list)
        for code, *row in connection.execute(LATEST).fetchall():
            latest[code].append(Latest(*row))
        cards = {code: (name, principle) for code, name, principle in connection.execute(PRINCIPLES).fetchall()}
        definitions = connection.execute(DEFINITIONS).fetchall() if _has_definitions(connection) else []
        redefined = {code: _redefined(*texts) for code, *texts in definitions}
    counted = {change.indicator: change for change in changes}
    notes = []
    for code in dict.fromkeys([*counted, *redefined]):
        change = counted.get(code)
        name, principle = cards.get(code, ((change and change.name) or "no longer collected", None))
        sentences = [redefined[code]] if code in redefined else []
        if change is not None:
            sentences += _sentences(change, latest.get(code, []), (doubts or {}).get(code, ()))
        notes.append(ChangeNote(principle or SUPPORTING, code, str(name), tuple(sentences)))
    return notes


def _has_definitions(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the release before has the publishers' definitions. Those of version 0.1.0 of the program have none."""
    return bool(
        connection.execute(
            "select 1 from duckdb_columns() where database_name = 'before' and schema_name = 'mart' "
            "and table_name = 'dim_indicator' and column_name = 'source_definition'"
        ).fetchall()
    )


def _redefined(before: str, after: str) -> str:
    was, now = (f"{text[:SHOWN]}..." if len(text) > SHOWN else text for text in (_one_line(before), _one_line(after)))
    return f'The publisher changed its definition. It was: "{was}" It is now: "{now}"'


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sentences(change: Change, latest: Sequence[Latest], doubts: Sequence[Doubt]) -> Iterator[str]:
    councils = [row for row in latest if row.area_type == "council"]
    about_newest = _of_newest(doubts, councils)
    for words in about_newest[:SHOWN_DOUBTS]:
        yield f"Check before anybody is told: {words}"
    if len(about_newest) > SHOWN_DOUBTS:
        yield f"And {len(about_newest) - SHOWN_DOUBTS} more such warnings on the validation page."
    periods = _periods(councils)
    for (direction, now, earlier), areas in sorted(periods.items()):
        yield _PERIOD[direction].format(now=now, earlier=earlier, areas=f"{len(areas)} of the nine councils")
    for word in ("worse", "better"):
        newly = [row for row in councils if row.judged_now == word and row.judged_before != word]
        if newly:
            start = f"Not to be told before that check: newly {word}" if about_newest else f"Newly {word}"
            yield f"{start} than England: {'; '.join(_place(row) for row in newly)}."
    if change.revised:
        moved = [
            (abs(row.value_now - row.value_before), row)
            for row in latest
            if row.direction == "same" and row.value_now is not None and row.value_before is not None
            if row.value_now != row.value_before
        ]
        largest = max(moved, key=lambda pair: pair[0], default=None)
        example = f"; the largest change in a newest period: {_figure(largest[1])}" if largest else ""
        yield f"{_figures(change.revised)} revised{example}."
    if change.new and not any(direction == "newer" for direction, _, _ in periods):
        yield f"{_figures(change.new)} added."
    if change.withdrawn:
        # Withdrawn by the publisher, or lost with a damaged object of landing: coverage tells which.
        yield f"{_figures(change.withdrawn)} no longer there; coverage says why."


_PERIOD = {
    "newer": "New period {now} for {areas} (the newest was {earlier}).",
    "again": "{now} is given again for {areas} (without it, {earlier} was the newest).",
    "older": "{earlier} is no longer given for {areas}; their newest period is now the older {now}.",
}


def _periods(councils: Sequence[Latest]) -> dict[tuple[str, str, str], set[str]]:
    """Direction, newest period now and before -> the councils whose newest period changed in this way."""
    periods: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in councils:
        if row.direction != "same":
            periods[row.direction, row.period_now, row.period_before].add(row.area)
    return periods


def _of_newest(doubts: Sequence[Doubt], councils: Sequence[Latest]) -> list[str]:
    """The words of the doubts about periods that are newest for a council whose newest figure changed."""
    newest = {row.period_id for row in councils}
    return list(dict.fromkeys(doubt.words for doubt in doubts if doubt.period_id in newest))


def _figures(count: int) -> str:
    return f"{count:,} figure{'' if count == 1 else 's'}"


def _place(row: Latest) -> str:
    sex = "" if row.sex == "Persons" else f" ({row.sex.lower()})"
    was = f", was {row.judged_before}" if row.judged_before else ", was not judged"
    return f"{row.area}{sex}{was}"


def _figure(row: Latest) -> str:
    group = row.area if row.sex == "Persons" else f"{row.area} ({row.sex.lower()})"
    change = f"{row.value_before:.{row.decimals}f} became {row.value_now:.{row.decimals}f} {row.unit}"
    return f"{group}, {row.period_now}: {change}"
