"""Where a council stands: among the councils of England, and among its statistical neighbours, by name.

Belongs here: the rows of these parts of an area's page. Does not belong here: the other parts of the page (`area`).
"""

from collections.abc import Sequence

from atf_dagster.report import drawn, standing, words
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.page import Figure, Group
from atf_dagster.report.reading import Row
from atf_dagster.report.standing import INDICATOR
from atf_dagster.report.table import Cell, Column, Table, figure, sectioned, text


def spine(facts: Facts, area: Area) -> Group:
    """A council's headline figures against the spread over the councils of England."""
    title = "Among the councils of England"
    if not facts.reading.has("fct_quintile", "lowest", "highest"):
        return Group("spine", title, "This release has no spread over the councils of England.")
    if not area.is_council:
        return Group("spine", title, f"{area.name} is not a council, so it is not ranked.")
    rows, drawable = [], []
    for indicator in facts.indicators:
        row = facts.latest.get((indicator.code, area.code))
        if row is None or row["value"] is None:
            continue
        place = facts.quintiles.get((indicator.code, area.code))
        if place is None or place["lowest"] is None:
            continue
        decimals = indicator.decimals
        drawable.append({**place, **row, "indicator": indicator})
        cells = [
            standing.name_of(facts, indicator),
            text(row["period"]),
            figure(row["value"], decimals),
            *(figure(place[n], decimals) for n in ("lowest", "lower_quartile", "median", "upper_quartile", "highest")),
            figure(row["england_value"], decimals),
            standing.compared(row),
            text(_place(facts, indicator, area, place)),
        ]
        rows.append((facts.principle_of(indicator), cells))
    if not rows:
        return Group("spine", title, "For no indicator are there figures of enough councils.")
    columns = (
        INDICATOR,
        Column("period", "Period"),
        Column("value", area.name, True),
        Column("lowest", "Lowest council", True),
        Column("lower_quartile", "Lower quartile", True),
        Column("median", "Median", True),
        Column("upper_quartile", "Upper quartile", True),
        Column("highest", "Highest council", True),
        Column("england_value", "England", True),
        Column("compared", "Compared with England"),
        Column("rank", "Place among councils"),
    )
    said = f"Enough councils of England have a figure of {words.counted(len(rows), 'indicator')}."
    chart = drawn.spine(facts, area, drawable)
    if chart is not None:
        said = f"{said} {chart.sentence}"
    ordered, sections = sectioned(rows)
    caption = f"{area.name} among the councils of England"
    table = Table("spine", caption, columns, ordered, sections=sections, fold="table" if chart is not None else "")
    return Group("spine", title, figures=[Figure("spine", "Spine chart", said, table, chart)])


def _place(facts: Facts, indicator: Indicator, area: Area, place: Row) -> str:
    """Where the council stands: from the best one, or from the lowest where no direction is better."""
    rank, count = place["rank"], place["n_areas"]
    if rank is None:
        return words.reason("too_few_areas")
    polarity = indicator.card["polarity"]
    if polarity == "higher_is_better":
        # The mart ranks from the lowest value, and equal values share the smallest rank.
        equal = facts.equal_councils.get((indicator.code, area.code, place["tier"]), 1)
        rank = count - rank - equal + 2
    end = "is the best" if polarity in ("higher_is_better", "lower_is_better") else "has the lowest value"
    return f"{_ordinal(rank)} of {count}, where 1st {end}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _difference(indicator: Indicator, beside: Row | None) -> Cell:
    """The difference from the neighbours; counts have none, for they differ with the size of an area."""
    if beside is not None and indicator.is_count:
        return Cell("none: a count differs with the size of an area", None, "absent")
    return figure(beside["difference"] if beside else None, indicator.decimals, signed=True)


def neighbours(facts: Facts, area: Area) -> Group:
    """A council beside its statistical neighbours, together and by name."""
    title = "Among its statistical neighbours"
    members = facts.members.get(area.code, [])
    if members:
        who = f"Its statistical neighbours are {words.listed([name for _, name in members])}."
    else:
        who = "This release has no list of the neighbours by name; it has figures of all ten together as one area."
    rows = []
    for indicator in facts.indicators:
        together = facts.neighbours.get((indicator.code, area.code))
        row = facts.latest.get((indicator.code, area.code))
        if row is None or row["value"] is None:
            continue
        beside = together if together is not None and together["period_id"] == row["period_id"] else None
        ranked = _ranked(facts, indicator, area, row, members)
        if beside is None and not ranked:
            continue
        cells = [
            standing.name_of(facts, indicator),
            text(row["period"]),
            figure(row["value"], indicator.decimals),
            figure(beside["benchmark_value"] if beside else None, indicator.decimals, absent="none"),
            _difference(indicator, beside),
            standing.compared({**row, **beside, "publisher_outcome": None, "not_compared_reason": beside["reason"]})
            if beside
            else text(None),
            *([text(ranked)] if members else []),
        ]
        rows.append((facts.principle_of(indicator), cells))
    if not rows:
        return Group(
            "neighbours", title, "Neither it nor its neighbours have figures for the same period.", notes=[who]
        )
    columns = [
        INDICATOR,
        Column("period", "Period"),
        Column("value", area.name, True),
        Column("neighbours", "Its neighbours together", True),
        Column("difference", "Difference", True),
        Column("compared", "Compared with its neighbours"),
    ]
    if members:
        columns.append(Column("order", "From the lowest value to the highest"))
    said = f"{words.counted(len(rows), 'indicator')} can be set beside the ten councils most like {area.name}."
    ordered, sections = sectioned(rows)
    caption = f"{area.name} beside its statistical neighbours"
    table = Table("neighbours", caption, columns, ordered, sections=sections, fold="table")
    return Group(
        "neighbours", title, figures=[Figure("neighbours", "Statistical neighbours", said, table)], notes=[who]
    )


def _ranked(facts: Facts, indicator: Indicator, area: Area, row: Row, members: Sequence[tuple[str, str]]) -> str:
    """The council and its neighbours from the lowest value to the highest, with values; empty where none has one."""
    known = [(row["value"], area.name)]
    for code, name in members:
        found = facts.neighbour_values.get((indicator.code, row["period_id"], code))
        if found is not None:
            known.append((found, name))
    if len(known) < 2:
        return ""
    known.sort()
    place = [name for _, name in known].index(area.name) + 1
    order = ", ".join(f"{name} {words.number(value, indicator.decimals)}" for value, name in known)
    return f"{place} of {len(known)}: {order}"
