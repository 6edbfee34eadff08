"""All publishers on loopback at once, each serving what ../shared/data has of it, and a home that asks them live.

Belongs here: which real file is served where, in what form, and one indicator that the catalogue does not have.
Does not belong here: what must come of it (test_every_real_file_is_accounted_for), the servers themselves.

Files are served byte by byte where the publisher serves files. Four interfaces answer questions instead: Explore Local
Statistics, NOMIS, Open Geography and UKHSA's dashboard; they answer from the rows of the file, in their own form.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from test_deprivation_live_path import FILE_1_2025, FILE_10_2019, PAGE_2019, PAGE_2025
from test_ees_live_path import NEET_TITLE
from test_govuk_staging import published
from test_level_2_by_19_revisions import TITLE as BY_19_TITLE
from test_ons_beta_live_path import PEOPLE_PAGE
from test_ukhsa_live_path import ENGLAND_CASES_METRIC, ENGLAND_DEATHS_METRIC, served_by_the_publisher

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.catalogue.model import IndicatorCard, Period, Yields
from atf_dagster.files import read_yaml
from atf_dagster.settings import Settings
from atf_dagster.snapshot import ons_els
from atf_dagster.snapshot.figures import csv_bytes
from atf_dagster.snapshot.ons_beta import COVID_DEATHS
from support.fetching import NOBODY
from support.publishers.ees import BY_19, EARLY_YEARS, KEY_STAGE_4, NEET, Ees, Publication
from support.publishers.fingertips import Fingertips
from support.publishers.govuk import File, Govuk, PublishedPage
from support.publishers.nomis import LatestVintage, Nomis, population
from support.publishers.ons_beta import WAGE_PAGE, EditionPage, Ons, zipped
from support.publishers.open_geography import OpenGeography, Service, lookup
from support.publishers.ukhsa import Dashboard
from support.server import Answer, LoopbackServer, Request, respond, respond_json
from tools.snapshot_build.__main__ import PLAN

CAMPYLOBACTER = IndicatorCard(
    code="SUP98",
    short_name="Campylobacter",
    name="Campylobacter incidence rate per 100,000",
    definition="Reported cases of infection with campylobacter per 100,000 residents.",
    unit="per 100,000",
    value_type="crude_rate",
    multiplier=100_000,
    polarity="lower_is_better",
    year_type="calendar",
    native_level="upper tier local authority",
    aggregation_rule="published_only",
    ci_method="published",
    trend_allowed=True,
    value_min=0,
    value_max=10_000,
    headline_age="All ages",
)
FINGERTIPS = {
    "90284": "90284_injury_admissions_child502_parent15.csv",
    "93015": "93015_physically_inactive_website_download.csv",
    "93881": "93881_adult_obesity_website_download.csv",
    "93356": "older_26_columns_countyua.csv",
}
ANOTHER_QUESTION = "claimant_count_london_2018.csv"
_EVERYWHERE_ELSE = ("W06", "S12", "N09")
LEVELS = {
    "ltla": ("E06", "E07", "E08", "E09", *_EVERYWHERE_ELSE),
    "utla": ("E06", "E08", "E09", "E10", *_EVERYWHERE_ELSE),
}
"""The service's word for lower and for upper tier authorities -> how their codes begin, the United Kingdom over."""
RELEASES = {
    "one": (
        "level2_3_by_19_release_2018-19.csv",
        "neet_16_17_2022.csv",
        "sub-regional-fuel-poverty-2022-tables.xlsx",
    ),
    "two": ("level2_3_by_19_release_2021.csv", "neet_16_17_2023.csv", "2021_Sub-Regional-Data-LILEE.xlsx"),
    "three": ("level2_3_by_19_release_2022.csv", "neet_16_17_2025.csv", "2022_Sub-Regional-Data-LILEE.xlsx"),
}
"""Run -> the files of level 2 by 19, of NEET and of fuel poverty that the departments have then."""


def catalogue_with_the_older_indicator() -> Catalogue:
    """The catalogue and one entry more, for the file of Fingertips whose indicator it does not take."""
    whole = load()
    changed = []
    for collection in whole.collections:
        if collection.table == "fingertips_indicator_data":
            entry = collection.datasets[0].model_copy(
                update={
                    "id": "fingertips_93356",
                    "source_id": "93356",
                    "title": CAMPYLOBACTER.name,
                    "yields": (Yields(indicator=CAMPYLOBACTER.code),),
                    "period": Period(start="01-01", lag_months=12),
                }
            )
            changed.append(collection.model_copy(update={"datasets": (*collection.datasets, entry)}))
        else:
            changed.append(collection)
    return whole.model_copy(update={"collections": tuple(changed), "indicators": (*whole.indicators, CAMPYLOBACTER)})


@dataclass(frozen=True)
class Publishers:
    """The servers' addresses by name of service, and those whose files change from run to run."""

    data: Path
    ees: Ees
    govuk: Govuk
    urls: Mapping[str, str]

    def release(self, run: str) -> None:
        """Publish the departments' files of this run in place of those before."""
        by_19, neet, fuel = RELEASES[run]
        body = (self.data / "desnz_fuel_poverty" / fuel).read_bytes()
        file = File("fuel-poverty-tables.xlsx", body, f"5f{len(body):022x}")
        self.govuk.pages["/fuel"] = PublishedPage("Sub-regional fuel poverty data", [file])
        for publication, title, file in ((BY_19, BY_19_TITLE, by_19), (NEET, NEET_TITLE, neet)):
            body = (self.data / "dfe_ees" / file).read_bytes()
            self.ees.publications[publication].publish(f"{title[:4]}-{run}", title, body, release=file, published=None)

    def settings(self, home: Path) -> Settings:
        """Settings of a home that asks these servers and can ask nobody else."""
        urls: dict[str, str] = {}
        for service in load().services:
            if not service.base_url.startswith("local:"):
                urls |= dict.fromkeys((service.id, *(f"{service.id}_{key}" for key in service.other_urls)), NOBODY)
        home.mkdir()
        return Settings(
            home=home,
            mode="live",
            service_urls={**urls, **self.urls},
            attempts=1,
            backoff_first=0.0,
            requests_per_second=0.0,
        )


@contextmanager
def every_publisher(data: Path) -> Iterator[Publishers]:
    with ExitStack() as stack:
        ees = stack.enter_context(_education(data))
        govuk = stack.enter_context(_govuk(data))
        urls = {
            "fingertips": stack.enter_context(_fingertips(data)).url,
            "ons_els": stack.enter_context(ExploreLocalStatistics(data)).url,
            "ees": ees.url,
            "ees_content": ees.url,
            "govuk": govuk.url,
            "govuk_files": govuk.url,
            "nomis": stack.enter_context(_nomis(data)).url,
            "ukhsa": stack.enter_context(_dashboard()).url,
            "open_geography": stack.enter_context(_geography(data)).url,
            **stack.enter_context(_ons(data)).base_urls,
        }
        yield Publishers(data, ees, govuk, urls)


class ExploreLocalStatistics(LoopbackServer):
    """Answers from the service's input files: all rows of the areas or levels named, limits where a file has some.

    The bundled answers hold our areas and England's councils alone; here every row of a file must come.
    """

    def __init__(self, data: Path) -> None:
        super().__init__()
        entries = read_yaml(PLAN)["figures"]
        self._entries = {entry["indicator"]: entry for entry in entries if entry["shape"] == "els_input"}
        self._data = data

    def answer(self, request: Request) -> Answer:
        if request.path == ons_els.CARDS_PATH:
            return respond_json([{"slug": slug} for slug in self._entries])
        areas = frozenset(request.query["geo"].split(","))
        entry = self._entries.get(request.query["indicator"])
        return respond(b"areacd,areanm,period,value,status" if entry is None else self._table(entry, areas))

    def _table(self, entry: Mapping[str, str], areas: frozenset[str]) -> bytes:
        with (self._data / entry["source"]).open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["indicator"] == entry["label"]]
        columns = {"areacd": "areacd", "areanm": "areanm", "period": "period", "value": "observation"}
        if any(row["lci_95"] for row in rows):
            columns |= {"lci_95": "lci_95", "uci_95": "uci_95"}
        columns["status"] = "status"
        kinds = tuple(kind for level, begins in LEVELS.items() if level in areas for kind in begins)
        cells = [
            [row[column] for column in columns.values()]
            for row in rows
            if (row["areacd"] in areas or (kinds and row["areacd"].startswith(kinds)))
            and (row["observation"] or row["status"])
        ]
        return csv_bytes(tuple(columns), cells, "\n").removesuffix(b"\n")  # the service does not close its last line


def _fingertips(data: Path) -> Fingertips:
    server = Fingertips()
    for number, file in FINGERTIPS.items():
        # The older file is of councils as they were before April 2023.
        kind = 402 if number == "93356" else 502
        server.available[number] = [kind]
        server.bodies[f"{number}/{kind}"] = (data / "fingertips" / file).read_bytes()
    return server


def _education(data: Path) -> Ees:
    server = Ees()
    early_years = server.publications[EARLY_YEARS] = Publication("early-years")
    body = (data / "dfe_ees" / "eyfsp_headline_measures_2022.csv").read_bytes()
    early_years.publish("early", "1 Headline measures by characteristics", body, release="2021/22", published=None)
    server.publications[BY_19] = Publication("level-2-and-3-attainment-by-young-people-aged-19")
    server.publications[NEET] = Publication("participation-in-education")
    server.version(KEY_STAGE_4, "1.0", (data / "dfe_ees" / "ks4_children_in_care_la.csv").read_bytes())
    return server


def _govuk(data: Path) -> Govuk:
    govuk = published(data)
    for page, file, media in ((PAGE_2019, FILE_10_2019, "c"), (PAGE_2025, FILE_1_2025, "d")):
        body = (data / "mhclg_iod" / file).read_bytes()
        govuk.pages[page] = PublishedPage("English indices of deprivation", [File(file, body, "5f" + media * 22)])
    tables = [data / "dft_walking_cycling" / f"CW030{number}.ods" for number in (1, 2, 3)]
    govuk.pages["/government/statistics/walking-and-cycling-statistics-england-2018"] = PublishedPage(
        "Walking and cycling statistics, England: 2018",
        [File(path.name, path.read_bytes(), f"5f{path.stem[2:]:e>22}") for path in tables],
    )
    return govuk


def _nomis(data: Path) -> Nomis:
    server = Nomis()
    server.latest["NM_2002_1"] = population(data)
    # Of the claimant count there is an answer to somebody else's question, which is given to ours.
    codes = {"gender": {"0": "Total"}, "age": {"0": "All"}, "measure": {"1": "Count"}, "measures": {"20100": "Value"}}
    server.latest["NM_162_1"] = LatestVintage(codes, [])
    found = (data / "nomis" / ANOTHER_QUESTION).read_bytes()
    server.damage = lambda query, body: found if "measure" in query else body
    return server


def _ons(data: Path) -> Ons:
    workbook = (data / "ons_ashe" / "lwf_table_7_1a_work_geography_2022.xls").read_bytes()
    wages = zipped({"PROV - Work Geography LWF Table 7 LWF.1a   lwfmgx 2022.xls": workbook})
    people = (data / "ons_population" / "mye23tablesew.xlsx").read_bytes()
    deaths = (data / "covid_deaths" / "granular_mortality_file_ONS_Mar-Jun2020.xlsx").read_bytes()
    return Ons(
        pages={
            WAGE_PAGE: {"2022provisional": EditionPage({"livingwagebyworkgeography2022provisional.zip": wages})},
            PEOPLE_PAGE: {"mid20232023localauthorityboundaries": EditionPage({"mye23tablesew.xlsx": people})},
            f"/{COVID_DEATHS.rpartition('/')[0]}": {
                COVID_DEATHS.rpartition("/")[2]: EditionPage({"referencetablesworkbook2.xlsx": deaths})
            },
        }
    )


def _dashboard() -> Dashboard:
    server = Dashboard()
    server.listed = {"Nation": ["England", "Wales"]}
    for metric in (ENGLAND_DEATHS_METRIC, ENGLAND_CASES_METRIC):
        server.series["Nation", "England", metric] = served_by_the_publisher(metric)
    return server


def _geography(data: Path) -> OpenGeography:
    folder = data / "geography"
    shapes = json.loads((folder / "lad2023_boundaries_epsg4326.geojson").read_bytes())["features"]
    return OpenGeography(
        {
            "LAD24_RGN24_EN_LU": Service(lookup(folder / "lad24_to_region_lookup.csv"), cap=100),
            "LTLA23_UTLA23_EW_LU": Service(lookup(folder / "ltla_to_utla_apr23.csv")),
            "LAD_2023_UK_BUC": Service([{**shape["properties"], "geometry": shape["geometry"]} for shape in shapes]),
        }
    )
