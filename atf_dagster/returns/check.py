"""Checks a return by every rule and gives all its errors at once.

Belongs here: the order of reading and rules. Does not belong here: the rules (`row_rules`, `figure_rules`,
`file_rules`), reading bytes (`reading`).
"""

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path

from atf_dagster.catalogue import Catalogue
from atf_dagster.returns import figure_rules, file_rules, reading, row_rules
from atf_dagster.returns.places import places
from atf_dagster.returns.rows import Checked, Draft, ReturnErrors, Row


def check(path: Path, catalogue: Catalogue, *, now: dt.datetime | None = None, earlier: Sequence[Row] = ()) -> Checked:
    """Judge a file. `earlier` holds the rows in force of returns that were accepted before (`store.rows_in_force`)."""
    errors = ReturnErrors()
    data = reading.load(path, errors)
    if data is None:
        return Checked((), tuple(errors))
    return check_bytes(data, catalogue, now=now, earlier=earlier)


def check_bytes(
    data: bytes, catalogue: Catalogue, *, now: dt.datetime | None = None, earlier: Sequence[Row] = ()
) -> Checked:
    """Judge bytes that the caller has read. The caller keeps the same bytes that were checked."""
    now = now or dt.datetime.now(dt.UTC)
    errors = ReturnErrors()
    drafts = _drafts(data, catalogue, now, errors)
    file_rules.judge(drafts, earlier, errors)
    with_errors = {error.row for error in errors}
    rows = tuple(draft.row() for draft in drafts if draft.number not in with_errors)
    return Checked(rows, tuple(sorted(errors, key=lambda error: error.row)))


def rows_of_accepted(data: bytes, catalogue: Catalogue, accepted_at: dt.datetime) -> tuple[Row, ...]:
    """Every row of an accepted file. Rules that are newer than its acceptance do not apply.

    Raises ValueError where a cell cannot be read, because no row may disappear from the figures silently.
    """
    drafts = _drafts(data, catalogue, accepted_at, ReturnErrors(), most_rows=math.inf)
    return tuple(draft.row() for draft in drafts)


def _drafts(
    data: bytes,
    catalogue: Catalogue,
    now: dt.datetime,
    errors: ReturnErrors,
    *,
    most_rows: float = reading.MAX_ROWS,
) -> list[Draft]:
    area = places(catalogue)
    drafts = []
    for number, raw in reading.read(data, errors, most_rows=most_rows):
        row_rules.formulas(number, dict(raw), errors)
        row_rules.control_characters(number, dict(raw), errors)
        draft = Draft(number, {column: cell.strip() for column, cell in raw.items()})
        row_rules.judge(draft, area, now, errors)
        figure_rules.judge(draft, errors)
        drafts.append(draft)
    return drafts
