"""ONS Open Geography (ArcGIS feature services): lookups of areas and boundaries, page by page.

Services and their fields have the year in their names (LAD24_RGN24_EN_LU with LAD24CD), so both are found by pattern
and never written down. The raw columns have stable names, and `code_year` holds their year.

Keys of `ask`: `service`, regular expression over names of services; `code`, the letters of the field that is unique
(LAD for LAD24CD); `at_least`, the number of rows that the table must have; `geometry: "yes"` for boundaries as GeoJSON;
`only_areas: "yes"` for the catalogue's areas alone.
Reference: https://developers.arcgis.com/rest/services-reference/enterprise/query-feature-service-layer/.

Belongs here: finding the newest service by the pattern of its name, the change probe, paging, how the server reports
that it cut an answer or failed. Does not belong here: which lookups are wanted (the catalogue), what a code means (dbt
staging).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.catalogue import Collection, Dataset
from atf_dagster.formats.body import BodyRejected, NoData, refuse_twice, snake_case
from atf_dagster.sources.base import Collected, FetchContext, Page, Params, Source
from atf_dagster.sources.shapes import an_object, broken, objects
from atf_dagster.sql import literal

SERVICES = "/ESMARspQHYMw9BZ9/arcgis/rest/services"
"""ONS's organisation on the host. The publisher has kept it through all renamings of services."""
MOST_CODES = 50
"""Requests with longer lists of codes in one `where` have failed."""
_RECORDS_A_PAGE = 1_000
"""Used where a layer does not state its limit; the lower of the two limits in use."""
_DATED_FIELD = re.compile(r"^([A-Z]{2,6})(\d{2})(CD|NM|NMW)$", re.IGNORECASE)
_KINDS = {"cd": "code", "nm": "name", "nmw": "name_welsh"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(r"^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*$", re.IGNORECASE)
_CHANGED = (
    "The publisher changed its services. A data engineer looks at https://geoportal.statistics.gov.uk and at the "
    "listing that this attempt kept, and corrects the pattern in the dataset's `ask`."
)


def collect(context: FetchContext) -> Collected:
    """All pages of the newest service that fits. Raises Unchanged where nobody edited it since.

    Raises BodyRejected where no service or field fits, the server reports an error, or rows are missing.
    """
    service = _newest_service(context)
    layer_url = context.url(f"{SERVICES}/{service}/FeatureServer/0")
    layer = _answer(context.fetch_listing(layer_url, (("f", "json"),)))
    code = _code_field(layer, context.dataset.ask["code"], service)
    where = _where(context, code)
    edited = (layer.get("editingInfo") or {}).get("lastEditDate")
    # With the service's name and the condition, because another service or other areas make another table.
    context.probed(None if edited is None else f"{service} {edited} {where}")
    count = _count(context, layer_url, where)
    pages = _pages(context, layer_url, where, code, layer, count)
    return Collected(pages, release=service)


def _newest_service(context: FetchContext) -> str:
    page = context.fetch_listing(context.url(SERVICES), (("f", "json"),))
    services = objects(an_object(_answer(page), page.url, "services")["services"], page.url, "name", "type")
    pattern = re.compile(context.dataset.ask["service"], re.IGNORECASE)
    names = [str(entry["name"]) for entry in services if entry["type"] == "FeatureServer"]
    fitting = [name for name in names if pattern.search(name)]
    if not fitting:
        raise BodyRejected(
            "service_not_found",
            f"None of the publisher's {len(names)} services has a name that fits {context.dataset.ask['service']}.",
            _CHANGED,
        )
    newest = max(fitting, key=lambda name: (edition(name), name))
    latest = context.latest
    before = re.search(r"/services/([^/]+)/", latest.url) if latest is not None else None
    if before is not None and before[1] != newest:
        context.note(f"The publisher's newest service of this table was {before[1]} and is {newest} now.")
    return newest


def edition(name: str) -> tuple[int, int, int]:
    """Year, month (0 where the name has none) and version of a service, from its name."""
    years = [int(year) for year in re.findall(r"(?<!\d)(20\d{2})(?!\d)", name)]
    years = years or [2000 + int(year) for year in re.findall(r"(?<=[A-Za-z])(\d{2})(?=_|$)", name)]
    months = [_MONTHS.index(found[1].lower()) + 1 for word in name.split("_") if (found := _MONTH.match(word))]
    version = re.search(r"_v(\d+)$", name, re.IGNORECASE)
    return max(years, default=0), max(months, default=0), int(version[1]) if version else 1


def _code_field(layer: Mapping[str, Any], letters: str, service: str) -> str:
    fields = [str(field["name"]) for field in objects(layer.get("fields"), service, "name")]
    fitting = [name for name in fields if re.fullmatch(rf"{letters}\d{{2}}CD", name, re.IGNORECASE)]
    if len(fitting) != 1:
        raise BodyRejected(
            "missing_column",
            f"The service {service} has {len(fitting)} fields of the form {letters}24CD and should have one; it has: "
            + (", ".join(fields) or "none"),
            _CHANGED,
        )
    return fitting[0]


def _where(context: FetchContext, code: str) -> str:
    if context.dataset.ask.get("only_areas") != "yes":
        return "1=1"
    if len(context.areas) > MOST_CODES:
        raise ValueError(f"{len(context.areas)} areas are more than the {MOST_CODES} that the server takes at once")
    codes = ",".join(f"'{area}'" for area in sorted(context.areas))
    return f"{code} IN ({codes})"


def _count(context: FetchContext, layer_url: str, where: str) -> int:
    """The number of rows that the server states. It shows later whether all rows came."""
    answer = _answer(
        context.fetch_listing(f"{layer_url}/query", (("where", where), ("returnCountOnly", "true"), ("f", "json")))
    )
    if "count" not in answer:
        raise broken(layer_url, f"the count of rows has no count but {', '.join(sorted(answer)) or 'nothing'}")
    if not isinstance(answer["count"], int) or answer["count"] < 0:
        raise broken(layer_url, f"the count of rows is {answer['count']!r}")
    count = answer["count"]
    at_least = int(context.dataset.ask.get("at_least", "1"))
    if count == 0:
        raise NoData("The service says that it has no rows.")
    if count < at_least:
        raise BodyRejected(
            "too_few_rows",
            f"The service says that it has {count} rows, and this table has at least {at_least}.",
            "The last good table stays in force. If areas were merged or their codes changed, a data engineer corrects "
            "`at_least` in the dataset's `ask`, and the catalogue's areas where one of ours changed.",
        )
    return count


def _pages(
    context: FetchContext, layer_url: str, where: str, code: str, layer: Mapping[str, Any], count: int
) -> Sequence[Page]:
    cap = int(layer.get("maxRecordCount") or _RECORDS_A_PAGE)
    geometry = context.dataset.ask.get("geometry") == "yes"
    params: Params = (
        ("where", where),
        ("outFields", "*"),
        ("returnGeometry", "true" if geometry else "false"),
        *((("outSR", "4326"),) if geometry else ()),
        ("orderByFields", code),
        ("f", "geojson" if geometry else "json"),
    )
    pages: list[Page] = []
    came = 0
    while True:
        page = context.fetch(
            f"{layer_url}/query", (*params, ("resultOffset", str(came)), ("resultRecordCount", str(cap)))
        )
        answer = _answer(page)
        features = answer.get("features")
        if not isinstance(features, list):
            raise broken(layer_url, f"a page has no list `features` but {', '.join(sorted(answer)) or 'nothing'}")
        if not features and exceeded(answer):
            raise _incomplete(f"A page after row {came} is empty, and the server says that there is more.")
        if not features:
            break
        pages.append(page)
        came += len(features)
        # The server cuts pages of polygons below its limit, by their size, so a short page may not be the last one.
        if came > count or (came == count and not exceeded(answer)):
            break
    if came != count:
        raise _incomplete(f"The server counted {count} rows and gave {came}.")
    return pages


def exceeded(answer: Mapping[str, Any]) -> bool:
    """Whether the server reports that it cut the answer: at the top of JSON, in the properties of GeoJSON."""
    properties = answer.get("properties")
    inside = properties.get("exceededTransferLimit") if isinstance(properties, dict) else None
    return answer.get("exceededTransferLimit") is True or inside is True


def _answer(page: Page) -> Mapping[str, Any]:
    """The page as an object. Raises BodyRejected for an error, because errors come with status 200."""
    answer = an_object(page.json(), page.url)
    refuse_error(answer)
    return answer


def refuse_error(answer: Mapping[str, Any]) -> None:
    """Raises BodyRejected for an error that came with status 200."""
    error = answer.get("error")
    if error is None:
        return
    card = error if isinstance(error, dict) else {"message": error}
    details = " ".join(str(detail) for detail in card.get("details") or ())
    raise BodyRejected(
        "publisher_error",
        f"The server answered with error {card.get('code', 'without a code')}: {card.get('message')} {details}".strip(),
        "The next refresh asks again. If it repeats, a data engineer opens the URL in a browser. The server answers "
        "like this for a service that was removed; then the pattern in the dataset's `ask` is out of date.",
    )


def _incomplete(what: str) -> BodyRejected:
    return BodyRejected(
        "truncated_body",
        what,
        "The publisher cut the answer, or the table changed between two pages. The next refresh asks again. If it "
        "repeats, a data engineer requests smaller pages in sources/open_geography.py.",
    )


def records(page: Any) -> Iterator[Mapping[str, str | None]]:
    """Rows under stable names: LAD24CD is lad_code, and code_year is 2024. A geometry is its JSON."""
    refuse_error(page)
    for feature in page["features"]:
        cells = feature["attributes"] if "attributes" in feature else feature["properties"]
        record = {column_name(name): None if cell is None else str(cell) for name, cell in cells.items()}
        if len(record) < len(cells):
            names = [name for name in map(column_name, cells) if name != "object_id"]
            refuse_twice(names, f"A row with the fields {', '.join(cells)[:200]}")
        record["code_year"] = _code_year(cells)
        if "geometry" in feature and "attributes" not in feature:
            record["geometry"] = None if feature["geometry"] is None else _geojson(feature["geometry"])
        yield record


def column_name(field: str) -> str:
    dated = _DATED_FIELD.match(field)
    if dated is None:
        name = snake_case(field)
        # The server's own number of a row has three names. It means nothing outside the service.
        return "object_id" if name in ("fid", "objectid") else name
    return f"{dated[1].lower()}_{_KINDS[dated[3].lower()]}"


def _code_year(cells: Mapping[str, Any]) -> str | None:
    years = [found[2] for name in cells if (found := _DATED_FIELD.match(name)) and found[3].lower() == "cd"]
    return f"20{years[0]}" if years else None


def _geojson(value: Any) -> str:
    """GeoJSON of a page whose numbers were read as text; they keep that text."""
    if isinstance(value, dict):
        inside = (f"{json.dumps(key)}:{_geojson(value[key])}" for key in ("type", "coordinates") if key in value)
        return "{" + ",".join(inside) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_geojson(entry) for entry in value) + "]"
    text = str(value)
    return text if re.fullmatch(r"-?[0-9.]+([eE][-+]?[0-9]+)?", text) else json.dumps(text)


def check_rows(connection: duckdb.DuckDBPyConnection, rows: Path, collection: Collection, dataset: Dataset) -> None:
    """Each code must come once, because overlapping pages repeat rows and leave out others. Raises BodyRejected."""
    column = f"{dataset.ask['code'].lower()}_code"
    twice = connection.execute(
        f"select {column} from read_parquet({literal(rows)}) group by 1 having count(*) > 1 order by 1"
    ).fetchall()
    if twice:
        raise BodyRejected(
            "repeated_rows",
            f"{len(twice)} codes came more than once, such as {twice[0][0]}; as many others are likely to be missing.",
            "The publisher's paging was not stable. The next refresh asks again.",
        )


SOURCE = Source(collect=collect, check_rows=check_rows, records=records)
