"""The cover and the notes: what the workbook is, from which release, under which licence, and what its columns mean.

Belongs here: texts about the workbook as a whole. Does not belong here: sheets with figures.
"""

from typing import Any

from atf_dagster.report.reading import Reading
from atf_dagster.report.workbook.words import MEANINGS

MODES = {
    "snapshot": "made from figures that are bundled with the programs, not fetched from the publishers",
    "live": "fetched from the publishers",
}


def title(reading: Reading) -> str:
    """The title of the release's description."""
    return str(reading.package.get("title") or reading.package.get("name") or "Release of the mart")


def introduction(reading: Reading) -> list[str]:
    """What this is, when and from what it was made."""
    receipt = reading.receipt
    mode = str(receipt.get("mode"))
    held_back = receipt.get("datasets_held_back") or []
    return [
        str(reading.package.get("description") or ""),
        f"Release: {receipt.get('version')}.",
        f"Made on {str(receipt.get('built_at'))[:10]} (year-month-day, UTC).",
        f"Mode: {mode}, {MODES.get(mode, 'see the release')}.",
        f"Result of the checks: {receipt.get('verdict')}.",
        "Datasets of which an earlier state serves, because the newest could not be used: "
        f"{', '.join(map(str, held_back)) or 'none'}.",
    ]


def about(reading: Reading) -> list[str]:
    """How to read the workbook, and the licence."""
    lines = [
        "Each worksheet has one table. The worksheet Contents lists them with links; the worksheet Notes explains the "
        "columns.",
        "Figures are numbers, unrounded, shown with the decimals of their indicator. A hidden or missing figure is a "
        "blank cell with a shorthand and its reason in words beside it. Colour says nothing here.",
        "A proxy stands for a beacon indicator that has no figures; it is called a proxy in every row, and it is never "
        "that indicator itself.",
    ]
    lines += [
        f"Licence: {licence.get('title') or licence.get('name')}, {licence.get('path', '')}".rstrip(", ")
        for licence in reading.package.get("licenses", [])
    ]
    lines.append("Each publisher's attribution, to be shown with its figures, is on the worksheet Indicators.")
    return lines


def contact(reading: Reading) -> list[str]:
    """Whom to ask: those whom the release's description names, or that it names nobody."""
    named = [
        ", ".join(str(person[key]) for key in ("title", "role", "email", "path") if person.get(key))
        for person in reading.package.get("contributors", [])
    ]
    if homepage := reading.package.get("homepage"):
        named.append(str(homepage))
    return named or [
        "This release names no address for questions. Ask whoever gave you this file, and say which release it is.",
    ]


def notes(reading: Reading) -> dict[str, str]:
    """Reference -> text of the note, in the order in which unreferenced ones would stand."""

    def says(relation: str, *columns: str) -> str:
        return " ".join(filter(None, (reading.description(relation, column) for column in columns))).replace("`", "")

    texts: dict[str, Any] = {
        "periods": "Period is the label for readers. Period start and Period end are its first and last day, both "
        "included, as year-month-day. All three are text, so that no program changes them.",
        "decimals": "Values are those of the release's database, unrounded. The number format of a cell shows as many "
        "decimals as the indicator has.",
        "shorthand": "A shorthand stands in a column of its own. "
        + "; ".join(f"{symbol} {meaning}" for symbol, meaning in MEANINGS.items())
        + f". Status: {says('fct_observation', 'status')}",
        "proxies": "Proxy: it stands for a beacon indicator that cannot be had, and is never that indicator itself. "
        "The worksheet Indicators says in what each differs.",
        "comparison": "Comparison with England: "
        f"{says('fct_comparison', 'outcome_statistical', 'outcome_judged')} A difference that is more than chance "
        "would make says neither that it matters nor what caused it.",
        "trend": f"Trend: {says('fct_trend', 'outcome', 'outcome_judged')}",
        "derived": f"Derived figures: {says('fct_observation', 'derived_by')}",
        "breaks": "A break ([b]) must not be read across: figures before and after it are measured in different ways.",
        "inequality": f"Measures of inequality: {says('fct_inequality', 'measure', 'outcome')}",
        "coverage": f"States and reasons: {says('coverage', 'state', 'reason')}",
        "changes": f"Changes: {says('fct_observation_history', 'change')}",
    }
    return {reference: " ".join(text.split()) for reference, text in texts.items()}
