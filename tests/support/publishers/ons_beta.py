"""ONS: the dataset API, what it says of the website's pages, the website's files, and the two hosts of CSV.

Belongs here: the server, what a test may change on it, and the addresses that the publisher itself writes. Does not
belong here: what our client makes of it. Each of the publisher's hosts is a folder of this server.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from support.server import Answer, LoopbackServer, Request, respond, respond_json

HOSTS = {"": "api", "_files": "website", "_downloads": "downloads", "_beta_downloads": "beta-downloads"}
"""What follows the service's name in a base URL -> folder of the server."""
WAGE = "ons_beta_below_real_living_wage"
WAGE_PAGE = (
    "/employmentandlabourmarket/peopleinwork/earningsandworkinghours/datasets/"
    "numberandproportionofemployeejobswithhourlypaybelowthelivingwage"
)
WAGE_SHEETS = (
    "All", "Male", "Female", "Full-Time", "Part-Time",
    "Male Full-Time", "Male Part-Time", "Female Full-Time", "Female Part-Time",
)  # fmt: skip
SERIES = ("wellbeing-local-authority", "time-series")
V4 = (
    "v4_3,Data marking,Lower limit,Upper limit,yyyy-yy,Time,administrative-geography,Geography,"
    "measure-of-wellbeing,MeasureOfWellbeing,wellbeing-estimate,Estimate\n"
    "7.45,,7.20,7.70,2022-23,2022-23,E06000006,Halton,happiness,Happiness,average-mean,Average (mean)\n"
    ",x,,,2022-23,2022-23,E06000007,Warrington,happiness,Happiness,average-mean,Average (mean)\n"
)
"""Made up."""


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


class Ons(LoopbackServer):
    """Answers as all of the publisher's hosts, with what is published now; a test changes it between fetches.

    versions: (dataset, edition) -> versions, oldest first. pages: path of a dataset's page -> name of an edition -> its
    page, in the publisher's order. web_pages: paths of files in whose place a web page is answered.
    """

    def __init__(
        self,
        versions: dict[tuple[str, str], list[Version]] | None = None,
        pages: dict[str, dict[str, EditionPage]] | None = None,
    ) -> None:
        super().__init__()
        self.versions = versions or {}
        self.pages = pages or {}
        self.link_host = "https://api.beta.ons.gov.uk/v1"
        self.web_pages: set[str] = set()
        self.says_length = True

    @property
    def base_urls(self) -> dict[str, str]:
        return {f"ons_beta{name}": f"{self.url}/{folder}" for name, folder in HOSTS.items()}

    def downloads(self) -> list[str]:
        return [path for path in self.asked if "/file?" in path or path.endswith(".csv")]

    def answer(self, request: Request) -> Answer:
        _, host, path = request.path.split("/", 2)
        found = self._found(host, f"/{path}", request.query.get("uri", ""))
        if isinstance(found, bytes):
            return respond(found, content_type="application/octet-stream", says_length=self.says_length)
        return respond_json(found, status=404 if found is None else 200)

    def _found(self, host: str, path: str, uri: str) -> Any:
        """JSON as an object, a file as bytes, or None for what is not there."""
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


def zipped(members: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def made_up_wages(year: int, halton: float = 13.4) -> bytes:
    """A zip file as the publisher packs it, with made-up figures of one council."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for name in WAGE_SHEETS:
            sheet = book.add_worksheet(name)
            sheet.write(0, 0, f"Table 7 LWF.1 lwfmgx - For {name.lower()} employee jobsa: United Kingdom, {year}")
            sheet.write_row(3, 2, ["Jobs", "Per cent"])
            sheet.write_row(4, 0, ["Description", "Code", "(thousand)"])
            sheet.write_row(5, 0, ["Halton UA", "E06000006", 7, halton])
    return zipped(
        {
            f"lwf{year}/Work Geography LWF Table 7 LWF.1a   lwfmgx {year}.xlsx": target.getvalue(),
            f"lwf{year}/Work Geography LWF Table 7 LWF.1b   lwfmgx {year} CV.xlsx": b"of no interest",
            f"lwf{year}/Home Geography LWF Table 8 LWF.1a   lwfmgx {year}.xlsx": b"of no interest",
            f"lwf{year}/Work PC LWF Table 9 LWF.1a   lwfmgx {year}.xlsx": b"of no interest",
        }
    )


def wage_zip(kind: str, year: int, halton: float = 13.4) -> dict[str, bytes]:
    return {f"livingwagebyworkgeography{year}{kind}.zip": made_up_wages(year, halton)}
