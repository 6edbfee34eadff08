"""ONS beta: datasets of the dataset API as CSV, and files of the website's dataset pages.

The module never builds a version's number or a file's address. Both change with every release, and the publisher gives
them. `/v1/data?uri=` is documented for pages of the website. Its fields for dataset pages (`datasets`, `downloads`,
`versions`, `description.releaseDate`) are those of the publisher's own open client code; we have not seen such an
answer, so anything else is refused with its name. Reference: https://developer.ons.gov.uk.

Keys of `ask` (one of the first two; case does not count in regular expressions):
    dataset   an id of the dataset API
    edition   with `dataset`: the edition whose newest version is fetched; without it, the dataset's newest edition
    page      path of a dataset's page on the website
    file      with `page`: matched in the names of files; with `editions: all` its group `edition` names the edition
    editions  with `page`: `newest` (the default: one file) or `all` (one file for each edition, in order of names)
    since     with `editions: all`: the first edition to fetch

Belongs here: which version or file is the newest, the probe, the headings of the API's CSV ("v4") layout. Does not
belong here: what is inside a workbook or a zip file (`formats`), which page belongs to which dataset (the catalogue).
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from atf_dagster.formats.body import BodyRejected, snake_case
from atf_dagster.sources.base import Collected, FetchContext, Page, Source
from atf_dagster.sources.shapes import an_object, broken, inside, objects

_VERSION = re.compile(r"/datasets/[^/]+/editions/[^/]+/versions/[0-9]+$")
_OBSERVATION = re.compile(r"^v4_[0-9]+$", re.IGNORECASE)
_MARKUP = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype|html)", re.IGNORECASE)
_CHANGED = (
    "The publisher changed its interface. A data engineer compares the answer, which landing keeps, with the "
    "publisher's documentation and corrects sources/ons_beta.py."
)


def collect(context: FetchContext) -> Collected:
    """The newest version of a dataset, or the newest file (with `editions: all` one file for each edition) of a page.

    Raises BodyRejected where the publisher lists nothing that fits, or serves a web page in a file's place.
    """
    return _newest_version(context) if "dataset" in context.dataset.ask else _newest_files(context)


def column_name(heading: str) -> str:
    """v4: `v4_3` -> `observation`; `measure-of-wellbeing`, a code in lower case -> `measure_of_wellbeing_code`.

    The label `MeasureOfWellbeing` beside it keeps a name of its own, `measure_of_wellbeing`.
    """
    text = heading.strip()
    if _OBSERVATION.match(text):
        return "observation"
    if text == text.lower():
        return f"{snake_case(text)}_code"
    return snake_case(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))


# The dataset API.


def _newest_version(context: FetchContext) -> Collected:
    named = context.dataset.ask["dataset"]
    dataset = context.collection.moved.get(named, named)
    if dataset != named:
        context.note(f"Dataset {named} was discontinued; {dataset} took its place and is asked.")
    edition = context.dataset.ask.get("edition")
    path = f"/v1/datasets/{quote(dataset, safe='')}"
    if edition is not None:
        path += f"/editions/{quote(edition, safe='')}"
    version = _object(
        context.fetch_listing(
            context.url(_path_of_newest(_object(context.fetch_listing(context.url(path)), path), path))
        ),
        path,
    )
    number, released = version.get("version"), version.get("release_date")
    for alert in _list(version, "alerts"):
        context.note(f"The publisher's alert of {str(alert.get('date'))[:10]}: {_text(alert.get('description'))}")
    # Both number and date, because a version may be published again under its number.
    context.probed(None if number is None or released is None else f"{number} {released}")
    for change in _list(version, "latest_changes"):
        context.note(f"The publisher's change note for version {number}: {_text(change.get('description'))}")
    for usage in _list(version, "usage_notes"):
        context.note(f"The publisher's usage note: {_text(usage.get('title'))}: {_text(usage.get('note'))}")
    href, size = _csv(version, dataset)
    url = _address(context, href)
    page = _fetch(context, url, alone=True, name=href)
    if size is not None and not page.length_verified and page.size < size:
        raise BodyRejected(
            "truncated_body",
            f"{page.size} bytes came of version {number} of {dataset}; the publisher says that it has {size}.",
            "The network or the publisher cut it. The next refresh asks again.",
        )
    return Collected(
        [page], release=None if number is None else f"version {number}", published_at=_day_or_moment(released)
    )


def _path_of_newest(content: Mapping[str, Any], path: str) -> str:
    """The path of the newest version. Only the path counts, because links may name hosts of the publisher's network."""
    link = an_object(inside(content, path, "links").get("latest_version") or {}, path)
    found = _VERSION.search(urlsplit(str(link.get("href") or "")).path)
    if found is None:
        raise BodyRejected(
            "no_version",
            f"{path} names no newest version: links.latest_version is {json.dumps(link)[:120]}.",
            "If the publisher has not published it, or withdrew it, the dataset's page shows that. " + _CHANGED,
        )
    return f"/v1{found[0]}"


def _csv(version: Mapping[str, Any], dataset: str) -> tuple[str, int | None]:
    """The address of the version's CSV, and its size where the publisher gives it."""
    if not {"downloads", "distributions"} & version.keys():
        raise broken(
            dataset, f"a version has neither downloads nor distributions but {', '.join(sorted(version))[:200]}"
        )
    downloads = version.get("downloads") or {}
    csv = downloads.get("csv") or {}
    if csv.get("href"):
        return str(csv["href"]), _size(csv.get("size"))
    for entry in _list(version, "distributions"):
        if str(entry.get("format")).lower() == "csv" and entry.get("download_url"):
            return str(entry["download_url"]), _size(entry.get("byte_size"))
    raise BodyRejected(
        "no_csv",
        f"Version {version.get('version')} of {dataset} has no CSV to download; it has: "
        + (", ".join(sorted(downloads)) or "nothing"),
        "The publisher creates the files some time after a version. The next refresh asks again. If this lasts for a "
        "day, look at the dataset's page and write to the publisher.",
    )


def _size(text: Any) -> int | None:
    return int(text) if str(text).isdecimal() else None


def _address(context: FetchContext, href: str) -> str:
    """The file's address; below the setting's host where a setting replaces the publisher's host."""
    service = context.collection.service
    parts = urlsplit(href)
    for at, base in (*service.other_urls.items(), ("", service.base_url)):
        if parts.hostname == urlsplit(base).hostname:
            return context.url(parts.path + (f"?{parts.query}" if parts.query else ""), at)
    raise BodyRejected(
        "unknown_host",
        f"The publisher now keeps the file on {parts.hostname}, which is none of the hosts that we ask.",
        "A data engineer makes sure that the host is the publisher's, and adds it to `other_urls` of ons_beta in "
        "catalogue/publishers.yml.",
    )


# The website's pages.


@dataclass(frozen=True)
class _Listing:
    """The page of one edition, and its files."""

    path: str
    released: str | None
    files: tuple[str, ...]
    corrections: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class _File:
    """A file whose name fits, and its page."""

    listing: _Listing
    name: str
    edition: str

    @property
    def path(self) -> str:
        # A page may give the whole path of a file.
        return self.name if self.name.startswith("/") else f"{self.listing.path}/{self.name}"

    @property
    def rank(self) -> tuple[str, bool, bool]:
        """The higher the better: the page that was released last, then revised before provisional figures."""
        name = f"{self.listing.path} {self.name}".lower()
        return self.listing.released or "", "revised" in name, "provisional" not in name


def _newest_files(context: FetchContext) -> Collected:
    listings = _listings(context)
    chosen = _chosen(context, listings)
    for file in chosen:
        for correction in file.listing.corrections:
            notice = _text(correction.get("correctionNotice"))
            context.note(f"The publisher's correction of {str(correction.get('updateDate'))[:10]}: {notice}")
    context.probed(_token(chosen))
    pages = [
        _fetch(context, _file_url(context, file), alone=len(chosen) == 1, name=file.name.rsplit("/", 1)[-1])
        for file in chosen
    ]
    newest = max((file.listing.released or "" for file in chosen), default="")
    return Collected(
        pages,
        release=", ".join(file.name.rsplit("/", 1)[-1] for file in chosen),
        published_at=_day_or_moment(newest),
    )


def _file_url(context: FetchContext, file: _File) -> str:
    return f"{context.url('/file', 'files')}?uri={quote(file.path, safe='/')}"


def _listings(context: FetchContext) -> list[_Listing]:
    """The page itself where it has files, otherwise the pages of its editions."""
    path = context.dataset.ask["page"]
    content = _page(context, path)
    if content.get("downloads"):
        return [_listing(content, path)]
    editions = [str(entry["uri"]) for entry in _list(content, "datasets") if entry.get("uri")]
    if not editions:
        raise BodyRejected(
            "not_this_json",
            f"The interface's answer for {path} has neither editions (`datasets`) nor files (`downloads`); it has: "
            f"{', '.join(sorted(content))[:200]}.",
            "If the page moved or belongs to no dataset, correct `page` in the dataset's `ask`. " + _CHANGED,
        )
    return [_listing(_page(context, edition), edition) for edition in editions if _may_fit(context, edition)]


def _may_fit(context: FetchContext, path: str) -> bool:
    """Whether an edition may be wanted, by the years in its name; `current` has no year."""
    years = [year[-2:] for year in re.findall(r"20[0-9]{2}", path.rsplit("/", 1)[-1])]
    return not years or max(years) >= context.dataset.ask.get("since", "")[-2:]


def _page(context: FetchContext, path: str) -> Mapping[str, Any]:
    content = _object(context.fetch_listing(context.url("/v1/data"), (("uri", path),)), path)
    answered = str(content.get("uri") or path).rstrip("/")
    if answered != path.rstrip("/"):
        context.note(f"The publisher's page {path} moved; it answers as {answered}.")
    return content


def _listing(content: Mapping[str, Any], path: str) -> _Listing:
    released = (content.get("description") or {}).get("releaseDate")
    # Without the list nothing is known of the edition's files; an empty one says that there are none.
    entries = objects(inside(content, path, "downloads"), path, may_be_empty=True)
    files = [entry.get("file") or entry.get("uri") for entry in entries]
    if entries and not any(files):
        raise broken(path, "its downloads have neither `file` nor `uri`")
    return _Listing(
        path=str(content.get("uri") or path).rstrip("/"),
        released=None if not released else str(released),
        files=tuple(str(name) for name in files if name),
        corrections=tuple(version for version in _list(content, "versions") if version.get("correctionNotice")),
    )


def _chosen(context: FetchContext, listings: Sequence[_Listing]) -> list[_File]:
    """The newest file of each edition, or of all; where several are equal, the one that is listed first."""
    ask = context.dataset.ask
    every = ask.get("editions") == "all"
    wanted = re.compile(ask.get("file", ""), re.IGNORECASE)
    found: list[_File] = []
    for listing in listings:
        matches = [(name, wanted.search(name.rsplit("/", 1)[-1])) for name in listing.files]
        fitting = [
            _File(listing, name, (match.groupdict().get("edition") or "") if every else "")
            for name, match in matches
            if match is not None
        ]
        fitting = [file for file in fitting if not every or file.edition >= ask.get("since", "")]
        found += fitting
    if not found:
        names = sorted({name.rsplit("/", 1)[-1] for listing in listings for name in listing.files})
        raise BodyRejected(
            "file_not_found",
            f"No file of {ask['page']} has a name that fits {ask.get('file', '')!r}. There are: "
            + (", ".join(names) or "none"),
            "The publisher has not added the file yet, or renamed it. A data engineer looks at the page and corrects "
            "`file` in the dataset's `ask`.",
        )
    _note_newer_pages(context, listings, found)
    chosen = []
    for edition in sorted({file.edition for file in found}):
        files = [file for file in found if file.edition == edition]
        best = max(files, key=lambda file: file.rank)
        equal = sorted({file.path for file in files if file.rank == best.rank})
        if len(equal) > 1:
            context.note(f"Several files fit equally well ({', '.join(equal)}); {best.path}, listed first, was taken.")
        chosen.append(best)
    return chosen


def _note_newer_pages(context: FetchContext, listings: Sequence[_Listing], found: Sequence[_File]) -> None:
    """Note a page without a file that fits, where it is the newest, because its file may have a new name."""
    newest = max(file.listing.released or "" for file in found)
    for listing in listings:
        if (listing.released or "") > newest:
            context.note(
                f"The publisher's page {listing.path}, released on {(listing.released or '')[:10]} after all that were "
                f"taken, has no file that fits; it has: {', '.join(listing.files) or 'none'}."
            )


def _token(chosen: Sequence[_File]) -> str | None:
    """A hash of names and days of release; None where a page gives no day."""
    if any(file.listing.released is None for file in chosen):
        return None
    state = [
        [file.path, file.listing.released, [str(entry.get("updateDate")) for entry in file.listing.corrections]]
        for file in chosen
    ]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


# Both.


def _fetch(context: FetchContext, url: str, *, alone: bool, name: str) -> Page:
    # Validators of another address do not count here.
    latest = context.latest
    page = context.fetch(url, conditional=alone and latest is not None and latest.url == url)
    with page.path.open("rb") as stream:
        beginning = stream.read(512)
    if _MARKUP.match(beginning):
        raise BodyRejected(
            "web_page_for_file",
            f"In place of {name} a web page came, from {page.final_url}.",
            "It comes from the publisher or a proxy. The next refresh asks again. If this lasts for a day, open the "
            f"dataset's page ({context.dataset.page_url}) in a browser.",
        )
    return page


def _object(page: Page, of: str) -> Mapping[str, Any]:
    return an_object(page.json(), of)


def _list(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = content.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _text(markup: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", str(markup or "")).split())


def _day_or_moment(value: Any) -> str | None:
    """A day or moment in ISO 8601; None for other text, because `release_date` is free text in old datasets."""
    text = str(value or "")
    return text if re.match(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?$", text) else None


SOURCE = Source(collect=collect, column_name=column_name)
