"""DfE Explore education statistics answers from the bundled figures: its doors, its columns, figures read by hand.

Belongs here: what the snapshot says in the service's place. Does not belong here: what the warehouse makes of it.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest
import requests
from other_councils import is_other

from atf_dagster.http import SnapshotMiss
from atf_dagster.snapshot import load_sources
from atf_dagster.snapshot.figures import AREAS, read_figures
from atf_dagster.snapshot.sources import BUNDLE

API = "https://api.education.gov.uk/statistics/v1/data-sets"
KEY_STAGE_4 = "b3e19901-5d2b-b676-bb4c-e60937d74725"
CATALOGUE = "https://content.explore-education-statistics.service.gov.uk/api/data-set-files"
Row = dict[str, str]


def rows_of(response: requests.Response) -> list[Row]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8"), newline="")))


def the_row(rows: list[Row], **cells: str) -> Row:
    (row,) = [row for row in rows if all(row[name] == text for name, text in cells.items())]
    return row


def file_of(session: requests.Session, publication: str) -> list[Row]:
    """The rows of the one file that a publication has here."""
    listing = session.get(CATALOGUE, params={"publicationId": publication, "latestOnly": "true"}).json()
    (file,) = listing["results"]
    assert set(file) == {"id", "title"}, "dates and releases are not known here, and not said"
    return rows_of(session.get(f"{CATALOGUE}/{file['id']}/download"))


def test_key_stage_4_scores_are_those_of_the_data_bank(session: requests.Session) -> None:
    assert "latestVersion" not in session.get(f"{API}/{KEY_STAGE_4}").json()
    rows = rows_of(session.get(f"{API}/{KEY_STAGE_4}/csv", params={"dataSetVersion": "1.*"}))
    everybody = {"breakdown_topic": "Total", "sex": "Total"}
    england = the_row(rows, time_period="202324", geographic_level="National", **everybody)
    assert (england["avg_att8"], england["avg_p8score"]) == ("45.9", "-0.03")
    halton = the_row(rows, time_period="202324", new_la_code="E06000006", **everybody)
    assert (halton["avg_att8"], halton["avg_p8score"], halton["old_la_code"]) == ("39.9", "-0.46", "876")
    # As printed in the data bank, noise and all.
    north_west = the_row(rows, time_period="201617", geographic_level="Regional", **everybody)
    assert (north_west["avg_att8"], north_west["avg_p8score"]) == ("45.6", "-0.14000000000000001")
    meals = the_row(rows, time_period="202122", new_la_code="E06000006", breakdown="Eligible for FSM")
    assert (meals["avg_att8"], meals["avg_p8score"]) == ("37.1", "-0.56999999999999995")


def test_years_without_progress_8_have_no_number(session: requests.Session) -> None:
    rows = rows_of(session.get(f"{API}/{KEY_STAGE_4}/csv"))
    cells = {row["avg_p8score"] for row in rows if row["time_period"] in ("201920", "202021")}
    assert cells == {"-"}
    assert {row["avg_p8score"] for row in rows if row["time_period"] == "202425"} == {""}


def test_early_years_have_counts_where_the_publishers_own_file_is_at_hand(session: requests.Session) -> None:
    rows = file_of(session, "fcda2962-82a6-4052-afa2-ea398c53c85f")
    everybody = {"characteristic": "Total", "gender": "Total"}
    own = the_row(rows, time_period="202122", new_la_code="E06000006", **everybody)
    assert (own["children_number"], own["gld_number"], own["gld_percentage"]) == ("1439", "865", "60.100000")
    banked = the_row(rows, time_period="202324", geographic_level="Regional", **everybody)
    assert (banked["gld_number"], banked["gld_percentage"]) == ("", "64.400000000000006")
    assert the_row(rows, time_period="201920", geographic_level="National", **everybody)["gld_percentage"] == "-"


def test_attainment_by_19_is_the_release_of_2022_with_its_zeros(session: requests.Session) -> None:
    rows = file_of(session, "2e95f880-629c-417b-981f-0901e97776ff")
    everybody = {"gender": "ALL", "fsm": "ALL", "sen": "ALL"}
    liverpool = the_row(rows, cohort_19_in="2022", la_code_9="E08000012", **everybody)
    assert (liverpool["l2_by19"], liverpool["number_in_ss_cohort"]) == ("3646", "4705")
    assert liverpool["l2_by19_rate"] == "77.49202976"
    england = the_row(rows, cohort_19_in="2021", region="ALL", **everybody)
    assert (england["l2_by19"], england["la_code_9"]) == ("428390", "ALL")
    assert {row["l2_by19"] for row in rows if row["cohort_19_in"] in ("2023", "2024", "2025")} == {"0"}


def test_neet_has_the_three_years_that_are_at_hand(session: requests.Session) -> None:
    rows = file_of(session, "9f5d0e21-45d3-41e5-1b71-08da5e798404")
    # All councils of the files, North West and England.
    counted = [sum(row["time_period"] == year for row in rows) for year in ("2022", "2023", "2024", "2025")]
    assert counted == [152, 152, 0, 153]
    sefton = the_row(rows, time_period="2023", la_name="Sefton")
    assert [sefton[name] for name in ("NEET_not_known_percent", "NEET_percent", "Notknown_percent")] == [
        "3.3",
        "2.9",
        "0.4",
    ]


def test_of_another_council_the_region_and_the_departments_number_are_not_known_and_not_said(
    session: requests.Session,
) -> None:
    neet = file_of(session, "9f5d0e21-45d3-41e5-1b71-08da5e798404")
    durham = the_row(neet, time_period="2023", new_la_code="E06000047")
    assert (durham["region_code"], durham["old_la_code"], durham["la_name"]) == ("", "", "County Durham")
    assert durham["geographic_level"] == "Local authority"
    by_19 = file_of(session, "2e95f880-629c-417b-981f-0901e97776ff")
    durham = the_row(by_19, cohort_19_in="2022", la_code_9="E06000047")
    assert (durham["region"], durham["la_code_3"]) == ("", "")
    assert durham["l2_by19_rate"] and durham["l3_by19_rate"]


def test_what_is_not_held_is_said_and_not_answered_with_nothing(session: requests.Session) -> None:
    with pytest.raises(SnapshotMiss, match="does not hold"):
        session.get(f"{API}/18e39901-e1a0-3b70-aeae-b3fe542fcf1c")
    assert session.get(CATALOGUE, params={"publicationId": "another"}).json()["results"] == []


# The bundled figures against the publisher's files, read without the project's readers.

BANKED = {
    "bank/attainment8_average": (
        "AVG_Attain8_Score", "FSM_AVG_Attain8_Score", "NonFSM_AVG_Attain8_Score", "DAP_KS4_ATT8", "NonDAP_KS4_ATT8",
    ),
    "bank/progress8_average": (
        "AVG_Prog8_Score", "FSM_AVG_Prog8_Score", "NonFSM_AVG_Prog8_Score", "DAP_KS4_Prog8", "NonDAP_KS4_Prog8",
    ),
    "bank/gld_children_percent": ("FSP_NEW_GOODDEV", "FSP_Gooddev_FSM", "FSP_Gooddev_FSM_Other"),
}  # fmt: skip
OUR_NUMBERS = (876, 877, 895, 896, 340, 341, 342, 343, 344, 970, 981)


def carried(indicator: str, *columns: str) -> list[tuple[str, ...]]:
    (source,) = [source for source in load_sources() if source.indicator == indicator]
    rows = read_figures(BUNDLE / source.file)
    return sorted(tuple(row[column] for column in columns) for row in rows)


@pytest.mark.parametrize("indicator", BANKED)
def test_what_is_carried_from_the_data_bank_is_its_text(indicator: str, shared_data: Path) -> None:
    path = shared_data / "dfe_ees" / "bds_long_0.parquet"
    # Of other councils of today the total, which is the first series.
    found = duckdb.execute(
        """
        select listed.new_la_code, "LA and Regions", Years, "Values" from read_parquet($path)
        left join read_csv($codes, all_varchar = true) as listed
        on listed.status = 'live' and listed.old_la_code = cast(cast("LA Number" as int) as varchar)
        where not ($early_years and Years = '2022' and "Short Desc" <> 'FSP_Gooddev_FSM_Other')
        -- Key stage 4 of 2018/19 is, of our areas, from the department's own file.
        and not (not $early_years and Years = '2019' and "LA Number" in $numbers) and (
            ("Short Desc" in $series and "LA Number" in $numbers)
            or ("Short Desc" = $total and listed.new_la_code similar to 'E(06|07|08|09|10).*')
        )
        """,
        {
            "path": str(path),
            "codes": str(shared_data / "geography" / "las.csv"),
            "series": list(BANKED[indicator]),
            "total": BANKED[indicator][0],
            "numbers": list(OUR_NUMBERS),
            "early_years": "gld" in indicator,
        },
    ).fetchall()
    regions = {"England": "E92000001", "North West": "E12000002"}
    expected = [(code or regions[name], name, *rest) for code, name, *rest in found]
    columns = ("area_code", "area_name", "period", "value", "status")
    kept = [(*row[:3], row[3] or row[4]) for row in carried(indicator, *columns)]
    assert kept == sorted(expected)
    assert len({area for area, *_ in kept}) == 155


@pytest.mark.parametrize(("score", "columns"), [
    ("attainment8_average", ("avg_att8", "t_pupils", "", "")),
    ("progress8_average", ("avg_p8score", "t_inp8calc", "p8score_CI_low", "p8score_CI_upp")),
])  # fmt: skip
def test_key_stage_4_of_2018_19_is_the_text_of_the_file_with_pupils_and_limits(
    score: str, columns: tuple[str, ...], shared_data: Path
) -> None:
    path = shared_data / "dfe_ees" / "ks4_2018-19_revised_la_characteristics.csv"
    sexes = {"Boys": "Male", "Girls": "Female", "Total": "Persons"}
    groups = {
        "FSM": "Eligible for FSM", "FSM all other": "Not eligible for FSM", "Disadvantaged": "Disadvantaged",
        "Disadvantaged all other": "Not disadvantaged", "Total": "",
    }  # fmt: skip
    expected = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            area = row["new_la_code"] or row["region_code"] or row["country_code"]
            of_all = row["breakdown"] == "Total"
            of_group = (
                row["breakdown"] in ("Free school meals", "disadvantage") and row["characteristic_gender"] == "Total"
            )
            if area in AREAS and (of_all or of_group):
                trait = row["characteristic_free_school_meals"]
                trait = row["characteristic_disadvantage"] if trait == "Total" else trait
                value, pupils, *limits = (row.get(column, "") for column in columns)
                expected.append(
                    (
                        area,
                        sexes[row["characteristic_gender"]],
                        groups[trait],
                        "201819",
                        value,
                        pupils.replace(".0", ""),
                        *limits,
                    )
                )
    named = ("area_code", "sex", "breakdown_value", "period", "value", "denominator", "lci_95", "uci_95")
    assert carried(f"2019/{score}", *named) == sorted(expected)
    assert len(expected) == 11 * 7


def test_key_stage_4_of_one_year_is_one_row_with_both_scores(session: requests.Session) -> None:
    rows = rows_of(session.get(f"{API}/{KEY_STAGE_4}/csv"))
    halton = the_row(rows, time_period="201819", new_la_code="E06000006", breakdown_topic="Total", sex="Total")
    assert (halton["avg_att8"], halton["t_pupils"]) == ("45.4", "1363")
    assert [halton[name] for name in ("avg_p8score", "t_inp8calc", "p8score_ci_low", "p8score_ci_upp")] == [
        "-0.13", "1336", "-0.2", "-0.07",
    ]  # fmt: skip
    # Of other councils the data bank's total stays, without pupils.
    durham = the_row(rows, time_period="201819", new_la_code="E06000047", breakdown_topic="Total", sex="Total")
    assert durham["avg_att8"] and not durham["t_pupils"]


@pytest.mark.parametrize("level", ["l2_by19", "l3_by19"])
def test_what_is_carried_of_attainment_by_19_is_the_text_of_the_file(level: str, shared_data: Path) -> None:
    path = shared_data / "dfe_ees" / "level2_3_by_19_release_2022.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = [
            (row["cohort_19_in"], row["number_in_ss_cohort"], row[level], row[f"{level}_rate"])
            for row in csv.DictReader(stream)
            if row["la_code_9"] in AREAS
            or (row["la_name"] == "ALL" and row["region"] in ("ALL", "North West"))
            or (
                is_other(row["la_code_9"])
                and row["cohort_19_in"] >= "2015"
                and (row["gender"], row["fsm"], row["sen"]) == ("ALL", "ALL", "ALL")
            )
        ]
    assert carried(f"2022/{level}", "period", "denominator", "numerator", "value") == sorted(found)


@pytest.mark.parametrize("year", ["2022", "2023", "2025"])
def test_what_is_carried_of_neet_is_the_text_of_the_file(year: str, shared_data: Path) -> None:
    path = shared_data / "dfe_ees" / f"neet_16_17_{year}.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [
            row
            for row in csv.DictReader(stream)
            if row["new_la_code"] in AREAS
            or is_other(row["new_la_code"])
            or (not row["new_la_code"] and row["region_code"] in ("", "E12000002"))
        ]
    for indicator, column in (("neet_not_known_percent", "NEET_not_known_percent"), ("neet_percent", "NEET_percent")):
        found = sorted((row["time_period"], row["Cohort_DJFavg"], row[column]) for row in rows)
        assert carried(f"{year}/{indicator}", "period", "denominator", "value") == found


def test_what_is_carried_of_early_years_is_the_text_of_the_file(shared_data: Path) -> None:
    path = shared_data / "dfe_ees" / "eyfsp_headline_measures_2022.csv"
    codes = {"National": "country_code", "Regional": "region_code", "Local authority": "new_la_code"}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = [
            (row[codes[row["geographic_level"]]], row["children_number"], row["gld_number"], row["gld_percentage"])
            for row in csv.DictReader(stream)
            if row["geographic_level"] in codes
            and (
                row[codes[row["geographic_level"]]] in AREAS
                or (is_other(row[codes[row["geographic_level"]]]) and row["characteristic"] == "Total")
            )
            and row["characteristic"] in ("Total", "Free school meal eligibility")
        ]
    kept = carried("2022/gld_children_percent", "area_code", "denominator", "numerator", "value")
    assert kept == sorted(found)
