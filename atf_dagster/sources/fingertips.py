"""OHID Fingertips: each request is for one indicator and one kind of area; the answer is CSV.

Reference: the API's documentation at https://fingertips.phe.org.uk/api.

Belongs here: the requests, the kinds of area and how they are found, the heading whose text varies, the check that a
body holds the requested indicator (the service answers an unknown id with another indicator and status 200). Does not
belong here: what a figure means (dbt staging), which indicators are fetched (the catalogue).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from atf_dagster.catalogue import Collection, Dataset
from atf_dagster.formats.body import BodyRejected, NoData, snake_case
from atf_dagster.sources.base import Collected, FetchContext, Page, Params, Source
from atf_dagster.sources.shapes import an_object, broken, objects
from atf_dagster.sql import literal

# The heading names the kind of the parent ("Compared to Region value or percentiles"); four texts are in use.
_PARENT_COMPARISON = re.compile(r"^compared to (?!england|goal)", re.IGNORECASE)
METADATA = "fingertips_indicator_metadata"
_ENGLAND = "15"
# The publisher gives a kind of area a new number at each change of boundaries, and serves old figures under the old
# number. So the number is looked up by name each time.
_LEVELS = {
    "upper_tier": re.compile(r"upper tier local authorit|count(y|ies) (&|and) UA", re.IGNORECASE),
    "lower_tier": re.compile(r"lower tier local authorit|districts (&|and) UA", re.IGNORECASE),
    "region": re.compile(r"^regions?( \(statistical\))?$|^government office region", re.IGNORECASE),
    "icb": re.compile(r"^(NHS )?integrated care boards?|^ICBs?$|^ICB\b", re.IGNORECASE),
}


def collect(context: FetchContext) -> Collected:
    """The rows of each kind of area of this level that has the indicator, a page a kind, the newest kind first.

    The publisher makes a new kind of area at each change of boundaries and may give it the newest periods only; the
    older periods are then under the kinds before. dbt takes a figure from the first page that has it.
    Raises NoData where the publisher has none at this level, BodyRejected where it withdrew the indicator.
    """
    if context.collection.table == METADATA:
        return _metadata(context)
    indicator = context.collection.moved.get(context.dataset.source_id, context.dataset.source_id)
    if indicator != context.dataset.source_id:
        context.note(
            f"Indicator {context.dataset.source_id} was discontinued; {indicator} took its place and is asked."
        )
    token = _probe(context, indicator)
    kinds = _area_types(context, indicator)
    _note_kinds(context, kinds)
    latest = context.latest
    is_newer = latest is not None and latest.probe is not None and token not in (None, latest.probe)
    # A probe that is newer than the body shows that the server's file cache is out of date. A parameter that the server
    # does not know makes it create the file again.
    afresh = ("timestamp", re.sub(r"[^0-9]", "", token or "")[:14])
    newest, *older = kinds
    if not older:
        page = _fetch_table(context, indicator, newest, conditional=True)
        if latest is not None and is_newer and page.sha256 == latest.sha256:
            page = _fetch_table(context, indicator, newest, afresh)
        return Collected([page])
    # The latest vintage is several pages, so that no single page can be compared with it.
    more = (afresh,) if is_newer else ()
    pages = [_fetch_table(context, indicator, newest, *more)]
    for kind in older:
        page = _fetch_table(context, indicator, kind, *more)
        if _has_rows(page.path):
            pages.append(page)
        else:
            context.note(f"The publisher lists figures for the older kind of area {kind} and sent none.")
    return Collected(pages)


def _fetch_table(
    context: FetchContext, indicator: str, kind: int, *more: tuple[str, str], conditional: bool = False
) -> Page:
    params: Params = (
        ("indicator_ids", indicator),
        ("child_area_type_id", str(kind)),
        ("parent_area_type_id", _ENGLAND),
        ("include_sortable_time_periods", "yes"),
        *more,
    )
    return context.fetch(context.url("/api/all_data/csv/by_indicator_id"), params, conditional=conditional)


def _has_rows(path: Path) -> bool:
    """Whether a line follows the heading."""
    with path.open("rb") as body:
        return sum(1 for line in body if line.strip()) > 1


def _note_kinds(context: FetchContext, kinds: Sequence[int]) -> None:
    """Tell people when a kind of area is new, and when the figures come under several kinds."""
    newest, *older = kinds
    before = re.search(r"[?&]child_area_type_id=([0-9]+)", context.latest.url) if context.latest else None
    if before and int(before[1]) != newest:
        context.note(f"The publisher has a new kind of area, {newest}; the newest was {before[1]}.")
    if older:
        context.note(
            f"The figures come under several kinds of area: {newest}, and before it "
            f"{', '.join(str(kind) for kind in older)}. Each figure is taken from the newest kind that has it."
        )


def _metadata(context: FetchContext) -> Collected:
    """The publisher's cards of the catalogue's indicators, at most a hundred in a request.

    The server leaves out further ones without any notice.
    """
    numbers = [number for number in context.source_ids if number.isdigit()]
    url = context.url("/api/indicator_metadata/csv/by_indicator_id")
    batches = [numbers[start : start + 100] for start in range(0, len(numbers), 100)]
    return Collected([context.fetch(url, (("indicator_ids", ",".join(batch)),)) for batch in batches])


def _probe(context: FetchContext, indicator: str) -> str | None:
    """The publisher's moments of the last upload and deletion; None where it gives none."""
    page = context.fetch_listing(context.url("/api/data_changes"), (("indicator_id", indicator),))
    changes = page.json()
    if not changes:
        context.probed(None)
        return None
    moments = an_object(changes, page.url, "LastUploadedAt", "LastDeletedAt")
    uploaded, deleted = (_moment(moments[name], page.url) for name in ("LastUploadedAt", "LastDeletedAt"))
    if deleted > uploaded:
        raise BodyRejected(
            "withdrawn",
            f"The publisher deleted indicator {indicator} on {deleted[:10]} and has not uploaded it again.",
            "The last good figures stay in force. If it is not back in a month, look at "
            f"{context.dataset.page_url} and write to the publisher.",
        )
    token = f"{uploaded} {deleted}".strip() or None
    context.probed(token)
    return token


def _moment(given: object, url: str) -> str:
    """A moment in ISO 8601; empty where there was none, which the year 1 means too. Raises BodyRejected."""
    if given is None or str(given).startswith("0001-"):
        return ""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", str(given)):
        raise broken(url, f"{given!r} is no moment")
    return str(given)


def _area_types(context: FetchContext, indicator: str) -> list[int]:
    """Numbers of the kinds of area of this level that have the indicator, the newest first."""
    level = _LEVELS[context.part.params["level"]]
    page = context.fetch_listing(context.url("/api/area_types"))
    kinds = objects(page.json(), page.url, "Id", "Name", "Short")
    page = context.fetch_listing(context.url("/api/available_data"), (("indicator_id", indicator),))
    available = objects(page.json(), page.url, "IndicatorId", "AreaTypeId")
    has = {int(entry["AreaTypeId"]) for entry in available if str(entry["IndicatorId"]) == indicator}
    named = [int(kind["Id"]) for kind in kinds if any(level.search(str(kind.get(at))) for at in ("Name", "Short"))]
    if not named:
        raise BodyRejected(
            "area_types_changed",
            f"No kind of area is called a {context.part.params['level'].replace('_', ' ')} any longer. There are: "
            + ", ".join(sorted(str(kind.get("Name")) for kind in kinds)),
            "A data engineer reads the new names and corrects them in sources/fingertips.py.",
        )
    if not has & set(named):
        raise NoData(f"Indicator {indicator} has no figures for {context.part.params['level'].replace('_', ' ')}s.")
    return sorted(has & set(named), reverse=True)


def column_name(heading: str) -> str:
    return "compared_to_parent" if _PARENT_COMPARISON.match(heading.strip()) else snake_case(heading)


def check_rows(connection: duckdb.DuckDBPyConnection, rows: Path, collection: Collection, dataset: Dataset) -> None:
    """Every row must be of the requested indicator. Raises BodyRejected."""
    if collection.table == METADATA:
        return
    wanted = collection.moved.get(dataset.source_id, dataset.source_id)
    found = connection.execute(
        f"select distinct indicator_id from read_parquet({literal(rows)}) order by 1 nulls first"
    ).fetchall()
    ids = [str(row[0]) for row in found]
    if ids != [wanted]:
        raise BodyRejected(
            "other_indicator",
            f"Asked for indicator {wanted}, the body holds {', '.join(ids) or 'none'}.",
            "The publisher may have replaced the indicator. A data engineer looks it up on the dataset's page and adds "
            "the old and the new number to `moved` in the collection's YAML.",
        )


SOURCE = Source(collect=collect, column_name=column_name, ends_with_newline=True, check_rows=check_rows)
