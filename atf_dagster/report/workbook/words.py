"""Says the mart's codes in words, and gives the guidance's shorthand for a status.

Belongs here: words for units, statuses and reasons. Does not belong here: how a text is written into a cell (`cells`).
"""

import re

NAMES_OF_SIGNS = {"%": "per cent", "£": "pounds"}
"""A screen reader may leave a sign out, and gptables refuses a cell that is one."""

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


def explained_codes(description: str) -> dict[str, str]:
    """What a column's description says of its codes: "`not_yet_collected` (nobody has asked)" and the like.

    A code without words in brackets is not in the answer.
    """
    return {code: " ".join(words.split()) for code, words in re.findall(r"`(\w+)` \(([^()]*)\)", description)}


def reason_in_words(code: str | None, explained: dict[str, str]) -> str | None:
    """A reason's code in words, with what the mart's description adds to it."""
    if code is None:
        return None
    more = explained.get(code)
    return f"{code_in_words(code)} ({more})" if more else code_in_words(code)
