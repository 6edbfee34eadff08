"""What the warehouse needs from accepted returns beside their rows: organisations, rows to hide, totals.

The mart shows histories, and the vintage in force may be older than the newest submission. So this module computes the
state after each submission: a row that must be hidden in one state is hidden in all states, and each state has its own
totals. SQL takes the totals of the vintage in force.

Belongs here: sums over organisations and the rows to hide, as plain rows. Does not belong here: the decision what
to hide (`disclosure`), writing tables (`warehouse`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from atf_dagster.catalogue import Catalogue
from atf_dagster.returns import store
from atf_dagster.returns.disclosure import TotalKey, hide
from atf_dagster.returns.places import places
from atf_dagster.returns.rows import Row, RowKey
from atf_dagster.returns.template import FORMS, NOT_SUPPLIED, SUPPRESS

Facts = dict[str, Any]
State = Mapping[RowKey, Row]
"""The rows in force after a submission."""


@dataclass(frozen=True)
class ReturnFacts:
    """organisations: one row an organisation. rows: one row a key, with whether it is hidden. totals: one row a sum
    and state.
    """

    organisations: list[Facts]
    rows: list[Facts]
    totals: list[Facts]


def collect(home: Path, catalogue: Catalogue) -> ReturnFacts:
    """The facts of all accepted returns. Raises ReturnsDamaged where bytes of a return are missing or changed."""
    states = list(_states(home, catalogue))
    hidden = _ever_hidden(states, catalogue)
    totals: list[Facts] = []
    for number, state in enumerate(states, start=1):
        hidden_totals = hide(_marked(state, hidden), catalogue).totals
        totals += [{"n_submissions": number, **total} for total in _totals(state, hidden_totals, catalogue)]
    keys = sorted({key for state in states for key in state})
    return ReturnFacts(
        organisations=_organisations(row for state in states for row in state.values()),
        rows=[{**_of_key(key), "org_code": key.org_code, "is_hidden": key in hidden} for key in keys],
        totals=totals,
    )


def _states(home: Path, catalogue: Catalogue) -> Iterator[State]:
    state: dict[RowKey, Row] = {}
    sequence: int | None = None
    for submission, row in store.accepted_rows(home, catalogue):
        if sequence not in (None, submission.sequence):
            yield dict(state)
        sequence = submission.sequence
        state[row.key] = row
    if sequence is not None:
        yield state


def _ever_hidden(states: list[State], catalogue: Catalogue) -> set[RowKey]:
    """Rows to hide in every state because one state demands it. Repeats until no state demands a further row."""
    hidden: set[RowKey] = set()
    before = -1
    while before < len(hidden):
        before = len(hidden)
        for state in states:
            hidden |= set(hide(_marked(state, hidden), catalogue).rows)
    return hidden


def _marked(state: State, hidden: set[RowKey]) -> list[Row]:
    """The rows. Those that another state hides carry the flag, as if the organisation had asked for it."""
    return [replace(row, suppression_flag=SUPPRESS) if key in hidden else row for key, row in state.items()]


def _of_key(key: RowKey | TotalKey) -> Facts:
    return {
        "indicator_code": key.indicator_code,
        "date_from": key.date_from,
        "date_to": key.date_to,
        "breakdown_value": key.breakdown_value,
    }


def _organisations(rows: Iterable[Row]) -> list[Facts]:
    """Organisations as areas of their own: the figures of a council as an employer are not those of its residents."""
    found: dict[str, Facts] = {}
    for row in sorted(rows, key=lambda row: row.submitted_at):
        first = found.get(row.org_code, {"valid_from": row.date_from})["valid_from"]
        found[row.org_code] = {
            "area_code": f"ORG-{row.org_code}",
            "area_name": row.org_name,
            "area_type": "organisation",
            "parent_code": row.area_code,
            "in_cheshire_merseyside": True,
            "valid_from": min(first, row.date_from),
            "valid_to": None,
            "names": f"|{row.org_name}|",
        }
    return [found[code] for code in sorted(found)]


def _totals(state: State, hidden: Iterable[TotalKey], catalogue: Catalogue) -> list[Facts]:
    """Sums over the organisations of each place, and over all of them for Cheshire and Merseyside.

    The whole is complete only where somebody reported for each of its councils. Nobody knows which other organisations
    should have reported for a place, so the sum of a place is over those that did.
    """
    area = places(catalogue)
    groups: dict[TotalKey, list[Row]] = defaultdict(list)
    reported: dict[tuple[str, dt.date, dt.date], set[str]] = defaultdict(set)
    for row in state.values():
        period = row.date_from, row.date_to
        for code in {row.area_code, area.whole}:
            key = TotalKey(
                row.indicator_code, code, *period, FORMS[row.indicator_code].breakdown_type, row.breakdown_value
            )
            groups[key].append(row)
        if row.area_code in area.councils and row.data_status != NOT_SUPPLIED:
            reported[row.indicator_code, *period].add(row.area_code)
    hidden = set(hidden)
    totals = []
    for key, rows in sorted(groups.items()):
        supplied = sum(row.data_status != NOT_SUPPLIED for row in rows)
        is_whole = key.area_code == area.whole
        there = len(reported[key.indicator_code, key.date_from, key.date_to])
        totals.append(
            {
                **_of_key(key),
                "area_code": key.area_code,
                "numerator": float(sum((row.numerator or Decimal(0) for row in rows), Decimal(0))),
                "denominator": float(sum((row.denominator or Decimal(0) for row in rows), Decimal(0))),
                "n_organisations": len(rows),
                "n_supplied": supplied,
                "n_expected": len(area.councils) if is_whole else len(rows),
                "n_included": there if is_whole else supplied,
                "is_hidden": key in hidden,
            }
        )
    return totals
