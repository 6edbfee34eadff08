"""What rows of fct_inequality show about figures: which figures a row is about, and the equations between them.

fct_inequality has its own names of groups (`Not eligible for free school meals`, whatever the publisher's name is).
This module does not list them a second time. It does what a reader would do: where both figures of a gap are shown, it
sees which two figures give the number, and takes the same names to mean the same groups where one figure is hidden.

A gap about two periods (`_change`) is an equation between up to four figures: if three of them are shown, the change
gives the fourth away, also where no row shows the gap itself. The change of a ratio is such an equation only where the
ratio of one of the two periods is known; otherwise one number cannot determine four. A slope index or relative index is
a weighted sum over all quantiles of deprivation, and a slope over councils one over all councils of the area; a measure
of the rate of the least deprived is one of a quantile and of the area. If it has a value while one of them is hidden,
that is a finding; the attack does not compute the number.

Belongs here: the figures of a gap's groups, gaps and their changes as sums of values. Does not belong here: what
follows from them together with other numbers (`attack`).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import NamedTuple

from atf_dagster.release.disclosure.numbers import Number
from atf_dagster.release.disclosure.reading import Gap, Reading
from atf_dagster.release.disclosure.sums import TOTAL

DIFFERENCE, RATIO = "absolute_gap", "relative_gap"
OF_THE_AREA = ("difference_if_as_least_deprived", "percent_if_as_least_deprived")
INDICES = ("slope_index", "relative_index", "rate_if_as_least_deprived", *OF_THE_AREA)
OVER_COUNCILS = "council_slope"
CHANGE = "_change"
SEXES = ("Female", "Male")

Names = tuple[str, str, str]
"""Indicator ("" for all), group_a and group_b."""
Words = tuple[str, str, str]
"""Breakdown type, and the values of the two groups."""


class Line(NamedTuple):
    """The sum of factor times value over all figures, and a constant, is zero."""

    factors: tuple[tuple[int, Number], ...]
    constant: Number


class Gaps:
    """The gaps of a release, with the figures in force that they are about."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._by_place: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
        self._ratios: dict[tuple[str, ...], float] = {}
        for number, figure in enumerate(reading.figures):
            if figure.until is None:
                self._by_place[figure.indicator, figure.area, figure.period, figure.age].append(number)
        for gap in reading.gaps:
            if gap.measure == RATIO and gap.value is not None:
                self._ratios[_same_groups(gap, gap.period)] = gap.value
        self._words = self._read_words()

    def lines(self, gap: Gap) -> Iterator[Line]:
        """The equations of a gap's value, or of its change; none for an index."""
        if gap.value is None:
            return
        size = Fraction(repr(gap.value))
        for a, b in self.pairs(gap, gap.period):
            if gap.measure == DIFFERENCE:
                yield Line(((a, 1), (b, -1)), -size)
            elif gap.measure == RATIO:
                yield Line(((a, 1), (b, -size)), 0)
            elif gap.since is not None and gap.measure in (DIFFERENCE + CHANGE, RATIO + CHANGE):
                for a_then, b_then in self.pairs(gap, gap.since):
                    if gap.measure == DIFFERENCE + CHANGE:
                        yield Line(((a, 1), (b, -1), (a_then, -1), (b_then, 1)), -size)
                        continue
                    if then := self._ratio(gap, gap.since, a_then, b_then):
                        yield Line(((a, 1), (b, -size * then)), 0)
                    if now := self._ratio(gap, gap.period, a, b):
                        yield Line(((a_then, size), (b_then, -now)), 0)

    def pairs(self, gap: Gap, period: str) -> list[tuple[int, int]]:
        """The pairs of figures, of group_a and group_b, that a gap can mean in one of its periods."""
        groups = (gap.group_a, gap.group_b)
        if groups == SEXES:
            found = [self._totals(gap, gap.area, period, sex) for sex in groups]
        elif all(group in self._reading.areas for group in groups):
            found = [self._totals(gap, area, period, gap.sex) for area in groups]
        else:
            return [pair for words in self._words_of(gap) for pair in self._of_breakdown(gap, period, words)]
        return [(a, b) for a in found[0] for b in found[1]]

    def quantiles(self, gap: Gap) -> list[int]:
        """The figures from which an index is computed; for a change, of both periods."""
        measure = gap.measure.removesuffix(CHANGE)
        periods = [period for period in (gap.period, gap.since) if period is not None]
        if measure == OVER_COUNCILS:
            councils = [area.code for area in self._reading.areas.values() if area.parent == gap.area]
            return [n for period in periods for code in councils for n in self._totals(gap, code, period, gap.sex)]
        if measure not in INDICES:
            return []
        kind = gap.group_a.rpartition(": ")[0]
        of_area = [n for period in periods for n in self._totals(gap, gap.area, period, gap.sex)]
        return [
            *(of_area if measure in OF_THE_AREA else ()),
            *(
                number
                for period in periods
                for number in self._here(gap, gap.area, period)
                if (figure := self._reading.figures[number]).sex == gap.sex and figure.breakdown_type == kind
            ),
        ]

    def about(self, gap: Gap) -> Collection[int]:
        """All figures that a row is about."""
        of_groups = {
            n for period in (gap.period, gap.since) if period for pair in self.pairs(gap, period) for n in pair
        }
        return of_groups | set(self.quantiles(gap))

    def _here(self, gap: Gap, area: str, period: str) -> list[int]:
        return self._by_place.get((gap.indicator, area, period, gap.age), [])

    def _totals(self, gap: Gap, area: str, period: str, sex: str) -> list[int]:
        figures = self._reading.figures
        return [n for n in self._here(gap, area, period) if figures[n].sex == sex and figures[n][5:7] == TOTAL]

    def _ratio(self, gap: Gap, period: str, a: int, b: int) -> Fraction | None:
        """The ratio of one period, from its own row or from the two figures."""
        shown = self._ratios.get(_same_groups(gap, period))
        if shown is not None:
            return Fraction(repr(shown))
        one, other = self._reading.figures[a].value, self._reading.figures[b].value
        return Fraction(repr(one)) / Fraction(repr(other)) if one and other else None

    # Names of groups -----------------------------------------------------------------------------------

    def _of_breakdown(self, gap: Gap, period: str, words: Words) -> Iterator[tuple[int, int]]:
        kind, *values = words
        sides: tuple[list[int], ...] = ([], [])
        for number in self._here(gap, gap.area, period):
            figure = self._reading.figures[number]
            if figure.sex == gap.sex and figure.breakdown_type == kind:
                for side, value in zip(sides, values, strict=True):
                    if figure.breakdown == value:
                        side.append(number)
        for a in sides[0]:
            yield from ((a, b) for b in sides[1])

    def _words_of(self, gap: Gap) -> Collection[Words]:
        """From gaps of the same indicator; where it has no gap with both figures, from those of all indicators."""
        of_all: Collection[Words] = self._words.get(("", gap.group_a, gap.group_b), ())
        return self._words.get((gap.indicator, gap.group_a, gap.group_b), of_all)

    def _read_words(self) -> dict[Names, set[Words]]:
        votes: dict[Names, Counter[Words]] = defaultdict(Counter)
        for gap in self._reading.gaps:
            if gap.measure in (DIFFERENCE, RATIO) and gap.value is not None:
                for words in self._giving(gap):
                    votes[gap.indicator, gap.group_a, gap.group_b][words] += 1
                    votes["", gap.group_a, gap.group_b][words] += 1
        # Two other groups may differ by the same number once or twice; the right ones always do.
        return {
            names: {words for words, votes_ in counted.items() if 2 * votes_ >= max(counted.values())}
            for names, counted in votes.items()
        }

    def _giving(self, gap: Gap) -> Iterator[Words]:
        """The groups of each breakdown whose shown values give the gap."""
        values: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for number in self._here(gap, gap.area, gap.period):
            figure = self._reading.figures[number]
            if figure.sex == gap.sex and figure.value is not None and figure[5:7] != TOTAL:
                values[figure.breakdown_type].append((figure.breakdown, figure.value))
        for kind, shown in values.items():
            for a, of_a in shown:
                for b, of_b in shown:
                    if a != b and _gives(gap, of_a, of_b):
                        yield kind, a, b


def _gives(gap: Gap, of_a: float, of_b: float) -> bool:
    if gap.value is None or (gap.measure == RATIO and not of_b):
        return False
    worked_out = of_a / of_b if gap.measure == RATIO else of_a - of_b
    return abs(worked_out - gap.value) <= 1e-9 * max(1.0, abs(of_a), abs(of_b))


def _same_groups(gap: Gap, period: str) -> tuple[str, ...]:
    return gap.indicator, gap.area, period, gap.sex, gap.age, gap.group_a, gap.group_b
