"""NOMIS: fetches the dataset's definition, then the rows that `ask` pins, in pages of CSV.

A status of 200 is no proof here: the service leaves out rows beyond a limit, gives all codes of a dimension that is not
named, ignores unknown names, and sends complaints as text. So no rows are requested before the definition agrees with
`ask`, and every page must be exactly the expected one. Reference: https://www.nomisweb.co.uk/api/v01/help.

`ask` has each dimension of the dataset under its own name (`variable`, `c_age`, `measures`, ...), as codes with commas
between them, as `label: TEXT; TEXT` (codes by the publisher's names) or as `code: TEXT` (every code of this form); both
are regular expressions. And it has:

- `geography`: absent for the catalogue's areas; `TYPEnnn/TYPEmmm` for the areas of the second kind inside our councils,
  which are of the first kind;
- `time`: such as `first,latest`, which means from the first to the latest; `code: TEXT` selects single dates;
- `page_rows`: rows in a page, at most 25,000, which is the publisher's limit for everybody.

Belongs here: the requests, the query from `ask`, the check that the pages are the whole table. Does not belong here:
reading a definition (`nomis_definition`), what a code means (dbt staging).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.sources.base import Collected, FetchContext, Page, Params, Source
from atf_dagster.sources.nomis_definition import areas_of_type, codes, dimensions, numbers_of_areas
from atf_dagster.sources.nomis_page import Expected, check_page

PAGE_ROWS = 25_000
_API = "/api/v01/dataset"
_NOT_DIMENSIONS = frozenset({"geography", "time", "page_rows"})
_COLUMNS = (
    "date",
    "date_name",
    "date_code",
    "geography_code",
    "geography_name",
    "geography_type",
    "measures",
    "measures_name",
    "obs_value",
    "obs_status",
    "obs_status_name",
    "record_offset",
    "record_count",
)
_INTEGRATED_CARE_BOARD = "E54"
"""The publisher has no such areas. It would ignore the code or answer with an error."""
_KINDS = ("TYPE424", "TYPE480", "TYPE499")
"""Districts of April 2023, regions, countries: the lists with the publisher's own numbers of areas."""
_UPDATE = re.compile(r"last[ _]?(update|revis|release)", re.IGNORECASE)
_COUNCILS = ("E06", "E07", "E08", "E09")


def collect(context: FetchContext) -> Collected:
    """All pages of the rows that `ask` pins. Raises BodyRejected where definition, `ask` and pages do not agree."""
    dataset = context.collection.moved.get(context.dataset.source_id, context.dataset.source_id)
    if dataset != context.dataset.source_id:
        context.note(f"Dataset {context.dataset.source_id} was discontinued; {dataset} took its place and is asked.")
    updated = _last_update(
        context.fetch_listing(context.url(f"{_API}/{dataset}.overview.json"), (("select", "DateMetadata"),))
    )
    context.probed(None if updated is None else f"{updated} {_query_hash(context)}")
    pinned = _pinned(context, dataset)
    geography, areas = _geography(context, dataset)
    select = (*_COLUMNS, *(f"{name}{end}" for name in pinned if name != "measures" for end in ("", "_name")))
    params: Params = (
        *_time(context, dataset),
        *((name, ",".join(wanted)) for name, wanted in pinned.items()),
        ("select", ",".join(select)),
    )
    expected = Expected(frozenset(select), pinned, areas)
    try:
        pages = _pages(context, dataset, (("geography", geography), *params), expected)
    except NoData:
        numbers = _numbers(context, dataset, areas or ())
        if not numbers:
            raise
        context.note("The publisher had nothing under the areas' GSS codes; it was asked by its own numbers of them.")
        pages = _pages(context, dataset, (("geography", ",".join(numbers)), *params), expected)
    return Collected(pages, release=updated, published_at=updated)


def _pages(context: FetchContext, dataset: str, params: Params, expected: Expected) -> Sequence[Page]:
    """Page after page, until there are as many rows as the first page stated, and no further request."""
    limit = min(PAGE_ROWS, int(context.dataset.ask.get("page_rows", PAGE_ROWS)))
    # The client removes a parameter of this name from every record.
    key: Params = (("uid", context.key),) if context.key else ()
    url = context.url(f"{_API}/{dataset}.data.csv")
    pages: list[Page] = []
    seen: set[str] = set()
    total: int | None = None
    while total is None or len(pages) * limit < total:
        offset = len(pages) * limit
        page = context.fetch(url, (*params, ("RecordLimit", str(limit)), ("RecordOffset", str(offset)), *key))
        total = check_page(page.path, expected, offset=offset, limit=limit, total=total, seen=seen)
        pages.append(page)
    absent = sorted(set(expected.areas or ()) - seen)
    if absent:
        context.note(f"No rows came for {', '.join(absent)}, and the publisher does not say why.")
    return pages


def _pinned(context: FetchContext, dataset: str) -> dict[str, tuple[str, ...]]:
    """Codes of each dimension. Raises BodyRejected where the definition and `ask` do not name the same ones."""
    there = dimensions(context.fetch_listing(context.url(f"{_API}/{dataset}.def.sdmx.json")).json(), dataset)
    asked = {name: wanted for name, wanted in context.dataset.ask.items() if name not in _NOT_DIMENSIONS}
    where = f"the dataset {context.dataset.id} in catalogue/collections/{context.collection.publisher.id}.yml"
    if left_open := [name for name in there if name not in asked]:
        raise BodyRejected(
            "dimension_not_pinned",
            f"{dataset} has dimensions that `ask` does not pin: {', '.join(left_open)}. The publisher would give all "
            "their codes, totals among them.",
            f"A data engineer reads their codes at {context.url(_API)}/{dataset}/{left_open[0]}.def.htm and pins them "
            f"in `ask` of {where}.",
        )
    if unknown := [name for name in asked if name not in there]:
        raise BodyRejected(
            "unknown_dimension",
            f"{dataset} has no dimension {', '.join(unknown)}; it has {', '.join(there)}. The publisher would ignore "
            "what it does not know.",
            f"A data engineer corrects the names in `ask` of {where}.",
        )
    return {name: _codes(context, dataset, name, asked[name]) for name in there}


def _codes(context: FetchContext, dataset: str, name: str, wanted: str) -> tuple[str, ...]:
    if not wanted.startswith(("label:", "code:")):
        return tuple(code.strip() for code in wanted.split(","))
    listing = context.fetch_listing(context.url(f"{_API}/{dataset}/{name}.def.sdmx.json")).json()
    return codes(listing, wanted, f"{dataset}, {name}")


def _geography(context: FetchContext, dataset: str) -> tuple[str, frozenset[str] | None]:
    """The parameter `geography`, and the areas that rows may have; None where only the publisher knows them."""
    areas = [code for code in context.areas if not code.startswith(_INTEGRATED_CARE_BOARD)]
    if "geography" not in context.dataset.ask:
        return ",".join(areas), frozenset(areas)
    parents, _, children = context.dataset.ask["geography"].partition("/")
    councils = [code for code in areas if code.startswith(_COUNCILS)]
    listing = context.fetch_listing(context.url(f"{_API}/{dataset}/geography/{parents}.def.sdmx.json")).json()
    numbers = areas_of_type(listing, councils, f"{dataset}, {parents}")
    return ",".join(f"{number}{children}" for number in numbers), None


def _numbers(context: FetchContext, dataset: str, areas: Iterable[str]) -> list[str]:
    """The publisher's own numbers of the areas that it lists, for datasets that do not know GSS codes."""
    found: dict[str, str] = {}
    for kind in _KINDS if areas else ():
        listing = context.fetch_listing(context.url(f"{_API}/{dataset}/geography/{kind}.def.sdmx.json")).json()
        found = {**numbers_of_areas(listing, f"{dataset}, {kind}"), **found}
    return [found[code] for code in areas if code in found]


def _time(context: FetchContext, dataset: str) -> Params:
    wanted = context.dataset.ask.get("time", "first,latest")
    if wanted.startswith("code:"):
        # A list under `date` means these dates. Two dates under `time` mean a range.
        return (("date", ",".join(_codes(context, dataset, "time", wanted))),)
    return (("time", wanted),)


def _last_update(page: Page) -> str | None:
    """The publisher's text for the last update of the dataset. None where the overview has none.

    The name of this field is not documented, so any name such as `lastupdated` or `Last revised` is accepted.
    """

    def find(entry: Any) -> str | None:
        if isinstance(entry, list):
            return next((found for item in entry if (found := find(item))), None)
        if not isinstance(entry, dict):
            return None
        for name, value in entry.items():
            if _UPDATE.match(name) and isinstance(value, str) and value.strip():
                return value.strip()
        return find(list(entry.values()))

    return find(page.json())


def _query_hash(context: FetchContext) -> str:
    """Changes with the query, so that a new query is sent although the publisher changed nothing."""
    query = json.dumps([context.dataset.ask, list(context.areas)], sort_keys=True)
    return hashlib.sha256(query.encode()).hexdigest()[:12]


SOURCE = Source(collect=collect)
