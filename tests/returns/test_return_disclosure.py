"""Hidden figures stay hidden: the choices one by one, and attacks on the output for many random tables.

The attacks know nothing of the module's own sums: they are built here from what a reader of the mart can add up.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pytest
from made_up_returns import LIVERPOOL, NOW, SEFTON, WHOLE, as_bytes, contracts, spend, staff

from atf_dagster import catalogue
from atf_dagster.returns.check import check_bytes
from atf_dagster.returns.disclosure import Hiding, Reason, hide
from atf_dagster.returns.rows import Row

KNOWN = catalogue.load()
Name = tuple[str, str]
"""(organisation or area code, band); area codes and organisation codes differ in these tests."""


def rows_of(*returned: dict[str, str]) -> list[Row]:
    checked = check_bytes(as_bytes(returned), KNOWN, now=NOW)
    assert checked.errors == ()
    return list(checked.rows)


def organisation(code: str, area: str, bands: Mapping[str, tuple[int, int]]) -> list[dict[str, str]]:
    """Bands and the ALL that they add up to; a band of (0, 0) is nil."""
    everything = {"ALL": (sum(n for n, _ in bands.values()), sum(d for _, d in bands.values())), **bands}
    return [
        staff(band, str(n), str(d), org_code=code, area_code=area, data_status="final" if d else "nil return")
        for band, (n, d) in everything.items()
    ]


def names(hiding: Hiding) -> dict[Name, Reason]:
    rows = {(key.org_code, key.breakdown_value): reason for key, reason in hiding.rows.items()}
    totals = {(key.area_code, key.breakdown_value): reason for key, reason in hiding.totals.items()}
    return {**rows, **totals}


def bands_hidden(bands: Mapping[str, tuple[int, int]]) -> dict[str, Reason]:
    hiding = hide(rows_of(*organisation("ZZ1", WHOLE, bands)), KNOWN)
    return {key.breakdown_value: reason for key, reason in hiding.rows.items()}


BIG = {f"Band {number}": (20 + number, 100 + number) for number in range(2, 6)}


@pytest.mark.parametrize("count", [(1, 100), (7, 100), (99, 100), (93, 100), (0, 7), (0, 1), (3, 9)])
def test_one_to_seven_is_hidden_and_so_is_another(count: tuple[int, int]) -> None:
    hidden = bands_hidden({**BIG, "VSM": count})
    assert hidden["VSM"] == "small_count"
    assert "ALL" not in hidden
    assert "Band 2" in hidden or count[1] > 102
    assert len(hidden) >= 2


@pytest.mark.parametrize("count", [(8, 100), (92, 100), (0, 8), (0, 100), (100, 100), (8, 16), (0, 0)])
def test_zero_everybody_and_eight_are_shown(count: tuple[int, int]) -> None:
    assert bands_hidden({**BIG, "VSM": count}) == {}


def test_the_second_is_the_smallest_denominator_with_ties_by_band() -> None:
    assert set(bands_hidden({**BIG, "VSM": (3, 500)})) == {"VSM", "Band 2"}
    tied = {"Band 7": (20, 90), "Band 8a": (20, 90), "Band 9": (20, 90), "Band 5": (3, 90), "VSM": (20, 90)}
    assert set(bands_hidden(tied)) == {"Band 5", "Band 7"}
    assert bands_hidden(tied)["Band 7"] == "protects_another"


def test_hiding_goes_on_until_the_rest_is_no_small_count() -> None:
    # 3 of VSM and nobody of Band 2: their sum would be 3. The next smallest brings it to 23.
    bands = {"Band 2": (0, 20), "Band 3": (20, 60), "Band 4": (30, 90), "VSM": (3, 30)}
    assert set(bands_hidden(bands)) == {"VSM", "Band 2", "Band 3"}


def test_a_zero_of_the_rest_would_be_the_zero_of_each() -> None:
    bands = {"Band 2": (0, 20), "Band 3": (20, 60), "Band 4": (30, 90), "VSM": (0, 5)}
    assert set(bands_hidden(bands)) == {"VSM", "Band 2", "Band 3"}
    # Where ALL itself is a zero, which is shown, hiding all would hide nothing.
    zeros = {"Band 2": (0, 20), "Band 3": (0, 60), "VSM": (0, 5)}
    assert set(bands_hidden(zeros)) == {"VSM", "Band 2"}


def test_a_nil_band_protects_nothing_and_is_never_chosen() -> None:
    assert set(bands_hidden({**BIG, "VSM": (3, 500), "Band 9": (0, 0)})) == {"VSM", "Band 2"}


def test_a_flag_hides_whatever_the_count() -> None:
    returned = organisation("ZZ1", WHOLE, BIG)
    returned[4]["suppression_flag"] = "suppress"  # Band 5
    hiding = names(hide(rows_of(*returned), KNOWN))
    assert hiding["ZZ1", "Band 5"] == "asked_for"
    assert ("ZZ1", "Band 2") in hiding
    assert ("ZZ1", "ALL") not in hiding


def test_a_band_that_is_not_supplied_is_not_supplied_by_the_difference() -> None:
    missing = {"numerator": "", "denominator": "", "unknown_count": "", "data_status": "not supplied", "notes": "x"}
    returned = organisation("ZZ1", WHOLE, {**BIG, "VSM": (20, 50)})
    returned[5] |= missing
    hidden = names(hide(rows_of(*returned), KNOWN))
    assert ("ZZ1", "Band 2") in hidden


def money(code: str, area: str, denominator: str, **changes: str) -> dict[str, str]:
    return spend(org_code=code, area_code=area, denominator=denominator, **changes)


def test_across_organisations_a_second_one_is_hidden() -> None:
    asked = {"suppression_flag": "suppress"}
    returned = [money("RA1", SEFTON, "4000", **asked), money("RA2", SEFTON, "6000"), money("RA3", SEFTON, "5000")]
    assert names(hide(rows_of(*returned), KNOWN)) == {
        ("RA1", "Total only"): "asked_for",
        ("RA3", "Total only"): "protects_another",
    }


def test_where_there_is_no_second_organisation_the_totals_are_hidden() -> None:
    alone = [money("RA1", SEFTON, "4000", suppression_flag="suppress")]
    hidden = names(hide(rows_of(*alone), KNOWN))
    assert set(hidden) == {("RA1", "Total only"), (SEFTON, "Total only"), (WHOLE, "Total only")}


def test_small_counts_of_people_on_contracts_are_no_traits() -> None:
    assert names(hide(rows_of(contracts(numerator="3", denominator="5")), KNOWN)) == {}


def test_rows_in_force_only() -> None:
    rows = rows_of(spend())
    with pytest.raises(ValueError, match="twice"):
        hide([*rows, *rows], KNOWN)


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    rows = random_rows(random.Random(7))
    assert hide(rows, KNOWN) == hide(rows[::-1], KNOWN)


# Attacks


def random_rows(chance: random.Random) -> list[Row]:
    """Organisations of a few places, some without bands, with many small counts, flags and missing bands."""
    returned: list[dict[str, str]] = []
    for number in range(chance.randint(1, 5)):
        area = chance.choice([LIVERPOOL, SEFTON, WHOLE])
        chosen = chance.sample(["Band 2", "Band 5", "Band 8a", "VSM", "Grade X"], chance.randint(0, 5))
        bands = {}
        for band in chosen:
            whole = chance.choice([0, 3, 9, 20, 50, 200])
            bands[band] = (chance.choice([0, whole, chance.randint(0, whole), whole // 2]), whole)
        rows = organisation(f"ZZ{number}", area, bands or {"Band 2": (chance.randint(0, 90), 90)})
        if not bands:
            rows = rows[:1]
        for row in rows:
            if chance.random() < 0.05:
                row["suppression_flag"] = "suppress"
        for row in rows[1:]:
            if chance.random() < 0.05:
                row |= {"numerator": "", "denominator": "", "unknown_count": ""}
                row |= {"data_status": "not supplied", "notes": "made up"}
        returned += rows
    return rows_of(*returned)


class Published:
    """What a reader has: shown figures by name, names of what is not shown, and sums (total, parts)."""

    def __init__(self, rows: Sequence[Row], hidden: set[Name]) -> None:
        self.true: dict[Name, tuple[Decimal, Decimal]] = {}
        self.sums: list[tuple[Name, list[Name]]] = []
        missing = {(r.org_code, r.breakdown_value) for r in rows if r.numerator is None}
        by_org: dict[str, list[Row]] = defaultdict(list)
        places: dict[Name, list[Name]] = defaultdict(list)
        for row in rows:
            by_org[row.org_code].append(row)
            name = (row.org_code, row.breakdown_value)
            if row.numerator is not None and row.denominator is not None:
                self.true[name] = (row.numerator, row.denominator)
                for place in {row.area_code, WHOLE}:
                    places[place, row.breakdown_value].append(name)
        for code, own in by_org.items():
            parts = [(code, row.breakdown_value) for row in own if row.breakdown_value != "ALL"]
            if parts:
                self.sums.append(((code, "ALL"), parts))
        for place, parts in places.items():
            counts = [self.true[part] for part in parts]
            self.true[place] = (sum((n for n, _ in counts), Decimal(0)), sum((d for _, d in counts), Decimal(0)))
            self.sums.append((place, parts))
        for band in {band for _, band in places}:
            inner = [(code, band) for code in (LIVERPOOL, SEFTON) if (code, band) in places]
            direct = [(r.org_code, band) for r in rows if r.area_code == WHOLE and r.breakdown_value == band]
            self.sums.append(((WHOLE, band), inner + [name for name in direct if name in self.true]))
        whole_rows = {
            code for code, own in by_org.items() if len(own) > 1 and not any(r.numerator is None for r in own)
        }
        for place in {code for code, _ in places}:
            if {r.org_code for r in rows if place in (r.area_code, WHOLE)} <= whole_rows:
                bands = [name for name in places if name[0] == place and name[1] != "ALL"]
                self.sums.append(((place, "ALL"), bands))
        self.unknown = hidden | missing

    def lone_unknowns(self) -> list[Name]:
        """Sums with exactly one figure that is not shown."""
        found = []
        for total, parts in self.sums:
            here = [name for name in (total, *parts) if name in self.unknown]
            found += here if len(here) == 1 else []
        return found

    def solved(self) -> list[Name]:
        """Figures on which all solutions of all sums agree, by the null space of the sums."""
        order = sorted(self.unknown)
        if not order:
            return []
        matrix = np.zeros((len(self.sums), len(order)))
        for line, (total, parts) in enumerate(self.sums):
            for name in parts:
                if name in self.unknown:
                    matrix[line, order.index(name)] = 1
            if total in self.unknown:
                matrix[line, order.index(total)] = -1
        _, sizes, directions = np.linalg.svd(matrix)
        free = directions[int((sizes > 1e-9).sum()) :]
        return [name for position, name in enumerate(order) if not (np.abs(free[:, position]) > 1e-9).any()]

    def small_rests(self) -> list[Name]:
        """Totals whose rest, after the shown parts, is a small count or the zero of each hidden part."""
        found = []
        for total, parts in self.sums:
            if total in self.unknown or not self.unknown & set(parts):
                continue
            shown = [self.true[name] for name in parts if name not in self.unknown]
            part = self.true[total][0] - sum(n for n, _ in shown)
            whole = self.true[total][1] - sum(d for _, d in shown)
            small = any(1 <= count <= 7 for count in (part, whole, whole - part))
            zero = (part == 0 < self.true[total][0]) or (whole == part and self.true[total][0] < self.true[total][1])
            if small or zero:
                found.append(total)
        return found


# The last five need company from sums that they are not part of.
@pytest.mark.parametrize("seed", [*range(300), 1551, 1863, 3288, 3858, 3902])
def test_no_hidden_figure_can_be_recomputed(seed: int) -> None:
    rows = random_rows(random.Random(seed))
    published = Published(rows, set(names(hide(rows, KNOWN))))
    assert published.lone_unknowns() == []
    assert published.solved() == []
    assert published.small_rests() == []
    for name, (part, whole) in published.true.items():
        if name not in published.unknown:
            assert not any(1 <= count <= 7 for count in (part, whole, whole - part)), name


def test_the_attacks_would_succeed_without_secondary_hiding() -> None:
    caught = {"lone": 0, "solved": 0, "rest": 0}
    for seed in range(100):
        rows = random_rows(random.Random(seed))
        primary = {name for name, reason in names(hide(rows, KNOWN)).items() if reason != "protects_another"}
        published = Published(rows, primary)
        caught["lone"] += bool(published.lone_unknowns())
        caught["solved"] += bool(published.solved())
        caught["rest"] += bool(published.small_rests())
    assert min(caught.values()) > 10, caught


def test_figures_that_follow_from_two_sums_at_once_get_company() -> None:
    """Two places whose hidden figures are tied only through the organisations between them."""
    from atf_dagster.returns.disclosure import Cell, Sum, determined

    a, b, c, d, total, other = (Cell("organisation", code, "ALL") for code in "abcdtu")
    sums = [Sum(total, (a, b, c)), Sum(other, (a, b, d)), Sum(Cell("area", "x", "ALL"), (c, d))]
    assert determined(sums, {a, b, c}) == {c}
    assert determined(sums[:1], {a, b, c}) == set()
    # c - d from the first two and c + d from the third: no sum has fewer than two unknowns, yet both follow.
    assert determined(sums, {a, b, c, d}) == {c, d}
