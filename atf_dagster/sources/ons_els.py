"""ONS Explore Local Statistics: one indicator (slug) a request, for the catalogue's areas, answered as CSV.

Belongs here: the requests. Reference: https://www.ons.gov.uk/explore-local-statistics (its CSVW metadata).
An unknown slug is no error there but an empty answer; so the service's own list of indicators is read first.

Key of `ask`: `levels`, the service's words for kinds of areas that are asked for beside the catalogue's (`ltla`).
"""

import difflib
from typing import Any

from atf_dagster.formats.body import NoData
from atf_dagster.sources.base import Collected, FetchContext, Source

_API = "/explore-local-statistics/api/v1"


def collect(context: FetchContext) -> Collected:
    """All periods; the service's own default is the latest one, and rows without a value are left out.

    Raises NoData where the service's list no longer has the slug, with the nearest one that it has.
    """
    slug = context.collection.moved.get(context.dataset.source_id, context.dataset.source_id)
    if slug != context.dataset.source_id:
        context.note(f"Indicator {context.dataset.source_id} was renamed; it is asked for as {slug}.")
    cards = _cards(context.fetch_listing(context.url(f"{_API}/metadata/indicators")).json())
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


def _cards(listing: Any) -> dict[str, dict[str, Any]]:
    """The service's cards by slug; it gives them as a list, or as a lookup."""
    cards = listing.values() if isinstance(listing, dict) else listing
    return {str(card["slug"]): card for card in cards}


SOURCE = Source(collect=collect)
