"""GOV.UK through the live path on loopback: which file is taken, when it is asked for again, what is refused.

The publishers' real files are served where ../shared/data has them; their figures below were read in those files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from atf_dagster.catalogue import load
from atf_dagster.landing import Attempt, Store
from atf_dagster.warehouse import raw
from support import fetching
from support.publishers.govuk import (
    FILES,
    FUEL,
    FUEL_2022,
    FUEL_COLLECTION,
    File,
    Govuk,
    PublishedPage,
    made_up_fuel,
    workbook,
)

TA = "govuk_mhclg_temporary_accommodation"
FUEL_LSOA = "govuk_desnz_fuel_poverty_lsoa"
CHILDREN = "govuk_dwp_children_in_low_income"
WALKING = "govuk_dft_walking_cycling"

LIVE_TABLES = "/government/statistical-data-sets/live-tables-on-homelessness"
HOMELESSNESS = "/government/collections/homelessness-statistics"
CHILDREN_COLLECTION = "/government/collections/children-in-low-income-families-local-area-statistics"
CHILDREN_2025 = "/government/statistics/children-in-low-income-families-local-area-statistics-2022-to-2025"
WALKING_PAGE = "/government/statistical-data-sets/walking-and-cycling-statistics-cw"

QUARTERS = {
    "202403": "Detailed_LA_202403.xlsx",
    "202412": "Detailed_LA_202412.ods",
    "202503": "Detailed_LA_202503.ods",
    "202506": "Statutory_Homelessness_Detailed_Local_Authority_Data_202506.ods",
    "202509": "Statutory_Homelessness_Detailed_Local_Authority_Data_202509.ods",
}
LA_ROWS = 308
LSOA_ROWS = 32_844
SWAPPED_ON_LOOPBACK = "5f00000000000000000000ff"


@dataclass
class Home:
    """A landing and the GOV.UK that it asks."""

    folder: Path
    govuk: Govuk

    def fetch(self, dataset: str) -> Attempt:
        self.govuk.forget()
        return fetching.fetch_one(self.folder / "landing", self.govuk.base_urls, dataset)

    @property
    def store(self) -> Store:
        return Store(self.folder / "landing")

    def raw(self, table: str, columns: str, where: str = "true") -> list[tuple[object, ...]]:
        (self.folder / "raw").mkdir(exist_ok=True)
        raw.parse_new(load(), self.store, self.folder / "raw", "run", lambda message: None)
        files = str(self.folder / "raw" / table / "*.parquet")
        query = f"select {columns} from read_parquet($files, union_by_name = true) where {where} order by all"
        with duckdb.connect() as connection:
            return connection.execute(query, {"files": files}).fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Govuk() as server:
        yield Home(tmp_path, server)


@pytest.fixture
def real(shared_data: Path) -> Callable[[str], bytes]:
    return lambda name: (shared_data / name).read_bytes()


def made_up_ta1(day: str, households: int = 10) -> bytes:
    """A small TA1 with made-up figures."""
    return workbook(
        "TA1",
        [
            [f"Table TA1 - Number of households by type of temporary accommodation provided\nEngland, {day}"],
            ["", "", "Households in temporary accommodation at end of quarter1"],
            [
                "",
                "",
                "Total number of households in TA1,2,3,4",
                "Number of households in area5  (000s)",
                "Total number of households in TA per (000s)",
                "Total number of households in TA with children",
                "Total number of children in TA",
            ],
            ["E08000012", "Liverpool", households, 100, households / 100, 1, 2],
        ],
    )


def live_tables(*files: File) -> PublishedPage:
    return PublishedPage("Live tables on homelessness", files)


def publish_fuel(home: Home, *files: File, **more: object) -> PublishedPage:
    page = PublishedPage("Sub-regional fuel poverty data 2022", files, **more)  # type: ignore[arg-type]
    home.govuk.pages[FUEL_2022] = page
    home.govuk.collections[FUEL_COLLECTION] = [FUEL_2022]
    return page


# Every quarter of the detailed homelessness tables.


def test_each_quarter_on_the_live_tables_is_a_page_of_one_vintage(home: Home, real: Callable[[str], bytes]) -> None:
    shuffled = ["202509", "202403", "202506", "202412", "202503"]
    files = [
        File(QUARTERS[quarter], real(f"mhclg_homelessness/{QUARTERS[quarter]}"), f"5f{number:022x}")
        for number, quarter in enumerate(shuffled)
    ]
    home.govuk.pages[LIVE_TABLES] = live_tables(*files)
    home.govuk.collections[HOMELESSNESS] = []

    attempt = home.fetch(TA)

    assert attempt.outcome == "landed"
    assert attempt.release == ", ".join(QUARTERS.values())
    assert [Path(page.url).name for page in attempt.pages] == list(QUARTERS.values())
    assert home.raw("mhclg_temporary_accommodation", "page, count(*)", "true group by all") == [
        (page, LA_ROWS) for page in (1, 2, 3, 4, 5)
    ]
    figures = home.raw(
        "mhclg_temporary_accommodation",
        "area_code, regexp_extract(title, ' ([0-9]+)(st|nd|rd|th)? ([A-Z][a-z]+ [0-9]+)$', 3), households_in_ta, "
        "households_in_area_thousands, households_in_ta_per_thousand, households_with_children_in_ta, children_in_ta",
    )
    for read_in_the_file in (
        ("E06000006", "March 2024", "98", "57.591", "1.70165477244708", "23", "45"),
        ("E08000012", "March 2024", "863", "227.712", "3.78987492973581", "396", "820"),
        ("E08000014", "December 2024", "179", "123.359", "1.4510493762109", "57", "146"),
        ("E08000013", "March 2025", "60", "82.366", "0.728455916276133", "38", "72"),
        ("E06000049", "June 2025", "47", "175.591", "0.267667477262502", "21", "52"),
        ("E12000002", "September 2025", "9350", "3247.558", "2.87888458144751", "5580", "12090"),
        ("E92000001", "September 2025", "134760", "24587.083", "5.48081032031968", "85730", "175990"),
        ("E09000007", "June 2025", "..", "120.624", "..", "..", ".."),
    ):
        assert read_in_the_file in figures


def test_the_headings_of_2026_are_the_same_columns(home: Home) -> None:
    # Made-up figures under the headings of the file of March 2026, which has one row of them.
    flat = workbook(
        "TA1",
        [
            ["Table TA1: Households in temporary accommodation by type, England, 31 March 2026"],
            [
                "Organisation Identification Code",
                "Area Name",
                "Households in TA\nTotal\n[note 34]",
                "Households in area\n(thousands)\n[note 5]",
                "Households in TA\nTotal\n(per thousand)\nTotal",
                "Households in TA with children\nTotal",
                "Children in TA\nTotal",
                "Households in B&Bs including shared annexes\nTotal",
            ],
            ["E92000001", "ENGLAND", 20, 10, 2, 6, 9, 1],
            ["[z]", "Rest of England", 10, 5, 2, 3, 4, 0],
            ["E08000012", "Liverpool", 10, 5, 2, 3, 5, 0],
        ],
    )
    home.govuk.pages[LIVE_TABLES] = live_tables(
        File("Statutory_Homelessness_Detailed_Local_Authority_Data_202603.ods", flat)
    )
    home.govuk.collections[HOMELESSNESS] = []

    assert home.fetch(TA).outcome == "landed"
    assert home.raw(
        "mhclg_temporary_accommodation",
        "area_code, area_name, households_in_ta, households_in_area_thousands, households_in_ta_per_thousand, "
        "households_with_children_in_ta, children_in_ta",
    ) == [
        ("E08000012", "Liverpool", "10", "5", "2", "3", "5"),
        ("E92000001", "ENGLAND", "20", "10", "2", "6", "9"),
        ("[z]", "Rest of England", "10", "5", "2", "3", "4"),
    ]


def test_one_file_a_quarter_the_corrected_one_first(home: Home) -> None:
    plain, revised, fixed = (made_up_ta1("31 March 2024", households) for households in (10, 20, 30))
    home.govuk.pages[LIVE_TABLES] = live_tables(
        File("Detailed_LA_202403.xlsx", plain, "5f0000000000000000000001"),
        File("Detailed_LA_202403_revised.xlsx", revised, "5f0000000000000000000002"),
        File("Detailed_LA_202403_fix.xlsx", fixed, "5f0000000000000000000003"),
        File("Detailed_LA_202406_revised.xlsx", made_up_ta1("30 June 2024", 40), "5f0000000000000000000004"),
        File("Detailed_LA_202406_corrected.xlsx", made_up_ta1("30 June 2024", 50), "5f0000000000000000000005"),
        File("Detailed_LA_202409.xlsx", made_up_ta1("30 September 2024", 60), "5f0000000000000000000006"),
        File("V2_Detailed_LA_202409.xlsx", made_up_ta1("30 September 2024", 70), "5f0000000000000000000007"),
        File("V10_Detailed_LA_202409.xlsx", made_up_ta1("30 September 2024", 80), "5f0000000000000000000008"),
        File("Detailed_LA_202412.ods", made_up_ta1("31 December 2024", 90), "5f0000000000000000000009"),
        File("Detailed_LA_202412_revised_No_Dropdowns.ods", made_up_ta1("31 December 2024", 91), "5f" + "a" * 22),
        File("Detailed_LA_202503_No_Dropdowns.ods", made_up_ta1("31 March 2025", 95), "5f" + "b" * 22),
    )
    home.govuk.collections[HOMELESSNESS] = []

    attempt = home.fetch(TA)

    assert attempt.release == (
        "Detailed_LA_202403_revised.xlsx, Detailed_LA_202406_corrected.xlsx, V10_Detailed_LA_202409.xlsx, "
        "Detailed_LA_202412.ods, Detailed_LA_202503_No_Dropdowns.ods"
    )
    assert home.raw("mhclg_temporary_accommodation", "page, households_in_ta") == [
        (1, "20"), (2, "50"), (3, "80"), (4, "90"), (5, "95"),
    ]  # fmt: skip


def test_a_release_fills_in_what_the_live_tables_lack_and_never_replaces_them(home: Home) -> None:
    march, june = "/government/statistics/march", "/government/statistics/june"
    title = "Statutory homelessness in England: {} 2024"
    home.govuk.pages |= {
        LIVE_TABLES: live_tables(File("Detailed_LA_202403.xlsx", made_up_ta1("31 March 2024", 11), "5f" + "1" * 22)),
        march: PublishedPage(
            title.format("January to March"),
            [File("Detailed_LA_202403.xlsx", made_up_ta1("31 March 2024", 12), "5f" + "2" * 22)],
        ),
        june: PublishedPage(
            title.format("April to June"),
            [File("Detailed_LA_202406.xlsx", made_up_ta1("30 June 2024", 13), "5f" + "3" * 22)],
        ),
        "/government/statistics/annual": PublishedPage(title.format("financial year 2023-24 and"), []),
    }
    home.govuk.collections[HOMELESSNESS] = [march, june, "/government/statistics/annual"]

    attempt = home.fetch(TA)

    assert attempt.outcome == "landed"
    assert home.raw("mhclg_temporary_accommodation", "page, households_in_ta") == [(1, "11"), (2, "13")]
    assert "/api/content/government/statistics/annual" not in home.govuk.asked


def test_a_quarter_without_its_file_is_told_and_the_others_land(home: Home) -> None:
    june = "/government/statistics/june"
    home.govuk.pages |= {
        LIVE_TABLES: live_tables(File("Detailed_LA_202403.xlsx", made_up_ta1("31 March 2024"))),
        june: PublishedPage("Statutory homelessness in England: April to June 2024"),
    }
    home.govuk.collections[HOMELESSNESS] = [june]

    attempt = home.fetch(TA)

    assert attempt.outcome == "landed"
    assert attempt.release == "Detailed_LA_202403.xlsx"
    assert any("April to June 2024" in note and "no file that fits" in note for note in attempt.notes)


def test_a_withdrawn_release_gives_no_file_and_is_told(home: Home) -> None:
    june = "/government/statistics/june"
    home.govuk.pages |= {
        LIVE_TABLES: live_tables(File("Detailed_LA_202403.xlsx", made_up_ta1("31 March 2024"))),
        june: PublishedPage(
            "Statutory homelessness in England: April to June 2024",
            [File("Detailed_LA_202406.xlsx", made_up_ta1("30 June 2024"), "5f" + "3" * 22)],
            withdrawn="<p>Published with errors.</p>",
        ),
    }
    home.govuk.collections[HOMELESSNESS] = [june]

    attempt = home.fetch(TA)

    assert attempt.release == "Detailed_LA_202403.xlsx"
    assert any("withdrew" in note and "Published with errors." in note for note in attempt.notes)


def test_quarters_before_the_known_layout_are_not_asked_for(home: Home) -> None:
    home.govuk.pages[LIVE_TABLES] = live_tables(
        File("DetailedLA_202109.xlsx", b"an older layout", "5f" + "1" * 22),
        File("Detailed_LA_20222023_revised.xlsx", b"a financial year", "5f" + "2" * 22),
        File("Detailed_LA_202403.xlsx", made_up_ta1("31 March 2024"), "5f" + "3" * 22),
    )
    home.govuk.collections[HOMELESSNESS] = []

    assert home.fetch(TA).release == "Detailed_LA_202403.xlsx"
    assert home.govuk.files_asked() == ["Detailed_LA_202403.xlsx"]


# The newest document of a collection.


def test_both_tables_of_the_fuel_poverty_workbook_are_found_by_their_headings(
    home: Home, real: Callable[[str], bytes]
) -> None:
    name = "sub-regional-fuel-poverty-2022-tables.xlsx"
    report = File("fuel-poverty-report-tables.pdf", b"%PDF", "5f" + "2" * 22)
    publish_fuel(home, report, File(name, real(f"desnz_fuel_poverty/{name}")), published="2022-04-28T08:30:00Z")

    assert home.fetch(FUEL).outcome == "landed"
    assert home.fetch(FUEL_LSOA).outcome == "landed"

    assert len(home.raw("desnz_fuel_poverty", "area_code")) == 351
    figures = home.raw(
        "desnz_fuel_poverty", "area_code, area_name, households, households_in_fuel_poverty, share_in_fuel_poverty"
    )
    for read_in_the_file in (
        ("E92000001", "ENGLAND", "23868877", "3158206", "13.231481313511315"),
        ("E12000002", "NORTH WEST", "3225129", "465325", "14.428105046340784"),
        ("E06000006", "Halton", "57078", "7865", "13.779389607204177"),
        ("E06000047", "County Durham", "237071", "34928", "14.73313901742516"),
        ("E08000012", "Liverpool", "221126", "41297", "18.675777610954842"),
        ("E07000188", "Sedgemoor", "54216", "6198", "11.432049579459939"),
    ):
        assert read_in_the_file in figures
    assert len(home.raw("desnz_fuel_poverty_lsoa", "distinct area_code")) == LSOA_ROWS
    assert home.raw(
        "desnz_fuel_poverty_lsoa", "council_code, households, share_in_fuel_poverty", "area_code = 'E01000001'"
    ) == [("E09000001", "936", "4.273504273504273")]


def test_the_newest_release_with_the_title_is_taken(home: Home) -> None:
    newer, report = "/government/statistics/newer", "/government/statistics/report"
    publish_fuel(home, File("fuel-poverty-2022-tables.xlsx", made_up_fuel(1), "5f" + "1" * 22))
    home.govuk.pages |= {
        newer: PublishedPage(
            "Sub-regional fuel poverty 2024 (2022 data)",
            [File("fuel-poverty-2024-tables.xlsx", made_up_fuel(2), "5f" + "2" * 22)],
            published="2025-12-05T09:30:00Z",
        ),
        report: PublishedPage("Sub-regional fuel poverty report 2026 (2024 data)", published="2026-05-14T09:30:00Z"),
    }
    home.govuk.collections[FUEL_COLLECTION] = [FUEL_2022, report, newer]

    attempt = home.fetch(FUEL)

    assert (attempt.release, attempt.published_at) == ("fuel-poverty-2024-tables.xlsx", "2025-12-05T09:30:00Z")
    assert home.govuk.files_asked() == ["fuel-poverty-2024-tables.xlsx"]


def test_children_in_low_income_families_have_a_row_a_council_and_year(
    home: Home, real: Callable[[str], bytes]
) -> None:
    name = "children-in-low-income-families-local-area-statistics-2022-to-2025.csv"
    home.govuk.pages[CHILDREN_2025] = PublishedPage(
        "Children in low income families: local area statistics 2022 to 2025",
        [File(name, real("dwp_cilif/2_AHC_Relative_LA.csv"))],
    )
    home.govuk.collections[CHILDREN_COLLECTION] = [CHILDREN_2025]

    assert home.fetch(CHILDREN).outcome == "landed"

    figures = home.raw("dwp_children_in_low_income", "area_code, key, children, share_of_children")
    assert len(figures) == 724
    for read_in_the_file in (
        ("K02000001", "2024", "3,296,672", "26.3%"),
        ("K02000001", "2025", "3,269,339", "26.0%"),
        ("E06000006", "2024", "6,803", "27.8%"),
        ("E06000006", "2025", "6,881", "28.3%"),
        ("E08000012", "2024", "29,495", "34.3%"),
        ("E08000012", "2025", "29,864", "34.2%"),
        ("E06000001", "2025", "5,924", "31.9%"),
    ):
        assert read_in_the_file in figures


def test_walking_and_cycling_has_a_row_an_area_frequency_and_year(home: Home) -> None:
    # Made up: of the present layout no file is at hand. Its columns are those that a public program reads.
    made_up = workbook(
        "CW0301",
        [
            ["CW0301: Proportion of adults who do any walking or cycling, by frequency, purpose and local authority"],
            ["Notes are at the end"],
            [],
            [],
            ["ONS Code", "Class", "Area name", "Mode", "Purpose", "Frequency", "2021", "2022 [r]"],
            ["E08000012", "Urban", "Liverpool", "Any", "Travel", "At least 3 times per week", 40.25, 41.5],
            ["E08000012", "Urban", "Liverpool", "Any", "Travel", "At least 5 times per week", "[x]", 31.5],
        ],
    )
    home.govuk.pages[WALKING_PAGE] = PublishedPage(
        "Walking and cycling statistics (CW)",
        [File("cw0302.ods", b"another table", "5f" + "2" * 22), File("cw0301.ods", made_up)],
    )

    assert home.fetch(WALKING).outcome == "landed"

    assert home.raw("dft_walking_cycling", "area_name, frequency, key, share_of_adults") == [
        ("Liverpool", "At least 3 times per week", "2021", "40.25"),
        ("Liverpool", "At least 3 times per week", "2022", "41.5"),
        ("Liverpool", "At least 5 times per week", "2021", "[x]"),
        ("Liverpool", "At least 5 times per week", "2022", "31.5"),
    ]


# When it is asked for again.


def test_nothing_is_downloaded_while_the_files_and_the_change_note_are_the_same(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    assert home.fetch(FUEL).outcome == "landed"

    page.published = "2025-06-01T00:00:00Z"  # a new date without a new file
    again = home.fetch(FUEL)

    assert again.outcome == "unchanged"
    assert home.govuk.files_asked() == []


def test_a_file_swapped_without_a_new_date_is_noticed(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel(1), "5f" + "1" * 22))
    assert home.fetch(FUEL).outcome == "landed"

    page.files = [File("fuel-poverty-tables.xlsx", made_up_fuel(2), "5f" + "2" * 22)]
    again = home.fetch(FUEL)

    assert (again.outcome, again.sequence) == ("landed", 2)
    assert home.raw("desnz_fuel_poverty", "share_in_fuel_poverty") == [("1",), ("2",)]


def test_a_swapped_file_is_asked_for_without_the_validators_of_the_one_before(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel(1), "5f" + "1" * 22))
    home.fetch(FUEL)
    # The publisher goes back to a file whose validator we hold under another address.
    page.files = [File("fuel-poverty-tables-v2.xlsx", made_up_fuel(1), "5f" + "1" * 22)]

    again = home.fetch(FUEL)

    assert again.outcome == "unchanged"
    assert again.status == 200


def test_the_publishers_change_note_is_told(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    page.changes = [("2025-01-01T09:30:00Z", "First published."), ("2025-02-03T09:30:00Z", "Table 2 <b>corrected</b>.")]

    attempt = home.fetch(FUEL)

    assert any("2025-02-03" in note and "Table 2 corrected." in note for note in attempt.notes)


def test_a_new_change_note_alone_has_the_file_checked(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    home.fetch(FUEL)

    page.changes = [("2025-02-03T09:30:00Z", "Corrected in place.")]
    again = home.fetch(FUEL)

    # The page has news, so that a "not modified" of the files' host is not enough.
    assert (again.outcome, again.status) == ("unchanged", 200)
    assert home.govuk.files_asked() == ["fuel-poverty-tables.xlsx"]


# What is served in a file's place.


def test_a_replaced_file_is_followed_and_told(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel(2), "5f" + "2" * 22))
    new = page.files[0]
    old = File("fuel-poverty-tables.xlsx", b"", "5f" + "1" * 22)
    page.others = [old.attachment()]
    page.files = []
    home.govuk.pages["/not-listed"] = PublishedPage("Where the new file is", [new])
    home.govuk.moved[old.path] = new.path

    attempt = home.fetch(FUEL)

    assert attempt.outcome == "landed"
    assert attempt.final_url is not None and attempt.final_url.endswith(new.path)
    assert any("replaced the file fuel-poverty-tables.xlsx" in note for note in attempt.notes)


def test_a_web_page_in_place_of_the_file_is_refused_and_the_last_good_file_kept(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel(1), "5f" + "1" * 22))
    home.fetch(FUEL)

    scanned = File("fuel-poverty-tables.xlsx", made_up_fuel(2), SWAPPED_ON_LOOPBACK)
    page.files = [scanned]
    home.govuk.web_pages.add(scanned.path)
    refused = home.fetch(FUEL)

    assert (refused.outcome, refused.reason) == ("rejected", "web_page_for_file")
    assert refused.remedy
    assert home.raw("desnz_fuel_poverty", "share_in_fuel_poverty") == [("1",)]

    home.govuk.web_pages.clear()
    assert home.fetch(FUEL).outcome == "landed"


def test_a_withdrawn_page_keeps_the_last_good_file(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    home.fetch(FUEL)

    page.withdrawn = "<p>These figures are <b>wrong</b>.</p>"
    refused = home.fetch(FUEL)

    assert (refused.outcome, refused.reason) == ("rejected", "withdrawn")
    assert refused.message is not None and "These figures are wrong." in refused.message
    assert home.govuk.files_asked() == []
    assert len(home.store.vintages(FUEL, "all")) == 1


def test_an_older_release_does_not_stand_in_for_a_withdrawn_newest_one(home: Home) -> None:
    newer = "/government/statistics/newer"
    publish_fuel(home, File("fuel-poverty-2022-tables.xlsx", made_up_fuel()))
    home.govuk.pages[newer] = PublishedPage("Sub-regional fuel poverty data 2026", published="2026-05-14T09:30:00Z")
    home.govuk.collections[FUEL_COLLECTION] = [FUEL_2022, newer]
    home.govuk.held_back.add(newer)

    assert home.fetch(FUEL).reason == "withdrawn"

    home.govuk.held_back = {FUEL_2022}
    home.govuk.pages[newer].files = [File("fuel-poverty-2026-tables.xlsx", made_up_fuel(2))]
    assert home.fetch(FUEL).release == "fuel-poverty-2026-tables.xlsx"


def test_a_deleted_file_and_an_unpublished_page_are_failures_of_the_attempt(home: Home) -> None:
    page = publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    home.govuk.gone.add(page.files[0].path)
    deleted = home.fetch(FUEL)
    home.govuk.gone = {f"/api/content{FUEL_2022}"}
    unpublished = home.fetch(FUEL)

    for attempt in (deleted, unpublished):
        assert (attempt.outcome, attempt.status) == ("failed", 410)


def test_a_moved_page_is_followed_to_its_new_path(home: Home) -> None:
    publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    home.govuk.pages["/government/statistics/new-slug"] = home.govuk.pages[FUEL_2022]
    home.govuk.moved[f"/api/content{FUEL_2022}"] = "/api/content/government/statistics/new-slug"

    attempt = home.fetch(FUEL)

    assert attempt.outcome == "landed"
    assert any(FUEL_2022 in note and "/government/statistics/new-slug" in note for note in attempt.notes)


def test_a_renamed_release_is_refused_with_the_names_that_there_are(home: Home) -> None:
    publish_fuel(home, File("fuel-poverty-tables.xlsx", made_up_fuel()))
    home.govuk.pages[FUEL_2022].title = "Low income low energy efficiency by area"

    refused = home.fetch(FUEL)

    assert refused.reason == "document_not_found"
    assert refused.message is not None and "Low income low energy efficiency by area" in refused.message


def test_a_renamed_file_is_refused_with_the_names_that_there_are(home: Home) -> None:
    publish_fuel(home, File("lilee-tables.xlsx", made_up_fuel()), File("fuel-poverty-tables.pdf", b"%PDF"))

    refused = home.fetch(FUEL)

    assert refused.reason == "file_not_found"
    assert refused.message is not None and "lilee-tables.xlsx" in refused.message


def test_links_and_pages_among_the_attachments_are_no_files(home: Home) -> None:
    publish_fuel(
        home,
        File("fuel-poverty-tables.xlsx", made_up_fuel()),
        others=[
            {"attachment_type": "html", "title": "Fuel poverty tables", "url": "/government/statistics/x/tables"},
            {"attachment_type": "external", "title": "Tables", "url": f"{FILES}/media/1/fuel-poverty-tables.xlsx"},
        ],
    )

    assert home.fetch(FUEL).outcome == "landed"
