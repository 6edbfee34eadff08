"""One module a publisher: which requests, what a good body is, and bytes -> raw rows.

Belongs here: the publisher's URLs, header names and quirks of transport. Does not belong here: what a
value means (dbt staging), where bytes are kept (`landing`), anything of Dagster.
"""

from collections.abc import Mapping
from types import MappingProxyType

from atf_dagster.sources import fingertips, ons_els
from atf_dagster.sources.base import Body, BodyRejected, NoData, Question, Source

SOURCES: Mapping[str, Source] = MappingProxyType({"fingertips": fingertips.SOURCE, "ons_els": ons_els.SOURCE})
"""Publisher id of the catalogue -> its source."""

__all__ = ["SOURCES", "Body", "BodyRejected", "NoData", "Question", "Source"]
