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

OUTCOMES = {
    "better": ("turquoise", "circle"),
    "similar": ("mid_grey", "square"),
    "worse": ("dark_pink", "triangle-up"),
    "lower": ("light_purple", "triangle-down"),
    "higher": ("dark_blue", "diamond"),
    "not judged": ("muted", "cross"),
    "no figure": ("muted", "stroke"),
}
"""How a figure compares -> colour and shape. Without a better direction it is lower or higher."""


def colour(name: str) -> dict[str, Any]:
    """The named colour for a mark, an axis or a range."""
    light, dark = COLOURS[name]
    return {"expr": f"dark ? '{dark}' : '{light}'"}
