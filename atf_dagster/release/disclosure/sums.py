"""Which figures add up to which: every sum that a reader of the mart can make.

Each sum is of one indicator and period in one state of the mart:
- Persons = Male + Female; a total = the groups of a breakdown; an age = the ages that it is made of;
- England = our England without Cheshire and Merseyside and its nine councils, counts as printed;
- Cheshire and Merseyside = its nine councils; a region = its councils; England = its regions, or all councils; a
  county = its districts; a group of statistical neighbours = its members; always where all parts have a row;
- of local returns: ALL = an organisation's bands; a place = its organisations, band by band; Cheshire and Merseyside
  = its places and the organisations that serve several, and = all organisations; ALL of a place = its bands and the
  organisations that gave no bands. A place's sum leaves out what an organisation did not supply; an organisation's ALL
  includes it.

Belongs here: parts and totals by sex, age, breakdown, area and organisation. Does not belong here: their numbers
(`numbers`).
"""

import datetime as dt
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from atf_dagster.release.disclosure.reading import POOL, Area, Reading

TOTAL = ("Total", "Total")
UPPER_TIER = ("E06", "E08", "E09", "E10")
LOWER_TIER = ("E06", "E07", "E08", "E09")
OLDEST = 200
WITHOUT = "WITHOUT-"
"""Begins the code of what is left of a country without a group of councils, whose code follows."""
LESS_COUNCILS = "country without councils"
"""The kind of the sum of that and the councils: it was worked out here, from printed numbers."""


class Sum(NamedTuple):
    """total = the parts added up; `kind` is the same wherever the same reason makes them add up."""

    total: int
    parts: tuple[int, ...]
    kind: str


class Partial(NamedTuple):
    """A group of councils whose row shows the value of its shown members together."""

    total: int
    shown: tuple[int, ...]
    missing: tuple[int, ...]
    """Members that have a row without a number. A member without any row is in neither list."""
    has_all: bool
    """Whether every member has a row."""


Group = tuple[str, str, str, str]
"""Sex, age, breakdown type and value."""


class Block:
    """The figures of one indicator and period in one state, by number."""

    def __init__(self, reading: Reading, numbers: list[int]) -> None:
        self.reading = reading
        self.figures = {number: reading.figures[number] for number in numbers}
        first = next(iter(self.figures.values()))
        self.is_returned = first.indicator in reading.returned
        self.period_end = first.period_end
        self.by_group: dict[Group, dict[str, int]] = defaultdict(dict)
        for number, figure in self.figures.items():
            self.by_group[figure[3:7]][figure.area] = number

    def sums(self, places: "Places") -> Iterator[Sum]:
        yield from self._of_sexes()
        yield from self._of_ages()
        yield from self._of_groups(places)
        if self.is_returned:
            yield from self._of_organisations()
        else:
            yield from self._of_breakdowns()
            yield from self._of_areas(places)

    def _of_sexes(self) -> Iterator[Sum]:
        for (sex, *rest), persons in self.by_group.items():
            if sex == "Persons":
                male = self.by_group.get(("Male", *rest), {})  # type: ignore[arg-type]
                female = self.by_group.get(("Female", *rest), {})  # type: ignore[arg-type]
                for area in persons.keys() & male.keys() & female.keys():
                    yield Sum(persons[area], (male[area], female[area]), "sexes")

    def _of_ages(self) -> Iterator[Sum]:
        ages: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for sex, age, kind, value in self.by_group:
            ages[sex, kind, value].add(age)
        for (sex, kind, value), found in ages.items():
            for whole, bands in _ages_within(frozenset(found)):
                parts = [self.by_group[sex, band, kind, value] for band in bands]
                for area, total in self.by_group[sex, whole, kind, value].items():
                    if all(area in part for part in parts):
                        yield Sum(total, tuple(part[area] for part in parts), "ages")

    def _of_breakdowns(self) -> Iterator[Sum]:
        groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for sex, age, kind, value in self.by_group:
            if (kind, value) != TOTAL:
                groups[sex, age, kind].append(value)
        for (sex, age, kind), values in groups.items():
            parts = [self.by_group[sex, age, kind, value] for value in values]
            for area, total in self.by_group.get((sex, age, *TOTAL), {}).items():
                if len(parts) > 1 and all(area in part for part in parts):
                    yield Sum(total, tuple(part[area] for part in parts), f"breakdown {kind}")

    def _of_groups(self, places: "Places") -> Iterator[Sum]:
        for areas in self.by_group.values():
            for code, members in places.groups.items():
                if code in areas:
                    parts = self._of_members(members, areas)
                    if len(parts) == len(members):
                        yield Sum(areas[code], tuple(parts), "neighbours")

    def _of_members(self, members: Collection[str], areas: Mapping[str, int]) -> list[int]:
        """The figures of a group's members, also where the publisher uses a member's old code."""
        old = self.reading.old_codes
        codes = [code if code in areas else old.get(code, code) for code in sorted(members)]
        return [areas[code] for code in codes if code in areas]

    def _of_areas(self, places: "Places") -> Iterator[Sum]:
        parts_of = places.parts(self.period_end)
        for areas in self.by_group.values():
            for code in areas.keys() & parts_of.keys():
                for parts in parts_of[code]:
                    if parts <= areas.keys():
                        is_ours = any(part.startswith(WITHOUT) for part in parts)
                        kind = LESS_COUNCILS if is_ours else f"areas of {code}"
                        yield Sum(areas[code], tuple(areas[part] for part in sorted(parts)), kind)

    def partials(self, places: "Places") -> Iterator[Partial]:
        parts_of = places.parts(self.period_end)
        for areas in self.by_group.values():
            for code, total in areas.items():
                figure = self.figures[total]
                if figure.partial is None and figure.coverage is None:
                    continue
                groups = {places.groups[code]} if code in places.groups else parts_of.get(code, set())
                for members in groups:
                    here = self._of_members(members, areas)
                    shown = tuple(number for number in here if self._counts(number))
                    missing = tuple(number for number in here if number not in shown)
                    yield Partial(total, shown, missing, len(here) == len(members))

    def pools(self, places: "Places") -> Iterator[tuple[int, tuple[int, ...]]]:
        """Each approximate pool that shows a number, with the figures of its members that have a row."""
        parts_of = places.parts(self.period_end)
        for areas in self.by_group.values():
            for code, total in areas.items():
                figure = self.figures[total]
                if figure.derived_by == POOL and (figure.value, figure.lci_95, figure.uci_95) != (None, None, None):
                    for members in parts_of.get(code, set()):
                        yield total, tuple(self._of_members(members, areas))

    def _counts(self, number: int) -> bool:
        """Whether a member's row has the numbers that are summed; see int_group_history."""
        figure = self.figures[number]
        rule = self.reading.cards[figure.indicator].aggregation_rule
        counted = figure.value if rule in ("sum", "weighted_mean") else figure.numerator
        return counted is not None and (rule == "sum" or (figure.denominator or 0) > 0)

    # Local returns -------------------------------------------------------------------------------------

    def _of_organisations(self) -> Iterator[Sum]:
        total = next((group for group in self.by_group if group[2:] == TOTAL), None)
        for group, areas in self.by_group.items():
            yield from self._of_places(areas, group)
        if total is not None:
            yield from self._of_bands(total)

    def _of_places(self, areas: Mapping[str, int], group: Group) -> Iterator[Sum]:
        own = [code for code in areas if self._is_organisation(code) and not self._is_not_supplied(areas[code])]
        places = [code for code in areas if not self._is_organisation(code)]
        for place in places:
            inside = [areas[code] for code in own if self.reading.area(code).parent == place]
            councils = [areas[code] for code in places if self.reading.area(code).parent == place]
            if inside or councils:
                yield Sum(areas[place], (*inside, *councils), "organisations")
            if councils:
                yield Sum(areas[place], tuple(areas[code] for code in own), "organisations")

    def _of_bands(self, total: Group) -> Iterator[Sum]:
        bands: dict[str, list[int]] = defaultdict(list)
        for group, areas in self.by_group.items():
            if group != total:
                for area, number in areas.items():
                    bands[area].append(number)
        for area, number in self.by_group[total].items():
            if self._is_organisation(area):
                if area in bands:
                    yield Sum(number, tuple(bands[area]), "bands")
                continue
            inside = {
                code for code in self.by_group[total] if self._is_organisation(code) and self._is_within(code, area)
            }
            given = {code for code in bands if self._is_organisation(code) and self._is_within(code, area)}
            if given and given <= inside and area in bands:
                alone = [self.by_group[total][code] for code in sorted(inside - given)]
                missing = [n for code in sorted(given) for n in bands[code] if self._is_not_supplied(n)]
                yield Sum(number, (*bands[area], *alone, *missing), "bands")

    def _is_organisation(self, code: str) -> bool:
        return self.reading.area(code).type == "organisation"

    def _is_not_supplied(self, number: int) -> bool:
        return self.figures[number].status == "not_available"

    def _is_within(self, code: str, place: str) -> bool:
        parent = self.reading.area(code).parent
        return parent == place or (parent is not None and self.reading.area(parent).parent == place)


class Places:
    """The parts of areas, now and at earlier dates."""

    def __init__(self, reading: Reading) -> None:
        self._areas = list(reading.areas.values())
        self._known = reading.areas
        self.groups = {code: frozenset(members) for code, members in reading.groups.items()}
        begins = {area.valid_from for area in self._areas if area.valid_from}
        ends = {area.valid_to + dt.timedelta(days=1) for area in self._areas if area.valid_to}
        self._changes = sorted(begins | ends)
        self._found: dict[int, dict[str, set[frozenset[str]]]] = {}

    def parts(self, day: dt.date) -> dict[str, set[frozenset[str]]]:
        """Area -> the sets of areas that make it up, by the boundaries of now and of that day."""
        since = bisect(self._changes, day)  # between two changes of boundaries all days are equal
        if since not in self._found:
            found: dict[str, set[frozenset[str]]] = defaultdict(set)
            for moment in (None, day):
                self._collect(found, [area for area in self._areas if _exists(area, moment)])
            self._found[since] = found
        return self._found[since]

    def _collect(self, found: dict[str, set[frozenset[str]]], areas: list[Area]) -> None:
        councils = [area for area in areas if area.type in ("council", "former council")]
        inside: dict[str, set[str]] = defaultdict(set)
        for area in councils:
            for tier, begins in (("upper", UPPER_TIER), ("lower", LOWER_TIER)):
                if area.code.startswith(begins):
                    for ancestor in self._ancestors(area):
                        inside[f"{tier} {ancestor}"].add(area.code)
            if area.upper_tier not in (None, area.code):
                inside[f"county {area.upper_tier}"].add(area.code)
        for area in areas:
            if area.type == "region" and area.parent is not None:
                inside[f"regions {area.parent}"].add(area.code)
            if area.code.startswith(WITHOUT) and area.parent is not None:
                group = area.code.removeprefix(WITHOUT)
                inside[f"without {area.parent}"] |= {area.code, *(one.code for one in councils if one.parent == group)}
        for name, codes in inside.items():
            found[name.split()[1]].add(frozenset(codes))

    def _ancestors(self, area: Area) -> Iterator[str]:
        parent = area.parent
        while parent is not None:
            yield parent
            parent = self._known[parent].parent if parent in self._known else None


def _exists(area: Area, day: dt.date | None) -> bool:
    if day is None:
        return area.valid_to is None
    return (area.valid_from is None or area.valid_from <= day) and (area.valid_to is None or area.valid_to >= day)


@cache
def _ages_within(labels: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each age that consists of other ages without gap or overlap, with these ages."""
    spans = {label: span for label in sorted(labels) if (span := _span(label)) is not None}
    found = []
    for whole, (first, last) in spans.items():
        chain: list[str] = []
        at = first
        while at <= last:
            nexts = [label for label, (start, end) in spans.items() if start == at and end <= last and label != whole]
            if not nexts:
                break
            chain.append(min(nexts, key=lambda label: (spans[label][1], label)))
            at = spans[chain[-1]][1] + 1
        if at == last + 1 and len(chain) > 1:
            found.append((whole, tuple(chain)))
    return tuple(found)


def _span(label: str) -> tuple[int, int] | None:
    if label == "All ages":
        return 0, OLDEST
    if match := re.fullmatch(r"(\d+)-(\d+) yrs", label):
        return int(match[1]), int(match[2])
    if match := re.fullmatch(r"(\d+)\+ yrs", label):
        return int(match[1]), OLDEST
    if match := re.fullmatch(r"<(\d+) yrs", label):
        return 0, int(match[1]) - 1
    if match := re.fullmatch(r"(\d+) yrs", label):
        return int(match[1]), int(match[1])
    return None
