"""What a release promises its readers: tables, columns, types, keys, areas, figures and the files beside them.

The lists are written out here, and not taken from the models, so that a change of the models cannot change them.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.catalogue import load
from atf_dagster.landing import Store
from atf_dagster.quality import suites
from support.home import PROJECT, PublishedHome

KEY = ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value")
MEASURES = (
    *("value", "numerator", "denominator", "lci_95", "uci_95", "lci_998", "uci_998"),
    *("status", "status_note", "vintage_id"),
)
CONTRACT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "dim_indicator": (
        ("indicator_code",),
        (
            *("beacon_no", "principle_no", "principle", "short_name", "name", "report_name", "definition", "unit"),
            *("value_type", "multiplier", "polarity", "year_type", "frequency", "native_level", "aggregation_rule"),
            *("ci_method", "trend_allowed", "is_proxy", "proxy_for", "statistic_status", "decimals", "value_min"),
            *("value_max", "publisher", "licence", "attribution", "page_url"),
        ),
    ),
    "dim_area": (
        ("area_code",),
        ("area_name", "area_type", "parent_code", "in_cheshire_merseyside", "valid_from", "valid_to", "area_key"),
    ),
    "dim_area_change": (("old_code", "new_code"), ("old_name", "new_name", "kind", "changed_on")),
    "dim_area_member": (("group_code", "member_code"), ("group_type",)),
    "dim_area_boundary": (("area_code",), ("code_year", "geometry", "vintage_id")),
    "dim_area_deprivation": (
        ("area_code", "edition"),
        (
            *("average_score", "rank_of_average_score", "decile", "share_of_lsoas_most_deprived_10", "lsoa_count"),
            *("code_year", "vintage_id", "lsoa_vintage_id"),
        ),
    ),
    "dim_code": (("code_type", "code"), ("words",)),
    "dim_period": (
        ("period_id",),
        ("label", "period_start", "period_end", "period_type", "n_years", "sort_order", "period_key"),
    ),
    "dim_vintage": (
        ("vintage_id",),
        ("dataset", "publisher", "url", "retrieved_at", "published_at", "sha256", "bytes", "licence", "attribution"),
    ),
    "fct_observation": (
        KEY,
        (*MEASURES, "ci_method", "is_derived", "n_areas_expected", "n_areas_included", "derived_by", "first_seen_at"),
    ),
    "fct_pool_check": (
        ("indicator_code", "period_id", "sex", "age"),
        (
            *("benchmark_area_code", "pooled_value", "published_value", "difference", "tolerance", "n_councils"),
            *("share_of_people", "weights", "weights_day", "outcome"),
        ),
    ),
    "fct_observation_history": ((*KEY, "valid_from"), (*MEASURES, "valid_to", "change")),
    "fct_revision": (
        (*KEY, "seen_at"),
        (
            *("old_value", "new_value", "difference", "old_status", "new_status", "old_vintage_id", "new_vintage_id"),
            *("old_outcome_statistical", "new_outcome_statistical", "comparison_changed"),
            *("old_trend", "new_trend", "trend_changed"),
        ),
    ),
    "fct_comparison": (
        (*KEY, "benchmark_area_code"),
        (
            *("benchmark_value", "benchmark_lci_95", "benchmark_uci_95", "method", "outcome_statistical"),
            *("outcome_judged", "is_significant_998", "reason", "includes_area", "benchmark_vintage_id"),
        ),
    ),
    "fct_quintile": (
        KEY,
        (
            *("tier", "n_areas_expected", "n_areas", "rank", "quintile", "quintile_judged", "reason", "vintage_id"),
            *("lowest", "lower_quartile", "median", "upper_quartile", "highest", "rank_from", "rank_to"),
        ),
    ),
    "fct_trend": (
        ("indicator_code", "area_code", "sex", "age", "breakdown_type", "breakdown_value"),
        (
            *("period_id", "first_period_id", "n_points", "method", "chi_squared", "slope"),
            *("outcome", "outcome_judged", "reason", "caution"),
        ),
    ),
    "fct_goal": (
        ("indicator_code", "area_code", "goal_year"),
        (
            *("goal_value", "period_id", "value", "distance", "direction", "change_a_year_needed"),
            *("earlier_period_id", "earlier_value", "change_a_year", "value_on_path", "outcome", "statement", "reason"),
        ),
    ),
    "fct_control_chart": (
        KEY,
        (
            *("value", "mean", "lower_limit", "upper_limit", "moving_range", "mean_moving_range", "first_period_id"),
            *("n_points", "method", "is_outside_limits", "is_shift", "is_trend", "is_two_of_three"),
            *("outcome", "outcome_judged", "autocorrelation", "caution", "reason"),
        ),
    ),
    "fct_inequality": (
        ("indicator_code", "area_code", "period_id", "sex", "age", "measure", "group_a", "group_b"),
        (
            "value",
            "lci_95",
            "uci_95",
            "method",
            "seed",
            "repetitions",
            "direction",
            "reason",
            "n_groups",
            "quantile_edition",
            "weighting",
            "share_joined",
            "since_period_id",
            "outcome",
        ),
    ),
    "coverage": (
        ("indicator_code", "area_code"),
        ("latest_period_id", "expected_period_id", "state", "reason", "note"),
    ),
    "quality_result": (
        ("run_id", "suite", "expectation"),
        (
            *("severity", "success", "observed", "unexpected_count", "sample", "table_name", "owner"),
            "evaluated_at",
        ),
    ),
    "release_info": (
        ("version",),
        (
            *("run_id", "mode", "built_at", "contract_version", "quality_state", "datasets_fresh"),
            "datasets_held_back",
        ),
    ),
    "release_history": (
        ("version",),
        (
            *("built_at", "mode", "software_version", "software_commit", "contract_version", "compared_with"),
            *("n_new", "n_revised", "n_withdrawn", "n_comparison", "quality_state"),
        ),
    ),
    "fct_change": (
        KEY,
        (
            *(
                "observation_key",
                "is_headline",
                "change",
                "old_value",
                "new_value",
                "old_value_reason",
                "old_status",
                "new_status",
            ),
            *("old_outcome_statistical", "new_outcome_statistical", "old_outcome_judged", "new_outcome_judged"),
            *("comparison_changed", "old_trend", "new_trend", "trend_changed", "version_before", "version"),
            *("is_other_mode", "made_by_other_code"),
        ),
    ),
}
VIEWS = ("vw_latest", "vw_scorecard", "vw_series", "vw_spine")
RELATIONS = (*CONTRACT, *VIEWS)

DATES = {"period_start", "period_end"}
MOMENTS = {"retrieved_at", "published_at", "first_seen_at", "seen_at", "built_at", "evaluated_at"}
COUNCILS = {
    *("Halton", "Warrington", "Cheshire East", "Cheshire West and Chester", "Knowsley", "Liverpool", "St Helens"),
    *("Sefton", "Wirral"),
}
ALLOWED_VALUES = {
    ("dim_indicator", "polarity"): {"higher_is_better", "lower_is_better", "none"},
    ("dim_period", "period_type"): {
        *("calendar_year", "financial_year", "academic_year", "quarter", "multi_year", "rolling_year", "snapshot"),
        "week",
    },
    ("fct_observation", "sex"): {"Persons", "Male", "Female"},
    ("fct_observation", "status"): {
        *("normal", "provisional", "revised", "estimated", "break", "suppressed", "not_available"),
        *("not_applicable", "unreliable", "not_published"),
    },
    ("fct_observation_history", "change"): {"new", "revised", "withdrawn"},
    ("fct_comparison", "outcome_statistical"): {"lower", "similar", "higher", "not_compared"},
    ("fct_comparison", "outcome_judged"): {"better", "similar", "worse", None},
    ("fct_quintile", "reason"): {"no_figure", "too_few_areas", None},
    ("fct_control_chart", "outcome"): {"common_cause", "special_cause_high", "special_cause_low", None},
    ("fct_control_chart", "outcome_judged"): {"improvement", "concern", None},
    ("fct_control_chart", "reason"): {"no_figure", "overlapping_periods", "fewer_than_twelve_points", None},
    ("fct_pool_check", "outcome"): {"good_enough", "too_coarse", "not_measured"},
    ("coverage", "state"): {"current", "late", "empty", "stale"},
}


@pytest.fixture(scope="module")
def release(published_home: PublishedHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The release, attached as a reader may attach it."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as release (read_only)")
        connection.execute("use release")
        yield connection


def column_types(release: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = release.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'release' and schema_name = 'mart' "
        "and table_name = ?",
        [relation],
    ).fetchall()
    return dict(rows)


def everywhere(release: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """(relation, column, type) of all that the release holds, whatever the contract says."""
    return release.execute(
        "select table_name, column_name, data_type from duckdb_columns() where database_name = 'release'"
    ).fetchall()


def one(release: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = release.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("table", CONTRACT)
def test_a_table_has_every_column_of_the_contract(release: duckdb.DuckDBPyConnection, table: str) -> None:
    key, others = CONTRACT[table]
    assert {*key, *others} - set(column_types(release, table)) == set()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_can_be_read_and_has_rows(release: duckdb.DuckDBPyConnection, view: str) -> None:
    assert one(release, f"select count(*) from mart.{view}") > 0


def test_every_type_is_one_that_every_reader_knows(release: duckdb.DuckDBPyConnection) -> None:
    lawful = {"VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"}
    assert [entry for entry in everywhere(release) if entry[2] not in lawful] == []


def test_days_are_dates_and_moments_are_timestamps(release: duckdb.DuckDBPyConnection) -> None:
    for relation, column, kind in everywhere(release):
        if column in DATES:
            assert kind == "DATE", (relation, column)
        if column in MOMENTS:
            assert kind == "TIMESTAMP", (relation, column)
        # An area is valid from a day, a figure's history from a moment.
        if column in ("valid_from", "valid_to"):
            assert kind == ("DATE" if relation == "dim_area" else "TIMESTAMP"), (relation, column)


@pytest.mark.parametrize("table", CONTRACT)
def test_a_key_is_unique_and_never_empty(release: duckdb.DuckDBPyConnection, table: str) -> None:
    key, _ = CONTRACT[table]
    columns = ", ".join(key)
    empty = " or ".join(f"{column} is null" for column in key)
    assert one(release, f"select count(*) from mart.{table} where {empty}") == 0
    assert (
        one(release, f"select count(*) from (select 1 from mart.{table} group by {columns} having count(*) > 1)") == 0
    )


@pytest.mark.parametrize(("table", "column"), ALLOWED_VALUES)
def test_a_column_of_words_holds_the_words_of_the_contract(
    release: duckdb.DuckDBPyConnection, table: str, column: str
) -> None:
    found = {row[0] for row in release.execute(f"select distinct {column} from mart.{table}").fetchall()}
    assert found
    assert found <= ALLOWED_VALUES[table, column]


def test_the_nine_councils_and_the_areas_around_them_are_there(release: duckdb.DuckDBPyConnection) -> None:
    areas = {
        code: (name, kind, parent, inside)
        for code, name, kind, parent, inside in release.execute(
            "select area_code, area_name, area_type, parent_code, in_cheshire_merseyside from mart.dim_area "
            "where is_answered"
        ).fetchall()
    }
    assert {name for name, kind, _, _ in areas.values() if kind == "council"} == COUNCILS
    assert {parent for _, kind, parent, _ in areas.values() if kind == "council"} == {"E54000008"}
    assert areas["E54000008"] == ("Cheshire and Merseyside", "subregion", "E12000002", True)
    assert areas["E12000002"][:3] == ("North West", "region", "E92000001")
    assert areas["E92000001"][:3] == ("England", "country", None)


def test_the_22_beacon_indicators_are_there_whether_or_not_they_have_figures(
    release: duckdb.DuckDBPyConnection,
) -> None:
    rows = release.execute("select indicator_code, beacon_no from mart.dim_indicator where beacon_no is not null")
    assert sorted(rows.fetchall()) == [(f"ATF{number:02d}", number) for number in range(1, 23)]


def test_at_least_eight_beacon_indicators_have_figures_for_all_nine_councils(
    release: duckdb.DuckDBPyConnection,
) -> None:
    rows = release.execute(
        """
        select coalesce(i.proxy_for, i.indicator_code) as beacon
        from mart.fct_observation as o
        inner join mart.dim_indicator as i using (indicator_code)
        inner join mart.dim_area as a using (area_code)
        where a.area_type = 'council' and a.in_cheshire_merseyside
            and o.value is not null and (i.beacon_no is not null or i.is_proxy)
        group by beacon, i.indicator_code
        having count(distinct o.area_code) = 9
        """
    ).fetchall()
    assert len({row[0] for row in rows}) >= 8


def test_england_has_figures_wherever_its_publisher_serves_them(
    release: duckdb.DuckDBPyConnection, published_home: PublishedHome
) -> None:
    """Counted in the bytes as landed: where a table has a row of England with a value, the mart has one.

    Of the two services whose CSV has an area, a period and a value a row, and of the indicators that nobody else
    serves: of the others the formats differ, and each is compared with its own files in tests/sources.
    """
    plain = {"fingertips", "ons_els"}
    served: set[str] = set()
    elsewhere: set[str] = set()
    store = Store(published_home.settings.landing)
    for collection, dataset in load().datasets:
        if collection.service.id not in plain or collection.format != "csv":
            elsewhere |= set(dataset.indicators)
            continue
        for part in collection.parts:
            for vintage in store.vintages(dataset.id, part.id):
                with store.object_path(vintage.sha256).open(encoding=vintage.encoding, newline="") as stream:
                    rows = [row for row in csv.DictReader(stream) if row.get("Value") or row.get("value")]
                england = [row for row in rows if "E92000001" in (row.get("Area Code"), row.get("areacd"))]
                # One table may carry periods of several lengths, for an indicator each.
                lengths = {row.get("Time period range") for row in england}
                if england:
                    served |= {entry.indicator for entry in dataset.yields if entry.period_length in (None, *lengths)}
    published = release.execute(
        "select distinct indicator_code from mart.fct_observation where area_code = 'E92000001' and value is not null"
    ).fetchall()
    assert len(served - elsewhere) > 15
    assert {row[0] for row in published} - elsewhere == served - elsewhere


def test_a_value_is_absent_exactly_where_its_status_says_why(release: duckdb.DuckDBPyConnection) -> None:
    hidden = "('suppressed', 'not_available', 'not_applicable', 'unreliable', 'not_published')"
    assert one(release, f"select count(*) from mart.fct_observation where (value is null) <> (status in {hidden})") == 0


def test_totals_are_marked_as_such_in_both_columns(release: duckdb.DuckDBPyConnection) -> None:
    odd = "(breakdown_type = 'Total') <> (breakdown_value = 'Total')"
    assert one(release, f"select count(*) from mart.fct_observation where {odd}") == 0


@pytest.mark.parametrize(
    ("table", "column", "other", "key"),
    [
        ("fct_observation", "indicator_code", "dim_indicator", "indicator_code"),
        ("fct_observation", "area_code", "dim_area", "area_code"),
        ("fct_observation", "period_id", "dim_period", "period_id"),
        ("fct_observation", "vintage_id", "dim_vintage", "vintage_id"),
        ("fct_comparison", "benchmark_area_code", "dim_area", "area_code"),
        ("fct_quintile", "area_code", "dim_area", "area_code"),
        ("coverage", "indicator_code", "dim_indicator", "indicator_code"),
        ("coverage", "area_code", "dim_area", "area_code"),
    ],
)
def test_what_a_table_refers_to_exists(
    release: duckdb.DuckDBPyConnection, table: str, column: str, other: str, key: str
) -> None:
    lost = one(release, f"select count(*) from mart.{table} anti join mart.{other} on {table}.{column} = {other}.{key}")
    assert lost == 0


def test_every_indicator_and_area_has_a_line_of_coverage_and_absence_a_reason(
    release: duckdb.DuckDBPyConnection,
) -> None:
    pairs = one(release, "select count(*) from mart.dim_indicator, mart.dim_area where is_answered")
    assert one(release, "select count(*) from mart.coverage") == pairs
    assert one(release, "select count(*) from mart.coverage where state <> 'current' and reason is null") == 0


def test_every_expectation_has_a_result(release: duckdb.DuckDBPyConnection, published_home: PublishedHome) -> None:
    rows = release.execute("select run_id, suite, expectation, severity, owner from mart.quality_result").fetchall()
    assert {row[0] for row in rows} == {published_home.report["run_id"]}
    declared = {(s.suite, e.name, e.severity, e.owner) for s in suites.load() for e in s.expectations}
    assert {tuple(row[1:]) for row in rows} == declared
    assert len(rows) == len(declared)


def test_a_release_from_the_snapshot_says_so_everywhere(
    release: duckdb.DuckDBPyConnection, published_home: PublishedHome, package: dict[str, Any]
) -> None:
    assert one(release, "select mode from mart.release_info") == "snapshot"
    assert published_home.receipt["mode"] == "snapshot"
    assert package["mode"] == "snapshot"
    assert "bundled snapshot" in package["description"]
    assert published_home.report["mode"] == "snapshot"


def test_a_release_is_called_the_same_everywhere(
    release: duckdb.DuckDBPyConnection, published_home: PublishedHome, package: dict[str, Any]
) -> None:
    version = published_home.release.name
    assert one(release, "select version from mart.release_info") == version
    assert published_home.receipt["version"] == version
    assert package["version"] == version
    assert os.readlink(published_home.releases / "current") == version


def test_every_form_of_a_table_has_the_same_rows(
    release: duckdb.DuckDBPyConnection, published_home: PublishedHome
) -> None:
    forms = {
        (relation, form)
        for relation in {entry[0] for entry in everywhere(release)}
        for form in ("parquet", "csv")
        if (published_home.release / form / f"{relation}.{form}").is_file()
    }
    assert {(relation, form) for relation in RELATIONS for form in ("parquet", "csv")} <= forms
    for relation, form in sorted(forms):
        path = published_home.release / form / f"{relation}.{form}"
        expected = one(release, f"select count(*) from mart.{relation}")
        if form == "parquet":
            assert one(release, f"select count(*) from read_parquet('{path}')") == expected
        else:
            with path.open(encoding="utf-8", newline="") as stream:
                assert sum(1 for _ in csv.reader(stream)) - 1 == expected


def test_parquet_holds_what_the_database_holds(
    release: duckdb.DuckDBPyConnection, published_home: PublishedHome
) -> None:
    for table in CONTRACT:
        path = published_home.release / "parquet" / f"{table}.parquet"
        both = f"(from mart.{table}) except all (from read_parquet('{path}'))"
        assert one(release, f"select count(*) from ({both})") == 0


def test_a_view_reads_alike_opened_by_itself_and_attached_under_any_name(published_home: PublishedHome) -> None:
    counts = []
    with duckdb.connect(str(published_home.mart), read_only=True) as connection:
        counts.append([one(connection, f"select count(*) from mart.{relation}") for relation in RELATIONS])
    for name in ("release", "warehouse", "a_b"):
        with duckdb.connect() as connection:
            connection.execute(f"attach '{published_home.mart}' as {name} (read_only)")
            counts.append([one(connection, f"select count(*) from {name}.mart.{relation}") for relation in RELATIONS])
    assert counts[1:] == counts[:1] * 3


def test_the_files_storage_is_one_that_older_clients_read(published_home: PublishedHome) -> None:
    header = published_home.mart.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") <= 65


def test_a_client_of_duckdb_1_2_opens_the_release(published_home: PublishedHome) -> None:
    client = PROJECT / ".old-client"
    if not (client / "duckdb").is_dir():
        pytest.skip("no .old-client: `make test` installs DuckDB 1.2 there, and then the release is opened with it")
    reads = f"""
import duckdb
assert duckdb.__version__.startswith("1.2."), duckdb.__version__
connection = duckdb.connect({str(published_home.mart)!r}, read_only=True)
for relation in {RELATIONS!r}:
    print(connection.execute(f"select count(*) from mart.{{relation}}").fetchone()[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", reads],
        env={**os.environ, "PYTHONPATH": str(client)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [published_home.rows(f"select count(*) from mart.{relation}")[0][0] for relation in RELATIONS]
    assert [int(line) for line in done.stdout.split()] == expected


def test_nothing_lies_beside_the_database_that_would_shut_it(published_home: PublishedHome) -> None:
    assert list(published_home.release.glob("*.wal")) == []
    assert [path.name for path in published_home.releases.glob(".candidate-*")] == []


def test_the_receipt_covers_every_file_with_its_hash(published_home: PublishedHome) -> None:
    files = {
        str(path.relative_to(published_home.release)): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in published_home.release.rglob("*")
        # Pages, JSON and the workbook are made from the finished release, and can be made again at any time.
        if path.is_file()
        and path.name != "receipt.json"
        and path.relative_to(published_home.release).parts[0] not in ("report", "json", "atf_beacon_indicators.xlsx")
    }
    assert published_home.receipt["files"] == files
    assert {"atf.duckdb", "datapackage.json", "validation.html"} <= set(files)


def test_the_receipt_counts_the_rows_of_every_relation(published_home: PublishedHome) -> None:
    rows = published_home.receipt["rows"]
    assert set(RELATIONS) <= set(rows)
    for relation, count in rows.items():
        assert published_home.rows(f"select count(*) from mart.{relation}") == [(count,)]


def test_the_verdict_is_one_that_lets_it_be_published(published_home: PublishedHome) -> None:
    assert published_home.receipt["verdict"] in ("passed", "warned")
    assert published_home.rows("select quality_state from mart.release_info") == [(published_home.receipt["verdict"],)]


def test_no_file_of_a_release_may_be_written(published_home: PublishedHome) -> None:
    files = [path for path in published_home.release.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o222] == []


# The package's description -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(published_home: PublishedHome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((published_home.release / "datapackage.json").read_text("utf-8"))
    return found


def test_the_package_lists_each_csv_file_with_its_columns(
    published_home: PublishedHome, package: dict[str, Any]
) -> None:
    resources = {resource["path"]: resource for resource in package["resources"]}
    assert set(resources) == {f"csv/{path.name}" for path in (published_home.release / "csv").glob("*.csv")}
    for path, resource in resources.items():
        with (published_home.release / path).open(encoding="utf-8", newline="") as stream:
            heading = next(csv.reader(stream))
        assert [field["name"] for field in resource["schema"]["fields"]] == heading
        assert all(field["description"] for field in resource["schema"]["fields"]), path
        assert resource["description"]


def test_the_package_names_the_keys_of_the_contract(package: dict[str, Any]) -> None:
    keys = {r["path"]: tuple(r["schema"].get("primaryKey", ())) for r in package["resources"]}
    for table, (key, _) in CONTRACT.items():
        assert set(keys[f"csv/{table}.csv"]) == set(key)


def test_the_package_names_publishers_and_licences(package: dict[str, Any]) -> None:
    catalogue = load()
    # What organisations send has no address.
    addresses = {service.id: service.base_url for service in catalogue.services if service.id != "returns"}
    expected = {(publisher.name, addresses.get(publisher.service)) for publisher in catalogue.publishers}
    assert {(source["title"], source.get("path")) for source in package["sources"]} == expected
    assert {"https://fingertips.phe.org.uk", "https://www.ons.gov.uk"} < {address for _, address in expected}
    assert all("Open Government Licence" in source["attribution"] for source in package["sources"])
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"


def test_every_cell_of_the_csv_files_is_of_the_type_that_the_package_states(
    published_home: PublishedHome, package: dict[str, Any]
) -> None:
    for resource in package["resources"]:
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        with (published_home.release / resource["path"]).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for name, cell in row.items():
                    if cell == "":
                        assert not fields[name].get("constraints", {}).get("required"), (resource["path"], name)
                    else:
                        read_cell(cell, fields[name])


def read_cell(cell: str, field: dict[str, Any]) -> None:
    """Raises ValueError where a cell is not of its field's type."""
    match field["type"]:
        case "integer":
            int(cell)
        case "number":
            float(cell)
        case "date":
            dt.date.fromisoformat(cell)
        case "datetime":
            dt.datetime.strptime(cell, field["format"])
        case "boolean":
            assert cell in ("true", "false")
        case kind:
            assert kind == "string"


def test_every_relation_and_column_is_described_in_the_database(published_home: PublishedHome) -> None:
    silent = published_home.rows(
        "select table_name || '.' || column_name from duckdb_columns() where schema_name = 'mart' and comment is null "
        "union all select table_name from duckdb_tables() where schema_name = 'mart' and comment is null "
        "union all select view_name from duckdb_views() where schema_name = 'mart' and comment is null"
    )
    assert silent == []


def test_the_current_release_is_found_where_the_contract_says(published_home: PublishedHome) -> None:
    assert Path(published_home.releases / "current" / "atf.duckdb").is_file()
    assert published_home.rows("select contract_version from mart.release_info") == [(2,)]
