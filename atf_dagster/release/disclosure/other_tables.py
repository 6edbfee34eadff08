"""Numbers of a figure that other tables repeat, beside its own row of fct_observation.

Belongs here: comparisons, revisions, changes since the release before, the history's row of the state in force, trends,
control charts and ranks among councils, by the contract's names. Does not belong here: fct_inequality (`gaps`), partial
values of groups (`sums`), what follows from the numbers (`attack`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from atf_dagster.release.disclosure.reading import HIDING, KEY, FigureKey, Reading, Repeated

Rows = Callable[[str], list[tuple[Any, ...]]]
DIRECTIONS = "('lower', 'similar', 'higher')"
SERIES = ("indicator_code", "area_code", "sex", "age", "breakdown_type", "breakdown_value")


class OtherTables:
    """Reads rows of the release; an absent table gives none."""

    def __init__(
        self, rows: Rows, doubles: Mapping[str, set[str]], table: Callable[[str], str], codes: list[str]
    ) -> None:
        """doubles: the names of the numeric columns of each table that exists."""
        self._rows, self._doubles, self._table = rows, doubles, table
        self._of_codes = "indicator_code in (" + ", ".join(f"'{code}'" for code in codes) + ")"

    def repeated(self, reading: Reading) -> Iterator[Repeated]:
        for table, numbers_of in (
            ("fct_comparison", self._benchmarks),
            ("fct_revision", self._revisions),
            ("fct_change", self._changes),
            ("fct_observation_history", self._state_in_force),
            ("fct_trend", self._trends),
            ("fct_quintile", self._places),
            ("fct_control_chart", self._charts),
        ):
            if table in self._doubles:
                yield from numbers_of(reading)

    def _benchmarks(self, reading: Reading) -> Iterator[Repeated]:
        """Benchmarks whose own row shows no value, and anything computed from a hidden figure."""
        own_numbers = [name for name in self._doubles["fct_comparison"] if not name.startswith("benchmark_")]
        worked_out = " or ".join(
            [f"{name} is not null" for name in sorted(own_numbers)]
            + [f"outcome_statistical in {DIRECTIONS}", "is_significant_998 is not null"]
        )
        limits = " or ".join(
            ["false"]
            + [f"{n} is not null" for n in sorted(self._doubles["fct_comparison"]) if n.startswith("benchmark_")]
        )
        rows = self._rows(
            f"""select {", ".join(KEY)}, benchmark_area_code, benchmark_value, ({worked_out}), ({limits})
            from {self._table("fct_comparison")} where {self._of_codes} order by all"""
        )
        for *key, benchmark, value, is_worked_out, has_numbers in rows:
            own: FigureKey = tuple(key)
            other: FigureKey = (own[0], benchmark, *own[2:])
            for number in reading.versions.get(other, [])[:1]:
                if reading.figures[number].value is None and has_numbers:
                    what = "benchmark_value" if value is not None else "limits of the benchmark"
                    yield Repeated(number, value, f"{what} in fct_comparison of {own[1]}")
            for number in reading.versions.get(own, [])[:1]:
                if is_worked_out and reading.holds_a_number_back(number):
                    yield Repeated(number, None, f"its comparison with {benchmark} in fct_comparison")

    def _revisions(self, reading: Reading) -> Iterator[Repeated]:
        rows = self._rows(
            f"""select {", ".join(KEY)}, seen_at, old_value, new_value, difference,
                old_outcome_statistical in {DIRECTIONS}, new_outcome_statistical in {DIRECTIONS}
            from {self._table("fct_revision")} where {self._of_codes} order by all"""
        )
        for *key, seen_at, old, new, difference, old_is_compared, new_is_compared in rows:
            own: FigureKey = tuple(key)
            versions = reading.versions.get(own, [])
            before = [n for n in versions if reading.figures[n].until == seen_at]
            since = [n for n in versions if reading.figures[n].since == seen_at]
            for numbers, value, others, sign, compared, name in (
                (before, old, since, -1, old_is_compared, "old"),
                (since, new, before, 1, new_is_compared, "new"),
            ):
                for number in numbers:
                    if reading.figures[number].value is not None:
                        continue
                    beside = [reading.figures[other].value for other in others]
                    if value is not None:
                        yield Repeated(number, value, f"{name}_value in fct_revision")
                    elif difference is not None and beside and beside[0] is not None:
                        yield Repeated(number, beside[0] + sign * difference, "difference in fct_revision")
                    elif compared:
                        yield Repeated(number, None, f"{name}_outcome_statistical in fct_revision")

    def _changes(self, reading: Reading) -> Iterator[Repeated]:
        """An old value is of the release before, which may have shown more than any state that equations know."""
        hidden: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, figure in enumerate(reading.figures):
            if reading.holds_a_number_back(number):
                hidden[figure.indicator, figure.period].append(number)
        rows = self._rows(
            f"""select {", ".join(KEY)}, old_value, new_value, coalesce(
                    old_outcome_statistical in {DIRECTIONS} or new_outcome_statistical in {DIRECTIONS}, false)
            from {self._table("fct_change")} where {self._of_codes} order by all"""
        )
        for *key, old, new, is_compared in rows:
            own: FigureKey = tuple(key)
            of_period = hidden.get((own[0], own[2]), [])
            versions = reading.versions.get(own, [])
            in_force = [n for n in versions if reading.figures[n].until is None and n in of_period]
            for number in in_force:
                if new is not None:
                    yield Repeated(number, new, "new_value in fct_change")
                elif old is not None:
                    yield Repeated(number, None, "old_value in fct_change")
                elif is_compared:
                    yield Repeated(number, None, "its comparison in fct_change")
            # What a publisher itself showed is public; of a figure that is withdrawn nobody says whose it was.
            is_published = any(not reading.figures[n].derived for n in versions) and own[0] not in reading.returned
            shown = {reading.figures[n].value for n in versions}
            if not in_force and not is_published and old is not None and old not in shown:
                for number in of_period:
                    where = f"old_value of {own[1]} in fct_change, which the history does not show"
                    yield Repeated(number, None, where)

    def _state_in_force(self, reading: Reading) -> Iterator[Repeated]:
        """The history repeats the state in force. Where the two differ, a reader uses the row with a number."""
        shown = " or ".join(f"{name} is not null" for name in ("value", "numerator", "lci_95", "uci_95"))
        rows = self._rows(
            f"""select {", ".join(KEY)}, value from {self._table("fct_observation_history")}
            where {self._of_codes} and valid_to is null and change <> 'withdrawn' and ({shown})
                and ({", ".join(KEY)}) in (
                    select ({", ".join(KEY)}) from {self._table("fct_observation")} where status in {HIDING})
            order by all"""
        )
        for *key, value in rows:
            for number in reading.versions.get(tuple(key), [])[:1]:
                if reading.figures[number].value is None:
                    yield Repeated(number, value, "its state in force in fct_observation_history")

    def _trends(self, reading: Reading) -> Iterator[Repeated]:
        """A slope is a sum over its points, so a hidden point follows from the slope and the other points."""
        series: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
        for number, figure in enumerate(reading.figures):
            if figure.until is None:
                series[figure.key[:2] + figure.key[3:]][figure.period] = number
        rows = self._rows(
            f"""select {", ".join(SERIES)}, first_period_id, period_id, n_points from {self._table("fct_trend")}
            where {self._of_codes} and (slope is not null or chi_squared is not null) order by all"""
        )
        for *key, first, last, n_points in rows:
            points = series.get(tuple(key), {})
            if last not in points or first not in points:
                continue
            begin, end = (reading.figures[points[period]].period_end for period in (first, last))
            between = [n for n in points.values() if begin <= reading.figures[n].period_end <= end]
            hidden = [n for n in between if reading.holds_a_number_back(n)]
            is_short = n_points > sum(reading.figures[n].value is not None for n in between)
            for number in hidden:
                if is_short or reading.figures[number].period in (first, last):
                    yield Repeated(number, None, f"fct_trend of {last}")

    def _places(self, reading: Reading) -> Iterator[Repeated]:
        rows = self._rows(
            f"""select {", ".join(KEY)} from {self._table("fct_quintile")}
            where {self._of_codes} and (rank is not null or quintile is not null) order by all"""
        )
        for key in rows:
            for number in reading.versions.get(key, [])[:1]:
                if reading.holds_a_number_back(number):
                    yield Repeated(number, None, "its rank in fct_quintile")

    def _charts(self, reading: Reading) -> Iterator[Repeated]:
        """A point of a chart shows its own figure, and a moving range also the one before it."""
        rows = self._rows(
            f"""select {", ".join(KEY)}, value from {self._table("fct_control_chart")}
            where {self._of_codes} and (value is not null or moving_range is not null or outcome is not null)
            order by all"""
        )
        for *key, value in rows:
            for number in reading.versions.get(tuple(key), [])[:1]:
                if reading.holds_a_number_back(number):
                    yield Repeated(number, value, "its point in fct_control_chart")
