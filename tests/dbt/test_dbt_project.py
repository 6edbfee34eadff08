"""The dbt project on the bundled figures: it builds, keeps its contract, describes itself, and its tests bite.

Belongs here: what only shows when dbt runs. Does not belong here: the style of the SQL (test_portable_sql),
cases of one model (dbt's own unit tests, in yml beside the models, which are run from here).
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atf_dagster.catalogue import load
from support.dbt_warehouse import Built, Node, Warehouse

# Type in a contract -> DuckDB's name. The words are those that both engines understand.
TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}

FIGURE = "indicator_code area_code period_id sex age breakdown_type breakdown_value"
# Version 1 of the contract with readers: relation -> (key, other columns). A column may come, none may go.
CONTRACT = {
    "dim_indicator": (
        "indicator_code",
        "beacon_no principle_no principle short_name name report_name definition unit value_type multiplier polarity "
        "year_type frequency native_level aggregation_rule ci_method trend_allowed is_proxy proxy_for "
        "statistic_status decimals value_min value_max publisher licence attribution page_url",
    ),
    "dim_area": ("area_code", "area_name area_type parent_code in_cheshire_merseyside valid_from valid_to"),
    "dim_area_change": ("old_code new_code", "old_name new_name kind changed_on"),
    "dim_area_member": ("group_code member_code", "group_type"),
    "dim_area_boundary": ("area_code", "code_year geometry vintage_id"),
    "dim_area_deprivation": (
        "area_code edition",
        "average_score rank_of_average_score decile share_of_lsoas_most_deprived_10 lsoa_count code_year vintage_id "
        "lsoa_vintage_id",
    ),
    "dim_period": ("period_id", "label period_start period_end period_type n_years sort_order period_key"),
    "dim_code": ("code_type code", "words"),
    "dim_vintage": (
        "vintage_id",
        "dataset publisher url retrieved_at published_at sha256 bytes licence attribution mode origin origin_date "
        "origin_sha256",
    ),
    "fct_observation": (
        FIGURE,
        "value numerator denominator lci_95 uci_95 lci_998 uci_998 ci_method status status_note is_derived "
        "n_areas_expected n_areas_included vintage_id first_seen_at",
    ),
    "fct_observation_history": (
        f"{FIGURE} valid_from",
        "value numerator denominator lci_95 uci_95 lci_998 uci_998 status valid_to change vintage_id",
    ),
    "fct_revision": (
        f"{FIGURE} seen_at",
        "old_value new_value difference old_status new_status old_vintage_id new_vintage_id old_outcome_statistical "
        "new_outcome_statistical comparison_changed old_trend new_trend trend_changed",
    ),
    "fct_comparison": (
        f"{FIGURE} benchmark_area_code",
        "benchmark_value benchmark_lci_95 benchmark_uci_95 method outcome_statistical outcome_judged "
        "is_significant_998 reason includes_area benchmark_vintage_id",
    ),
    "fct_quintile": (
        FIGURE,
        "tier n_areas_expected n_areas rank quintile quintile_judged reason vintage_id lowest lower_quartile median "
        "upper_quartile highest rank_from rank_to",
    ),
    "fct_trend": (
        "indicator_code area_code sex age breakdown_type breakdown_value",
        "period_id first_period_id n_points method chi_squared slope outcome outcome_judged reason caution",
    ),
    "fct_goal": (
        "indicator_code area_code goal_year",
        "goal_value period_id value distance direction change_a_year_needed earlier_period_id earlier_value "
        "change_a_year value_on_path outcome statement reason",
    ),
    "fct_control_chart": (
        FIGURE,
        "value mean lower_limit upper_limit moving_range mean_moving_range first_period_id n_points method "
        "is_outside_limits is_shift is_trend is_two_of_three outcome outcome_judged autocorrelation caution reason",
    ),
    "fct_inequality": (
        "indicator_code area_code period_id sex age measure group_a group_b",
        "value lci_95 uci_95 method seed repetitions direction reason n_groups quantile_edition weighting share_joined "
        "since_period_id outcome",
    ),
    "coverage": ("indicator_code area_code", "latest_period_id expected_period_id state reason"),
    "vw_latest": (
        "indicator_code area_code",
        "value status outcome_judged trend difference_from_england not_compared_reason is_newest_period coverage_state "
        "coverage_reason",
    ),
    "vw_scorecard": (
        "indicator_code",
        "halton warrington cheshire_east cheshire_west_and_chester knowsley liverpool st_helens sefton wirral "
        "cheshire_and_merseyside north_west england coverage is_newest_period not_compared_reasons",
    ),
}

Z = {"95": 1.959963984540054, "998": 3.090232306167813}


def models(built: Built, *, as_written: bool = False) -> dict[str, dict[str, Any]]:
    """The project's models by name, as the manifest has them, with or without the descriptions that are filled in."""
    nodes = built.warehouse.manifest(as_written=as_written)["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


def columns_built(built: Built) -> dict[str, dict[str, str]]:
    """Relation -> column -> DuckDB type, as they stand in the warehouse."""
    found: dict[str, dict[str, str]] = {}
    for relation, column, kind in built.warehouse.query(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name <> 'raw'"
    ):
        found.setdefault(relation, {})[column] = kind
    return found


def failed(nodes: list[Node]) -> list[str]:
    return [
        f"{node.name}: {node.status}, {node.message}"
        for node in nodes
        if node.status not in ("success", "pass", "no-op")
    ]


def test_both_halves_build_one_after_the_other_and_all_data_tests_pass(built: Built) -> None:
    assert failed(built.staged) == []
    assert failed(built.mart) == []


def test_a_half_runs_its_own_models_and_tests_and_no_others(built: Built) -> None:
    manifest = built.warehouse.manifest()
    staged = {name for name, node in models(built).items() if "staged" in node["tags"]}
    ran = [{node.name for node in half if node.kind == "model"} for half in (built.staged, built.mart)]
    assert ran == [staged, set(models(built)) - staged]
    for half, ours in ((built.staged, staged), (built.mart, set(models(built)) - staged)):
        for test in (node.name for node in half if node.kind == "test"):
            parents = next(n["depends_on"]["nodes"] for n in manifest["nodes"].values() if n["name"] == test)
            assert {parent.rsplit(".", 1)[-1] for parent in parents} <= ours, test
    in_manifest = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert {node.name for node in (*built.staged, *built.mart) if node.kind == "test"} == in_manifest


def test_every_unit_test_of_a_model_passes(built: Built) -> None:
    nodes = built.warehouse.dbt("test", "--select", "test_type:unit")
    unit_tests = [node for node in nodes if node.kind == "unit_test"]
    assert unit_tests, "dbt ran no unit test"
    assert failed(unit_tests) == []


def test_every_model_says_its_grain_and_describes_every_column_it_has(built: Built) -> None:
    actual = columns_built(built)
    for name, node in models(built).items():
        assert node["description"].startswith("Grain: "), name
        described = {column["name"] for column in node["columns"].values() if column["description"].strip()}
        assert described == set(actual[name]), name


def test_a_description_that_all_staging_models_share_is_written_once(built: Built) -> None:
    """At int_stacked; a staging model's YAML says of a column what the shape does not."""
    written = models(built, as_written=True)
    stacked = written["int_stacked"]
    landed_row = ("vintage_id", "dataset", "part", "source_row")
    repeated = [
        f"{name}.{column}"
        for name, node in written.items()
        if node["schema"] == "staging"
        for column in (stacked["columns"] if node["unique_id"] in stacked["depends_on"]["nodes"] else landed_row)
        if node["columns"].get(column, {}).get("description") == stacked["columns"][column]["description"]
    ]
    assert repeated == []


def test_a_raw_column_that_every_table_has_is_described_with_no_table(built: Built) -> None:
    everywhere = {"row_number", "dataset", "part", "vintage_id", "page", "sheet_row"}
    published = {collection.table for collection in load().collections}
    for source in built.warehouse.manifest()["sources"].values():
        if source["name"] in published:
            assert not everywhere & set(source["columns"]), source["name"]


def test_a_publishers_raw_tables_are_declared_beside_their_models_and_our_own_in_one_file(built: Built) -> None:
    published = {collection.table for collection in load().collections}
    for source in built.warehouse.manifest()["sources"].values():
        file = Path(source["original_file_path"])
        if source["name"] in published:
            assert file.parts[:2] == ("models", "staging"), source["name"]
        else:
            assert file == Path("models/_program_sources.yml"), source["name"]


def test_a_models_yaml_stands_beside_it_under_its_name(built: Built) -> None:
    by_name = models(built)
    for name, node in by_name.items():
        beside = Path(node["original_file_path"]).with_suffix(".yml")
        assert node["patch_path"] == f"all_together_fairer://{beside}", name
    for test in built.warehouse.manifest()["unit_tests"].values():
        beside = Path(by_name[test["model"]]["original_file_path"])
        assert Path(test["original_file_path"]) in {
            beside.with_suffix(".yml"),
            beside.with_name(f"{beside.stem}_unit_tests.yml"),
        }, test["name"]


def test_folders_show_the_order_in_which_models_run(built: Built) -> None:
    """Staging, intermediate, marts; within the last two, folders by number. Nobody reads a later folder."""
    layers = ("staging", "intermediate", "marts")
    by_id = {node["unique_id"]: node for node in models(built).values()}

    def place(node: dict[str, Any]) -> tuple[int, str]:
        layer, folder = Path(node["original_file_path"]).parts[1:3]
        assert layer == "staging" or folder[0].isdigit(), node["name"]
        return layers.index(layer), "" if layer == "staging" else folder

    for node in by_id.values():
        for parent in node["depends_on"]["nodes"]:
            if parent in by_id:
                assert place(by_id[parent]) <= place(node), (by_id[parent]["name"], node["name"])


def test_every_source_table_and_exposure_is_described(built: Built) -> None:
    manifest = built.warehouse.manifest()
    for source in manifest["sources"].values():
        assert source["description"].startswith("Grain: "), source["name"]
        assert all(column["description"] for column in source["columns"].values()), source["name"]
    exposures = manifest["exposures"].values()
    assert {exposure["owner"]["name"] for exposure in exposures} == {"All Together Fairer data team"}
    assert all(exposure["description"] and exposure["depends_on"]["nodes"] for exposure in exposures)


def test_every_column_of_the_mart_is_typed_under_an_enforced_contract(built: Built) -> None:
    actual = columns_built(built)
    for name, node in models(built).items():
        if node["schema"] != "mart":
            continue
        assert node["contract"]["enforced"], name
        declared = {column["name"]: TYPES[column["data_type"]] for column in node["columns"].values()}
        assert declared == actual[name], name


def test_every_key_of_the_mart_is_declared_and_never_null(built: Built) -> None:
    for name, node in models(built).items():
        if node["schema"] != "mart":
            continue
        key = node["config"]["meta"]["primary_key"]
        assert set(key) <= set(node["columns"]), name
        if node["config"]["materialized"] == "table":
            never_null = {
                column["name"]
                for column in node["columns"].values()
                if any(constraint["type"] == "not_null" for constraint in column["constraints"])
            }
            assert set(key) <= never_null, name


@pytest.mark.parametrize("relation", CONTRACT)
def test_readers_find_what_the_contract_promises(built: Built, relation: str) -> None:
    key, others = CONTRACT[relation]
    node = models(built)[relation]
    assert node["config"]["meta"]["primary_key"] == key.split()
    assert {*key.split(), *others.split()} <= set(node["columns"])


def test_data_tests_find_what_they_are_there_for(built: Built, tmp_path: Path) -> None:
    """Each rule is broken once in a copy of the warehouse; exactly the tests for these rules fail."""
    (tmp_path / "raw").symlink_to(built.warehouse.folder / "raw")
    copy = Warehouse(tmp_path, tmp_path / "warehouse.duckdb")
    shutil.copy(built.warehouse.file, copy.file)
    shutil.copytree(built.warehouse.folder / "target", tmp_path / "target")
    a_row = "rowid = (select min(rowid) from {})"
    with duckdb.connect(str(copy.file)) as connection:
        for change in (
            "delete from intermediate.int_staged where (vintage_id, source_row) = "
            "(select (vintage_id, source_row) from intermediate.int_staged order by vintage_id, source_row limit 1)",
            "insert into mart.fct_observation from mart.fct_observation "
            f"where {a_row.format('mart.fct_observation where is_headline')}",
            "update mart.fct_observation set status = 'guessed', area_code = 'E99999999', period_id = 'then' "
            "where rowid = 7",
            "update mart.fct_observation set value = 0, status = 'suppressed' where rowid = 8",
            "update mart.fct_observation set n_areas_included = 8 where is_derived",
            "update mart.fct_observation_history set valid_to = valid_from "
            "where rowid = (select min(rowid) from mart.fct_observation_history where valid_to is null)",
            "update mart.fct_observation_history set lci_95 = 'nan' "
            "where rowid = (select max(rowid) from mart.fct_observation_history where value is not null)",
            "update mart.dim_indicator set beacon_no = 23 where indicator_code = 'ATF22'",
            "update mart.dim_period set period_end = period_start - 1 where rowid = 1",
            "update mart.coverage set state = 'fine', reason = 'who knows' where rowid = 1",
        ):
            connection.execute(change)
    nodes = copy.dbt("test", "--exclude", "test_type:unit")
    assert {node.name for node in nodes if node.status == "fail"} == {
        "every_landed_row_is_accounted_for",
        "fct_observation_has_one_row_a_key",
        "fct_observation_has_one_row_an_observation_key",
        "fct_observation_has_one_headline_figure_a_period",
        "vw_series_has_one_row_a_key",
        "fct_observation_refers_to_rows_that_exist",
        "fct_observation_holds_allowed_values",
        "a_value_is_null_exactly_where_its_status_hides_it",
        "a_derived_figure_includes_no_more_areas_than_it_should",
        "each_figure_has_one_open_row_in_history",
        "every_measure_is_a_finite_number",
        "all_beacon_indicators_are_present",
        "a_period_ends_no_earlier_than_it_begins",
        "coverage_holds_allowed_values",
    }


def test_cheshire_and_merseyside_is_the_sum_of_its_councils_with_limits_of_the_sum(built: Built) -> None:
    rows = built.warehouse.query(
        """
        select
            derived.value, derived.lci_95, derived.uci_95, derived.lci_998, derived.uci_998,
            any_value(indicator.multiplier), sum(council.numerator), sum(council.denominator), count(*)
        from mart.fct_observation as derived
        inner join mart.fct_observation as council
            on derived.indicator_code = council.indicator_code and derived.period_id = council.period_id
            and derived.sex = council.sex and derived.age = council.age
            and derived.breakdown_type = council.breakdown_type and derived.breakdown_value = council.breakdown_value
        inner join mart.dim_area as area on council.area_code = area.area_code
            and area.area_type = 'council' and area.in_cheshire_merseyside
        inner join mart.dim_indicator as indicator on derived.indicator_code = indicator.indicator_code
        where derived.area_code = 'E54000008' and derived.is_derived and derived.value is not null
            and derived.ci_method = 'byar'
        group by all
        """
    )
    assert rows
    for value, lci_95, uci_95, lci_998, uci_998, multiplier, events, people, councils in rows:
        assert councils == 9
        per_event = multiplier / people
        assert value == pytest.approx(events * per_event, rel=1e-12)
        for level, lower, upper in (("95", lci_95, uci_95), ("998", lci_998, uci_998)):
            half = Z[level] / 3
            after = events + 1
            assert lower == pytest.approx(per_event * events * (1 - 1 / (9 * events) - half / math.sqrt(events)) ** 3)
            assert upper == pytest.approx(per_event * after * (1 - 1 / (9 * after) + half / math.sqrt(after)) ** 3)


HAVE_WORDS = {
    ("fct_observation", "status"): "status",
    ("coverage", "state"): "coverage_state",
    ("coverage", "reason"): "reason",
    ("fct_comparison", "reason"): "reason",
    ("fct_trend", "reason"): "reason",
    ("fct_inequality", "reason"): "reason",
    ("fct_quintile", "reason"): "reason",
    ("fct_trend", "outcome"): "trend",
    ("fct_trend", "outcome_judged"): "trend_judged",
}


def test_every_code_that_readers_meet_has_words(built: Built) -> None:
    words = {(kind, code) for kind, code in built.warehouse.query("select code_type, code from mart.dim_code")}
    allowed = {
        (node["test_metadata"]["kwargs"]["model"].split("'")[1], column): values
        for node in built.warehouse.manifest()["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "allowed_values"
        for column, values in node["test_metadata"]["kwargs"]["columns"].items()
    }
    silent = [
        (*place, code) for place, kind in HAVE_WORDS.items() for code in allowed[place] if (kind, code) not in words
    ]
    assert not silent
