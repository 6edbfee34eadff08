"""The commands that only read: their answers, their answers in an empty home, and how little they import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from releases_elsewhere import LIVE, make_live

from atf_dagster.catalogue import load
from atf_dagster.landing import Store
from support.command_output import Atf
from support.home import PROJECT, PublishedHome, environment

HEAVY = ("dagster", "dbt", "great_expectations")


def as_json(text: str) -> Any:
    return json.loads(text)


def figures(published_home: PublishedHome, atf: Atf, *words: str) -> list[dict[str, Any]]:
    """The figures that `explain` gives; it must end well."""
    said = atf(published_home.home, "explain", *words, "--json")
    assert said.code == 0, said.err
    answer = as_json(said.out)
    assert answer["release"] == published_home.release.name
    found: list[dict[str, Any]] = answer["figures"]
    return found


# explain -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "area"),
    [
        ("ATF01", "Liverpool"),
        ("ATF02", "E06000006"),
        ("ATF18", "England"),
        ("PRX07A", "St Helens"),
        ("PRX10A", "Wirral"),
        ("SUP07", "North West"),
    ],
)
def test_a_figure_is_followed_back_to_the_row_that_was_served(
    published_home: PublishedHome, atf: Atf, indicator: str, area: str
) -> None:
    found = figures(published_home, atf, indicator, area)
    assert found
    for figure in found:
        key = ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")
        where = " and ".join(f"{column} = '{figure[column]}'" for column in key)
        ((value, vintage_id),) = published_home.rows(
            f"select value, vintage_id from mart.fct_observation where {where}"
        )
        assert figure["value"] == value
        (source,) = figure["inputs"]
        row = source["row_as_served"]
        assert float(row.get("Value") or row["value"]) == value
        assert (row.get("area_code") or row["areacd"]) == figure["area_code"]
        assert source["vintage_id"] == vintage_id
        assert source["sha256"] in Path(source["object"]).name
        assert source["url"].startswith("https://")
        assert source["publisher"] and source["licence"] and source["attribution"]
        assert figure["history"][-1]["value"] == value
        assert figure["history"][-1]["valid_to"] is None


def test_the_newest_period_is_explained_unless_one_is_named(published_home: PublishedHome, atf: Atf) -> None:
    ((newest,),) = published_home.rows(
        "select max(period_id) from mart.fct_observation where indicator_code = 'ATF18' and area_code = 'E08000012'"
    )
    assert {figure["period_id"] for figure in figures(published_home, atf, "ATF18", "Liverpool")} == {newest}
    ((older, label),) = published_home.rows(
        "select o.period_id, p.label from mart.fct_observation as o inner join mart.dim_period as p using (period_id) "
        "where o.indicator_code = 'ATF18' and o.area_code = 'E08000012' order by o.period_id limit 1"
    )
    assert older < newest
    short = label.partition(" (")[0]  # a year that does not begin in April, as people type it
    assert short < label
    for asked in (older, label, short):
        assert {f["period_id"] for f in figures(published_home, atf, "ATF18", "Liverpool", asked)} == {older}


def test_code_and_name_of_an_area_give_the_same_answer_in_any_case(published_home: PublishedHome, atf: Atf) -> None:
    answers = [figures(published_home, atf, *words) for words in (("atf01", "e08000012"), ("ATF01", "LIVERPOOL"))]
    assert answers[0] == answers[1]


def test_a_derived_figure_is_followed_to_the_councils_it_was_summed_from(
    published_home: PublishedHome, atf: Atf
) -> None:
    (figure,) = figures(published_home, atf, "SUP04", "Cheshire and Merseyside")
    assert figure["is_derived"]
    assert figure["n_areas_included"] == figure["n_areas_expected"] == len(figure["inputs"]) == 9
    numerator = sum(source["numerator"] for source in figure["inputs"])
    denominator = sum(source["denominator"] for source in figure["inputs"])
    assert figure["value"] == pytest.approx(10_000 * numerator / denominator)
    councils = {area.code: {area.name, *area.also_written} for area in load().areas if area.type == "council"}
    assert {source["row_as_served"]["area_code"] for source in figure["inputs"]} == set(councils)
    for source in figure["inputs"]:
        assert source["area_name"] in councils[source["row_as_served"]["area_code"]]
        assert float(source["row_as_served"]["count"]) == source["numerator"]


def test_england_without_the_nine_is_followed_to_england_and_the_nine(published_home: PublishedHome, atf: Atf) -> None:
    asked = ("ATF17", "England without Cheshire and Merseyside")
    (figure,) = figures(published_home, atf, *asked)
    england = [source for source in figure["inputs"] if source["area_name"] == "England"]
    councils = [source for source in figure["inputs"] if source["area_name"] != "England"]
    assert (len(england), len(councils)) == (1, 9)
    numerator, denominator = (
        england[0][name] - sum(source[name] for source in councils) for name in ("numerator", "denominator")
    )
    assert figure["value"] == pytest.approx(1000 * numerator / denominator)
    assert "counts of England less those of its councils" in atf(published_home.home, "explain", *asked).out


def test_a_proxy_says_that_it_is_one(published_home: PublishedHome, atf: Atf) -> None:
    said = atf(published_home.home, "explain", "PRX10A", "Halton")
    assert said.code == 0
    assert "proxy for ATF10" in said.out
    assert "Aged 16 and over instead of 16 to 64" in said.out


def test_an_answer_for_people_names_figure_publisher_bytes_and_row(published_home: PublishedHome, atf: Atf) -> None:
    said = atf(published_home.home, "explain", "PRX10A", "Halton")
    (figure,) = figures(published_home, atf, "PRX10A", "Halton")
    (source,) = figure["inputs"]
    words = (f"{figure['value']:g} %", source["sha256"], source["url"], source["object"], "mode snapshot", "as served")
    assert [word for word in words if word not in said.out] == []


def test_a_figure_that_is_missing_says_why_from_coverage(published_home: PublishedHome, atf: Atf) -> None:
    ((state, reason),) = published_home.rows(
        "select state, reason from mart.coverage where indicator_code = 'ATF12' and area_code = 'E08000012'"
    )
    said = atf(published_home.home, "explain", "ATF12", "Liverpool")
    assert (said.code, said.out) == (1, "")
    assert f"No total of ATF12 in Liverpool. Coverage says: {state}, {reason}." in said.err
    assert reason == "local_return_not_received"


def test_bytes_that_are_not_on_this_machine_are_said_to_be_elsewhere(
    published_home: PublishedHome, tmp_path: Path, atf: Atf
) -> None:
    home = published_home.copy_of_releases(tmp_path / "releases-only")
    said = atf(home.home, "explain", "PRX10A", "Halton")
    assert said.code == 0
    assert "(not on this machine)" in said.out


# status, releases, rollback ------------------------------------------------------------------------------


def test_status_says_what_is_published_and_how_the_last_runs_ended(published_home: PublishedHome, atf: Atf) -> None:
    said = atf(published_home.home, "status")
    assert said.code == 0
    assert f"Release {published_home.release.name}: mode snapshot" in said.out
    assert str(published_home.releases / "current" / "atf.duckdb") in said.out
    assert published_home.report["run_id"] in said.out
    record = as_json(atf(published_home.home, "status", "--json").out)
    assert record["release"] == published_home.receipt
    assert record["damage"] == record["source_issues"] == []
    assert record["last_runs"][0]["outcome"] == "published"


def test_status_of_an_empty_house_says_what_to_do(tmp_path: Path, atf: Atf) -> None:
    said = atf(tmp_path, "status")
    assert said.code == 0
    assert "run `atf refresh`" in said.out
    assert as_json(atf(tmp_path, "status", "--json").out)["release"] is None


def test_status_notices_damage_names_it_and_does_not_end_well(
    published_home: PublishedHome, tmp_path: Path, atf: Atf
) -> None:
    home = published_home.copy_of_releases(tmp_path / "home")
    path = home.release / "parquet" / "dim_area.parquet"
    path.chmod(0o644)
    path.write_bytes(b"not what it was")
    said = atf(home.home, "status")
    assert said.code == 1
    assert "DAMAGED: parquet/dim_area.parquet has changed" in said.out
    assert as_json(atf(home.home, "status", "--json").out)["damage"] == ["parquet/dim_area.parquet has changed"]


def test_releases_lists_them_newest_first_and_marks_the_current(
    published_home: PublishedHome, tmp_path: Path, atf: Atf
) -> None:
    home = published_home.copy_of_releases(tmp_path / "home")
    make_live(home.releases, home.release.name)
    said = atf(home.home, "releases")
    newest, current = said.out.splitlines()
    assert newest.startswith(f"  {home.release.name}  snapshot")
    assert current.startswith(f"* {LIVE}  live")
    records = as_json(atf(home.home, "releases", "--json").out)
    assert [(record["version"], record["is_current"]) for record in records] == [
        (home.release.name, False),
        (LIVE, True),
    ]


def test_rollback_names_where_it_came_from_and_where_it_is(
    published_home: PublishedHome, tmp_path: Path, atf: Atf
) -> None:
    home = published_home.copy_of_releases(tmp_path / "home")
    make_live(home.releases, home.release.name)
    forward = atf(home.home, "rollback", home.release.name)
    assert (forward.code, os.readlink(home.releases / "current")) == (0, home.release.name)
    back = atf(home.home, "rollback", LIVE)
    assert back.code == 0
    assert f"Current is {LIVE}; it was {home.release.name}." in back.out
    assert f"rolled back from {home.release.name}" in atf(home.home, "status").out
    refused = atf(home.home, "rollback")
    assert refused.code == 1
    assert "no release before the current one" in refused.err


# diagnose ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["fingertips_93283", "ons_els_modelled_unemployment"])
def test_diagnose_tells_attempts_vintages_and_verdicts(published_home: PublishedHome, atf: Atf, dataset: str) -> None:
    record = as_json(atf(published_home.home, "diagnose", dataset, "--json").out)
    collection, entry = load().dataset(dataset)
    assert [part["part"] for part in record["parts"]] == [part.id for part in collection.parts_of(entry)]
    first = record["parts"][0]
    assert [attempt["outcome"] for attempt in first["attempts"]] == ["landed"]
    (vintage,) = Store(published_home.settings.landing).vintages(dataset, first["part"])
    assert first["vintages"][0]["vintage"] == vintage.id
    assert {v["verdict"] for v in first["vintages"][0]["verdicts"]} == {"parsed", "admitted"}
    said = atf(published_home.home, "diagnose", dataset)
    assert said.code == 0
    assert vintage.id in said.out and entry.page_url in said.out
    assert "Nothing is held back." in said.out


def test_diagnose_says_what_arrived_first(published_home: PublishedHome, atf: Atf) -> None:
    said = atf(published_home.home, "diagnose", "fingertips_93881")
    assert "What arrived first, in run " in said.out
    for words in ("Ages: 18+ yrs; 18-24 yrs", "Sexes: Female; Male; Persons", "9 of the nine councils, England"):
        assert words in said.out
    record = as_json(atf(published_home.home, "diagnose", "fingertips_93881", "--json").out)
    assert record["first_load"]["units"] == ["Adult obesity: %, from 4.9003 to 41.3968"]


def test_diagnose_of_a_dataset_never_asked_for_says_so(tmp_path: Path, atf: Atf) -> None:
    said = atf(tmp_path, "diagnose", "fingertips_93283")
    assert said.code == 0
    assert "never asked for: run `atf refresh`" in said.out


# what does not exist -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("diagnose", "fingertips_0"), "fingertips_93283"),
        (("explain", "ATF99", "Liverpool"), "dim_indicator"),
        (("explain", "ATF01", "Atlantis"), "dim_area"),
        (("rollback", "000099-x"), "There are:"),
    ],
)
def test_what_is_not_there_is_answered_with_where_to_find_what_is(
    published_home: PublishedHome, tmp_path: Path, atf: Atf, words: tuple[str, ...], named: str
) -> None:
    home = published_home.copy_of_releases(tmp_path / "home")
    said = atf(home.home, *words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("atf: ")
    assert words[1 if words[-1] != "Atlantis" else 2] in said.err
    assert named in said.err


def test_explain_before_the_first_release_says_what_to_do(tmp_path: Path, atf: Atf) -> None:
    said = atf(tmp_path, "explain", "ATF01", "Liverpool")
    assert said.code == 1
    assert "Run `atf refresh`" in said.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ATF_MODE", "lively", "ATF_MODE is 'lively'; it must be 'snapshot' (bundled figures) or 'live'."),
        ("ATF_ATTEMPTS", "many", "ATF_ATTEMPTS is 'many'; it must be a whole number."),
        ("ATF_KEEP_RELEASES", "-1", "ATF_KEEP_RELEASES is '-1'; it must not be negative."),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_nothing_is_done(
    tmp_path: Path, atf: Atf, name: str, value: str, words: str
) -> None:
    home = tmp_path / "home"
    for command in ("status", "refresh"):
        said = atf(home, command, **{name: value})
        assert (said.code, said.out) == (1, "")
        assert said.err == f"atf: {words}\n"
    assert not home.exists()


# lightness -----------------------------------------------------------------------------------------------


def test_a_command_that_only_looks_imports_nothing_heavy(published_home: PublishedHome) -> None:
    """All commands in one process; after each one the imported modules are checked."""
    program = f"""
import contextlib, io, sys
from atf_dagster.cli.main import main
for words in (["status"], ["releases"], ["diagnose", "fingertips_93283"], ["explain", "ATF01", "Liverpool"]):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = main(words)
    loaded = sorted({{name.split(".")[0] for name in sys.modules}} & set({HEAVY!r}))
    print(words[0], code, len(said.getvalue()) > 50, loaded)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(published_home.home),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "status 0 True []",
        "releases 0 True []",
        "diagnose 0 True []",
        "explain 0 True []",
    ]


def test_explain_of_a_derived_figure_names_the_council_that_it_lacks(
    published_home: PublishedHome, tmp_path: Path, atf: Atf
) -> None:
    home = published_home.copy_of_releases(tmp_path / "home")
    database = (home.releases / "current").resolve() / "atf.duckdb"
    database.chmod(0o644)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as release")
        connection.execute(
            "update release.mart.fct_observation set value = null, numerator = null, status = 'suppressed' "
            "where indicator_code = 'SUP04' and area_code = 'E06000006'"
        )
        connection.execute(
            "update release.mart.fct_observation set value = null, lci_95 = null, n_areas_included = 8, "
            "status = 'not_available' where indicator_code = 'SUP04' and area_code = 'E54000008'"
        )
    said = atf(home.home, "explain", "SUP04", "Cheshire and Merseyside")
    assert said.code == 0
    assert all(words in said.out for words in ("no value", "8 of 9 councils", "Halton: no counts (suppressed)"))
