"""DWP Stat-Xplore: reads the schema, then fetches tables with a POST query.

A key is needed, from the setting ATF_STAT_XPLORE_KEY. Without a key nothing is requested. The key goes into a header of
each request and nowhere else. Reference: https://stat-xplore.dwp.gov.uk/webapi/online-help/Open-Data-API.html.

No name with an edition is written here: the valuesets of areas have the year of their boundaries in their names
(`V_C_MASTERGEOG21_LA_TO_REGION`) and are found each time. Each level of areas has a request of its own, because it is
not documented whether one query may mix valuesets. Totals are fetched and never computed: the publisher changes cells
a little at random, so they may not add up to their total.

Belongs here: reading the schema, the query, decoding the answer's cube, what a refusal means. Does not belong here:
what a label or a mark means (dbt staging), which database (the catalogue: source_id is its name, `ask.folder` its
folder).
"""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from atf_dagster.formats.body import BodyRejected, NoData, Skipped
from atf_dagster.http import FetchError
from atf_dagster.sources.base import Collected, FetchContext, Page, Source
from atf_dagster.sources.shapes import an_object, objects

_API = "/webapi/rest/v1"
_ACCOUNT = "https://stat-xplore.dwp.gov.uk (log in, then Account, Open Data API Access)"
_SET_KEY = "set it as ATF_STAT_XPLORE_KEY."
_MOST_PAGES = 100
_BAD_QUESTION = 422
_FEW_REQUESTS = 100
"""A note is made when fewer requests are left in the hour. The limit was 2,000; a header of each answer has it."""
_YEAR, _AGE = ":DATE_NAME", ":CHILD_AGE"
_LEVELS = {
    level: re.compile(rf":V_C_MASTERGEOG([0-9]+)_{level}_TO_[A-Z0-9_]+$") for level in ("LA", "REGION", "COUNTRY")
}
_LINK = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next\b')


@dataclass(frozen=True)
class _Node:
    """A node of the schema with its children, from all pages."""

    id: str
    label: str
    type: str
    children: tuple["_Node", ...] = ()


@dataclass(frozen=True)
class _Level:
    """Our areas of one level: the field, and the ids of its values for these areas."""

    field: str
    values: tuple[str, ...]


def collect(context: FetchContext) -> Collected:
    """One table for councils, one for regions and one for countries, where the database has them.

    Raises Skipped without a key, BodyRejected where the schema lacks what is requested.
    """
    if not context.key or not context.key.strip():
        raise Skipped(
            "no_api_key",
            "Stat-Xplore answers only to a key, and none is set, so nothing was asked.",
            f"If these figures are wanted, whoever runs the refresh gets a free key at {_ACCOUNT}. Then {_SET_KEY}",
        )
    service = _Service(context, {"APIKey": context.key.strip()})
    database = service.child_of(context.dataset.ask["folder"], context.dataset.source_id, "DATABASE")
    fields = list(service.fields(database))
    measure = _one(database, "count", [child for child in database.children if child.type == "COUNT"])
    year = _one(database, "year field", [field for field in fields if field.id.endswith(_YEAR)])
    years = service.values(year)
    known = json.dumps([(value.id, value.label) for value in years])
    context.probed(f"{years[-1].label} {hashlib.sha256(known.encode()).hexdigest()[:16]}")
    ages = next((field for field in fields if field.id.endswith(_AGE)), None)
    pages = []
    for level in service.levels(database, [field for field in fields if field not in (year, ages)]):
        recodes = {level.field: _recode(level.values), year.id: _recode([value.id for value in years])}
        if ages is not None:
            recodes[ages.id] = _recode([value.id for value in service.values(ages)], total=True)
        pages.append(service.table(database.id, measure.id, recodes))
    return Collected(pages, release=years[-1].label)


class _Service:
    """Requests with the key, and refusals with a remedy for the right person."""

    def __init__(self, context: FetchContext, headers: Mapping[str, str]) -> None:
        self._context = context
        self._headers = headers

    def node(self, node_id: str) -> _Node:
        """One node with all its children. More than a hundred come in pages; only a header names the next page."""
        first = url = self._context.url(f"{_API}/schema/{quote(node_id, safe=':')}")
        children: list[_Node] = []
        seen: set[str] = set()
        while True:
            seen.add(url)
            page = self._checked(lambda url=url: self._context.fetch_listing(url, headers=self._headers))  # type: ignore[misc]
            body = _expect(page, "id", "children")
            children += [_node(child) for child in objects(body["children"], page.url, "id", "type")]
            following = _next_page(page, url, first)
            if following is None:
                return _Node(node_id, str(body.get("label", "")), str(body.get("type", "")), tuple(children))
            if following in seen or len(seen) >= _MOST_PAGES:
                raise BodyRejected(
                    "paging_broken",
                    f"The children of {node_id} come in pages that never end (page {len(seen)} of {first}).",
                    "The next refresh asks again. If it repeats, write to stat-xplore@dwp.gov.uk.",
                )
            url = following

    def child_of(self, folder_id: str, name: str, kind: str) -> _Node:
        """The child of this name, with its own children. Raises BodyRejected; the message names the children."""
        children = [child for child in self.node(folder_id).children if child.type == kind]
        found = next((child for child in children if child.id.rpartition(":")[2] == name), None)
        if found is None:
            raise BodyRejected(
                "not_in_schema",
                f"Stat-Xplore has no {kind.lower()} {name} in {folder_id}; it has "
                + (", ".join(f"{child.id} ({child.label})" for child in children) or "none")
                + ".",
                "A data engineer looks it up in Stat-Xplore and corrects source_id or ask.folder in the catalogue.",
            )
        return self.node(found.id)

    def fields(self, node: _Node) -> Iterator[_Node]:
        """The fields of a database, also those inside groups."""
        for child in node.children:
            if child.type == "FIELD":
                yield child
            elif child.type == "GROUP":
                yield from self.fields(self.node(child.id))

    def values(self, field: _Node) -> tuple[_Node, ...]:
        """The values of a field that has one valueset."""
        valueset = _one(
            field, "valueset", [child for child in self.node(field.id).children if child.type == "VALUESET"]
        )
        values = tuple(child for child in self.node(valueset.id).children if child.type == "VALUE")
        if not values:
            raise NoData(f"Stat-Xplore's {valueset.id} has no values.")
        return values

    def levels(self, database: _Node, fields: Sequence[_Node]) -> list[_Level]:
        """Our areas at each level, in the newest boundaries of the first field that has councils."""
        for field in fields:
            valuesets = [child for child in self.node(field.id).children if child.type == "VALUESET"]
            found = {name: self._level(field, valuesets, pattern) for name, pattern in _LEVELS.items()}
            if found["LA"] is not None:
                return [level for level in found.values() if level is not None]
        raise BodyRejected(
            "not_in_schema",
            f"No field of {database.id} has councils of ours. Its fields are: "
            + ", ".join(f"{field.id} ({field.label})" for field in fields),
            "A data engineer looks up the new names of the valuesets of areas and corrects sources/stat_xplore.py.",
        )

    def _level(self, field: _Node, valuesets: Sequence[_Node], pattern: re.Pattern[str]) -> _Level | None:
        """The valueset of a level with most of our areas; where several are equal, that of the newest boundaries."""
        matched = [(int(match[1]), child) for child in valuesets if (match := pattern.search(child.id))]
        best: tuple[str, ...] = ()
        for _, valueset in sorted(matched, key=lambda pair: pair[0], reverse=True):
            ids = {child.id.rpartition(":")[2]: child.id for child in self.node(valueset.id).children}
            ours = tuple(ids[code] for code in self._context.areas if code in ids)
            if len(ours) > len(best):
                best = ours
        return _Level(field.id, best) if best else None

    def table(self, database: str, measure: str, recodes: Mapping[str, Any]) -> Page:
        """Fetch the count by the fields of `recodes`, in their order."""
        query = {
            "database": database,
            "measures": [measure],
            "recodes": recodes,
            "dimensions": [[field] for field in recodes],
        }
        body = json.dumps(query).encode()
        url = self._context.url(f"{_API}/table")
        return self._checked(lambda: self._context.fetch(url, headers=self._headers, body=body))

    def _checked(self, fetch: Callable[[], Page]) -> Page:
        try:
            page = fetch()
        except FetchError as error:
            raise _explained(error) from None
        remaining = page.headers.get("x-ratelimit-remaining", "")
        if remaining.isdigit() and int(remaining) < _FEW_REQUESTS:
            self._context.note("Stat-Xplore's limit of requests an hour for this key is nearly used up.")
        return page


def _explained(error: FetchError) -> FetchError:
    """The error with a remedy for this service, where a status has a special meaning here."""
    # It is not documented which status means that the hour's requests are used up: 429, or 403 with such words.
    limited = error.status in (401, 403) and re.search(r"\brate\b|\blimit", error.message, re.IGNORECASE) is not None
    if limited:
        remedy = "The limit of requests an hour is used up. Nobody has to act; the next refresh asks again."
    elif error.status in (401, 403):
        remedy = (
            "Stat-Xplore did not accept the key. Whoever keeps the key checks whether it is still the one at "
            f"{_ACCOUNT}. Then {_SET_KEY}"
        )
    elif error.status == _BAD_QUESTION:
        remedy = (
            "Stat-Xplore does not understand the query. A data engineer compares the ids in it with the schema, and "
            "the query with the documentation."
        )
    else:
        return error
    return FetchError(
        kind="rate_limited" if limited else error.kind,
        url=error.url,
        message=error.message,
        remedy=remedy,
        status=error.status,
        attempts=error.attempts,
        retryable=limited,
    )


def _recode(values: Sequence[str], *, total: bool = False) -> dict[str, Any]:
    # One list for each value, because the service sums several values in one list as one group.
    return {"map": [[value] for value in values], "total": total}


def _node(child: Mapping[str, Any]) -> _Node:
    return _Node(str(child["id"]), str(child.get("label", "")), str(child.get("type", "")))


def _one(where: _Node, what: str, found: Sequence[_Node]) -> _Node:
    if len(found) != 1:
        raise BodyRejected(
            "not_in_schema",
            f"{where.id} should have one {what} and has {len(found)}. Below it are: "
            + ", ".join(f"{child.id} ({child.type})" for child in where.children),
            "A data engineer reads the new schema and corrects sources/stat_xplore.py.",
        )
    return found[0]


def _expect(page: Page, *names: str) -> dict[str, Any]:
    return an_object(page.json(), page.url, *names)


def _next_page(page: Page, url: str, first: str) -> str | None:
    """The next page of a listing, where the answer's Link names one at the same service."""
    match = _LINK.search(page.headers.get("link", ""))
    if match is None:
        return None
    following: str = urljoin(url, match[1])
    ours, theirs = urlsplit(first), urlsplit(following)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc) or f"{_API}/schema" not in theirs.path:
        # Each request carries the key, so it must not go to an address of another host.
        raise BodyRejected(
            "link_elsewhere",
            f"The next page of {first} is said to be at {theirs.scheme}://{theirs.netloc}{theirs.path}, which is not "
            "the service that is asked.",
            "Nothing was asked there. If Stat-Xplore has moved, a data engineer changes its address in the catalogue.",
        )
    return following


def records(page: Any) -> list[dict[str, str | None]]:
    """The cells of a table, one record for each cell, with the labels, codes and marks of its items."""
    roles = [_role(field["uri"]) for field in page["fields"]]
    if sorted(roles) not in (["area", "year"], ["age", "area", "year"]):
        raise BodyRejected(
            "other_fields",
            f"The table has the fields {', '.join(field['uri'] for field in page['fields'])}; one of areas and one of "
            "years were asked for.",
            "A data engineer compares the query with the answer.",
        )
    notes = page.get("annotationMap") or {}
    found: list[dict[str, str | None]] = []
    for measure in page["measures"]:
        values = list(_leaves(page["cubes"][measure["uri"]]["values"]))
        items = [field["items"] for field in page["fields"]]
        if len(values) != math.prod(len(of_field) for of_field in items):
            raise BodyRejected(
                "cells_do_not_fit",
                f"The table has {len(values)} cells for {' x '.join(str(len(of_field)) for of_field in items)} items: "
                "it is not clear which cell belongs to which item.",
                "The publisher or a group in the query caused it. A data engineer compares the query with the answer.",
            )
        general = [*page["database"].get("annotationKeys", ()), *measure.get("annotationKeys", ())]
        for combination, value in zip(itertools.product(*items), values, strict=True):
            record: dict[str, str | None] = {
                "database": page["database"]["uri"],
                "measure": measure["uri"],
                "measure_label": measure["label"],
                "age_code": None,
                "age_label": None,
            }
            marks: list[str] = []
            for role, item in zip(roles, combination, strict=True):
                record[f"{role}_code"] = _code(item)
                record[f"{role}_label"] = " + ".join(item["labels"])
                marks += item.get("annotationKeys", ())
            record["value"] = value
            record["marks"] = _explained_marks(marks, notes)
            record["notes"] = _explained_marks(general, notes)
            found.append(record)
    return found


def _role(uri: str) -> str:
    return "year" if uri.endswith(_YEAR) else "age" if uri.endswith(_AGE) else "area"


def _code(item: Mapping[str, Any]) -> str | None:
    """The end of the item's id; None for a total."""
    uris = item.get("uris") or ()
    if len(uris) > 1:
        raise BodyRejected(
            "combined_group",
            f"The table holds several values as one group: {', '.join(uris)}.",
            "A data engineer corrects the query: each value needs a list of its own.",
        )
    return str(uris[0]).rpartition(":")[2] if uris else None


def _explained_marks(keys: Sequence[str], notes: Mapping[str, str]) -> str | None:
    texts = dict.fromkeys(f"{key}: {notes.get(key, 'not explained')}" for key in keys)
    return " ".join(texts) or None


def _leaves(values: Any) -> Iterator[str | None]:
    if isinstance(values, list):
        for value in values:
            yield from _leaves(value)
    elif values is None or isinstance(values, str):
        yield values
    else:
        raise ValueError(f"{values!r} is no cell")


SOURCE = Source(collect=collect, records=records)
