"""ONS through the live path on loopback: which version or file is taken, when it is asked for again, what is refused.

The publisher's real workbooks are served where ../shared/data has them; their figures below were read in those files.
No answer of the dataset API is at hand: its CSV is made up in the layout that programs of others read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.landing import Attempt, Store
from support import fetching
from support.publishers.ons_beta import (
    SERIES,
    V4,
    WAGE,
    WAGE_PAGE,
    WAGE_SHEETS,
    EditionPage,
    Ons,
    Version,
    wage_zip,
    zipped,
)

PEOPLE = "ons_beta_population_estimates"
WELLBEING = "ons_beta_wellbeing"
PEOPLE_PAGE = (
    "/peoplepopulationandcommunity/populationandmigration/populationestimates/datasets/"
    "estimatesofthepopulationforenglandandwales"
)
AREAS_A_SHEET = 411
PEOPLE_ROWS = 357 * 92 * 3


@dataclass
class Home:
    """A landing and the ONS that it asks."""

    folder: Path
    ons: Ons

    @property
    def store(self) -> Store:
        return Store(self.folder / "landing")

    def fetch(self, dataset: str, catalogue: Catalogue | None = None) -> Attempt:
        self.ons.forget()
        return fetching.fetch_one(self.folder / "landing", self.ons.base_urls, dataset, catalogue=catalogue)

    def rows(self, table: str, **wanted: str | None) -> list[dict[str, Any]]:
        (self.folder / "raw").mkdir(exist_ok=True)
        every = fetching.rows(self.folder / "landing", self.folder / "raw", table)
        return [row for row in every if all(row[name] == value for name, value in wanted.items())]

    def publish_wages(self, **editions: EditionPage) -> None:
        self.ons.pages[WAGE_PAGE] = {name.removeprefix("y"): page for name, page in editions.items()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Ons() as server:
        yield Home(tmp_path, server)


@pytest.fixture
def real() -> Callable[[str], bytes]:
    folder = Path(__file__).parents[2] / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: the publisher's files are not there to be served")
    return lambda name: (folder / name).read_bytes()


# The publisher's own files.


def publish_real_wages(home: Home, real: Callable[[str], bytes]) -> bytes:
    workbook = real("ons_ashe/lwf_table_7_1a_work_geography_2022.xls")
    body = zipped({"PROV - Work Geography LWF Table 7 LWF.1a   lwfmgx 2022.xls": workbook})
    page = EditionPage({"livingwagebyworkgeography2022provisional.zip": body})
    home.publish_wages(y2022provisional=page)
    return body


def test_every_row_of_the_nine_sheets_of_the_real_workbook_comes_out_of_its_zip(
    home: Home, real: Callable[[str], bytes]
) -> None:
    body = publish_real_wages(home, real)
    assert home.fetch(WAGE).outcome == "landed"
    (vintage,) = home.store.vintages(WAGE, "all")
    (kept,) = home.store.verified(vintage)
    assert kept.read_bytes() == body, "what is kept is what came: the zip file"
    rows = home.rows("ons_below_real_living_wage")
    assert len(rows) == AREAS_A_SHEET * len(WAGE_SHEETS)
    assert {row["sheet"] for row in rows} == set(WAGE_SHEETS)
    assert {row["title"][-6:] for row in rows} == {", 2022"}


def test_figures_markers_and_shades_are_those_of_the_real_workbook(home: Home, real: Callable[[str], bytes]) -> None:
    """Read in the file: sheet, code -> jobs in thousands, per cent, and the words of the key for its cell's shade."""
    publish_real_wages(home, real)
    home.fetch(WAGE)
    precise, fair, acceptable = "CV <= 5%", "CV > 5% and <= 10%", "CV > 10% and <= 20%"
    expected = {
        ("All", "E92000001"): ("2951", "12.5", precise),
        ("All", "E12000002"): ("367", "12.5", precise),
        ("All", "E06000006"): ("7", "13.4", acceptable),
        ("All", "E06000049"): ("16", "9", acceptable),
        ("All", "E08000012"): ("24", "11.1", fair),
        ("All", "N92000002"): ("178", "14.6", precise),
        ("Male", "E06000007"): ("x", "7.6", acceptable),
        ("Male", "E08000015"): ("x", "x", acceptable),
        ("Female Part-Time", "E08000012"): ("10", "23.6", acceptable),
        ("Part-Time", "E08000011"): ("x", "27.9", acceptable),
        ("Male", "E06000053"): ("-", "0", precise),
        ("Female", "E06000053"): ("..", None, None),
    }
    rows = {(row["sheet"], row["area_code"]): row for row in home.rows("ons_below_real_living_wage")}
    found = {key: (rows[key]["jobs_thousand"], rows[key]["per_cent"], rows[key]["shading"]) for key in expected}
    assert found == expected


def test_every_age_area_and_sex_of_the_real_population_estimates_comes_in(
    home: Home, real: Callable[[str], bytes]
) -> None:
    """Read in the file."""
    edition = "mid20232023localauthorityboundarieseditionofthisdataset"
    page = EditionPage({"mye23tablesew.xlsx": real("ons_population/mye23tablesew.xlsx")}, "2024-07-15T08:30:00.000Z")
    home.ons.pages[PEOPLE_PAGE] = {edition: page}
    assert home.fetch(PEOPLE).outcome == "landed"
    rows = home.rows("ons_population_estimates")
    assert len(rows) == PEOPLE_ROWS
    found = {(row["sheet"], row["area_code"], row["key"]): row["population"] for row in rows}
    assert found["MYE2 - Persons", "E92000001", "All ages"] == "57690323"
    assert found["MYE2 - Persons", "E06000006", "All ages"] == "129587"
    assert found["MYE2 - Females", "E08000012", "All ages"] == "256461"
    assert found["MYE2 - Males", "E08000015", "90+"] == "1106"
    assert found["MYE2 - Females", "E06000049", "0"] == "1794"
    assert found["MYE2 - Persons", "E12000002", "1"] == "81106"
    assert {row["title"][-8:] for row in rows} == {"mid-2023"}


# The website's pages and files.


def test_each_years_newest_file_makes_one_vintage(home: Home) -> None:
    home.publish_wages(
        y2024provisional=EditionPage(wage_zip("provisional", 2024, 9), "2024-10-29T09:30:00.000Z"),
        y2023revised=EditionPage(wage_zip("revised", 2023, 8), "2024-10-29T09:30:00.000Z"),
        y2023provisional=EditionPage(wage_zip("provisional", 2023, 7), "2023-11-01T09:30:00.000Z"),
        april2018and2019=EditionPage({"20182019livingwagebyworkgeography.zip": b"of no interest"}),
    )
    attempt = home.fetch(WAGE)
    assert attempt.outcome == "landed"
    assert attempt.release == "livingwagebyworkgeography2023revised.zip, livingwagebyworkgeography2024provisional.zip"
    found = {(row["title"][-4:], row["page"], row["per_cent"]) for row in home.rows("ons_below_real_living_wage")}
    assert found == {("2023", 1, "8"), ("2024", 2, "9")}
    assert not any("2018" in path for path in home.ons.asked), "pages of years that are not wanted are not asked for"


def test_of_two_pages_of_one_day_the_revised_one_counts(home: Home) -> None:
    home.publish_wages(
        y2023provisional=EditionPage(wage_zip("provisional", 2023, 7)),
        y2023revised=EditionPage(wage_zip("revised", 2023, 8)),
    )
    home.fetch(WAGE)
    assert {row["per_cent"] for row in home.rows("ons_below_real_living_wage")} == {"8"}


def test_a_new_year_leaves_the_years_before_it_in_the_vintage(home: Home) -> None:
    home.publish_wages(y2023provisional=EditionPage(wage_zip("provisional", 2023, 7), "2023-11-01"))
    home.fetch(WAGE)
    home.ons.pages[WAGE_PAGE]["2024provisional"] = EditionPage(wage_zip("provisional", 2024, 9), "2024-10-29")
    assert home.fetch(WAGE).outcome == "landed"
    newest = home.store.vintages(WAGE, "all")[-1].id
    second = home.rows("ons_below_real_living_wage", vintage_id=newest)
    assert {row["title"][-4:] for row in second} == {"2023", "2024"}


def test_a_page_that_says_the_same_day_is_not_downloaded_again(home: Home) -> None:
    home.publish_wages(y2023provisional=EditionPage(wage_zip("provisional", 2023)))
    home.fetch(WAGE)
    assert home.ons.downloads()
    assert home.fetch(WAGE).outcome == "unchanged"
    assert home.ons.downloads() == []


def test_a_page_with_a_new_day_is_asked_for_its_file_and_a_correction_is_told(home: Home) -> None:
    home.publish_wages(y2023provisional=EditionPage(wage_zip("provisional", 2023, 7)))
    home.fetch(WAGE)
    correction = {"updateDate": "2023-12-01T09:30:00.000Z", "correctionNotice": "<p>Halton was corrected.</p>"}
    home.publish_wages(
        y2023provisional=EditionPage(wage_zip("provisional", 2023, 6), "2023-12-01T09:30:00.000Z", [correction])
    )
    attempt = home.fetch(WAGE)
    assert attempt.outcome == "landed"
    assert "The publisher's correction of 2023-12-01: Halton was corrected." in attempt.notes


def test_a_page_without_a_day_is_always_asked_for_its_file(home: Home) -> None:
    home.publish_wages(y2023provisional=EditionPage(wage_zip("provisional", 2023), released=None))
    home.fetch(WAGE)
    assert home.fetch(WAGE).outcome == "unchanged"
    assert home.ons.downloads()


def test_a_newer_page_whose_file_has_another_name_is_told(home: Home) -> None:
    home.publish_wages(
        y2024provisional=EditionPage({"new-name.zip": b"of no interest"}, "2024-10-29T09:30:00.000Z"),
        y2023revised=EditionPage(wage_zip("revised", 2023)),
    )
    attempt = home.fetch(WAGE)
    assert attempt.outcome == "landed"
    assert any("2024provisional" in note and "new-name.zip" in note for note in attempt.notes)


def test_where_no_file_fits_the_files_are_named_and_the_last_good_figures_stay(home: Home) -> None:
    home.publish_wages(y2023revised=EditionPage(wage_zip("revised", 2023)))
    home.fetch(WAGE)
    home.publish_wages(y2023revised=EditionPage({"renamed.zip": b"of no interest"}))
    attempt = home.fetch(WAGE)
    assert (attempt.outcome, attempt.reason) == ("rejected", "file_not_found")
    assert "renamed.zip" in (attempt.message or "")
    assert len(home.store.vintages(WAGE, "all")) == 1


def test_a_page_that_moved_is_told_by_its_old_and_new_path(home: Home) -> None:
    page = EditionPage(wage_zip("revised", 2023), answers_as="/employment/lowpay/2023revised")
    home.publish_wages(y2023revised=page)
    home.ons.pages["/employment/lowpay"] = {"2023revised": page}
    attempt = home.fetch(WAGE)
    assert attempt.outcome == "landed"
    assert f"The publisher's page {WAGE_PAGE}/2023revised moved; it answers as {page.answers_as}." in attempt.notes
    assert home.ons.downloads() == [
        "/website/file?uri=/employment/lowpay/2023revised/livingwagebyworkgeography2023revised.zip"
    ]


def test_a_web_page_in_the_place_of_a_file_is_refused(home: Home) -> None:
    home.publish_wages(y2023revised=EditionPage(wage_zip("revised", 2023)))
    home.ons.web_pages.add(f"{WAGE_PAGE}/2023revised/livingwagebyworkgeography2023revised.zip")
    attempt = home.fetch(WAGE)
    assert (attempt.outcome, attempt.reason) == ("rejected", "web_page_for_file")


def test_what_is_no_dataset_page_is_refused_by_what_it_has(home: Home) -> None:
    home.publish_wages()
    attempt = home.fetch(WAGE)
    assert (attempt.outcome, attempt.reason) == ("rejected", "not_this_json")
    assert "type, uri" in (attempt.message or "")


def test_a_zip_without_the_workbook_is_refused_by_its_members(home: Home) -> None:
    body = zipped({"Work Geography LWF Table 7 LWF.1b   lwfmgx 2023 CV.xls": b"of no interest"})
    home.publish_wages(y2023revised=EditionPage({"livingwagebyworkgeography2023revised.zip": body}))
    attempt = home.fetch(WAGE)
    assert (attempt.outcome, attempt.reason) == ("rejected", "member_not_found")
    assert "LWF.1b" in (attempt.message or "")


# The dataset API.


def test_the_newest_version_is_the_one_that_the_publisher_links_and_its_host_does_not_matter(home: Home) -> None:
    home.ons.versions[SERIES] = [Version(1, b"old"), Version(4, V4.encode())]
    home.ons.link_host = "http://localhost:22000"
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.release) == ("landed", "version 4")
    assert home.ons.asked == [
        "/api/v1/datasets/wellbeing-local-authority/editions/time-series",
        "/api/v1/datasets/wellbeing-local-authority/editions/time-series/versions/4",
        "/downloads/downloads/datasets/wellbeing-local-authority/editions/time-series/versions/4.csv",
    ]
    first, second = home.rows("ons_wellbeing")
    assert (first["observation"], first["lower_limit"], first["upper_limit"]) == ("7.45", "7.20", "7.70")
    assert (first["measure_of_wellbeing_code"], first["measure_of_wellbeing"]) == ("happiness", "Happiness")
    assert (second["observation"], second["data_marking"]) == (None, "x")


def test_the_second_host_of_downloads_is_known_and_a_third_is_refused(home: Home) -> None:
    home.ons.versions[SERIES] = [Version(4, V4.encode(), download_host="https://download.beta.ons.gov.uk")]
    assert home.fetch(WELLBEING).outcome == "landed"
    home.ons.versions[SERIES] = [Version(5, V4.encode(), download_host="https://static.example.org")]
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.reason) == ("rejected", "unknown_host")
    assert "static.example.org" in (attempt.message or "")


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("v4_3,Data Marking,Lower limit,Upper limit,yyyy-yy,Time,administrative-geography,Geography,"
         "measureofwellbeing,MeasureOfWellbeing,wellbeing-estimate,Estimate",
         "column measureofwellbeing_code is read as measure_of_wellbeing_code"),
        ("V4_3,Data Marking,LCL,UCL,calendar-years,Time,administrative-geography,Geography,"
         "measures-of-wellbeing,Measures of wellbeing,estimate,Estimate",
         "column measures_of_wellbeing is read as measure_of_wellbeing"),
    ],
)  # fmt: skip
def test_headings_that_drift_become_the_columns_that_staging_knows(home: Home, heading: str, told: str) -> None:
    home.ons.versions[SERIES] = [Version(4, "\n".join([heading, *V4.splitlines()[1:], ""]).encode())]
    attempt = home.fetch(WELLBEING)
    assert attempt.outcome == "landed"
    assert any(told in note for note in attempt.notes)
    (row,) = home.rows("ons_wellbeing", administrative_geography_code="E06000006")
    known = ("observation", "lower_limit", "time", "measure_of_wellbeing", "wellbeing_estimate_code")
    assert [row[name] for name in known] == ["7.45", "7.20", "2022-23", "Happiness", "average-mean"]


def test_fewer_columns_beside_the_observation_are_no_fault_and_an_unknown_one_is_told(home: Home) -> None:
    body = (
        "v4_1,Confidence,Time,administrative-geography,Geography,MeasureOfWellbeing,wellbeing-estimate\n"
        "7.45,fair,2022-23,E06000006,Halton,Happiness,average-mean\n"
    )
    home.ons.versions[SERIES] = [Version(4, body.encode())]
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.columns_added) == ("landed", ("confidence",))


def test_a_table_that_is_not_in_this_layout_is_refused(home: Home) -> None:
    census = "Lower tier local authorities Code,Lower tier local authorities,Observation\nE06000006,Halton,12\n"
    home.ons.versions[SERIES] = [Version(4, census.encode())]
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.reason) == ("rejected", "missing_column")


def test_a_version_that_is_held_is_not_downloaded_again_unless_its_day_changed(home: Home) -> None:
    home.ons.versions[SERIES] = [Version(4, V4.encode())]
    home.fetch(WELLBEING)
    assert home.fetch(WELLBEING).outcome == "unchanged"
    assert home.ons.downloads() == []
    home.ons.versions[SERIES] = [Version(4, V4.replace("7.45", "7.46").encode(), "2024-02-28T09:30:00.000Z")]
    assert home.fetch(WELLBEING).outcome == "landed"


def test_alerts_changes_and_usage_notes_are_told(home: Home) -> None:
    home.ons.versions[SERIES] = [
        Version(
            4,
            V4.encode(),
            alerts=[{"date": "2024-02-01T00:00:00.000Z", "description": "Figures of Halton are under review."}],
            changes=[{"name": "v4", "description": "2022-23 was added."}],
            usage_notes=[{"title": "Coverage", "note": "Adults aged 16 and over."}],
        )
    ]
    assert set(home.fetch(WELLBEING).notes) >= {
        "The publisher's alert of 2024-02-01: Figures of Halton are under review.",
        "The publisher's change note for version 4: 2022-23 was added.",
        "The publisher's usage note: Coverage: Adults aged 16 and over.",
    }
    again = home.fetch(WELLBEING)
    assert again.outcome == "unchanged"
    assert again.notes == ("The publisher's alert of 2024-02-01: Figures of Halton are under review.",)


def test_a_version_whose_csv_is_not_made_yet_waits_and_the_last_good_one_stays(home: Home) -> None:
    home.ons.versions[SERIES] = [Version(4, V4.encode())]
    home.fetch(WELLBEING)
    home.ons.versions[SERIES].append(Version(5, b"", "2024-05-01T09:30:00.000Z", has_csv=False))
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.reason) == ("rejected", "no_csv")
    assert len(home.store.vintages(WELLBEING, "all")) == 1


def test_a_dataset_without_a_version_is_refused(home: Home) -> None:
    home.ons.versions[SERIES] = [Version(4, V4.encode())]
    home.ons.link_host = "https://api.beta.ons.gov.uk/withdrawn?"
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.reason) == ("rejected", "no_version")


def test_an_unknown_dataset_is_a_failure_that_names_its_address(home: Home) -> None:
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.status) == ("failed", 404)
    assert "/datasets/wellbeing-local-authority/" in attempt.url


def test_a_body_shorter_than_the_version_says_is_refused_where_nothing_else_witnesses_its_end(home: Home) -> None:
    home.ons.versions[SERIES] = [Version(4, V4.encode(), size=len(V4) + 1)]
    home.ons.says_length = False
    attempt = home.fetch(WELLBEING)
    assert (attempt.outcome, attempt.reason) == ("rejected", "truncated_body")


def test_a_discontinued_dataset_is_asked_for_under_its_new_name_and_told(home: Home) -> None:
    catalogue = load()
    collections = tuple(
        collection.model_copy(update={"moved": {"wellbeing-local-authority": "personal-wellbeing"}})
        if collection.table == "ons_wellbeing"
        else collection
        for collection in catalogue.collections
    )
    home.ons.versions["personal-wellbeing", "time-series"] = [Version(1, V4.encode())]
    attempt = home.fetch(WELLBEING, catalogue.model_copy(update={"collections": collections}))
    assert attempt.outcome == "landed"
    assert (
        "Dataset wellbeing-local-authority was discontinued; personal-wellbeing took its place and is asked."
        in attempt.notes
    )


@pytest.mark.parametrize(
    "header",
    [
        "v4_1,Data Marking,calendar-years,time,admin-geography,geography,week-number,week,cause-of-death,causeofdeath,"
        "place-of-death,placeofdeath,registration-or-occurrence,registrationoroccurrence",
        "v4_1,Data Marking,calendar-years,Time,administrative-geography,Geography,week-number,Week,cause-of-death,"
        "CauseOfDeath,place-of-death,PlaceOfDeath,registration-or-occurrence,RegistrationOrOccurrence",
    ],
    ids=["labels in lower case", "labels in words"],
)
def test_deaths_by_week_land_under_either_spelling_of_their_headings(home: Home, header: str) -> None:
    """Both spellings are those that public programs read; the figures are made up."""
    row = "12,,2020,2020,E06000006,Halton,week-10,Week 10,all-causes,All causes,home,Home,registrations,Registrations"
    home.ons.versions["weekly-deaths-local-authority", "2020"] = [Version(1, f"{header}\n{row}\n".encode())]
    attempt = home.fetch("ons_beta_weekly_deaths_2020")
    assert (attempt.outcome, attempt.message) == ("landed", None)
    (found,) = home.rows("ons_weekly_deaths")
    wanted = ("observation", "administrative_geography_code", "geography", "week_number_code", "cause_of_death_code")
    assert [found[name] for name in wanted] == ["12", "E06000006", "Halton", "week-10", "all-causes"]
    assert found["registration_or_occurrence_code"] == "registrations"


def test_a_mean_of_weeks_is_asked_at_the_page_that_has_it(home: Home, tmp_path: Path) -> None:
    """Headings as a public program reads them; the figures are made up."""
    body = tmp_path / "data.xlsx"
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet("Table 1")
        sheet.write(0, 0, "Five year average weekly deaths")
        headings = ["Local Authority Code", "Local Authority Name", "Place of occurrence", "Week Number"]
        sheet.write_row(2, 0, [*headings, "Five year average number of deaths"])
        sheet.write_row(3, 0, ["E06000006", "Halton", "Home", 10, 5.4])
    _, dataset = load().dataset("ons_beta_mean_weekly_deaths")
    landing, _, name = dataset.ask["page"].rpartition("/")
    home.ons.pages[landing] = {name: EditionPage({"data.xlsx": body.read_bytes()})}
    assert home.fetch("ons_beta_mean_weekly_deaths").outcome == "landed"
    (found,) = home.rows("ons_mean_weekly_deaths")
    assert [found[name] for name in ("area_code", "week_number", "mean_of_deaths")] == ["E06000006", "10", "5.4"]
