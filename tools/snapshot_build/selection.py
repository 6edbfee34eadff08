"""Chooses the figures of a file for the snapshot: all of our areas, and those of other councils that plan.yml names.

Other councils are there for comparison with ours. Their totals are enough, and the later years of a long series.

Belongs here: the keys of `plan.yml` about areas (`areas`, `since`, `sex`) and their meaning. Does not belong here: a
file's format (`readers`).
"""

import re
from collections.abc import Mapping

from atf_dagster.snapshot.figures import AREAS, Figure, is_other_council
from atf_dagster.snapshot.govuk import TA1_COLUMN

ENGLAND_TOTALS = "england_totals"
"""The value of `areas` for a file of which all councils of England are taken."""

_OURS = AREAS | {"-"}
"""Our areas, and England without London, which table TA1 names and gives a dash for its code."""

_TOTALS = ("", TA1_COLUMN)  # each column of TA1 is a total of everybody
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def area(entry: Mapping[str, str], area_code: str) -> bool:
    """Whether any figures of an area are taken."""
    return area_code in _OURS or (entry.get("areas") == ENGLAND_TOTALS and is_other_council(area_code))


def figure(entry: Mapping[str, str], row: Figure) -> bool:
    """Whether this figure of a chosen area is taken. Of another council only totals of `sex`, `since` a year, are."""
    if row["area_code"] in _OURS:
        return True
    if row["breakdown_type"] not in _TOTALS or row["sex"] != entry.get("sex", row["sex"]):
        return False
    year = _YEAR.search(row["period"])
    return "since" not in entry or (year is not None and year[0] >= entry["since"])


def described(entry: Mapping[str, str]) -> str:
    """The text of `sources.yml` about the areas of a file."""
    if entry.get("areas") != ENGLAND_TOTALS:
        return "ours, North West and England"
    limits = [f"of {entry['sex']}" if "sex" in entry else "", f"since {entry['since']}" if "since" in entry else ""]
    return " ".join(["ours, North West and England; of all other councils of England totals", *filter(None, limits)])
