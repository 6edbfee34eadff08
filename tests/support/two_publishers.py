"""OHID Fingertips and ONS Explore Local Statistics on loopback, with which the stories of faults and drills are told.

Belongs here: what the catalogue asks of the two and the bundled snapshot lacks. Does not belong here: HTTP and overlays
(`support.bundled`), ways to damage an answer (`support.damage`).

The figures are the bundled ones. Of an indicator that the snapshot lacks the answer is another's under its number: it
is a table that is well, no more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from atf_dagster.catalogue import load
from atf_dagster.snapshot import fingertips, ons_els
from atf_dagster.snapshot.figures import csv_bytes
from support.bundled import BundledPublishers, Usual, bundled
from support.damage import Change, Row, edited
from support.server import Request

COUNCILS_PART, ALL_PART = "councils", "all"
LENT = "93014"
"""The indicator whose figures are lent to those that are not at hand: one age, one sex."""
CARDS_PATH = "/api/indicator_metadata/csv/by_indicator_id"


class TwoPublishers(BundledPublishers):
    """Both, as folders of one server. differs: table -> how its usual body differs from the bundled one, always."""

    def __init__(self, *, differs: Mapping[str, Change] | None = None, with_etag: frozenset[str] = frozenset()) -> None:
        super().__init__(with_etag=with_etag)
        self._differs = differs or {}

    @property
    def environment(self) -> dict[str, str]:
        """What a home needs to ask these two and nobody else."""
        others = {service.id for service in load().services} - {"fingertips", "ons_els"}
        return {
            "ATF_BACKOFF_FIRST": "0",
            "ATF_REQUESTS_PER_SECOND": "0",
            "ATF_FINGERTIPS_URL": self.base_urls["fingertips"],
            "ATF_ONS_ELS_URL": self.base_urls["ons_els"],
            "ATF_SKIP_SERVICES": ",".join(sorted(others)),
        }

    def tables_asked(self) -> dict[str, list[Request]]:
        """Table -> the requests for its figures of councils, without probes and listings."""
        found: dict[str, list[Request]] = {}
        for request in self.requests:
            if request.path.endswith((fingertips.DATA_PATH, ons_els.DATA_PATH)):
                found.setdefault(self.table_of(request), []).append(request)
        return found

    def table_of(self, request: Request) -> str:
        table = super().table_of(request)
        kind = request.query.get("child_area_type_id", fingertips.CHILD_AREA_TYPE_ID)
        return table if kind == fingertips.CHILD_AREA_TYPE_ID else f"{table} of areas of kind {kind}"

    def usual(self, service: str, origin: str, rest: str, request: Request) -> Usual:
        found = super().usual(service, origin, rest, request)
        if service == "fingertips":
            found = _fingertips(request, found)
        elif found.body is None and "indicator" in request.query:
            found = Usual(b"areacd,areanm,period,value,status")
        change = self._differs.get(self.table_of(request))
        return found if change is None or found.body is None else Usual(change(found.body))


def _fingertips(request: Request, found: Usual) -> Usual:
    query = request.query
    if request.path.endswith(CARDS_PATH):
        return Usual(fingertips_cards(query["indicator_ids"].split(",")))
    if request.path.endswith("/api/available_data"):
        # Regions and integrated care boards beside the councils, of whatever is asked for.
        number = int(query["indicator_id"])
        listed = [{"IndicatorId": number, "AreaTypeId": kind} for kind in (6, 221, 502)]
        return Usual(json.dumps(listed).encode(), "application/json")
    if not request.path.endswith(fingertips.DATA_PATH):
        return found
    if query["child_area_type_id"] != fingertips.CHILD_AREA_TYPE_ID:
        # The publisher has none for these indicators.
        return Usual(csv_bytes(fingertips.HEADER, [], "\r\n"))
    return Usual(fingertips_body(query["indicator_ids"]))


def fingertips_body(number: str) -> bytes:
    """An indicator's answer for the councils and England; of one that is not at hand that of `LENT`, renumbered."""
    areas = f"child_area_type_id={fingertips.CHILD_AREA_TYPE_ID}&parent_area_type_id={fingertips.PARENT_AREA_TYPE_ID}"
    body = bundled(f"https://{fingertips.HOST}{fingertips.DATA_PATH}?indicator_ids={number}&{areas}").body
    if body is None:
        return edited(fingertips_body(LENT), lambda rows: [row | _as_said_of(number, row) for row in rows])
    return body


def _as_said_of(number: str, row: Row) -> Row:
    """The cells of a lent row that the catalogue says of the other indicator: its kind of year and its headline age."""
    catalogue = load()
    cards = [
        catalogue.indicator(code)
        for collection, dataset in catalogue.datasets
        if collection.service.id == "fingertips" and dataset.source_id == number
        for code in dataset.indicators
    ]
    label, age = row["Time period"], row["Age"]
    for card in cards:
        label, age = label[:4] if card.year_type == "calendar" else label, card.headline_age or age
    return {"Indicator ID": number, "Time period": label, "Age": age}


def fingertips_cards(numbers: list[str]) -> bytes:
    """The publisher's cards of these indicators, with what the catalogue says of them."""
    catalogue = load()
    cards = {
        dataset.source_id: catalogue.indicator(dataset.indicators[0])
        for collection, dataset in catalogue.datasets
        if collection.service.id == "fingertips" and dataset.indicators
    }
    heading = ("Indicator ID", "Indicator", "Definition", "Unit", "Caveats")
    rows = [[number, cards[number].name, cards[number].definition, cards[number].unit, ""] for number in numbers]
    return csv_bytes(heading, rows, "\r\n")
