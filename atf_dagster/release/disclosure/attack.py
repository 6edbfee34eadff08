"""The attack: computes everything that follows from a release and compares it with what the release hides.

What counts as hidden: numerator, value and (of a return) denominator of each figure that has a status in place of a
number, for any reason (suppressed, unreliable, not published), in force and in every earlier state. Not hidden: a
figure that was not applicable, and a derived figure that is only not available.

- A publisher hides now what it showed before: nothing blocks, because the earlier number is public and the history
  stays as it was. Where the new status is `suppressed`, the finding names the publisher, so that somebody asks it. A
  return that is hidden in one state is hidden in all.
- A publisher's own tables give a hidden number away (Persons less Female): the finding names the publisher, and nothing
  blocks, because leaving its figures out would protect nobody. The release stops where the number follows only with
  a derived figure, a gap, a benchmark or a second publisher, or where a derived total alone gives it away: then this
  release discloses it.
- Of a publisher that rounds, sums show only how great a count can be. There is a finding where one whole number is
  left. That a count lies in 1 to 7 is the publisher's own published rule.
- Complete sums of the same kind show whether parts add up, as a reader would see. If most of these fail (surveys,
  perturbed or overlapping counts), sums of that kind prove nothing. Where there is no complete sum, they count.
- Zeros that follow from a shown zero are no finding. Later steps use them as known.

What else the mart shows, and how the attack uses it:
- fct_inequality: each gap, and each change of a gap, is an equation (`gaps`). An index with a hidden quantile is a
  finding.
- partial_value is the sum or mean of the shown councils of a group. Anybody can compute that, so it gives nothing away;
  a partial_value of anything more is a finding. denominator_coverage is an equation: it gives the denominator of all
  councils, and with any value of all of them also the hidden numbers, as total less partial.
- An approximate pool is a mean of the councils weighted by numbers of people that anybody can look up: with all other
  councils shown it is an equation with one unknown. So it has a value only where every member is shown, it is worked
  out from what is in force now and has no earlier state, and it has no partial value. A pool that shows a number
  although a member is hidden is a finding, without any computing.
- fct_pool_check pools the shown councils of England, which anybody can do, and sets the publisher's own figure beside.
  A hidden council has no value in the model that it reads. It says nothing more than these two.
- fct_comparison, fct_revision, fct_trend and the history's row of the state in force (`other_tables`): their numbers
  count like those of the figure's own row. Anything computed from a hidden figure is a finding; the attack does not
  compute the number.
- fct_change: an old value is what the release before showed. Of a hidden figure there is none. Where something is
  hidden in a period of an indicator, an old value that no state in the history shows is a finding, without computing,
  but for those that a publisher gives itself.
- fct_control_chart: a mean and its ranges are of shown points alone, which anybody can average; a point of a hidden
  figure is a finding.
- fct_goal: a goal is the programme's own number; beside it stand shown figures and lines through two of them.
- fct_quintile: ranks are of shown values and repeat their order; the rank of a hidden figure is a finding.
- fct_slope_influence: lines through the shown figures of councils, which anybody can fit. A slope over councils has no
  value, and no rows there, where one of them is hidden.
- fct_association: one rank correlation for all councils. It depends on their order alone and gives no number; it is not
  attacked.
- vw_*: views in the same file on the tables above. They show nothing more than these tables.
- dim_*, coverage: no figures.

Not covered: sums over pooled or overlapping periods, relations between indicators, indices over neighbourhoods (their
figures are not in the mart), what an organisation knows of itself, a range of more than one number.

Belongs here: the equations of one indicator, and which of their solutions are disclosure findings. Does not belong
here: which figures add up (`sums`), how equations are solved (`solving`), what follows from a finding (`audit`).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from atf_dagster.release.disclosure.findings import Finding, describe
from atf_dagster.release.disclosure.gaps import Gaps
from atf_dagster.release.disclosure.numbers import Cell, Interval, Number, Numbers, Quantity
from atf_dagster.release.disclosure.reading import NOTHING_THERE, Reading
from atf_dagster.release.disclosure.solving import Bounds, Equation, Solution, components, confine, eliminate, grounds
from atf_dagster.release.disclosure.sums import LESS_COUNCILS, Block, Partial, Places, Sum

ORDER = {"numerator": 0, "value": 1, "denominator": 2}
"""The order in which a finding chooses one number of a figure where several follow."""
COUNTS: tuple[Quantity, ...] = ("numerator", "denominator")
SMALL_AT_SOURCE = (1, 7)
"""The possible values of a suppressed count of a publisher that rounds to 5 (NHS Digital, Hospital Episode
Statistics)."""

SUM_DIGITS = 6
"""Decimals to which sums of groups are rounded (macros/limits.sql, steady_sum)."""

PROMILLION = Fraction(1, 10**6)


class Shown(NamedTuple):
    """A number that the reader knows. kind: a cell as printed, a cell with its rounding, a gap, a coverage or the last
    digit of a value.
    """

    kind: str
    number: int
    quantity: Quantity | None

    @property
    def is_gap(self) -> bool:
        return self.kind.startswith("gap")


class Indicator:
    """One indicator: its figures in every state, and the equations between them."""

    def __init__(self, reading: Reading, numbers: Numbers, places: Places, gaps: Gaps, members: list[int]) -> None:
        self._reading, self._numbers, self._places, self._gaps = reading, numbers, places, gaps
        self._figures = reading.figures
        self._members = members
        first = reading.figures[members[0]]
        self.code = first.indicator
        self._card = reading.cards[self.code]
        self._is_returned = self.code in reading.returned
        self.secret = {number for number in members if reading.holds_a_number_back(number)}
        self._intervals: dict[Shown, Interval] = {}
        self._zeros: set[Cell] = set()
        """Hidden cells that are zero because a shown total is zero."""
        quantities: tuple[Quantity, ...] = (*COUNTS, "value")
        self._negative = {q for q in quantities if any((getattr(self._figures[n], q) or 0) < 0 for n in members)}

    def findings(self) -> Iterator[Finding]:
        yield from self._plainly_shown()
        blocks = list(self._blocks())
        sums = list(dict.fromkeys(one for block in blocks for one in block.sums(self._places)))
        partials = self._believable({one for block in blocks for one in block.partials(self._places)})
        yield from self._hidden_in_partials(partials)
        yield from self._hidden_in_pools(blocks)
        equations = [*self._of_sums(sums), *self._of_coverage(partials), *self._of_gaps()]
        equations += self._of_rows({cell.figure for cell in self._unknown(equations)})
        cells = [cell for cell in self._unknown(equations) if cell.figure in self.secret]
        for together in components(equations, cells):
            yield from self._solve(together)

    # Hidden figures of which a number is shown ---------------------------------------------------------

    def _plainly_shown(self) -> Iterator[Finding]:
        for number in sorted(self.secret):
            figure = self._figures[number]
            shown = [
                name
                for name in ("value", "numerator", "lci_95", "uci_95", *(["denominator"] * self._is_returned))
                if getattr(figure, name) is not None
            ]
            where = "fct_observation" if figure.until is None else "fct_observation_history"
            if shown:
                yield describe(self._reading, number, [f"its own {' and '.join(shown)} in {where}"], ours=True)
        for repeated in self._reading.repeated:
            if repeated.figure in self.secret and self._figures[repeated.figure].indicator == self.code:
                yield describe(self._reading, repeated.figure, [repeated.where], ours=True)
        yield from self._shown_in_another_state()
        for gap in self._reading.gaps:
            # Limits without a value are on both sides of it; an index depends on each of its quantiles.
            if gap.indicator == self.code:
                about = self._gaps.about(gap) if gap.value is None else self._gaps.quantiles(gap)
                for number in self.secret.intersection(about):
                    yield describe(self._reading, number, [f"{gap.measure} in fct_inequality"], ours=True)

    def _shown_in_another_state(self) -> Iterator[Finding]:
        for key, versions in self._reading.versions.items():
            if key[0] != self.code or len(versions) < 2:
                continue
            hidden = [number for number in versions if number in self.secret]
            open_ = [n for n in versions if n not in hidden and not self._figures[n].is_hidden]
            if not hidden or not open_:
                continue
            # What a publisher showed earlier is public. There is a finding only where it suppresses the figure now.
            if self._is_returned or self._figures[hidden[0]].status == "suppressed":
                where = sorted({"fct_observation" if self._figures[n].until is None else "history" for n in open_})
                text = [f"the same figure in another state, in {' and '.join(where)}"]
                yield describe(self._reading, hidden[0], text, ours=self._is_returned)

    def _believable(self, partials: Iterable[Partial]) -> list[Partial]:
        """Where a group's members changed with boundaries, only the sets of members that give its partial value."""
        by_total: dict[int, list[Partial]] = defaultdict(list)
        for one in sorted(partials):
            by_total[one.total].append(one)
        return [one for alike in by_total.values() for one in ([a for a in alike if self._is_of_the_shown(a)] or alike)]

    def _is_of_the_shown(self, one: Partial) -> bool:
        partial, together = self._figures[one.total].partial, self._together(one.shown)
        return partial is None or (
            together is not None and abs(together - partial) <= 2e-9 + 1e-9 * abs(partial)  # doubles, rounded to nine
        )

    def _hidden_in_partials(self, partials: Iterable[Partial]) -> Iterator[Finding]:
        """A partial value that the shown councils do not give includes hidden ones."""
        for one in partials:
            if not self._is_of_the_shown(one):
                for number in sorted(self.secret.intersection(one.missing)):
                    where = self._figures[one.total].area
                    yield describe(self._reading, number, [f"partial_value of {where}"], ours=True)

    def _hidden_in_pools(self, blocks: Iterable[Block]) -> Iterator[Finding]:
        """A pool that shows a number although a member is hidden: its weights are public, so the member follows."""
        for total, members in dict.fromkeys(one for block in blocks for one in block.pools(self._places)):
            for number in sorted(self.secret.intersection(members)):
                area = self._figures[total].area
                text = f"the approximate pool of {area}, whose weights are public"
                yield describe(self._reading, number, [text], ours=True)

    def _together(self, numbers: Iterable[int]) -> float | None:
        """The value of several councils together, by the formula of int_group_history."""
        figures = [self._figures[number] for number in numbers]
        rule = self._card.aggregation_rule
        if rule == "sum":
            return round(math.fsum(figure.value or 0 for figure in figures), SUM_DIGITS)
        by = round(math.fsum(figure.denominator or 0 for figure in figures), SUM_DIGITS)
        if not by:
            return None
        if rule == "weighted_mean":
            return math.fsum((figure.denominator or 0) * (figure.value or 0) for figure in figures) / by
        return self._card.multiplier * round(math.fsum(figure.numerator or 0 for figure in figures), SUM_DIGITS) / by

    # Equations -----------------------------------------------------------------------------------------

    def _blocks(self) -> Iterator[Block]:
        periods: dict[str, list[int]] = defaultdict(list)
        for number in self._members:
            periods[self._figures[number].period].append(number)
        for numbers in periods.values():
            yield Block(self._reading, [n for n in numbers if self._figures[n].until is None])
            if any(self._figures[n].until is not None for n in numbers):
                moments = {self._figures[n].since for n in numbers}
                for moment in sorted(moments):
                    state = [n for n in numbers if self._figures[n].shown_at(moment)]
                    if any(n in self.secret for n in state):
                        yield Block(self._reading, state)

    def _of_sums(self, sums: list[Sum]) -> Iterator[Equation[Cell, Shown]]:
        quantities: tuple[Quantity, ...] = COUNTS
        if self._card.value_type == "amount":
            quantities = (*COUNTS, "value")
        for quantity in quantities:
            shown = {number: self._numbers.shown(Cell(number, quantity)) for number in self._members}
            self._find_zeros(sums, quantity, shown)
            open_ = [one for one in sums if shown[one.total] is None or any(shown[part] is None for part in one.parts)]
            holds = self._evidence(sums, quantity, shown, {one.kind for one in open_})
            for one in open_:
                believed = holds[one.kind] >= (1 if quantity == "value" and not self._sums_values else 0)
                if believed or self._figures[one.total].derived:
                    equation = self._equation(one, quantity)
                    if equation.unknown and not self._is_partial(one, equation):
                        yield equation

    def _evidence(
        self, sums: list[Sum], quantity: Quantity, shown: Mapping[int, float | None], kinds: set[str]
    ) -> Mapping[str, int]:
        """Number of a publisher's complete sums of each kind that hold, less those that do not."""
        holds: dict[str, int] = defaultdict(int)
        for one in sums:
            total = shown[one.total]
            if one.kind not in kinds or total is None or self._figures[one.total].derived:
                continue
            parts = [part for number in one.parts if (part := shown[number]) is not None]
            if len(parts) == len(one.parts):
                slack = sum(self._numbers.half_unit(Cell(n, quantity)) for n in (one.total, *one.parts))
                holds[one.kind] += 1 if abs(total - math.fsum(parts)) <= slack + 1e-9 * abs(total) else -1
        return holds

    @property
    def _sums_values(self) -> bool:
        return self._card.aggregation_rule == "sum"

    def _equation(self, one: Sum, quantity: Quantity) -> Equation[Cell, Shown]:
        equation: Equation[Cell, Shown] = Equation({})
        # What was computed here is computed from printed numbers; a publisher's total is the sum of true counts.
        printed = self._figures[one.total].derived or self._is_returned or one.kind == LESS_COUNCILS
        for number, factor in ((one.total, 1), *((part, -1) for part in one.parts)):
            self._add(equation, Cell(number, quantity), factor, printed=printed)
        return equation

    def _add(self, equation: Equation[Cell, Shown], cell: Cell, factor: Number, *, printed: bool) -> None:
        if cell in self._zeros:
            return
        shown = Shown("printed" if printed else "true", *cell)
        if shown not in self._intervals:
            interval = self._numbers.printed(cell) if printed else self._numbers.true(cell)
            if interval is None:
                equation.unknown[cell] = equation.unknown.get(cell, 0) + factor
                return
            self._intervals[shown] = interval
        equation.known[shown] = equation.known.get(shown, 0) + factor

    def _adds_up(self, equation: Equation[Cell, Shown]) -> bool:
        low = high = Fraction(0)
        size = 0.0
        for shown, factor in equation.known.items():
            first, second = self._intervals[shown]
            low += factor * (first if factor > 0 else second)
            high += factor * (second if factor > 0 else first)
            size = max(size, abs(float(first)))
        return float(low) <= 1e-9 * size and float(high) >= -1e-9 * size

    def _is_partial(self, one: Sum, equation: Equation[Cell, Shown]) -> bool:
        """A sum that is marked as incomplete and equals the sum of what is shown: it gives nothing away."""
        total = self._figures[one.total]
        if total.included >= total.expected or not total.derived:
            return False
        return self._adds_up(Equation({}, equation.known))

    def _find_zeros(self, sums: list[Sum], quantity: Quantity, shown: Mapping[int, float | None]) -> None:
        """Record that the parts of a shown zero total are zero. That describes no person, so it is no finding."""
        zero = {number for number, size in shown.items() if size == 0}
        if not zero or quantity in self._negative:
            return
        new = True
        while new:
            new = False
            for one in sums:
                if one.total in zero and not zero.issuperset(one.parts):
                    zero.update(one.parts)
                    new = True
                elif one.total not in zero and zero.issuperset(one.parts):
                    zero.add(one.total)
                    new = True
        self._zeros |= {Cell(number, quantity) for number in zero if shown[number] is None}

    def _of_rows(self, numbers: Iterable[int]) -> Iterator[Equation[Cell, Shown]]:
        """multiplier * numerator = value * denominator, where one of the two factors is known.

        With two unknown counts a rounded value gives no equation, only a range that grows with the counts.
        """
        multiplier = Fraction(repr(float(self._card.multiplier)))
        for number in sorted(numbers):
            value, numerator = Cell(number, "value"), Cell(number, "numerator")
            denominator, figure = Cell(number, "denominator"), self._figures[number]
            digit = Fraction(self._numbers.value_slack(figure))
            if figure.status == NOTHING_THERE:
                continue
            by, level = self._numbers.printed(denominator), self._numbers.printed(value)
            equation: Equation[Cell, Shown] = Equation({})
            if by is not None and by[0] == by[1] and by[0]:
                self._add(equation, numerator, multiplier, printed=True)
                self._add(equation, value, -by[0], printed=True)
                size, via = Fraction(by[0]), Shown("by", *denominator)
            elif level is not None and level[0] and digit <= abs(Fraction(level[0])) * PROMILLION:
                self._add(equation, numerator, multiplier, printed=True)
                self._add(equation, denominator, -level[0], printed=True)
                size, via = Fraction(0), Shown("by", *value)
            else:
                continue
            if equation.unknown:
                rounding = Shown("rounding", number, None)
                self._intervals[rounding], equation.known[rounding] = (-digit * size, digit * size), 1
                self._intervals[via], equation.known[via] = (0, 0), 1
                yield equation

    def _of_coverage(self, partials: Iterable[Partial]) -> Iterator[Equation[Cell, Shown]]:
        """coverage * denominator of all = sum of the shown denominators."""
        for one in partials:
            coverage = self._figures[one.total].coverage
            shown = math.fsum(self._figures[number].denominator or 0 for number in one.shown)
            if not coverage or coverage >= 1 or not shown or not one.has_all:
                continue
            equation: Equation[Cell, Shown] = Equation({})
            for number in one.shown:
                self._add(equation, Cell(number, "denominator"), 1, printed=True)
            self._add(equation, Cell(one.total, "denominator"), -Fraction(repr(coverage)), printed=True)
            if equation.unknown:
                digit, known = Fraction(repr(shown)) / 10**12, Shown("coverage", one.total, None)
                self._intervals[known], equation.known[known] = (-digit, digit), 1
                yield equation

    def _of_gaps(self) -> Iterator[Equation[Cell, Shown]]:
        for number, gap in enumerate(self._reading.gaps):
            if gap.indicator != self.code:
                continue
            for line in self._gaps.lines(gap):
                equation: Equation[Cell, Shown] = Equation({})
                for figure, factor in line.factors:
                    self._add(equation, Cell(figure, "value"), factor, printed=True)
                if equation.unknown:
                    # Of several lines of one gap each has its own constant.
                    shown = Shown(f"gap {line.constant}", number, None)
                    self._intervals[shown], equation.known[shown] = (line.constant, line.constant), 1
                    yield equation

    # Solutions -----------------------------------------------------------------------------------------

    def _unknown(self, equations: Iterable[Equation[Cell, Shown]]) -> list[Cell]:
        cells = {cell for equation in equations for cell in equation.unknown}
        return sorted(cells, key=lambda cell: (ORDER[cell.quantity], cell.figure))

    def _solve(self, equations: list[Equation[Cell, Shown]]) -> Iterator[Finding]:
        """Solve first with publishers' own numbers, then with all: the release discloses what only the second finds."""
        theirs = [one for one in equations if not self._is_ours(one)]
        found = self._determined(theirs)
        if len(theirs) < len(equations):
            # A derived figure that gives a number away alone blocks, also where the publisher gives it away too.
            for one in equations:
                if len(one.unknown) == 1 and self._is_ours(one) and next(iter(one.unknown)).figure in found:
                    found |= self._determined([one])
            found = self._determined(equations) | found
        for number, solution in found.items():
            yield self._finding(number, solution)

    def _is_ours(self, equation: Equation[Cell, Shown]) -> bool:
        """Whether a number in it was computed here, or whether it combines several publishers."""
        numbers = {shown.number for shown in equation.known if not shown.is_gap}
        numbers |= {cell.figure for cell in equation.unknown}
        repeated = {one.figure for one in self._reading.repeated}
        publishers = {self._reading.publishers.get(self._figures[n].vintage) for n in numbers}
        return (
            any(shown.is_gap for shown in equation.known)
            or any(self._figures[n].derived or (n in repeated and self._figures[n].value is None) for n in numbers)
            or len(publishers) > 1
        )

    def _determined(self, equations: list[Equation[Cell, Shown]]) -> dict[int, Solution[Shown]]:
        """The hidden figures for which one number is left, with the numbers that determine it."""
        found: dict[int, Solution[Shown]] = {}
        solved = eliminate(equations, self._intervals)
        bounds = {cell: self._bounds(cell) for cell in self._unknown(equations)}
        for cell, solution in solved.items():
            bounds[cell].tighten(*solution.interval)
            bounds[cell].through = solution.through
        confine(equations, self._intervals, bounds)
        for cell, bound in bounds.items():
            if cell.figure not in self.secret:
                continue
            if cell in solved and self._is_one_number(cell, solved[cell].interval):
                found.setdefault(cell.figure, solved[cell])
            elif (low := bound.low) is not None and low == bound.high and (through := grounds(cell, equations, bounds)):
                found.setdefault(cell.figure, Solution((low, low), through))
        return found

    def _bounds(self, cell: Cell) -> Bounds[Shown]:
        figure = self._figures[cell.figure]
        if cell.quantity == "value" and self._card.value_type != "amount":
            return Bounds(None, None, False)
        if cell.quantity in self._negative:
            return Bounds(None, None, False)
        low, high = 0, None
        if figure.status == "suppressed" and cell.quantity == "numerator" and self._numbers.unit(figure) == 5:
            low, high = SMALL_AT_SOURCE
        return Bounds(low, high, self._numbers.counts_whole(cell))

    def _is_one_number(self, cell: Cell, interval: Interval) -> bool:
        low, high = interval
        width = high - low
        if self._numbers.counts_whole(cell) and width:
            return math.ceil(low) == math.floor(high)
        if cell.quantity == "value":
            return width <= 2 * self._numbers.value_slack(self._figures[cell.figure])
        return float(width) <= 1e-6 * max(1.0, abs(float(low)))

    def _finding(self, number: int, solution: Solution[Shown]) -> Finding:
        gaps = [self._reading.gaps[shown.number] for shown in solution.through if shown.is_gap]
        used = {
            Cell(shown.number, shown.quantity)
            for shown in solution.through
            if shown.quantity is not None and not (shown.kind == "by" and shown.number == number)
        }
        repeated = [
            one for one in self._reading.repeated if one.value is not None and Cell(one.figure, "value") in used
        ]
        return describe(
            self._reading,
            number,
            [f"{gap.measure} of {gap.group_a} and {gap.group_b} in fct_inequality" for gap in gaps]
            + [
                f"denominator_coverage of {self._figures[n].area}"
                for kind, n, _ in solution.through
                if kind == "coverage"
            ]
            + [one.where for one in repeated],
            used={(cell.figure, self._printed_as(cell)) for cell in used},
            ours=bool(gaps) or bool(repeated) or any(shown.kind == "coverage" for shown in solution.through),
        )

    def _printed_as(self, cell: Cell) -> str:
        """The column that a number came from; a count may come from the value and the rest of its row."""
        return cell.quantity if getattr(self._figures[cell.figure], cell.quantity) is not None else "value"


def attack(reading: Reading) -> Iterator[Finding]:
    """Every disclosure finding, at most one for each figure."""
    numbers, places, gaps = Numbers(reading), Places(reading), Gaps(reading)
    members: dict[str, list[int]] = defaultdict(list)
    for number, figure in enumerate(reading.figures):
        members[figure.indicator].append(number)
    for _, group in sorted(members.items()):
        found: set[int] = set()
        for finding in Indicator(reading, numbers, places, gaps, group).findings():
            if finding.number not in found:
                found.add(finding.number)
                yield finding
