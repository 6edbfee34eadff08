"""Rules of the figures of one row: how numbers are written, and the difference between nil, missing and zero.

    nil return                      nothing to report: numerator 0 and denominator 0, both written
    not supplied                    missing: numerator, denominator and unknown_count blank
    final, provisional, estimate    both given, denominator more than 0; a numerator of 0 is a real zero

A nil return has written zeros, so that a blank always means that a figure is missing. A band with no person of known
ethnicity is a nil return with its unknown_count.

Belongs here: numerator, denominator, unknown_count. Does not belong here: sums over rows (`file_rules`).
"""

import re
from decimal import Decimal

from atf_dagster.returns.rows import NUMBERS, Draft, ReturnErrors, shown
from atf_dagster.returns.template import COLUMNS, DATA_STATUSES, FORMS, NIL, NOT_SUPPLIED, Form

PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,10})?")
"""Every program reads fifteen digits exactly, and no return needs more."""


def judge(draft: Draft, errors: ReturnErrors) -> None:
    """Read the figures of one row and apply every rule to them."""
    form = FORMS.get(draft["indicator_code"])
    whole = form is not None and form.whole_numbers
    for column in ("numerator", "denominator"):
        _read(draft, column, whole, errors)
    _unknown(draft, form, errors)
    _by_status(draft, errors)
    numerator, denominator = draft.numbers.get("numerator"), draft.numbers.get("denominator")
    if numerator is not None and denominator is not None and numerator > denominator:
        errors.add(
            draft.number,
            "numerator",
            f"{numerator} is more than the denominator, {denominator}.",
            "The numerator is a part of the denominator: check whether the two were exchanged, or whether the "
            "denominator leaves out some that the numerator counts.",
        )


def _read(draft: Draft, column: str, whole: bool, errors: ReturnErrors) -> None:
    cell = draft[column]
    if not cell:
        return
    problem = _not_plain(cell)
    if problem is None and whole and "." in cell:
        problem = "counts people and must be a whole number"
    if problem is None:
        draft.numbers[column] = Decimal(cell)
        return
    errors.add(
        draft.number,
        column,
        f"{shown(cell)} {problem}.",
        "Format the column as a number without separators or signs and save again. "
        f"{COLUMNS[column].what}: {COLUMNS[column].allowed}.",
    )


def _not_plain(cell: str) -> str | None:
    """Why a cell is not a plain decimal number; None where it is one."""
    if PLAIN.fullmatch(cell):
        return None
    for sign, name in (("£", "a pound sign"), ("%", "a percent sign"), (",", "a thousands separator")):
        if sign in cell:
            return f"has {name}"
    if cell.startswith(("-", "\u2212", "(")):
        return "is negative, or a mark for a missing figure"
    if re.fullmatch(r"[0-9 \u00a0\u2009\u202f']+", cell):
        return "has a thousands separator" if not cell.isdigit() else "has more than fifteen digits"
    if re.fullmatch(r"[0-9]+\.[0-9]{11,}", cell):
        return "has more than ten decimals"
    return "is not a plain decimal number"


def _unknown(draft: Draft, form: Form | None, errors: ReturnErrors) -> None:
    column = "unknown_count"
    if form is None:
        return
    if form.counts_unknown:
        _read(draft, column, True, errors)
        if not draft[column] and draft["data_status"] != NOT_SUPPLIED:
            errors.add(
                draft.number,
                column,
                "The cell is blank.",
                "Write how many staff are of unknown ethnicity, 0 where there are none; they are not part of the "
                "denominator.",
            )
    elif draft[column]:
        errors.add(
            draft.number,
            column,
            f"{shown(draft[column])} is given in a row of {draft['indicator_code']}, which has no unknown staff.",
            "Leave the cell blank.",
        )


def _by_status(draft: Draft, errors: ReturnErrors) -> None:
    status = draft["data_status"]
    if status not in DATA_STATUSES:
        return
    for column in ("numerator", "denominator"):
        cell, number = draft[column], draft.numbers.get(column)
        if status == NOT_SUPPLIED:
            continue
        if not cell:
            errors.add(
                draft.number,
                column,
                f"The cell is blank and data_status is {status!r}.",
                "Write 0: a nil return states that there was nothing; a blank would mean that the figure is missing."
                if status == NIL
                else "Write the figure; where it is missing write 'not supplied' as data_status and why in notes.",
            )
        elif number is not None and status == NIL and number != 0:
            errors.add(
                draft.number,
                column,
                f"{shown(cell)} is given in a nil return, whose numerator and denominator are 0.",
                "Write 'final' as data_status if there is something to report, else 0.",
            )
        elif number is not None and status != NIL and column == "denominator" and number == 0:
            errors.add(
                draft.number,
                column,
                f"It is 0 and data_status is {status!r}.",
                "Write 'nil return' as data_status if there was nothing to report, 'not supplied' and no figures if "
                "the denominator is not known.",
            )
    if status == NOT_SUPPLIED:
        for column in NUMBERS:
            if draft[column]:
                errors.add(
                    draft.number,
                    column,
                    f"{shown(draft[column])} is given and data_status is 'not supplied'.",
                    "Leave the cell blank, or write 'provisional' or 'estimate' as data_status if the figures hold.",
                )
