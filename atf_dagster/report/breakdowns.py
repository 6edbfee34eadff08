"""Parts of an indicator's page: by sex, by free school meals, beside statistical neighbours, its revisions.

Belongs here: the rows of these parts. Does not belong here: figures of councils and time (`indicator`).
"""

from atf_dagster.report import drawn, standing, words
from atf_dagster.report.changed import revision_table
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.page import Figure, Group
from atf_dagster.report.table import LIMITS, Cell, Column, Table, figure, judgement, text

AREA = Column("area", "Area")
VALUE = (
    Column("value", "Value", True),
    *LIMITS,
)
MOST_REVISIONS = 400


def by_sex(facts: Facts, indicator: Indicator) -> Group:
    """Females and males beside each other."""
    title = "Females and males"
    found = [
        row
        for row in facts.latest_by_sex.get(indicator.code, [])
        if row["sex"] in ("Female", "Male") and row["value"] is not None and row["area_code"] in facts.area
    ]
    if not found:
        return Group("sex", title, "The publisher gives no figures by sex, or this release has none.")
    order = {area.code: place for place, area in enumerate(facts.areas)}
    found.sort(key=lambda row: (order[row["area_code"]], row["sex"]))
    rows = [
        [
            text(facts.area[row["area_code"]].name, "head"),
            text(row["sex"]),
            text(row["period"]),
            *(figure(row[name], indicator.decimals) for name in ("value", "lci_95", "uci_95")),
            standing.compared(row) if facts.area[row["area_code"]] != facts.england else text(None),
        ]
        for row in found
    ]
    columns = (
        AREA,
        Column("sex", "Sex"),
        Column("period", "Period"),
        *VALUE,
        Column("compared", "Compared with England"),
    )
    england = facts.england.code if facts.england else ""
    values = {row["sex"]: row["value"] for row in found if row["area_code"] == england}
    said = (
        f"In England {words.number(values['Female'], indicator.decimals)} for females and "
        f"{words.number(values['Male'], indicator.decimals)} for males."
        if len(values) == 2
        else "England has no figures for both sexes."
    )
    table = Table("sex", f"{indicator.name} ({indicator.unit}) by sex", columns, rows)
    name = f"{indicator.name} by sex"
    chart = drawn.groups(facts, indicator, "sex", name, found, "sex")
    return Group("sex", title, figures=[Figure("sex", name, said, table, chart)])


def by_meals(facts: Facts, indicator: Indicator) -> Group:
    """Pupils by free school meals."""
    title = "By free school meals"
    found = facts.meals.get(indicator.code, [])
    if not found:
        return Group("meals", title, "The publisher gives no figures by free school meals, or this release has none.")
    rows = [
        [
            text(facts.area[row["area_code"]].name, "head"),
            text(row["breakdown_value"]),
            text(facts.label(row["period_id"])),
            figure(row["value"], indicator.decimals, absent=words.STATUSES.get(row["status"] or "", "no figure")),
            figure(row["lci_95"], indicator.decimals),
            figure(row["uci_95"], indicator.decimals),
            text(words.STATUSES.get(row["status"] or "", row["status"])),
        ]
        for area in facts.areas
        for row in found
        if row["area_code"] == area.code
    ]
    status = Column("status", "Status")
    columns = (AREA, Column("group", "Free school meals"), Column("period", "Period"), *VALUE, status)
    england = facts.england.code if facts.england else ""
    values = [
        f"{row['breakdown_value'].lower()}: {words.number(row['value'], indicator.decimals)}"
        for row in found
        if row["area_code"] == england and row["value"] is not None
    ]
    said = f"In England, {facts.label(found[0]['period_id'])}: {'; '.join(values)}." if values else "England has none."
    table = Table("meals", f"{indicator.name} ({indicator.unit}) by free school meals", columns, rows)
    name = f"{indicator.name} by free school meals"
    chart = drawn.groups(facts, indicator, "meals", name, found, "breakdown_value")
    return Group("meals", title, figures=[Figure("meals", name, said, table, chart)])


def neighbours(facts: Facts, indicator: Indicator) -> Group:
    """Each council beside its statistical neighbours as one area."""
    title = "Beside statistical neighbours"
    councils = [area for area in facts.areas if area.is_council]
    found = [(area, row) for area in councils if (row := facts.neighbours.get((indicator.code, area.code))) is not None]
    if not found:
        return Group(
            "neighbours",
            title,
            "There is no figure of statistical neighbours: it needs the counts of all ten for the same period.",
        )
    own = {(row["area_code"], row["period_id"], row["sex"]): row for row in facts.series.get(indicator.code, [])}
    rows = []
    for area, row in found:
        mine = own.get((area.code, row["period_id"], row["sex"]))
        rows.append(
            [
                text(area.name, "head"),
                text(facts.label(row["period_id"])),
                figure(mine["value"] if mine else None, indicator.decimals),
                figure(row["benchmark_value"], indicator.decimals),
                Cell("none: a count differs with the size of an area", None, "absent")
                if indicator.is_count
                else figure(row["difference"], indicator.decimals, signed=True),
                judgement(row["outcome_judged"])
                if row["outcome_judged"] or not row["reason"]
                else text(f"not judged: {words.reason(row['reason'])}", "not-judged"),
            ]
        )
    columns = (
        AREA,
        Column("period", "Period"),
        Column("value", "Value", True),
        Column("neighbours", "Its neighbours together", True),
        Column("difference", "Difference", True),
        Column("compared", "Compared with its neighbours"),
    )
    counts = [
        f"{sum(row['outcome_judged'] == word for _, row in found)} {word}" for word in ("better", "similar", "worse")
    ]
    said = f"Beside the ten councils most like each, taken as one area: {words.listed(counts)}."
    table = Table("neighbours", f"{indicator.name} ({indicator.unit}) beside statistical neighbours", columns, rows)
    name = f"{indicator.name} beside statistical neighbours"
    return Group("neighbours", title, figures=[Figure("neighbours", name, said, table)])


def history(facts: Facts, indicator: Indicator) -> Group:
    """Revised figures of the indicator."""
    title = "History of revisions"
    if not facts.reading.has("fct_revision"):
        return Group("history", title, "This release has no table of revisions.")
    found = [row for row in facts.revisions if row["indicator_code"] == indicator.code]
    if not found:
        return Group("history", title, "No figure of this indicator has been revised since this warehouse holds it.")
    said = f"{words.counted(len(found), 'figure')} revised, the newest on {words.day(found[0]['seen_at'])}."
    table = revision_table(facts, found[:MOST_REVISIONS], "history", f"Revised figures of {indicator.name}")
    name = f"Revisions of {indicator.name}"
    chart = drawn.revised(facts, indicator, "history", name, found)
    return Group("history", title, figures=[Figure("history", name, said, table, chart)])
