"""An indicator's page: what it is, its figures by council, time, sex, free school meals and neighbours, its history.

Belongs here: which rows each figure of the page has. Does not belong here: what other pages show too (`standing`).
"""

from collections.abc import Iterator, Sequence

from atf_dagster.report import breakdowns, doubts, drawn, standing, words
from atf_dagster.report.breakdowns import AREA, VALUE
from atf_dagster.report.charts.maps import BANDS
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.overview import absence
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Column, Table, figure, text

MOST_POINTS = 420
"""Points of one chart of a series; of longer ones the newest are shown, and the sentence says so."""
TEXTS = (
    ("Definition", "definition"),
    ("The publisher's own definition", "source_definition"),
    ("How the publisher works it out", "source_methodology"),
    ("What the publisher says to beware of", "source_caveats"),
    ("What a reader must know", "reader_note"),
    ("Why no test of chance is made", "chance_note"),
    ("Why there is no trend", "trend_note"),
    ("One piece of evidence together with", "evidence_group"),
    ("How small numbers are hidden", "source_disclosure_control"),
    ("How the publisher rounds", "source_rounding"),
    ("Copyright", "source_copyright"),
    ("Terms of use", "source_data_reuse"),
)
COMPARED = {
    "ci_overlaps_value": "A figure is better or worse where its 95% limits lie wholly on one side of the benchmark.",
    "two_levels": "A figure is compared by its 95% and its 99.8% limits, which lie on one side of it or not.",
    "ci_overlaps_ci": "A figure differs from the benchmark where their 95% limits have no point in common.",
    "spc_proportion": "A figure differs where it lies outside control limits about the benchmark.",
    "none": "Figures of this indicator are not compared.",
}


def page(facts: Facts, indicator: Indicator) -> Page:
    """The page `indicators/<code>.html`."""
    card = indicator.card
    series = facts.series.get(indicator.code, [])
    has_figures = any(row["value"] is not None for row in series)
    beacon = facts.indicator.get(indicator.proxy_for or "")
    return Page(
        path=f"indicators/{indicator.code}.html",
        title=f"{indicator.name} ({indicator.code})",
        template="indicator.html.j2",
        context={
            "indicator": indicator,
            "beacon": beacon,
            "proxies": facts.proxies(indicator.code),
            "absence": "" if has_figures else absence(facts, indicator),
            "texts": [(title, card[name]) for title, name in TEXTS if card[name]],
            "polarity": words.POLARITIES.get(card["polarity"] or "", ""),
            "compared": _compared(facts, indicator),
            "doubts": _doubts(facts, indicator),
            "summary": standing.summary(facts, _newest_rows(facts, indicator)) if has_figures else "",
            "breaks": facts.breaks.get(indicator.code, []),
            "vintages": facts.vintages_of.get(indicator.code, []),
        },
        groups=tuple(_groups(facts, indicator, series)) if has_figures else (),
    )


def _doubts(facts: Facts, indicator: Indicator) -> list[str]:
    """What failed checks say of the indicator's figures, of whatever period."""
    found = facts.doubts.of_indicator(indicator.code)
    return list(dict.fromkeys(doubt.said("figures of this page") for doubt in found))


def _compared(facts: Facts, indicator: Indicator) -> str:
    """How figures are compared; where no test of chance is made, that a verdict is one of limits and not of chance."""
    said = COMPARED.get(indicator.card["comparison_method"] or "", "")
    if not indicator.card["chance_note"]:
        return said
    if not any(row["outcome_judged"] for row in _newest_rows(facts, indicator)):
        return "No test of chance is made of this indicator, and no figure is called better or worse."
    whose = " and ".join(
        f"The limits {words.LIMITS.get(by, 'are worked out by ' + by)}."
        for by in facts.limits_by.get(indicator.code, [])
    )
    return f"{said} {whose} That is a rule about limits and no test of chance."


def _newest_rows(facts: Facts, indicator: Indicator) -> list[Row]:
    return [row for area in facts.areas if (row := facts.latest.get((indicator.code, area.code))) is not None]


def _sexes(facts: Facts, indicator: Indicator) -> list[str]:
    """The sexes that have figures of their own on the page: both where they are never put together."""
    headline = str(indicator.card["headline_sex"] or "Persons")
    if not indicator.is_by_sex:
        return [headline]
    known = {row["sex"] for row in facts.latest_by_sex.get(indicator.code, [])}
    return sorted(known & {"Female", "Male"}) or [headline]


def _groups(facts: Facts, indicator: Indicator, series: Sequence[Row]) -> Iterator[Group]:
    sexes = _sexes(facts, indicator)
    councils = [_councils(facts, indicator, sex, len(sexes) > 1) for sex in sexes]
    yield Group("councils", "Councils beside England", figures=councils)
    yield Group(
        "series",
        "Over time",
        words="" if facts.reading.has("dim_series_break") else "This release has no list of breaks in series.",
        figures=[_series(facts, indicator, sex, len(sexes) > 1, series) for sex in sexes],
        notes=[_break(row) for row in facts.breaks.get(indicator.code, [])],
    )
    yield _map(facts, indicator, sexes)
    yield breakdowns.by_sex(facts, indicator)
    yield breakdowns.by_meals(facts, indicator)
    yield breakdowns.neighbours(facts, indicator)
    yield breakdowns.history(facts, indicator)


def _suffix(sex: str, *, several: bool) -> tuple[str, str]:
    """What an id and a title end with, where there is a figure for each sex."""
    return (f"-{sex.lower()}", f", {'females' if sex == 'Female' else 'males'}") if several else ("", "")


def _newest_of(facts: Facts, indicator: Indicator, sex: str, several: bool) -> dict[str, Row]:
    """Area -> its newest figure of one sex where both are headline, else the headline one."""
    if several:
        return {row["area_code"]: row for row in facts.latest_by_sex.get(indicator.code, []) if row["sex"] == sex}
    return {row["area_code"]: row for row in _newest_rows(facts, indicator)}


def _councils(facts: Facts, indicator: Indicator, sex: str, several: bool) -> Figure:
    found = _newest_of(facts, indicator, sex, several)
    rows = [
        [
            text(area.name, "head", f"areas/{area.code}.html"),
            *standing.cells(facts, indicator, found.get(area.code), area),
        ]
        for area in facts.areas
    ]
    id, title = _suffix(sex, several=several)
    known = [row for row in found.values() if row["value"] is not None]
    periods = {row["period"] for row in known}
    when = f", {periods.pop()}" if len(periods) == 1 else ", each area's newest period"
    said = f"{standing.extremes(indicator, facts, known)} {standing.summary(facts, list(found.values()))}".strip()
    return Figure(
        f"councils{id}",
        f"{indicator.name}{title}{when}",
        said,
        Table(f"councils{id}", f"{indicator.name}{title} ({indicator.unit}){when}", (AREA, *standing.VALUES), rows),
        drawn.bars(facts, indicator, f"councils{id}", f"{indicator.name}{title}{when}", list(found.values())),
    )


def _series(facts: Facts, indicator: Indicator, sex: str, several: bool, series: Sequence[Row]) -> Figure:
    mine = [row for row in series if row["sex"] == sex]
    periods = sorted({row["period_id"] for row in mine}, key=lambda id: id.partition("/")[::-1])
    most = max(2, MOST_POINTS // max(1, len({row["area_code"] for row in mine})))
    shown = set(periods[-most:])
    rows = [row for row in mine if row["period_id"] in shown]
    ordered = [row for area in facts.areas for row in sorted(rows, key=_when) if row["area_code"] == area.code]
    cells = [
        [
            text(facts.area[row["area_code"]].name, "head"),
            text(facts.label(row["period_id"])),
            figure(row["value"], indicator.decimals, absent=words.STATUSES.get(row["status"] or "", "no figure")),
            figure(row["lci_95"], indicator.decimals),
            figure(row["uci_95"], indicator.decimals),
            text(status(facts, row)),
        ]
        for row in ordered
    ]
    id, title = _suffix(sex, several=several)
    return Figure(
        f"series{id}",
        f"{indicator.name}{title} over time",
        _series_sentence(facts, indicator, sex, rows, len(periods), len(shown)),
        Table(
            f"series{id}",
            f"{indicator.name}{title} ({indicator.unit}), by area and period",
            (AREA, Column("period", "Period"), *VALUE, Column("status", "Status")),
            cells,
        ),
        drawn.series(facts, indicator, f"series{id}", f"{indicator.name}{title} over time", ordered),
    )


def status(facts: Facts, row: Row) -> str:
    """The status of a figure in words, and whether a check doubts it."""
    said = [words.STATUSES.get(row["status"] or "", row["status"]), doubts.SAID if facts.doubts.on(row) else ""]
    return "; ".join(part for part in said if part)


def _when(row: Row) -> tuple[str, str]:
    start, _, end = str(row["period_id"]).partition("/")
    return end, start


def _series_sentence(facts: Facts, indicator: Indicator, sex: str, rows: Sequence[Row], total: int, shown: int) -> str:
    with_value = [row for row in sorted(rows, key=_when) if row["value"] is not None]
    known = [row["period_id"] for row in with_value if not facts.doubts.on(row)]
    said = [f"From {facts.span(known[0], known[-1])}."] if known else ["No period has a figure that nothing doubts."]
    doubted = [
        f"{facts.area[row['area_code']].name}, {facts.label(row['period_id'])}"
        for row in with_value
        if facts.doubts.on(row)
    ]
    if doubted:
        said.append(f"A check doubts {words.counted(len(doubted), 'figure')}, marked by a ring: {'; '.join(doubted)}.")
    if shown < total:
        said.append(f"The newest {shown} of {total} periods are shown; fct_observation in the release has all.")
    ways: dict[str, list[str]] = {}
    for area in facts.areas:
        found = facts.trends.get((indicator.code, area.code, sex))
        if found is not None and found["outcome"] in ("increasing", "decreasing"):
            ways.setdefault(words.trend(found["outcome"], found["outcome_judged"])[1], []).append(area.name)
    said += [f"{words.sentence(way)[:-1]} in {words.listed(names)}." for way, names in ways.items()]
    if not ways:
        reasons = [
            found["reason"]
            for area in facts.areas
            if (found := facts.trends.get((indicator.code, area.code, sex))) is not None
        ]
        calculated = any(why is None for why in reasons)
        common = max(set(reasons), key=reasons.count) if reasons else None
        if calculated:
            said.append("No area has a significant trend.")
        elif common:
            said.append(f"No trend can be calculated: {words.reason(common)}.")
    return " ".join(said)


def _break(row: Row) -> str:
    since = f" (from {words.day(row['first_day'])})" if row["first_day"] else ""
    kind = "Break" if row["is_break"] else "Caution"
    return f"{kind}{since}: {row['note']} Source: {row['source']}."


def _map(facts: Facts, indicator: Indicator, sexes: Sequence[str]) -> Group:
    title = "Map of the councils"
    if not facts.boundaries:
        return Group("map", title, "This release has no boundaries of the councils, so that there is no map.")
    return Group("map", title, figures=[_map_of(facts, indicator, sex, len(sexes) > 1) for sex in sexes])


def _map_of(facts: Facts, indicator: Indicator, sex: str, several: bool) -> Figure:
    """The map of one sex where both are headline, and else of the headline one, which its title names."""
    by_area = _newest_of(facts, indicator, sex, several)
    id, whom = _suffix(sex, several=several)
    if not several and sex in ("Female", "Male"):
        whom = _suffix(sex, several=True)[1]
    is_compared = drawn.is_compared(facts, by_area)
    classes = drawn.classes(facts, indicator, by_area)
    rows = []
    for boundary in facts.boundaries:
        area = facts.area.get(boundary["area_code"])
        if area is None:
            continue
        row = by_area.get(area.code)
        if row is None or row["value"] is None:
            last = text("no figure", "absent")
        else:
            last = standing.compared(row) if is_compared else text(classes.get(area.code))
        rows.append(
            [
                text(area.name, "head"),
                text(row["period"] if row is not None else None),
                figure(row["value"] if row is not None else None, indicator.decimals, absent="no figure"),
                last,
            ]
        )
    how = "compared with England" if is_compared else BANDS
    year = facts.boundaries[0]["code_year"]
    said = f"The newest figure of each council, {how}. Outlines of {year}; for maps, not for measuring."
    band = Column("compared", "Compared with England") if is_compared else Column("band", "Band of the figure")
    name = f"{indicator.name}{whom}"
    table = Table(
        f"map{id}",
        f"{indicator.name}{whom} ({indicator.unit}) on the map",
        (AREA, Column("period", "Period"), VALUE[0], band),
        rows,
    )
    return Figure(f"map{id}", name, said, table, drawn.outlines(facts, indicator, f"map{id}", name, by_area))
