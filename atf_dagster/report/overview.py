"""The overview: the scorecard as a heat table by Marmot principle, the questions' sentences, what is missing.

Belongs here: the lists of what is held, not the newest, empty or a proxy. Does not belong here: the rows of the heat
table (`heat`), one area's or one indicator's figures (`area`, `indicator`).
"""

from collections import defaultdict

from atf_dagster.report import heat, words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.page import Page
from atf_dagster.report.questions import Question, questions


def page(facts: Facts) -> Page:
    """The page `index.html`."""
    beacons = [indicator for indicator in facts.indicators if indicator.kind == "beacon"]
    return Page(
        path="index.html",
        title="Overview",
        template="overview.html.j2",
        context={
            "areas": facts.areas,
            "principles": heat.tables(facts, absence),
            "questions": _questions(facts),
            "held": _in_state(facts, "stale"),
            "late": _in_state(facts, "late"),
            "proxies": [i for i in facts.indicators if i.kind == "proxy"],
            "beacons": facts.indicator,
            "n_beacons": len(beacons),
            "n_with_figures": sum(has_figures(facts, beacon) for beacon in beacons),
            "n_by_proxy": sum(
                not has_figures(facts, beacon) and any(has_figures(facts, p) for p in facts.proxies(beacon.code))
                for beacon in beacons
            ),
        },
    )


def has_figures(facts: Facts, indicator: Indicator) -> bool:
    """Whether any answered area has a figure."""
    rows = (facts.latest.get((indicator.code, area.code)) for area in facts.areas)
    return any(row is not None and row["value"] is not None for row in rows)


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
