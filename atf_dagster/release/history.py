"""What a release says of the releases before it: `release_history` and `fct_change`.

`fct_change` compares with the release that readers have while the new one is made: after a rollback that is the one
that was gone back to, and not the newest folder. `release_history` is a chain: a release copies it from the newest one
that has it, adds what receipts say of releases that are missing there, and itself.

No old value is shown of a figure that is hidden now. And where anything is hidden in a period of an indicator, an old
value that was worked out here, sent as a return or withdrawn is shown only if the history in the same release, which is
attacked before it is published, shows it too: what an older release worked out could give the hidden number away. What
a publisher itself showed is public, as in `fct_revision`.

Belongs here: the rows of the two tables. Does not belong here: what counts as changed (`changes`), the tables' columns
(`contract`).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from atf_dagster.release.changes import KEY, attach, paired
from atf_dagster.release.contract import FCT_CHANGE, RELEASE_HISTORY, SCHEMA
from atf_dagster.release.disclosure.reading import HIDING
from atf_dagster.release.versions import Release
from atf_dagster.sql import literal

ENGLAND = "E92000001"
COUNTS = ("n_new", "n_revised", "n_withdrawn", "n_comparison")
NEW = "release.mart"
"""The schema that is being written."""
BESIDE = ("observation_key", "is_headline")
"""Columns of a figure that a release made by an older version of the program does not have."""
SERIES = ("indicator_code", "area_code", "sex", "age", "breakdown_type", "breakdown_value")


@dataclass
class Past:
    """The releases of a home, oldest first, as the next release sees them."""

    known: Sequence[Release]
    progress: Callable[[str], None]
    _attached: set[str] = field(default_factory=set)

    @property
    def before(self) -> Release | None:
        """The release that readers have."""
        return next((release for release in self.known if release.is_current), None)

    def write(self, connection: duckdb.DuckDBPyConnection, facts: Mapping[str, Any]) -> None:
        """Fill the two tables of the database that is attached as `release`.

        facts: of the new release, the columns of release_history but for COUNTS and compared_with; and `code_sha256`.
        """
        before = self.before if self.before is not None and self._opens(connection, self.before) else None
        rows = self._rows(connection)
        connection.execute("begin transaction")
        if before is not None:
            try:
                _write_changes(connection, before, facts, self._columns(connection, before))
            except duckdb.Error as error:
                # A block that is damaged is met when its rows are read, and not when the file is opened.
                connection.execute("rollback")
                connection.execute("begin transaction")
                self._not_compared(before, error)
                before = None
        counts = _counts(connection, before, is_first=not self.known)
        own = {**facts, **counts, "compared_with": before.version if before else None}
        _insert(connection, [*rows, own])
        connection.execute("commit")

    def _rows(self, connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
        """The rows of all earlier releases, oldest first, also of removed ones."""
        rows = {release.version: _from_receipt(release) for release in self.known}
        for release in reversed(self.known):
            if not self._opens(connection, release):
                continue
            there = self._columns(connection, release).get(RELEASE_HISTORY.name, set())
            names = [column.name for column in RELEASE_HISTORY.columns if column.name in there]
            if "version" not in names:
                continue
            listed = ", ".join(names)
            try:
                found = connection.execute(
                    f"select {listed} from {_name(release)}.{SCHEMA}.{RELEASE_HISTORY.name}"
                ).fetchall()
            except duckdb.Error as error:
                self._not_compared(release, error)
                continue
            rows |= {row[names.index("version")]: dict(zip(names, row, strict=True)) for row in found}
            break
        return [rows[version] for version in sorted(rows)]

    def _opens(self, connection: duckdb.DuckDBPyConnection, release: Release) -> bool:
        """Attach a release. One that cannot be read must not keep the next one from being published."""
        if release.version in self._attached:
            return True
        try:
            attach(connection, release, _name(release))
            connection.execute(
                f"select {KEY}, value, status, is_derived from {_name(release)}.{SCHEMA}.fct_observation limit 0"
            )
        except duckdb.Error as error:
            connection.execute(f"detach database if exists {_name(release)}")
            self._not_compared(release, error)
            return False
        self._attached.add(release.version)
        return True

    def _not_compared(self, release: Release, error: duckdb.Error) -> None:
        said = " ".join(str(error).split())[:200]
        self.progress(f"release {release.version} cannot be read, so nothing is compared with it: {said}")

    def _columns(self, connection: duckdb.DuckDBPyConnection, release: Release) -> dict[str, set[str]]:
        """The columns of each table of a release."""
        found: dict[str, set[str]] = {}
        for table, column in connection.execute(
            f"select table_name, column_name from duckdb_columns() where database_name = {literal(release.version)} "
            f"and schema_name = '{SCHEMA}'"
        ).fetchall():
            found.setdefault(table, set()).add(column)
        return found


def _name(release: Release) -> str:
    return f'"{release.version}"'


def _from_receipt(release: Release) -> dict[str, Any]:
    """What the receipt of a release says, also of one that was made by an older version of the program."""
    said = release.receipt
    built_at = said.get("built_at")
    return {
        "version": release.version,
        "built_at": dt.datetime.fromisoformat(built_at).astimezone(dt.UTC).replace(tzinfo=None) if built_at else None,
        "mode": said.get("mode"),
        "software_version": said.get("tool_version"),
        "software_commit": said.get("software_commit"),
        "contract_version": said.get("contract_version"),
        "quality_state": said.get("verdict"),
    }


def _insert(connection: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    lines = ", ".join(
        f"({', '.join(literal(row.get(column.name)) for column in RELEASE_HISTORY.columns)})" for row in rows
    )
    connection.execute(f"insert into {NEW}.{RELEASE_HISTORY.name} values {lines}")


def _counts(connection: duckdb.DuckDBPyConnection, before: Release | None, *, is_first: bool) -> dict[str, int | None]:
    """How many figures changed. Of the first release all are new; unknown where nothing could be compared."""
    if before is None and not is_first:
        return dict.fromkeys(COUNTS)
    if before is None:
        row = connection.execute(f"select count(*), 0, 0, 0 from {NEW}.fct_observation").fetchone()
    else:
        kinds = ", ".join(f"count(*) filter (where change = '{name.removeprefix('n_')}')" for name in COUNTS)
        row = connection.execute(f"select {kinds} from {NEW}.{FCT_CHANGE.name}").fetchone()
    return dict(zip(COUNTS, row or (), strict=True))


def _write_changes(
    connection: duckdb.DuckDBPyConnection,
    before: Release,
    facts: Mapping[str, Any],
    there: Mapping[str, set[str]],
) -> None:
    """One full join of the figures, and the comparisons and trends of those that are listed."""
    old = f"{_name(before)}.{SCHEMA}"
    compared = {"outcome_statistical", "outcome_judged", "benchmark_area_code"} <= there.get("fct_comparison", set())
    trends = {"outcome", "first_period_id", "period_id"} <= there.get("fct_trend", set())
    code = before.receipt.get("code_sha256")
    about = {
        "version_before": before.version,
        "version": facts["version"],
        "is_other_mode": before.receipt.get("mode") != facts["mode"],
        # A release that does not say by which code it was made leaves it open.
        "made_by_other_code": None if code is None else code != facts["code_sha256"],
    }
    columns = ", ".join(column.name for column in FCT_CHANGE.columns)
    connection.execute(
        f"""
        insert into {NEW}.{FCT_CHANGE.name} ({columns})
        with
            figure as ({paired(NEW, old, {name: name in there["fct_observation"] for name in BESIDE})}),
            old_comparison as ({_comparisons(old, exists=compared)}),
            new_comparison as ({_comparisons(NEW)}),
            comparison as (
                select
                    {KEY},
                    b.outcome_statistical as old_outcome_statistical,
                    a.outcome_statistical as new_outcome_statistical,
                    b.outcome_judged as old_outcome_judged,
                    a.outcome_judged as new_outcome_judged
                from new_comparison as a
                full join old_comparison as b using ({KEY})
                where
                    -- Where the release before has no comparisons at all, one that is there now is no news.
                    {literal(compared)}
                    and (
                        coalesce(a.outcome_statistical, 'not_compared')
                        <> coalesce(b.outcome_statistical, 'not_compared')
                        or a.outcome_judged is distinct from b.outcome_judged
                    )
            ),
            listed as (
                select
                    figure.* replace (coalesce(change, 'comparison') as change),
                    case
                        when coalesce(change, 'comparison') in ('revised', 'comparison') and {literal(compared)}
                        then comparison.indicator_code is not null
                    end as comparison_changed
                from figure
                left join comparison using ({KEY})
                where change is not null or comparison.indicator_code is not null
            ),
            hiding as (
                select indicator_code, period_id from {NEW}.fct_observation where status in {HIDING}
                union
                select indicator_code, period_id from {NEW}.fct_observation_history where status in {HIDING}
            ),
            earlier_state as (
                select {KEY}, value as old_value
                from {NEW}.fct_observation_history
                where valid_to is not null and value is not null
                union
                select {KEY}, value as old_value
                from {NEW}.fct_observation
                where (indicator_code, period_id) in (select (indicator_code, period_id) from hiding)
            ),
            returned as (
                select distinct indicator_code
                from {NEW}.fct_observation
                where area_code in (select area_code from {NEW}.dim_area where area_type = 'organisation')
            ),
            guarded as (
                select
                    listed.* exclude (old_is_derived, new_is_derived),
                    case
                        when old_value is null then null
                        when new_status in {HIDING} then 'hidden_now'
                        when
                            hiding.period_id is not null
                            and earlier_state.old_value is null
                            and (
                                old_is_derived
                                or coalesce(new_is_derived, true)
                                or indicator_code in (select indicator_code from returned)
                            )
                        then 'not_in_history'
                    end as old_value_reason
                from listed
                left join hiding using (indicator_code, period_id)
                left join earlier_state using ({KEY}, old_value)
            ),
            old_trend as ({_trends(old, exists=trends)}),
            new_trend as ({_trends(NEW)})
        select
            {", ".join(f"g.{name}" for name in (*KEY.split(", "), *BESIDE))},
            g.change,
            case when g.old_value_reason is null then g.old_value end as old_value,
            g.new_value,
            g.old_value_reason,
            g.old_status,
            g.new_status,
            case when g.old_value_reason is null then was.outcome_statistical end as old_outcome_statistical,
            now.outcome_statistical as new_outcome_statistical,
            case when g.old_value_reason is null then was.outcome_judged end as old_outcome_judged,
            now.outcome_judged as new_outcome_judged,
            g.comparison_changed,
            case when g.old_value_reason is null then was_trend.outcome end as old_trend,
            now_trend.outcome as new_trend,
            case
                when
                    g.change in ('revised', 'comparison')
                    and coalesce(was_trend.outcome, now_trend.outcome) is not null
                then
                    coalesce(was_trend.outcome, 'cannot_be_calculated')
                    <> coalesce(now_trend.outcome, 'cannot_be_calculated')
            end as trend_changed,
            {", ".join(f"{literal(value)} as {name}" for name, value in about.items())}
        from guarded as g
        left join new_comparison as now using ({KEY})
        left join old_comparison as was using ({KEY})
        left join new_trend as now_trend on {_in_window("now_trend")}
        left join old_trend as was_trend on {_in_window("was_trend")}
        order by {KEY}
        """
    )


def _comparisons(schema: str, *, exists: bool = True) -> str:
    """Comparisons with England by KEY."""
    if not exists:
        return f"""select {KEY}, cast(null as varchar) as outcome_statistical, cast(null as varchar) as outcome_judged
            from {schema}.fct_observation where false"""
    return f"""select {KEY}, outcome_statistical, outcome_judged from {schema}.fct_comparison
        where benchmark_area_code = '{ENGLAND}'"""


def _trends(schema: str, *, exists: bool = True) -> str:
    """Trends by SERIES, each with the last days of its first and last period."""
    series = ", ".join(SERIES)
    if not exists:
        return f"""select {series}, cast(null as varchar) as outcome, '' as first_end, '' as last_end
            from {schema}.fct_observation where false"""
    ends = ", ".join(
        f"split_part({name}, '/', 2) as {alias}"
        for name, alias in (("first_period_id", "first_end"), ("period_id", "last_end"))
    )
    return f"select {series}, outcome, {ends} from {schema}.fct_trend"


def _in_window(trend: str) -> str:
    """Whether a figure is one of the points of its series' trend."""
    series = " and ".join(f"g.{name} = {trend}.{name}" for name in SERIES)
    return f"{series} and split_part(g.period_id, '/', 2) between {trend}.first_end and {trend}.last_end"
