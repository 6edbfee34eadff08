"""The `requests` adapter that answers from the bundled figures instead of the network.

It is mounted for `https://` and opens no connection. The code above it runs as it does against the publishers.

Belongs here: finding the publisher's module for a request, turning its answer into a real response with a body to
stream, validators and 304. Does not belong here: a publisher's format (one module for each).
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPResponse

from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import deprivation, ees, fingertips, govuk, nomis, ons_beta, ons_els, open_geography, ukhsa
from atf_dagster.snapshot.answer import Answer, Asked, NotBundled
from atf_dagster.snapshot.kept import FOLDER, KeptAnswers
from atf_dagster.snapshot.sources import BUNDLE, FiguresSource, TakenFrom, load_sources

_REMEDY = (
    "A data engineer requests figures that the snapshot holds, or adds the missing ones to "
    "tools/snapshot_build/plan.yml and rebuilds it."
)

ORIGIN = "X-Bundled-Origin"
"""A header of answers with bundled figures: the files that they were taken from, as JSON (place, date, sha256)."""

_Answerer = Callable[[Asked], Answer]
_ANSWERERS: Mapping[str, Sequence[tuple[str, _Answerer]]] = {
    ees.HOST: ((ees.PREFIX, ees.answer),),
    ees.CONTENT_HOST: ((ees.CONTENT_PREFIX, ees.answer),),
    fingertips.HOST: ((fingertips.PREFIX, fingertips.answer),),
    nomis.HOST: ((nomis.PREFIX, nomis.answer),),
    govuk.HOST: ((deprivation.PAGES, deprivation.page), (govuk.PAGES, govuk.page)),
    govuk.FILES_HOST: (*((path, deprivation.file) for path in deprivation.FILES), (govuk.FILES, govuk.file)),
    ons_beta.API_HOST: ((ons_beta.API_PREFIX, ons_beta.answer),),
    ons_beta.DOWNLOADS_HOST: ((ons_beta.DOWNLOADS_PREFIX, ons_beta.answer),),
    ons_els.HOST: ((ons_els.PREFIX, ons_els.answer), (ons_beta.FILES_PREFIX, ons_beta.answer)),
    open_geography.HOST: ((open_geography.PREFIX, open_geography.answer),),
    ukhsa.HOST: ((ukhsa.PREFIX, ukhsa.answer),),
}
"""Host -> (beginning of the path, function that answers). The first beginning that fits counts."""


class SnapshotAdapter(BaseAdapter):
    """Answers GET and POST requests with bundled figures. Sessions of several threads may share it.

    bundle: the folder with `sources.yml` and `figures/`. kept: the folder that keeps rendered answers for the next
    process.
    """

    def __init__(self, bundle: Path = BUNDLE, kept: Path = FOLDER) -> None:
        super().__init__()
        self._bundle = bundle
        self._kept = KeptAnswers(bundle, kept)

    def send(self, request: PreparedRequest, *_connection: Any, **_connection_by_name: Any) -> Response:
        """The response to `request`: 200, 304 for a known ETag, or the publisher's own refusal.

        Raises SnapshotMiss where the snapshot does not hold the requested figures. The other arguments of an adapter
        (stream, timeout, verify, cert, proxies) are about a connection, and there is none.
        """
        answer = self._answer(request)
        if answer.status == HTTPStatus.OK and _names(request.headers.get("If-None-Match"), answer.etag):
            return self._response(request, HTTPStatus.NOT_MODIFIED, {"ETag": answer.etag}, b"")
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            **answer.headers,
        }
        if answer.status == HTTPStatus.OK:
            headers["ETag"] = answer.etag
        return self._response(request, HTTPStatus(answer.status), headers, answer.body)

    def close(self) -> None:
        """Does nothing, because nothing is open."""

    @cached_property
    def _sources(self) -> Sequence[FiguresSource]:
        return load_sources(self._bundle)

    def _answer(self, request: PreparedRequest) -> Answer:
        url = request.url or ""
        parts = urlsplit(url)
        address = f"{parts.hostname}{parts.path}"
        if request.method not in ("GET", "POST"):
            raise _miss(url, f"{request.method} {address}", "answers to GET and POST only")
        usual = parts.scheme == "https" and parts.port in (None, 443)
        answerers = _ANSWERERS.get(parts.hostname or "", ()) if usual else ()
        answerer = next((answerer for prefix, answerer in answerers if parts.path.startswith(prefix)), None)
        if answerer is None:
            bundled = " and ".join(f"https://{host}{path}" for host, known in _ANSWERERS.items() for path, _ in known)
            raise _miss(url, address, bundled)
        query = parse_qsl(parts.query, keep_blank_values=True)
        host = parts.hostname or ""
        found = self._kept.get(host, parts.path, query)
        if found is None:
            asked = Asked(host, parts.path, query, self._sources, self._bundle)
            try:
                found = _with_origin(answerer(asked), asked.read)
            except NotBundled as missing:
                found = missing
            self._kept.keep(host, parts.path, query, found)
        if isinstance(found, NotBundled):
            raise _miss(url, found.asked, found.bundled) from None
        return found

    def _response(
        self, request: PreparedRequest, status: HTTPStatus, headers: Mapping[str, str], body: bytes
    ) -> Response:
        response = Response()
        response.status_code = status.value
        response.reason = status.phrase
        response.headers = CaseInsensitiveDict(headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=headers,
            status=status.value,
            reason=status.phrase,
            version=11,
            version_string="HTTP/1.1",
            preload_content=False,
            request_method=request.method,
            request_url=request.url,
        )
        response.url = request.url or ""
        response.request = request
        # The adapter of requests sets this too.
        vars(response)["connection"] = self
        return response


def _with_origin(answer: Answer, read: Sequence[TakenFrom]) -> Answer:
    """The answer with a header that says where its figures were taken from, if it has any."""
    origins = [
        {
            "place": " ".join(
                filter(None, (taken.repository, taken.path, f"@{taken.commit}", taken.note and f"({taken.note})"))
            ),
            "date": taken.date,
            "sha256": taken.sha256,
        }
        for taken in dict.fromkeys(read)
    ]
    return replace(answer, headers={**answer.headers, ORIGIN: json.dumps(origins)}) if origins else answer


def _names(if_none_match: str | bytes | None, etag: str) -> bool:
    """Whether an If-None-Match header names `etag`. The comparison is weak, as RFC 9110 requires."""
    if if_none_match is None:
        return False
    text = if_none_match.decode("latin-1") if isinstance(if_none_match, bytes) else if_none_match
    return text.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in text.split(",")}


def _miss(url: str, asked: str, bundled: str) -> SnapshotMiss:
    return SnapshotMiss(
        url=url,
        message=f"The bundled snapshot does not hold {asked}. It holds {bundled}. ATF_MODE=live would ask the "
        "publisher.",
        remedy=_REMEDY,
    )
