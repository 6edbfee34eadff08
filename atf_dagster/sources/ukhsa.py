"""UKHSA data dashboard: the time series of one metric; each request is for one geography; pages of JSON.

The dataset's source_id is the metric. Keys of `ask`, as the service spells them:
    theme, sub_theme, topic, geography_type
    areas   the type of the catalogue's areas to fetch, such as `council`

Special cases: a page has five rows unless more are requested, at most 365. The service answers a combination that does
not exist with 200 and no rows. It orders rows by date only, so several sexes or ages could change places between two
pages. An address in an answer may name another host, or write a space as `+`.

The number of rows and the newest rows show whether something changed. Where every series is one page, that page is the
table itself and is fetched. Otherwise the probe fetches only the pages with the newest 60 rows, because the service
revises the last weeks. The monthly full download finds earlier revisions. Reference:
https://ukhsa-dashboard.data.gov.uk/access-our-data/getting-started.

Belongs here: the requests, finding the dashboard's names of our areas, paging, the check that all rows of a series
came. Does not belong here: what a date or a flag means (dbt staging), which series are fetched (the catalogue).
"""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import duckdb

from atf_dagster.catalogue import Collection, Dataset, load
from atf_dagster.formats.body import BodyRejected, NoData
from atf_dagster.http import FetchError
from atf_dagster.sources.base import Collected, FetchContext, Page, Params, Source
from atf_dagster.sources.shapes import an_object, broken, objects
from atf_dagster.sql import literal

PAGE_SIZE = 365
"""The service's largest page. It reduces a larger number without any notice."""
NEWEST_ROWS = 60
_NOT_FOUND = 404


@dataclass(frozen=True)
class _Answer:
    """One page of a series, as the service gives it."""

    count: int
    rows: Sequence[Mapping[str, Any]]
    next_page: int | None


def collect(context: FetchContext) -> Collected:
    """All rows of the metric for each of our areas of the requested type; together they are one vintage.

    Raises NoData where the service does not list an area or has no rows for it, BodyRejected where rows are missing.
    """
    metric = context.collection.moved.get(context.dataset.source_id, context.dataset.source_id)
    if metric != context.dataset.source_id:
        context.note(f"Metric {context.dataset.source_id} was discontinued; {metric} took its place and is asked.")
    places = _places(context)
    urls = {name: f"{_listing(context)}/{quote(name, safe='')}/metrics/{quote(metric, safe='')}" for name in places}
    _probe(context, list(urls.values()))
    pages: list[Page] = []
    tokens = []
    for name, url in urls.items():
        series, answers = _whole_series(context, url, f"{metric} for {name}")
        pages += series
        first, _ = _tail(answers[0].count)
        tokens.append(_token(answers[first - 1 :]))
    context.probed(";".join(tokens))
    return Collected(pages)


def _listing(context: FetchContext) -> str:
    """The address of the list of geographies. In version 1 of the interface it does not end in a slash."""
    ask = context.dataset.ask
    path = "".join(f"/{key}s/{quote(ask[key], safe='')}" for key in ("theme", "sub_theme", "topic", "geography_type"))
    return context.url(f"{path}/geographies")


def _places(context: FetchContext) -> list[str]:
    """The service's names of our areas, in the catalogue's order. Its addresses have names and no codes."""
    page = context.fetch_listing(_listing(context))
    listed = {_plain(str(entry["name"])): str(entry["name"]) for entry in objects(page.json(), page.url, "name")}
    found = []
    for area in load().areas:
        if area.type != context.dataset.ask["areas"] or area.code not in context.areas:
            continue
        written = [_plain(name) for name in (area.name, *area.also_written)]
        known = next((listed[name] for name in written if name in listed), None)
        if known is None:
            near = difflib.get_close_matches(written[0], list(listed), n=1, cutoff=0.6)
            hint = f"; the nearest that it lists is {listed[near[0]]}" if near else ""
            raise NoData(
                f"The service lists no {context.dataset.ask['geography_type']} called {area.name} ({area.code}){hint}."
            )
        found.append(known)
    return found


def _plain(name: str) -> str:
    return " ".join(name.replace("&", "and").split()).casefold()


def _whole_series(context: FetchContext, url: str, what: str) -> tuple[list[Page], list[_Answer]]:
    """Every page of one series, until the service names no next one."""
    pages: list[Page] = []
    answers: list[_Answer] = []
    number: int | None = 1
    while number is not None:
        try:
            page = context.fetch(url, _params(number))
        except FetchError as error:
            if error.status == _NOT_FOUND and number > 1:
                raise _changed(f"{what} had a page {number} when the one before was read, and has none now") from error
            raise
        answer = _answer(page)
        pages.append(page)
        answers.append(answer)
        if answer.count == 0:
            raise NoData(f"The service has no rows of {what} ({url}).")
        if answer.count != answers[0].count:
            raise _changed(f"{what} had {answers[0].count} rows on page 1 and has {answer.count} on page {number}")
        if answer.next_page is not None and (answer.next_page != number + 1 or not answer.rows):
            raise BodyRejected(
                "paging_broken",
                f"Page {number} of {what} has {len(answer.rows)} rows and names page {answer.next_page} as the next.",
                "A data engineer opens the URL and compares its paging with the documentation.",
            )
        number = answer.next_page
    got = sum(len(answer.rows) for answer in answers)
    if got != answers[0].count:
        raise BodyRejected(
            "rows_missing",
            f"The service counts {answers[0].count} rows of {what}, and its {len(pages)} pages hold {got}.",
            "The next refresh asks again; the last good figures stay in force. If it repeats, a data engineer opens "
            "the URL with page=1, 2, ... and writes to the publisher.",
        )
    return pages, answers


def _changed(what: str) -> BodyRejected:
    return BodyRejected(
        "changed_while_read",
        f"{what}: the publisher changed the series while it was being read.",
        "Nobody has to act; the next refresh asks again.",
    )


def _params(number: int) -> Params:
    # One sex, age and stratum, so that rows of one date cannot change places between two pages.
    only = (("sex", "all"), ("age", "all"), ("stratum", "default"))
    return (("page_size", str(PAGE_SIZE)), ("page", str(number)), *only)


def _answer(page: Page) -> _Answer:
    body = an_object(page.json(), page.url, "count", "next", "results")
    rows = objects(body["results"], page.url, may_be_empty=True)
    following, count = body["next"], body["count"]
    if not isinstance(count, int) or count < 0:
        raise broken(page.url, f"its count of rows is {count!r}")
    if following is None:
        return _Answer(count, rows, None)
    # Only the number is used. The catalogue gives the address, not the answer.
    number = parse_qs(urlsplit(following).query).get("page", [""])[0] if isinstance(following, str) else ""
    if not number.isdecimal():
        raise broken(page.url, f"its next page is {following!r}"[:200])
    return _Answer(count, rows, int(number))


def _probe(context: FetchContext, urls: Sequence[str]) -> None:
    """Compare the newest rows, where that is cheaper than the table. Raises Unchanged where they are as before."""
    latest = context.latest
    if latest is None or latest.probe is None or latest.needs_full_check:
        return
    counts = [int(token.partition(":")[0]) for token in latest.probe.split(";")]
    if len(counts) != len(urls) or max(counts) <= PAGE_SIZE:
        return
    tokens = []
    for url, count in zip(urls, counts, strict=True):
        first, last = _tail(count)
        try:
            tokens.append(_token([_answer(context.fetch_listing(url, _params(n))) for n in range(first, last + 1)]))
        except FetchError as error:
            if error.status == _NOT_FOUND:  # past the end: there are fewer rows than there were
                return
            raise
        if not latest.probe.startswith(";".join(tokens)):
            return
    if ";".join(tokens) == latest.probe:
        context.probed(latest.probe)


def _tail(count: int) -> tuple[int, int]:
    """The first and the last of the pages with the newest rows. The last page may hold a single row."""
    return max(count - NEWEST_ROWS, 0) // PAGE_SIZE + 1, max(count - 1, 0) // PAGE_SIZE + 1


def _token(answers: Sequence[_Answer]) -> str:
    rows = json.dumps([row for answer in answers for row in answer.rows], sort_keys=True)
    return f"{answers[-1].count}:{hashlib.sha256(rows.encode()).hexdigest()[:16]}"


def records(page: Any) -> list[dict[str, str | None]]:
    """The rows of a page, with every value as text."""
    return [{name: _text(value) for name, value in row.items()} for row in page["results"]]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    raise ValueError(f"{value!r} is neither text nor a number nor true or false")


def check_rows(connection: duckdb.DuckDBPyConnection, rows: Path, collection: Collection, dataset: Dataset) -> None:
    """Every row must have the requested metric and kind of geography. Raises BodyRejected."""
    wanted = (collection.moved.get(dataset.source_id, dataset.source_id), dataset.ask["geography_type"])
    found = connection.execute(
        f"select distinct metric, geography_type from read_parquet({literal(rows)}) order by all nulls first"
    ).fetchall()
    if found != [wanted]:
        held = ", ".join(f"{metric} ({kind})" for metric, kind in found)
        raise BodyRejected(
            "other_series",
            f"Asked for {wanted[0]} ({wanted[1]}), the body holds {held or 'none'}.",
            "The publisher may have replaced the metric. A data engineer looks it up on the dashboard and adds the old "
            "and the new name to `moved` in the collection's YAML.",
        )


SOURCE = Source(collect=collect, check_rows=check_rows, records=records)
