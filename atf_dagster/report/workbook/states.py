"""The sheets of coverage, indicators and changes.

Belongs here: what is there, why something is not, and what changed. Does not belong here: figures.
"""

from typing import Any

from atf_dagster.report.reading import Reading
from atf_dagster.report.subjects import Subjects
from atf_dagster.report.workbook import common
from atf_dagster.report.workbook.sheet import Column, Sheet, absent, number
from atf_dagster.report.workbook.words import code_in_words, reason_in_words, shorthand, status_in_words

RELEASE = "Source: this release of the warehouse."
MOST_REVISIONS = 2_000
"""Rows of single revisions; more are in the release's files."""


def coverage(reading: Reading) -> Sheet:
    """Every pair of indicator and area: how fresh the headline figure is and, where there is none, why."""
    name, title = "Coverage", "Coverage: what is there, and why something is not"
    if lacking := reading.lacks("coverage", "dim_indicator", "dim_area", "dim_period"):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", RELEASE)
    rows = reading.ask(
        f"""
        select {common.INDICATOR}, {common.KIND}, a.area_code, a.area_name, c.state, c.reason,
            {reading.column("coverage", "note", "c")}, latest.label as latest, expected.label as expected
        from coverage as c
        join dim_indicator as i using (indicator_code)
        left join dim_area as a on a.area_code = c.area_code
        left join dim_period as latest on latest.period_id = c.latest_period_id
        left join dim_period as expected on expected.period_id = c.expected_period_id
        {common.KIND_JOIN}
        order by {common.INDICATOR_ORDER}, {common.AREA_ORDER}
        """
    )
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            *common.AREA_COLUMNS,
            Column("state", "State", 10),
            Column("reason", "Reason", 50),
            Column("latest", "Newest period with a figure", 16),
            Column("expected", "Newest period to be expected", 16),
            Column("note", "Note", 40),
        ],
        rows=[
            {
                **common.described(row),
                "state": code_in_words(row["state"]),
                "reason": reason_in_words(row["reason"]),
            }
            for row in rows
        ],
        blanks="A blank reason: the newest figure that can be expected is there. A blank newest period: no figure at "
        "all. A blank expected period: the indicator has no dataset. A blank note: there is none.",
        scope="Every indicator and area, at the headline sex and age.",
        source=RELEASE,
        notes=("coverage", "proxies"),
    )


def indicators(reading: Reading) -> Sheet:
    """What each indicator is, who publishes it, and under which licence."""
    name, title = "Indicators", "Indicators: definitions, publishers and licences"
    if lacking := reading.lacks("dim_indicator"):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", RELEASE)
    rows = reading.ask(
        f"""
        select {common.INDICATOR}, {common.KIND}, i.name, i.report_name, i.principle, i.definition, i.polarity,
            i.frequency, i.publisher, i.licence, i.attribution, i.page_url, i.statistic_status,
            {reading.select("dim_indicator", "i", "proxy_note", "reader_note")}
        from dim_indicator as i
        {common.KIND_JOIN}
        order by i.beacon_no is null and not i.is_proxy, {common.INDICATOR_ORDER}
        """
    )
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            Column("proxy_note", "How a proxy differs from its beacon indicator", 40),
            Column("principle", "Marmot principle", 30),
            Column("name", "Full name", 40),
            Column("report_name", "Name in the report of the programme", 40),
            Column("definition", "Definition", 60),
            Column("unit", "Unit", 14),
            Column("polarity", "Which way is better", 16),
            Column("frequency", "How often a period begins", 14),
            Column("statistic_status", "What the publisher says of the statistic", 20),
            Column("reader_note", "What to beware of", 40),
            Column("publisher", "Publisher", 30),
            Column("licence", "Licence", 24),
            Column("attribution", "Attribution", 50),
            Column("page_url", "Publisher's page", 40),
        ],
        rows=[
            {
                **common.described(row),
                "polarity": "neither" if row["polarity"] == "none" else code_in_words(row["polarity"]),
            }
            for row in rows
        ],
        blanks="A blank publisher, licence, attribution or page: the indicator has no dataset yet. A blank principle "
        "or name in the report: a proxy or a supporting indicator. Another blank: there is nothing to say.",
        scope="All indicators: the beacon indicators, each followed by its proxies, then the supporting indicators.",
        source=RELEASE,
        notes=("proxies",),
    )


def changes(reading: Reading) -> Sheet:
    """How many figures of each indicator came, were revised or withdrawn, day by day."""
    name, title = "Changes", "Changes: figures that came, were revised or withdrawn"
    if lacking := reading.lacks("fct_observation_history", "dim_indicator"):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", RELEASE)
    rows = reading.ask(
        f"""
        with counted as (
            select cast(cast(valid_from as date) as varchar) as day, indicator_code,
                count(*) filter (where change = 'new') as n_new,
                count(*) filter (where change = 'revised') as n_revised,
                count(*) filter (where change = 'withdrawn') as n_withdrawn
            from fct_observation_history
            group by all
        )
        select c.day, {common.INDICATOR}, {common.KIND}, c.n_new, c.n_revised, c.n_withdrawn
        from counted as c
        join dim_indicator as i using (indicator_code)
        {common.KIND_JOIN}
        order by c.day desc, {common.INDICATOR_ORDER}
        """
    )
    if not rows:
        return absent(name, title, "No figure has changed: the release has no history of figures.", RELEASE)
    return Sheet(
        name=name,
        title=title,
        columns=[
            Column("day", "Day", 12),
            *common.NAME_COLUMNS,
            number("n_new", "New figures", decimals=0),
            number("n_revised", "Revised figures", decimals=0),
            number("n_withdrawn", "Withdrawn figures", decimals=0),
        ],
        rows=[common.described(row) for row in rows],
        blanks="No cell is blank.",
        scope="All areas, sexes, ages and breakdowns, by the day (UTC) on which a figure came into force, the newest "
        "first.",
        source=RELEASE,
        notes=("changes", "proxies"),
    )


REVISED_IN_WORDS = ("comparison_changed", "trend_changed")


def revisions(reading: Reading) -> Sheet:
    """Each revision of a figure of an answered area, the newest first."""
    name, title = "Revisions", "Revisions: each published figure that was changed"
    if lacking := reading.lacks("fct_revision", "dim_indicator", "dim_area", "dim_period"):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", RELEASE)
    rows = reading.ask(
        f"""
        select cast(cast(r.seen_at as date) as varchar) as day, {common.INDICATOR}, {common.KIND}, a.area_code,
            a.area_name, r.period_id, p.label as period, r.sex, r.age, r.breakdown_type, r.breakdown_value,
            r.old_value, r.new_value,
            {reading.select("fct_revision", "r", "old_status", "new_status", "difference", *REVISED_IN_WORDS)}
        from fct_revision as r
        join dim_indicator as i using (indicator_code)
        join dim_area as a using (area_code)
        left join dim_period as p on p.period_id = r.period_id
        {common.KIND_JOIN}
        where {common.answered(reading, "a")}
        order by r.seen_at desc, {common.INDICATOR_ORDER}, {common.AREA_ORDER}, p.period_end desc, r.sex, r.age,
            r.breakdown_type, r.breakdown_value
        limit {MOST_REVISIONS}
        """
    )
    if not rows:
        return absent(name, title, "No published figure of the answered areas was changed up to this release.", RELEASE)
    doubts = Subjects(reading).doubts
    return Sheet(
        name=name,
        title=title,
        columns=[
            Column("day", "Day", 12),
            *common.NAME_COLUMNS,
            *common.AREA_COLUMNS,
            *common.WHOM_COLUMNS,
            number("old_value", "Value before"),
            Column("old_symbol", "Shorthand before", 10),
            Column("old_status", "Status before", 14),
            number("new_value", "Value since"),
            Column("new_symbol", "Shorthand since", 10),
            Column("new_status", "Status since", 14),
            number("difference", "Difference"),
            Column("comparison_changed", "Did the comparison with England change", 16),
            Column("trend_changed", "Did the trend change", 12),
        ],
        rows=[_revised(common.described(row), in_doubt=doubts.forbid(row)) for row in rows],
        blanks="A blank value has no figure that may be shown; Shorthand and Status beside it say why. A blank "
        "difference: one of the two has no value. A blank answer to a question: it cannot be told, or a check doubts "
        "the figure.",
        scope=f"Figures of the answered areas, the newest {MOST_REVISIONS} revisions at most; all are in the release's "
        "files.",
        source=RELEASE,
        notes=("changes", "decimals", "shorthand", "proxies"),
    )


def _revised(row: dict[str, Any], *, in_doubt: bool) -> dict[str, Any]:
    answers = {True: "yes", False: "no", None: None}
    return {
        **row,
        **{name: None if in_doubt else answers[row[name]] for name in REVISED_IN_WORDS},
        **{
            f"{when}_symbol": shorthand(row[f"{when}_status"], has_value=row[f"{when}_value"] is not None)
            for when in ("old", "new")
        },
        **{f"{when}_status": status_in_words(row[f"{when}_status"]) for when in ("old", "new")},
    }
