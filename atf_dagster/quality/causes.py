"""Why a vintage lacks figures that the vintage before it had, in words: which labels went, and which came instead.

A cut file, a changed label and a new age band all look like lost figures. They differ in what is gone: one age with all
its figures, or a bit of everything.

Belongs here: comparing what two vintages hold, as sentences. Does not belong here: when figures count as lost
(`expectations/staged_vintages.yml`, `staged_editions.yml`), verdicts (`admission`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from atf_dagster.formats.body import one_line
from atf_dagster.quality.results import Result

Row = dict[str, Any]
LABELS = (
    ("measure", "measures", "nullif(staged.measure, '')"),
    ("age", "ages", "staged.age"),
    ("sex", "sexes", "staged.sex"),
    ("category", "categories", "staged.breakdown_type || ': ' || staged.breakdown_value"),
    ("period length", "period lengths", "staged.period_length"),
    ("period", "periods", "staged.period_label"),
    (
        "area",
        "areas",
        "coalesce(coalesce(area.area_name, staged.area_name) || ' (' || staged.area_code || ')', staged.area_code)",
    ),
)
"""One, many, and the SQL that gives a staged row's label. The first kind of label that explains the loss is told."""
EXPLAINS = 0.8
"""A kind of label explains a loss if so large a share of what is lost has labels that are gone."""
SHOWN, LONGEST = 5, 80
"""So many labels are shown, and so many characters of each: they are text of the publisher."""

BEFORE = """
    select earlier.vintage_id
    from raw.vintage as vintage
    inner join raw.vintage as earlier on earlier.dataset = vintage.dataset and earlier.part = vintage.part
        and earlier.sequence < vintage.sequence and earlier.last_verdict = 'admitted'
    where vintage.vintage_id = $1
    order by earlier.sequence desc limit 1
"""
BEFORE_OF_A_PERIOD = """
    select earlier.vintage_id
    from raw.vintage as vintage
    inner join raw.vintage as earlier on earlier.dataset = vintage.dataset and earlier.part = vintage.part
        and earlier.sequence < vintage.sequence and earlier.last_verdict = 'admitted'
    where vintage.vintage_id = $1 and exists (select 1 from intermediate.int_staged as staged
        where staged.vintage_id = earlier.vintage_id and staged.indicator_code = $2 and staged.period_id = $3)
    order by earlier.sequence desc limit 1
"""
HELD = f"""
    create or replace temp table {{name}} as
    select {{key}} as figure, staged.row_use in ({{uses}}) as is_used, staged.value, staged.status,
        staged.period_end is null as is_unread,
        {", ".join(f'{sql} as "{one}"' for one, _, sql in LABELS)}
    from intermediate.int_staged as staged
    left join raw.catalogue_area as area on staged.area_code = area.area_code
    where staged.vintage_id = $1 {{more}}
"""
# What is there under another use (another measure, an area that is not collected) is not gone.
LOST = """
    create or replace temp table lost as
    select before.* from before anti join (select * from now where is_used) as now using (figure) where before.is_used
"""
HIDDEN = """
    create or replace temp table lost as
    select before.* exclude (status), now.status
    from before inner join now using (figure)
    where before.is_used and now.is_used and before.value is not null and now.value is null
"""
OF_A_PERIOD = {
    "key": "concat_ws('|', staged.area_code, staged.sex, staged.age, staged.breakdown_type, staged.breakdown_value)",
    "uses": "'kept', 'other_area'",
    "more": "and staged.indicator_code = $2 and staged.period_id = $3",
}
"""What `staged_editions` compares: one period of an edition with one of another, small areas too."""
MISSING_COUNCILS = """
    select area.area_name || ' (' || area.area_code || ')'
    from raw.catalogue_area as area
    where area.area_type = 'council' and area.in_cheshire_merseyside and area.area_code not in (
        select area_code from intermediate.int_staged
        where vintage_id = $1 and row_use = 'kept' and area_code is not null)
    order by area.area_name
"""
UNKNOWN_COUNCILS = """
    select distinct coalesce(staged.area_name || ' (' || staged.area_code || ')', staged.area_code)
    from intermediate.int_staged as staged
    where staged.vintage_id = $1 and left(staged.area_code, 3) in ('E06', 'E07', 'E08', 'E09')
        and staged.area_code not in (select area_code from raw.catalogue_area) order by 1
"""


@dataclass(frozen=True)
class _Loss:
    """What is lost in the temporary table `lost`."""

    connection: duckdb.DuckDBPyConnection

    @property
    def count(self) -> int:
        return self._number("select count(*) from lost")

    def gone(self, label: str, present: str) -> list[tuple[str, int]]:
        """The labels of which `present` has none, with the number of lost figures, the most first."""
        return self.connection.execute(
            f'select "{label}", count(*) from lost where "{label}" is not null and "{label}" not in '
            f'(select "{label}" from now where {present} and "{label}" is not null) group by 1 order by 2 desc, 1'
        ).fetchall()

    def came(self, label: str) -> list[str]:
        """The labels that the vintage before had nowhere."""
        rows = self.connection.execute(
            f'select "{label}" from now where "{label}" is not null and "{label}" not in '
            f'(select "{label}" from before where "{label}" is not null) group by 1 order by count(*) desc, 1'
        ).fetchall()
        return [str(label) for (label,) in rows]

    def unread(self) -> list[tuple[str, int]]:
        """The labels of which no period could be read now, with the number of figures, the most first."""
        return self.connection.execute(
            "select coalesce(period, 'no label'), count(*) from now where is_used and is_unread "
            "group by 1 order by 2 desc, 1"
        ).fetchall()

    @property
    def is_all(self) -> bool:
        """Whether nothing has a value any longer."""
        return not self._number("select count(value) from now where is_used")

    def statuses(self) -> list[str]:
        rows = self.connection.execute("select status, count(*) from lost group by 1 order by 2 desc, 1").fetchall()
        return [f"{count:,} {str(status).replace('_', ' ')}" for status, count in rows]

    def _number(self, sql: str) -> int:
        (row,) = self.connection.execute(sql).fetchall()
        return int(row[0])


def explained(connection: duckdb.DuckDBPyConnection, results: Sequence[Result]) -> list[Result]:
    """`results` in which each vintage that lacks figures says what is gone, as `told` of its failing row.

    connection: to a warehouse that is in use, after the first half of dbt.
    """
    return [
        replace(result, failing=tuple(_with_cause(connection, result.expectation, row) for row in result.failing))
        if result.expectation in CAUSES and not result.broken
        else result
        for result in results
    ]


def _with_cause(connection: duckdb.DuckDBPyConnection, expectation: str, row: Row) -> Row:
    told = CAUSES[expectation](connection, row)
    return {**row, "told": told} if told else row


def _of_lost_figures(connection: duckdb.DuckDBPyConnection, row: Row) -> str:
    if not _compared(connection, row, LOST):
        return ""
    loss = _Loss(connection)
    # Of two editions the periods differ anyhow.
    labels = [label for label in LABELS if "compared_with" not in row or label[0] != "period"]
    for one, many, _ in labels:
        gone = loss.gone(one, "true")
        if sum(count for _, count in gone) >= EXPLAINS * loss.count:
            came = loss.came(one)
            instead = f"{_some(came)} came instead" if came else "nothing came instead"
            which = f"{one if len(gone) == 1 else many} {_some([label for label, _ in gone])}"
            return f"All figures of {which} are gone; {instead}."
    unread = loss.unread()
    if (count := sum(count for _, count in unread)) and count >= EXPLAINS * loss.count:
        return (
            f"The figures are there, but the periods of {count:,} could not be read, which are called "
            f"{_some([label for label, _ in unread])}."
        )
    kinds = ", ".join(one for one, _, _ in labels[1:-1])
    return f"{loss.count:,} figures are gone, of no one {kinds} or area: the file was probably cut."


def _of_lost_values(connection: duckdb.DuckDBPyConnection, row: Row) -> str:
    if not _compared(connection, row, HIDDEN):
        return ""
    loss = _Loss(connection)
    now = f"they are now {_some(loss.statuses())}"
    if loss.is_all:
        return f"None of {loss.count:,} values is given any longer; {now}."
    for one, many, _ in LABELS:
        gone = loss.gone(one, "is_used and value is not null")
        if sum(count for _, count in gone) >= EXPLAINS * loss.count:
            which = f"{one if len(gone) == 1 else many} {_some([label for label, _ in gone])}"
            return f"No value of {which} is given any longer; {now}."
    return f"{loss.count:,} values are no longer given; {now}."


def _of_councils(connection: duckdb.DuckDBPyConnection, row: Row) -> str:
    vintage_id = str(row["vintage_id"])
    missing = [name for (name,) in connection.execute(MISSING_COUNCILS, [vintage_id]).fetchall()]
    unknown = [name for (name,) in connection.execute(UNKNOWN_COUNCILS, [vintage_id]).fetchall()]
    came = f"; {_some(unknown)} came under codes that the catalogue does not have" if unknown else ""
    return f"Missing: {_some(missing, most=9)}{came}." if missing else ""


def _of_other_words(connection: duckdb.DuckDBPyConnection, row: Row) -> str:
    said = []
    for _, many, label in LABELS:
        found = connection.execute(
            f"select {label} as label from intermediate.int_staged as staged left join raw.catalogue_area as area "
            "on staged.area_code = area.area_code where staged.vintage_id = $1 and label is not null "
            "group by 1 order by count(*) desc, 1",
            [str(row["vintage_id"])],
        ).fetchall()
        said += [f"{many} {_some([str(label) for (label,) in found])}"] if found else []
    return f"No row is one of ours. The rows are of {'; '.join(said)}." if said else ""


def _of_another_unit(connection: duckdb.DuckDBPyConnection, row: Row) -> str:
    ratio = row.get("median_ratio")
    return "" if ratio is None else f"The figures are about {ratio:.3g} times what they were."


def _compared(connection: duckdb.DuckDBPyConnection, row: Row, lost: str) -> bool:
    """Whether there is an admitted vintage to compare with; then the table `lost` is made."""
    vintage_id, of_a_period = str(row["vintage_id"]), "compared_with" in row
    if of_a_period:
        indicator = row["indicator_code"]
        found = connection.execute(BEFORE_OF_A_PERIOD, [vintage_id, indicator, row["compared_with"]]).fetchall()
        before, now = [indicator, row["compared_with"]], [indicator, row["period_id"]]
        how = OF_A_PERIOD
    else:
        found = connection.execute(BEFORE, [vintage_id]).fetchall()
        before, now = [], []
        how = {"key": "staged.observation_key", "uses": "'kept'", "more": ""}
    if not found:
        return False
    connection.execute(HELD.format(name="before", **how), [found[0][0], *before])
    connection.execute(HELD.format(name="now", **how), [vintage_id, *now])
    connection.execute(lost)
    return True


def _some(words: Sequence[str], most: int = SHOWN) -> str:
    more = len(words) - most
    return ", ".join(one_line(word)[:LONGEST] for word in words[:most]) + (f" and {more} more" if more > 0 else "")


CAUSES = {
    "most_figures_are_still_there": _of_lost_figures,
    "most_values_are_still_given": _of_lost_values,
    "councils_are_there": _of_councils,
    "a_first_table_has_figures_of_ours": _of_other_words,
    "unit_did_not_switch": _of_another_unit,
    "edition_has_the_areas_of_the_one_before": _of_lost_figures,
    "edition_gives_the_values_of_the_one_before": _of_lost_values,
    "edition_keeps_its_unit": _of_another_unit,
}
"""Expectation of `staged_vintages` or `staged_editions` -> what explains its failure."""
