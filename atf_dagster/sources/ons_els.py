"""ONS Explore Local Statistics: each request is for one indicator (slug) and the catalogue's areas; the answer is CSV.

The service answers an unknown slug with an empty table and no error, so the module reads the service's list of
indicators first. Reference: https://www.ons.gov.uk/explore-local-statistics (its CSVW metadata).

Key of `ask`: `levels`, the service's names for kinds of areas to fetch beside the catalogue's areas (`ltla`).

Belongs here: the requests. Does not belong here: what a figure means (dbt staging).
"""

import difflib
from typing import Any

from atf_dagster.formats.body import NoData
from atf_dagster.sources.base import Collected, FetchContext, Page, Source
from atf_dagster.sources.shapes import objects

_API = "/explore-local-statistics/api/v1"


def collect(context: FetchContext) -> Collected:
    """All periods, with rows that have a status and no value; the service's defaults give neither.

    Raises NoData where the service's list no longer has the slug; the message names the most similar one.
    """
    slug = context.collection.moved.get(context.dataset.source_id, context.dataset.source_id)
    if slug != context.dataset.source_id:
        context.note(f"Indicator {context.dataset.source_id} was renamed; it is asked for as {slug}.")
    cards = _cards(context.fetch_listing(context.url(f"{_API}/metadata/indicators")))
    if slug not in cards:
        near = difflib.get_close_matches(slug, list(cards), n=1, cutoff=0.5)
        hint = f"; renamed to {near[0]}?" if near else ""
        raise NoData(f"The service no longer lists the indicator {slug}{hint}")
    modified = cards[slug].get("dataModified")
    context.probed(None if modified is None else str(modified))
    levels = [level for level in context.dataset.ask.get("levels", "").split(",") if level]
    page = context.fetch(
        context.url(f"{_API}/data.csv"),
        (
            ("indicator", slug),
            ("geo", ",".join([*context.areas, *levels])),
            ("time", "all"),
            ("includeStatus", "true"),
        ),
        conditional=True,
    )
    return Collected([page], published_at=None if modified is None else str(modified))


def _cards(page: Page) -> dict[str, dict[str, Any]]:
    """The service's cards by slug. The service gives them as a list or as an object."""
    listing = page.json()
    cards = list(listing.values()) if isinstance(listing, dict) else listing
    return {str(card["slug"]): card for card in objects(cards, page.url, "slug")}


SOURCE = Source(collect=collect)
