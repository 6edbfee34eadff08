"""Headline figures of areas, as cells that several pages show in the same way.

Belongs here: a headline figure with limits, England, difference, judgement, trend, coverage. Does not belong here: the
order of rows and the sentence above them (the pages).
"""

from atf_dagster.report import age, words
from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.reading import Row
from atf_dagster.report.table import LIMITS, Cell, Column, direction, figure, judgement, text

INDICATOR = Column("indicator", "Indicator")
VALUES = (
    Column("period", "Period"),
    Column("value", "Value", True),
    *LIMITS,
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
        figure(None if indicator.code in facts.counts else row["difference_from_england"], places, signed=True),
        Cell("", None) if is_england or row["value"] is None else compared(row, in_doubt=is_doubted(facts, row)),
        direction(row["trend"], row["trend_judged"]) if row["value"] is not None else Cell("", None),
        text(remarks(facts, indicator.code, area.code, row)),
    ]


def is_doubted(facts: Facts, row: Row) -> bool:
    """Whether a failed check doubts just this figure, so that it is neither better nor worse before it is confirmed."""
    return facts.doubts.forbid(row)


def compared(row: Row, *, in_doubt: bool = False) -> Cell:
    """The comparison with England: judged, or higher or lower where neither is better, or why there is none."""
    if in_doubt:
        sign, word = words.IN_DOUBT
        return Cell(f"{word}, not to be reported", f"{word}, not to be reported", "doubted", "", sign)
    if row["outcome_judged"]:
        return judgement(row["outcome_judged"])
    said = unjudged(row)
    return Cell(said, said, "not-judged", "", words.NOT_JUDGED[0])


def unjudged(row: Row) -> str:
    """Why a figure is not judged here, and what its publisher says of it."""
    if row["outcome_statistical"] in ("higher", "lower", "similar"):
        return f"{row['outcome_statistical']}, not judged"
    why = words.reason(row["not_compared_reason"])
    said = f"not judged: {why}" if why else "not judged"
    if row["publisher_outcome"]:
        said += f"; the publisher says {row['publisher_outcome']}"
    return said


def state(facts: Facts, code: str, area: str) -> str:
    """The state of coverage in words."""
    found = facts.coverage.get((code, area))
    if found is None:
        return "not known" if facts.coverage else "this release has no table of coverage"
    return words.state(found["state"], found["reason"])


def remarks(facts: Facts, code: str, area: str, row: Row) -> str:
    """Coverage, and what else a reader of the figure must know: doubts, age, status, newer periods without a value."""
    said = [doubt.said() for doubt in facts.doubts.of_figure(row)]
    if age.is_old(facts, row):
        said.append(f"{words.OLD[0]} {words.OLD[1]}")
    said.append(state(facts, code, area))
    if row["status"] and str(words.STATUSES.get(row["status"], row["status"])):
        said.append(str(words.STATUSES.get(row["status"], row["status"])))
    if row["is_derived"]:
        said.append("worked out here")
    said += age.newer_without_value(facts, row)
    if row["status_note"]:
        said.append(str(row["status_note"]))
    return "; ".join(part.removesuffix(".") for part in said)


def summary(facts: Facts, rows: list[Row]) -> str:
    """How many councils are better, similar, worse or not tested, in a sentence; rows: of vw_latest."""
    councils = [row for row in rows if row["area_code"] in facts.area and facts.area[row["area_code"]].is_council]
    with_value = [row for row in councils if row["value"] is not None]
    if not with_value:
        return "No council has a figure."
    said = listed_outcomes(facts, with_value)
    return f"Of {words.counted(len(with_value), 'council')} with a figure: {'; '.join(said)}."


def listed_outcomes(facts: Facts, rows: list[Row]) -> list[str]:
    """How many figures are better, similar, worse, in doubt or not tested here; of the last, what publishers say."""
    doubted = [row for row in rows if is_doubted(facts, row)]
    trusted = [row for row in rows if row not in doubted]
    said = []
    for code in ("better", "similar", "worse"):
        count = sum(row["outcome_judged"] == code for row in trusted)
        if count:
            said.append(f"{count} {code} than England" if code != "similar" else f"{count} similar to England")
    if doubted:
        said.append(f"{len(doubted)} in doubt, because a check failed, and not to be reported yet")
    untested = [row for row in trusted if row["outcome_judged"] is None]
    if untested:
        said.append(not_tested(untested))
    return said


def not_tested(rows: list[Row]) -> str:
    """How many figures we did not judge, and what their publishers say of them."""
    outcomes = [str(row["publisher_outcome"]) for row in rows if row["publisher_outcome"]]
    order = ("better", "similar", "worse", "lower", "higher")
    known = [f"{outcomes.count(code)} {code}" for code in order if code in outcomes]
    if not known:
        return f"{len(rows)} not judged"
    return f"{len(rows)} not tested by us, of which the publisher says {words.listed(known)}"


def extremes(indicator: Indicator, facts: Facts, rows: list[Row]) -> str:
    """Which council has the lowest and which the highest figure of each period, in a sentence."""
    known = [
        row
        for row in rows
        if row["value"] is not None and row["area_code"] in facts.area and facts.area[row["area_code"]].is_council
    ]
    by_period: dict[str, list[Row]] = {}
    for row in sorted(known, key=lambda r: r["period_id"].partition("/")[::-1], reverse=True):
        by_period.setdefault(str(row["period"]), []).append(row)
    if len(known) < 2:
        return ""
    said = []
    for period, mine in by_period.items():
        low, high = min(mine, key=lambda r: r["value"]), max(mine, key=lambda r: r["value"])
        ends = [
            f"{words.number(row['value'], indicator.decimals)} ({facts.area[row['area_code']].name})"
            for row in (low, high)
        ]
        when = f"in {period} " if len(by_period) > 1 else ""
        said.append(f"{when}only {ends[0]}" if len(mine) == 1 else f"{when}from {ends[0]} to {ends[1]}")
    apart = " The periods differ, so that these must not be set beside each other." if len(by_period) > 1 else ""
    return f"{words.sentence('; '.join(said))}{apart}"
