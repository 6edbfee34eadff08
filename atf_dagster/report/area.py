"""An area's page: headline figures, spine, trends, inequalities within it, its statistical neighbours, what changed.

Belongs here: which rows each part of the page has. Does not belong here: what other pages show too (`standing`,
`changed`).
"""

from collections.abc import Iterator, Sequence

from atf_dagster.report import age, beside, changed, standing, through_time, within, words
from atf_dagster.report.facts import Area, Facts
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.standing import INDICATOR
from atf_dagster.report.table import Column, Table, sectioned, text


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
        trusted = [r for r in beacons if not standing.is_doubted(facts, r)]
        for code in ("better", "worse"):
            names = [_dated(facts, r) for r in trusted if r["outcome_judged"] == code]
            said.append(f"{code.capitalize()} than England: {words.listed(names) or 'none'}.")
        said.append(f"Similar to England: {sum(r['outcome_judged'] == 'similar' for r in trusted)}.")
        if untested := [r for r in trusted if r["outcome_judged"] is None]:
            said.append(f"{standing.not_tested(untested)}.")
        if doubted := [_dated(facts, r) for r in beacons if standing.is_doubted(facts, r)]:
            said.append(f"In doubt, because a check failed, and not to be reported yet: {words.listed(doubted)}.")
    return " ".join(said)


def _dated(facts: Facts, row: Row) -> str:
    """The indicator's name, of whom and of which period the figure is, and a word where it is old."""
    old = f", {words.OLD[1]}" if age.is_old(facts, row) else ""
    return f"{facts.indicator[row['indicator_code']].named(row['sex'])} ({row['period']}{old})"


def _groups(facts: Facts, area: Area) -> Iterator[Group]:
    kinds = {"beacon": "Beacon indicators", "proxy": "Proxies", "supporting": "Supporting indicators"}
    yield Group(
        "headline",
        "Headline figures",
        words="" if facts.latest else "This release has no view of newest figures.",
        figures=[_headline(facts, area, kind, title) for kind, title in kinds.items()] if facts.latest else (),
    )
    yield beside.spine(facts, area)
    yield through_time.trends(facts, area)
    yield within.inequality(facts, area)
    if area.is_council:
        yield beside.neighbours(facts, area)
    yield changed.of_area(facts, area.code)


def _headline(facts: Facts, area: Area, kind: str, title: str) -> Figure:
    mine = [i for i in facts.indicators if i.kind == kind]
    rows = []
    for indicator in mine:
        row = facts.latest.get((indicator.code, area.code))
        sex = row["sex"] if row else indicator.card["headline_sex"]
        cells = [
            standing.name_of(facts, indicator),
            text(indicator.unit),
            text(sex),
            *standing.cells(facts, indicator, row, area),
        ]
        rows.append((facts.principle_of(indicator), cells))
    known = sum((facts.latest.get((i.code, area.code)) or {"value": None})["value"] is not None for i in mine)
    said = f"{known} of {len(mine)} have a figure."
    columns = (INDICATOR, Column("unit", "Unit"), Column("sex", "Sex"), *standing.VALUES)
    ordered, sections = sectioned(rows)
    # Open: the beacon indicators, for which most readers come.
    table = Table(
        f"headline-{kind}",
        f"{title}, {area.name}",
        columns,
        ordered,
        sections=sections,
        fold="" if kind == "beacon" else "table",
    )
    return Figure(table.id, title, said, table)
