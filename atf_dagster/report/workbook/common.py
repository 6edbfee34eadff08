"""What several sheets need: which areas are answered and in which order, what kind an indicator is, common columns.

Belongs here: SQL and columns that more than one sheet uses. Does not belong here: a sheet.
"""

from typing import Any

from atf_dagster.report.reading import Reading
from atf_dagster.report.workbook.sheet import Column, number
from atf_dagster.report.workbook.words import shorthand, status_in_words, unit_in_words

SOURCE = "Source: the publisher of each indicator, named with its licence on the worksheet Indicators."

AREA_ORDER = """
case a.area_type when 'subregion' then 2 when 'region' then 3 when 'country' then 4 else 1 end, a.area_name, a.area_code
"""
"""Councils by name, then Cheshire and Merseyside, the region, the country."""

INDICATOR_ORDER = "coalesce(i.proxy_for, i.indicator_code), i.is_proxy, i.indicator_code"
"""A proxy follows the beacon indicator that it stands for."""

INDICATOR = "i.indicator_code, i.short_name as indicator, i.is_proxy, i.proxy_for, i.beacon_no, i.unit, i.decimals"
KIND_JOIN = "left join dim_indicator as beacon on beacon.indicator_code = i.proxy_for"
KIND = "beacon.short_name as proxy_for_name"

IS_BEACON_OR_PROXY = "(i.beacon_no is not null or i.is_proxy)"


def answered(reading: Reading, alias: str) -> str:
    """SQL: whether the area `alias` is one that the mart answers for."""
    if "is_answered" in reading.columns.get("dim_area", ()):
        return f"{alias}.is_answered"
    return f"{alias}.area_code in (select area_code from coverage)"


def described(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the indicator's kind and unit in words; a proxy is called one.

    row: with the columns of INDICATOR and KIND.
    """
    if row["is_proxy"]:
        name = f", {row['proxy_for_name']}" if row["proxy_for_name"] else ""
        kind = f"Proxy for {row['proxy_for']}{name}"
    else:
        kind = "Supporting indicator" if row["beacon_no"] is None else f"Beacon indicator {row['beacon_no']}"
    return {**row, "kind": kind, "unit": unit_in_words(row["unit"])}


def marked(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its status in words and as a symbol.

    row: with value and status. A value is never put in the place of a hidden or missing one.
    """
    has_value = row["value"] is not None
    return {
        **row,
        "symbol": shorthand(row["status"], has_value=has_value),
        "status": status_in_words(row["status"]),
    }


NAME_COLUMNS = (
    Column("indicator_code", "Indicator code", 11),
    Column("indicator", "Indicator", 30),
    Column("kind", "Beacon indicator, proxy or supporting", 24),
)
AREA_COLUMNS = (Column("area_code", "Area code", 12), Column("area_name", "Area", 22))
PERIOD_COLUMNS = (
    Column("period", "Period", 16),
    Column("period_start", "Period start", 12),
    Column("period_end", "Period end", 12),
)
WHOM_COLUMNS = (
    Column("period", "Period", 16),
    Column("sex", "Sex", 9),
    Column("age", "Age", 14),
    Column("breakdown_type", "Breakdown", 16),
    Column("breakdown_value", "Group", 16),
    Column("unit", "Unit", 14),
)
"""When and of whom a figure is that changed, and its unit."""
FIGURE_COLUMNS = (
    Column("sex", "Sex", 9),
    Column("age", "Age", 14),
    Column("unit", "Unit", 14),
    number("value", "Value"),
    number("lci_95", "Lower 95 per cent limit"),
    number("uci_95", "Upper 95 per cent limit"),
    Column("symbol", "Shorthand", 10),
    Column("status", "Status", 14),
    Column("status_note", "Note on the figure", 40),
)
