"""Trends of an area: all in one table, and charts of its beacon indicators beside England.

Belongs here: the rows of this part. Does not belong here: the other parts of the page (`area`).
"""

from collections.abc import Iterator, Sequence

from atf_dagster.report import doubts, drawn, standing, words
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.page import Figure, Group
from atf_dagster.report.reading import Row
from atf_dagster.report.standing import INDICATOR
from atf_dagster.report.table import LIMITS, Cell, Column, Table, direction, figure, sectioned, text

MOST_TREND_POINTS = 16
"""Periods of a small chart of one area beside England; the indicator's page has more."""


def trends(facts: Facts, area: Area) -> Group:
    """The trend of each series, and how beacon indicators went."""
    title = "Trends"
    rows = []
    for indicator in facts.indicators:
        for sex in ("Persons", "Female", "Male"):
            found = facts.trends.get((indicator.code, area.code, sex))
            if found is None or (sex != indicator.card["headline_sex"] and not indicator.is_by_sex):
                continue
            cells = [
                standing.name_of(facts, indicator),
                text(sex),
                text(facts.span(found["first_period_id"], found["period_id"])),
                text(found["n_points"], "number"),
                direction(found["outcome"], found["outcome_judged"]),
                figure(found["slope"], indicator.decimals + 1, signed=True),
                text("; ".join(filter(None, (words.reason(found["reason"]), found["caution"])))),
            ]
            rows.append((facts.principle_of(indicator), cells))
    if not facts.reading.has("fct_trend"):
        return Group("trends", title, "This release has no table of trends.")
    columns = (
        INDICATOR,
        Column("sex", "Sex"),
        Column("periods", "Periods"),
        Column("n_points", "Points", True),
        Column("trend", "Trend"),
        Column("slope", "Change a year", True),
        Column("remark", "Why there is none, or what to beware of"),
    )
    said = _counted([row for _, row in rows])
    ordered, sections = sectioned(rows)
    table = Table("trends", f"Trends, {area.name}", columns, ordered, sections=sections, fold="table")
    summary = Figure("trends", "All trends", said, table)
    return Group("trends", title, figures=[summary, *_small(facts, area)])


def _counted(rows: Sequence[Sequence[Cell]]) -> str:
    """How many series rise and fall by more than chance, and which. rows: indicator, sex, periods, points, trend."""
    ways: dict[str, list[str]] = {}
    for row in rows:
        if row[4].text.startswith(("rising", "falling")):
            sex = {"Female": ", females", "Male": ", males"}.get(row[1].text, "")
            ways.setdefault(row[4].text, []).append(f"{row[0].text}{sex}")
    of = f"Of {words.counted(len(rows), 'series', 'series')}"
    if not ways:
        return f"{of}, none is rising or falling by more than chance."
    counts = [f"{len(names)} {'is' if len(names) == 1 else 'are'} {way}" for way, names in sorted(ways.items())]
    which = [f"{words.sentence(way)[:-1]}: {'; '.join(names)}." for way, names in sorted(ways.items())]
    return f"{of}, {'; '.join(counts)} (by more than chance). {' '.join(which)}"


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
            text(
                "; ".join(
                    filter(
                        None,
                        (
                            words.STATUSES.get(row["status"] or "", row["status"]),
                            doubts.SAID if facts.doubts.on(row) else "",
                        ),
                    )
                )
            ),
            figure((beside.get(row["period_id"]) or {"value": None})["value"], places),
        ]
        for row in shown
    ]
    columns = (
        Column("period", "Period"),
        Column("value", area.name, True),
        *LIMITS,
        Column("status", "Status"),
        Column("england_value", "England", True),
    )
    doubted = [row for row in shown if facts.doubts.on(row)]
    known = [row for row in shown if row["value"] is not None and row not in doubted]
    said = (
        f"{facts.label(known[0]['period_id'])}: {words.number(known[0]['value'], places)}; "
        f"{facts.label(known[-1]['period_id'])}: {words.number(known[-1]['value'], places)} ({indicator.unit})."
        if known
        else "No period shown has a figure that nothing doubts."
    )
    if doubted:
        left = [f"{facts.label(row['period_id'])} ({words.number(row['value'], places)})" for row in doubted]
        one = "a check doubts it" if len(left) == 1 else "checks doubt them"
        said += f" Left out, because {one}: {words.listed(left)}; the chart marks this with a ring."
    id = f"trend-{indicator.code.lower()}" + (f"-{sex.lower()}" if indicator.is_by_sex else "")
    caption = f"{indicator.named(sex)} ({indicator.unit}), {area.name}"
    is_england = area == facts.england
    lines = [*shown, *([] if is_england else [beside[r["period_id"]] for r in shown if r["period_id"] in beside])]
    return Figure(
        id,
        indicator.named(sex),
        said,
        Table(
            id,
            caption,
            columns[:-1] if is_england else columns,
            [row[:-1] if is_england else row for row in rows],
            fold="table",
        ),
        drawn.series(facts, indicator, id, caption, lines, (area.name,)),
        is_small=True,
    )
