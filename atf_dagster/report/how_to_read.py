"""The page that says how to read the others: words and signs, and which beacon indicators have figures.

Belongs here: the words in the order of a reader's questions, the table of beacon indicators. Does not belong here: the
words of codes (`words`), why an indicator is empty (`overview.absence`).
"""

from atf_dagster.report import words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.overview import absence, has_figures
from atf_dagster.report.page import Figure, Group, Page
from atf_dagster.report.table import Column, Table, text


def page(facts: Facts) -> Page:
    """The page `how-to-read.html`."""
    return Page(
        path="how-to-read.html",
        title="How to read this",
        template="how-to-read.html.j2",
        context={"terms": _terms(facts), "reasons": _reasons(facts)},
        groups=(Group("beacons", "The beacon indicators", figures=[_beacons(facts)]),),
    )


def _terms(facts: Facts) -> list[tuple[str, str]]:
    subregion = next((area.name for area in facts.areas if area.type == "subregion"), "the subregion")
    region = next((area.name for area in facts.areas if area.type == "region"), "the region")
    count = sum(i.kind == "beacon" for i in facts.indicators)
    return [
        ("Beacon indicator", f"One of the {count} indicators by which the programme's report measures progress."),
        ("Proxy", "An indicator that stands in for a beacon indicator that cannot be had. It is never that indicator."),
        ("Supporting indicator", "An indicator that is neither: it helps to understand the others."),
        (
            f"The councils together ({subregion})",
            f"The {words.counted(sum(a.is_council for a in facts.areas), 'council')} as one area. Where their counts "
            "are published they are added; a figure that is put together otherwise is called approximate; and where "
            f"neither is lawful there is none. {region} is the region, and England the benchmark.",
        ),
        (
            "Better, similar, worse",
            "A figure beside England's of the same period, by its 95% limits as the indicator's page says: "
            f"{_signs()}. A verdict on limits is a test of chance only where the page does not say that none is made.",
        ),
        (
            "Not judged, not tested by us",
            f"{words.NOT_JUDGED[0]}: we have no limits for the figure or neither higher nor lower is better. Where "
            "the publisher itself says better, similar or worse, its word stands there, and is called the publisher's.",
        ),
        (
            "Approximate",
            "Estimated, or put together here from figures of councils, and not published as such. What is weighted "
            "together approximately is compared with nothing; other approximate figures are where they have limits.",
        ),
        (
            f"In doubt ({words.IN_DOUBT[0]})",
            "A check of this release failed on the figure. Do not report it before it is confirmed.",
        ),
        (
            f"Other period ({words.OTHER_PERIOD[0]})",
            "The area's newest figure is not of England's newest period; what England had then stands beside it.",
        ),
        (
            f"Old figure ({words.OLD[0]})",
            f"Its period ended more than {words.OLD_YEARS} years before this release was made.",
        ),
        ("Suppressed", f"No figure, because {words.reason('suppressed')}. It is not zero, and not missing."),
        ("Unreliable", f"No figure, because {words.reason('unreliable')}."),
        (
            "Not the newest figure",
            "A newer figure could be expected. Its reason says whether it is published and this release has it not, or "
            "whether the publisher is late.",
        ),
        ("Held back", "The newest figures failed a check or could not be fetched, so that older ones are shown."),
        (
            "Wider, narrower, changed sides",
            "Of a gap between two groups: its size now beside its size then, whichever group is ahead. Where the group "
            "that was ahead is behind now, it changed sides.",
        ),
        (
            "Trend",
            "An arrow and words: the newest points of a series are rising, falling or without significant change; for "
            "many series none can be calculated, and the pages say why.",
        ),
    ]


def _signs() -> str:
    return ", ".join(f"{word} {sign}" for sign, word in words.JUDGED.values())


def _reasons(facts: Facts) -> list[tuple[str, str]]:
    """Each reason of this release why a figure is not there or not the newest: in words, and who could fill it."""
    codes = {row["reason"] for (_, area), row in facts.coverage.items() if row["reason"] and area in facts.area}
    return sorted(
        (words.sentence(words.reason(code)), words.sentence(words.filler(code, "the publisher"))) for code in codes
    )


def _beacons(facts: Facts) -> Figure:
    beacons = [indicator for indicator in facts.indicators if indicator.kind == "beacon"]
    councils = [area for area in facts.areas if area.is_council]
    rows = [
        [
            text(f"{i.beacon_no}. {i.name}", "head", f"indicators/{i.code}.html"),
            text("yes" if has_figures(facts, i) else "no"),
            text(f"{_known(facts, i)} of {len(councils)}"),
            text("" if has_figures(facts, i) else absence(facts, i)),
            text(", ".join(p.name for p in facts.proxies(i.code) if has_figures(facts, p))),
        ]
        for i in beacons
    ]
    columns = (
        Column("indicator", "Beacon indicator"),
        Column("has_figure", "Has a figure"),
        Column("councils", "Councils with one"),
        Column("why_not", "Why not, and who could fill it"),
        Column("proxies", "Proxies with figures"),
    )
    with_figures = sum(row[1].text == "yes" for row in rows)
    said = f"{with_figures} of {len(beacons)} beacon indicators have a figure of any area in this release."
    return Figure(
        "beacons",
        "Which have a figure",
        said,
        Table("beacons", "Beacon indicators with and without figures", columns, rows),
    )


def _known(facts: Facts, indicator: Indicator) -> int:
    rows = (facts.latest.get((indicator.code, area.code)) for area in facts.areas if area.is_council)
    return sum(row is not None and row["value"] is not None for row in rows)
