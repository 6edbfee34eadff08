"""Suites made for a test, in the shape of the files in expectations/."""

from __future__ import annotations

from typing import Any

from atf_dagster.quality.suites import Suite

BETWEEN = "expect_column_values_to_be_between"


def expectation(name: str, kind: str = BETWEEN, **facts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "kwargs": {"column": "value", "max_value": 100},
        "severity": "critical",
        "owner": "publisher",
        "reason": "Because.",
        "remedy": "Do this.",
        "runbook": "some-entry",
        **facts,
    }


def suite_of(frame: str, *expectations: dict[str, Any], **facts: Any) -> Suite:
    """A suite over the rows of `frame`, which has the key `area`."""
    return Suite.model_validate(
        {
            "suite": "some_suite",
            "stage": "mart",
            "table": "some_table",
            "frame": frame,
            "keys": ["area"],
            "expectations": list(expectations),
            **facts,
        }
    )
