"""GOV.UK: a page lists its files, and the file is fetched from the host that keeps it.

A file's address is never in the catalogue, because it changes with every release and an old address serves old figures.
Reference: https://content-api.publishing.service.gov.uk/reference.html.

Keys of `ask` (`collection` or `page` is needed; case does not count in regular expressions):
    collection, page   path of a collection, or of a page that has the files itself; with both, the page comes first
    document           matched in the titles of a collection's documents
    file               matched in the names of files; with `editions: all` its group `edition` names the edition
    editions           `newest` (the default: one file) or `all` (one file for each edition, in order of their names)
    since              with `editions: all`: the first edition to fetch

Belongs here: finding the newest document of a collection, choosing among its files, the probe, what the service answers
in a file's place. Does not belong here: what is inside a file (`formats`), which page belongs to which dataset (the
catalogue).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from atf_dagster.formats.body import BodyRejected
from atf_dagster.sources.base import Collected, FetchContext, Page, Source
from atf_dagster.sources.shapes import an_object, broken, inside, objects

_API = "/api/content"
_FORMATS = ("xlsx", "ods", "xls", "csv")
"""In the order of preference, where a page has one table in several formats."""
_CONTENT_TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.ms-excel": "xls",
    "text/csv": "csv",
}
_BETTER = tuple(re.compile(word, re.IGNORECASE) for word in ("corrected", "revised", r"fix(ed)?(?![a-z])"))
_VERSION = re.compile(r"(?:^|[^a-z0-9])v([0-9]{1,2})(?![0-9])", re.IGNORECASE)
# Second copies of a table, and pictures of it. They are taken only where there is no other file.
_SECOND_CHOICE = re.compile(r"accessible|no[_ -]?drop-?downs|infographic|mdis", re.IGNORECASE)
_NAMED = 20
_MARKUP = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype|html)", re.IGNORECASE)


@dataclass(frozen=True)
class _Listing:
    """A page, as the content interface describes it."""

    path: str
    title: str
    published_at: str | None
    files: tuple[Mapping[str, Any], ...]
    changes: tuple[Mapping[str, Any], ...]
    withdrawn: str | None


@dataclass(frozen=True)
class _File:
    """A file whose name fits, and its page."""

    listing: _Listing
    url: str
    name: str
    title: str
    size: int | None
    format: str
    edition: str

    @property
    def rank(self) -> tuple[int, int, int]:
        """The higher the better: corrected, revised, fixed, the highest version, none of these; then by format."""
        grade = next((len(_BETTER) - at for at, word in enumerate(_BETTER) if word.search(self.name)), 0)
        version = max((int(found) for found in _VERSION.findall(PurePosixPath(self.name).stem)), default=0)
        return grade, version, -_FORMATS.index(self.format)


def collect(context: FetchContext) -> Collected:
    """The file, or with `editions: all` one file for each edition, that the publisher's pages have today.

    Raises BodyRejected where a page is withdrawn, has no file that fits, or serves a web page in a file's place.
    """
    listings = _listings(context)
    found = [file for listing in listings for file in _fitting(context, listing)]
    chosen = _chosen(context, listings, found)
    context.probed(_token(listings, found))
    _note_change(context, [file.listing for file in chosen])
    pages = [_fetch(context, file, alone=len(chosen) == 1) for file in chosen]
    return Collected(
        pages,
        release=", ".join(file.name for file in chosen),
        published_at=max((file.listing.published_at or "" for file in chosen), default="") or None,
    )


def _listings(context: FetchContext) -> list[_Listing]:
    """The pages that may have the files. The dataset's own page comes first."""
    ask = context.dataset.ask
    listings = []
    if "page" in ask:
        listings.append(_in_force(_listing(context, ask["page"])))
    if "collection" in ask:
        documents = _documents(context, ask["collection"], ask.get("document", ""))
        if ask.get("editions") == "all":
            for document in documents:
                listing = _listing(context, document)
                if listing.withdrawn is not None:
                    context.note(f"The publisher withdrew {listing.path} ({listing.withdrawn}); its file is not taken.")
                else:
                    listings.append(listing)
        else:
            listings += [_in_force(_listing(context, document)) for document in documents[:1]]
    return listings


def _documents(context: FetchContext, path: str, title: str) -> list[str]:
    """Paths of a collection's documents with that title, newest first."""
    content = _content(context, path)
    listed = inside(content, path, "links", "documents")
    documents = objects(listed, path, "base_path", "title", may_be_empty="page" in context.dataset.ask)
    if strange := [found["withdrawn"] for found in documents if not isinstance(found.get("withdrawn", False), bool)]:
        raise broken(path, f"`withdrawn` of a document is {strange[0]!r}")
    fitting = [document for document in documents if re.search(title, str(document.get("title")), re.IGNORECASE)]
    if not fitting and "page" in context.dataset.ask:
        if documents:
            context.note(f"No document of https://www.gov.uk{path} has a title that fits {title!r} any longer.")
        return []
    if not fitting:
        raise BodyRejected(
            "document_not_found",
            f"No document of https://www.gov.uk{path} has a title that fits {title!r}. There are: "
            + _some(str(document.get("title")) for document in documents),
            "The publisher renamed its release, or the collection moved. A data engineer corrects `document` or "
            "`collection` in the dataset's `ask`.",
        )
    # Dates are ISO 8601 in one zone and sort as text. Where dates are equal, the listing's order decides.
    fitting.sort(key=lambda document: str(document.get("public_updated_at") or ""), reverse=True)
    in_force = [document for document in fitting if not document.get("withdrawn")]
    every = context.dataset.ask.get("editions") == "all"
    if (fitting[0].get("withdrawn") and not every) or not (in_force or "page" in context.dataset.ask):
        # The release before it would be older than the latest vintage.
        raise _withdrawn(str(fitting[0]["base_path"]), "the collection marks its newest release as withdrawn")
    return [str(document["base_path"]) for document in in_force]


def _listing(context: FetchContext, path: str) -> _Listing:
    content = _content(context, path)
    details = an_object(content.get("details"), path, "attachments")
    files = objects(details["attachments"], path, "url", may_be_empty=True)
    # Only the presence of a notice counts; its text is HTML.
    notice = an_object(content.get("withdrawn_notice") or {}, path)
    if notice and not {"explanation", "withdrawn_at"} & notice.keys():
        raise broken(path, f"its notice of withdrawal has only {', '.join(sorted(notice))[:80]}")
    published_at = content.get("public_updated_at")
    return _Listing(
        path=path,
        title=str(content.get("title") or path),
        published_at=None if published_at is None else str(published_at),
        files=tuple(file for file in files if file.get("attachment_type", "file") == "file"),
        changes=tuple(_list(details, "change_history")),
        withdrawn=_text(str(notice.get("explanation") or "without a reason")) if notice else None,
    )


def _content(context: FetchContext, path: str) -> Mapping[str, Any]:
    page = context.fetch_listing(context.url(_API + path))
    content = an_object(page.json(), page.url)
    if content.get("base_path", path) != path:
        context.note(f"The publisher moved the page {path} to {content['base_path']}; that is asked for.")
    return content


def _in_force(listing: _Listing) -> _Listing:
    if listing.withdrawn is not None:
        raise _withdrawn(listing.path, listing.withdrawn)
    return listing


def _withdrawn(path: str, reason: str) -> BodyRejected:
    return BodyRejected(
        "withdrawn",
        f"The publisher withdrew https://www.gov.uk{path}: {reason}",
        "The last good figures stay in force. Read the notice on the page. If another page took its place, a data "
        "engineer names it in the dataset's `ask`.",
    )


def _fitting(context: FetchContext, listing: _Listing) -> list[_File]:
    """The files of a page that are tables and whose names fit."""
    ask = context.dataset.ask
    wanted = re.compile(ask.get("file", ""), re.IGNORECASE)
    every = ask.get("editions") == "all"
    fitting = []
    for attachment in listing.files:
        url = str(attachment.get("url") or "")
        name = str(attachment.get("filename") or unquote(PurePosixPath(urlsplit(url).path).name))
        kind = _format(attachment, name)
        match = wanted.search(name)
        if match is None or kind is None or not url:
            continue
        edition = (match.groupdict().get("edition") or "") if every else ""
        if every and edition < ask.get("since", ""):
            continue
        size = attachment.get("file_size")
        title = str(attachment.get("title") or name)
        fitting.append(_File(listing, url, name, title, None if size is None else int(size), kind, edition))
    return fitting


def _format(attachment: Mapping[str, Any], name: str) -> str | None:
    """The format by the ending of the name, because departments declare some types wrongly; without an ending, by the
    declared type.
    """
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    if ending:
        return ending if ending in _FORMATS else None
    return _CONTENT_TYPES.get(str(attachment.get("content_type") or "").split(";")[0].strip().lower())


def _chosen(context: FetchContext, listings: Sequence[_Listing], found: Sequence[_File]) -> list[_File]:
    """The best file of each edition; where several are equal, the one that is listed first."""
    if not found:
        wanted = context.dataset.ask.get("file", "")
        there = (str(file.get("filename") or file.get("url")) for page in listings for file in page.files)
        raise BodyRejected(
            "file_not_found",
            f"No file on {', '.join(page.path for page in listings)} has a name that fits {wanted!r}. There are: "
            + _some(there),
            "The publisher has not added the file yet, or renamed it. A data engineer opens the page and corrects "
            "`file` in the dataset's `ask`.",
        )
    _note_gaps(context, listings, found)
    chosen = []
    for edition in sorted({file.edition for file in found}):
        files = [file for file in found if file.edition == edition]
        files = [file for file in files if not _SECOND_CHOICE.search(f"{file.name} {file.title}")] or files
        best = max(files, key=lambda file: file.rank)
        names = sorted({file.name for file in files if file.rank == best.rank})
        if len(names) > 1:
            context.note(f"Several files fit equally well ({', '.join(names)}); {best.name}, listed first, was taken.")
        chosen.append(best)
    return chosen


def _note_gaps(context: FetchContext, listings: Sequence[_Listing], found: Sequence[_File]) -> None:
    """Note a release without a file, but only where its title can belong to an edition that is fetched."""
    since = context.dataset.ask.get("since", "")
    for listing in listings:
        years = re.findall(r"20[0-9]{2}", listing.title)
        if years and max(years) >= since[:4] and not any(file.listing is listing for file in found):
            context.note(f"{listing.title} (https://www.gov.uk{listing.path}) has no file that fits; none was taken.")


def _token(listings: Sequence[_Listing], found: Sequence[_File]) -> str:
    """A hash of the files and of the newest change note.

    No date is in it: publishers swap files without a new date, and pages get new dates without a new file.
    """
    state = {
        "files": sorted(f"{file.listing.path} {file.url} {file.size}" for file in found),
        "changes": sorted(
            [listing.path, *_newest_change(listing)]
            for listing in listings
            if any(file.listing is listing for file in found)
        ),
    }
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def _newest_change(listing: _Listing) -> list[str]:
    changes = [[str(change.get("public_timestamp") or ""), str(change.get("note") or "")] for change in listing.changes]
    return max(changes, default=[])


def _note_change(context: FetchContext, listings: Sequence[_Listing]) -> None:
    changes = [(*_newest_change(listing), listing.path) for listing in listings if listing.changes]
    if changes:
        moment, note, path = max(changes)
        context.note(f"The publisher's newest note, of {moment[:10]} on https://www.gov.uk{path}: {_text(note)}")


def _fetch(context: FetchContext, file: _File, *, alone: bool) -> Page:
    url = _address(context, file.url)
    # Validators of another address do not count here: a swapped file may be older than the one before.
    latest = context.latest
    page = context.fetch(url, conditional=alone and latest is not None and latest.url == url)
    declared = page.headers.get("content-type", "").split(";")[0].strip().lower()
    with page.path.open("rb") as stream:
        beginning = stream.read(512)
    if declared == "text/html" or _MARKUP.match(beginning):
        raise BodyRejected(
            "web_page_for_file",
            f"In place of {file.name} a web page came, from {page.final_url}.",
            "The publisher answers with a page while it scans a file, or when it has removed the file. The next "
            "refresh asks again. If this lasts for a day, open the publication's page in a browser.",
        )
    if page.final_url != page.url:
        context.note(f"The publisher replaced the file {file.name}; it came from {page.final_url}.")
    return page


def _address(context: FetchContext, url: str) -> str:
    """The file's address; below the setting's host where a setting replaces the service's host."""
    service = context.collection.service
    known = [(base, at) for at, base in service.other_urls.items()] + [(service.base_url, "")]
    for base, at in known:
        if url.startswith(f"{base}/"):
            return context.url(url.removeprefix(base), at)
    return context.url(url) if url.startswith("/") else url


def _list(content: Any, name: str) -> list[Mapping[str, Any]]:
    entries = content.get(name) if isinstance(content, dict) else None
    return [entry for entry in entries or () if isinstance(entry, dict)]


def _some(names: Iterable[str]) -> str:
    """The first names, for a message, because a collection may hold hundreds."""
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more or "none"


def _text(html: str) -> str:
    return re.sub(r" ([.,;:!?])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", html).split()))


SOURCE = Source(collect=collect)
