"""The sheet of the scorecard: one row an indicator, the areas as columns.

Belongs here: this sheet. Does not belong here: limits and comparisons (`figures`).
"""

import re
from typing import Any

from atf_dagster.report.reading import Reading
from atf_dagster.report.workbook import common
from atf_dagster.report.workbook.sheet import Column, Sheet, absent, number
from atf_dagster.report.workbook.words import code_in_words, reason_in_words, status_in_words

NEEDED = ("vw_scorecard", "fct_observation", "dim_indicator", "dim_area", "dim_period", "coverage")


def scorecard(reading: Reading) -> Sheet:
    """One row an indicator, also one without figures; beside the figures the areas that have none, and why."""
    name, title = "Scorecard", "Scorecard: one row an indicator, the areas side by side"
    if lacking := reading.lacks(*NEEDED):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", common.SOURCE)
    areas = _areas(reading)
    figures = "".join(f", s.{column}" for column in areas)
    rows = reading.ask(
        f"""
        select {common.INDICATOR}, {common.KIND}, s.polarity, s.sex, s.period{figures}
        from vw_scorecard as s
        join dim_indicator as i using (indicator_code)
        {common.KIND_JOIN}
        order by i.beacon_no is null and not i.is_proxy, {common.INDICATOR_ORDER}
        """
    )
    statuses = _statuses(reading)
    reasons = _reasons(reading)
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            Column("unit", "Unit", 14),
            Column("polarity", "Which way is better", 16),
            Column("sex", "Sex", 9),
            Column("period", "Period", 16),
            *(number(column, area["area_name"], 13) for column, area in areas.items()),
            Column("without", "Areas without a figure, and why", 60),
            Column("remarks", "Figures that are not normal ones, and what they are", 40),
        ],
        rows=[
            {
                **common.described(row),
                "polarity": _direction(row["polarity"]),
                "without": _without(row, areas, statuses, reasons),
                "remarks": _remarks(row, areas, statuses),
            }
            for row in rows
        ],
        blanks="A blank figure: the area has none in the period; a column at the end says why. It is never zero. A "
        "blank period: no area has a figure. No area listed: every one has a figure. No remark: all are normal "
        "figures.",
        scope="All indicators at the headline sex and age, in the newest period for which any area has a figure, so "
        "that a row can be read across. Limits and comparisons are on the worksheet Latest_figures.",
        source=common.SOURCE,
        notes=("decimals", "proxies", "coverage", "derived"),
    )


def _areas(reading: Reading) -> dict[str, dict[str, Any]]:
    """Column of the scorecard -> its area, in the sheet's order. The columns are named after the areas.

    A column that no area's name gives any more stays, under its own name.
    """
    columns = [
        row["column_name"]
        for row in reading.ask(
            "select column_name from duckdb_columns() where database_name = 'release' and table_name = 'vw_scorecard' "
            "and data_type = 'DOUBLE' order by column_index"
        )
    ]
    known = reading.ask(
        f"select a.area_code, a.area_name from dim_area as a where {common.answered(reading, 'a')} "
        f"order by {common.AREA_ORDER}"
    )
    by_column = {re.sub(r"[^a-z0-9]+", "_", str(area["area_name"]).lower()).strip("_"): area for area in known}
    named = {column: area for column, area in by_column.items() if column in columns}
    others = {column: {"area_code": None, "area_name": column.replace("_", " ")} for column in columns}
    return {**named, **{column: area for column, area in others.items() if column not in named}}


def _direction(polarity: str | None) -> str | None:
    return "neither" if polarity == "none" else code_in_words(polarity)


def _reasons(reading: Reading) -> dict[tuple[str, str], str]:
    """(indicator, area) -> what coverage says of the headline figure."""
    found: dict[tuple[str, str], str] = {}
    for row in reading.ask("select indicator_code, area_code, state, reason from coverage"):
        reason = reason_in_words(row["reason"]) or code_in_words(row["state"])
        found[row["indicator_code"], row["area_code"]] = str(reason)
    return found


def _statuses(reading: Reading) -> dict[tuple[str, str, str], str]:
    """(indicator, area, period's label) -> the status in words of a headline figure that is not a normal one."""
    return {
        (row["indicator_code"], row["area_code"], row["label"]): str(status_in_words(row["status"]))
        for row in reading.ask(
            """
            select o.indicator_code, o.area_code, p.label, o.status
            from fct_observation as o
            join dim_indicator as i using (indicator_code)
            join dim_period as p using (period_id)
            where o.status <> 'normal' and o.breakdown_type = 'Total' and o.sex = i.headline_sex
                and (i.headline_age is null or o.age = i.headline_age)
            """
        )
    }


def _remarks(
    row: dict[str, Any], areas: dict[str, dict[str, Any]], statuses: dict[tuple[str, str, str], str]
) -> str | None:
    """Areas with a figure that is estimated, provisional or otherwise not a normal one."""
    by_status: dict[str, list[str]] = {}
    for column, area in areas.items():
        status = statuses.get((row["indicator_code"], area["area_code"], row["period"]))
        if row[column] is not None and status is not None:
            by_status.setdefault(status, []).append(str(area["area_name"]))
    return "; ".join(f"{', '.join(names)}: {status}" for status, names in by_status.items()) or None


def _without(
    row: dict[str, Any],
    areas: dict[str, dict[str, Any]],
    statuses: dict[tuple[str, str, str], str],
    reasons: dict[tuple[str, str], str],
) -> str | None:
    by_reason: dict[str, list[str]] = {}
    empty = [area for column, area in areas.items() if row[column] is None]
    for area in empty:
        key = (row["indicator_code"], area["area_code"])
        reason = statuses.get((*key, row["period"])) or reasons.get(key) or "no reason is in the release"
        if reason == "current":
            reason = "no figure in this period; Latest_figures has another"
        by_reason.setdefault(reason, []).append(str(area["area_name"]))
    if not empty:
        return None
    if len(by_reason) == 1 and len(empty) == len(areas):
        return f"All {len(areas)} areas: {next(iter(by_reason))}"
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
