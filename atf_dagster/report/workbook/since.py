"""The sheets of what differs from the release before, and of the releases that there were.

Belongs here: fct_change and release_history. Does not belong here: when figures came into force (`states`).
"""

from typing import Any

from atf_dagster.report.reading import Reading
from atf_dagster.report.since import FIRST, HOW, NOT_COMPARED, NOT_REPEATED, cautions
from atf_dagster.report.subjects import Subjects
from atf_dagster.report.workbook import common
from atf_dagster.report.workbook.sheet import Column, Sheet, absent, number
from atf_dagster.report.workbook.words import code_in_words, shorthand, status_in_words

RELEASE = "Source: this release of the warehouse."
MOST = 2_000
"""Rows of single figures; more are in the release's files."""
OUTCOMES = tuple(f"{when}_outcome_{kind}" for kind in ("statistical", "judged") for when in ("old", "new"))
TRENDS = ("old_trend", "new_trend")


def since_last_release(reading: Reading) -> Sheet:
    """Each figure of an answered area that differs from the release before; those that are only new come last."""
    name, title = "Since_last_release", "Since the last release: figures that differ from the release before"
    if lacking := reading.lacks("fct_change", "dim_indicator", "dim_area", "dim_period"):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", RELEASE)
    rows = reading.ask(
        f"""
        select {common.INDICATOR}, {common.KIND}, a.area_code, a.area_name, c.period_id, p.label as period, c.sex,
            c.age, c.breakdown_type, c.breakdown_value, c.change, c.old_value, c.new_value, c.old_value_reason,
            c.old_status, c.new_status, {", ".join(f"c.{column}" for column in (*OUTCOMES, *TRENDS))}, c.version_before,
            c.is_other_mode, c.made_by_other_code
        from fct_change as c
        join dim_indicator as i using (indicator_code)
        join dim_area as a using (area_code)
        left join dim_period as p on p.period_id = c.period_id
        {common.KIND_JOIN}
        where {common.answered(reading, "a")}
        order by c.change = 'new', {common.INDICATOR_ORDER}, {common.AREA_ORDER}, p.period_end desc, c.sex, c.age,
            c.breakdown_type, c.breakdown_value
        limit {MOST}
        """
    )
    if not rows:
        return absent(name, title, _nothing(reading), RELEASE)
    doubts = Subjects(reading).doubts
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            *common.AREA_COLUMNS,
            *common.WHOM_COLUMNS,
            Column("change", "Change", 16),
            number("old_value", "Value before"),
            Column("old_symbol", "Shorthand before", 10),
            Column("old_status", "Status before", 14),
            Column("old_value_reason", "Why the value before is not repeated", 24),
            number("new_value", "Value now"),
            Column("new_symbol", "Shorthand now", 10),
            Column("new_status", "Status now", 14),
            Column("old_outcome_statistical", "Beside England before", 14),
            Column("new_outcome_statistical", "Beside England now", 14),
            Column("old_outcome_judged", "Judged before", 12),
            Column("new_outcome_judged", "Judged now", 12),
            Column("old_trend", "Trend before", 16),
            Column("new_trend", "Trend now", 16),
        ],
        rows=[_in_words(common.described(row), in_doubt=doubts.forbid(row)) for row in rows],
        blanks="A blank value: there was or is no figure, or it may not be shown; Shorthand, Status and the column "
        "beside it say why. A blank comparison or trend: there is none, the figure is not one of its points, or a "
        "check doubts it.",
        scope=" ".join(
            [
                f"Figures of the answered areas beside release {rows[0]['version_before']}; those that are only new "
                f"come last. {MOST} rows at most; all are in the release's files.",
                *cautions(rows),
            ]
        ),
        source=RELEASE,
        notes=("changes", "decimals", "shorthand", "comparison", "trend", "proxies"),
    )


def _nothing(reading: Reading) -> str:
    """Why no figure is listed."""
    version = str(reading.receipt.get("version"))
    rows = [] if reading.lacks("release_history") else reading.ask("select version, compared_with from release_history")
    if any(row["version"] == version and row["compared_with"] is None for row in rows):
        return FIRST if len(rows) == 1 else NOT_COMPARED
    return "No figure of the answered areas differs from the release before."


def _in_words(row: dict[str, Any], *, in_doubt: bool) -> dict[str, Any]:
    """The row in words. A figure that a failed check doubts is compared with nothing, as on pages."""
    if in_doubt:
        row = {**row, "new_outcome_statistical": None, "new_outcome_judged": None}
    # A new figure had no value before that a sign could stand for, and a withdrawn one has none now.
    symbols = {
        f"{when}_symbol": shorthand(row[f"{when}_status"], has_value=row[f"{when}_value"] is not None)
        if row[f"{when}_status"] is not None and (when == "new" or row["old_value_reason"] is None)
        else None
        for when in ("old", "new")
    }
    return {
        **row,
        **symbols,
        **{column: code_in_words(row[column]) for column in (*OUTCOMES, *TRENDS)},
        **{column: status_in_words(row[column]) for column in ("old_status", "new_status")},
        "change": HOW[row["change"]],
        "old_value_reason": NOT_REPEATED.get(row["old_value_reason"] or ""),
    }


def releases(reading: Reading) -> Sheet:
    """The releases that there were up to this one, the newest first."""
    name, title = "Releases", "Releases: this one and those before it"
    if lacking := reading.lacks("release_history"):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", RELEASE)
    return Sheet(
        name=name,
        title=title,
        columns=[
            Column("version", "Release", 26),
            Column("day", "Made on", 12),
            Column("mode", "Mode", 10),
            Column("quality_state", "Result of the checks", 12),
            Column("software_version", "Version of the program", 12),
            Column("software_commit", "Commit of the program", 44),
            Column("compared_with", "Compared with", 26),
            number("n_new", "New figures", decimals=0),
            number("n_revised", "Revised figures", decimals=0),
            number("n_withdrawn", "Withdrawn figures", decimals=0),
            number("n_comparison", "Figures compared otherwise", decimals=0),
        ],
        rows=reading.ask(
            "select version, cast(cast(built_at as date) as varchar) as day, mode, quality_state, software_version, "
            "software_commit, compared_with, n_new, n_revised, n_withdrawn, n_comparison from release_history "
            "order by version desc"
        ),
        blanks="A blank cell: the release did not record it. A blank comparison: it was the first, or the one before "
        "could not be read.",
        scope="All areas, sexes, ages and breakdowns.",
        source=RELEASE,
    )
