"""Inequalities within an area: gaps, slopes and their changes, for the area's page.

Belongs here: the rows of this part. Does not belong here: the other parts of the page (`area`).
"""

import math
from typing import Any

from atf_dagster.report import standing, words
from atf_dagster.report.facts import GAP, Area, Facts
from atf_dagster.report.measures import unit_and_decimals
from atf_dagster.report.page import Figure, Group
from atf_dagster.report.reading import Row
from atf_dagster.report.standing import INDICATOR
from atf_dagster.report.table import LIMITS, Column, Table, figure, sectioned, text

MEASURES = {
    "absolute_gap": "Gap",
    "absolute_gap_change": "Change of the gap",
    "council_slope": "Slope over the councils by deprivation",
    "council_slope_change": "Change of the slope over the councils",
    "slope_index": "Slope index of inequality",
    "slope_index_change": "Change of the slope index",
    "relative_index": "Relative index of inequality",
    "relative_index_change": "Change of the relative index",
    "rate_if_as_least_deprived": "Rate if every group had that of the least deprived",
    "difference_if_as_least_deprived": "Difference if every group had the rate of the least deprived",
    "difference_if_as_least_deprived_change": "Change of that difference",
    "percent_if_as_least_deprived": "Difference if as the least deprived, in percent of the rate",
    "percent_if_as_least_deprived_change": "Change of that percentage",
}
RATIOS = ("relative_index",)
CHANGE = "_change"


def inequality(facts: Facts, area: Area) -> Group:
    """The newest measure of each inequality within the area."""
    title = "Inequalities within the area"
    if not facts.reading.has("fct_inequality"):
        return Group("inequality", title, "This release has no table of inequalities.")
    rows = []
    for row in facts.inequality.get(area.code, []):
        indicator = facts.indicator.get(row["indicator_code"])
        if indicator is None:
            continue
        unit, places = unit_and_decimals(row["measure"], indicator.unit, indicator.decimals)
        since = f", since {facts.label(row['since_period_id'])}" if row["since_period_id"] else ""
        cells = [
            standing.name_of(facts, indicator),
            text(f"{MEASURES.get(row['measure'], row['measure'].replace('_', ' '))}{since}"),
            text(f"{_group(facts, row['group_a'])} and {_group(facts, row['group_b'])}"),
            text(row["sex"]),
            text(row["age"]),
            text(facts.label(row["period_id"])),
            text(unit),
            figure(row["value"], places),
            figure(row["lci_95"], places, absent="none"),
            figure(row["uci_95"], places, absent="none"),
            text(size(facts, row, places)),
            text("; ".join(filter(None, (str(row["outcome"] or "").replace("_", " "), words.reason(row["reason"]))))),
        ]
        rows.append((facts.principle_of(indicator), cells))
    if not rows:
        return Group("inequality", title, "There is no measure of inequality within this area.")
    columns = (
        INDICATOR,
        Column("measure", "Measure"),
        Column("groups", "Between"),
        Column("sex", "Sex"),
        Column("age", "Age"),
        Column("period", "Period"),
        Column("unit", "Unit"),
        Column("value", "First less second, or now less then", True),
        *LIMITS,
        Column("size", "Wider or narrower"),
        Column("outcome", "What its limits say"),
    )
    widening = sum(row[-1].text.startswith("widening") for _, row in rows)
    narrowing = sum(row[-1].text.startswith("narrowing") for _, row in rows)
    said = (
        f"{words.counted(len(rows), 'measure')}, each of its newest period and edition of deprivation; ratios of gaps "
        "are in the release's table fct_inequality. A change is now less then, so that a gap below zero with a change "
        "below zero is wider: the column \u201cWider or narrower\u201d says it by size, whichever group is ahead. By "
        f"their 95% limits {widening} are widening and {narrowing} narrowing; most changes have no limits, so that "
        "this is not known of them."
    )
    ordered, sections = sectioned(rows)
    caption = f"Inequalities within {area.name}"
    table = Table("inequality", caption, columns, ordered, sections=sections, fold="table")
    return Group("inequality", title, figures=[Figure("inequality", "Gaps, slopes and their changes", said, table)])


def size(facts: Facts, row: Row, places: int) -> str:
    """How a gap changed by its size, as `2.2 wider`; empty for what is no change. row: of fct_inequality.

    As vw_inequalities_wider_and_widening has it: the size now less the size then, whichever group is ahead; where the
    group that was ahead is behind now, the gap changed sides and is neither. A ratio is wider further from 1.
    """
    measure = str(row["measure"])
    if not measure.endswith(CHANGE):
        return ""
    base = {**row, "measure": measure.removesuffix(CHANGE)}
    now = facts.gap_sizes.get(tuple(str(base[name]) for name in GAP.split(" ")))
    change = row["value"]
    if now is None:
        return "not known"
    if measure.startswith(RATIOS):
        if min(now, change) <= 0:
            return "not known"
        now, then, shown = math.log(now), math.log(now) - math.log(change), ""
        growth = round(abs(now) - abs(then), 9)
    else:
        then = now - change
        growth = round(abs(now) - abs(then), 9)
        shown = f"{words.number(abs(growth), places)} "
    if now * then < 0:
        return "changed sides"
    if growth == 0 or (shown and not shown.strip(" 0.,")):
        return "no change"
    return f"{shown}{'wider' if growth > 0 else 'narrower'}"


def _group(facts: Facts, name: Any) -> str:
    """A group by its name; a council's code by the council's name."""
    area = facts.area.get(str(name))
    return area.name if area else str(name)
