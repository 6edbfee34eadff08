"""NOMIS asked live, on loopback: client, round, landing and raw, as a refresh uses them.

The population is the publisher's own file; figures marked as read there were read by a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.catalogue import Catalogue, Dataset, load
from atf_dagster.http import Client, Host, Limits
from atf_dagster.landing import Attempt, Store
from atf_dagster.landing.fetch import FetchRun
from atf_dagster.warehouse import raw
from support.fetching import fetch_one
from support.publishers.nomis import LatestVintage, Nomis, invented, population
from support.server import respond_json

POPULATION = "nomis_population"
HEADING_ONLY = b'"DATE"\n'

# Read by a person in NM_2002_1_population_2021.csv: residents on 30 June 2021.
READ_IN_THE_FILE = {
    ("E08000012", "200"): "484488",  # Liverpool, all ages
    ("E06000006", "201"): "24505",  # Halton, 0 to 15
    ("E08000013", "209"): "37807",  # St Helens, 65 and over
    ("E08000015", "200"): "320600",  # Wirral, all ages
    ("E06000049", "209"): "89985",  # Cheshire East, 65 and over
    ("E12000002", "201"): "1389729",  # North West, 0 to 15
}
ROWS = 57  # nine councils twice (as districts and as counties or unitary authorities) and one region, three ages


@pytest.fixture
def nomis(shared_data: Path) -> Iterator[Nomis]:
    with Nomis() as server:
        server.latest["NM_2002_1"] = population(shared_data)
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "landing")


def catalogue_of(*datasets: Dataset, moved: Mapping[str, str] | None = None) -> Catalogue:
    """The catalogue with these datasets in place of all."""
    whole = load()
    collection = next(c for c in whole.collections if c.table == "nomis_data")
    changed = collection.model_copy(update={"datasets": datasets, "moved": dict(moved or {})})
    return whole.model_copy(update={"collections": (changed,)})


def dataset(name: str = POPULATION, *, source_id: str | None = None, **ask: str | None) -> Dataset:
    """A dataset of the catalogue with another `ask`; None takes a name out of it."""
    _, found = load().dataset(name)
    wanted = {key: value for key, value in {**found.ask, **ask}.items() if value is not None}
    return found.model_copy(update={"ask": wanted, "source_id": source_id or found.source_id})


def refresh(
    nomis: Nomis, store: Store, wanted: Dataset | None = None, *, key: str = "", moved: Mapping[str, str] | None = None
) -> Attempt:
    """One round for one dataset; the receipt. `requests` holds the requests of this round only."""
    nomis.forget()
    wanted = wanted or dataset()
    keys = {"nomis": key} if key else {}
    return fetch_one(store.root, nomis.url, wanted.id, catalogue=catalogue_of(wanted, moved=moved), keys=keys)


def raw_rows(store: Store, folder: Path) -> list[dict[str, Any]]:
    raw.parse_new(catalogue_of(dataset()), store, folder, "run", lambda message: None)
    found = duckdb.sql(
        f"select * from read_parquet('{folder}/nomis_data/nomis_population*.parquet') order by row_number"
    )
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


# Pages


@pytest.mark.parametrize(("page_rows", "pages"), [(None, 1), ("25", 3), ("19", 3), ("57", 1), ("1000000", 1)])
def test_all_rows_come_in_as_few_pages_as_will_do(
    nomis: Nomis, store: Store, tmp_path: Path, page_rows: str | None, pages: int
) -> None:
    """57 rows are three pages of 19, which are all full, and nobody asks for a fourth."""
    attempt = refresh(nomis, store, dataset(page_rows=page_rows))
    assert (attempt.outcome, attempt.message) == ("landed", None)
    assert len(nomis.asked_for_data) == pages
    assert max(int(query["RecordLimit"]) for query in nomis.asked_for_data) <= 25_000
    rows = raw_rows(store, tmp_path / "raw")
    assert [row["row_number"] for row in rows] == list(range(1, ROWS + 1))
    assert [row["record_offset"] for row in rows] == [str(number) for number in range(ROWS)]


def test_the_figures_are_those_of_the_publishers_file(nomis: Nomis, store: Store, tmp_path: Path) -> None:
    refresh(nomis, store, dataset(page_rows="25"))
    rows = raw_rows(store, tmp_path / "raw")
    for (area, age), value in READ_IN_THE_FILE.items():
        found = {row["obs_value"] for row in rows if (row["geography_code"], row["c_age"]) == (area, age)}
        assert found == {value}, (area, age)


def test_the_publishers_whole_file_comes_in_pages(nomis: Nomis, store: Store) -> None:
    """All its 11,178 rows, five thousand at a time."""
    latest = nomis.latest["NM_2002_1"]
    codes = sorted({row["GEOGRAPHY_CODE"] for row in latest.rows})
    wanted = dataset(c_age=",".join(latest.dimensions["c_age"]), page_rows="5000")
    catalogue = catalogue_of(wanted)
    areas = tuple(catalogue.areas[0].model_copy(update={"code": code}) for code in codes)
    client = Client([Host(nomis.url, 0)], user_agent="atf-tests", limits=Limits(attempts=1))
    try:
        made = FetchRun(
            catalogue.model_copy(update={"areas": areas}), store, client, {"nomis": nomis.url}, "live", "run"
        )
        (attempt,) = made.fetch([wanted.id])
    finally:
        client.close()
    assert (attempt.outcome, attempt.message) == ("landed", None)
    assert [query["RecordOffset"] for query in nomis.asked_for_data] == ["0", "5000", "10000"]
    lines = sum(len(store.object_path(page.sha256).read_bytes().splitlines()) - 1 for page in attempt.pages)
    assert lines == len(latest.rows) == 11_178


def another_count(query: Mapping[str, str], body: bytes) -> bytes:
    return body if query["RecordOffset"] == "0" else body.replace(b'"57",', b'"58",')


def a_row_short(query: Mapping[str, str], body: bytes) -> bytes:
    return b"".join(body.splitlines(keepends=True)[:-1])


def a_row_more(query: Mapping[str, str], body: bytes) -> bytes:
    return body + body.splitlines(keepends=True)[-1]


def cut_within_a_row(query: Mapping[str, str], body: bytes) -> bytes:
    return body[:-30]


def two_counts(query: Mapping[str, str], body: bytes) -> bytes:
    return body.replace(b'"57",', b'"56",', 1)


def no_rows_later(query: Mapping[str, str], body: bytes) -> bytes:
    return body if query["RecordOffset"] == "0" else body.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (another_count, "row_count_changed"),
        (a_row_short, "row_count_wrong"),
        (a_row_more, "row_count_wrong"),
        (two_counts, "row_count_unclear"),
        (no_rows_later, "row_count_wrong"),
        (cut_within_a_row, "truncated_body"),
    ],
)
def test_pages_that_do_not_add_up_to_the_table_are_refused(
    nomis: Nomis, store: Store, spoil: Callable[[Mapping[str, str], bytes], bytes], reason: str
) -> None:
    nomis.damage = spoil
    attempt = refresh(nomis, store, dataset(page_rows="25"))
    assert (attempt.outcome, attempt.reason) == ("rejected", reason)
    assert attempt.message and attempt.remedy
    assert store.vintages(POPULATION, "all") == []


def test_rows_that_the_publisher_left_out_without_a_word_are_missed(nomis: Nomis, store: Store) -> None:
    nomis.most_rows = 20
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.reason) == ("rejected", "row_count_wrong")
    assert "rows 0 to 56 of 57; it has 20 rows" in (attempt.message or "")


def test_a_server_that_does_not_heed_the_offset_is_noticed(nomis: Nomis, store: Store) -> None:
    nomis.ignored = {"recordoffset"}
    attempt = refresh(nomis, store, dataset(page_rows="19"))
    assert (attempt.outcome, attempt.reason) == ("rejected", "row_count_wrong")


# Dimensions


def test_nothing_is_asked_while_a_dimension_is_open(nomis: Nomis, store: Store) -> None:
    attempt = refresh(nomis, store, dataset(gender=None))
    assert (attempt.outcome, attempt.reason) == ("rejected", "dimension_not_pinned")
    assert "does not pin: gender" in (attempt.message or "")
    assert nomis.asked_for_data == []


def test_nothing_is_asked_with_a_name_that_the_publisher_would_ignore(nomis: Nomis, store: Store) -> None:
    """The trap of this dataset: its age is called c_age, and `age` is accepted without effect."""
    attempt = refresh(nomis, store, dataset(age="200"))
    assert (attempt.outcome, attempt.reason) == ("rejected", "unknown_dimension")
    assert "NM_2002_1 has no dimension age; it has gender, c_age, measures" in (attempt.message or "")
    assert nomis.asked_for_data == []


def test_a_parameter_without_effect_is_noticed_in_the_rows(nomis: Nomis, store: Store) -> None:
    nomis.ignored = {"c_age"}
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.reason) == ("rejected", "other_rows")
    assert "c_age" in (attempt.message or "")


def test_areas_that_were_not_asked_for_are_noticed(nomis: Nomis, store: Store) -> None:
    nomis.ignored = {"geography"}
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.reason) == ("rejected", "other_rows")


def test_every_selected_column_and_the_dimensions_are_asked_for(nomis: Nomis, store: Store) -> None:
    refresh(nomis, store)
    (query,) = nomis.asked_for_data
    assert query["time"] == "first,latest"
    assert query["select"].split(",")[-6:] == [
        *("record_offset", "record_count", "gender", "gender_name", "c_age", "c_age_name"),
    ]
    assert (query["gender"], query["c_age"], query["measures"]) == ("0", "200,201,209", "20100")


def test_the_integrated_care_board_is_never_asked_for(nomis: Nomis, store: Store) -> None:
    attempt = refresh(nomis, store)
    (query,) = nomis.asked_for_data
    assert len(query["geography"].split(",")) == 11
    assert "E54000008" not in query["geography"]
    assert attempt.notes == ("No rows came for E92000001, and the publisher does not say why.",)


def test_a_dataset_that_knows_no_gss_codes_is_asked_by_the_publishers_own_numbers(nomis: Nomis, store: Store) -> None:
    latest = nomis.latest["NM_2002_1"]
    nomis.knows_gss = False
    for kind, number in (("TYPE424", "432"), ("TYPE480", "480")):
        of_kind = (row for row in latest.rows if row["GEOGRAPHY_TYPECODE"] == number)
        latest.areas = {**latest.areas, kind: {row["GEOGRAPHY"]: row["GEOGRAPHY_CODE"] for row in of_kind}}
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.message) == ("landed", None)
    assert "The publisher had nothing under the areas' GSS codes" in " ".join(attempt.notes)
    assert b'"484488"' in store.object_path(attempt.sha256 or "").read_bytes()
    assert len(nomis.asked_for_data[-1]["geography"].split(",")) == 10


# Answers that are no table


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!doctype html><html><body>Maintenance</body></html>", "html_body"),
        (b"You have exceeded the rate limit. Please try again later.", "not_this_table"),
        (b"", "header_only"),
        (b"\n", "header_only"),
        (HEADING_ONLY, "missing_column"),
        (b"Query is incomplete\n", "not_this_table"),
    ],
)
def test_a_complaint_with_status_200_is_no_table(nomis: Nomis, store: Store, body: bytes, reason: str) -> None:
    nomis.damage = lambda query, good: body
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.status, attempt.reason) == ("rejected", 200, reason)
    assert attempt.message and attempt.remedy


def test_the_claimant_count_with_other_columns_is_refused_by_the_names_of_those_it_lacks(
    nomis: Nomis, store: Store, shared_data: Path
) -> None:
    """The publisher's own file, which somebody else asked for with another `select`: it has no RECORD_COUNT."""
    found = (shared_data / "nomis" / "claimant_count_london_2018.csv").read_bytes()
    nomis.damage = lambda query, good: found
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.reason) == ("rejected", "missing_column")
    for name in ("date", "geography_type", "measures", "obs_status", "record_count", "c_age"):
        assert name in (attempt.message or "").split("it has also")[0].replace(",", "").split()
    assert "it has also duration_name, sex_name" in (attempt.message or "")
    assert store.vintages(POPULATION, "all") == []


def test_a_bad_answer_leaves_the_last_good_one_in_force(nomis: Nomis, store: Store) -> None:
    refresh(nomis, store)
    (good,) = store.vintages(POPULATION, "all")
    nomis.latest["NM_2002_1"].updated = "2026-02-01 09:30:00"
    nomis.damage = lambda query, body: b""
    assert refresh(nomis, store).outcome == "rejected"
    assert store.vintages(POPULATION, "all") == [good]
    # The probe of a round that brought nothing counts for nothing: the next one asks for the table.
    nomis.damage = lambda query, body: body.replace(b'"484488"', b'"484489"')
    assert refresh(nomis, store).outcome == "landed"


def test_a_dataset_that_is_gone_leaves_the_last_good_figures(nomis: Nomis, store: Store) -> None:
    refresh(nomis, store)
    latest = nomis.latest["NM_2002_1"]
    latest.updated = None
    nomis.instead("NM_2002_1.def.sdmx.json", respond_json({"structure": {"keyfamilies": None}}))
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.reason) == ("rejected", "header_only")
    assert "no dataset NM_2002_1 any longer" in (attempt.message or "")
    assert len(store.vintages(POPULATION, "all")) == 1


# Probe, identifiers, key


def test_no_table_is_asked_for_while_the_publisher_has_not_updated_it(nomis: Nomis, store: Store) -> None:
    first = refresh(nomis, store)
    assert first.release == "2026-01-20 09:30:00"
    assert refresh(nomis, store).outcome == "unchanged"
    assert [request.path.rsplit("/", 1)[1] for request in nomis.requests] == ["NM_2002_1.overview.json"]
    nomis.latest["NM_2002_1"].updated = "2026-02-01 09:30:00"
    refresh(nomis, store)
    assert len(nomis.asked_for_data) == 1


def test_another_question_is_asked_although_the_publisher_changed_nothing(nomis: Nomis, store: Store) -> None:
    refresh(nomis, store)
    assert refresh(nomis, store, dataset(c_age="200,201,208,209")).outcome == "landed"


def test_without_a_date_of_update_the_table_itself_says_whether_it_changed(nomis: Nomis, store: Store) -> None:
    nomis.latest["NM_2002_1"].updated = None
    assert [refresh(nomis, store).outcome for _ in range(2)] == ["landed", "unchanged"]
    assert len(nomis.asked_for_data) == 1


def test_a_dataset_that_moved_is_asked_under_its_new_name_and_both_are_told(nomis: Nomis, store: Store) -> None:
    attempt = refresh(nomis, store, dataset(source_id="NM_31_9"), moved={"NM_31_9": "NM_2002_1"})
    assert attempt.outcome == "landed"
    assert "Dataset NM_31_9 was discontinued; NM_2002_1 took its place and is asked." in attempt.notes


def test_the_key_goes_to_the_publisher_and_into_no_record(nomis: Nomis, store: Store) -> None:
    key = "0x5ec2e7c0ffee"
    attempt = refresh(nomis, store, dataset(page_rows="25"), key=key)
    assert {query.get("uid") for query in nomis.asked_for_data} == {key}
    assert "uid=REDACTED" in attempt.url
    assert key not in repr(attempt)
    for path in store.root.rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes(), path


def test_without_a_key_none_is_sent(nomis: Nomis, store: Store) -> None:
    refresh(nomis, store)
    assert all("uid" not in request.query for request in nomis.requests)


# Codes that are looked up


def claimants() -> LatestVintage:
    dimensions = {
        "gender": {"0": "Total", "1": "Male"},
        "age": {"0": "All categories: Age 16+", "2": "Aged 16-24", "11": "Aged 18-24"},
        "measure": {"1": "Claimant count", "2": "Claimants as a proportion of residents"},
        "measures": {"20100": "Value"},
    }
    areas = {area.code: area.name for area in load().areas if area.type != "subregion"}
    rows = invented(dimensions, areas, {"2025-12": "December 2025"}, lambda row: "5.5")
    lsoas = {"E01006512": "Liverpool 031A", "E01033756": "Liverpool 037C"}
    rows += invented(
        dimensions, lsoas, {"2025-12": "December 2025"}, lambda row: "15", PARENT="1778384999", GEOGRAPHY_TYPECODE="151"
    )
    councils = {area.code: area.name for area in load().areas if area.type == "council"}
    numbers = {str(1778384999 + number): code for number, code in enumerate(sorted(councils, key=_liverpool_first))}
    return LatestVintage(dimensions, rows, areas={"TYPE424": numbers})


def _liverpool_first(code: str) -> tuple[bool, str]:
    return code != "E08000012", code


def test_a_code_is_found_by_what_the_publisher_calls_it(nomis: Nomis, store: Store) -> None:
    nomis.latest["NM_162_1"] = claimants()
    attempt = refresh(nomis, store, dataset("nomis_claimants_18_24"))
    assert (attempt.outcome, attempt.message) == ("landed", None)
    (query,) = nomis.asked_for_data
    assert query["age"] == "11"


@pytest.mark.parametrize(("label", "said"), [("Aged 17-24", "no code is"), ("Aged .*", "codes 2, 11 are")])
def test_a_label_that_fits_no_code_or_several_is_refused_with_the_list(
    nomis: Nomis, store: Store, label: str, said: str
) -> None:
    nomis.latest["NM_162_1"] = claimants()
    attempt = refresh(nomis, store, dataset("nomis_claimants_18_24", age=f"label: {label}"))
    assert (attempt.outcome, attempt.reason) == ("rejected", "code_not_found")
    assert said in (attempt.message or "") and "11 Aged 18-24" in (attempt.message or "")
    assert nomis.asked_for_data == []


def test_neighbourhoods_are_asked_for_as_the_children_of_the_nine_councils(nomis: Nomis, store: Store) -> None:
    nomis.latest["NM_162_1"] = claimants()
    attempt = refresh(nomis, store, dataset("nomis_claimants_neighbourhoods"))
    assert (attempt.outcome, attempt.message) == ("landed", None)
    (query,) = nomis.asked_for_data
    assert query["geography"].split(",") == sorted(
        (f"{1778384999 + number}TYPE151" for number in range(9)), key=query["geography"].index
    )
    assert query["time"] == "latestMINUS12,latest"
    assert b"E01006512" in store.object_path(attempt.sha256 or "").read_bytes()


def test_a_kind_of_area_that_was_numbered_anew_is_told(nomis: Nomis, store: Store) -> None:
    nomis.latest["NM_162_1"] = claimants()
    attempt = refresh(nomis, store, dataset("nomis_claimants_neighbourhoods", geography="TYPE432/TYPE151"))
    assert (attempt.outcome, attempt.reason) == ("rejected", "area_types_changed")
    assert "E06000006" in (attempt.message or "")


def test_of_modelled_unemployment_only_calendar_years_are_asked_for(nomis: Nomis, store: Store) -> None:
    dimensions = {"item": {"1": "count", "2": "rate"}, "measures": {"20100": "Value", "20701": "Confidence"}}
    dates = {"2024-09": "Oct 2023-Sep 2024", "2024-12": "Jan 2024-Dec 2024", "2025-12": "Jan 2025-Dec 2025"}
    rows = invented(dimensions, {"E06000006": "Halton"}, dates, lambda row: "4.1")
    nomis.latest["NM_127_1"] = LatestVintage(dimensions, rows, times=list(dates))
    attempt = refresh(nomis, store, dataset("nomis_modelled_unemployment"))
    assert (attempt.outcome, attempt.message) == ("landed", None)
    (query,) = nomis.asked_for_data
    assert (query["date"], "time" in query) == ("2024-12,2025-12", False)


def test_a_column_more_or_less_than_was_selected_is_told_by_its_name(nomis: Nomis, store: Store) -> None:
    def renamed(query: Mapping[str, str], body: bytes) -> bytes:
        return body.replace(b'"OBS_VALUE"', b'"OBSERVATION"')

    nomis.damage = renamed
    attempt = refresh(nomis, store)
    assert (attempt.outcome, attempt.reason) == ("rejected", "missing_column")
    assert "it lacks obs_value and it has also observation" in (attempt.message or "")
