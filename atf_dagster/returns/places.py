"""The places that returns may name, taken from the catalogue.

Belongs here: the nine councils and their total. Does not belong here: which organisation serves which place.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from atf_dagster.catalogue import Catalogue


@dataclass(frozen=True)
class Places:
    """Codes and names of the nine, and of Cheshire and Merseyside as a whole."""

    councils: Mapping[str, str]
    whole: str
    whole_name: str
    since: dt.date
    """The first day on which all nine councils existed."""

    @property
    def named(self) -> str:
        return ", ".join(f"{code} {name}" for code, name in self.councils.items())


def places(catalogue: Catalogue) -> Places:
    """Take the places from the catalogue's areas."""
    inside = [area for area in catalogue.areas if area.in_cheshire_merseyside]
    councils = [area for area in inside if area.type == "council"]
    whole = next(area for area in inside if area.type == "subregion")
    return Places(
        {area.code: area.name for area in councils},
        whole.code,
        whole.name,
        max(area.valid_from for area in councils),
    )
