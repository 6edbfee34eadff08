"""Editions that hold one period or the newest few: served one after the other, late, revised and cut, by GOV.UK.

Belongs here: what a further edition does to the periods of the others, for every department's table of which real
editions are at hand, and which cut editions are held. Does not belong here: reading one edition (test_govuk_staging),
which collections hold what (tests/catalogue).

Figures are those of the publishers' workbooks, read there by hand. Revised and cut editions are made from them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from atf_dagster.landing import Store
from atf_dagster.pipeline.run_record import RunRecord
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.quality.results import Result
from atf_dagster.settings import Settings, disable_usage_data
from atf_dagster.warehouse import in_force
from support.dbt_warehouse import Warehouse
from support.publishers.govuk import FUEL, FUEL_2022, FUEL_COLLECTION, File, Govuk, PublishedPage

FUEL_LSOA = "govuk_desnz_fuel_poverty_lsoa"
TA = "govuk_mhclg_temporary_accommodation"
CHILDREN = "govuk_dwp_children_in_low_income"
FUEL_FILES = {
    "2019": "2019_Sub-Regional-Data-LILEE.xlsx",
    "2021": "2021_Sub-Regional-Data-LILEE.xlsx",
    "2022": "2022_Sub-Regional-Data-LILEE.xlsx",
}
LIVE_TABLES = "/government/statistical-data-sets/live-tables-on-homelessness"
CHILDREN_COLLECTION = "/government/collections/children-in-low-income-families-local-area-statistics"
LIVERPOOL = "E08000012"
HEAD = 4
"""So many rows of a fuel poverty table stand above its councils."""
WHOLE, UNIT = "edition_has_the_areas_of_the_one_before", "edition_keeps_its_unit"
Table = list[list[Any]]
Edition = Mapping[str, bytes]
"""File name -> bytes, as a page has them."""


def table(body: bytes, sheet: str) -> Table:
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_name(sheet).to_python()


def workbook(**sheets: Table) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name.replace("_", " "))
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return target.getvalue()


def under_the_year(rows: Table, old: str, new: str) -> Table:
    return [[str(rows[0][0]).replace(old, new)], *rows[1:]]


def halved(rows: Table) -> Table:
    return rows[:HEAD] + rows[HEAD::2]


def with_share(rows: Table, share: Callable[[list[Any]], float]) -> Table:
    """A fuel poverty table with other shares, its last column."""
    return rows[: HEAD - 1] + [[*row[:-1], share(row)] for row in rows[HEAD - 1 :] if isinstance(row[-1], float)]


@dataclass
class Story:
    """Three departments on loopback and a home that asks them. `verdicts`: dataset and number -> verdict, reason."""

    govuk: Govuk
    settings: Settings
    files: int = 0
    verdicts: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def publish(self, page: str, title: str, edition: Edition) -> None:
        self.govuk.pages[page] = PublishedPage(title, [self._file(name, body) for name, body in edition.items()])

    def _file(self, name: str, body: bytes) -> File:
        self.files += 1  # a file that is replaced gets another address
        return File(name, body, f"5f{self.files:022x}")

    def fuel(self, body: bytes) -> None:
        self.publish(FUEL_2022, "Sub-regional fuel poverty data 2022", {"fuel-poverty-tables.xlsx": body})

    def quarters(self, edition: Edition) -> None:
        self.publish(LIVE_TABLES, "Live tables on homelessness", edition)

    def children(self, text: str) -> None:
        title = "Children in low income families: local area statistics"
        self.publish("/children", title, {"children-in-low-income-families.csv": text.encode()})

    def land(self, run: str, *datasets: str) -> Refresh:
        refresh = Refresh(self.settings, run)
        attempts = refresh.fetch(datasets)
        assert {(attempt.outcome, attempt.message) for attempt in attempts} == {("landed", None)}
        return refresh

    def judge(self, refresh: Refresh) -> None:
        refresh.parse()
        refresh.build("staged")
        _, decided = refresh.admit()
        self.verdicts = {
            f"{entry.vintage.dataset} {entry.vintage.sequence}": (verdict.verdict, verdict.reason)
            for entry, verdict in decided
        }

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return Warehouse(self.settings.workspace, self.settings.warehouse).query(sql)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Story]:
    disable_usage_data()
    fuel = {year: (shared_data / "desnz_fuel_poverty" / name).read_bytes() for year, name in FUEL_FILES.items()}
    quarters = {path.name: path.read_bytes() for path in sorted((shared_data / "mhclg_homelessness").iterdir())}
    names = list(quarters)
    children = (shared_data / "dwp_cilif" / "2_AHC_Relative_LA.csv").read_text("utf-8-sig")
    a_year_on = children.replace("FYE 2025", "FYE 2026").replace("FYE 2024", "FYE 2025")
    home = tmp_path_factory.mktemp("editions") / "home"
    home.mkdir()
    with Govuk() as govuk:
        govuk.collections = {
            FUEL_COLLECTION: [FUEL_2022],
            CHILDREN_COLLECTION: ["/children"],
            "/government/collections/homelessness-statistics": [],
        }
        urls = {"govuk": govuk.url, "govuk_files": govuk.url}
        asked: dict[str, Any] = {"attempts": 1, "backoff_first": 0.0, "requests_per_second": 0.0}
        told = Story(govuk, Settings(home=home, mode="live", service_urls=urls, **asked))

        told.fuel(fuel["2021"])
        told.quarters({name: quarters[name] for name in names[:13]})
        told.children(children)
        told.judge(told.land("first", FUEL, FUEL_LSOA, TA, CHILDREN))

        told.fuel(fuel["2022"])
        told.quarters(quarters)
        told.children(a_year_on)
        told.judge(told.land("next", FUEL, FUEL_LSOA, TA, CHILDREN))

        # What is older, after what is newer: the year 2019, a page without its two oldest quarters, the year before.
        told.fuel(fuel["2019"])
        told.quarters({name: quarters[name] for name in names[2:]})
        told.children(children)
        told.land("older", FUEL, TA, CHILDREN)

        # Revised editions of an older year and an older quarter.
        revised = [
            [*row[:-2], 38_288.0, 100 * 38_288 / 211_966] if row[0] == LIVERPOOL else row
            for row in table(fuel["2021"], "Table 2")
        ]
        june = [
            [501.0 if cell == 499.0 and LIVERPOOL in row else cell for cell in row]
            for row in table(quarters[names[2]], "TA1_")
        ]
        told.fuel(workbook(Table_2=revised))
        told.quarters({**{name: quarters[name] for name in names[3:]}, names[2]: workbook(TA1=june)})
        told.judge(told.land("revised", FUEL, TA))

        # Cut and damaged editions, which wait together: each is compared with good ones.
        councils, small = table(fuel["2022"], "Table 2"), table(fuel["2022"], "Table 3")
        told.fuel(
            workbook(
                Table_2=under_the_year(halved(councils), "2022", "2023"),
                Table_3=under_the_year(halved(small), "2022", "2023"),
            )
        )
        told.quarters({name: quarters[name] for name in names[::2]})
        told.children("".join(children.splitlines(keepends=True)[:200]))
        told.land("half of a new year", FUEL, FUEL_LSOA, TA, CHILDREN)
        told.fuel(workbook(Table_2=halved(councils)))
        told.land("half of a known year", FUEL)
        told.fuel(workbook(Table_2=under_the_year(with_share(councils, lambda row: row[-1] / 100), "2022", "2023")))
        told.judge(told.land("fractions", FUEL))

        warehouse = Warehouse(told.settings.workspace, told.settings.warehouse)
        ran = warehouse.dbt("run", "--select", "+int_observation_history", "+int_period_in_force")
        assert {node.status for node in ran} == {"success"}, [node for node in ran if node.status != "success"]
        yield told


def passed(suite: str, expectation: str) -> Result:
    words = dict.fromkeys(("owner", "reason", "remedy", "runbook", "observed"), "")
    at = "2026-01-31T06:00:00+00:00"
    return Result(suite, "admission", "int_admission", expectation, "warning", success=True, unexpected_count=0,
                  failing=(), evaluated_at=at, **words)  # fmt: skip


def of_liverpool(story: Story, indicator: str, dataset: str) -> list[tuple[Any, ...]]:
    """(last day of the period, change, value) of Liverpool, in the order of arrival."""
    return story.query(
        "select cast(history.period_end as varchar), history.change, round(history.value, 6) "
        "from intermediate.int_observation_history as history "
        "inner join raw.vintage as vintage "
        "on coalesce(history.vintage_id, history.vintage_id_before) = vintage.vintage_id "
        f"where history.indicator_code = '{indicator}' and history.area_code = '{LIVERPOOL}' "
        f"and vintage.dataset = '{dataset}' order by history.valid_from, history.period_end"
    )


def test_every_whole_edition_is_admitted_whenever_it_comes(story: Story) -> None:
    good = [*(f"{FUEL} {n}" for n in (1, 2, 3, 4)), *(f"{TA} {n}" for n in (1, 2, 3, 4))]
    good += [f"{FUEL_LSOA} 1", f"{FUEL_LSOA} 2", *(f"{CHILDREN} {n}" for n in (1, 2, 3))]
    assert {vintage: story.verdicts[vintage] for vintage in good} == dict.fromkeys(good, ("admitted", None))


def test_each_year_of_fuel_poverty_keeps_its_figures_until_that_year_is_revised(story: Story) -> None:
    assert of_liverpool(story, "ATF16", FUEL) == [
        ("2021-12-31", "new", 18.016097),
        ("2022-12-31", "new", 17.153),
        ("2019-12-31", "new", 18.141638),
        ("2021-12-31", "revised", 18.063274),
    ]
    england = story.query(
        "select year(period_end), round(value, 6), numerator from intermediate.int_observation_history "
        "where indicator_code = 'ATF16' and area_code = 'E92000001' and valid_to is null order by all"
    )
    assert england == [(2019, 13.422417, 3_175_979), (2021, 13.139339, 3_162_752), (2022, 13.051, 3_175_068)]


def test_each_year_keeps_its_small_areas(story: Story) -> None:
    held = story.query(
        "select cast(left(period.period_id, 4) as int), vintage.sequence "
        "from intermediate.int_period_in_force as period inner join raw.vintage as vintage using (vintage_id) "
        f"where vintage.dataset = '{FUEL_LSOA}' order by all"
    )
    assert held == [(2021, 1), (2022, 2)]


def test_each_quarter_keeps_its_figures_when_its_file_leaves_the_page(story: Story) -> None:
    history = of_liverpool(story, "ATF17", TA)
    new = {day: value for day, change, value in history if change == "new"}
    assert list(new) == sorted(new)
    assert len(new) == 17
    few = ("2021-12-31", "2022-03-31", "2023-09-30", "2024-12-31", "2025-03-31", "2025-12-31")
    assert [new[day] for day in few] == [1.614025, 1.916355, 3.478445, 5.107329, 5.977245, 7.981934]
    assert [row for row in history if row[1] != "new"] == [("2022-06-30", "revised", 2.213567)]
    households = story.query(
        "select change, numerator from intermediate.int_observation_history where indicator_code = 'ATF17' "
        f"and area_code = '{LIVERPOOL}' and period_end = date '2022-06-30' order by valid_from"
    )
    assert households == [("new", 499), ("revised", 501)]


def test_a_year_that_a_later_edition_drops_stays_and_one_that_it_has_again_is_revised(story: Story) -> None:
    # The edition of a year later is the real one under other years, so that its older year revises the newer one.
    assert of_liverpool(story, "PRX15A", CHILDREN) == [
        ("2024-03-31", "new", 34.3),
        ("2025-03-31", "new", 34.2),
        ("2025-03-31", "revised", 34.3),
        ("2026-03-31", "new", 34.2),
        ("2025-03-31", "revised", 34.2),
    ]


def test_the_figures_of_any_moment_can_still_be_told(story: Story) -> None:
    moments = story.query(f"select seen_at from raw.vintage where dataset = '{FUEL}' order by sequence limit 4")
    as_at = [
        story.query(
            "select year(period_end), round(value, 3) from intermediate.int_observation_history "
            f"where indicator_code = 'ATF16' and area_code = '{LIVERPOOL}' and valid_from <= timestamp '{moment}' "
            f"and (valid_to is null or valid_to > timestamp '{moment}') order by all"
        )
        for (moment,) in moments
    ]
    assert as_at == [
        [(2021, 18.016)],
        [(2021, 18.016), (2022, 17.153)],
        [(2019, 18.142), (2021, 18.016), (2022, 17.153)],
        [(2019, 18.142), (2021, 18.063), (2022, 17.153)],
    ]


@pytest.mark.parametrize(
    ("vintage", "reason"),
    [
        (f"{FUEL} 5", WHOLE),
        (f"{FUEL_LSOA} 3", WHOLE),
        (f"{TA} 5", "edition_has_as_many_periods"),
        (f"{CHILDREN} 4", WHOLE),
        (f"{FUEL} 6", WHOLE),
        (f"{FUEL} 7", UNIT),
    ],
    ids=["a new year", "small areas", "quarters", "two years", "a known year", "fractions"],
)
def test_a_cut_or_damaged_edition_is_held(story: Story, vintage: str, reason: str) -> None:
    verdict, said = story.verdicts[vintage]
    assert verdict == "quarantined"
    assert f"staged_editions.{reason}" in str(said).split(", ")


def test_the_warnings_of_every_edition_that_is_shown_stay(story: Story) -> None:
    store, warned = Store(story.settings.landing), "staged_rows.area_name_is_known"
    vintages = store.vintages(FUEL, "all")
    for vintage in vintages[:4]:
        verdict = store.verdicts(FUEL, "all")[vintage.sequence, "admission"]
        store.add_verdict(vintage, replace(verdict, warned=(warned,)))
    record = RunRecord(story.settings, "a later run")
    record.keep_vintages_in_force(in_force.vintages(story.settings.warehouse))
    suite, _, name = warned.partition(".")
    record.keep_results("admission", [passed(suite, name)])
    (found,) = record.results()
    # The first edition of 2021 was revised by the fourth.
    assert {row["vintage_id"] for row in found.failing} == {vintages[n].id for n in (1, 2, 3)}
