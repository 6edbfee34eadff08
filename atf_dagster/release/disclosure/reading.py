"""What a reader of a release finds in it that bears on a hidden figure.

Belongs here: figures in force and earlier ones, areas, comparisons and gaps, read by the contract's names alone.
Does not belong here: what follows from them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import duckdb

from atf_dagster.release.contract import SCHEMA

HIDING = ("suppressed", "not_available", "not_applicable", "unreliable", "not_published")
"""The statuses of macros/markers.sql that stand in place of a value."""
NOTHING_THERE = "not_applicable"
"""Of these the one that hides no number: nothing was to be counted, and a nil return says so."""

KEY = ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")
FigureKey = tuple[str, str, str, str, str, str, str]


class Figure(NamedTuple):
    """One figure in one state: in force, or as it was between two moments."""

    indicator: str
    area: str
    period: str
    sex: str
    age: str
    breakdown_type: str
    breakdown: str
    period_end: dt.date
    value: float | None
    numerator: float | None
    denominator: float | None
    lci_95: float | None
    uci_95: float | None
    ci_method: str
    status: str
    vintage: str
    derived: bool
    expected: int
    included: int
    since: dt.datetime
    until: dt.datetime | None
    """None: still so."""

    @property
    def key(self) -> FigureKey:
        return self[:7]

    @property
    def is_hidden(self) -> bool:
        return self.status in HIDING

    def shown_at(self, moment: dt.datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


class Gap(NamedTuple):
    """One row of fct_inequality."""

    indicator: str
    area: str
    period: str
    sex: str
    age: str
    measure: str
    group_a: str
    group_b: str
    value: float


class Area(NamedTuple):
    code: str
    name: str
    type: str
    parent: str | None
    upper_tier: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None


class Card(NamedTuple):
    """Of dim_indicator what sums and precision depend on."""

    name: str
    value_type: str
    multiplier: float
    aggregation_rule: str
    decimals: int


class Told(NamedTuple):
    """A number about a figure that stands elsewhere than in its own row."""

    figure: int
    value: float | None
    where: str


@dataclass
class Reading:
    """The indicators that hide something, with all that is shown of them."""

    figures: list[Figure]
    areas: dict[str, Area]
    cards: dict[str, Card]
    publishers: dict[str, str]
    """By vintage."""
    groups: Mapping[str, Collection[str]]
    """Members of groups that dim_area does not name, such as statistical neighbours."""
    gaps: list[Gap] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.returned = {f.indicator for f in self.figures if self.area(f.area).type == "organisation"}
        """Indicators of local returns: what they hide, this house hides."""
        self.versions: dict[FigureKey, list[int]] = defaultdict(list)
        for number, figure in enumerate(self.figures):
            self.versions[figure.key].append(number)

    def area(self, code: str) -> Area:
        return self.areas.get(code) or Area(code, code, "", None, None, None, None)

    def holds_a_number_back(self, number: int) -> bool:
        """Whether there is a number behind the status. A derived figure that is only not available has none."""
        figure = self.figures[number]
        if not figure.is_hidden or figure.status == NOTHING_THERE or (figure.derived and figure.status != "suppressed"):
            return False
        # A publisher's figure that is shown now is public; a return that was hidden once is hidden for good.
        newest = self.figures[self.versions[figure.key][0]]
        return newest.is_hidden or newest.until is not None or figure.indicator in self.returned


class Reader:
    """Asks one release, of which optional tables and columns may be absent."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: str) -> None:
        self._connection = connection
        self._schema = f"{database}.{SCHEMA}"
        found = connection.execute(
            "select table_name, column_name from duckdb_columns() where database_name = ? and schema_name = ?",
            [database, SCHEMA],
        ).fetchall()
        self._columns: dict[str, set[str]] = defaultdict(set)
        for table, column in found:
            self._columns[table].add(column)

    def read(self, groups: Mapping[str, Collection[str]]) -> Reading | None:
        """None where nothing is hidden."""
        hiding = f"status in {HIDING}"
        indicators = self._rows(f"select distinct indicator_code from {self._table('fct_observation')} where {hiding}")
        if self._columns["fct_observation_history"]:
            indicators += self._rows(
                f"select distinct indicator_code from {self._table('fct_observation_history')} where {hiding}"
            )
        if not indicators:
            return None
        codes = sorted({str(code) for (code,) in indicators})
        figures = self._in_force(codes)
        figures += self._earlier(codes, {figure.key: figure for figure in figures})
        reading = Reading(
            figures=figures,
            areas={row[0]: Area(*row) for row in self._areas()},
            cards={row[0]: Card(*row[1:]) for row in self._cards(codes)},
            publishers=dict(self._rows(f"select vintage_id, publisher from {self._table('dim_vintage')}")),
            groups=groups,
        )
        reading.gaps = [Gap(*row) for row in self._gaps(codes)]
        reading.told = [*self._benchmarks(codes, reading), *self._revisions(codes, reading)]
        return reading

    def _in_force(self, codes: list[str]) -> list[Figure]:
        return [
            Figure(*row)
            for row in self._rows(
                f"""select {", ".join(KEY)}, period_end, value, numerator, denominator, lci_95, uci_95, ci_method,
                    status, vintage_id, is_derived, n_areas_expected, n_areas_included, first_seen_at, null
                from {self._table("fct_observation")} where indicator_code in (select unnest($1))
                order by {", ".join(KEY)}""",
                codes,
            )
        ]

    def _earlier(self, codes: list[str], in_force: Mapping[FigureKey, Figure]) -> list[Figure]:
        if not self._columns["fct_observation_history"]:
            return []
        # Only periods in which something was hidden at some time: no other state can give anything away.
        rows = self._rows(
            f"""select {", ".join(KEY)}, period_end, value, numerator, denominator, lci_95, uci_95, ci_method, status,
                vintage_id, false, 1, 1, valid_from, valid_to
            from {self._table("fct_observation_history")} as history
            where indicator_code in (select unnest($1)) and valid_to is not null and change <> 'withdrawn'
                and (indicator_code, period_id) in (
                    select (indicator_code, period_id) from {self._table("fct_observation_history")}
                    where status in {HIDING}
                    union all
                    select (indicator_code, period_id) from {self._table("fct_observation")} where status in {HIDING})
            order by {", ".join(KEY)}, valid_from""",
            codes,
        )
        figures = []
        for row in rows:
            figure = Figure(*row)
            now = in_force.get(figure.key)
            if now is not None and now.derived:
                figure = figure._replace(derived=True, expected=now.expected, included=now.expected)
            figures.append(figure)
        return figures

    def _areas(self) -> list[tuple[Any, ...]]:
        upper = "upper_tier_code" if "upper_tier_code" in self._columns["dim_area"] else "null"
        return self._rows(
            f"select area_code, area_name, area_type, parent_code, {upper}, valid_from, valid_to "
            f"from {self._table('dim_area')}"
        )

    def _cards(self, codes: list[str]) -> list[tuple[Any, ...]]:
        return self._rows(
            "select indicator_code, short_name, value_type, multiplier, aggregation_rule, coalesce(decimals, 1) "
            f"from {self._table('dim_indicator')} where indicator_code in (select unnest($1))",
            codes,
        )

    def _gaps(self, codes: list[str]) -> list[tuple[Any, ...]]:
        if not self._columns["fct_inequality"]:
            return []
        return self._rows(
            "select indicator_code, area_code, period_id, sex, age, measure, group_a, group_b, value "
            f"from {self._table('fct_inequality')} "
            "where indicator_code in (select unnest($1)) and value is not null order by all",
            codes,
        )

    def _benchmarks(self, codes: list[str], reading: Reading) -> Iterable[Told]:
        """Benchmarks whose own row shows no value, and anything worked out of a figure that is hidden."""
        if not self._columns["fct_comparison"]:
            return
        numbers = self._rows(
            "select column_name from duckdb_columns() where database_name || '.' || schema_name = "
            f"'{self._schema}' and table_name = 'fct_comparison' and data_type = 'DOUBLE'"
        )
        worked_out = " or ".join(
            [f"{name} is not null" for (name,) in numbers if name != "benchmark_value"]
            + ["outcome_statistical in ('lower', 'similar', 'higher')"]
        )
        rows = self._rows(
            f"""select {", ".join(KEY)}, benchmark_area_code, benchmark_value, ({worked_out})
            from {self._table("fct_comparison")}
            where indicator_code in (select unnest($1)) order by all""",
            codes,
        )
        for *key, benchmark, value, is_worked_out in rows:
            own: FigureKey = tuple(key)
            other: FigureKey = (own[0], benchmark, *own[2:])
            for number in reading.versions.get(other, [])[:1]:
                if value is not None and reading.figures[number].value is None:
                    yield Told(number, value, f"benchmark_value in fct_comparison of {own[1]}")
            for number in reading.versions.get(own, [])[:1]:
                if is_worked_out and reading.holds_a_number_back(number):
                    yield Told(number, None, f"its comparison with {benchmark} in fct_comparison")

    def _revisions(self, codes: list[str], reading: Reading) -> Iterable[Told]:
        if not self._columns["fct_revision"]:
            return
        rows = self._rows(
            f"select {', '.join(KEY)}, seen_at, old_value, new_value from {self._table('fct_revision')} "
            "where indicator_code in (select unnest($1)) and (old_value is not null or new_value is not null) "
            "order by all",
            codes,
        )
        for *key, seen_at, old, new in rows:
            own: FigureKey = tuple(key)
            for number in reading.versions.get(own, []):
                figure = reading.figures[number]
                if old is not None and figure.until == seen_at and figure.value is None:
                    yield Told(number, old, "old_value in fct_revision")
                if new is not None and figure.since == seen_at and figure.value is None:
                    yield Told(number, new, "new_value in fct_revision")

    def _table(self, name: str) -> str:
        return f"{self._schema}.{name}"

    def _rows(self, sql: str, codes: list[str] | None = None) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, [codes] if codes is not None else []).fetchall()
