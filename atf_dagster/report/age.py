"""How old a figure is, and which newer periods have no value.

Belongs here: the day before which a figure is old, the newer periods of a figure's series that are empty. Does not
belong here: whether a publisher is late (the mart's coverage).
"""

import datetime as dt

from atf_dagster.report import words
from atf_dagster.report.facts import Facts
from atf_dagster.report.reading import Row

MOST = 3
"""Periods of one status that are named one by one."""


def is_old(facts: Facts, row: Row) -> bool:
    """Whether the figure's period ended more than words.OLD_YEARS before the release was made; row: of vw_latest."""
    built = facts.about.built_at
    if built is None or row["value"] is None:
        return False
    return _end(row["period_id"]) < _years_before(built.date())


def newer_without_value(facts: Facts, row: Row) -> list[str]:
    """The periods after that of the figure which have no value, by their status, in words; row: of vw_latest."""
    empty: dict[str, list[str]] = {}
    for other in facts.absent.get((row["indicator_code"], row["area_code"], row["sex"], row["age"]), []):
        if _end(other["period_id"]) > _end(row["period_id"]):
            empty.setdefault(str(other["status"]), []).append(facts.label(other["period_id"]))
    newest = row["newest_period"]
    if newest and not any(newest in labels for labels in empty.values()):
        empty.setdefault(str(row["newest_period_status"]), []).append(str(newest))
    return [
        f"newer, without a value: {_named(labels)} ({words.STATUSES.get(status) or words.reason(status)})"
        for status, labels in empty.items()
    ]


def _named(labels: list[str]) -> str:
    if len(labels) <= MOST:
        return words.listed(labels)
    return f"{len(labels)} periods, {labels[0]} up to {labels[-1]}"


def _end(period_id: str) -> dt.date:
    return dt.date.fromisoformat(period_id.partition("/")[2])


def _years_before(day: dt.date) -> dt.date:
    year = day.year - words.OLD_YEARS
    return day.replace(year=year, day=min(day.day, 28)) if (day.month, day.day) == (2, 29) else day.replace(year=year)
