"""Answers as the ONS beta API and the ONS website give them, from the bundled figures.

The snapshot does not know when the pages were released, so they have no date. The address of the population estimates
is the publisher's own. The address of the provisional zip file of 2022 is not known; the one given here is invented and
shows that. Of the dataset API one edition is bundled, deaths by week of 2020; any other request raises NotBundled.

Belongs here: the answers of `/v1/data?uri=` for four pages, and their files: the workbooks of the mid-year population
estimates, of deaths in the first wave of the pandemic and of the mean deaths of a week, and the zip file with the
workbook of jobs below the real living wage, with the publisher's shading; the dataset's edition and its CSV. Does not
belong here: how a request reaches this module and how the answer is sent (`adapter`).
"""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from atf_dagster.snapshot.answer import MADE_UP, Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.figures import Figure, csv_bytes
from atf_dagster.snapshot.sources import FiguresSource

PUBLISHER = "ons_beta"
API_HOST = "api.beta.ons.gov.uk"
API_PREFIX = "/v1/"
FILES_HOST = "www.ons.gov.uk"
FILES_PREFIX = "/file"

DOWNLOADS_HOST = "download.ons.gov.uk"
DOWNLOADS_PREFIX = "/downloads/datasets/"

PAGE_PATH = "/v1/data"
DATASETS_PATH = "/v1/datasets/"
WEEKLY_DEATHS = "weekly-deaths-local-authority/editions/2020"
MEAN_WEEKLY_DEATHS = (
    "peoplepopulationandcommunity/birthsdeathsandmarriages/deaths/adhocs/"
    "12615deathregistrationsandfiveyearaverageweeklydeathsbylocalauthorityandplaceofoccurrenceenglandandwales2015to2019"
)
LIVING_WAGE = (
    "employmentandlabourmarket/peopleinwork/earningsandworkinghours/datasets/"
    "numberandproportionofemployeejobswithhourlypaybelowthelivingwage"
)
POPULATION = (
    "peoplepopulationandcommunity/populationandmigration/populationestimates/datasets/"
    "estimatesofthepopulationforenglandandwales"
)
COVID_DEATHS = (
    "peoplepopulationandcommunity/birthsdeathsandmarriages/deaths/datasets/"
    "deathsinvolvingcovid19bylocalareaanddeprivation/1march2020to30june2020"
)
COVID_DEATHS_TITLE = (
    "Table 2: Number of deaths and age-standardised rates, by sex, Local Authorities in England and Wales, deaths "
    "occurring between March and June 2020 1,2,3,4,5,6,7,8,9"
)
LIVING_WAGE_SHEETS = {
    "All": ("Persons", ""),
    "Male": ("Male", ""),
    "Female": ("Female", ""),
    "Full-Time": ("Persons", "Full-Time"),
    "Part-Time": ("Persons", "Part-Time"),
    "Male Full-Time": ("Male", "Full-Time"),
    "Male Part-Time": ("Male", "Part-Time"),
    "Female Full-Time": ("Female", "Full-Time"),
    "Female Part-Time": ("Female", "Part-Time"),
}
"""Sheet -> sex and working pattern."""
POPULATION_SHEETS = {"MYE2 - Persons": "Persons", "MYE2 - Females": "Female", "MYE2 - Males": "Male"}

_SHADES: dict[str, dict[str, Any]] = {
    "CV <= 5%": {"pattern": 1, "fg_color": "#FFFFFF"},
    "CV > 5% and <= 10%": {"pattern": 4, "fg_color": "#000000", "bg_color": "#FFFFFF"},
    "CV > 10% and <= 20%": {"pattern": 1, "fg_color": "#33CCCC"},
}
_KEY = (
    ("CV <= 5%", "Estimates are considered precise "),
    ("CV > 5% and <= 10%", "Estimates are considered reasonably precise"),
    ("CV > 10% and <= 20%", "Estimates are considered acceptable"),
    ("x = CV > 20%", "Estimates are considered unreliable for practical purposes"),
    (".. = disclosive", ""),
    (": = not applicable", ""),
    ("- = nil or negligible ", ""),
)
_KINDS = {
    "E92": "Country",
    "E12": "Region",
    "E06": "Unitary Authority",
    "E07": "Non-metropolitan District",
    "E08": "Metropolitan District",
    "E09": "London Borough",
    "E10": "County",
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EPOCH = dt.datetime(1980, 1, 1)
"""One fixed moment for all dates inside a file, so that its bytes are the same each time."""


@dataclass(frozen=True)
class _Page:
    """One of the pages: the names of its edition and its file, by the figures' period, and how the file is made.

    The edition has no name where the page is itself that of an edition.
    """

    edition: Callable[[str], str]
    file: Callable[[str], str]
    render: Callable[[Sequence[Figure]], bytes]
    content_type: str


def answer(asked: Asked) -> Answer:
    """The publisher's answer to a request of our client. Raises NotBundled for any other request."""
    sources = asked.of(PUBLISHER)
    bundled = f"{PAGE_PATH}?uri= and https://{FILES_HOST}{FILES_PREFIX}?uri= of " + " and ".join(
        source.title for source in sources
    )
    if asked.path.startswith((DATASETS_PATH, DOWNLOADS_PREFIX)):
        return _dataset(asked, bundled)
    uri = dict(asked.query).get("uri", "")
    if len(asked.query) != 1 or not uri or asked.path not in (PAGE_PATH, FILES_PREFIX):
        raise NotBundled(f"{asked.host}{asked.path}", bundled)
    source = next((s for s in sources if f"{uri}/".startswith(f"/{s.indicator}/")), None)
    if source is None:
        raise NotBundled(f"{asked.host}{asked.path}?uri={uri}", bundled)
    figures = asked.figures(source)
    period = figures[0]["period"]
    page = _PAGES[source.indicator]
    landing = f"/{source.indicator}"
    named = page.edition(period)
    edition = f"{landing}/{named}" if named else landing
    if asked.path == FILES_PREFIX and uri == f"{edition}/{page.file(period)}":
        return Answer(status=200, content_type=page.content_type, body=page.render(figures))
    if asked.path == PAGE_PATH and uri == edition:
        return _described("dataset", uri, source, {"downloads": [{"file": page.file(period)}]})
    if asked.path == PAGE_PATH and uri == landing:
        return _described("dataset_landing_page", uri, source, {"datasets": [{"uri": edition}]})
    raise NotBundled(f"{asked.host}{asked.path}?uri={uri}", bundled)


def _dataset(asked: Asked, bundled: str) -> Answer:
    """The edition, its newest version and the version's CSV; the number of the version is made up."""
    version = f"{DATASETS_PATH}{WEEKLY_DEATHS}/versions/1"
    file = f"{DOWNLOADS_PREFIX}{WEEKLY_DEATHS}/versions/{MADE_UP}.csv"
    if asked.path == f"{DATASETS_PATH}{WEEKLY_DEATHS}":
        return json_answer({"links": {"latest_version": {"href": f"https://{API_HOST}{version}"}}})
    if asked.path == version:
        return json_answer({"version": 1, "downloads": {"csv": {"href": f"https://{DOWNLOADS_HOST}{file}"}}})
    if asked.path == file:
        source = next(source for source in asked.of(PUBLISHER) if source.indicator == WEEKLY_DEATHS)
        return Answer(status=200, content_type="text/csv", body=weekly_deaths_csv(asked.figures(source)))
    raise NotBundled(f"{asked.host}{asked.path}", bundled)


def weekly_deaths_csv(figures: Sequence[Figure]) -> bytes:
    """Deaths of all causes registered in the weeks of 2020. The places of death are together, under a made up code."""
    header = (
        *("v4_0", "calendar-years", "Time", "administrative-geography", "Geography", "week-number", "Week"),
        *("cause-of-death", "CauseOfDeath", "place-of-death", "PlaceOfDeath"),
        *("registration-or-occurrence", "RegistrationOrOccurrence"),
    )
    rows = (
        (
            *(figure["value"], "2020", "2020", figure["area_code"], figure["area_name"]),
            *(f"week-{int(figure['period'])}", f"Week {int(figure['period'])}", "all-causes", "All causes"),
            *("all-places", "All places", "registrations", "Registrations"),
        )
        for figure in figures
    )
    return csv_bytes(header, rows)


def mean_weekly_deaths_workbook(figures: Sequence[Figure]) -> bytes:
    """Table 1 with all places of death together, which the publisher has apart."""
    body, workbook = _new_workbook()
    sheet = workbook.add_worksheet("Table 1")
    sheet.write(0, 0, "Five year average number of deaths registered in the week, 2015 to 2019")
    sheet.write_row(
        2,
        0,
        [
            *("Local Authority Code", "Local Authority Name", "Place of occurrence", "Week Number"),
            "Five year average number of deaths",
        ],
    )
    for row, figure in enumerate(figures, start=3):
        cells = [figure["area_code"], figure["area_name"], "All places", int(figure["period"])]
        sheet.write_row(row, 0, [*cells, float(figure["value"])])
    workbook.close()
    return body.getvalue()


def _described(kind: str, uri: str, source: FiguresSource, rest: dict[str, Any]) -> Answer:
    return json_answer({"type": kind, "uri": uri, "description": {"title": source.title}, **rest})


def living_wage_zip(figures: Sequence[Figure]) -> bytes:
    """The publisher's zip file, with the one of its workbooks that is bundled."""
    body = io.BytesIO()
    name = f"PROV - Work Geography LWF Table 7 LWF.1a   lwfmgx {figures[0]['period']}.xlsx"
    with zipfile.ZipFile(body, "w") as archive:
        entry = zipfile.ZipInfo(name, date_time=_EPOCH.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, living_wage_workbook(figures))
    return body.getvalue()


def living_wage_workbook(figures: Sequence[Figure]) -> bytes:
    """Nine sheets. Each has the key of its shading beside the table."""
    body, workbook = _new_workbook()
    shades = {band: workbook.add_format(shade) for band, shade in _SHADES.items()}
    # The last shade of the key is also that of withheld figures.
    shades["x = CV > 20%"] = shades["CV > 10% and <= 20%"]
    for name, (sex, pattern) in LIVING_WAGE_SHEETS.items():
        sheet = workbook.add_worksheet(name)
        year = figures[0]["period"]
        sheet.write(0, 0, f"Table 7 LWF.1 lwfmgx - For {name.lower()} employee jobsa: United Kingdom, {year}")
        sheet.write(2, 2, "% earning below Living Wage Foundation rates")
        sheet.write_row(3, 2, ["Jobs", "Per cent"])
        sheet.write_row(4, 0, ["Description", "Code", "(thousand)"])
        of_sheet = [f for f in figures if (f["sex"], f["breakdown_value"]) == (sex, pattern)]
        for row, figure in enumerate(of_sheet, start=5):
            jobs = _cell(figure["numerator"] or figure["status"])
            sheet.write_row(row, 0, [figure["area_name"], figure["area_code"], jobs])
            marker = figure["status"] if figure["note"] else ""  # a cell with neither shade nor number is blank
            sheet.write(row, 3, _cell(figure["value"] or marker), shades.get(figure["note"]))
        sheet.write_row(6, 5, ["Key", "Statistical robustness"])
        for row, (entry, meaning) in enumerate(_KEY, start=7):
            sheet.write(row, 5, entry, shades.get(entry))
            sheet.write(row, 6, meaning)
    workbook.close()
    return body.getvalue()


def population_workbook(figures: Sequence[Figure]) -> bytes:
    """Table MYE2 in three sheets, with the single years of age that are bundled: some of persons, none of a sex."""
    body, workbook = _new_workbook()
    for name, sex in POPULATION_SHEETS.items():
        sheet = workbook.add_worksheet(name)
        of_sheet = [figure for figure in figures if figure["sex"] == sex]
        ages = list(dict.fromkeys(figure["age"] for figure in of_sheet))
        areas: dict[tuple[str, str], dict[str, str]] = {}
        for figure in of_sheet:
            areas.setdefault((figure["area_code"], figure["area_name"]), {})[figure["age"]] = figure["value"]
        sheet.write(0, 0, _population_title(name, figures[0]["period"]))
        sheet.write(1, 0, "This worksheet contains one table.")
        sheet.write_row(3, 0, ["Code", "Name", "Geography", *ages])
        for row, ((code, called), people) in enumerate(areas.items(), start=4):
            sheet.write_row(row, 0, [code, called, _KINDS[code[:3]], *(_cell(people[age]) for age in ages)])
    workbook.close()
    return body.getvalue()


def covid_deaths_workbook(figures: Sequence[Figure]) -> bytes:
    """Table 2 with what is bundled of it: the marker of a rate stands in a column without a heading beside it."""
    body, workbook = _new_workbook()
    sheet = workbook.add_worksheet("Table 2")
    sheet.write(1, 0, COVID_DEATHS_TITLE)
    sheet.write_row(
        3,
        0,
        ["Cause of death", "Sex", "Geography type", "Area of usual residence code", "Area of usual residence name"],
    )
    periods = list(dict.fromkeys(figure["period"] for figure in figures))
    first = {period: 6 + 6 * number for number, period in enumerate(periods)}
    for period, column in first.items():
        sheet.write(3, column, period)
        sheet.write_row(4, column, ["Deaths", "Rate", "", "Lower CI", "Upper CI"])
    rows: dict[tuple[str, ...], list[Figure]] = {}
    for figure in figures:
        key = (figure["breakdown_value"], figure["sex"], figure["area_code"], figure["area_name"])
        rows.setdefault(key, []).append(figure)
    for row, ((cause, sex, code, name), of_row) in enumerate(rows.items(), start=5):
        sheet.write_row(row, 0, [cause, sex, _KINDS.get(code[:3], ""), code, name])
        for figure in of_row:
            cells = [figure[column] for column in ("numerator", "value", "status", "lci_95", "uci_95")]
            sheet.write_row(row, first[figure["period"]], [_cell(cell) for cell in cells])
    workbook.close()
    return body.getvalue()


def _population_title(sheet: str, period: str) -> str:
    whom = sheet.removeprefix("MYE2 - ")
    return f"MYE2: {whom} by single year of age and sex for local authorities in England and Wales, {period}"


def _new_workbook() -> tuple[io.BytesIO, Any]:
    import xlsxwriter

    body = io.BytesIO()
    workbook = xlsxwriter.Workbook(body, {"in_memory": True})
    workbook.set_properties({"created": _EPOCH})
    return body, workbook


def _cell(text: str) -> float | str:
    """The text as a number where it is one; markers stay text."""
    try:
        return float(text)
    except ValueError:
        return text


_PAGES = {
    LIVING_WAGE: _Page(
        edition=lambda period: f"{MADE_UP}-{period}provisional",
        file=lambda period: f"livingwagebyworkgeography{period}provisional.zip",
        render=living_wage_zip,
        content_type="application/zip",
    ),
    POPULATION: _Page(
        edition=lambda period: f"{period.replace('-', '')}2023localauthorityboundarieseditionofthisdataset",
        file=lambda period: f"mye{period[-2:]}tablesew.xlsx",
        render=population_workbook,
        content_type=_XLSX,
    ),
    COVID_DEATHS: _Page(
        edition=lambda period: "",
        file=lambda period: "referencetablesworkbook2.xlsx",
        render=covid_deaths_workbook,
        content_type=_XLSX,
    ),
    MEAN_WEEKLY_DEATHS: _Page(
        edition=lambda period: "",
        file=lambda period: "data.xlsx",
        render=mean_weekly_deaths_workbook,
        content_type=_XLSX,
    ),
}
