"""Releases with local returns are attacked: nobody can compute from the mart what disclosure control hides.

The organisations and figures are made up. The attack is that of the release's audit (atf_dagster/release/disclosure).
It knows the mart's tables and does not know the rules by which returns are hidden.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from made_up_returns import NOW, WHOLE, contracts, spend, staff, write
from test_return_disclosure import names, random_rows

from atf_dagster import catalogue
from atf_dagster.release.disclosure import Finding, given_away
from atf_dagster.returns.disclosure import hide
from atf_dagster.returns.rows import Row
from atf_dagster.returns.store import submit
from atf_dagster.settings import Settings
from support.forked_atf import ForkedAtf
from support.home import environment

KNOWN = catalogue.load()
BESIDE = "ons_els_modelled_unemployment"  # a refresh that no publisher answers builds nothing


def small_band() -> list[dict[str, str]]:
    """A trust with 3 of 20 in Band 5, and a council."""
    return [
        staff("ALL", "60", "250", "12"),
        staff("Band 2", "17", "90", "5"),
        staff("Band 5", "3", "20", "2"),
        staff("Band 6", "40", "140", "5"),
        staff("Band 9", "0", "0", "0", data_status="nil return"),
        spend(),
        contracts(),
    ]


# The mart as the models make it -----------------------------------------------------------------------------


def test_a_mart_with_hidden_returns_in_two_states_gives_none_away(settings: Settings) -> None:
    warehouse = settings.warehouse
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in ("fct_observation", "fct_observation_history"):
            hidden = f"select count(*) from mart.{table} where indicator_code = 'ATF20' and status = 'suppressed'"
            assert connection.execute(hidden).fetchone() != (0,)
    assert given_away(warehouse, {}) == []


BAND = "indicator_code = 'ATF20' and area_code = 'ORG-ZZ1' and breakdown_value = "
SHOWN_AGAIN = "status = 'normal', numerator = 17, denominator = 90, value = 100 * 17 / 90"
LEAKS: dict[str, tuple[str, str]] = {
    "the second band, so that ALL less the rest is the first": (
        f"update mart.fct_observation set {SHOWN_AGAIN} where {BAND} 'Band 2'",
        "Band 5",
    ),
    "a denominator": (f"update mart.fct_observation set denominator = 20 where {BAND} 'Band 5'", "its own denominator"),
    "a state of the history": (
        "insert into mart.fct_observation_history select * replace ('normal' as status, 3 as numerator, valid_from - "
        "interval 1 day as valid_from, valid_from as valid_to) from mart.fct_observation_history "
        f"where {BAND} 'Band 5'",
        "the same figure in another state",
    ),
    "the old value of a revision": (
        "insert into mart.fct_revision by name select indicator_code, area_code, period_id, sex, age, breakdown_type, "
        "breakdown_value, first_seen_at as seen_at, is_derived, 15.0 as new_value, vintage_id as old_vintage_id, "
        f"vintage_id as new_vintage_id, observation_key, is_headline from mart.fct_observation where {BAND} 'Band 5'",
        "new_value in fct_revision",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_of_a_return_is_found_and_blocks(settings: Settings, tmp_path: Path, leak: str) -> None:
    statement, words = LEAKS[leak]
    spoiled = tmp_path / "attacked.duckdb"
    shutil.copy(settings.warehouse, spoiled)
    with duckdb.connect(str(spoiled)) as connection:
        connection.execute(statement)
    findings = given_away(spoiled, {})
    assert findings and all(finding.blocks for finding in findings)
    assert any(words in finding.sentence for finding in findings)
    assert all("disclosure control of local returns" in finding.remedy for finding in findings)


# Many random tables of returns --------------------------------------------------------------------------------

TABLES = """
create schema mart;
create table mart.fct_observation (indicator_code varchar, area_code varchar, period_id varchar, sex varchar,
    age varchar, breakdown_type varchar, breakdown_value varchar, period_end date, value double, numerator double,
    denominator double, lci_95 double, uci_95 double, ci_method varchar, status varchar, vintage_id varchar,
    is_derived boolean, n_areas_expected int, n_areas_included int, partial_value double, denominator_coverage double,
    first_seen_at timestamp);
create table mart.dim_area (area_code varchar, area_name varchar, area_type varchar, parent_code varchar,
    valid_from date, valid_to date);
create table mart.dim_indicator (indicator_code varchar, short_name varchar, value_type varchar, multiplier double,
    aggregation_rule varchar, decimals int);
create table mart.dim_vintage (vintage_id varchar, publisher varchar);
insert into mart.dim_indicator values ('ATF20', 'Staff', 'proportion', 100, 'sum_ratio', 1);
insert into mart.dim_vintage values ('v', 'Made-up trusts');
insert into mart.dim_area values ('E54000008', 'Whole', 'subregion', null, null, null),
    ('E08000012', 'Liverpool', 'council', 'E54000008', null, null),
    ('E08000014', 'Sefton', 'council', 'E54000008', null, null);
"""


def attacked(path: Path, rows: Sequence[Row], hidden: set[tuple[str, str]]) -> list[Finding]:
    """A mart of these rows and of all their complete totals, with `hidden` (area or organisation, band) left out."""
    path.unlink(missing_ok=True)
    figures: dict[tuple[str, str], tuple[float, float] | None] = {}
    sums: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
        incomplete: set[tuple[str, str]] = set()
        for row in rows:
            counts = None
            places = {(place, row.breakdown_value) for place in (row.area_code, WHOLE)}
            if row.numerator is None or row.denominator is None:
                incomplete |= places
            else:
                counts = float(row.numerator), float(row.denominator)
                for place in places:
                    sums.setdefault(place, []).append(counts)
            figures[f"ORG-{row.org_code}", row.breakdown_value] = counts
        for code, area in sorted({(row.org_code, row.area_code) for row in rows}):
            connection.execute(
                "insert into mart.dim_area values (?, ?, 'organisation', ?, null, null)", [f"ORG-{code}", code, area]
            )
        for key, counted in sums.items():
            figures[key] = sum(n for n, _ in counted), sum(d for _, d in counted)
        figures |= dict.fromkeys(incomplete)  # a total that somebody did not supply is not available
        for (area, band), counts in sorted(figures.items()):
            hides = (area.removeprefix("ORG-"), band) in hidden
            connection.execute(
                "insert into mart.fct_observation values ('ATF20', ?, 'p', 'Persons', 'All ages', ?, ?, "
                "date '2025-03-31', ?, ?, ?, null, null, 'none', ?, 'v', ?, 1, 1, null, null, "
                "timestamp '2025-06-30 00:00:00')",
                [area, *figure(band, None if hides else counts, hides), not area.startswith("ORG-")],
            )
    return given_away(path, {})


def figure(band: str, counts: tuple[float, float] | None, hides: bool) -> list[str | float | None]:
    """Breakdown, value, counts and status as staging gives them."""
    group = ["Total", "Total"] if band == "ALL" else ["Pay band", band]
    if counts is None:
        return [*group, None, None, None, "suppressed" if hides else "not_available"]
    part, whole = counts
    return [*group, 100 * part / whole if whole else None, part, whole, "normal" if whole else "not_applicable"]


# In 16, 56, 75 and 337 a place's band is a shown zero: each of its organisations' zeros is then known, and with it,
# without company, the one band that is left of an organisation's ALL.
SEEDS = (*range(60), 75, 337, 1551, 1863, 3288, 3858, 3902)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_returns_as_they_are_hidden_give_nothing_away(tmp_path: Path, seed: int) -> None:
    rows = random_rows(random.Random(seed))
    assert attacked(tmp_path / "attacked.duckdb", rows, set(names(hide(rows, KNOWN)))) == []


def test_the_attack_succeeds_where_only_small_counts_are_hidden(tmp_path: Path) -> None:
    caught = 0
    for seed in range(40):
        rows = random_rows(random.Random(seed))
        primary = {name for name, reason in names(hide(rows, KNOWN)).items() if reason != "protects_another"}
        caught += bool(attacked(tmp_path / "attacked.duckdb", rows, primary))
    assert caught > 10


# A refresh -------------------------------------------------------------------------------------------------------


NO_SECOND_FIGURE = """
from atf_dagster.returns import disclosure
disclosure.Table._second = lambda self, unknown: iter(())
"""


def test_a_refresh_whose_mart_would_give_a_return_away_publishes_nothing_and_says_why(
    tmp_path: Path, forked_atf: ForkedAtf
) -> None:
    """A refresh whose disclosure control hides small counts only, and no second figure."""
    home = tmp_path / "home"
    home.mkdir()
    submit(home, write(tmp_path, small_band()), KNOWN, NOW)
    others = {service.id for service in KNOWN.services} - {"returns", KNOWN.dataset(BESIDE)[0].service.id}
    settings = environment(home, {"ATF_SKIP_SERVICES": ",".join(sorted(others))})
    ended = forked_atf.start(settings, words=["refresh", "--json"], before=NO_SECOND_FIGURE).ended()
    exit_code, report = ended.code, ended.report
    assert exit_code == 1
    assert report["outcome"] == "failed" and report["release"] is None
    message = str(report["message"])
    assert "gives away what it hides and was not published" in message
    assert "ATF20" in message and "ORG-ZZ1" in message and "2025-03-31" in message and "Band 5" in message
    assert "numerator of" in message and "disclosure control of local returns" in message
    assert not (home / "releases" / "current").exists()
