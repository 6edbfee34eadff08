"""Runs suites with Great Expectations, which takes seconds to import and is imported only here.

Belongs here: the engine. Does not belong here: any rule, and what follows from an outcome.
"""

import datetime as dt
import logging
import math
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.quality import causes, suites
from atf_dagster.quality.results import Result
from atf_dagster.quality.suites import Expectation, Stage, Suite
from atf_dagster.sql import literal

LOOKED_AT = "atf_looked_at"
"""The rows of a suite's frame while it runs: a temporary table, so that DuckDB gives keys of failing rows alone."""


def load_engine() -> None:
    """Import Great Expectations without its usage reports and warnings; takes seconds the first time."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations  # noqa: F401


def run_stage(stage: Stage, warehouse: Path, previous: Path | None) -> list[Result]:
    """Run a stage's suites on a warehouse; `previous` is the database of the release before, or none."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        if previous is not None:
            connection.execute(f"attach {literal(previous)} as previous (read_only)")
        connection.execute("use warehouse")
        results = run(connection, suites.load(stage), has_previous=previous is not None)
        return causes.explained(connection, results) if stage == "admission" else results


def run(connection: duckdb.DuckDBPyConnection, wanted: Sequence[Suite], *, has_previous: bool) -> list[Result]:
    """Run the `wanted` suites on the frames that `connection` gives; the last release is attached as `previous`.

    Returns one result an expectation, in the files' order. A suite without rows passes.
    """
    load_engine()
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    for name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second sets its own
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # One asset for all: each further one has the whole context written out again.
    frames = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    whole = frames.add_batch_definition_whole_dataframe("all")
    # Frames of this size take a quarter longer in several threads.
    connection.execute("set threads = 1")
    results: list[Result] = []
    made: set[str] = set()
    for suite in wanted:
        if suite.over is not None and suite.over not in made:
            connection.execute(f"create or replace temp table {suite.over} as {suite.over_sql}")
            made.add(suite.over)
        if suite.needs_previous and not has_previous:
            results += _without_rows(suite, "there is no release before this one")
            continue
        looked_at = _LookedAt.of(connection, suite)
        if looked_at is None:
            results += _without_rows(suite, "no rows to look at")
            continue
        expectations = [
            get_expectation_impl(entry.type)(**entry.kwargs, severity=entry.severity, meta={"name": entry.name})
            for entry in suite.expectations
        ]
        outcome = whole.get_batch({"dataframe": looked_at.frame}).validate(
            gx.ExpectationSuite(name=suite.suite, expectations=expectations),
            result_format={"result_format": "COMPLETE"},
        )
        by_name = {result.expectation_config.meta["name"]: result for result in outcome.results}
        results += [_result(suite, entry, by_name[entry.name], looked_at) for entry in suite.expectations]
    for name in (LOOKED_AT, *made):
        connection.execute(f"drop table if exists temp.{name}")
    return results


@dataclass(frozen=True)
class _LookedAt:
    """A suite's rows: the columns that its expectations name as a frame, all others in DuckDB until they are needed."""

    connection: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]
    frame: Any

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, suite: Suite) -> "_LookedAt | None":
        """The rows of `suite`, or nothing where it has none."""
        connection.execute(f"create or replace temp table {LOOKED_AT} as {suite.frame}")
        described = connection.execute(f"select * from temp.{LOOKED_AT} limit 0").description
        columns = tuple(str(column[0]) for column in described or ())
        wanted = [column for entry in suite.expectations for column in _named(entry, columns)]
        # A row's place in this order is its rowid. The first column stands in where no name is one of the frame.
        chosen = ", ".join(_quoted(column) for column in dict.fromkeys(wanted or columns[:1]))
        frame = connection.execute(f"select {chosen} from temp.{LOOKED_AT} order by rowid").df()
        return None if frame.empty else cls(connection, columns, frame)

    def rows(self, numbers: Sequence[int], columns: Iterable[str]) -> list[dict[str, Any]]:
        """The rows of these numbers, in their order."""
        chosen = [column for column in dict.fromkeys(columns) if column in self.columns]
        found = self.connection.execute(
            f"select {', '.join(_quoted(column) for column in chosen)} from temp.{LOOKED_AT} "
            "where rowid in (select unnest($numbers)) order by rowid",
            {"numbers": list(numbers)},
        ).fetchall()
        return [{key: _plain(value) for key, value in zip(chosen, row, strict=True)} for row in found]


def _named(entry: Expectation, columns: Sequence[str]) -> list[str]:
    """The columns that an expectation looks at, with those of its condition."""
    named = _subjects(entry)
    condition = str(entry.kwargs.get("row_condition") or "")
    return [column for column in columns if column in named or re.search(rf"\b{re.escape(column)}\b", condition)]


def _subjects(entry: Expectation) -> list[str]:
    kwargs = entry.kwargs
    single = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    return [*single, *kwargs.get("column_list", ())]


def _result(suite: Suite, entry: Expectation, outcome: Any, looked_at: _LookedAt) -> Result:
    broken = _exception(outcome.exception_info)
    details = outcome.result or {}
    count = int(details.get("unexpected_count") or 0)
    numbers = sorted(int(number) for number in details.get("unexpected_index_list") or ())
    failing = looked_at.rows(numbers, [*suite.keys, *(() if entry.sensitive else _subjects(entry))]) if numbers else []
    if broken:
        observed = f"the check itself is broken: {broken}"
    elif "element_count" in details:
        observed = f"{count} of {details['element_count']} rows fail"
    else:
        observed = f"observed {details.get('observed_value')}"
    return Result(
        suite=suite.suite,
        stage=suite.stage,
        table_name=suite.table,
        expectation=entry.name,
        severity=entry.severity,
        success=bool(outcome.success) and broken is None,
        observed=observed,
        unexpected_count=count,
        failing=tuple(failing),
        owner="data engineers" if broken else entry.owner,
        reason=entry.reason,
        remedy="Mend the expectation's arguments or its frame." if broken else entry.remedy,
        runbook="check-broken" if broken else entry.runbook,
        evaluated_at=_now(),
        broken=broken is not None,
    )


def _without_rows(suite: Suite, why: str) -> list[Result]:
    return [
        Result(
            suite=suite.suite,
            stage=suite.stage,
            table_name=suite.table,
            expectation=entry.name,
            severity=entry.severity,
            success=True,
            observed=why,
            unexpected_count=0,
            failing=(),
            owner=entry.owner,
            reason=entry.reason,
            remedy=entry.remedy,
            runbook=entry.runbook,
            evaluated_at=_now(),
        )
        for entry in suite.expectations
    ]


def _exception(info: Any) -> str | None:
    """The message where a check could not run; Great Expectations nests it by metric or gives it flat."""
    if not isinstance(info, dict):
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [str(e.get("exception_message")) for e in entries if isinstance(e, dict) and e.get("raised_exception")]
    return messages[0] if messages else None


def _plain(value: Any) -> Any:
    """A value as JSON knows it; not-a-number as nothing."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
