"""Headline figures of areas, as cells that several pages show in the same way.

Belongs here: a headline figure with limits, England, difference, judgement, trend, coverage. Does not belong here: the
order of rows and the sentence above them (the pages).
"""

from atf_dagster.report import words
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.reading import Row
from atf_dagster.report.table import Cell, Column, direction, figure, judgement, text

INDICATOR = Column("indicator", "Indicator")
VALUES = (
    Column("period", "Period"),
    Column("value", "Value", True),
    Column("lci_95", "Lower 95 % limit", True),
    Column("uci_95", "Upper 95 % limit", True),
    Column("england_value", "England", True),
    Column("difference_from_england", "Difference", True),
    Column("compared", "Compared with England"),
    Column("trend", "Trend"),
    Column("state", "State, in words"),
)
"""What is said of one headline figure."""


def name_of(facts: Facts, indicator: Indicator) -> Cell:
    """The indicator's name; a proxy says for what it stands."""
    beacon = facts.indicator.get(indicator.proxy_for or "")
    said = f"{indicator.name} (proxy for {beacon.name})" if beacon else indicator.name
    return text(said, "head", f"indicators/{indicator.code}.html")


def cells(facts: Facts, indicator: Indicator, row: Row | None, area: Area) -> list[Cell]:
    """The cells of VALUES. row: of vw_latest or vw_latest_by_sex; None where the area has no figure at all."""
    if row is None:
        nothing = [Cell("", None, "absent") for _ in VALUES[:-1]]
        nothing[1] = Cell("no figure", None, "absent")
        return [*nothing, text(state(facts, indicator.code, area.code))]
    places = indicator.decimals
    is_england = area == facts.england
    return [
        text(row["period"]),
        figure(row["value"], places, absent=words.STATUSES.get(row["status"] or "", "") or "no figure"),
        figure(row["lci_95"], places, absent="none" if row["value"] is not None else ""),
        figure(row["uci_95"], places, absent="none" if row["value"] is not None else ""),
        figure(row["england_value"], places),
        figure(row["difference_from_england"], places, signed=True),
        Cell("", None) if is_england or row["value"] is None else compared(row),
        direction(row["trend"], row["trend_judged"]) if row["value"] is not None else Cell("", None),
        text(remarks(facts, indicator.code, area.code, row)),
    ]


def compared(row: Row) -> Cell:
    """The comparison with England: judged, or higher or lower where neither is better, or why there is none."""
    if row["outcome_judged"]:
        return judgement(row["outcome_judged"])
    if row["outcome_statistical"] in ("higher", "lower", "similar"):
        word = f"{row['outcome_statistical']}, not judged"
        return Cell(word, word, "not-judged", "", words.NOT_JUDGED[0])
    why = words.reason(row["not_compared_reason"])
    said = f"not judged: {why}" if why else "not judged"
    if row["publisher_outcome"]:
        said += f"; the publisher says {row['publisher_outcome']}"
    return Cell(said, said, "not-judged", "", words.NOT_JUDGED[0])


def state(facts: Facts, code: str, area: str) -> str:
    """The state of coverage in words."""
    found = facts.coverage.get((code, area))
    if found is None:
        return "not known" if facts.coverage else "this release has no table of coverage"
    return words.state(found["state"], found["reason"])


def remarks(facts: Facts, code: str, area: str, row: Row) -> str:
    """Coverage, and what else a reader of the figure must know: status, who worked it out, a newer empty period."""
    said = [state(facts, code, area)]
    if row["status"] and str(words.STATUSES.get(row["status"], row["status"])):
        said.append(str(words.STATUSES.get(row["status"], row["status"])))
    if row["is_derived"]:
        said.append("worked out here")
    if row["newest_period"]:
        said.append(f"{row['newest_period']} has no value: {words.reason(row['newest_period_status'])}")
    if row["status_note"]:
        said.append(str(row["status_note"]))
    return "; ".join(said)


def summary(facts: Facts, rows: list[Row]) -> str:
    """How many councils are better, similar, worse or not judged, in a sentence; rows: of vw_latest."""
    councils = [row for row in rows if row["area_code"] in facts.area and facts.area[row["area_code"]].is_council]
    with_value = [row for row in councils if row["value"] is not None]
    if not with_value:
        return "No council has a figure."
    counts = []
    for code in ("better", "similar", "worse"):
        names = sum(row["outcome_judged"] == code for row in with_value)
        if names:
            counts.append(f"{names} {code} than England" if code != "similar" else f"{names} similar to England")
    unjudged = sum(row["outcome_judged"] is None for row in with_value)
    if unjudged:
        counts.append(f"{unjudged} not judged")
    return f"Of {words.counted(len(with_value), 'council')} with a figure: {words.listed(counts)}."


def extremes(indicator: Indicator, facts: Facts, rows: list[Row]) -> str:
    """Which council has the lowest and which the highest figure, in a sentence."""
    known = [
        row
        for row in rows
        if row["value"] is not None and row["area_code"] in facts.area and facts.area[row["area_code"]].is_council
    ]
    if len(known) < 2:
        return ""
    low, high = min(known, key=lambda r: r["value"]), max(known, key=lambda r: r["value"])
    return (
        f"From {words.number(low['value'], indicator.decimals)} ({facts.area[low['area_code']].name}) to "
        f"{words.number(high['value'], indicator.decimals)} ({facts.area[high['area_code']].name})."
    )
