"""Colours and signs of charts: the palette of the Government Analysis Function, for light and for dark pages.

Each colour is an expression over the parameter `dark`, which `assets/charts.js` sets and which is false elsewhere, so
that one specification serves both. Colour is never the only sign: each group has its shape or dash too.

Source: https://analysisfunction.civilservice.gov.uk/policy-store/data-visualisation-colours-in-charts/ (light). Its
colours are too dark on a dark page, so there the tints of the same hues stand, with a contrast of at least 3 to 1.

Belongs here: colours, shapes, dashes. Does not belong here: what they stand for in one chart (the builders).
"""

from typing import Any

COLOURS = {
    "ink": ("#0b0c0c", "#f3f2f1"),
    "muted": ("#505a5f", "#b8bec2"),
    "grid": ("#d9dcde", "#43494d"),
    "dark_blue": ("#12436d", "#6bace6"),
    "turquoise": ("#28a197", "#5fd0c5"),
    "dark_pink": ("#801650", "#e58bbd"),
    "orange": ("#f46a25", "#f79a68"),
    "dark_grey": ("#3d3d3d", "#d0d0d0"),
    "light_purple": ("#a285d1", "#c6b3e6"),
    "mid_blue": ("#2073bc", "#4a94d6"),
    "light_blue": ("#6bace6", "#2b6aa3"),
    "pale": ("#d5d8da", "#4b5156"),
    "pale_inner": ("#a3aab0", "#7b848b"),
    "mid_grey": ("#7a8288", "#9aa2a8"),
    "page": ("#ffffff", "#16191b"),
}
"""Name -> colour on a light page, colour on a dark page."""

SERIES = ("dark_blue", "orange", "turquoise", "dark_pink", "light_purple", "mid_blue")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
DASHES: tuple[list[int], ...] = ([1, 0], [8, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 4])
"""Of the lines beside each other, in one order: colour, shape and dash differ at once."""

EQUALS = "M-1,-0.75H1V-0.25H-1Z M-1,0.25H1V0.75H-1Z"
MINUS = "M-1,-0.3H1V0.3H-1Z"
RING = "M0,-1A1,1 0 1,1 0,1A1,1 0 1,1 0,-1Z M0,-0.6A0.6,0.6 0 1,0 0,0.6A0.6,0.6 0 1,0 0,-0.6Z"
"""Paths between -1 and 1, as Vega draws a shape that has no name. The inner circle turns the other way: a hole."""
OUTCOMES = {
    "better": ("turquoise", "cross"),
    "similar": ("mid_grey", EQUALS),
    "worse": ("dark_pink", MINUS),
    "lower": ("light_purple", "triangle-down"),
    "higher": ("dark_blue", "triangle-up"),
    "not judged": ("muted", RING),
    "no figure": ("muted", "stroke"),
}
"""How a figure compares -> colour and sign: those of the scorecard (plus, equals, minus, ring). Vega's cross is a plus.

Without a better direction a figure is lower or higher.
"""


def colour(name: str) -> dict[str, Any]:
    """The named colour for a mark, an axis or a range."""
    light, dark = COLOURS[name]
    return {"expr": f"dark ? '{dark}' : '{light}'"}
