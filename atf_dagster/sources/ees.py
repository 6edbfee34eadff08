"""DfE Explore education statistics: whole CSV files, from one of the service's two interfaces.

A dataset's `ask` chooses the interface:
- `{data_set: <uuid>, version: "1.*"}`: the public API, with versions and stable ids. Somebody has read the layout of
  the pinned major version. Another major version is refused until somebody has read it too.
- `{publication: <id or slug>, title: <regular expression>}`: the data catalogue, for files outside the API. A file's id
  changes with each release, so the module finds the file by its title each time.

Reference: https://api.education.gov.uk/statistics/docs. The content API behind the catalogue's pages has no
documentation, so the module uses only `results`, `id` and `title` of its answers without a check.

Belongs here: the requests, the service's versions and successors, finding a file of the data catalogue by its title.
Does not belong here: a table's columns (the collections) and their meaning (dbt staging).
"""

import difflib
import re
from collections.abc import Iterator
from typing import Any

from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.http import FetchError
from atf_dagster.sources.base import Collected, FetchContext, Page, Params, Source
from atf_dagster.sources.shapes import an_object, broken, inside, objects

METADATA = "ees_indicator_metadata"
_API = "/statistics/v1"
_CATALOGUE = "/api/data-set-files"
_PAGE_SIZE = "40"
_MOST_PAGES = 100
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_VERSION = re.compile(r"^[0-9]+(\.[0-9]+){1,2}$")
_LISTED_CHANGES = 12
"""Further changes are only counted, because a new year adds a hundred locations."""


def collect(context: FetchContext) -> Collected:
    """The newest file of the dataset. Raises BodyRejected for a new major version, a withdrawal or a warning."""
    if context.collection.table == METADATA:
        return _metadata(context)
    if "data_set" in context.dataset.ask:
        return _from_api(context)
    return _from_catalogue(context)


# the public API --------------------------------------------------------------------------------------


def _from_api(context: FetchContext) -> Collected:
    asked, pinned = context.dataset.ask["data_set"], context.dataset.ask["version"]
    card = _data_set(context, asked)
    data_set = str(card.get("id") or asked)
    url = context.url(f"{_API}/data-sets/{data_set}")
    edition = card.get("latestVersion") or {}
    version = str(edition.get("version") or "")
    if not version:  # then only the table itself shows whether it changed
        context.probed(None)
        return Collected([context.fetch(f"{url}/csv", (("dataSetVersion", pinned),))])
    if not _VERSION.fullmatch(version):
        raise BodyRejected(
            "version_unknown",
            f"The newest version of data set {data_set} is {version!r}, which is no version number.",
            "The service changed how it numbers versions. A data engineer reads its documentation and corrects "
            "sources/ees.py.",
        )
    if data_set == asked:
        _refuse_other_major(context, url, version, pinned)
    latest = context.latest
    if latest is not None and latest.probe not in (None, f"{data_set} {version}"):
        context.note(
            f"Version {version} of data set {data_set} replaces {latest.probe}: {_changes(context, url, version)}"
        )
    context.probed(f"{data_set} {version}")
    page = context.fetch(f"{url}/csv", (("dataSetVersion", version),))
    published = edition.get("published")
    return Collected([page], release=f"version {version}", published_at=str(published) if published else None)


def _metadata(context: FetchContext) -> Collected:
    """What the service says of a data set's columns, one request for each new version."""
    card = _data_set(context, context.dataset.ask["data_set"])
    data_set = str(card.get("id") or context.dataset.ask["data_set"])
    version = str((card.get("latestVersion") or {}).get("version") or "")
    context.probed(f"{data_set} {version}" if version else None)
    versioned: Params = (("dataSetVersion", version),) if version else ()
    try:
        page = context.fetch(context.url(f"{_API}/data-sets/{data_set}/meta"), (("types", "Indicators"), *versioned))
    except FetchError as error:
        if error.status != 404:
            raise
        raise NoData(f"The service does not describe the columns of data set {data_set}.") from error
    return Collected([page], release=f"version {version}" if version else None)


def records(meta: Any) -> list[dict[str, str | None]]:
    """What the service says of the columns with figures, as text."""
    return [
        {
            "indicator_id": _as_text(indicator.get("id")),
            "measure": _as_text(indicator["column"]),
            "label": _as_text(indicator.get("label")),
            "unit": _as_text(indicator.get("unit")),
            "decimal_places": _as_text(indicator.get("decimalPlaces")),
        }
        for indicator in meta["indicators"]
    ]


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _data_set(context: FetchContext, data_set: str) -> dict[str, Any]:
    """The service's record of a data set, or of its successor."""
    seen = [data_set]
    while True:
        page = context.fetch_listing(context.url(f"{_API}/data-sets/{seen[-1]}"))
        card = an_object(_read(page), page.url, "id", "status")
        status = str(card.get("status") or "")
        successor = str(card.get("supersedingDataSetId") or "")
        if status == "Withdrawn":
            raise BodyRejected(
                "withdrawn",
                f"The publisher withdrew data set {seen[-1]} ({card.get('title')}).",
                "The last good figures stay in force. If it is not back in a month, look for its successor at "
                f"{context.dataset.page_url}.",
            )
        if status != "Deprecated" or not successor or successor in seen:
            return card
        context.note(
            f"Data set {seen[-1]} is deprecated; {successor} took its place and is asked. A data engineer reads its "
            "columns, then writes the new id and its major version into the dataset's `ask`."
        )
        seen.append(successor)


def _refuse_other_major(context: FetchContext, url: str, version: str, pinned: str) -> None:
    major, expected = (int(number.partition(".")[0]) for number in (version, pinned))
    if major == expected:
        return
    if major < expected:
        raise BodyRejected(
            "version_went_back",
            f"The newest version is {version}, and the catalogue pins {pinned}: the service has gone back.",
            "Wait for the publisher: the last good figures stay in force, and the next refresh asks again.",
        )
    raise BodyRejected(
        "major_version",
        f"Version {version} breaks with the pinned {pinned}. {_changes(context, url, version)}",
        "A data engineer compares the changes with the collection's columns and the staging model, then pins "
        f'"{major}.*" in the dataset\'s `ask`. Until then the last good figures stay in force.',
    )


def _changes(context: FetchContext, url: str, version: str) -> str:
    """The publisher's list of changes in one or two sentences. A missing list stops nothing."""
    try:
        listed = _read(context.fetch_listing(f"{url}/versions/{version}/changes"))
    except (FetchError, BodyRejected) as error:
        return f"The list of its changes could not be read ({error})."
    parts = []
    for key, word in (("majorChanges", "Breaking"), ("minorChanges", "Other")):
        changes = list(_each_change(listed.get(key) or {}))
        if changes:
            more = f" and {len(changes) - _LISTED_CHANGES} more" if len(changes) > _LISTED_CHANGES else ""
            parts.append(f"{word} changes: {'; '.join(changes[:_LISTED_CHANGES])}{more}.")
    return " ".join(parts) or "The publisher lists no changes."


def _each_change(listed: Any, kind: str = "") -> Iterator[str]:
    """Every change inside `listed`, at any depth: options of filters are nested deeper than filters."""
    if isinstance(listed, list):
        for entry in listed:
            yield from _each_change(entry, kind)
    elif isinstance(listed, dict):
        if "previousState" in listed or "currentState" in listed:
            yield _sentence(kind, listed.get("previousState"), listed.get("currentState"))
        else:
            for name, value in listed.items():
                yield from _each_change(value, kind if name == "options" and kind else name)


def _sentence(kind: str, before: Any, now: Any) -> str:
    if not before:
        return f"{kind}: {_name(now)} added"
    if not now:
        return f"{kind}: {_name(before)} removed"
    return f"{kind}: {_name(before)} is now {_name(now)}"


def _name(state: Any) -> str:
    if not isinstance(state, dict):
        return str(state)
    label = str(state.get("label") or state.get("period") or state.get("code") or state.get("id"))
    exact = next((str(state[key]) for key in ("column", "code", "id") if state.get(key)), "")
    return f"{label} ({exact})" if exact and exact != label else label


# the data catalogue ----------------------------------------------------------------------------------


def _from_catalogue(context: FetchContext) -> Collected:
    publication = _publication(context, context.dataset.ask["publication"])
    file = _file(context, publication)
    identifier, release = str(file["id"]), str((file.get("release") or {}).get("title") or "")
    published = file.get("published") or file.get("lastUpdated")
    latest = context.latest
    if latest is not None and latest.probe is not None and latest.probe.partition(" ")[0] != identifier:
        context.note(
            f"The file {str(file['title']).strip()!r} is now {identifier}{f' of {release}' if release else ''}; "
            f"it was {latest.probe.partition(' ')[0]}."
        )
    # Without a date the id is enough, because a file that is published again gets another id.
    context.probed(f"{identifier} {published or ''}".strip())
    page = context.fetch(context.url(f"{_CATALOGUE}/{identifier}/download", at="content"), conditional=True)
    return Collected([page], release=release or None, published_at=str(published) if published else None)


def _publication(context: FetchContext, wanted: str) -> str:
    """The id of a publication, which the listing needs. A slug is looked up in the public API."""
    if _UUID.fullmatch(wanted):
        return wanted
    url = context.url(f"{_API}/publications")
    found = {
        str(entry.get("slug")): str(entry["id"])
        for entry in _each_result(context, url, (("search", wanted.replace("-", " ")),), "slug", "id")
    }
    if wanted not in found:
        raise BodyRejected(
            "publication_unknown",
            f"The public API lists no publication {wanted!r}. It has: {', '.join(sorted(found)) or 'none like it'}.",
            "It lists only publications with data sets in the API. A data engineer takes the publication's id from its "
            "page in the data catalogue and writes that into the dataset's `ask`.",
        )
    return found[wanted]


def _file(context: FetchContext, publication: str) -> dict[str, Any]:
    title = re.compile(context.dataset.ask["title"], re.IGNORECASE)
    url = context.url(_CATALOGUE, at="content")
    files = list(_each_result(context, url, (("publicationId", publication), ("latestOnly", "true")), "id", "title"))
    named = [file for file in files if file.get("id") and title.search(str(file.get("title")).strip())]
    if len(named) == 1:
        return named[0]
    titles = sorted(str(file.get("title")).strip() for file in named or files)
    if named:
        raise BodyRejected(
            "title_ambiguous",
            f"{len(named)} files of publication {publication} fit the title {title.pattern!r}: {'; '.join(titles)}.",
            "A data engineer changes `title` in the dataset's `ask` so that it fits one file only.",
        )
    near = difflib.get_close_matches(title.pattern, titles, n=1, cutoff=0.3)
    raise NoData(
        f"No file of publication {publication} has a title like {title.pattern!r}"
        + (f"; renamed to {near[0]!r}?" if near else "")
        + f" There are: {'; '.join(titles) or 'none'}"
    )


# both interfaces ------------------------------------------------------------------------------------


def _each_result(context: FetchContext, url: str, params: Params, *names: str) -> Iterator[dict[str, Any]]:
    """Every entry of a listing, from all its pages; each has these keys."""
    for number in range(1, _MOST_PAGES + 1):
        page = context.fetch_listing(url, (*params, ("page", str(number)), ("pageSize", _PAGE_SIZE)))
        listing = an_object(_read(page), page.url, "results", "paging")
        results = objects(listing["results"], page.url, *names, may_be_empty=True)
        pages = inside(listing, page.url, "paging", "totalPages")
        if not isinstance(pages, int) or (pages > 0 and number == 1 and not results):
            raise broken(page.url, f"its page {number} has {len(results)} results, and totalPages is {pages!r}")
        yield from results
        if not results or number >= pages:
            return


def _read(page: Page) -> dict[str, Any]:
    """A JSON object of the service. A warning in it (an unknown name, no results) is a failure with status 200."""
    answer = page.json()
    answer = an_object(answer, page.url)
    warnings = answer.get("warnings")
    if warnings:
        texts = "; ".join(
            f"{warning.get('code')}: {warning.get('message')}" if isinstance(warning, dict) else str(warning)
            for warning in warnings
        )
        raise BodyRejected(
            "warnings",
            f"The service answered {page.url} with warnings: {texts}",
            "A data engineer compares the dataset's `ask` with the data set's page in the data catalogue.",
        )
    return answer


SOURCE = Source(collect=collect, records=records)
