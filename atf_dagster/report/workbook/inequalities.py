"""The sheet of inequalities: gaps and gradients of the newest period, and how they changed.

Belongs here: this sheet. Does not belong here: how a measure is worked out (the mart).
"""

from typing import Any

from atf_dagster.report.measures import unit_and_decimals
from atf_dagster.report.reading import Reading
from atf_dagster.report.workbook import common
from atf_dagster.report.workbook.sheet import Column, Sheet, absent, number
from atf_dagster.report.workbook.words import code_in_words, reason_in_words

NEEDED = ("fct_inequality", "dim_indicator", "dim_area", "dim_period")


def inequalities(reading: Reading) -> Sheet:
    """The newest of each measure of inequality, of beacon indicators and proxies."""
    name, title = "Inequalities", "Inequalities: gaps and gradients of the newest period, and how they changed"
    if lacking := reading.lacks(*NEEDED):
        return absent(name, title, f"This release has no table {', '.join(lacking)}.", common.SOURCE)
    wanted = reading.select(
        "fct_inequality", "f", "direction", "reason", "outcome", "quantile_edition", "since_period_id"
    )
    rows = reading.ask(
        f"""
        with newest as (
            select f.*, p.label as period, cast(p.period_start as varchar) as period_start,
                cast(p.period_end as varchar) as period_end
            from fct_inequality as f
            join dim_period as p using (period_id)
            qualify row_number() over (
                partition by f.indicator_code, f.area_code, f.sex, f.age, f.measure, f.group_a, f.group_b
                order by p.period_end desc, p.period_start desc, f.period_id
            ) = 1
        )
        select {common.INDICATOR}, {common.KIND}, a.area_code, a.area_name, f.period, f.period_start, f.period_end,
            f.sex, f.age, f.measure, coalesce(area_a.area_name, f.group_a) as group_a,
            coalesce(area_b.area_name, f.group_b) as group_b, f.value, f.lci_95, f.uci_95, f.method,
            since.label as since,
            {wanted}
        from newest as f
        join dim_indicator as i using (indicator_code)
        left join dim_area as a on a.area_code = f.area_code
        left join dim_area as area_a on area_a.area_code = f.group_a
        left join dim_area as area_b on area_b.area_code = f.group_b
        left join dim_period as since on since.period_id = {_since(reading)}
        {common.KIND_JOIN}
        where {common.IS_BEACON_OR_PROXY}
        order by {common.INDICATOR_ORDER}, f.measure, f.group_a, f.group_b, {common.AREA_ORDER}, f.sex, f.age
        """
    )
    if not rows:
        what = "This release has no measure of inequality of a beacon indicator or a proxy."
        return absent(name, title, what, common.SOURCE)
    return Sheet(
        name=name,
        title=title,
        columns=[
            *common.NAME_COLUMNS,
            *common.AREA_COLUMNS,
            *common.PERIOD_COLUMNS,
            Column("since", "Compared with the period", 16),
            Column("sex", "Sex", 9),
            Column("age", "Age", 14),
            Column("measure", "Measure", 22),
            Column("group_a", "Group", 24),
            Column("group_b", "Reference group", 24),
            Column("direction", "What is taken from or divided by what", 34),
            Column("unit", "Unit", 14),
            number("value", "Value"),
            number("lci_95", "Lower 95 per cent limit"),
            number("uci_95", "Upper 95 per cent limit"),
            Column("symbol", "Shorthand", 10),
            Column("reason", "Why there is no value, or no limits", 40),
            Column("outcome", "What a change says", 16),
            Column("method", "How the limits were worked out", 20),
            Column("quantile_edition", "Which ranking by deprivation", 24),
        ],
        rows=[_measured(common.described(row)) for row in rows],
        blanks="A blank value has a shorthand and a reason in words. Blank limits: the reason says why. A blank period "
        "of comparison or outcome: the measure is no change, or the change has no limits. A blank ranking: none is "
        "used.",
        scope="Beacon indicators and their proxies; the newest period of each measure, area, sex, age and pair of "
        "groups. Earlier periods and supporting indicators are in the release's files.",
        source=common.SOURCE,
        notes=("inequality", "periods", "decimals", "shorthand", "proxies"),
    )


def _since(reading: Reading) -> str:
    return "f.since_period_id" if "since_period_id" in reading.columns["fct_inequality"] else "null"


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    """Ratios and percentages have units of their own; other measures have the indicator's."""
    measure = str(row["measure"])
    unit, decimals = unit_and_decimals(measure, str(row["unit"] or ""), row["decimals"])
    hidden = "hidden" in str(row["reason"])
    return {
        **row,
        "unit": unit,
        "decimals": decimals,
        "measure": code_in_words(measure),
        "symbol": None if row["value"] is not None else "[c]" if hidden else "[x]",
        "reason": reason_in_words(row["reason"]),
        "outcome": code_in_words(row["outcome"]),
        "method": code_in_words(row["method"]),
    }
