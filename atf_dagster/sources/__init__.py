"""One module a service: which requests, what a good body is, and bytes -> raw rows.

Belongs here: the services' URLs, header names and quirks of transport. Does not belong here: what a
value means (dbt staging), where bytes are kept (`landing`), anything of Dagster.
"""

from collections.abc import Mapping
from types import MappingProxyType

from atf_dagster.sources import fingertips, govuk, ons_els, open_geography
from atf_dagster.sources.base import Body, BodyRejected, NoData, Source

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "fingertips": fingertips.SOURCE,
        "govuk": govuk.SOURCE,
        "ons_els": ons_els.SOURCE,
        "open_geography": open_geography.SOURCE,
    }
)
"""Service id of the catalogue -> its source."""

__all__ = ["SOURCES", "Body", "BodyRejected", "NoData", "Source"]
