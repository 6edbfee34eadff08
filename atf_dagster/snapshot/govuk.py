"""Answers as GOV.UK gives them for departments' tables, from the bundled figures: pages, collections and workbooks.

Files that the publisher has as ODS, or that we have as CSV, are given as XLSX. The snapshot does not know when pages
and files changed, so it gives no dates. It does not know the addresses of files either: its addresses are invented and
show that.

Belongs here: the bundled pages, the headings of the publishers' sheets. Does not belong here: how a request reaches
this module (`adapter`), the Indices of Deprivation (`deprivation`), writing XLSX (`workbook`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from atf_dagster.snapshot.answer import MADE_UP, Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.figures import Figure
from atf_dagster.snapshot.reference import known
from atf_dagster.snapshot.sources import FiguresSource
from atf_dagster.snapshot.workbook import XLSX, xlsx

HOST = "www.gov.uk"
PAGES = "/api/content/"
FILES_HOST = "assets.publishing.service.gov.uk"
FILES = "/media/"

WITH_CHILDREN = "Total number of households in TA with children"
CHILDREN = "Total number of children in TA"
TA1_COLUMN = "Column of table TA1"
"""The breakdown of the figures of a table's further columns."""

Sheets = Mapping[str, Sequence[Sequence[str]]]
Columns = list[list[str]]
SHARE, HALF_WIDTH = "Heading of the table", "Heading of the table of half widths"
"""The breakdowns of a table that has a sheet of estimates, and beside it one of the half widths of their intervals."""


@dataclass(frozen=True)
class _Bundled:
    """A page whose files are bundled, the collection that lists it, and the layout of its workbooks."""

    publisher: str
    title: str
    collection: str
    listed: bool
    sheets: Callable[[FiguresSource, Sequence[Figure]], Sheets]
    beside: str = ""
    """Name of the table of a further sheet, which has the publisher's own columns."""
    only: str = ""
    """The file of this page, where the publisher has a page for each of its files; empty where a page has them all."""

    def has(self, source: FiguresSource) -> bool:
        return source.publisher == self.publisher and self.only in ("", source.indicator)


def page(asked: Asked) -> Answer:
    """GOV.UK's description of a page or a collection. Raises NotBundled for another one."""
    path = "/" + asked.path.removeprefix(PAGES)
    if path in _BUNDLED:
        bundled = _BUNDLED[path]
        files = [_attachment(asked, source) for source in asked.of(bundled.publisher) if bundled.has(source)]
        return json_answer({"base_path": path, "title": bundled.title, "details": {"attachments": files}})
    documents = [
        {"title": bundled.title, "base_path": document, "api_path": f"/api/content{document}"}
        for document, bundled in _BUNDLED.items()
        if bundled.collection == path and bundled.listed
    ]
    if not any(bundled.collection == path for bundled in _BUNDLED.values()):
        raise NotBundled(f"https://{HOST}{path}", "the pages " + ", ".join(_BUNDLED))
    return json_answer({"base_path": path, "details": {}, "links": {"documents": documents}})


def file(asked: Asked) -> Answer:
    """A workbook with the publisher's sheets and headings. Raises NotBundled for another file."""
    for source in _sources(asked):
        if asked.path == _path(source):
            return Answer(status=200, content_type=XLSX, body=_body(asked, source))
    raise NotBundled(asked.path, "the files " + ", ".join(_path(source) for source in _sources(asked)))


def _sources(asked: Asked) -> list[FiguresSource]:
    return [source for bundled in _BUNDLED.values() for source in asked.of(bundled.publisher) if bundled.has(source)]


def _path(source: FiguresSource) -> str:
    return f"{FILES}{MADE_UP}/{source.indicator}.xlsx"


def _attachment(asked: Asked, source: FiguresSource) -> dict[str, Any]:
    return {
        "attachment_type": "file",
        "title": source.title,
        "url": f"https://{FILES_HOST}{_path(source)}",
        "filename": PurePosixPath(_path(source)).name,
        "content_type": XLSX,
        "file_size": len(_body(asked, source)),
    }


def _body(asked: Asked, source: FiguresSource) -> bytes:
    bundled = next(bundled for bundled in _BUNDLED.values() if bundled.has(source))
    sheets = dict(bundled.sheets(source, asked.figures(source)))
    for table in known(asked.bundle):
        if table.name == bundled.beside:
            rows = asked.rows(table)
            lines = ([row[column] for column in rows.columns] for row in rows.rows)
            sheets[table.sheet] = [[table.title], [], rows.columns, *lines]
    return xlsx(sheets)


# The publishers' sheets. A heading is where the publisher has it, also above columns that are not bundled.


def _temporary_accommodation(source: FiguresSource, figures: Sequence[Figure]) -> Sheets:
    further = {
        (row["area_code"], row["breakdown_value"]): row["value"] or row["status"]
        for row in figures
        if row["breakdown_type"]
    }
    rows = [
        [
            row["area_code"],
            row["area_name"],
            "",
            "",
            row["numerator"] or row["status"],
            row["denominator"],
            row["value"] or row["status"],
            further[row["area_code"], WITH_CHILDREN],
            further[row["area_code"], CHILDREN],
        ]
        for row in figures
        if not row["breakdown_type"]
    ]
    return {"TA1": [[source.title.replace(" England,", "\nEngland,")], *_TA1_HEADINGS, *rows]}


_TA1_HEADINGS = (
    (
        *("", "", "", ""),
        "Households in temporary accommodation at end of quarter1",
        *("", ""),
        "Households in temporary accommodation at end of quarter1 children",
    ),
    ("", "", "", "", "Grand Total"),
    ("", "", "", "", "Own arrangements Total", "", "", "", "Sum of Total children"),
    ("", "", "", "", "Sum of Total households in TA", "", "", "", "Sum of Total children in TA"),
    (
        *("", "", "", ""),
        "Total number of households in TA1,2,3,4",
        "Number of households in area5  (000s)",
        "Total number of households in TA per (000s)",
        WITH_CHILDREN,
        CHILDREN,
    ),
)


def _fuel_poverty(source: FiguresSource, figures: Sequence[Figure]) -> Sheets:
    rows = [[row["area_code"], *_staggered(row), row["denominator"], row["numerator"], row["value"]] for row in figures]
    measures = (
        "Number of households",
        "Number of households in fuel poverty",
        "Proportion of households fuel poor (%)",
    )
    return {"Table 2": [[source.title], [], ["Area Codes", "Area names ", "", "", *measures], *rows]}


_COLUMNS_OF_NAMES = {"E06": 1, "E10": 1, "E07": 2, "E08": 2, "E09": 2}


def _staggered(row: Figure) -> list[str]:
    """The name in the column of its kind: countries and regions, counties and unitary authorities, districts."""
    kind = _COLUMNS_OF_NAMES.get(row["area_code"][:3], 0)
    return [row["area_name"] if column == kind else "" for column in range(3)]


def _children_in_low_income(source: FiguresSource, figures: Sequence[Figure]) -> Sheets:
    years = sorted({row["period"] for row in figures})
    by_area: dict[tuple[str, str], dict[str, Figure]] = {}
    for row in figures:
        by_area.setdefault((row["area_name"], row["area_code"]), {})[row["period"]] = row
    headings = [
        "Local Authority [note 2]",
        "Area Code",
        *(f"Number of children \n{year}" for year in years),
        *(f"Percentage of children \n{year}\n(%)\n[note 3]" for year in years),
    ]
    rows = [
        [*area, *(of_area[year]["numerator"] for year in years), *(of_area[year]["value"] for year in years)]
        for area, of_area in by_area.items()
    ]
    return {"2_AHC_Relative_LA": [[source.title], headings, *rows]}


def _walking_and_cycling(source: FiguresSource, figures: Sequence[Figure]) -> Sheets:
    sheets: dict[str, Sequence[Sequence[str]]] = {}
    for year in sorted({row["period"] for row in figures}, reverse=True):
        for kind, mark in ((SHARE, ""), (HALF_WIDTH, "_CI")):
            of_sheet = [row for row in figures if (row["period"], row["breakdown_type"]) == (year, kind)]
            headings = list(dict.fromkeys(row["breakdown_value"] for row in of_sheet))
            cells = {(row["area_code"], row["breakdown_value"]): row["value"] for row in of_sheet}
            names = {row["area_code"]: row["area_name"] for row in of_sheet}
            span = f"{year[:4]}-{year[:2]}{year[5:]}"
            sheets[f"{source.indicator}{mark}_{year[2:4]}{year[5:]}"] = [
                ["Department for Transport statistics"],
                [f"Table {source.indicator}{mark}"],
                [f"{'95% Confidence interval half widths' if mark else source.title}, England, {span}"],
                [],
                *_walking_and_cycling_headings(headings, year),
                *([code, name, "", *(cells[code, heading] for heading in headings)] for code, name in names.items()),
            ]
    return sheets


def _walking_and_cycling_headings(headings: Sequence[str], year: str) -> Columns:
    if not any(" | " in heading for heading in headings):
        return [["", "At least:", "", *headings], ["LA code", "Local Authority4", "", *(year for _ in headings)]]
    purposes, frequencies = zip(*(heading.split(" | ") for heading in headings), strict=True)
    return [["", "", "", *purposes], ["LA code", "Local Authority4", "At least:", *frequencies]]


def _fuel_poverty_of(title: str, only: str, beside: str = "") -> _Bundled:
    """The page of one yearly edition."""
    return _Bundled(
        publisher="desnz",
        title=title,
        collection="/government/collections/fuel-poverty-sub-regional-statistics",
        listed=True,
        sheets=_fuel_poverty,
        beside=beside,
        only=only,
    )


_BUNDLED: Mapping[str, _Bundled] = {
    "/government/statistical-data-sets/live-tables-on-homelessness": _Bundled(
        publisher="mhclg",
        title="Live tables on homelessness",
        collection="/government/collections/homelessness-statistics",
        listed=False,  # the collection lists the quarters' releases, whose files are those of the live tables
        sheets=_temporary_accommodation,
    ),
    # The newest comes first, as in the publisher's collection.
    "/government/statistics/sub-regional-fuel-poverty-2024-2022-data": _fuel_poverty_of(
        "Sub-regional fuel poverty 2024 (2022 data)",
        "sub-regional-fuel-poverty-2024-tables",
        beside="fuel_poverty_lsoa_2022",
    ),
    "/government/statistics/sub-regional-fuel-poverty-data-2023": _fuel_poverty_of(
        "Sub-regional fuel poverty data 2023", "sub-regional-fuel-poverty-2023-tables"
    ),
    "/government/statistics/sub-regional-fuel-poverty-data-2022": _fuel_poverty_of(
        "Sub-regional fuel poverty data 2022", "sub-regional-fuel-poverty-2022-tables"
    ),
    "/government/statistics/sub-regional-fuel-poverty-data-2021": _fuel_poverty_of(
        "Sub-regional fuel poverty data 2021", "sub-regional-fuel-poverty-2021-tables"
    ),
    "/government/statistics/walking-and-cycling-statistics-england-2018": _Bundled(
        publisher="dft",
        title="Walking and cycling statistics, England: 2018",
        collection="/government/collections/walking-and-cycling-statistics",
        listed=True,
        sheets=_walking_and_cycling,
    ),
    "/government/statistics/children-in-low-income-families-local-area-statistics-2022-to-2025": _Bundled(
        publisher="dwp",
        title="Children in low income families: local area statistics 2022 to 2025",
        collection="/government/collections/children-in-low-income-families-local-area-statistics",
        listed=True,
        sheets=_children_in_low_income,
    ),
}
