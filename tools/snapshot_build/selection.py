"""Which figures of a file the snapshot carries: those of our areas whole, of other councils what plan.yml says.

Belongs here: the words of `plan.yml` about areas (`areas`, `since`, `sex`) and what follows from them. Does not belong
here: any file's format (`readers.py`).

Other councils are there to compare ours with: their totals are enough, and of a long series its later years.
"""

import re
from collections.abc import Mapping

from atf_dagster.snapshot.figures import AREAS, Figure, is_other_council
from atf_dagster.snapshot.govuk import TA1_COLUMN

ENGLAND_TOTALS = "england_totals"
"""The word of an entry whose file is carried for all councils of England."""

_TOTALS = ("", TA1_COLUMN)  # the latter tells columns apart that are of everybody each
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def area(entry: Mapping[str, str], area_code: str) -> bool:
    """Whether figures of an area are carried at all."""
    return area_code in AREAS or (entry.get("areas") == ENGLAND_TOTALS and is_other_council(area_code))


def figure(entry: Mapping[str, str], row: Figure) -> bool:
    """Whether this figure of an area that is carried is: of another council a total, of `sex`, `since` a year."""
    if row["area_code"] in AREAS:
        return True
    if row["breakdown_type"] not in _TOTALS or row["sex"] != entry.get("sex", row["sex"]):
        return False
    year = _YEAR.search(row["period"])
    return "since" not in entry or (year is not None and year[0] >= entry["since"])


def described(entry: Mapping[str, str]) -> str:
    """What `sources.yml` says of the areas of a file."""
    if entry.get("areas") != ENGLAND_TOTALS:
        return "ours, North West and England"
    limits = [f"of {entry['sex']}" if "sex" in entry else "", f"since {entry['since']}" if "since" in entry else ""]
    return " ".join(["ours, North West and England; of all other councils of England totals", *filter(None, limits)])
