"""Every file of ../shared/data: what became of it on the live path, row by row, or why no publisher serves it.

Belongs here: the table `FILES`, which knows every file of the folder, and one house in which all of them that a
publisher of the catalogue serves landed, were staged and were judged. Does not belong here: single figures, traps and
refusals, which each publisher's own tests have.

Numbers of rows were counted in the files, with other programs than ours.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
from real_files_served import RELEASES, catalogue_with_the_older_indicator, every_publisher

from atf_dagster.catalogue import Catalogue
from atf_dagster.landing import Attempt, Store, Verdict, Vintage
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data


@dataclass(frozen=True)
class Went:
    """The file went through: into which vintage of which dataset (and which page of it), with how many rows.

    how: served byte by byte, inside a zip file, or as the publisher's answer to a question, which has fewer rows than
    the file where we ask for our areas alone.
    """

    dataset: str
    rows: int
    how: Literal["file", "zipped", "asked"] = "file"
    vintage: int = 1
    page: int | None = None


@dataclass(frozen=True)
class Refused:
    """The file was served and is not the requested table. names: what the message names."""

    dataset: str
    reason: str
    names: tuple[str, ...]


THIRD_PARTY = "Fingertips' figures re-shaped by a third party; the publisher answers with 26 or 27 other columns."
LAIT = "Of an app of the Department for Education (LAIT), no table of Explore education statistics."
CODES = "A list of areas' codes, no table that is fetched: catalogue/areas.yml and area_changes.yml follow from it."
CARRIED = "In the bundled snapshot (tests/snapshot, tests/release); no publisher serves it in this form. It holds "
NOT_YET = "Not yet read; it is to be taken in where the mart has no figures today. It holds "

TA, FUEL, FUEL_LSOA = (
    "govuk_mhclg_temporary_accommodation",
    "govuk_desnz_fuel_poverty",
    "govuk_desnz_fuel_poverty_lsoa",
)
WALKING = "govuk_dft_walking_cycling_2018"
LEVEL_2, NEET = "ees_attainment_by_19", "ees_neet_16_17"


def _els(**rows: int) -> list[Went]:
    return [Went(f"ons_els_{name}", number, "asked") for name, number in rows.items()]


FILES: dict[str, list[Went] | Refused | str] = {
    "PROVENANCE.md": "Says where the files came from.",
    "README.md": "Says what the files are.",
    "covid_deaths/All_settings_deaths_occurrences_2020wk36.csv": (
        "Deaths by week of occurrence to week 36 of 2020, summed over places, and to regions and England, by a third "
        "party. Its last weeks were not all registered yet, and the deaths of March to June are in the publisher's own "
        "workbook with limits: it would be a second count of the same deaths."
    ),
    "covid_deaths/excess_deaths_uk_w51_2015-2020_registrations_by_LA_week.csv": CARRIED
    + "registered deaths by council and week, 2015 to 2020; its rates are a third party's and are left out.",
    # Table 2: 386 areas, three causes, three sexes, four months and all of them together.
    "covid_deaths/granular_mortality_file_ONS_Mar-Jun2020.xlsx": [Went("ons_beta_covid_deaths", 386 * 3 * 3 * 5)],
    "covid_deaths/ltla_cases_nine.csv": (
        "Cases by specimen date to December 2023, of the nine councils: a later pull, re-shaped by a third party. It "
        "has no England; beside that of another pull it would not be one measure."
    ),
    "covid_deaths/utla_cases_2021-06-22.csv.gz": CARRIED
    + "cases of COVID-19 by specimen date to June 2021, of all upper tier councils, whose sum stands for England.",
    "covid_deaths/utla_cases_and_28day_deaths_nine_to_2021-06-21.csv": (
        "Rows of the download above. Deaths within 28 days of a test are served by no publisher any more, and by no "
        "metric of the dashboard that is known."
    ),
    "desnz_fuel_poverty/sub-regional-fuel-poverty-2022-tables.xlsx": [Went(FUEL, 351), Went(FUEL_LSOA, 32_844)],
    "desnz_fuel_poverty/2019_Sub-Regional-Data-LILEE.xlsx": (
        "An edition that test_editions.py serves after newer ones and test_govuk_staging.py beside them."
    ),
    "desnz_fuel_poverty/2021_Sub-Regional-Data-LILEE.xlsx": [
        Went(FUEL, 335, vintage=2),
        Went(FUEL_LSOA, 33_755, vintage=2),
    ],
    "desnz_fuel_poverty/2022_Sub-Regional-Data-LILEE.xlsx": [
        Went(FUEL, 335, vintage=3),
        Went(FUEL_LSOA, 33_755, vintage=3),
    ],
    "dfe_ees/bds_long_0.parquet": LAIT,
    "dfe_ees/eyfsp_headline_measures_2022.csv": [Went("ees_early_years", 12_852)],
    "dfe_ees/ks4_children_in_care_la.csv": Refused(
        "ees_key_stage_4", "missing_column", ("breakdown_topic", "breakdown", "sex")
    ),
    "dfe_ees/ks4_outcomes_reshaped.csv": "Key stage 4 re-shaped by a third party: one row a measure.",
    "dfe_ees/la_code_list.xlsx": LAIT,
    "dfe_ees/lait_data_dictionary.csv": LAIT,
    "dfe_ees/level2_3_by_19_release_2018-19.csv": [Went(LEVEL_2, 17_535, vintage=1)],
    "dfe_ees/level2_3_by_19_release_2021.csv": [Went(LEVEL_2, 21_396, vintage=2)],
    "dfe_ees/level2_3_by_19_release_2022.csv": [Went(LEVEL_2, 26_384, vintage=3)],
    "dfe_ees/neet_16_17_2022.csv": [Went(NEET, 160, vintage=1)],
    "dfe_ees/neet_16_17_2023.csv": [Went(NEET, 160, vintage=2)],
    "dfe_ees/neet_16_17_2025.csv": [Went(NEET, 161, vintage=3)],
    "dfe_ees/sn_may_2025.xlsx": LAIT,
    "dfe_ees/ks4_2018-19_revised_la_characteristics.csv": CARRIED
    + "key stage 4 of 2018/19, revised, by characteristics: pupil numbers, Progress 8 with limits.",
    # Three years of 371 areas, each with the shares of a sheet and the half widths of another: 4 columns, or 12.
    "dft_walking_cycling/CW0301.ods": [Went(WALKING, 6 * 371 * 4, page=1)],
    "dft_walking_cycling/CW0302.ods": [Went(WALKING, 6 * 371 * 12, page=2)],
    "dft_walking_cycling/CW0303.ods": [Went(WALKING, 6 * 371 * 12, page=3)],
    "dwp_cilif/2_AHC_Relative_LA.csv": [Went("govuk_dwp_children_in_low_income", 2 * 362)],
    "dwp_cilif/cilif_absolute_2021-22_nine.csv": NOT_YET
    + "children in absolute low income 2021/22 by family and work: Stat-Xplore has them, and is asked for ages alone.",
    "dwp_cilif/cilif_relative_2021-22_nine.csv": NOT_YET
    + "children in relative low income 2021/22 by family and work: Stat-Xplore has them, and is asked for ages alone.",
    "dwp_cilif/lait_child_poverty_rows.csv": NOT_YET
    + "child poverty (relative, before housing costs) of England and regions: the table behind it is not asked for.",
    "fingertips/90284_injury_admissions_child502_parent15.csv": [Went("fingertips_90284", 7_208)],
    "fingertips/93015_physically_inactive_website_download.csv": [Went("fingertips_93015", 2_223)],
    "fingertips/93881_adult_obesity_website_download.csv": [Went("fingertips_93881", 2_223)],
    # Of an indicator that the catalogue does not take; an entry more for it is all that this needs.
    "fingertips/older_26_columns_countyua.csv": [Went("fingertips_93356", 852)],
    "fingertips_figures/active_adults.csv": THIRD_PARTY,
    "fingertips_figures/dashboard_admissions_self_harm.csv": THIRD_PARTY,
    "fingertips_figures/dashboard_admissions_self_harm_young_people.csv": THIRD_PARTY,
    "fingertips_figures/dashboard_low_income_families.csv": THIRD_PARTY,
    "fingertips_figures/dashboard_neets.csv": THIRD_PARTY,
    "fingertips_figures/dashboard_school_readiness_fsm.csv": THIRD_PARTY,
    "fingertips_figures/healthy_life_expectancy.csv": THIRD_PARTY,
    "fingertips_figures/inactive_adults.csv": THIRD_PARTY,
    "fingertips_figures/inequality_life_expectancy.csv": THIRD_PARTY,
    "fingertips_figures/life_expectancy.csv": THIRD_PARTY,
    "fingertips_figures/92708_resident_population_rows.csv": NOT_YET
    + "residents by sex and five-year age; they have a place once deaths by sex and five-year age are at hand, too.",
    "fingertips_figures/93015_93088_rows.csv": NOT_YET
    + "rows of two indicators, of which 93015 is bundled from the service's own file at full precision.",
    "fingertips_figures/93474_deaths_in_hospital_rows.csv": CARRIED
    + "deaths of the year by broad age, the denominators of a share, from the same extract; without sex.",
    "fingertips_figures/93701_absolute_low_income_rows.csv": CARRIED
    + "children under 16 in absolute low income, of the old base year, from the same extract.",
    "fingertips_figures/loneliness_93758_eight_of_nine.csv": CARRIED
    + "loneliness of eight councils, one row each, re-shaped by a third party.",
    "geography/area_code_changes.csv": CODES,
    "geography/lad2023_boundaries_epsg4326.geojson": [Went("open_geography_boundaries", 9, "asked")],
    "geography/lad24_to_region_lookup.csv": [Went("open_geography_district_region", 296, "asked")],
    "geography/lad_may_2024_buc.gpkg": "Boundaries as a GeoPackage; Open Geography is asked for GeoJSON.",
    "geography/lads.csv": CODES,
    "geography/las.csv": CODES,
    "geography/ltla_to_utla_apr23.csv": [Went("open_geography_lower_upper", 318, "asked")],
    "mhclg_homelessness/DetailedLA_202112.xlsx": [Went(TA, 321, page=1)],
    "mhclg_homelessness/Detailed_LA_202203.xlsx": [Went(TA, 321, page=2)],
    "mhclg_homelessness/Detailed_LA_202206.xlsx": [Went(TA, 321, page=3)],
    "mhclg_homelessness/Detailed_LA_202209.xlsx": [Went(TA, 321, page=4)],
    "mhclg_homelessness/Detailed_LA_202212.xlsx": [Went(TA, 321, page=5)],
    "mhclg_homelessness/Detailed_LA_202303.xlsx": [Went(TA, 321, page=6)],
    "mhclg_homelessness/Detailed_LA_202306_all_dropdowns_fix.xlsx": [Went(TA, 308, page=7)],
    "mhclg_homelessness/Detailed_LA_202309_fixed.xlsx": [Went(TA, 308, page=8)],
    "mhclg_homelessness/Detailed_LA_202312.xlsx": [Went(TA, 308, page=9)],
    "mhclg_homelessness/Detailed_LA_202403.xlsx": [Went(TA, 308, page=10)],
    "mhclg_homelessness/Detailed_LA_202406_fix.xlsx": [Went(TA, 308, page=11)],
    "mhclg_homelessness/Detailed_LA_202409.xlsx": [Went(TA, 308, page=12)],
    "mhclg_homelessness/Detailed_LA_202412.ods": [Went(TA, 308, page=13)],
    "mhclg_homelessness/Detailed_LA_202503.ods": [Went(TA, 308, page=14)],
    "mhclg_homelessness/Statutory_Homelessness_Detailed_Local_Authority_Data_202506.ods": [Went(TA, 308, page=15)],
    "mhclg_homelessness/Statutory_Homelessness_Detailed_Local_Authority_Data_202509.ods": [Went(TA, 308, page=16)],
    "mhclg_homelessness/Statutory_Homelessness_Detailed_Local_Authority_Data_202512.ods": [Went(TA, 308, page=17)],
    "mhclg_iod/File_10_-_IoD2019_Local_Authority_District_Summaries__lower-tier__.xlsx": [
        Went("govuk_iod_2019_districts", 317)
    ],
    "mhclg_iod/File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx": [Went("govuk_iod_2025_lsoa", 33_755)],
    "mhclg_iod/iod2025_file_10_districts.csv": CARRIED
    + "File 10 of the Indices of Deprivation 2025 (districts), its columns renamed by a third party.",
    "mhclg_iod/iod2025_file_13_icbs.csv": NOT_YET
    + "File 13 of the Indices of Deprivation 2025: of health boards, which dim_area_deprivation does not rank.",
    # Nine councils twice and a region, three ages; the file has more areas and ages, which are not asked for.
    "nomis/NM_2002_1_population_2021.csv": [Went("nomis_population", 57, "asked")],
    "nomis/ashe_resident_earnings.xlsx": "A workbook that the website makes of a query; the interface answers as CSV.",
    "nomis/census2011_disability_msoa.csv": "A table of the census, one column a category, which the catalogue lacks.",
    "nomis/claimant_count_london_2018.csv": Refused(
        "nomis_claimants", "missing_column", ("record_count", "measures", "obs_status", "duration_name", "sex_name")
    ),
    "nomis/labour_market_NM_17_5_2023-11.parquet": CARRIED
    + "unemployment of the Annual Population Survey, 75 years to June 2023, re-shaped by a third party.",
    "nomis/labour_market_NM_17_5_2024-06_northern.parquet": CARRIED
    + "the same survey to December 2023, of northern councils, with counts and with what had come to be hidden.",
    "ons_ashe/lwf_table_7_1a_work_geography_2022.xls": [Went("ons_beta_below_real_living_wage", 9 * 411, "zipped")],
    "ons_ashe/real_living_wage_at_or_above_2016-2025.csv": "A later vintage of ATF13 for three of the nine councils, "
    "re-shaped by a third party; tests hold it beside the provisional table of 2022. In the bundle it would be a "
    "newest year without six councils.",
    "ons_ashe/table8_residence_2023_weekly_earnings.csv": NOT_YET
    + "weekly pay by residence, April 2023, provisional, re-shaped by a third party.",
    # The service answers for the areas that are asked for, or for all councils of the United Kingdom; so many of the
    # file's rows are theirs.
    "ons_els/children-in-relative-poverty.csv": _els(
        children_in_relative_poverty_before_housing=40, children_in_relative_poverty_after_housing=770
    ),
    "ons_els/claimant-count.csv": _els(claimant_count=9_600),
    "ons_els/early-years.csv": _els(
        early_years_communication_language=44, early_years_literacy=44, early_years_mathematics=44
    ),
    "ons_els/employment-rate.csv": _els(employment_rate=7_460, economic_inactivity_rate=220),
    "ons_els/gcses-in-english-and-maths.csv": _els(gcses_equivalent_english_maths=99),
    "ons_els/gross-median-weekly-pay.csv": _els(gross_median_weekly_pay=198),
    "ons_els/healthy-life-expectancy.csv": _els(
        healthy_life_expectancy_male=2_583, healthy_life_expectancy_female=2_583
    ),
    "ons_els/housing-affordability-ratio.csv": _els(housing_affordability_ratio=264),
    "ons_els/modelled-unemployment.csv": _els(modelled_unemployment=7_040),
    "ons_els/personal-wellbeing-estimates.csv": _els(
        wellbeing_anxiety=132, wellbeing_happiness=132, wellbeing_satisfaction=132, wellbeing_worthwhile=132
    ),
    "ons_population/mye23tablesew.xlsx": [Went("ons_beta_population_estimates", 357 * 92 * 3)],
    "ukhsa/COVID-19_cases_countRollingMean_CTRY_E92000001_all_all_default.json": [
        Went("ukhsa_covid_cases_mean_england", 366, "asked")
    ],
    "ukhsa/COVID-19_deaths_ONSByDay_CTRY_E92000001_all_all_default.json": [
        Went("ukhsa_covid_deaths_by_day_england", 366, "asked")
    ],
}
WENT = [(file, went) for file, became in FILES.items() if isinstance(became, list) for went in became]
REFUSED = [became for became in FILES.values() if isinstance(became, Refused)]

LOST_A_YEAR = "staged_vintages.most_figures_are_still_there"
HELD = {(NEET, 2): LOST_A_YEAR, (NEET, 3): LOST_A_YEAR}
"""Vintages that admission has to hold. The publication's own file of NEET has all years, and that one is asked for
(catalogue/collections/ees_neet_16_17.yml). The dashboard's file in its place has one year alone: the others would be
taken for withdrawn; `atf admit` lets it in."""

SET_ASIDE = {
    # 1,406 and twice 846 rows of England: each figure once with and once without a parent.
    ("fingertips_90284", "exact_duplicate", None): 703,
    ("fingertips_93015", "exact_duplicate", None): 423,
    ("fingertips_93881", "exact_duplicate", None): 423,
    # Each council once as a district and once as a county or unitary authority.
    ("nomis_population", "exact_duplicate", "200"): 9,
    ("nomis_population", "exact_duplicate", "201"): 9,
    ("nomis_population", "exact_duplicate", "209"): 9,
    # Eight groups of pupils in eleven areas, of the cohorts 2023 to 2025, which the third release has as zeros.
    (LEVEL_2, "other_measure", "l2_by19, cohort not yet 19"): 264,
    (LEVEL_2, "other_measure", "l3_by19, cohort not yet 19"): 264,
    # By ethnic group, first language, special needs and term of birth.
    ("ees_early_years", "other_measure", "gld_children_percent of other groups"): 753,
    # Eleven areas, three years: what is not for travel where travel is asked for, and the frequencies beside ours.
    **{
        (WALKING, "other_measure", f"{mode}, {purpose}, at least {often}"): 11 * 3
        for mode, purposes in (
            ("walking or cycling", ("any purpose",)),
            ("cycling", ("any purpose", "leisure", "travel")),
            ("walking", ("any purpose", "leisure", "travel")),
        )
        for purpose in purposes
        for often in ("once per month", "once per week", "3 times per week", "5 times per week")
        if (mode, purpose, often)
        not in {
            ("walking or cycling", "any purpose", "3 times per week"),
            ("walking or cycling", "any purpose", "5 times per week"),
            ("cycling", "travel", "3 times per week"),
            ("walking", "travel", "3 times per week"),
        }
    },
    # Eleven areas, three sexes, four months and all of them together.
    ("ons_beta_covid_deaths", "other_measure", "non covid-19"): 11 * 3 * 5,
    # Eleven areas, three sexes, 91 ages beside the total.
    ("ons_beta_population_estimates", "other_measure", "Single year of age"): 11 * 3 * 91,
}
"""What of our own areas is set aside, with the reason and the measure: figures."""


@dataclass(frozen=True)
class Home:
    """A home after three runs in which the publishers had these files."""

    settings: Settings
    catalogue: Catalogue
    data: Path
    attempts: list[Attempt]
    verdicts: dict[tuple[str, int], Verdict]
    """(dataset, number of the vintage) -> admission's verdict."""

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql, parameters or []).fetchall()

    def vintage(self, went: Went) -> Vintage:
        collection, _ = self.catalogue.dataset(went.dataset)
        vintages = Store(self.settings.landing).vintages(went.dataset, collection.parts[0].id)
        return vintages[went.vintage - 1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Home]:
    disable_usage_data()
    catalogue = catalogue_with_the_older_indicator()
    wanted = {went.dataset for _, went in WENT} | {refused.dataset for refused in REFUSED}
    revised = {LEVEL_2, NEET, FUEL, FUEL_LSOA}
    attempts: list[Attempt] = []
    verdicts: dict[tuple[str, int], Verdict] = {}
    with every_publisher(shared_data) as publishers:
        settings = publishers.settings(tmp_path_factory.mktemp("every") / "home")
        for run in RELEASES:
            publishers.release(run)
            refresh = Refresh(settings, run)
            refresh.catalogue = catalogue
            # All that has one release alone comes with the last one of those that have several.
            attempts += refresh.fetch(sorted(wanted if run == "three" else revised))
            refresh.parse()
            refresh.build("staged")
            _, decided = refresh.admit()
            verdicts |= {(entry.vintage.dataset, entry.vintage.sequence): verdict for entry, verdict in decided}
    yield Home(settings, catalogue, shared_data, attempts, verdicts)


def test_there_is_no_file_that_the_table_does_not_know_and_none_that_is_gone(shared_data: Path) -> None:
    there = {str(path.relative_to(shared_data)) for path in shared_data.rglob("*") if path.is_file()}
    assert there == FILES.keys()


def test_every_file_that_a_publisher_serves_landed(home: Home) -> None:
    refused = {refused.dataset for refused in REFUSED}
    bad = {
        attempt.dataset: attempt.message
        for attempt in home.attempts
        # Fingertips has no other levels of these indicators.
        if attempt.outcome not in ("landed", "no_data") and attempt.dataset not in refused
    }
    assert bad == {}
    landed = {(attempt.dataset, attempt.sequence) for attempt in home.attempts if attempt.outcome == "landed"}
    assert landed == {(went.dataset, went.vintage) for _, went in WENT}


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.dataset)
def test_a_file_that_is_another_table_is_refused_with_the_names_of_its_columns(home: Home, refused: Refused) -> None:
    (attempt,) = [attempt for attempt in home.attempts if attempt.dataset == refused.dataset]
    assert (attempt.outcome, attempt.reason) == ("rejected", refused.reason)
    said = (attempt.message or "").replace(",", " ").replace(".", " ").split()
    assert set(refused.names) <= set(said)
    assert home.rows("select count(*) from raw.vintage where dataset = ?", [refused.dataset]) == [(0,)]


@pytest.mark.parametrize(("file", "went"), WENT, ids=[f"{file}-{went.dataset}" for file, went in WENT])
def test_each_file_landed_with_all_its_rows(home: Home, file: str, went: Went) -> None:
    collection, _ = home.catalogue.dataset(went.dataset)
    vintage = home.vintage(went)
    found = home.rows(
        f"select count(*) from raw.{collection.table} where vintage_id = ? and page = coalesce(?, page)",
        [vintage.id, went.page],
    )
    assert found == [(went.rows,)]
    if went.how == "asked":
        return
    kept = list(Store(home.settings.landing).verified(vintage))
    body = kept[(went.page or 1) - 1].read_bytes()
    if went.how == "zipped":
        with zipfile.ZipFile(kept[0]) as archive:
            (member,) = archive.namelist()
            body = archive.read(member)
    assert hashlib.sha256(body).digest() == hashlib.sha256((home.data / file).read_bytes()).digest()


def test_every_landed_row_is_staged_and_is_kept_or_set_aside_with_a_reason(home: Home) -> None:
    account = home.rows(
        "select vintage.dataset, vintage.sequence, account.landed_rows, account.staged_rows, "
        "kept_rows + duplicate_rows + other_period_length_rows + other_area_rows + not_redistributed_rows "
        "+ other_measure_rows + reference_rows "
        "from intermediate.int_row_account as account inner join raw.vintage as vintage using (vintage_id)"
    )
    expected: dict[tuple[str, int], int] = {}
    for _, went in WENT:
        expected[went.dataset, went.vintage] = expected.get((went.dataset, went.vintage), 0) + went.rows
    assert {row[:2]: row[2:] for row in account} == {key: (rows, rows, rows) for key, rows in expected.items()}
    assert len(account) == len(expected)


def test_what_is_set_aside_of_our_own_areas_is_twice_there_or_another_figure(home: Home) -> None:
    found = home.rows(
        "select dataset, row_use, measure, count(*) from intermediate.int_staged "
        "inner join raw.catalogue_area using (area_code) where row_use <> 'kept' group by all"
    )
    assert {row[:3]: row[3] for row in found} == SET_ASIDE


def test_admission_admits_every_vintage_but_those_that_would_lose_a_year(home: Home) -> None:
    latest = {key: verdict.reason for key, verdict in home.verdicts.items() if verdict.verdict != "admitted"}
    assert latest == HELD
    assert home.verdicts.keys() == {(went.dataset, went.vintage) for _, went in WENT}
    assert all(home.verdicts[key].remedy for key in HELD)


def test_the_three_releases_the_three_years_and_the_seventeen_quarters_are_among_them() -> None:
    went = [entry for _, entry in WENT]
    assert sorted(entry.vintage for entry in went if entry.dataset == LEVEL_2) == [1, 2, 3]
    assert sorted(entry.vintage for entry in went if entry.dataset == NEET) == [1, 2, 3]
    assert sorted(entry.vintage for entry in went if entry.dataset == FUEL) == [1, 2, 3]
    assert sorted(entry.page or 0 for entry in went if entry.dataset == TA) == list(range(1, 18))
