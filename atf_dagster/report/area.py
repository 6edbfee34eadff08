"""An area's page: headline figures, spine, trends, inequalities within it, its statistical neighbours, what changed.

Belongs here: which rows each part of the page has. Does not belong here: what other pages show too (`standing`,
`changed`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from atf_dagster.report import changed, drawn, standing, words
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Cell, Column, Table, direction, figure, text

NAME = Column("indicator", "Indicator")
MEASURES = {
    "absolute_gap": "Gap",
    "relative_gap": "Ratio",
    "absolute_gap_change": "Change of the gap",
    "relative_gap_change": "Change of the ratio",
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
RATIOS = ("relative_gap", "relative_index")
MOST_TREND_POINTS = 16
"""Periods of a small chart of one area beside England; the indicator's page has more."""


def page(facts: Facts, area: Area) -> Page:
    """The page `areas/<code>.html`."""
    rows = [row for i in facts.indicators if (row := facts.latest.get((i.code, area.code))) is not None]
    return Page(
        path=f"areas/{area.code}.html",
        title=area.name,
        template="area.html.j2",
        context={"area": area, "summary": _summary(facts, area, rows)},
        groups=tuple(_groups(facts, area)),
    )


def _summary(facts: Facts, area: Area, rows: Sequence[Row]) -> str:
    beacons = [r for r in rows if facts.indicator[r["indicator_code"]].kind == "beacon" and r["value"] is not None]
    total = sum(i.kind == "beacon" for i in facts.indicators)
    said = [f"{len(beacons)} of {total} beacon indicators have a figure for {area.name}."]
    if area != facts.england:
        for code in ("better", "worse"):
            names = [facts.indicator[r["indicator_code"]].name for r in beacons if r["outcome_judged"] == code]
            said.append(f"{code.capitalize()} than England: {words.listed(names) or 'none'}.")
        similar = sum(r["outcome_judged"] == "similar" for r in beacons)
        unjudged = sum(r["outcome_judged"] is None for r in beacons)
        said.append(f"Similar to England: {similar}. Not judged: {unjudged}.")
    return " ".join(said)


def _groups(facts: Facts, area: Area) -> Iterator[Group]:
    kinds = {"beacon": "Beacon indicators", "proxy": "Proxies", "supporting": "Supporting indicators"}
    yield Group(
        "headline",
        "Headline figures",
        words="" if facts.latest else "This release has no view of newest figures.",
        figures=[_headline(facts, area, kind, title) for kind, title in kinds.items()] if facts.latest else (),
    )
    yield _spine(facts, area)
    yield _trends(facts, area)
    yield _inequality(facts, area)
    if area.is_council:
        yield _neighbours(facts, area)
    yield changed.of_area(facts, area.code)


def _name(facts: Facts, indicator: Indicator) -> Cell:
    """The indicator's name; a proxy says for what it stands."""
    beacon = facts.indicator.get(indicator.proxy_for or "")
    said = f"{indicator.name} (proxy for {beacon.name})" if beacon else indicator.name
    return text(said, "head", f"indicators/{indicator.code}.html")


def _headline(facts: Facts, area: Area, kind: str, title: str) -> Figure:
    mine = [i for i in facts.indicators if i.kind == kind]
    rows = []
    for indicator in mine:
        row = facts.latest.get((indicator.code, area.code))
        sex = row["sex"] if row else indicator.card["headline_sex"]
        rows.append([_name(facts, indicator), text(indicator.unit), text(sex), *standing.cells(facts, indicator, row, area)])
    known = sum((facts.latest.get((i.code, area.code)) or {"value": None})["value"] is not None for i in mine)
    said = f"{known} of {len(mine)} have a figure."
    columns = (NAME, Column("unit", "Unit"), Column("sex", "Sex"), *standing.VALUES)
    return Figure(f"headline-{kind}", title, said, Table(f"headline-{kind}", f"{title}, {area.name}", columns, rows))


def _spine(facts: Facts, area: Area) -> Group:
    title = "Among the councils of England"
    if not facts.reading.has("fct_quintile", "lowest", "highest"):
        return Group("spine", title, "This release has no spread over the councils of England.")
    if not area.is_council:
        return Group("spine", title, f"{area.name} is no council, so that it has no place among them.")
    rows, drawable = [], []
    for indicator in facts.indicators:
        row = facts.latest.get((indicator.code, area.code))
        if row is None or row["value"] is None:
            continue
        place = facts.quintiles.get((indicator.code, area.code, row["period_id"], row["sex"]))
        if place is None or place["lowest"] is None:
            continue
        decimals = indicator.decimals
        drawable.append({**place, **row, "indicator": indicator})
        rows.append(
            [
                _name(facts, indicator),
                text(row["period"]),
                figure(row["value"], decimals),
                *(figure(place[n], decimals) for n in ("lowest", "lower_quartile", "median", "upper_quartile", "highest")),
                figure(row["england_value"], decimals),
                standing.compared(row),
                text(f"{place['rank']} of {place['n_areas']}", "number"),
            ]
        )
    if not rows:
        return Group("spine", title, "For no indicator are there figures of enough councils.")
    columns = (
        NAME,
        Column("period", "Period"),
        Column("value", area.name, True),
        Column("lowest", "Lowest council", True),
        Column("lower_quartile", "Lower quartile", True),
        Column("median", "Median", True),
        Column("upper_quartile", "Upper quartile", True),
        Column("highest", "Highest council", True),
        Column("england_value", "England", True),
        Column("compared", "Compared with England"),
        Column("rank", "Rank, 1 is the lowest value", True),
    )
    said = f"For {words.counted(len(rows), 'indicator')} enough councils of England have a figure to say where {area.name} stands."
    table = Table("spine", f"{area.name} among the councils of England", columns, rows)
    return Group("spine", title, figures=[Figure("spine", "Spine chart", said, table, drawn.spine(facts, area, drawable))])


def _trends(facts: Facts, area: Area) -> Group:
    title = "Trends"
    rows = []
    for indicator in facts.indicators:
        for sex in ("Persons", "Female", "Male"):
            found = facts.trends.get((indicator.code, area.code, sex))
            if found is None or (sex != indicator.card["headline_sex"] and not indicator.is_by_sex):
                continue
            rows.append(
                [
                    _name(facts, indicator),
                    text(sex),
                    text(f"{facts.label(found['first_period_id'])} to {facts.label(found['period_id'])}"),
                    text(found["n_points"], "number"),
                    direction(found["outcome"], found["outcome_judged"]),
                    figure(found["slope"], indicator.decimals + 1, signed=True),
                    text("; ".join(filter(None, (words.reason(found["reason"]), found["caution"])))),
                ]
            )
    if not facts.reading.has("fct_trend"):
        return Group("trends", title, "This release has no table of trends.")
    columns = (
        NAME,
        Column("sex", "Sex"),
        Column("periods", "Periods"),
        Column("n_points", "Points", True),
        Column("trend", "Trend"),
        Column("slope", "Change a year", True),
        Column("remark", "Why there is none, or what to beware of"),
    )
    counts = {word: sum(row[4].text.startswith(word) for row in rows) for word in ("rising", "falling")}
    said = f"Of {words.counted(len(rows), 'series', 'series')}, {counts['rising']} are rising and {counts['falling']} falling by more than chance."
    summary = Figure("trends", "All trends", said, Table("trends", f"Trends, {area.name}", columns, rows))
    return Group("trends", title, figures=[summary, *_small(facts, area)])


def _small(facts: Facts, area: Area) -> Iterator[Figure]:
    """Small charts of the area beside England, of beacon indicators with figures through time."""
    england = facts.england
    for indicator in facts.indicators:
        if indicator.kind != "beacon":
            continue
        sexes = ("Female", "Male") if indicator.is_by_sex else (indicator.card["headline_sex"],)
        for sex in sexes:
            mine = [r for r in facts.series.get(indicator.code, []) if r["area_code"] == area.code and r["sex"] == sex]
            known = [row for row in mine if row["value"] is not None]
            if len(known) < 2:
                continue
            shown = mine[-MOST_TREND_POINTS:]
            beside = {
                row["period_id"]: row
                for row in facts.series.get(indicator.code, [])
                if england is not None and row["area_code"] == england.code and row["sex"] == sex
            }
            yield _small_figure(facts, area, indicator, sex, shown, beside)


def _small_figure(
    facts: Facts, area: Area, indicator: Indicator, sex: str, shown: Sequence[Row], beside: dict[str, Row]
) -> Figure:
    places = indicator.decimals
    rows = [
        [
            text(facts.label(row["period_id"]), "head"),
            figure(row["value"], places, absent=words.STATUSES.get(row["status"] or "", "no figure")),
            figure(row["lci_95"], places),
            figure(row["uci_95"], places),
            figure((beside.get(row["period_id"]) or {"value": None})["value"], places),
        ]
        for row in shown
    ]
    columns = (
        Column("period", "Period"),
        Column("value", area.name, True),
        Column("lci_95", "Lower 95 % limit", True),
        Column("uci_95", "Upper 95 % limit", True),
        Column("england_value", "England", True),
    )
    known = [row for row in shown if row["value"] is not None]
    whom = {"Female": ", females", "Male": ", males"}.get(sex, "") if indicator.is_by_sex else ""
    said = (
        f"{facts.label(known[0]['period_id'])}: {words.number(known[0]['value'], places)}; "
        f"{facts.label(known[-1]['period_id'])}: {words.number(known[-1]['value'], places)} ({indicator.unit})."
        if known
        else "No period shown has a figure."
    )
    id = f"trend-{indicator.code}" + (f"-{sex.lower()}" if whom else "")
    caption = f"{indicator.name}{whom} ({indicator.unit}), {area.name}"
    is_england = area == facts.england
    lines = [*shown, *([] if is_england else [beside[r["period_id"]] for r in shown if r["period_id"] in beside])]
    return Figure(
        id,
        f"{indicator.name}{whom}",
        said,
        Table(id, caption, columns[:-1] if is_england else columns, [row[:-1] if is_england else row for row in rows]),
        drawn.series(facts, indicator, lines),
    )


def _inequality(facts: Facts, area: Area) -> Group:
    title = "Inequalities within the area"
    if not facts.reading.has("fct_inequality"):
        return Group("inequality", title, "This release has no table of inequalities.")
    rows = []
    for row in facts.inequality.get(area.code, []):
        indicator = facts.indicator.get(row["indicator_code"])
        if indicator is None:
            continue
        places = 2 if row["measure"].startswith(RATIOS) else 1 if row["measure"].startswith("percent") else indicator.decimals
        since = f", since {facts.label(row['since_period_id'])}" if row["since_period_id"] else ""
        rows.append(
            [
                _name(facts, indicator),
                text(f"{MEASURES.get(row['measure'], row['measure'].replace('_', ' '))}{since}"),
                text(f"{_group(facts, row['group_a'])} and {_group(facts, row['group_b'])}"),
                text(row["sex"]),
                text(facts.label(row["period_id"])),
                figure(row["value"], places),
                figure(row["lci_95"], places, absent="none"),
                figure(row["uci_95"], places, absent="none"),
                text("; ".join(filter(None, (str(row["outcome"] or "").replace("_", " "), words.reason(row["reason"]))))),
            ]
        )
    if not rows:
        return Group("inequality", title, "There is no measure of inequality within this area.")
    columns = (
        NAME,
        Column("measure", "Measure"),
        Column("groups", "Between"),
        Column("sex", "Sex"),
        Column("period", "Period"),
        Column("value", "Value", True),
        Column("lci_95", "Lower 95 % limit", True),
        Column("uci_95", "Upper 95 % limit", True),
        Column("outcome", "What is said of it"),
    )
    widening = sum(row[-1].text.startswith("widening") for row in rows)
    narrowing = sum(row[-1].text.startswith("narrowing") for row in rows)
    said = (
        f"{words.counted(len(rows), 'measure')}, each of its newest period. By more than chance {widening} are widening "
        f"and {narrowing} narrowing; most changes have no limits, so that this is not known of them."
    )
    table = Table("inequality", f"Inequalities within {area.name}", columns, rows)
    return Group("inequality", title, figures=[Figure("inequality", "Gaps, slopes and their changes", said, table)])


def _group(facts: Facts, name: Any) -> str:
    """A group by its name; a council's code by the council's name."""
    area = facts.area.get(str(name))
    return area.name if area else str(name)


def _neighbours(facts: Facts, area: Area) -> Group:
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
        rows.append(
            [
                _name(facts, indicator),
                text(row["period"]),
                figure(row["value"], indicator.decimals),
                figure(beside["benchmark_value"] if beside else None, indicator.decimals, absent="none"),
                figure(beside["difference"] if beside else None, indicator.decimals, signed=True),
                standing.compared({**row, **beside, "publisher_outcome": None, "not_compared_reason": beside["reason"]})
                if beside
                else text(None),
                *([text(ranked)] if members else []),
            ]
        )
    if not rows:
        return Group("neighbours", title, "Neither it nor its neighbours have figures for the same period.", notes=[who])
    columns = [
        NAME,
        Column("period", "Period"),
        Column("value", area.name, True),
        Column("neighbours", "Its neighbours together", True),
        Column("difference", "Difference", True),
        Column("compared", "Compared with its neighbours"),
    ]
    if members:
        columns.append(Column("order", "From the lowest value to the highest"))
    said = f"{words.counted(len(rows), 'indicator')} can be set beside the ten councils most like {area.name}."
    table = Table("neighbours", f"{area.name} beside its statistical neighbours", columns, rows)
    return Group("neighbours", title, figures=[Figure("neighbours", "Statistical neighbours", said, table)], notes=[who])


def _ranked(facts: Facts, indicator: Indicator, area: Area, row: Row, members: Sequence[tuple[str, str]]) -> str:
    """The council and its neighbours from the lowest value to the highest, with values; empty where none has one."""
    known = [(row["value"], area.name)]
    for code, name in members:
        found = facts.neighbour_values.get((indicator.code, row["period_id"], code))
        if found is not None and found["value"] is not None:
            known.append((found["value"], name))
    if len(known) < 2:
        return ""
    known.sort()
    place = [name for _, name in known].index(area.name) + 1
    order = ", ".join(f"{name} {words.number(value, indicator.decimals)}" for value, name in known)
    return f"{place} of {len(known)}: {order}"
