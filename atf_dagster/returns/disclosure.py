"""Which rows of returns, and which totals of rows, stay hidden.

Step 1 hides rows for a reason of their own:
- Rows with the flag `suppress`. The organisation knows a reason that a rule cannot see.
- ATF20 rows and totals with 1 to 7 staff from an ethnic minority, 1 to 7 others, or 1 to 7 in all. The Workforce
  Race Equality Standard hides fewer than 5. The rule of Hospital Episode Statistics, 1 to 7, is the strictest in use
  on health figures here, and one rule is easier to keep. The rule counts the others too, because 17 of 20 means
  that 3 of 20 are not.
- A zero is shown where the denominator is more than 7, because it describes no single person. A figure of everybody
  (numerator = denominator) is shown for the same reason. Unknown ethnicity is not an ethnicity and hides nothing.
- ATF12 and ATF21 do not count traits of persons. Only the flag hides their rows.

Step 2 hides more, because nobody may compute a hidden figure from shown ones. It looks at every sum that a reader can
make: ALL over an organisation's bands; a council area over its organisations; Cheshire and Merseyside over the councils
and the organisations that serve several places, and over all organisations, both for ALL and for each band; ALL of an
area over its bands.
- A sum with exactly one hidden figure gets a second one: the smallest denominator that is not yet hidden, so that the
  least is lost. The order of bands decides a tie, then the code. Where no part is left, the total is hidden. Nil parts
  (0 of 0) protect nothing and are not chosen, unless the total is nil and hidden.
- A reader can subtract the shown parts from a shown total. In ATF20 the remainder obeys the same 1 to 7 rule. It is
  also not zero (or everybody) unless the whole total is, because zero for two hidden bands is the hidden figure of
  each. More rows are hidden until this holds. Where ALL itself is a shown zero, every band's numerator is zero, even if
  hidden; the denominators stay unknown. Where other sums give more away by such zeros, a further figure is hidden.
- A band that an organisation did not supply counts as hidden, because ALL minus the rest would give it.
- At the end all sums are solved together. Where a figure follows from several sums at once, a further figure is hidden.

The rule assumes that every total is shown unless it is in the answer. That is the worst case: a mart that shows fewer
totals is safe too. Not covered: ranges that follow because no figure is below zero; an organisation that knows its own
hidden figure; earlier releases, so whoever hides a row also hides its history.

Belongs here: the decision, as a pure function of the rows in force. Does not belong here: blanking the figures (of a
hidden row nobody shows numerator, denominator, value, limits or unknown_count).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from atf_dagster.catalogue import Catalogue
from atf_dagster.returns.places import places
from atf_dagster.returns.rows import Row, RowKey
from atf_dagster.returns.template import BANDS, FORMS, NOT_SUPPLIED, SUPPRESS

SMALL = range(1, 8)

Reason = Literal["asked_for", "small_count", "protects_another"]


class TotalKey(NamedTuple):
    """A sum over the organisations of a place. E54000008 is over all nine and those that serve several places."""

    indicator_code: str
    area_code: str
    date_from: dt.date
    date_to: dt.date
    breakdown_type: str
    breakdown_value: str


@dataclass(frozen=True)
class Hiding:
    """What must not be shown, and why."""

    rows: Mapping[RowKey, Reason]
    totals: Mapping[TotalKey, Reason]


class Cell(NamedTuple):
    """A figure of a table: an organisation's own, or an area's total."""

    kind: Literal["organisation", "area"]
    code: str
    band: str


class Count(NamedTuple):
    part: Decimal
    whole: Decimal


@dataclass(frozen=True)
class Sum:
    """total = the parts added up."""

    total: Cell
    parts: tuple[Cell, ...]


def hide(rows: Iterable[Row], catalogue: Catalogue) -> Hiding:
    """Decide for the rows in force, one row a key. Raises ValueError where a key comes twice."""
    tables: dict[tuple[str, dt.date, dt.date], list[Row]] = defaultdict(list)
    seen: set[RowKey] = set()
    for row in rows:
        if row.key in seen:
            raise ValueError(f"{row.key} comes twice; give the rows in force, one row a key")
        seen.add(row.key)
        tables[row.indicator_code, row.date_from, row.date_to].append(row)
    hidden_rows: dict[RowKey, Reason] = {}
    hidden_totals: dict[TotalKey, Reason] = {}
    whole = places(catalogue).whole
    for (indicator, start, end), of_table in sorted(tables.items()):
        breakdown = FORMS[indicator].breakdown_type
        for cell, reason in Table(of_table, FORMS[indicator].total, whole).hidden().items():
            if cell.kind == "organisation":
                hidden_rows[RowKey(indicator, cell.code, start, end, breakdown, cell.band)] = reason
            else:
                hidden_totals[TotalKey(indicator, cell.code, start, end, breakdown, cell.band)] = reason
    return Hiding(hidden_rows, hidden_totals)


class Table:
    """The figures of one indicator and period, and all sums of them."""

    def __init__(self, rows: list[Row], total: str, whole: str) -> None:
        self._total = total
        self._counts_people = any(FORMS[row.indicator_code].counts_unknown for row in rows)
        self._asked = {_cell(row) for row in rows if row.suppression_flag == SUPPRESS}
        self.figures: dict[Cell, Count] = {
            _cell(row): Count(row.numerator, row.denominator)
            for row in rows
            if row.numerator is not None and row.denominator is not None
        }
        self._missing = {_cell(row) for row in rows if row.data_status == NOT_SUPPLIED}
        self._area = {_cell(row): row.area_code for row in rows}
        self.sums: list[Sum] = [*self._of_bands(), *self._of_places(whole)]
        self.sums += self._of_places_bands(whole)
        self._order = {band: position for position, band in enumerate((total, *BANDS))}

    def hidden(self) -> dict[Cell, Reason]:
        """Every figure that must be hidden, with the first reason that was found."""
        reasons: dict[Cell, Reason] = {}
        for cell, count in self.figures.items():
            if cell in self._asked:
                reasons[cell] = "asked_for"
            elif self._counts_people and _is_small(count):
                reasons[cell] = "small_count"
        while True:
            unknown = {*reasons, *self._missing}
            if not reasons and not self._missing:
                return reasons
            chosen = next(self._second(unknown), None)
            if chosen is None:
                return reasons
            reasons[chosen] = "protects_another"

    def _second(self, unknown: set[Cell]) -> Iterator[Cell]:
        """What to hide next: for sums that give something away, then for sums solved together."""
        for one in self.sums:
            if self._gives_away(one, unknown):
                yield from self._candidates(one, unknown)
        # First with all hidden figures, then without the numerators that a shown zero makes known.
        for known in (set[Cell](), self._zeros(unknown)):
            for cell in sorted(determined(self.sums, unknown - known)):
                for one in self._around(cell, unknown):
                    yield from self._candidates(one, unknown)

    def _zeros(self, unknown: set[Cell]) -> set[Cell]:
        """Hidden figures whose numerator must be zero: a shown total is zero, or all their parts are."""
        zero = {cell for cell, count in self.figures.items() if cell not in unknown and count.part == 0}
        before = -1
        while before < len(zero):
            before = len(zero)
            for one in self.sums:
                if one.total in zero:
                    zero.update(one.parts)
                elif zero.issuperset(one.parts):
                    zero.add(one.total)
        return zero & unknown

    def _around(self, cell: Cell, unknown: set[Cell]) -> Iterator[Sum]:
        """Sums that hold a figure, then those that share a hidden figure with one of them, and so on."""
        reached, left = {cell}, list(self.sums)
        while near := [one for one in left if not reached.isdisjoint((one.total, *one.parts))]:
            yield from near
            reached |= {other for one in near for other in (one.total, *one.parts) if other in unknown}
            left = [one for one in left if one not in near]

    def _gives_away(self, one: Sum, unknown: set[Cell]) -> bool:
        hidden = [cell for cell in (one.total, *one.parts) if cell in unknown]
        if len(hidden) <= 1:
            return len(hidden) == 1
        if one.total in unknown or not self._counts_people:
            return False
        total = self.figures[one.total]
        shown = [self.figures[cell] for cell in one.parts if cell not in unknown]
        rest = Count(total.part - sum(c.part for c in shown), total.whole - sum(c.whole for c in shown))
        nobody = rest.part == 0 and total.part > 0
        everybody = rest.part == rest.whole and total.part < total.whole
        return _is_small(rest) or nobody or everybody

    def _candidates(self, one: Sum, unknown: set[Cell]) -> Iterator[Cell]:
        parts = sorted((cell for cell in one.parts if cell not in unknown), key=self._rank)
        yield from (cell for cell in parts if self.figures[cell].whole > 0)
        if one.total not in unknown:
            yield one.total
        yield from parts  # only nil parts are left here; they do not give a hidden nil total away

    def _rank(self, cell: Cell) -> tuple[Decimal, int, Cell]:
        return self.figures[cell].whole, self._order.get(cell.band, len(self._order)), cell

    def _of_bands(self) -> Iterator[Sum]:
        """ALL of each organisation over its bands, also over those that were not supplied."""
        bands: dict[str, list[Cell]] = defaultdict(list)
        for cell in sorted({*self.figures, *self._missing}):
            if cell.band != self._total:
                bands[cell.code].append(cell)
        for code, parts in bands.items():
            total = Cell("organisation", code, self._total)
            if total in self.figures:
                yield Sum(total, tuple(parts))

    def _of_places(self, whole: str) -> Iterator[Sum]:
        """Each place over its organisations, and the whole over the councils. Sets the figures of totals."""
        parts: dict[Cell, list[Cell]] = defaultdict(list)
        for cell in sorted(self.figures):
            parts[Cell("area", self._area[cell], cell.band)].append(cell)
        for area in [cell for cell in sorted(parts) if cell.code != whole]:
            parts[Cell("area", whole, area.band)].append(area)
        everybody: dict[str, list[Cell]] = defaultdict(list)
        for cell in sorted(self._area):
            if cell in self.figures:
                everybody[cell.band].append(cell)
        for total in sorted(parts, key=lambda cell: cell.code == whole):
            counts = [self.figures[cell] for cell in parts[total]]
            self.figures[total] = Count(
                sum((count.part for count in counts), Decimal(0)), sum((count.whole for count in counts), Decimal(0))
            )
            yield Sum(total, tuple(parts[total]))
        # A place's total may be hidden while its organisations are shown, so the whole is also a sum over these.
        for band, cells in everybody.items():
            yield Sum(Cell("area", whole, band), tuple(cells))

    def _of_places_bands(self, whole: str) -> Iterator[Sum]:
        """ALL of each place over its bands. An organisation that gave no bands is a part by itself."""
        with_bands = {one.total.code for one in self.sums if one.total.kind == "organisation"}
        for area in sorted({cell.code for cell in self.figures if cell.kind == "area"}):
            inside = {c for c, code in self._area.items() if area in (code, whole)}
            given = {cell.code for cell in inside if cell.band != self._total and cell in self.figures}
            alone = sorted(
                c for c in inside if c.band == self._total and c in self.figures and c.code not in with_bands
            )
            total = Cell("area", area, self._total)
            if not given <= with_bands or total not in self.figures or not given:
                continue  # the bands of an organisation without ALL count in the bands' totals and not in ALL
            bands = [c for c in sorted(self.figures) if c.kind == "area" and c.code == area and c.band != self._total]
            missing = sorted(c for c in inside & self._missing if c.band != self._total and c.code in with_bands)
            yield Sum(total, (*bands, *alone, *missing))


def determined(sums: Iterable[Sum], unknown: set[Cell]) -> set[Cell]:
    """The unknown figures that follow exactly from known ones by any combination of the sums."""
    pivots: dict[Cell, dict[Cell, Fraction]] = {}
    for one in sums:
        line = {cell: Fraction(1) for cell in one.parts if cell in unknown}
        if one.total in unknown:
            line[one.total] = Fraction(-1)
        for pivot in [cell for cell in line if cell in pivots]:
            _subtract(line, pivots[pivot], line[pivot])
        if not line:
            continue
        lead = min(line)
        scale = line[lead]
        line = {cell: factor / scale for cell, factor in line.items()}
        for other in pivots.values():
            if lead in other:
                _subtract(other, line, other[lead])
        pivots[lead] = line
    return {lead for lead, line in pivots.items() if len(line) == 1}


def _subtract(line: dict[Cell, Fraction], other: Mapping[Cell, Fraction], times: Fraction) -> None:
    for cell, factor in other.items():
        left = line.get(cell, Fraction(0)) - times * factor
        if left:
            line[cell] = left
        else:
            line.pop(cell, None)


def _cell(row: Row) -> Cell:
    return Cell("organisation", row.org_code, row.breakdown_value)


def _is_small(count: Count) -> bool:
    return count.part in SMALL or count.whole in SMALL or count.whole - count.part in SMALL
