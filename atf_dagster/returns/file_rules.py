"""Rules that need more than one row: keys, one place, bands and their total, one definition of local.

Rules about a series also compare with earlier returns: the rows in force, one row a key.

Belongs here: one function for each rule. Does not belong here: rules that one row decides (`row_rules`,
`figure_rules`).
"""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from atf_dagster.returns.rows import NUMBERS, Draft, ReturnErrors, Row, shown, to_type
from atf_dagster.returns.template import BREAK, FORMS, NIL, NOT_SUPPLIED

Series = tuple[str, str]
"""(indicator, organisation)."""


def judge(drafts: Sequence[Draft], earlier: Sequence[Row], errors: ReturnErrors) -> None:
    """Apply every rule of this module to the rows of one file."""
    _one_row_a_key(drafts, errors)
    for returned in _returns(drafts).values():
        _one_place(returned, errors)
        if FORMS[returned[0]["indicator_code"]].counts_unknown:
            _bands(returned, errors)
            _bands_given_before(returned, earlier, errors)
    _definitions(drafts, earlier, errors)


def _series(draft: Draft) -> Series:
    return draft["indicator_code"], draft["org_code"]


def _alike(text: str) -> str:
    return " ".join(text.split()).casefold()


def _returns(drafts: Iterable[Draft]) -> Mapping[tuple[str, str, dt.date, dt.date], list[Draft]]:
    """Rows by indicator, organisation and period, without rows in which one of these cannot be read."""
    found: dict[tuple[str, str, dt.date, dt.date], list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft["indicator_code"] in FORMS and draft["org_code"] and draft.date_from and draft.date_to:
            found[(*_series(draft), draft.date_from, draft.date_to)].append(draft)
    return found


def _one_row_a_key(drafts: Sequence[Draft], errors: ReturnErrors) -> None:
    first: dict[tuple[str, ...], int] = {}
    for draft in drafts:
        columns = ("indicator_code", "org_code", "date_from", "date_to", "breakdown_type", "breakdown_value")
        key = tuple(_alike(draft[column]) for column in columns)
        if key in first:
            errors.add(
                draft.number,
                "breakdown_value",
                f"Row {first[key]} has the same indicator, organisation, period and breakdown.",
                "Keep the row that is right and remove the other; corrections go into a new file.",
            )
        else:
            first[key] = draft.number


def _one_place(returned: Sequence[Draft], errors: ReturnErrors) -> None:
    first = returned[0]
    for draft in returned[1:]:
        if draft["area_code"] != first["area_code"]:
            errors.add(
                draft.number,
                "area_code",
                f"{shown(draft['area_code'])}, while row {first.number} of the same organisation, indicator and "
                f"period has {shown(first['area_code'])}.",
                "Give one area for the whole return: the council that the organisation serves, or E54000008 where "
                "it serves several. A figure is never apportioned, and never counted in two places.",
            )


def _bands(returned: Sequence[Draft], errors: ReturnErrors) -> None:
    total = FORMS[returned[0]["indicator_code"]].total
    whole = [draft for draft in returned if draft["breakdown_value"] == total]
    bands = [draft for draft in returned if draft["breakdown_value"] != total]
    if not whole:
        errors.add(
            returned[0].number,
            "breakdown_value",
            f"{returned[0]['org_code']} has bands for {returned[0].date_to} and no row {total}.",
            f"Add a row with breakdown_value {total} for the whole organisation.",
        )
        return
    if not bands or whole[0]["data_status"] == NOT_SUPPLIED:
        return
    partial = any(band["data_status"] == NOT_SUPPLIED for band in bands)
    supplied = [band for band in bands if band["data_status"] != NOT_SUPPLIED]
    for column in NUMBERS:
        stated = whole[0].numbers.get(column)
        parts = [band.numbers.get(column) for band in supplied]
        known = [part for part in parts if part is not None]
        if stated is None or len(known) != len(parts):
            continue  # a figure that cannot be read has its own error
        added = sum(known, Decimal(0))
        if added > stated or (added != stated and not partial):
            errors.add(
                whole[0].number,
                column,
                f"{total} is {stated} and the bands of {whole[0]['org_code']} add up to {added}.",
                f"Look for a band that is missing or counted twice; {total} is the sum of all bands"
                f"{', and the bands that are supplied cannot exceed it' if partial else ''}.",
            )


def _bands_given_before(returned: Sequence[Draft], earlier: Sequence[Row], errors: ReturnErrors) -> None:
    """A correction repeats every band; one that it leaves out would stay in force from the earlier file."""
    first, now = returned[0], {draft["breakdown_value"] for draft in returned}
    before = {
        row.breakdown_value
        for row in earlier
        if (row.indicator_code, row.org_code, row.date_from, row.date_to)
        == (*_series(first), first.date_from, first.date_to)
        and row.data_status not in (NIL, NOT_SUPPLIED)
    }
    for value in sorted(before - now):
        errors.add(
            first.number,
            "breakdown_value",
            f"An earlier return of {first['org_code']} for {first.date_to} has a band that this file has not: "
            f"{to_type(value)}",
            "A correction repeats every band, because submissions supersede each other row by row: add the band, as "
            "'nil return' if it has no staff.",
        )


@dataclass(frozen=True)
class _Stated:
    """A definition of local, as one row of a series states it."""

    since: dt.date
    text: str
    is_break: bool
    number: int | None
    """Its row in the file; None for one of an earlier return."""


def _definitions(drafts: Sequence[Draft], earlier: Sequence[Row], errors: ReturnErrors) -> None:
    """One definition over all periods of a series, those of earlier returns included, or a break flag."""
    stated: dict[Series, dict[tuple[dt.date, str], _Stated]] = defaultdict(dict)
    for row in earlier:
        where = (row.date_from, row.breakdown_value)
        text, is_break = row.local_definition or "", (row.notes or "").startswith(BREAK)
        stated[row.indicator_code, row.org_code][where] = _Stated(row.date_from, text, is_break, None)
    for draft in drafts:
        if draft.date_from is not None:
            where = (draft.date_from, draft["breakdown_value"])
            stated[_series(draft)][where] = _Stated(
                draft.date_from, draft["local_definition"], draft["notes"].startswith(BREAK), draft.number
            )
    for (indicator, organisation), by_period in stated.items():
        if indicator not in FORMS or not FORMS[indicator].needs_local_definition:
            continue
        in_time = [by_period[where] for where in sorted(by_period) if by_period[where].text]
        for before, after in itertools.pairwise(in_time):
            number = after.number or before.number
            if number is None or after.is_break or " ".join(before.text.split()) == " ".join(after.text.split()):
                continue
            other = before if after.number else after
            source = f"row {other.number}" if other.number else f"the earlier return for the year from {other.since}"
            errors.add(
                number,
                "local_definition",
                f"{organisation} defines local otherwise in {source}: {to_type(other.text)}",
                "Use the same words if the definition is the same. If it changed, the first year under the new one "
                f"has notes that begin with '{BREAK}' and say what changed; readers then see a break.",
            )
