"""GOV.UK: pages and collections as its content interface describes them, and the host of files.

Belongs here: the server and what a test may change on it. Does not belong here: what our client makes of it.
Written after the published description of the content interface; file addresses have the form of the real ones.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import xlsxwriter

from support.server import Answer, LoopbackServer, Request, respond, respond_json

QUARTERS = (
    "DetailedLA_202112.xlsx",
    "Detailed_LA_202203.xlsx",
    "Detailed_LA_202206.xlsx",
    "Detailed_LA_202209.xlsx",
    "Detailed_LA_202212.xlsx",
    "Detailed_LA_202303.xlsx",
    "Detailed_LA_202306_all_dropdowns_fix.xlsx",
    "Detailed_LA_202309_fixed.xlsx",
    "Detailed_LA_202312.xlsx",
    "Detailed_LA_202403.xlsx",
    "Detailed_LA_202406_fix.xlsx",
    "Detailed_LA_202409.xlsx",
    "Detailed_LA_202412.ods",
    "Detailed_LA_202503.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202506.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202509.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202512.ods",
)
"""The quarterly workbooks, six of them with the councils of before April 2023."""


FILES = "https://assets.publishing.service.gov.uk"
FUEL = "govuk_desnz_fuel_poverty"
FUEL_COLLECTION = "/government/collections/fuel-poverty-sub-regional-statistics"
FUEL_2022 = "/government/statistics/sub-regional-fuel-poverty-data-2022"
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


class Govuk(LoopbackServer):
    """Answers as www.gov.uk and as the host of files, with what is published now; a test changes it between fetches.

    moved: path -> where it is answered 301 to. gone: paths that are answered 410. web_pages: paths that are answered
    with the placeholder page, status 200. held_back: paths of documents that the collection calls withdrawn.
    """

    def __init__(
        self, pages: dict[str, PublishedPage] | None = None, collections: dict[str, list[str]] | None = None
    ) -> None:
        super().__init__()
        self.pages = pages or {}
        self.collections = collections or {}
        self.moved: dict[str, str] = {}
        self.gone: set[str] = set()
        self.web_pages: set[str] = set()
        self.held_back: set[str] = set()

    @property
    def base_urls(self) -> dict[str, str]:
        return {"govuk": self.url, "govuk_files": self.url}

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

    def answer(self, request: Request) -> Answer:
        path = request.path
        if path in self.gone:
            return respond(b"Gone", status=410, content_type="text/html")
        if path in self.moved:
            return respond(b"", status=301, content_type="text/html", location=self.moved[path])
        if path in self.web_pages:
            return respond(b"<!DOCTYPE html><title>This file is being scanned</title>", content_type="text/html")
        if path.startswith("/api/content/"):
            content = self.content(path.removeprefix("/api/content"))
            return respond_json(content, status=200 if content else 404)
        return self._file(path, request.headers.get("if-none-match"))

    def _file(self, path: str, known: str | None) -> Answer:
        file = self.file(path)
        if file is None:
            return respond(b"<!DOCTYPE html><title>Not found</title>", status=404, content_type="text/html")
        etag = f'"{len(file.body):x}-{file.media}"'
        if known == etag:
            return respond(b"", status=304, etag=etag)
        return respond(file.body, content_type=file.attachment()["content_type"], etag=etag)


def workbook(sheet: str, rows: list[list[str | float]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        # The moment of writing would make other bytes of the same rows.
        book.set_properties({"created": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)})
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return target.getvalue()


def made_up_fuel(share: float = 18.5) -> bytes:
    """A small table of local authorities with made-up figures."""
    return workbook(
        "Table 2",
        [
            ["Table 2: Fuel poor households by administrative area, 2020 [Notes 3 and 4]"],
            [],
            [
                "Area Codes",
                "Area names ",
                "",
                "",
                "Number of households",
                "Number of households in fuel poverty",
                "Proportion of households fuel poor (%)",
            ],
            ["E08000012", "", "", "Liverpool", 1000, 185, share],
        ],
    )
