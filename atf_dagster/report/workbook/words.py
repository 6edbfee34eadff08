"""The guidance's shorthand for a status, and words without signs for units.

Belongs here: what a workbook says otherwise than pages do. Does not belong here: words for statuses and reasons
(`report.words`), how a text is written into a cell (`cells`).
"""

from atf_dagster.catalogue.words import words_of
from atf_dagster.report import words

NAMES_OF_SIGNS = {unit: name for unit, name in words_of("unit").items() if len(unit) == 1}
"""A screen reading may leave a sign out, and gptables refuses a cell that is one."""

SHORTHAND = {
    "suppressed": "[c]",
    "not_available": "[x]",
    "not_published": "[x]",
    "not_applicable": "[z]",
    "unreliable": "[u]",
    "estimated": "[e]",
    "provisional": "[p]",
    "revised": "[r]",
    "break": "[b]",
}
"""Status in the mart -> the symbol of the guidance "Symbols in tables: definitions and help"."""

MEANINGS = {
    "[b]": "break in the time series: not comparable with the period before",
    "[c]": "suppressed: the publisher hides the figure; it is neither missing nor zero",
    "[e]": "estimated or approximate",
    "[p]": "provisional",
    "[r]": "revised",
    "[u]": "low reliability: the figure is too unreliable to be shown",
    "[x]": "not available or not published",
    "[z]": "not applicable",
}
"""Symbol -> its meaning here. A symbol stands in a column of its own, and the status beside it says it in words."""

UNKNOWN_SHORTHAND = "[x]"


def unit_in_words(unit: str | None) -> str | None:
    """A unit of the mart without signs: `%` is "per cent", `% of £` "per cent of pounds"; others stay as they are."""
    if unit is None:
        return None
    for sign, name in NAMES_OF_SIGNS.items():
        unit = unit.replace(sign, f" {name} ")
    return " ".join(unit.split())


def code_in_words(code: str | None) -> str | None:
    """`not_yet_collected` -> "not yet collected"."""
    return None if code is None else code.replace("_", " ").strip()


def shorthand(status: str | None, *, has_value: bool) -> str | None:
    """The symbol for a status; none for a normal figure. A status that is not known here and hides a value is `[x]`."""
    if status in (None, "normal"):
        return None if has_value else UNKNOWN_SHORTHAND
    return SHORTHAND.get(str(status), None if has_value else UNKNOWN_SHORTHAND)


def legend(symbols: set[str]) -> str | None:
    """One line on the symbols that a table uses, or None where it uses none."""
    used = [f"{symbol} = {meaning}" for symbol, meaning in MEANINGS.items() if symbol in symbols]
    return f"Shorthand used in this table: {'; '.join(used)}." if used else None


def status_in_words(code: str | None) -> str | None:
    """A status as the pages say it; `normal` is said here, because a blank cell would have to be explained."""
    return None if code is None else words.status(code) or code_in_words(code)


def reason_in_words(code: str | None) -> str | None:
    """A reason as the pages say it."""
    return words.reason(code) or None
