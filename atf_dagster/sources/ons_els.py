"""ONS Explore Local Statistics: each request is for one indicator (slug) and the catalogue's areas; the answer is CSV.

The service answers an unknown slug with an empty table and no error, so the module reads the service's list of
indicators first. Reference: https://www.ons.gov.uk/explore-local-statistics (its CSVW metadata).

Key of `ask`: `levels`, the service's names for kinds of areas to fetch beside the catalogue's areas (`ltla`).

The list of indicators has the service's own card of each. It is a table of its own, of which the rows of our indicators
alone are taken: another indicator's card or date makes no new vintage.

Belongs here: the requests. Does not belong here: what a figure means (dbt staging).
"""

import difflib
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from atf_dagster.formats.body import NoData
from atf_dagster.sources.base import Collected, FetchContext, Page, Source
from atf_dagster.sources.shapes import objects

_API = "/explore-local-statistics/api/v1"
METADATA = "ons_els_indicator_metadata"


def collect(context: FetchContext) -> Collected:
    """All periods, with rows that have a status and no value; the service's defaults give neither.

    Raises NoData where the service's list no longer has the slug; the message names the most similar one.
    """
    if context.collection.table == METADATA:
        return _metadata(context)
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


def _metadata(context: FetchContext) -> Collected:
    """The service's cards of our indicators, from the list that their figures are found by.

    Raises NoData where no card says more than a name.
    """
    page = context.fetch_listing(context.url(f"{_API}/metadata/indicators"))
    ours = [record for record in records([*_cards(page).values()]) if record["slug"] in context.source_ids]
    if not any(record["description"] or record["unit"] for record in ours):
        raise NoData("The service's cards of our indicators say no more than their names.")
    text = json.dumps(sorted(ours, key=lambda record: str(record["slug"])), sort_keys=True)
    return Collected([page], rows_sha256=hashlib.sha256(text.encode()).hexdigest())


def records(listing: Any) -> list[dict[str, str | None]]:
    """What the cards say of their indicators, as text."""
    return [
        {
            "slug": str(card["slug"]),
            "label": _text(card, ["label"]),
            "description": _text(card, ["description", "subtitle"]),
            "unit": _text(card, ["unit"]),
            "decimal_places": _text(card, ["decimalPlaces"]),
            "frequency": _text(card, ["frequency"]),
        }
        for card in _listed(listing)
    ]


def _text(card: dict[str, Any], names: Iterable[str]) -> str | None:
    """The first of these fields that the card has as a text or a number."""
    found = (card.get(name) for name in names)
    return next((str(value) for value in found if isinstance(value, str | int | float) and str(value).strip()), None)


def _cards(page: Page) -> dict[str, dict[str, Any]]:
    """The service's cards by slug. The service gives them as a list or as an object."""
    return {str(card["slug"]): card for card in objects(_listed(page.json()), page.url, "slug")}


def _listed(listing: Any) -> Any:
    return list(listing.values()) if isinstance(listing, dict) else listing


SOURCE = Source(collect=collect, records=records)
