"""Leaf of assets: small tables and plots for Dagster's metadata.

Belongs here: presentation. Everything that came from outside is escaped.
"""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

WIDTH, HEIGHT, MARGIN = 640, 260, 36
COLOURS = ("#0b5d8a", "#b35900", "#3d7a1f", "#7a2f8a", "#8a1f2f", "#4d4d4d", "#00766c", "#a3781c", "#5c6bc0", "#000")


MARKDOWN = re.compile(r"([\\`*_\[\]()!|~])")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.MarkdownMetadataValue:
    """A Markdown table; cells are text."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return MARKDOWN.sub(r"\\\1", html.escape(text, quote=False))


def line_plot(series: Mapping[str, Sequence[tuple[float, float]]], title: str) -> dg.MarkdownMetadataValue:
    """Lines by name over years as a picture inside the metadata; nothing is loaded from elsewhere."""
    points = [point for line in series.values() for point in line]
    if not points:
        return dg.MetadataValue.md("_no figures_")
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low, y_high = min(y for _, y in points), max(y for _, y in points)
    x_span, y_span = (x_high - x_low) or 1, (y_high - y_low) or 1

    def place(x: float, y: float) -> str:
        across = MARGIN + (x - x_low) / x_span * (WIDTH - MARGIN - 190)
        down = HEIGHT - MARGIN - (y - y_low) / y_span * (HEIGHT - 2 * MARGIN)
        return f"{across:.1f},{down:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
        'font-size="11"><rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{MARGIN}" y="18" font-size="13">{html.escape(title)}</text>',
    ]
    for value in (y_low, y_high):
        y = place(x_low, value).split(",")[1]
        parts.append(f'<text x="2" y="{y}">{value:.1f}</text>')
    for value in (x_low, x_high):
        parts.append(f'<text x="{place(value, y_low).split(",")[0]}" y="{HEIGHT - 12}">{value:.0f}</text>')
    for position, (name, line) in enumerate(series.items()):
        colour = COLOURS[position % len(COLOURS)]
        path = " ".join(place(x, y) for x, y in line)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{path}"/>')
        parts.append(
            f'<text x="{WIDTH - 180}" y="{34 + 15 * position}" fill="{colour}">{html.escape(name)} '
            f"{line[-1][1]:.1f}</text>"
        )
    encoded = base64.b64encode(("".join(parts) + "</svg>").encode()).decode()
    return dg.MetadataValue.md(f"![{html.escape(title)}](data:image/svg+xml;base64,{encoded})")
