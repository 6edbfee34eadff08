"""The overview: the scorecard as a heat table by Marmot principle, the questions' sentences, what is missing.

Belongs here: the rows of the heat table, the lists of what is held, late, empty or a proxy. Does not belong here: one
area's or one indicator's figures (`area`, `indicator`).
"""

from collections import defaultdict
from dataclasses import dataclass

from atf_dagster.report import standing, words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.page import Page
from atf_dagster.report.questions import Question, questions


@dataclass(frozen=True)
class HeatCell:
    """One area's newest figure. period: only where it is not that of the row."""

    value: str
    sign: str
    word: str
    kind: str
    arrow: str
    trend: str
    period: str
    publisher: str


@dataclass(frozen=True)
class HeatRow:
    """One indicator; without any figure `cells` is empty and `absence` says why."""

    indicator: Indicator
    period: str
    cells: tuple[HeatCell, ...]
    absence: str


def page(facts: Facts) -> Page:
    """The page `index.html`."""
    beacons = [indicator for indicator in facts.indicators if indicator.kind == "beacon"]
    return Page(
        path="index.html",
        title="Overview",
        template="overview.html.j2",
        context={
            "areas": facts.areas,
            "principles": _principles(facts),
            "questions": _questions(facts),
            "held": _in_state(facts, "stale"),
            "late": _in_state(facts, "late"),
            "proxies": [i for i in facts.indicators if i.kind == "proxy"],
            "beacons": facts.indicator,
            "n_beacons": len(beacons),
            "n_with_figures": sum(_has_figures(facts, beacon) for beacon in beacons),
            "n_by_proxy": sum(
                not _has_figures(facts, beacon) and any(_has_figures(facts, p) for p in facts.proxies(beacon.code))
                for beacon in beacons
            ),
        },
    )


def _has_figures(facts: Facts, indicator: Indicator) -> bool:
    rows = (facts.latest.get((indicator.code, area.code)) for area in facts.areas)
    return any(row is not None and row["value"] is not None for row in rows)


def _principles(facts: Facts) -> list[tuple[str, list[HeatRow]]]:
    """Principle -> its beacon indicators, each followed by its proxies."""
    found: dict[str, list[HeatRow]] = {}
    for indicator in facts.indicators:
        if indicator.kind != "beacon":
            continue
        rows = found.setdefault(indicator.principle or "No principle", [])
        rows.append(_row(facts, indicator))
        rows += [_row(facts, proxy) for proxy in facts.proxies(indicator.code)]
    return list(found.items())


def _row(facts: Facts, indicator: Indicator) -> HeatRow:
    rows = [facts.latest.get((indicator.code, area.code)) for area in facts.areas]
    known = [row for row in rows if row is not None and row["value"] is not None]
    if not known:
        return HeatRow(indicator, "", (), absence(facts, indicator))
    common = max((row["period_id"] for row in known), key=lambda id: id.partition("/")[2])
    cells = []
    for area, row in zip(facts.areas, rows, strict=True):
        if row is None or row["value"] is None:
            why = standing.state(facts, indicator.code, area.code)
            cells.append(HeatCell("", words.NO_FIGURE[0], why, "absent", "", "", "", ""))
            continue
        sign, word = words.judged(row["outcome_judged"])
        arrow, trend = words.trend(row["trend"], row["trend_judged"])
        is_england = area == facts.england
        cells.append(
            HeatCell(
                value=words.number(row["value"], indicator.decimals),
                sign="" if is_england else sign,
                word="the benchmark" if is_england else word,
                kind="benchmark" if is_england else word.replace(" ", "-"),
                arrow=arrow,
                trend=trend,
                period="" if row["period_id"] == common else str(row["period"]),
                publisher=str(row["publisher_outcome"] or "") if row["outcome_judged"] is None else "",
            )
        )
    return HeatRow(indicator, facts.label(common), tuple(cells), "")


def absence(facts: Facts, indicator: Indicator) -> str:
    """Why an indicator has no figure anywhere, and who could fill it."""
    reasons: dict[str, int] = defaultdict(int)
    for area in facts.areas:
        found = facts.coverage.get((indicator.code, area.code))
        if found is not None and found["reason"]:
            reasons[found["reason"]] += 1
    if not reasons:
        return "This release does not say why it has no figure."
    said = [
        f"{words.reason(code)} ({words.counted(count, 'area')})"
        for code, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    main = max(reasons, key=lambda code: (reasons[code], code))
    who = words.filler(main, indicator.card["publisher"])
    return f"{words.sentence('; '.join(said))} Who could fill it: {who}."


def _questions(facts: Facts) -> list[tuple[Question, list[str]]]:
    """Each question with the sentences about beacon indicators; the questions page has the others."""
    return [
        (
            question,
            [
                str(row["sentence"])
                for _, rows in question.kinds
                for row in rows
                if row["kind"] == "beacon" and row["n_areas"] and row["sentence"]
            ],
        )
        for question in questions(facts)
    ]


def _in_state(facts: Facts, state: str) -> list[tuple[Indicator, str]]:
    """Indicators of which an area is in this state, with how many areas and why."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (code, area), row in facts.coverage.items():
        if row["state"] == state and area in facts.area:
            found[code][row["reason"] or ""] += 1
    return [
        (
            indicator,
            "; ".join(
                f"{words.counted(count, 'area')}: {words.reason(why) or 'no reason given'}"
                for why, count in sorted(found[indicator.code].items())
            ),
        )
        for indicator in facts.indicators
        if indicator.code in found
    ]
