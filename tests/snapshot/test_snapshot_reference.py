"""The bundled reference data is the publishers', and is answered in their formats at their addresses."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from python_calamine import CalamineWorkbook

from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import SnapshotAdapter
from atf_dagster.snapshot.figures import COUNCILS
from atf_dagster.snapshot.reference import ReferenceRefused, carry_over, load_reference, read_rows
from atf_dagster.snapshot.sources import BUNDLE

REFERENCE = {source.name: source for source in load_reference()}
GEOGRAPHY = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
REGIONS = f"{GEOGRAPHY}/LAD24_RGN24_EN_LU/FeatureServer/0"
SHAPES = f"{GEOGRAPHY}/LAD_bundled_snapshot_2023_UK_BUC/FeatureServer/0"
NINE = "LAD23CD IN (" + ",".join(f"'{code}'" for code in COUNCILS) + ")"
PAGES = "https://www.gov.uk/api/content/government/statistics/english-indices-of-deprivation-"
FILES = "https://assets.publishing.service.gov.uk"
SIZE_LIMIT = 350_000


def test_every_reference_file_is_named_with_publisher_and_licence_and_every_named_file_is_there() -> None:
    there = {path.relative_to(BUNDLE).as_posix() for path in (BUNDLE / "reference").rglob("*") if path.is_file()}
    assert there == {source.file for source in REFERENCE.values()}
    for source in REFERENCE.values():
        assert source.publisher_name and source.title and source.release and source.precision
        assert source.licence == "Open Government Licence v3.0"
        assert "Open Government Licence v3.0" in source.attribution
        assert source.page.startswith("https://")
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", source.taken_from.repository)
        assert re.fullmatch(r"[0-9a-f]{64}", source.taken_from.sha256)
        assert len(read_rows(BUNDLE / source.file).rows) == source.rows


def test_boundaries_name_the_ordnance_survey() -> None:
    assert "OS data © Crown copyright and database right" in REFERENCE["LAD_bundled_snapshot_2023_UK_BUC"].attribution


def test_the_reference_data_stays_small() -> None:
    assert sum(path.stat().st_size for path in (BUNDLE / "reference").rglob("*.csv")) < SIZE_LIMIT


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("LAD24_RGN24_EN_LU", "geography/lad24_to_region_lookup.csv"),
        ("LTLA23_UTLA23_EW_LU", "geography/ltla_to_utla_apr23.csv"),
    ],
)
def test_a_lookup_is_the_published_one_for_england(shared_data: Path, name: str, file: str) -> None:
    with (shared_data / file).open(encoding="utf-8-sig", newline="") as stream:
        published = [row for row in csv.reader(stream) if not row[0].startswith("W")]
    with (BUNDLE / REFERENCE[name].file).open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == published


def test_deprivation_is_the_published_one(shared_data: Path) -> None:
    for name, ours_only in (("iod_2019_file_10", False), ("iod_2025_file_1", True)):
        source = REFERENCE[name]
        workbook = CalamineWorkbook.from_path(shared_data / "mhclg_iod" / Path(source.taken_from.path).name)
        heading, *lines = workbook.get_sheet_by_name(source.sheet).to_python()
        code = next(number for number, cell in enumerate(heading) if "District code" in str(cell))
        wanted = [line for line in lines if not ours_only or line[code] in COUNCILS]
        bundled = read_rows(BUNDLE / source.file)
        assert bundled.columns == tuple(heading)
        numbers = [[_number(cell) for cell in row.values()] for row in bundled.rows]
        assert numbers == wanted


def test_the_summaries_of_2025_are_a_third_partys_under_the_publishers_headings_and_agree_with_the_neighbourhoods(
    shared_data: Path,
) -> None:
    with (shared_data / "mhclg_iod" / "iod2025_file_10_districts.csv").open(encoding="utf-8", newline="") as stream:
        theirs = {row["ltla24_code"]: row for row in csv.DictReader(stream)}
    ours = read_rows(BUNDLE / REFERENCE["iod_2025_file_10"].file)
    assert len(ours.rows) == len(theirs) == 296
    share = "imd_proportion_of_lso_as_in_most_deprived_10_percent_nationally"
    for code, _, *cells in (row.values() for row in ours.rows):
        row = theirs[code]
        expected = [row["imd_average_score"], row["imd_rank_of_average_score"], row[share]]
        assert [float(cell) for cell in cells] == [float(cell) for cell in expected]
    # The first version had neighbourhoods in wrong councils; File 1 has them in theirs.
    path = shared_data / "mhclg_iod" / "File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx"
    _, *lines = CalamineWorkbook.from_path(path).get_sheet_by_name("IMD25").to_python()
    tenths: dict[str, list[bool]] = {}
    for line in lines:
        tenths.setdefault(str(line[2]), []).append(line[5] == 1)
    assert tenths.keys() == theirs.keys()
    for code, among in tenths.items():
        assert float(theirs[code][share]) == pytest.approx(sum(among) / len(among), abs=0.00006)


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def test_a_file_without_one_of_the_nine_councils_is_not_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "lookup.csv"
    path.write_text("LAD24CD,RGN24CD\nE06000006,E12000002\n", "utf-8")
    with pytest.raises(ReferenceRefused, match="it lacks E06000007"):
        carry_over(path, {"shape": "lookup", "code": "LAD24CD"})
    with pytest.raises(ReferenceRefused, match="no column 'LAD25CD'"):
        carry_over(path, {"shape": "lookup", "code": "LAD25CD"})


# Open Geography ------------------------------------------------------------------------------------------


def ask(session: requests.Session, url: str, **query: Any) -> Any:
    return session.get(url, params={"f": "json", **query}).json()


def test_the_services_are_listed_and_do_not_say_when_they_were_edited(session: requests.Session) -> None:
    names = [entry["name"] for entry in ask(session, GEOGRAPHY)["services"]]
    assert names == ["LAD24_RGN24_EN_LU", "LTLA23_UTLA23_EW_LU", "LAD_bundled_snapshot_2023_UK_BUC"]
    layer = ask(session, REGIONS)
    assert "editingInfo" not in layer
    assert (layer["maxRecordCount"], layer["objectIdField"]) == (1_000, "ObjectId")
    assert [field["name"] for field in layer["fields"]] == ["LAD24CD", "LAD24NM", "RGN24CD", "RGN24NM", "ObjectId"]


def test_rows_are_counted_paged_and_flagged_as_the_server_does(session: requests.Session) -> None:
    assert ask(session, f"{REGIONS}/query", where="1=1", returnCountOnly="true") == {"count": 296}
    first = ask(session, f"{REGIONS}/query", where="1=1", orderByFields="LAD24CD", resultRecordCount=200)
    assert (len(first["features"]), first["exceededTransferLimit"]) == (200, True)
    assert first["features"][0]["attributes"] == {
        **{"LAD24CD": "E06000001", "LAD24NM": "Hartlepool", "RGN24CD": "E12000001", "RGN24NM": "North East"},
        "ObjectId": 1,
    }
    rest = ask(session, f"{REGIONS}/query", where="1=1", orderByFields="LAD24CD", resultOffset=200)
    assert len(rest["features"]) == 96
    assert "exceededTransferLimit" not in rest


def test_boundaries_are_geojson_for_the_nine_councils(session: requests.Session, shared_data: Path) -> None:
    answer = session.get(f"{SHAPES}/query", params={"where": NINE, "outFields": "*", "outSR": "4326", "f": "geojson"})
    found = {feature["properties"]["LAD23CD"]: feature for feature in answer.json()["features"]}
    assert set(found) == set(COUNCILS)
    path = shared_data / "geography" / "lad2023_boundaries_epsg4326.geojson"
    published = {feature["properties"]["LAD23CD"]: feature for feature in json.loads(path.read_bytes())["features"]}
    for code, feature in found.items():
        assert feature["geometry"] == published[code]["geometry"]
        assert feature["properties"] == published[code]["properties"]
    cut = session.get(f"{SHAPES}/query", params={"where": NINE, "f": "geojson", "resultRecordCount": "4"}).json()
    assert (len(cut["features"]), cut["properties"]) == (4, {"exceededTransferLimit": True})


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (f"{GEOGRAPHY}/LAD99_RGN99_EN_LU/FeatureServer/0", {}),
        (f"{SHAPES}/query", {"where": "1=1"}),
        (f"{REGIONS}/query", {"where": "LAD24NM LIKE 'Hart%'"}),
        (f"{REGIONS}/query", {"where": "1=1", "groupByFieldsForStatistics": "RGN24CD"}),
        (f"{PAGES}2015", {}),
        (f"{FILES}/media/5d8b3cfbe5274a08be69aa91/another.xlsx", {}),
        (
            f"{FILES}/media/68ff7e26d81972ecd2df5db1/"
            "File_10_-_IoD2025_Local_Authority_District_Summaries__lower-tier_.xlsx",
            {},
        ),
    ],
)
def test_what_is_not_held_is_no_empty_answer(session: requests.Session, url: str, query: dict[str, str]) -> None:
    with pytest.raises(SnapshotMiss, match="does not hold"):
        session.get(url, params=query)


# Deprivation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("edition", "sheet", "rows"), [("2019", "IMD", 317), ("2025", "IMD25", 1_601)])
def test_a_page_lists_its_files_and_a_file_is_a_workbook_of_the_publishers_form(
    session: requests.Session, edition: str, sheet: str, rows: int
) -> None:
    page = session.get(f"{PAGES}{edition}").json()
    assert "public_updated_at" not in page
    first = page["details"]["attachments"][0]
    answer = session.get(first["url"])
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert workbook.sheet_names == ["Notes", sheet]
    assert len(workbook.get_sheet_by_name(sheet).to_python()) == rows + 1
    # Written again by another adapter, it has the same bytes.
    with requests.Session() as other:
        other.mount("https://", SnapshotAdapter())
        assert other.get(first["url"]).content == answer.content


def test_the_page_of_2025_names_the_second_version_of_the_summaries(session: requests.Session) -> None:
    files = [file["filename"] for file in session.get(f"{PAGES}2025").json()["details"]["attachments"]]
    assert files == [
        "File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx",
        "File_10_-_IoD2025_Local_Authority_District_Summaries__lower-tier__v2.xlsx",
    ]
