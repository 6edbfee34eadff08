"""Codes of the mart in words, and figures as text.

Belongs here: the words and signs that pages use for a state, a reason, a status, an outcome or a trend; rounding.
Does not belong here: which code a figure has (the mart), what a code is called (`catalogue/words.yml`).
"""

import datetime as dt
import math
from typing import Any

from atf_dagster.catalogue.words import words_of

STATES = words_of("coverage_state")
IN_DOUBT_REASON = "in_doubt"
"""Why a doubted figure is not judged; a word of the pages, not of the mart."""
REASONS = {IN_DOUBT_REASON: "a check doubts the figure", **words_of("reason")}
STATUSES = {**words_of("status"), "normal": ""}
"""Of a normal figure nothing needs to be said."""
JUDGED = {
    "better": ("+", "better"),
    "similar": ("=", "similar"),
    "worse": ("\u2212", "worse"),
}
NOT_JUDGED = ("\u25cb", "not judged")
IN_DOUBT = ("?", "in doubt")
OLD = ("\u25f7", "old figure")
OTHER_PERIOD = ("\u25c7", "other period")
OLD_YEARS = 3
"""A figure whose period ended more than so many years before the release is called old."""
LIMITS = {
    "published": "are its publisher's",
    "byar": "are worked out here from the count, by Byar's method",
    "wilson": "are worked out here from the count, by Wilson's method",
}
NO_FIGURE = ("\u2013", "no figure")
ARROWS = {"increasing": "\u2197", "decreasing": "\u2198", "no_significant_change": "\u2192"}
TRENDS = {code: (ARROWS.get(code, ""), said) for code, said in words_of("trend").items()}
TREND_JUDGED = words_of("trend_judged")
POLARITIES = {
    "higher_is_better": "Higher is better.",
    "lower_is_better": "Lower is better.",
    "none": "Neither higher nor lower is better, so that nothing is judged.",
}
FILLERS = {
    "local_return_not_received": "NHS trusts and councils, each by a local return",
    "local_return_incomplete": "the organisations whose local return is missing",
    "not_in_snapshot": "whoever makes the next release, who can fetch it from {publisher}",
    "no_api_key": "whoever runs the warehouse, with a key of {publisher}",
    "switched_off": "whoever runs the warehouse, by asking {publisher} again",
    "not_at_this_level": "{publisher} only, by publishing figures for councils",
    "not_yet_collected": "a data engineer, once a source is published and entered in the catalogue",
    "source_failed": "{publisher}, by answering; each refresh asks again",
    "source_rejected": "{publisher}, by sending its table; each refresh asks again",
    "held_by_check": "analysts, who decide whether the newest figures may be used",
    "publisher_late": "{publisher}, by publishing the period that is due",
    "not_published": "{publisher} only, by publishing the figure",
    "suppressed": "nobody: the publisher protects people by hiding small numbers",
    "unreliable": "{publisher}, with a larger survey",
    "incomplete_councils": "{publisher}, by publishing the count of the council that is missing",
}
MODES = {
    "snapshot": "Made from the bundled figures",
    "live": "Fetched from the publishers",
}
VERDICTS = {"passed": "All checks passed.", "warned": "The checks passed with warnings."}


def reason(code: str | None) -> str:
    """A reason of the mart in words; a code that this version does not know, with spaces."""
    if not code:
        return ""
    return REASONS.get(code, code.replace("_", " "))


def status(code: str | None) -> str:
    """A status of the mart in words; empty for a normal figure. A code that is not known here, with spaces."""
    return STATUSES.get(code or "", (code or "").replace("_", " "))


def state(code: str | None, why: str | None = None) -> str:
    """The state of coverage in words, with its reason."""
    said = STATES.get(code or "", (code or "not known").replace("_", " "))
    if code == "late" and why == "not_in_snapshot":
        return f"{said}: a newer one is {reason(why)}"
    return f"{said}: {reason(why)}" if why else said


def filler(code: str | None, publisher: str | None) -> str:
    """Who could fill what is empty for this reason."""
    said = FILLERS.get(code or "", "a data engineer, who looks up why it is empty")
    return said.format(publisher=publisher or "the publisher")


def judged(code: str | None) -> tuple[str, str]:
    """Sign and word of a judgement."""
    return JUDGED.get(code or "", NOT_JUDGED)


def trend(code: str | None, meaning: str | None = None) -> tuple[str, str]:
    """Arrow and words of a trend; the arrow is empty where there is none."""
    arrow, said = TRENDS.get(code or "", ("", "no trend"))
    return arrow, f"{said}, {TREND_JUDGED[meaning]}" if meaning in TREND_JUDGED else said


def number(value: float | None, decimals: int | None = 1, *, signed: bool = False) -> str:
    """A figure as text, rounded to so many decimals, with a true minus sign; empty for None."""
    if value is None or not math.isfinite(value):
        return ""
    text = f"{value:{'+' if signed else ''},.{1 if decimals is None else decimals}f}"
    if not any(digit in text for digit in "123456789"):
        text = text.lstrip("+-")  # rounded to zero, it has no sign
    return text.replace("-", "\u2212")


def limits(low: float | None, high: float | None, decimals: int | None = 1) -> str:
    """Two limits as text; empty where there are none."""
    if low is None or high is None:
        return ""
    return f"{number(low, decimals)} to {number(high, decimals)}"


def day(moment: dt.datetime | dt.date | None) -> str:
    """A day as `1 December 2026`."""
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def moment(at: dt.datetime | None) -> str:
    """A moment in UTC, to the minute."""
    return f"{day(at)}, {at:%H:%M} UTC" if at else ""


def plain(value: Any) -> str:
    """Any cell of a table as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return day(value)
    return str(value)


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def sentence(text: str) -> str:
    """With a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
