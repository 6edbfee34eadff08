"""The sheets of figures: the newest of each indicator and area, and the series in time by Marmot principle.

Belongs here: these two. Does not belong here: the scorecard, gaps, and areas without any figure (`coverage`).
"""

from typing import Any

from atf_dagster.report.reading import Reading
from atf_dagster.report.subjects import Subjects
from atf_dagster.report.words import IN_DOUBT_REASON
from atf_dagster.report.workbook import common
from atf_dagster.report.workbook.sheet import Column, Sheet, absent, number
from atf_dagster.report.workbook.words import code_in_words, reason_in_words

LATEST = ("vw_latest", "fct_trend", "dim_indicator", "dim_area", "dim_period", "coverage")
SERIES = ("fct_observation", "dim_indicator", "dim_area", "dim_period", "coverage")
BLANK_VALUE = (
    "A blank value has no figure that may be shown: Shorthand and Status say why. Blank limits: none are published or "
    "worked out. A blank Shorthand is a normal figure."
)


def latest(reading: Reading) -> Sheet:
    """The newest figure of each indicator and answered area, with its comparison to England and its trend."""
    name, title = "Latest_figures", "Newest figure of each indicator and area"
    if lacking := reading.lacks(*LATEST):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", common.SOURCE)
    wanted = reading.select(
        "vw_latest", "v", "age", "status_note", "difference_from_england", "not_compared_reason", "newest_period"
    )
    rows = reading.ask(
        f"""
        select {common.INDICATOR}, {common.KIND}, v.area_code, v.area_name, v.period_id, v.period, v.sex, v.value,
            v.lci_95, v.uci_95, v.status, v.england_value, v.outcome_statistical, v.outcome_judged, v.polarity, v.trend,
            v.trend_judged, t.reason as trend_reason, a.area_type, cast(p.period_start as varchar) as period_start,
            cast(p.period_end as varchar) as period_end, {wanted}
        from vw_latest as v
        join dim_indicator as i using (indicator_code)
        left join dim_area as a on a.area_code = v.area_code
        left join dim_period as p on p.period_id = v.period_id
        left join fct_trend as t on (t.indicator_code, t.area_code, t.sex, t.age, t.breakdown_type)
            = (v.indicator_code, v.area_code, v.sex, {_age(reading)}, 'Total')
        {common.KIND_JOIN}
        order by {common.INDICATOR_ORDER}, {common.AREA_ORDER}
        """
    )
    doubts = Subjects(reading).doubts
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            *common.AREA_COLUMNS,
            *common.PERIOD_COLUMNS,
            *common.FIGURE_COLUMNS,
            number("england_value", "England"),
            number("difference_from_england", "Difference from England"),
            Column("compared", "Compared with England", 16),
            Column("judged", "Judged against England", 14),
            Column("not_judged", "Why not compared or not judged", 30),
            Column("trend", "Trend", 16),
            Column("trend_judged", "Trend judged", 14),
            Column("no_trend", "Why no trend", 24),
            Column("newest_period", "Newer period without a figure", 14),
        ],
        rows=[_compared(common.marked(common.described(row)), in_doubt=doubts.forbid(row)) for row in rows],
        blanks=f"{BLANK_VALUE} A blank comparison, judgement or trend: none could be made.",
        scope="All indicators at the headline sex and age, each area with its own newest period that has a figure. "
        "Areas without any figure are on the worksheet Coverage.",
        source=common.SOURCE,
        notes=("periods", "decimals", "shorthand", "proxies", "comparison", "trend", "derived"),
    )


def _age(reading: Reading) -> str:
    return "v.age" if "age" in reading.columns["vw_latest"] else "i.headline_age"


def _compared(row: dict[str, Any], *, in_doubt: bool) -> dict[str, Any]:
    """The row with comparison and trend in words. A figure that a failed check doubts is not judged, as on pages."""
    outcome, judged = (None, None) if in_doubt else (row["outcome_statistical"], row["outcome_judged"])
    reason = None
    if in_doubt:
        reason = reason_in_words(IN_DOUBT_REASON)
    elif row["area_type"] == "country":
        reason = "England is what the others are compared with"
    elif row["value"] is None:
        reason = "no figure"
    elif outcome in (None, "not_compared"):
        reason = reason_in_words(row["not_compared_reason"])
    elif judged is None:
        reason = "neither higher nor lower is better" if row["polarity"] == "none" else None
    return {
        **row,
        "compared": None if row["area_type"] == "country" else code_in_words(outcome),
        "judged": judged or "not judged",
        "not_judged": reason,
        "trend": code_in_words(row["trend"]),
        "trend_judged": code_in_words(row["trend_judged"]),
        "no_trend": reason_in_words(row["trend_reason"]),
    }


def series(reading: Reading) -> list[Sheet]:
    """One sheet a Marmot principle: headline figures through time, of beacon indicators and proxies."""
    if lacking := reading.lacks(*SERIES):
        what = f"This release has no table {', '.join(lacking)}."
        return [absent("Series", "Series by Marmot principle", what, common.SOURCE)]
    headline = "i.headline_sex = o.sex and (i.headline_age is null or i.headline_age = o.age)"
    rows = reading.ask(
        f"""
        select coalesce(i.principle_no, beacon.principle_no) as principle_no, {common.INDICATOR}, {common.KIND},
            a.area_code, a.area_name, p.label as period, cast(p.period_start as varchar) as period_start,
            cast(p.period_end as varchar) as period_end, o.sex, o.age, o.value, o.lci_95, o.uci_95, o.status,
            o.status_note, {reading.column("fct_observation", "derived_by", "o")}
        from fct_observation as o
        join dim_indicator as i using (indicator_code)
        join dim_area as a using (area_code)
        join dim_period as p using (period_id)
        {common.KIND_JOIN}
        where {common.answered(reading, "a")} and {common.IS_BEACON_OR_PROXY}
            and o.breakdown_type = 'Total' and {headline}
        order by {common.INDICATOR_ORDER}, {common.AREA_ORDER}, p.period_end, p.period_start
        """
    )
    principles = reading.ask(
        "select distinct principle_no, principle from dim_indicator where principle_no is not null "
        "order by principle_no"
    )
    return [_principle(p["principle_no"], p["principle"], rows) for p in principles]


def _principle(principle_no: int, principle: str, rows: list[dict[str, Any]]) -> Sheet:
    name = f"Principle_{principle_no}" if principle_no else "Overarching"
    title = f"Series, principle {principle_no}: {principle}" if principle_no else f"Series: {principle}"
    own = [row for row in rows if row["principle_no"] == principle_no]
    if not own:
        what = (
            "This release has no figure of a beacon indicator or a proxy under this principle. The worksheet Coverage "
            "says why, for each indicator and area."
        )
        return absent(name, title, what, common.SOURCE)
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            *common.AREA_COLUMNS,
            *common.PERIOD_COLUMNS,
            *common.FIGURE_COLUMNS,
            Column("derived_by", "How a derived figure was worked out", 18),
        ],
        rows=[{**common.marked(common.described(row)), "derived_by": code_in_words(row["derived_by"])} for row in own],
        blanks=f"{BLANK_VALUE} A blank last column is a published figure.",
        scope="Beacon indicators of the principle and their proxies, at the headline sex and age, in time. Other "
        "sexes, ages, breakdowns and supporting indicators are in the release's files.",
        source=common.SOURCE,
        notes=("periods", "decimals", "shorthand", "proxies", "derived", "breaks"),
    )
