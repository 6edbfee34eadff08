"""Three releases of level 2 and 3 by age 19 land one after another: what history and the list of revisions say.

Belongs here: the publisher's own three files, through the steps of a refresh, as three vintages. Does not belong
here: reading one release (dbt's unit tests beside the model), how files are found (test_ees_live_path).

Expected figures are read from the files themselves: some by hand, as constants, and all of them by the few lines
of `figures`, which know nothing of the warehouse.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data
from support.publishers.ees import BY_19, Ees, Publication, settings_of_home

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "dfe_ees"
FILES = {
    "one": "level2_3_by_19_release_2018-19.csv",
    "two": "level2_3_by_19_release_2021.csv",
    "three": "level2_3_by_19_release_2022.csv",
}
"""Run -> the release that the publisher has then."""
DATASET = "ees_attainment_by_19"
TITLE = "Attainment by local authority data - ages 16 to 19"
COUNCILS = [
    "E06000006",
    "E06000007",
    "E06000049",
    "E06000050",
    "E08000011",
    "E08000012",
    "E08000013",
    "E08000014",
    "E08000015",
]
LETTERED = {f"{letter}." for letter in "abcdefghij"}
INDICATORS = {"ATF09": "l2_by19", "SUP30": "l3_by19"}
Key = tuple[str, str, str, str, str, str]
"""Indicator, area, cohort, sex, breakdown, group."""

# Read by hand in the three files: (numerator, denominator) by release.
HALTON_2018 = (1170, 1426)  # the same in all three
HALTON_2014_NO_SEN = (954, 1017)  # likewise
ENGLAND_2021 = {"two": (427750, 524204), "three": (428390, 524208)}
HALTON_2005 = {"one": (1003, 1668), "two": (1002, 1670)}
NORTH_WEST_2018 = {"one": (62990, 76860), "two": (63060, 76870)}
LIVERPOOL_2022 = (3646, 4705)


@dataclass(frozen=True)
class Home:
    """A home after the three runs."""

    settings: Settings
    outcomes: dict[str, str]
    verdicts: list[str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent: no publisher's files to read")
    disable_usage_data()
    outcomes: dict[str, str] = {}
    with Ees() as server:
        publication = server.publications[BY_19] = Publication("level-2-and-3-attainment-by-young-people-aged-19")
        settings = settings_of_home(server, tmp_path_factory.mktemp("home"))
        for number, (run, file) in enumerate(FILES.items(), start=1):
            body = (FOLDER / file).read_bytes()
            publication.publish(f"file-{number}", TITLE, body, release=file, published=f"202{number}-04-20T09:30:00Z")
            refresh = Refresh(settings, run)
            (attempt,) = refresh.fetch([DATASET])
            outcomes[run] = attempt.outcome
        # Judged together: that a vintage which waits is judged like one that came alone is held in tests/quality.
        refresh.parse()
        refresh.build("staged")
        _, decided = refresh.admit()
        refresh.build("mart")
    yield Home(settings, outcomes, [verdict.verdict for _, verdict in decided])


def figures(run: str) -> dict[Key, tuple[str, str, str]]:
    """(numerator, denominator, rate) as printed in a release, for our areas, under labels that all releases share."""
    found = {}
    with (FOLDER / FILES[run]).open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            plain = {name: cell[2:] if cell[:2] in LETTERED else cell for name, cell in row.items()}
            area = plain["la_code_9"]
            if plain["la_name"] == "ALL":
                names = {"ALL": "E92000001", "England": "E92000001", "North West": "E12000002"}
                area = names.get(plain["region"], "")
            if area not in (*COUNCILS, "E12000002", "E92000001"):
                continue
            sex = {"ALL": "Persons"}.get(plain["gender"], plain["gender"])
            group = ("Total", "Total")
            if plain["fsm"] != "ALL":
                group = ("Free school meals", "Not eligible" if plain["fsm"].startswith("Not") else "Eligible")
            elif plain["sen"] != "ALL":
                group = ("Special educational needs", plain["sen"])
            for indicator, column in INDICATORS.items():
                counts = (plain[column], plain["number_in_ss_cohort"], plain[f"{column}_rate"])
                found[indicator, area, plain["cohort_19_in"], sex, *group] = counts
    return found


KEY = "indicator_code, area_code, cast(year(period_end) as varchar), sex, breakdown_type, breakdown_value"


def history(home: Home, key: Key) -> list[tuple[Any, ...]]:
    """(change, numerator, denominator, value to 9 digits) of one figure, oldest first."""
    named = dict(zip(KEY.split(", "), key, strict=True))
    where = " and ".join(f"{column} = '{text}'" for column, text in named.items())
    return home.rows(
        "select change, numerator, denominator, round(value, 9) from mart.fct_observation_history "
        f"where {where} order by valid_from"
    )


def share(numerator: float, denominator: float) -> float:
    return round(100 * numerator / denominator, 9)


def test_each_release_lands_as_a_vintage_and_is_admitted(home: Home) -> None:
    assert home.outcomes == {"one": "landed", "two": "landed", "three": "landed"}
    assert home.rows("select release from raw.vintage order by sequence") == [(file,) for file in FILES.values()]
    assert home.verdicts == ["admitted"] * 3
    assert home.rows("select count(*) from mart.dim_vintage") == [(3,)]


def test_a_revised_cohort_has_its_old_and_its_new_figures(home: Home) -> None:
    england = ("ATF09", "E92000001", "2021", "Persons", "Total", "Total")
    before, after = ENGLAND_2021["two"], ENGLAND_2021["three"]
    assert history(home, england) == [("new", *before, share(*before)), ("revised", *after, share(*after))]
    halton = ("ATF09", "E06000006", "2005", "Persons", "Total", "Total")
    before, after = HALTON_2005["one"], HALTON_2005["two"]
    assert history(home, halton) == [("new", *before, share(*before)), ("revised", *after, share(*after))]


def test_a_revision_is_listed_with_the_old_and_the_new_value_and_the_releases_they_are_from(home: Home) -> None:
    rows = home.rows(
        "select round(old_value, 9), round(new_value, 9), before.release, after.release from mart.fct_revision "
        "inner join mart.dim_vintage as before on old_vintage_id = before.vintage_id "
        "inner join mart.dim_vintage as after on new_vintage_id = after.vintage_id "
        "where indicator_code = 'ATF09' and area_code = 'E92000001' and sex = 'Persons' "
        "and breakdown_type = 'Total' and period_id = '2020-09-01/2021-08-31'"
    )
    two, three = ENGLAND_2021["two"], ENGLAND_2021["three"]
    assert rows == [(share(*two), share(*three), FILES["two"], FILES["three"])]


def test_rates_of_rounded_counts_are_the_rates_as_printed(home: Home) -> None:
    # The release of 2018/19 rounds a region's counts to ten and prints the rate of the counts before rounding.
    first, second = NORTH_WEST_2018["one"], NORTH_WEST_2018["two"]
    rows = history(home, ("ATF09", "E12000002", "2018", "Persons", "Total", "Total"))
    assert rows == [("new", *first, 81.962136491), ("revised", *second, 82.034603877)]
    assert share(*first) != 81.962136491


def test_exactly_the_figures_whose_counts_or_rates_changed_are_revisions(home: Home) -> None:
    releases = [figures(run) for run in FILES]
    expected = set()
    for number, (old, new) in enumerate(itertools.pairwise(releases), start=2):
        for key in old.keys() & new.keys():
            (*counts, rate), (*counts_now, rate_now) = old[key], new[key]
            # Nine digits are what the shortest of the three prints.
            if counts != counts_now or abs(float(rate) - float(rate_now)) > 1e-7:
                expected.add((*key, number))
    # Totals of the other councils of England are revised too, and sums of councils with their members; these are the
    # figures of our areas that the releases hold.
    rows = home.rows(
        f"select {KEY}, vintage.sequence from mart.fct_revision inner join mart.dim_period using (period_id) "
        "inner join raw.vintage on vintage.vintage_id = new_vintage_id "
        "inner join (select area_code from mart.dim_area where is_answered) using (area_code) where not is_derived"
    )
    assert set(rows) == expected
    assert len(rows) == len(expected) == 1166 + 404


def test_a_trend_changes_by_figures_of_its_five_cohorts_and_not_by_the_cohort_that_came(home: Home) -> None:
    # Each release brings another cohort; SUP30's newest five have a break between them in the third.
    cohorts = "cast(min(year(period_end)) as int), cast(max(year(period_end)) as int), cast(count(*) as int)"
    rows = home.rows(
        f"select indicator_code, area_code, breakdown_value, old_trend, new_trend, {cohorts} from mart.fct_revision "
        "inner join mart.dim_period using (period_id) where trend_changed group by all order by all"
    )
    assert rows == [
        ("SUP30", "E12000002", "Not eligible", "decreasing", "no_significant_change", 2014, 2018, 5),
        ("SUP30", "E92000001", "Not eligible", "no_significant_change", "increasing", 2014, 2018, 5),
    ]


def test_labels_and_printed_digits_are_no_revision(home: Home) -> None:
    # 'a.ALL' and 82.0476858345021 became 'ALL' and 82.04768583.
    assert history(home, ("ATF09", "E06000006", "2018", "Persons", "Total", "Total")) == [
        ("new", *HALTON_2018, share(*HALTON_2018))
    ]
    no_sen = ("ATF09", "E06000006", "2014", "Persons", "Special educational needs", "No SEN")
    assert history(home, no_sen) == [("new", *HALTON_2014_NO_SEN, share(*HALTON_2014_NO_SEN))]


def test_cohorts_that_are_not_yet_19_give_no_figure(home: Home) -> None:
    assert figures("three")["ATF09", "E08000012", "2023", "Persons", "Total", "Total"] == ("0", "4917", "0")
    latest = "select max(period_end), min(value) from mart.fct_observation_history where value is not null"
    ((last, least),) = home.rows(latest)
    assert str(last) == "2022-08-31"
    assert least > 0
    newest = home.rows(
        "select period, round(value, 9) from mart.vw_latest where indicator_code = 'ATF09' and area_code = 'E08000012'"
    )
    assert newest == [("2021/22 (academic)", share(*LIVERPOOL_2022))]
    # Staging separates them and records the reason, and every landed row stays accounted for.
    assert home.rows(
        "select distinct status, value, row_use from intermediate.int_staged where period_start >= date '2022-09-01'"
    ) == [("not_available", None, "other_measure")]
    assert home.rows("select count(*) from intermediate.int_row_account where landed_rows <> staged_rows") == [(0,)]


def test_a_new_cohort_is_new_and_nothing_of_ours_was_withdrawn(home: Home) -> None:
    assert history(home, ("ATF09", "E08000012", "2022", "Persons", "Total", "Total")) == [
        ("new", *LIVERPOOL_2022, share(*LIVERPOOL_2022))
    ]
    # Of other councils some are, as read in the files: Northumberland, Gateshead and Buckinghamshire got new codes, the
    # third release is "without Scilly", and has Dorset and the two Northamptonshires from their beginning only.
    withdrawn = "select distinct area_code from mart.fct_observation_history where change = 'withdrawn' order by 1"
    assert [code for (code,) in home.rows(withdrawn)] == [
        *("E06000048", "E06000053", "E06000059", "E06000061", "E06000062"),
        *("E08000020", "E10000002"),
    ]


def test_the_figures_in_force_are_those_of_the_newest_release(home: Home) -> None:
    expected = {
        key: (float(numerator), float(denominator))
        for key, (numerator, denominator, _) in figures("three").items()
        if int(key[2]) <= 2022
    }
    rows = home.rows(
        f"select {KEY}, numerator, denominator from mart.fct_observation "
        "inner join (select area_code from mart.dim_area where is_answered) using (area_code) "
        "where indicator_code in ('ATF09', 'SUP30') and not is_derived"
    )
    assert {row[:6]: row[6:] for row in rows} == expected
