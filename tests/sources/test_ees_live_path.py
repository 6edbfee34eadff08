"""DfE Explore education statistics, fetched live on loopback: both interfaces, the publisher's files, what is refused.

Belongs here: versions, successors, files found by title, which bodies are the table, figures read by hand in the
files. Does not belong here: several releases in the history (test_level_2_by_19_revisions), cases of one staging
model (dbt's unit tests beside it).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.landing import Store
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data
from atf_dagster.warehouse import raw
from support.fetching import fetch_one
from support.publishers.ees import EARLY_YEARS, KEY_STAGE_4, KEY_STAGE_4_CSV, NEET, Ees, Publication, settings_of_home

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "dfe_ees"
NEET_TITLE = "NEET and not known, age 16 to 17, by characteristics"

CHANGES = {
    "versionNumber": "1.1",
    "majorChanges": {
        "indicators": [
            {
                "previousState": {"id": "a", "column": "avg_p8score", "label": "Average Progress 8 score"},
                "currentState": {"id": "b", "column": "progress8_average", "label": "Progress 8"},
            },
            {"previousState": {"id": "c", "column": "t_att8", "label": "Sum of Attainment 8"}},
        ]
    },
    "minorChanges": {
        "timePeriods": [{"currentState": {"code": "AY", "period": "2024/2025", "label": "2024/25"}}],
        "filterOptions": [
            {
                "filter": {"id": "f", "column": "sex", "label": "Sex"},
                "options": [
                    {"previousState": {"id": "1", "label": "Girl"}, "currentState": {"id": "1", "label": "Girls"}}
                ],
            }
        ],
    },
}


@pytest.fixture
def server() -> Iterator[Ees]:
    with Ees() as running:
        running.version(KEY_STAGE_4, "1.0", KEY_STAGE_4_CSV)
        running.publications[NEET] = Publication("participation-in-education")
        yield running


def real_file(name: str) -> bytes:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip("../shared/data is absent: no publisher's files to read")
    return path.read_bytes()


def neet_of(year: str) -> bytes:
    return real_file(f"neet_16_17_{year}.csv")


# the public API -----------------------------------------------------------------------------------------


def test_the_newest_version_lands_with_its_number_and_its_day(server: Ees, tmp_path: Path) -> None:
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4")
    assert (attempt.outcome, attempt.release, attempt.encoding) == ("landed", "version 1.0", "utf-8-sig")
    (vintage,) = Store(tmp_path).vintages("ees_key_stage_4", "all")
    assert vintage.published_at is not None
    assert vintage.published_at.date().isoformat() == "2026-01-19"
    # What is kept is the table, not its compression.
    (page,) = Store(tmp_path).verified(vintage)
    assert page.read_bytes() == KEY_STAGE_4_CSV


def test_a_version_that_we_hold_is_not_downloaded_again(server: Ees, tmp_path: Path) -> None:
    fetch_one(tmp_path, server.url, "ees_key_stage_4", "first")
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4", "second")
    assert attempt.outcome == "unchanged"
    assert len(server.downloads()) == 1


def test_a_minor_version_lands_and_its_changes_are_noted(server: Ees, tmp_path: Path) -> None:
    fetch_one(tmp_path, server.url, "ees_key_stage_4", "first")
    server.version(KEY_STAGE_4, "1.1", KEY_STAGE_4_CSV.replace(b"39.9", b"40.1"))
    server.changes[KEY_STAGE_4, "1.1"] = {**CHANGES, "majorChanges": {}}
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4", "second")
    assert (attempt.outcome, attempt.release, attempt.sequence) == ("landed", "version 1.1", 2)
    (note,) = attempt.notes
    assert "timePeriods: 2024/25 (AY) added" in note
    assert "filterOptions: Girl (1) is now Girls (1)" in note


def test_a_minor_version_lands_where_its_changes_cannot_be_read(server: Ees, tmp_path: Path) -> None:
    fetch_one(tmp_path, server.url, "ees_key_stage_4", "first")
    server.version(KEY_STAGE_4, "1.1", KEY_STAGE_4_CSV.replace(b"39.9", b"40.1"))
    assert fetch_one(tmp_path, server.url, "ees_key_stage_4", "second").outcome == "landed"


def test_a_new_major_version_is_refused_with_old_and_new_names(server: Ees, tmp_path: Path) -> None:
    fetch_one(tmp_path, server.url, "ees_key_stage_4", "first")
    server.version(KEY_STAGE_4, "2.0", b"other,columns\n1,2\n")
    server.changes[KEY_STAGE_4, "2.0"] = CHANGES
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4", "second")
    assert (attempt.outcome, attempt.reason) == ("rejected", "major_version")
    assert "Average Progress 8 score (avg_p8score) is now Progress 8 (progress8_average)" in str(attempt.message)
    assert "Sum of Attainment 8 (t_att8) removed" in str(attempt.message)
    assert '"2.*"' in str(attempt.remedy)
    # The last good one stays, and the new one was not even downloaded.
    assert len(Store(tmp_path).vintages("ees_key_stage_4", "all")) == 1
    assert len(server.downloads()) == 1


def test_a_deprecated_data_set_is_followed_to_its_successor(server: Ees, tmp_path: Path) -> None:
    successor = "019d431f-519e-7527-999a-8019a8016012"
    server.version(KEY_STAGE_4, "1.0", KEY_STAGE_4_CSV, status="Deprecated", supersedingDataSetId=successor)
    server.version(successor, "3.0", KEY_STAGE_4_CSV)
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4")
    assert attempt.outcome == "landed"
    assert attempt.url.endswith(f"/{successor}/csv?dataSetVersion=3.0")
    assert any(KEY_STAGE_4 in note and successor in note for note in attempt.notes)


def test_a_withdrawn_data_set_leaves_the_last_good_figures(server: Ees, tmp_path: Path) -> None:
    fetch_one(tmp_path, server.url, "ees_key_stage_4", "first")
    server.data_sets[KEY_STAGE_4]["status"] = "Withdrawn"
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4", "second")
    assert (attempt.outcome, attempt.reason) == ("rejected", "withdrawn")
    assert len(Store(tmp_path).vintages("ees_key_stage_4", "all")) == 1


def test_a_warning_with_status_200_is_a_failure(server: Ees, tmp_path: Path) -> None:
    server.data_sets[KEY_STAGE_4]["warnings"] = [{"code": "LocationsNotFound", "message": "One or more are unknown."}]
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4")
    assert (attempt.outcome, attempt.reason) == ("rejected", "warnings")
    assert "LocationsNotFound" in str(attempt.message)


def test_an_unknown_data_set_fails_and_names_the_address(server: Ees, tmp_path: Path) -> None:
    server.data_sets.clear()
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4")
    assert (attempt.outcome, attempt.status) == ("failed", 404)
    assert KEY_STAGE_4 in attempt.url


def test_the_table_of_children_in_care_does_not_pass_for_that_of_all_pupils(server: Ees, tmp_path: Path) -> None:
    server.version(KEY_STAGE_4, "1.0", real_file("ks4_children_in_care_la.csv"))
    attempt = fetch_one(tmp_path, server.url, "ees_key_stage_4")
    assert (attempt.outcome, attempt.reason) == ("rejected", "missing_column")
    assert "breakdown_topic" in str(attempt.message)


# the data catalogue -------------------------------------------------------------------------------------


def test_a_file_is_found_by_its_title_on_the_last_page_of_the_listing(server: Ees, tmp_path: Path) -> None:
    server.page_size = 1
    neet = server.publications[NEET]
    for number, title in enumerate(("Participation by characteristics", "Participation by type"), start=1):
        neet.publish(f"other-{number}", title, b"a,b\n1,2\n", release="2025", published=None)
    neet.publish("wanted", f"  {NEET_TITLE} ", neet_of("2025"), release="Calendar year 2025", published="2025-07-17")
    attempt = fetch_one(tmp_path, server.url, "ees_neet_16_17")
    assert (attempt.outcome, attempt.release) == ("landed", "Calendar year 2025")
    assert server.downloads() == ["/api/data-set-files/wanted/download"]
    assert len(attempt.listings) == 3


def test_a_new_release_has_another_id_which_is_noted_and_the_same_is_not_asked_twice(
    server: Ees, tmp_path: Path
) -> None:
    neet = server.publications[NEET]
    outcomes = []
    for year in ("2022", "2023", "2025"):
        neet.publish(f"file-{year}", NEET_TITLE, neet_of(year), release=year, published=None)
        attempt = fetch_one(tmp_path, server.url, "ees_neet_16_17", year)
        again = fetch_one(tmp_path, server.url, "ees_neet_16_17", f"{year} again")
        outcomes += [attempt.outcome, again.outcome]
    assert outcomes == ["landed", "unchanged"] * 3
    assert len(server.downloads()) == 3
    moved = next(note for note in attempt.notes if "is now" in note)
    assert "file-2025" in moved
    assert "file-2023" in moved


def test_a_title_that_fits_two_files_is_refused_and_both_are_named(server: Ees, tmp_path: Path) -> None:
    for number in (1, 2):
        title = f"NEET by characteristics {number}"
        server.publications[NEET].publish(f"file-{number}", title, b"a\n1\n", release="2025", published=None)
    attempt = fetch_one(tmp_path, server.url, "ees_neet_16_17")
    assert (attempt.outcome, attempt.reason) == ("rejected", "title_ambiguous")
    assert "NEET by characteristics 1; NEET by characteristics 2" in str(attempt.message)


def test_a_title_that_is_gone_is_told_with_the_titles_that_there_are(server: Ees, tmp_path: Path) -> None:
    server.publications[NEET].publish("x", "NEET by feature", b"a\n1\n", release="2025", published=None)
    attempt = fetch_one(tmp_path, server.url, "ees_neet_16_17")
    assert attempt.outcome == "rejected"
    assert "NEET by feature" in str(attempt.message)


def test_a_file_that_was_cut_is_refused_and_the_one_before_it_stays(server: Ees, tmp_path: Path) -> None:
    neet, body = server.publications[NEET], neet_of("2025")
    attempts = []
    for number, bytes_served in enumerate((body, body[: len(body) // 2]), start=1):
        neet.publish(f"file-{number}", NEET_TITLE, bytes_served, release="2025", published=None)
        attempts.append(fetch_one(tmp_path / "landing", server.url, "ees_neet_16_17", f"run {number}"))
    assert [(attempt.outcome, attempt.reason) for attempt in attempts] == [
        ("landed", None),
        ("rejected", "ragged_rows"),
    ]
    (whole,) = raw.parse_new(load(), Store(tmp_path / "landing"), tmp_path / "raw", "run", lambda message: None)
    assert (whole.verdict.verdict, whole.verdict.rows) == ("parsed", 161)


def named_by_slug(slug: str) -> Catalogue:
    """The catalogue with the publication of NEET named by its slug."""
    catalogue = load()
    collection, dataset = catalogue.dataset("ees_neet_16_17")
    renamed = dataset.model_copy(update={"ask": {**dataset.ask, "publication": slug}})
    others = [other for other in catalogue.collections if other.table != collection.table]
    own = collection.model_copy(update={"datasets": (renamed,)})
    return catalogue.model_copy(update={"collections": (*others, own)})


def test_a_publication_named_by_its_slug_is_looked_up(server: Ees, tmp_path: Path) -> None:
    server.page_size = 1
    server.publications = {EARLY_YEARS: Publication("early-years"), **server.publications}
    server.publications[NEET].publish("n", NEET_TITLE, neet_of("2025"), release="2025", published=None)
    catalogue = named_by_slug("participation-in-education")
    assert fetch_one(tmp_path, server.url, "ees_neet_16_17", catalogue=catalogue).outcome == "landed"


def test_an_unknown_slug_is_refused_with_those_that_there_are(server: Ees, tmp_path: Path) -> None:
    attempt = fetch_one(tmp_path, server.url, "ees_neet_16_17", catalogue=named_by_slug("neet-by-council"))
    assert (attempt.outcome, attempt.reason) == ("rejected", "publication_unknown")
    assert "participation-in-education" in str(attempt.message)


def test_an_error_page_with_status_200_is_no_table(server: Ees, tmp_path: Path) -> None:
    page = b"<!doctype html><html><body>Service unavailable</body></html>"
    server.publications[NEET].publish("x", NEET_TITLE, page, release="2025", published=None)
    attempt = fetch_one(tmp_path, server.url, "ees_neet_16_17")
    assert (attempt.outcome, attempt.reason) == ("rejected", "html_body")


# figures ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staged:
    """A home in which the three tables landed and were staged."""

    settings: Settings
    verdicts: dict[str, str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def figure(self, indicator: str, area: str, end: str, sex: str = "Persons", group: str = "Total") -> Any:
        """(value, numerator, denominator, status) of the one kept figure with this key."""
        (row,) = self.rows(
            "select value, numerator, denominator, status from intermediate.int_staged where row_use = 'kept' "
            f"and indicator_code = '{indicator}' and area_code = '{area}' and period_end = date '{end}' "
            f"and sex = '{sex}' and breakdown_value = '{group}'"
        )
        return row


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    disable_usage_data()
    with Ees() as server:
        early_years = server.publications[EARLY_YEARS] = Publication("early-years")
        body = real_file("eyfsp_headline_measures_2022.csv")
        early_years.publish("e", "1 Headline measures by characteristics", body, release="2021/22", published=None)
        neet = server.publications[NEET] = Publication("participation-in-education")
        neet.publish("n", NEET_TITLE, by_characteristics(neet_of("2025")), release="2025", published=None)
        server.version(KEY_STAGE_4, "1.0", KEY_STAGE_4_CSV)
        settings = settings_of_home(server, tmp_path_factory.mktemp("home"))
        refresh = Refresh(settings, "run")
        refresh.fetch(["ees_early_years", "ees_neet_16_17", "ees_key_stage_4"])
        refresh.parse()
        refresh.build("staged")
        _, decided = refresh.admit()
    return Staged(settings, {parsed.vintage.dataset: verdict.verdict for parsed, verdict in decided})


def by_characteristics(body: bytes) -> bytes:
    """The dashboard's file under the columns of the publication's other one, which has groups of young people."""
    names = {
        "Age": "Age",
        "Cohort_DJFavg": "avgcohort",
        "NEET_not_known_percent": "NEETNKprop",
        "NEET_percent": "NEETprop",
        "Notknown_percent": "Notknownprop",
    }
    text = io.StringIO(newline="")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    place = list(rows[0])[:10]
    writer = csv.writer(text)
    writer.writerow([*place, *names.values(), "Characteristic_grouping", "Characteristic"])
    for row in rows:
        cells = [*(row[name] for name in place), "16 to 17", *(row[name] for name in list(names)[1:])]
        writer.writerow([*cells, "Total", "Total"])
        writer.writerow([*cells, "SEND", "SEN support"])
    return text.getvalue().encode()


def test_early_years_figures_are_those_of_the_file(staged: Staged) -> None:
    assert staged.figure("ATF04", "E92000001", "2022-08-31") == (65.2, 405723, 622583, "break")
    assert staged.figure("ATF04", "E92000001", "2022-08-31", "Female") == (71.9, 218923, 304334, "break")
    assert staged.figure("ATF04", "E06000006", "2022-08-31") == (60.1, 865, 1439, "break")
    assert staged.figure("ATF04", "E06000006", "2022-08-31", "Male") == (53.6, 400, 746, "break")
    halton_meals = staged.figure("ATF04", "E06000006", "2022-08-31", group="Eligible")
    # The publisher's data bank has the same 49.8 % for Halton.
    assert halton_meals[0] == 49.8
    assert round(100 * halton_meals[1] / halton_meals[2], 1) == 49.8
    assert staged.verdicts["ees_early_years"] == "admitted"


def test_districts_are_staged_and_no_council_is_there_twice(staged: Staged) -> None:
    uses = dict(
        staged.rows(
            "select row_use, count(*) from intermediate.int_staged where dataset = 'ees_early_years' group by row_use"
        )
    )
    [(ours,)] = staged.rows(
        "select count(*) from intermediate.int_staged where dataset = 'ees_early_years' and row_use = 'kept' "
        "and area_code in (select area_code from raw.catalogue_area)"
    )
    assert "exact_duplicate" not in uses
    # Eleven areas; all children and free school meals or not; all, girls and boys. Of other councils all children.
    assert ours == 11 * 3 * 3
    assert (uses["kept"] - ours) % 3 == 0
    assert sum(uses.values()) == 12852


def test_neet_figures_are_those_of_the_file_whichever_columns_they_stand_in(staged: Staged) -> None:
    assert staged.figure("PRX08A", "E92000001", "2025-02-28") == (5.6, None, 1335160, "normal")
    assert staged.figure("PRX08A", "E08000012", "2025-02-28") == (8.8, None, 11151, "normal")
    assert staged.figure("SUP31", "E08000012", "2025-02-28") == (5.9, None, 11151, "normal")
    assert staged.figure("PRX08A", "E12000002", "2025-02-28") == (5.7, None, 182970, "normal")
    assert staged.figure("SUP31", "E06000049", "2025-02-28") == (3.6, None, 8545, "normal")
    ages = staged.rows("select distinct age from intermediate.int_staged where indicator_code = 'PRX08A'")
    assert ages == [("16-17 yrs",)]
    assert staged.verdicts["ees_neet_16_17"] == "admitted"


def test_ohid_gives_the_same_averages_the_year_of_their_december() -> None:
    """Why the two share no period: what Fingertips labels 2017 and 2018 the department has under 2018 and 2019."""
    real_file("bds_long_0.parquet")
    tool = f"""
        select
            "LA and Regions" as area, cast(Years as int) as year,
            coalesce(
                max(case when "Short Desc" = '16-17_not known_NEET' then try_cast("Values" as double) end),
                sum(case when "Short Desc" <> '16-17_not known_NEET' then try_cast("Values" as double) end)
            ) as share
        from '{FOLDER / "bds_long_0.parquet"}'
        where "Short Desc" in ('16-17 NEET', '16-17_not known', '16-17_not known_NEET')
        group by all"""
    ohid = f"""
        select area_name as area, period as year, try_cast(value as double) as share
        from read_csv('{FOLDER.parent / "fingertips_figures" / "dashboard_neets.csv"}')"""
    agreeing = (
        "select ohid.year, count(*), count(case when abs(ohid.share - tool.share) < 0.051 then 1 end) "
        f"from ({ohid}) as ohid inner join ({tool}) as tool on ohid.area = tool.area "
        "and ohid.year = tool.year - {shift} where ohid.share is not null and tool.share is not null "
        "group by all order by all"
    )
    assert duckdb.sql(agreeing.format(shift=1)).fetchall() == [(2017, 145, 145), (2018, 146, 146)]
    ((year, areas, agree),) = duckdb.sql(agreeing.format(shift=0)).fetchall()
    assert (year, areas) == (2018, 145)
    assert agree < 20


def test_key_stage_4_keeps_negative_scores_limits_and_markers_and_leaves_schools_out(staged: Staged) -> None:
    assert staged.figure("ATF05", "E06000006", "2024-08-31") == (-0.46, None, None, "normal")
    assert staged.rows(
        "select lci_95, uci_95 from intermediate.int_staged where row_use = 'kept' "
        "and indicator_code = 'ATF05' and area_code = 'E12000002'"
    ) == [(-0.18, -0.16)]
    assert staged.figure("ATF06", "E06000006", "2025-08-31", group="Eligible") == (32.5, None, 400.0, "provisional")
    assert staged.figure("ATF05", "E06000006", "2025-08-31", group="Eligible") == (None, None, None, "not_published")
    # Without a GSS code the publisher's own number identifies St Helens.
    assert staged.figure("ATF06", "E08000013", "2025-08-31", "Male") == (None, None, 900.0, "suppressed")
    uses = staged.rows(
        "select source_row, min(row_use) from intermediate.int_staged "
        "where dataset = 'ees_key_stage_4' and row_use <> 'kept' group by source_row order by source_row"
    )
    assert uses == [(6, "other_measure"), (7, "other_area")]


def test_every_landed_row_is_accounted_for(staged: Staged) -> None:
    rows = staged.rows("select dataset, landed_rows, staged_rows from intermediate.int_row_account order by dataset")
    assert rows == [
        ("ees_early_years", 12852, 12852),
        ("ees_key_stage_4", 7, 7),
        ("ees_neet_16_17", 322, 322),
    ]
