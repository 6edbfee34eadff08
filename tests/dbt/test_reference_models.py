"""Areas, their codes over time, boundaries and deprivation, as the mart has them from the bundled reference data.

Deprivation figures below were read in the publisher's files; days of codes in the publishers' lists.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atf_dagster.catalogue import load
from atf_dagster.http import Client, Host
from atf_dagster.landing import Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.returns import facts
from atf_dagster.settings import disable_usage_data
from atf_dagster.snapshot.adapter import SnapshotAdapter
from atf_dagster.warehouse import inputs, raw
from atf_dagster.warehouse.tables import write_table
from support.dbt_warehouse import Node, Warehouse

REFERENCE = (
    "open_geography_district_region",
    "open_geography_lower_upper",
    "open_geography_boundaries",
    "govuk_iod_2019_districts",
    "govuk_iod_2025_lsoa",
    "govuk_iod_2025_districts",
)
MODELS = (
    "+dim_area",
    "+dim_area_change",
    "+dim_area_member",
    "+dim_area_boundary",
    "+dim_area_deprivation",
    "dim_vintage",
)
ANSWERED = 12
COUNCILS_2019 = 317
NINE = ("E06000006", "E06000007", "E06000049", "E06000050", *(f"E080000{number}" for number in range(11, 16)))
Area = dict[str, Any]


def build(folder: Path, datasets: tuple[str, ...]) -> tuple[Warehouse, list[Node]]:
    """A warehouse of the dimensions alone, from the bundled reference data of these datasets."""
    disable_usage_data()
    catalogue = load()
    store = Store(folder / "landing")
    urls = {service.id: service.base_url for service in catalogue.services}
    for service in catalogue.services:
        urls |= {f"{service.id}_{name}": url for name, url in service.other_urls.items()}
    hosts = [Host(url, 0) for url in sorted(set(urls.values())) if url.startswith("https://")]
    client = Client(hosts, user_agent="atf-tests", adapter=SnapshotAdapter())
    try:
        FetchRun(catalogue, store, client, urls, "snapshot", "test", home=folder).fetch(datasets)
    finally:
        client.close()
    parsed = raw.parse_new(catalogue, store, folder / "raw", "test", lambda message: None)
    known = inputs.collect(
        catalogue,
        store,
        parsed,
        mode="snapshot",
        rules="test",
        today=dt.date(2026, 1, 31),
        returned=facts.collect(folder, catalogue),
    )
    known.write(folder / "raw")
    write_table(
        folder / "raw" / "admission" / "admission.parquet",
        {"vintage_id": "varchar", "verdict": "varchar", "reason": "varchar"},
        [{"vintage_id": row["vintage_id"], "verdict": "admitted"} for row in known.tables["vintage"][1]],
    )
    warehouse = Warehouse(folder, folder / "warehouse.duckdb")
    return warehouse, warehouse.dbt(
        "build", "--select", *MODELS, "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test"
    )


@pytest.fixture(scope="module")
def dimensions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, list[Node]]:
    return build(tmp_path_factory.mktemp("reference"), REFERENCE)


@pytest.fixture(scope="module")
def area(dimensions: tuple[Warehouse, list[Node]]) -> Callable[[str], Area]:
    names = (
        *("area_code", "area_name", "area_type", "parent_code", "in_cheshire_merseyside", "valid_from", "valid_to"),
        *("is_answered", "upper_tier_code", "dfe_code", "ods_code"),
    )
    rows = dimensions[0].query(f"select {', '.join(names)} from mart.dim_area")
    areas = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    return lambda code: areas[code]


def test_every_model_is_built_and_every_test_of_it_passes(dimensions: tuple[Warehouse, list[Node]]) -> None:
    assert [node for node in dimensions[1] if node.status not in ("success", "pass")] == []
    tested = {node.name for node in dimensions[1] if node.kind == "test"}
    assert {
        "dim_area_refers_to_rows_that_exist",
        "dim_area_change_refers_to_rows_that_exist",
        "dim_area_deprivation_refers_to_rows_that_exist",
    } <= tested


# Areas ---------------------------------------------------------------------------------------------------


def test_the_twelve_answered_areas_keep_their_rows(dimensions: tuple[Warehouse, list[Node]]) -> None:
    catalogue = {
        (card.code, card.name, card.type, card.parent, card.in_cheshire_merseyside, card.valid_from, card.valid_to)
        for card in load().areas
    }
    found = dimensions[0].query(
        "select area_code, area_name, area_type, parent_code, in_cheshire_merseyside, valid_from, valid_to "
        "from mart.dim_area where is_answered"
    )
    assert set(found) == catalogue
    assert len(found) == ANSWERED


def test_all_councils_of_england_are_there_once_with_their_region(dimensions: tuple[Warehouse, list[Node]]) -> None:
    (counts,) = dimensions[0].query(
        """
        select
            count(*) filter (where area_type = 'council' and left(area_code, 3) <> 'E10'),
            count(*) filter (where area_type = 'council' and left(area_code, 3) = 'E10'),
            count(*) filter (where area_type = 'council' and parent_code is null),
            count(distinct parent_code) filter (where parent_code like 'E12%' and area_type = 'council')
        from mart.dim_area
        """
    )
    # 296 councils without or below a county, 21 counties; the nine are in Cheshire and Merseyside, so that the nine
    # regions are the parents of the others.
    assert counts == (296, 21, 0, 9)


def test_a_district_has_its_county_above_it_and_any_other_council_itself(area: Callable[[str], Area]) -> None:
    burnley = area("E07000117")
    assert (burnley["area_name"], burnley["parent_code"], burnley["upper_tier_code"]) == (
        "Burnley",
        "E12000002",
        "E10000017",
    )
    assert (area("E10000017")["area_name"], area("E10000017")["parent_code"]) == ("Lancashire", "E12000002")
    assert area("E08000003")["upper_tier_code"] == "E08000003"
    assert area("E54000008")["upper_tier_code"] is None


def test_barnsley_and_sheffield_have_an_old_and_a_new_code_with_their_days(area: Callable[[str], Area]) -> None:
    for old, new, name in (("E08000016", "E08000038", "Barnsley"), ("E08000019", "E08000039", "Sheffield")):
        before, after = area(old), area(new)
        assert before["area_name"] == after["area_name"] == name
        assert (before["area_type"], after["area_type"]) == ("former council", "council")
        assert (before["valid_from"], before["valid_to"]) == (dt.date(2009, 1, 1), dt.date(2025, 3, 31))
        assert (after["valid_from"], after["valid_to"]) == (dt.date(2025, 4, 1), None)
        # The lookup at hand knows the old codes only; the new ones are in the same region.
        assert before["parent_code"] == after["parent_code"] == "E12000003"


def test_cheshire_ended_when_cheshire_east_and_cheshire_west_and_chester_began(
    dimensions: tuple[Warehouse, list[Node]], area: Callable[[str], Area]
) -> None:
    cheshire = area("E10000004")
    assert (cheshire["area_name"], cheshire["area_type"], cheshire["parent_code"]) == (
        "Cheshire",
        "former council",
        "E12000002",
    )
    assert (cheshire["valid_from"], cheshire["valid_to"]) == (dt.date(2009, 1, 1), dt.date(2009, 3, 31))
    changes = dimensions[0].query(
        "select new_code, new_name, kind, changed_on from mart.dim_area_change where old_code = 'E10000004' order by 1"
    )
    assert changes == [
        ("E06000049", "Cheshire East", "split", dt.date(2009, 4, 1)),
        ("E06000050", "Cheshire West and Chester", "split", dt.date(2009, 4, 1)),
    ]
    assert area("E06000049")["valid_from"] == area("E06000050")["valid_from"] == dt.date(2009, 4, 1)


def test_a_council_that_changed_twice_has_its_region_still(area: Callable[[str], Area]) -> None:
    taunton, joined = area("E07000190"), area("E07000246")
    assert (taunton["parent_code"], taunton["valid_to"]) == ("E12000009", dt.date(2019, 3, 31))
    assert (joined["parent_code"], joined["valid_from"], joined["valid_to"]) == (
        "E12000009",
        dt.date(2019, 4, 1),
        dt.date(2023, 3, 31),
    )


def test_no_code_that_ended_is_called_a_council_and_each_has_its_last_day(
    dimensions: tuple[Warehouse, list[Node]],
) -> None:
    odd = dimensions[0].query(
        "select * from mart.dim_area where (area_type = 'former council') <> (valid_to is not null)"
    )
    assert odd == []
    short = dimensions[0].query("select * from mart.dim_area where valid_from > valid_to")
    assert short == []


def test_other_numbering_of_the_nine_councils_is_known(area: Callable[[str], Area]) -> None:
    assert [area(code)["dfe_code"] for code in NINE] == [
        *("876", "877", "895", "896", "340", "341", "342", "343", "344"),
    ]
    assert area("E54000008")["ods_code"] == "QYG"


def test_without_any_lookup_the_twelve_are_there_and_nothing_refers_to_what_is_not(tmp_path: Path) -> None:
    warehouse, nodes = build(tmp_path, ("govuk_iod_2019_districts",))
    assert [node for node in nodes if node.status not in ("success", "pass")] == []
    assert warehouse.query("select count(*) from mart.dim_area where is_answered") == [(ANSWERED,)]
    assert warehouse.query("select count(*) from mart.dim_area_change") == [(len(load().area_changes),)]
    # Deciles are worked out among all councils before those are left out that no lookup names.
    deciles = dict(warehouse.query("select area_code, decile from mart.dim_area_deprivation"))
    assert {code: deciles[code] for code in NINE} == dict(zip(NINE, (1, 5, 7, 6, 1, 1, 1, 2, 2), strict=True))


# Boundaries ----------------------------------------------------------------------------------------------


def test_each_of_the_nine_councils_has_a_closed_boundary_around_its_own_place(
    dimensions: tuple[Warehouse, list[Node]],
) -> None:
    found = dict(dimensions[0].query("select area_code, geometry from mart.dim_area_boundary"))
    assert set(found) == set(NINE)
    for text in found.values():
        geometry = json.loads(text)
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        assert all(ring[0] == ring[-1] for polygon in polygons for ring in polygon)
    liverpool = json.loads(found["E08000012"])["coordinates"][0]
    longitudes, latitudes = zip(*liverpool, strict=True)
    # The publisher's point inside Liverpool.
    assert min(longitudes) < -2.91368 < max(longitudes)
    assert min(latitudes) < 53.40833 < max(latitudes)


# Deprivation ---------------------------------------------------------------------------------------------


def test_deprivation_of_2019_is_as_published_with_the_decile_of_the_rank(
    dimensions: tuple[Warehouse, list[Node]],
) -> None:
    rows = dimensions[0].query(
        "select area_code, average_score, rank_of_average_score, decile, share_of_lsoas_most_deprived_10, lsoa_count "
        "from mart.dim_area_deprivation where edition = 2019 order by area_code"
    )
    found = {row[0]: row[1:] for row in rows}
    assert len(found) == COUNCILS_2019
    assert {code: found[code] for code in NINE} == {
        "E06000006": (32.325, 23, 1, 0.3165, None),
        "E06000007": (18.942, 148, 5, 0.0787, None),
        "E06000049": (14.475, 216, 7, 0.0171, None),
        "E06000050": (18.083, 161, 6, 0.0755, None),
        "E08000011": (43.006, 2, 1, 0.4694, None),
        "E08000012": (42.412, 3, 1, 0.4866, None),
        "E08000013": (31.518, 26, 1, 0.2437, None),
        "E08000014": (27.035, 58, 2, 0.2011, None),
        "E08000015": (29.589, 42, 2, 0.2524, None),
    }
    # The edges of deciles among 317: ranks 32 and 33, 286 and 287, and both ends.
    ranks = {row[2]: row[3] for row in rows}
    assert [ranks[rank] for rank in (1, 32, 33, 286, 287, 317)] == [1, 1, 2, 9, 10, 10]
    assert set(ranks.values()) == set(range(1, 11))


def test_deprivation_of_2025_is_that_of_the_summaries_with_shares_counted_from_small_areas_where_they_are_at_hand(
    dimensions: tuple[Warehouse, list[Node]],
) -> None:
    rows = dimensions[0].query(
        "select area_code, lsoa_count, share_of_lsoas_most_deprived_10, average_score, rank_of_average_score, decile "
        "from mart.dim_area_deprivation where edition = 2025"
    )
    assert len(rows) == 296
    # Small areas, and how many of them are in the most deprived tenth, counted in the publisher's file.
    counted = {
        **{"E06000006": (80, 25), "E06000007": (132, 8), "E06000049": (244, 6), "E06000050": (222, 19)},
        **{"E08000011": (100, 40), "E08000012": (302, 111), "E08000013": (121, 28), "E08000014": (191, 36)},
        "E08000015": (209, 49),
    }
    assert {row[0]: (row[1], row[2]) for row in rows if row[1] is not None} == {
        code: (small, most / small) for code, (small, most) in counted.items()
    }
    # Average score and its rank of 296, read in File 10; the tenth by hand from the rank.
    assert {row[0]: row[3:] for row in rows}.items() >= {
        "E08000012": (37.11, 9, 1),
        "E08000011": (36.157, 13, 1),
        "E08000015": (27.473, 58, 2),
        "E06000049": (14.169, 212, 8),
        "E06000001": (37.58, 6, 1),
    }.items()


def test_a_figure_of_deprivation_leads_to_its_file(dimensions: tuple[Warehouse, list[Node]]) -> None:
    rows = dimensions[0].query(
        """
        select deprivation.edition, deprivation.code_year, vintage.dataset, vintage.publisher, count(*)
        from mart.dim_area_deprivation as deprivation
        inner join mart.dim_vintage as vintage on deprivation.vintage_id = vintage.vintage_id
        group by all order by all
        """
    )
    ministry = "Ministry of Housing, Communities and Local Government"
    assert [row[:3] for row in rows] == [
        (2019, 2019, "govuk_iod_2019_districts"),
        (2025, 2024, "govuk_iod_2025_districts"),
    ]
    assert {row[3] for row in rows} == {ministry}


def test_every_landed_row_of_reference_data_comes_through_staging(dimensions: tuple[Warehouse, list[Node]]) -> None:
    warehouse, _ = dimensions
    for table, model in (
        ("geography_district_region", "stg_ons_geography__district_region"),
        ("geography_lower_upper", "stg_ons_geography__lower_upper"),
        ("geography_boundaries", "stg_ons_geography__boundaries"),
        ("mhclg_iod_2019_districts", "stg_mhclg__iod_2019_districts"),
        ("mhclg_iod_2025_lsoa", "stg_mhclg__iod_2025_lsoa"),
    ):
        landed = warehouse.query(f"select vintage_id, row_number from raw.{table} order by all")
        assert landed
        assert warehouse.query(f"select vintage_id, source_row from staging.{model} order by all") == landed


def test_readers_find_the_members_of_each_group_by_name(
    dimensions: tuple[Warehouse, list[Node]],
) -> None:
    found = dimensions[0].query(
        "select area_name, count(*), count(distinct member_code) from mart.dim_area_member "
        "join mart.dim_area on area_code = group_code group by all order by 1"
    )
    assert ("Cheshire and Merseyside", 9, 9) in found
    neighbours = [row for row in found if row[0].startswith("Statistical neighbours of ")]
    assert len(neighbours) == 9
    assert {row[1:] for row in neighbours} == {(10, 10)}
