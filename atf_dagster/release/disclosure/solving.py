"""Solves equations between known and unknown numbers, exactly or within bounds.

Belongs here: elimination over the rationals, bounds of whole numbers. Does not belong here: where the equations
come from (`sums`, `gaps`), whether a solution must stay hidden (`attack`).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Generic, TypeVar

from atf_dagster.release.disclosure.numbers import Interval, Number

U = TypeVar("U", bound=Hashable)
K = TypeVar("K", bound=Hashable)

ROUNDS = 30
WIDEST = 40
"""Equations with more unknowns give no bounds: the bounds would be as wide as the hidden numbers."""


@dataclass
class Equation(Generic[U, K]):
    """The sum of factor times number, over all unknown and known numbers, is zero."""

    unknown: dict[U, Number]
    known: dict[K, Number] = field(default_factory=dict)
    constant: Number = 0


@dataclass
class Solution(Generic[K]):
    """The values that an unknown can have, and the known numbers that determine them."""

    interval: Interval
    through: frozenset[K]


def components(equations: Iterable[Equation[U, K]], of_interest: Collection[U]) -> Iterator[list[Equation[U, K]]]:
    """Groups of equations that share unknowns, where at least one unknown is of interest."""
    by_unknown: dict[U, list[int]] = defaultdict(list)
    everything = list(equations)
    for number, equation in enumerate(everything):
        for cell in equation.unknown:
            by_unknown[cell].append(number)
    reached: set[U] = set()
    for start in of_interest:
        if start in reached or start not in by_unknown:
            continue
        waiting, found = [start], set()
        reached.add(start)
        while waiting:
            for number in by_unknown[waiting.pop()]:
                if number not in found:
                    found.add(number)
                    new = [cell for cell in everything[number].unknown if cell not in reached]
                    reached.update(new)
                    waiting += new
        yield [everything[number] for number in sorted(found)]


def eliminate(equations: Iterable[Equation[U, K]], intervals: Mapping[K, Interval]) -> dict[U, Solution[K]]:
    """The unknowns that follow from known numbers by any combination of the equations (Gauss and Jordan)."""
    pivots: dict[U, Equation[U, K]] = {}
    holders: dict[U, set[U]] = defaultdict(set)
    for equation in sorted(equations, key=lambda one: len(one.unknown)):
        line = Equation(dict(equation.unknown), dict(equation.known), equation.constant)
        for pivot in [cell for cell in line.unknown if cell in pivots]:
            _subtract(line, pivots[pivot], line.unknown[pivot])
        if not line.unknown:
            continue  # a repeated equation, or numbers that do not quite add up
        lead = next(iter(line.unknown))
        _divide(line, line.unknown[lead])
        for other in holders.pop(lead, set()):
            before = set(pivots[other].unknown)
            _subtract(pivots[other], line, pivots[other].unknown[lead])
            for cell in before ^ set(pivots[other].unknown):
                (holders[cell].add if cell in pivots[other].unknown else holders[cell].discard)(other)
        pivots[lead] = line
        for cell in line.unknown:
            if cell != lead:
                holders[cell].add(lead)
    return {
        lead: Solution(_minus(_range(line, intervals)), frozenset(line.known))
        for lead, line in pivots.items()
        if len(line.unknown) == 1
    }


def _subtract(line: Equation[U, K], other: Equation[U, K], times: Number) -> None:
    _subtract_factors(line.unknown, other.unknown, times)
    _subtract_factors(line.known, other.known, times)
    line.constant -= times * other.constant


def _subtract_factors(factors: dict[U, Number], others: Mapping[U, Number], times: Number) -> None:
    for cell, factor in others.items():
        left = factors.get(cell, 0) - times * factor
        if left:
            factors[cell] = left
        else:
            factors.pop(cell, None)


def _divide(line: Equation[U, K], by: Number) -> None:
    if by == 1:
        return
    share: Number = by if by == -1 else 1 / Fraction(by)
    line.unknown = {cell: factor * share for cell, factor in line.unknown.items()}
    line.known = {cell: factor * share for cell, factor in line.known.items()}
    line.constant *= share


def _range(line: Equation[U, K], intervals: Mapping[K, Interval]) -> Interval:
    """The interval of the equation's known part."""
    low = high = line.constant
    for cell, factor in line.known.items():
        first, second = intervals[cell]
        low += factor * (first if factor > 0 else second)
        high += factor * (second if factor > 0 else first)
    return low, high


def _minus(interval: Interval) -> Interval:
    return -interval[1], -interval[0]


@dataclass
class Bounds(Generic[K]):
    """The least and the greatest value of an unknown; None where there is no bound."""

    low: Number | None
    high: Number | None
    is_whole: bool
    through: frozenset[K] = frozenset()
    lines: set[int] = field(default_factory=set)
    """Numbers of the equations that tightened it."""

    def tighten(self, low: Number | None, high: Number | None) -> bool:
        """Tighten the bounds. Returns whether anything changed."""
        if self.is_whole:
            low = None if low is None else math.ceil(low)
            high = None if high is None else math.floor(high)
        changed = False
        if low is not None and (self.low is None or low > self.low):
            self.low, changed = low, True
        if high is not None and (self.high is None or high < self.high):
            self.high, changed = high, True
        return changed


def confine(
    equations: Sequence[Equation[U, K]], intervals: Mapping[K, Interval], bounds: Mapping[U, Bounds[K]]
) -> None:
    """Tighten `bounds` until no single equation tightens them further."""
    lines = [
        (number, one, _range(one, intervals)) for number, one in enumerate(equations) if len(one.unknown) <= WIDEST
    ]
    for _ in range(ROUNDS):
        changed = False
        for number, line, (low, high) in lines:
            for cell, factor in line.unknown.items():
                others = [(bounds[other], by) for other, by in line.unknown.items() if other != cell]
                least = _extreme(others, low, lower=True)
                most = _extreme(others, high, lower=False)
                # factor * cell = -(known + others)
                first = None if most is None else _over(-most, factor)
                second = None if least is None else _over(-least, factor)
                ends = (first, second) if factor > 0 else (second, first)
                if bounds[cell].tighten(*ends):
                    changed = True
                    bounds[cell].lines.add(number)
        if not changed:
            return


def grounds(cell: U, equations: Sequence[Equation[U, K]], bounds: Mapping[U, Bounds[K]]) -> frozenset[K]:
    """The known numbers on which the bounds of a cell depend."""
    waiting, reached, found = [cell], {cell}, set(bounds[cell].through)
    while waiting:
        for number in bounds[waiting.pop()].lines:
            found.update(equations[number].known)
            new = [other for other in equations[number].unknown if other not in reached]
            reached.update(new)
            waiting += new
            for other in new:
                found |= bounds[other].through
    return frozenset(found)


def _over(number: Number, factor: Number) -> Number:
    return number * factor if factor in (1, -1) else Fraction(number) / factor


def _extreme(others: Iterable[tuple[Bounds[K], Number]], start: Number, *, lower: bool) -> Number | None:
    total = start
    for bound, factor in others:
        end = bound.low if (factor > 0) == lower else bound.high
        if end is None:
            return None
        total += factor * end
    return total
