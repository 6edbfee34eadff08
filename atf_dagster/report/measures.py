"""Leaf of the report: in which unit a measure of inequality is, and with how many decimals it is shown.

Belongs here: units of the measures of fct_inequality and of differences. Does not belong here: which rows are shown
(`within`, `workbook`).
"""

RATIO = "ratio"
RATIO_DECIMALS = 2
PERCENT_DECIMALS = 1
POINTS = "percentage points"
SHARES = ("%", "per cent")
"""How units of shares begin, on pages and in the workbook."""
RATES = ("rate_if_as_least_deprived",)
"""Measures that are a figure, and no difference of two."""


def unit_and_decimals(measure: str, unit: str, decimals: int) -> tuple[str, int]:
    """Unit and decimals of a measure; unit, decimals: those of its indicator. Two shares differ by points."""
    if measure.startswith("relative_"):
        return RATIO, RATIO_DECIMALS
    if measure.startswith("percent_"):
        return (POINTS if measure.endswith("_change") else "per cent"), PERCENT_DECIMALS
    return (unit if measure in RATES else of_difference(unit)), decimals


def of_difference(unit: str) -> str:
    """The unit of a difference of two figures."""
    return POINTS if unit.startswith(SHARES) else unit
