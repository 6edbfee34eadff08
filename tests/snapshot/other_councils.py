"""Which figures of other councils the bundle should hold, by plan.yml alone and without the project's readers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from atf_dagster.snapshot.figures import AREAS

COUNCIL = re.compile(r"E(06|07|08|09|10)\d{6}")


def is_other(area_code: str) -> bool:
    return area_code not in AREAS and COUNCIL.fullmatch(area_code) is not None


def is_wanted(entry: Mapping[str, Any], area_code: str, period: str, breakdown: str = "", sex: str = "") -> bool:
    """Whether a published figure should be taken: all of ours, and those of other councils that the entry names."""
    if area_code in AREAS:
        return True
    if entry.get("areas") != "england_totals" or not is_other(area_code) or breakdown:
        return False
    if sex != entry.get("sex", sex):
        return False
    (year, *_) = re.findall(r"(?:19|20)\d\d", period)
    return str(year) >= str(entry.get("since", ""))
