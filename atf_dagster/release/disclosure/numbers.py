"""How exactly a reader knows a number: from its own row, from its value and limits, or within its rounding.

A shown count is exact, unless the publisher rounds. Where all counts of an indicator and kind of area in a period are
multiples of 5, 10, 100 or 1,000, they count as rounded to that unit, and each stands for all counts within half a unit;
where a period has few counts, those of all periods decide. (Hospital Episode Statistics rounds councils to 5 since
2012, and not the country. Temporary accommodation rounds regions and the country to 10, with estimates for councils
that did not report, and not councils.) A value is known to its last printed digit. A figure that was computed here from
printed numbers is exact in terms of them.

Belongs here: turning shown numbers into intervals. Does not belong here: which numbers add up (`sums`).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple

from atf_dagster.release.disclosure.reading import NOTHING_THERE, Figure, Reading

Quantity = Literal["numerator", "denominator", "value"]
Number = int | Fraction
Interval = tuple[Number, Number]

Z_95 = 1.959963984540054
BY_CHANCE = 1e-5
"""Greatest probability that unrounded counts are all multiples of a unit by chance."""
UNITS = (1000, 100, 10, 5)
FEW = 8
"""With fewer counts in a period, those of all periods decide. So many show whether the smallest unit is used."""
PRECISE = 7
"""A number with so many decimals was computed here, and nine or more of its digits are right."""


class Cell(NamedTuple):
    """One number of one figure."""

    figure: int
    quantity: Quantity


@cache
def exact(number: float) -> Number:
    """The number as it is printed, without the last bits of a double."""
    return int(number) if number.is_integer() else Fraction(repr(number))


@cache
def decimals(number: float) -> int:
    if number.is_integer():
        return 0
    exponent = Decimal(repr(number)).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


@cache
def _half_of_digit(place: int) -> Fraction:
    return Fraction(1, 2 * 10**place)


class Numbers:
    """What is known of each cell."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._units = _rounding_units(reading)
        self._whole = _whole_counts(reading)
        self._repeated = {one.figure: one for one in reading.repeated if one.value is not None}
        self._recovered: dict[int, dict[Quantity, Interval]] = {}

    def unit(self, figure: Figure) -> int:
        """The unit to which a figure's counts are rounded; 1 where they are exact."""
        if figure.derived or figure.indicator in self._reading.returned:
            return 1
        return self._units.get((figure.indicator, figure.period, self._reading.area(figure.area).type), 1)

    def counts_whole(self, cell: Cell) -> bool:
        """Whether the cell can only be a whole number."""
        return (self._reading.figures[cell.figure].indicator, cell.quantity) in self._whole

    def printed(self, cell: Cell) -> Interval | None:
        """The number as printed, or as the rest of its row gives it; None where it is not known."""
        own = self.shown(cell)
        if own is not None:
            number = exact(own)
            return number, number
        if cell.quantity == "value":
            repeated = self._repeated.get(cell.figure)
            return None if repeated is None or repeated.value is None else (exact(repeated.value),) * 2
        if cell.figure not in self._recovered:
            self._recovered[cell.figure] = self._recover(cell.figure)
        return self._recovered[cell.figure].get(cell.quantity)

    def shown(self, cell: Cell) -> float | None:
        """The number as the row shows it; zero where there was nothing to count."""
        figure = self._reading.figures[cell.figure]
        own: float | None = getattr(figure, cell.quantity)
        return 0.0 if own is None and cell.quantity != "value" and figure.status == NOTHING_THERE else own

    def half_unit(self, cell: Cell) -> int:
        """Greatest distance of a true count from the printed one; only zero is printed as zero."""
        figure = self._reading.figures[cell.figure]
        counted = cell.quantity == "numerator" or (cell.quantity == "value" and self._is_amount(figure))
        return self.unit(figure) // 2 if counted and getattr(figure, cell.quantity) else 0

    def true(self, cell: Cell) -> Interval | None:
        """All counts that the publisher would print like this one."""
        known, half = self.printed(cell), self.half_unit(cell)
        return known if known is None or not half else (max(0, known[0] - half), known[1] + half)

    def value_slack(self, figure: Figure) -> Number:
        """Half of the last digit to which the value of a figure is printed, or would be."""
        if figure.derived and figure.value is None:
            return 0
        shown = decimals(figure.value) if figure.value is not None else 0
        if shown >= PRECISE:
            return abs(Fraction(repr(figure.value))) / 10**9
        return _half_of_digit(max(shown, self._reading.cards[figure.indicator].decimals))

    def _recover(self, number: int) -> dict[Quantity, Interval]:
        """Counts from a shown value together with the other count, or with limits that only one pair of counts has."""
        figure = self._reading.figures[number]
        repeated = self._repeated.get(number)
        value = figure.value if figure.value is not None else repeated.value if repeated is not None else None
        if value is None:
            return {}
        multiplier = exact(self._reading.cards[figure.indicator].multiplier)
        middle, slack = exact(value), self.value_slack(figure._replace(value=value))
        low, high = middle - slack, middle + slack
        if figure.denominator is not None:
            by = exact(figure.denominator) / Fraction(multiplier)
            return {"numerator": (low * by, high * by)}
        if figure.numerator is not None:
            count = exact(figure.numerator) * multiplier
            return {"denominator": (count / Fraction(high), count / Fraction(low))} if low > 0 and count else {}
        counts = _counts_of_limits(figure, float(multiplier))
        if counts is None:
            return {}
        pair: tuple[tuple[Quantity, float], ...] = (("numerator", counts[0]), ("denominator", counts[1]))
        # Ends of intervals of doubles lose some digits. A millionth covers that and still separates counts.
        return {
            quantity: (Fraction(count) * Fraction(999_999, 1_000_000), Fraction(count) * Fraction(1_000_001, 1_000_000))
            for quantity, count in pair
        }

    def _is_amount(self, figure: Figure) -> bool:
        return self._reading.cards[figure.indicator].value_type == "amount"


def _rounding_units(reading: Reading) -> dict[tuple[str, str, str], int]:
    """Rounding unit by indicator, period and kind of area."""
    periods: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    ever: dict[tuple[str, str], list[int]] = defaultdict(list)
    for figure in reading.figures:
        amount = reading.cards[figure.indicator].value_type == "amount"
        count = figure.value if amount else figure.numerator
        if count and not figure.derived and count.is_integer():
            kind = reading.area(figure.area).type
            periods[figure.indicator, figure.period, kind].append(int(count))
            ever[figure.indicator, kind].append(int(count))
    always = {group: _unit_of(counts) for group, counts in ever.items()}
    return {
        (indicator, period, kind): _unit_of(counts) if len(counts) >= FEW else always[indicator, kind]
        for (indicator, period, kind), counts in periods.items()
    }


def _unit_of(counts: Sequence[int]) -> int:
    shared = math.gcd(*counts)
    return next((u for u in UNITS if shared % u == 0 and float(u) ** -len(counts) <= BY_CHANCE * 1.0001), 1)


def _whole_counts(reading: Reading) -> set[tuple[str, Quantity]]:
    """Quantities of which no number is shown with a fraction. Money and weighted counts have fractions."""
    broken: set[tuple[str, Quantity]] = set()
    for figure in reading.figures:
        for quantity, shown in (("numerator", figure.numerator), ("denominator", figure.denominator)):
            if shown is not None and not shown.is_integer():
                broken.add((figure.indicator, "numerator" if quantity == "numerator" else "denominator"))
    money = {code for code, card in reading.cards.items() if card.value_type in ("ratio", "mean")}
    quantities: tuple[Quantity, ...] = ("numerator", "denominator")
    return {(code, q) for code in reading.cards for q in quantities if (code, q) not in broken and code not in money}


def _counts_of_limits(figure: Figure, multiplier: float) -> tuple[float, float] | None:
    """The pair of counts that gives exactly this value and these limits; see macros/limits.sql for the formulae."""
    value, low, high = figure.value, figure.lci_95, figure.uci_95
    if value is None or low is None or high is None or high <= low or min(map(decimals, (low, high))) < PRECISE:
        return None
    if figure.ci_method == "wilson":
        share, half, z = value / multiplier, (high - low) / multiplier / 2, Z_95 * Z_95
        a, b, c = 4 * half**2, 8 * half**2 * z - 4 * z * share * (1 - share), (4 * half**2 - 1) * z**2
        size = (-b + math.sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a)
        return share * size, size
    if figure.ci_method == "byar" and value > 0:
        ratio = low / value
        count = _solve(lambda x: (1 - 1 / (9 * x) - Z_95 / (3 * math.sqrt(x))) ** 3 - ratio, 10, 1e12)
        return None if count is None else (count, count * multiplier / value)
    return None


def _solve(rising: Callable[[float], float], low: float, high: float) -> float | None:
    if rising(low) > 1e-9 or rising(high) < 0:
        return None
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
