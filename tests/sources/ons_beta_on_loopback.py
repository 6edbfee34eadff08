"""ONS on loopback: the dataset API, what it says of the website's pages, the website's files, and the two hosts of CSV.

Belongs here: the server, what a test may change on it, and the addresses that the publisher itself writes. Does not
belong here: what our client makes of it. Each of the publisher's hosts is a folder of this server.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

HOSTS = {"": "api", "_files": "website", "_downloads": "downloads", "_beta_downloads": "beta-downloads"}
"""What follows the service's name in a base URL -> folder of the server."""


@dataclass
class Version:
    """A version of a dataset as the API describes it, and its CSV."""

    number: int
    csv: bytes
    released: str = "2024-01-30T09:30:00.000Z"
    download_host: str = "https://download.ons.gov.uk"
    alerts: Sequence[Mapping[str, str]] = ()
    changes: Sequence[Mapping[str, str]] = ()
    usage_notes: Sequence[Mapping[str, str]] = ()
    has_csv: bool = True
    size: int | None = None


@dataclass
class EditionPage:
    """The website's page of one edition of a dataset."""

    files: Mapping[str, bytes]
    released: str | None = "2023-10-25T23:00:00.000Z"
    corrections: Sequence[Mapping[str, str]] = ()
    answers_as: str | None = None


@dataclass
class Ons:
    """What is published now; a test changes it between two rounds."""

    versions: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    """(dataset, edition) -> versions, oldest first."""
    link_host: str = "https://api.beta.ons.gov.uk/v1"
    pages: dict[str, dict[str, EditionPage]] = field(default_factory=dict)
    """Path of a dataset's page -> name of an edition -> its page, in the publisher's order."""
    web_pages: set[str] = field(default_factory=set)
    """Paths of files in whose place a web page is answered."""
    says_length: bool = True
    asked: list[str] = field(default_factory=list)

    def downloads(self) -> list[str]:
        return [path for path in self.asked if "/file?" in path or path.endswith(".csv")]

    def answer(self, host: str, path: str, query: Mapping[str, list[str]]) -> Any:
        """JSON as an object, a file as bytes, or None for what is not there."""
        uri = query.get("uri", [""])[0]
        if host == "api" and path == "/v1/data":
            return self._page(uri)
        if host == "api":
            return self._dataset(path.removeprefix("/v1/datasets/").split("/"))
        if host == "website" and path == "/file":
            if uri in self.web_pages:
                return b"<!DOCTYPE html><title>Service unavailable</title>"
            edition, _, name = uri.rpartition("/")
            page = self._edition(edition)
            return page.files.get(name) if page else None
        at = {"downloads": "https://download.ons.gov.uk", "beta-downloads": "https://download.beta.ons.gov.uk"}
        for (dataset, edition), versions in self.versions.items():
            for version in versions:
                known = f"/downloads/datasets/{dataset}/editions/{edition}/versions/{version.number}.csv"
                if path == known and version.download_host == at.get(host):
                    return version.csv
        return None

    def _edition(self, path: str) -> EditionPage | None:
        landing, _, name = path.rpartition("/")
        return self.pages.get(landing, {}).get(name)

    def _page(self, uri: str) -> Any:
        if uri in self.pages:
            editions = [{"uri": f"{uri}/{name}"} for name in self.pages[uri]]
            return {"type": "dataset_landing_page", "uri": uri, "description": {"title": "T"}, "datasets": editions}
        page = self._edition(uri)
        if page is None:
            return None
        return {
            "type": "dataset",
            "uri": page.answers_as or uri,
            "description": {"title": "T", **({} if page.released is None else {"releaseDate": page.released})},
            "downloads": [{"file": name} for name in page.files],
            "versions": [*page.corrections],
        }

    def _dataset(self, parts: Sequence[str]) -> Any:
        dataset, edition = parts[0], parts[2] if len(parts) > 2 else None
        if len(parts) == 5:
            versions = self.versions.get((dataset, parts[2]), [])
            found = next((version for version in versions if str(version.number) == parts[4]), None)
            return None if found is None else self._version(dataset, parts[2], found)
        for (known, name), versions in self.versions.items():
            if known == dataset and edition in (None, name):
                newest = f"{self.link_host}/datasets/{dataset}/editions/{name}/versions/{versions[-1].number}"
                links = {"latest_version": {"href": newest, "id": str(versions[-1].number)}} if versions else {}
                return {"id": dataset, "title": dataset, "links": links}
        return None

    def _version(self, dataset: str, edition: str, version: Version) -> Any:
        path = f"/downloads/datasets/{dataset}/editions/{edition}/versions/{version.number}.csv"
        size = len(version.csv) if version.size is None else version.size
        csv = {"csv": {"href": version.download_host + path, "size": str(size), "public": ""}}
        return {
            "version": version.number,
            "release_date": version.released,
            "edition": edition,
            "downloads": csv if version.has_csv else {"xls": {"href": "https://download.ons.gov.uk/x.xls"}},
            "alerts": [*version.alerts],
            "latest_changes": [*version.changes],
            "usage_notes": [*version.usage_notes],
        }


class Loopback(ThreadingHTTPServer):
    """Answers as all of the publisher's hosts, from one `Ons`."""

    daemon_threads = True

    def __init__(self, ons: Ons) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ons = ons
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_urls(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return {f"ons_beta{name}": f"{url}/{folder}" for name, folder in HOSTS.items()}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Loopback

    def do_GET(self) -> None:
        ons = self.server.ons
        ons.asked.append(self.path)
        parts = urlsplit(self.path)
        _, host, path = parts.path.split("/", 2)
        found = ons.answer(host, f"/{path}", parse_qs(parts.query))
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/octet-stream" if isinstance(found, bytes) else "application/json")
        if ons.says_length or not isinstance(found, bytes):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news in a test."""
