"""Answers as GOV.UK gives them for the English Indices of Deprivation, from the bundled ranks and scores.

A page lists the bundled files, under their real addresses. The snapshot does not know when pages and files changed, so
it gives no dates.

Belongs here: the two pages with the files that they list, and the workbooks. Does not belong here: how a request
reaches this module (`adapter`), GOV.UK's other pages (`govuk`).
"""

from typing import Any

from atf_dagster.snapshot.answer import Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.reference import ReferenceSource, known
from atf_dagster.snapshot.workbook import XLSX, xlsx

PUBLISHER = "mhclg"
PAGES_HOST = "www.gov.uk"
PAGES = "/api/content/government/statistics/english-indices-of-deprivation-"
FILES_HOST = "assets.publishing.service.gov.uk"
FILES = (
    "/media/5d8b3cfbe5274a08be69aa91/",
    "/media/691dece32c6b98ecdbc500d5/",
    "/media/6917412ebc34c86ce4e6e7fc/",
)


def page(asked: Asked) -> Answer:
    """GOV.UK's description of a page with its files. Raises NotBundled for another page."""
    address = f"https://{PAGES_HOST}{asked.path.removeprefix('/api/content')}"
    bundled = [source for source in known(asked.bundle) if source.publisher == PUBLISHER and source.page == address]
    if not bundled:
        pages = sorted({source.page for source in known(asked.bundle) if source.publisher == PUBLISHER})
        raise NotBundled(address, f"the pages {', '.join(pages)}")
    files = [(source.address, source.title) for source in bundled]
    return json_answer(
        {
            "base_path": asked.path.removeprefix("/api/content"),
            "document_type": "official_statistics",
            "title": bundled[0].release,
            "details": {"attachments": [_attachment(path, title) for path, title in files]},
        }
    )


def _attachment(path: str, title: str) -> dict[str, Any]:
    return {
        "attachment_type": "file",
        "title": title,
        "url": f"https://{FILES_HOST}{path}",
        "filename": path.rsplit("/", 1)[1],
        "content_type": XLSX,
    }


def file(asked: Asked) -> Answer:
    """A workbook with the publisher's headings. Raises NotBundled for another file."""
    sources = {source.address: source for source in known(asked.bundle) if source.publisher == PUBLISHER}
    source = sources.get(asked.path)
    if source is None:
        raise NotBundled(asked.path, f"the files {', '.join(bundled.name for bundled in sources.values())}")
    return Answer(status=200, content_type=XLSX, body=_workbook(asked, source))


def _workbook(asked: Asked, source: ReferenceSource) -> bytes:
    table = asked.rows(source)
    rows = [list(table.columns), *([row[column] for column in table.columns] for row in table.rows)]
    # The publisher's workbooks begin with an empty sheet.
    return xlsx({"Notes": [], source.sheet: rows})
