"""Rules that one row decides: organisation, place, period, breakdown, and the texts beside the figures.

Belongs here: one function for each rule; it adds every error that it finds. Does not belong here: the figures
(`figure_rules`), rules that need more than one row (`file_rules`).
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from atf_dagster.returns.places import Places
from atf_dagster.returns.rows import NUMBERS, Draft, ReturnErrors, nearest_word, shown
from atf_dagster.returns.template import (
    BANDS,
    COLUMNS,
    DATA_STATUSES,
    FORMS,
    GRADE,
    NOT_SUPPLIED,
    SUPPRESS,
    Form,
)

LONDON = ZoneInfo("Europe/London")
"""The zone of a sender's time that names none."""
ODS, GSS = re.compile(r"[A-Z0-9]{3,5}"), re.compile(r"E[0-9]{8}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(DATE.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?")

TITLES = frozenset(["mr", "mrs", "miss", "ms", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev"])


def judge(draft: Draft, places: Places, now: dt.datetime, errors: ReturnErrors) -> None:
    """Apply every rule of this module to one row."""
    form = FORMS.get(draft["indicator_code"])
    _indicator(draft, errors)
    _organisation(draft, places, errors)
    _area(draft, places, errors)
    _period(draft, form, places, now, errors)
    _breakdown(draft, form, errors)
    _status(draft, errors)
    _words(draft, form, errors)
    _role(draft, errors)
    _submitted_at(draft, now, errors)


def formulas(number: int, raw: dict[str, str], errors: ReturnErrors) -> None:
    """Refuse cells that a spreadsheet would run. The rule of figures (`figure_rules`) refuses them too."""
    for column, cell in raw.items():
        start = cell.lstrip(" \u00a0")[:1]
        if column not in NUMBERS and start and start in "=+@\t":
            errors.add(
                number,
                column,
                f"{shown(cell)} begins with {start!r}: a spreadsheet would run it as a formula.",
                "Write the text itself, beginning with a letter or a digit.",
            )


_LONG_TEXTS = ("local_definition", "notes")


def control_characters(number: int, raw: dict[str, str], errors: ReturnErrors) -> None:
    """Refuse tabs, line breaks and other invisible characters: two cells that look equal must be equal.

    Disclosure control finds rows by these cells. A band's name with a tab at its end would be another band.
    """
    for column, cell in raw.items():
        allowed = "\r\n" if column in _LONG_TEXTS else ""
        if any(
            unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")
            for character in cell
            if character not in allowed
        ):
            errors.add(
                number,
                column,
                f"{shown(cell)} holds a tab, a line break or another invisible character.",
                "Type the cell anew instead of pasting it.",
            )


def one_of(draft: Draft, column: str, allowed: Sequence[str], errors: ReturnErrors) -> None:
    """The cell must be one of a few words, spelt exactly."""
    cell = draft[column]
    if cell in allowed:
        return
    near = nearest_word(cell.lower(), [word.lower() for word in allowed], cutoff=0.5)
    meant = next((word for word in allowed if word.lower() == near), None)
    errors.add(
        draft.number,
        column,
        f"{shown(cell)} is not one of: {', '.join(allowed)}." if cell else "The cell is blank.",
        f"Write {meant!r} if that is meant, with the same capitals." if meant else f"Write {COLUMNS[column].allowed}.",
    )


def _indicator(draft: Draft, errors: ReturnErrors) -> None:
    one_of(draft, "indicator_code", tuple(FORMS), errors)


def _organisation(draft: Draft, places: Places, errors: ReturnErrors) -> None:
    code = draft["org_code"]
    if GSS.fullmatch(code):
        if code not in places.councils:
            is_board = " The board's own return has its ODS code, QYG." if code == places.whole else ""
            errors.add(
                draft.number,
                "org_code",
                f"{code} is not one of the nine councils of {places.whole_name}.",
                f"A council writes its own code: {places.named}. An NHS organisation writes its ODS code.{is_board}",
            )
    elif not ODS.fullmatch(code):
        errors.add(
            draft.number,
            "org_code",
            f"{shown(code)} is neither an ODS code nor a GSS code." if code else "The cell is blank.",
            "An NHS organisation writes its ODS code, three to five capital letters and digits; a council its GSS "
            "code, E and eight digits.",
        )
    if not draft["org_name"]:
        errors.add(draft.number, "org_name", "The cell is blank.", "Write the organisation's name.")


def _area(draft: Draft, places: Places, errors: ReturnErrors) -> None:
    area, organisation = draft["area_code"], draft["org_code"]
    if area not in places.councils and area != places.whole:
        errors.add(
            draft.number,
            "area_code",
            f"{shown(area)} is neither one of the nine councils nor {places.whole} {places.whole_name}.",
            f"Write one of {places.named}; an organisation that serves several of them writes {places.whole}, "
            "because a figure is never apportioned.",
        )
    elif organisation in places.councils and area != organisation:
        errors.add(
            draft.number,
            "area_code",
            f"{organisation} is {places.councils[organisation]} council and its area is given as {area}.",
            f"A council reports for its own area: write {organisation}.",
        )


def _period(draft: Draft, form: Form | None, places: Places, now: dt.datetime, errors: ReturnErrors) -> None:
    kinds = (form.period_type,) if form else tuple(dict.fromkeys(form.period_type for form in FORMS.values()))
    one_of(draft, "period_type", kinds, errors)
    kind = form.period_type if form else draft["period_type"]
    draft.date_from, draft.date_to = (_date(draft, column, places, now, errors) for column in ("date_from", "date_to"))
    start, end = draft.date_from, draft.date_to
    if start is None or end is None:
        return
    if start > end:
        errors.add(
            draft.number,
            "date_to",
            f"The period ends on {end}, before it begins on {start}.",
            "Exchange date_from and date_to if they were mixed up, else correct the year.",
        )
    elif kind == "financial_year" and (start, end) != (dt.date(start.year, 4, 1), dt.date(start.year + 1, 3, 31)):
        column = "date_from" if (start.month, start.day) != (4, 1) else "date_to"
        errors.add(
            draft.number,
            column,
            f"{start} to {end} is not a financial year.",
            "Write 1 April as date_from and 31 March of the next year as date_to; figures of another period cannot "
            "be compared, so give those of the financial year or send 'not supplied'.",
        )
    elif kind == "snapshot" and not (start == end and (end.month, end.day) == (3, 31)):
        column = "date_to" if (start.month, start.day) == (3, 31) else "date_from"
        errors.add(
            draft.number,
            column,
            f"{start} to {end} is not a snapshot of 31 March.",
            "Write the same 31 March as date_from and date_to: the day of the Workforce Race Equality Standard.",
        )


def _date(draft: Draft, column: str, places: Places, now: dt.datetime, errors: ReturnErrors) -> dt.date | None:
    cell = draft[column]
    try:
        day = dt.date.fromisoformat(cell) if DATE.fullmatch(cell) else None
    except ValueError:
        day = None
    if day is None:
        errors.add(
            draft.number,
            column,
            f"{shown(cell)} is not a date of the form YYYY-MM-DD." if cell else "The cell is blank.",
            f"Write it as in 2025-03-31, and format the column as text before saving. {COLUMNS[column].what}.",
        )
        return None
    if day > now.astimezone(LONDON).date():
        errors.add(
            draft.number, column, f"{day} is in the future.", "Send the return when the period is over; check the year."
        )
    if day < places.since:
        errors.add(
            draft.number,
            column,
            f"{day} is before {places.since}, when the nine councils began.",
            "Check the year; it has four digits.",
        )
    return day


def _breakdown(draft: Draft, form: Form | None, errors: ReturnErrors) -> None:
    if form is None:
        return
    one_of(draft, "breakdown_type", (form.breakdown_type,), errors)
    value = draft["breakdown_value"]
    if form.counts_unknown and value.startswith(GRADE) and value != GRADE:
        return
    one_of(draft, "breakdown_value", (form.total, *BANDS) if form.counts_unknown else (form.total,), errors)


def _status(draft: Draft, errors: ReturnErrors) -> None:
    one_of(draft, "data_status", DATA_STATUSES, errors)
    if draft["data_status"] == NOT_SUPPLIED and not draft["notes"]:
        errors.add(
            draft.number,
            "notes",
            "The figures are not supplied and the notes do not say why.",
            "Write why, and when the figures may be expected.",
        )
    flag = draft["suppression_flag"]
    if flag not in ("", SUPPRESS):
        errors.add(
            draft.number,
            "suppression_flag",
            f"{shown(flag)} is neither blank nor {SUPPRESS}.",
            f"Write {SUPPRESS} if the row is to be hidden from readers, else leave the cell blank. Small counts are "
            "hidden without being asked.",
        )


def _words(draft: Draft, form: Form | None, errors: ReturnErrors) -> None:
    if form is None:
        return
    one_of(draft, "numerator_unit", (form.numerator_unit,), errors)
    one_of(draft, "denominator_unit", (form.denominator_unit,), errors)
    if form.needs_local_definition and not draft["local_definition"]:
        errors.add(
            draft.number,
            "local_definition",
            "The cell is blank.",
            "Write how your organisation defines 'local', in the same words as in your earlier returns.",
        )


def _role(draft: Draft, errors: ReturnErrors) -> None:
    cell = draft["submitted_by_role"]
    words = set(re.findall(r"[a-z]+", cell.lower()))
    problem = None
    if not cell:
        problem = "The cell is blank."
    elif "@" in cell:
        problem = "It holds an e-mail address."
    elif words & TITLES:
        problem = f"{shown(cell)} holds the title of a person."
    if problem:
        errors.add(
            draft.number,
            "submitted_by_role",
            problem,
            "Write the role or the team, such as 'procurement manager' or 'workforce information team', and no "
            "person's name.",
        )


def _submitted_at(draft: Draft, now: dt.datetime, errors: ReturnErrors) -> None:
    cell = draft["submitted_at"]
    try:
        moment = dt.datetime.fromisoformat(cell) if DATE.fullmatch(cell) or MOMENT.fullmatch(cell) else None
    except ValueError:
        moment = None
    if moment is None:
        errors.add(
            draft.number,
            "submitted_at",
            f"{shown(cell)} is not a date or a time of the form YYYY-MM-DDThh:mm:ss." if cell else "The cell is blank.",
            "Write it as in 2025-06-30 or 2025-06-30T14:05:00.",
        )
        return
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LONDON)
    if moment > now:
        errors.add(
            draft.number, "submitted_at", f"{cell} is in the future.", "Write the day on which it was completed."
        )
    draft.submitted_at = moment.astimezone(dt.UTC)
