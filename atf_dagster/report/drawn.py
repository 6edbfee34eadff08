"""Charts of the report: plain rows for the builders of `charts`, which make the specifications.

Belongs here: which rows a chart gets, and under which names. Does not belong here: marks, colours, scales (`charts`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from atf_dagster.report.facts import Area, Facts, Indicator
from atf_dagster.report.reading import Row

Spec = Mapping[str, Any] | None


def bars(facts: Facts, indicator: Indicator, rows: Sequence[Row]) -> Spec:
    return None


def series(facts: Facts, indicator: Indicator, rows: Sequence[Row]) -> Spec:
    return None


def outlines(facts: Facts, indicator: Indicator, rows: Mapping[str, Row]) -> Spec:
    return None


def groups(facts: Facts, indicator: Indicator, rows: Sequence[Row], by: str) -> Spec:
    return None


def revised(facts: Facts, indicator: Indicator, rows: Sequence[Row]) -> Spec:
    return None


def spine(facts: Facts, area: Area, rows: Sequence[Mapping[str, Any]]) -> Spec:
    return None


def dots(facts: Facts, id: str, title: str, rows: Sequence[Row]) -> Spec:
    return None
