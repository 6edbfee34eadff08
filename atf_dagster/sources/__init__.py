"""One module a service: which requests, what a good body is, and bytes -> raw rows.

Belongs here: the services' URLs, header names and quirks of transport. Does not belong here: what a
value means (dbt staging), where bytes are kept (`landing`), anything of Dagster.
"""

from collections.abc import Mapping
from types import MappingProxyType

from atf_dagster.formats.body import Body, BodyRejected, NoData
from atf_dagster.sources import (
    ees,
    fingertips,
    govuk,
    nomis,
    ons_beta,
    ons_els,
    open_geography,
    returns,
    stat_xplore,
    ukhsa,
)
from atf_dagster.sources.base import Source

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "ees": ees.SOURCE,
        "fingertips": fingertips.SOURCE,
        "govuk": govuk.SOURCE,
        "nomis": nomis.SOURCE,
        "ons_beta": ons_beta.SOURCE,
        "ons_els": ons_els.SOURCE,
        "open_geography": open_geography.SOURCE,
        "returns": returns.SOURCE,
        "stat_xplore": stat_xplore.SOURCE,
        "ukhsa": ukhsa.SOURCE,
    }
)
"""Service id of the catalogue -> its source."""

__all__ = ["SOURCES", "Body", "BodyRejected", "NoData", "Source"]
