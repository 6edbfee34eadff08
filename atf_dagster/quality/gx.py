"""Runs suites with Great Expectations, which takes seconds to import and is imported only here.

Belongs here: the engine. Does not belong here: any rule, and what follows from an outcome.
"""

import datetime as dt
import logging
import math
import os
import warnings
from collections.abc import Sequence
from typing import Any

import duckdb

from atf_dagster.quality.results import Result
from atf_dagster.quality.suites import Suite


def warm_up() -> None:
    """Import the engine; called in a thread while dbt builds, because the import alone takes seconds."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations  # noqa: F401


def run(connection: duckdb.DuckDBPyConnection, suites: Sequence[Suite], *, has_previous: bool) -> list[Result]:
    """Run `suites` on the frames that `connection` gives; the last release is attached as `previous`.

    Returns one result an expectation, in the files' order. A suite without rows passes.
    """
    warm_up()
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    for name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second sets its own
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("frames")
    results: list[Result] = []
    for suite in suites:
        if suite.needs_previous and not has_previous:
            results += _without_rows(suite, "there is no release before this one")
            continue
        frame = connection.execute(suite.frame).df()
        if frame.empty:
            results += _without_rows(suite, "no rows to look at")
            continue
        batch = (
            source.add_dataframe_asset(suite.suite)
            .add_batch_definition_whole_dataframe("all")
            .get_batch({"dataframe": frame})
        )
        expectations = [
            get_expectation_impl(entry.type)(**entry.kwargs, severity=entry.severity, meta={"name": entry.name})
            for entry in suite.expectations
        ]
        outcome = batch.validate(
            gx.ExpectationSuite(name=suite.suite, expectations=expectations),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": list(suite.keys)},
        )
        by_name = {result.expectation_config.meta["name"]: result for result in outcome.results}
        results += [_result(suite, entry.name, by_name[entry.name]) for entry in suite.expectations]
    return results


def _result(suite: Suite, name: str, outcome: Any) -> Result:
    entry = next(e for e in suite.expectations if e.name == name)
    broken = _exception(outcome.exception_info)
    details = outcome.result or {}
    failing = []
    for row in details.get("unexpected_index_list") or []:
        shown = {key: _plain(row.get(key)) for key in suite.keys if key in row}
        if not entry.sensitive:
            shown |= {key: _plain(value) for key, value in row.items() if key not in shown}
        failing.append(shown)
    count = int(details.get("unexpected_count") or 0)
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
        expectation=name,
        severity=entry.severity,
        success=bool(outcome.success) and broken is None,
        observed=observed,
        unexpected_count=count,
        failing=tuple(failing),
        owner="data engineers" if broken else entry.owner,
        reason=entry.reason,
        mend="Mend the expectation's arguments or its frame." if broken else entry.mend,
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
            mend=entry.mend,
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
    """NumPy and pandas scalars as JSON knows them; not-a-number as nothing."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
