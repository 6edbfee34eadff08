"""GOV.UK on loopback: pages and collections as its content interface describes them, and the host of files.

Belongs here: the server and what a test may change on it. Does not belong here: what our client makes of it.
Written after the published description of the content interface; file addresses have the form of the real ones.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

FILES = "https://assets.publishing.service.gov.uk"
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
    ".pdf": "application/pdf",
}


@dataclass
class File:
    """A file of a page. `size` and `title` are what the page says of it, whatever is served."""

    name: str
    body: bytes
    media: str = "5f0000000000000000000001"
    title: str = ""
    content_type: str = ""

    @property
    def path(self) -> str:
        return f"/media/{self.media}/{self.name}"

    def attachment(self) -> dict[str, Any]:
        return {
            "attachment_type": "file",
            "id": self.name,
            "title": self.title or self.name,
            "url": FILES + self.path,
            "content_type": self.content_type or TYPES.get(PurePosixPath(self.name).suffix, ""),
            "file_size": len(self.body),
            "filename": self.name,
            "accessible": False,
        }


@dataclass
class PublishedPage:
    """A release or a page of live tables."""

    title: str
    files: Sequence[File] = ()
    published: str = "2025-01-01T09:30:00Z"
    changes: Sequence[tuple[str, str]] = ()
    withdrawn: str | None = None
    others: Sequence[Mapping[str, Any]] = ()

    def content(self, path: str) -> dict[str, Any]:
        notice = {} if self.withdrawn is None else {"explanation": self.withdrawn, "withdrawn_at": self.published}
        return {
            "base_path": path,
            "title": self.title,
            "public_updated_at": self.published,
            "updated_at": self.published,
            "withdrawn_notice": notice,
            "details": {
                "attachments": [*self.others, *(file.attachment() for file in self.files)],
                "change_history": [{"public_timestamp": at, "note": note} for at, note in self.changes],
            },
        }


@dataclass
class Govuk:
    """What is published now; a test changes it between two rounds."""

    pages: dict[str, PublishedPage] = field(default_factory=dict)
    collections: dict[str, list[str]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """Path -> where it is answered 301 to."""
    gone: set[str] = field(default_factory=set)
    """Paths that are answered 410."""
    web_pages: set[str] = field(default_factory=set)
    """Paths that are answered with the placeholder page, status 200."""
    held_back: set[str] = field(default_factory=set)
    """Paths of documents that the collection calls withdrawn."""
    asked: list[str] = field(default_factory=list)

    def files_asked(self) -> list[str]:
        return [PurePosixPath(path).name for path in self.asked if path.startswith("/media/")]

    def content(self, path: str) -> dict[str, Any] | None:
        if path in self.collections:
            documents = [
                {
                    "title": self.pages[document].title,
                    "base_path": document,
                    "api_path": f"/api/content{document}",
                    "public_updated_at": self.pages[document].published,
                    "document_type": "official_statistics",
                    "withdrawn": document in self.held_back,
                }
                for document in self.collections[path]
            ]
            return {"base_path": path, "title": "Collection", "details": {}, "links": {"documents": documents}}
        return self.pages[path].content(path) if path in self.pages else None

    def file(self, path: str) -> File | None:
        every = [file for page in self.pages.values() for file in page.files]
        return next((file for file in every if file.path == path), None)


class Loopback(ThreadingHTTPServer):
    """Answers as www.gov.uk and as the host of files, from one `Govuk`."""

    daemon_threads = True

    def __init__(self, govuk: Govuk) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.govuk = govuk
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

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
        govuk = self.server.govuk
        path = urlsplit(self.path).path
        govuk.asked.append(path)
        if path in govuk.gone:
            self._answer(410, "text/html", b"Gone")
        elif path in govuk.moved:
            self._answer(301, "text/html", b"", {"Location": govuk.moved[path]})
        elif path in govuk.web_pages:
            self._answer(200, "text/html; charset=utf-8", b"<!DOCTYPE html><title>This file is being scanned</title>")
        elif path.startswith("/api/content/"):
            content = govuk.content(path.removeprefix("/api/content"))
            body = json.dumps(content).encode()
            self._answer(200 if content else 404, "application/json; charset=utf-8", body)
        elif (file := govuk.file(path)) is not None:
            etag = f'"{len(file.body):x}-{file.media}"'
            if self.headers.get("If-None-Match") == etag:
                self._answer(304, "", b"", {"ETag": etag})
            else:
                self._answer(200, file.attachment()["content_type"], file.body, {"ETag": etag})
        else:
            self._answer(404, "text/html", b"<!DOCTYPE html><title>Not found</title>")

    def _answer(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news in a test."""
