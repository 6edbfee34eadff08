"""The mart's contract as the release checks it: tables, columns, types and keys.

Belongs here: reading dbt's manifest, which declares the tables, and the tables that are written when a release is made.
Does not belong here: writing files (`candidate`), auditing them (`audit`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 2
"""What moved from version to version says docs/readers/contract.md."""
SCHEMA = "mart"
DATABASE = "atf.duckdb"
OLD_DATABASE = "mart.duckdb"
"""The file's first name, kept as a second link for readers that know it: a client that opens it by this name finds the
catalog and the schema `mart` ambiguous."""

# dbt's names of types, valid on DuckDB and on Spark -> DuckDB's own names.
TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    """A key of TYPES."""
    description: str
    required: bool
    allowed: tuple[str | int, ...] = ()
    """The values that it may hold beside null; empty where any may come."""
    refers_to: tuple[str, str] | None = None
    """Table and column in which each of its values is found."""


@dataclass(frozen=True)
class Table:
    """One relation of the contract. key: the columns of its grain. unique: other sets of columns that no rows share."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_view: bool
    unique: tuple[tuple[str, ...], ...] = ()


def from_manifest(manifest: Mapping[str, Any]) -> list[Table]:
    """The mart's relations as dbt declares them, tables before views, by name."""
    unique = _unique(manifest)
    allowed = _of_tests(manifest, "allowed_values")
    references = _of_tests(manifest, "refers_to")
    tables = []
    for id, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["schema"] != SCHEMA:
            continue
        columns = tuple(
            Column(
                name=column["name"],
                type=str(column.get("data_type") or "string").lower(),
                description=column.get("description", ""),
                required=any(c.get("type") == "not_null" for c in column.get("constraints") or []),
                allowed=tuple(allowed.get((id, column["name"]), ())),
                refers_to=_target(references.get((id, column["name"]))),
            )
            for column in node["columns"].values()
        )
        key = tuple((node["config"].get("meta") or {}).get("primary_key", ()))
        tables.append(
            Table(
                name=node["name"],
                description=node.get("description", ""),
                columns=columns,
                key=key,
                is_view=node["config"]["materialized"] == "view",
                unique=tuple(sorted(unique.get(id, set()) - {key})),
            )
        )
    return sorted(tables, key=lambda table: (table.is_view, table.name))


def _tests(manifest: Mapping[str, Any], test: str) -> Iterator[tuple[str, Any]]:
    """(model, columns) of each test of this name that is declared beside a model and looks at all of its rows."""
    for node in manifest["nodes"].values():
        about = node.get("test_metadata") or {}
        if node["resource_type"] == "test" and about.get("name") == test and not node["config"].get("where"):
            yield node["attached_node"], about["kwargs"]["columns"]


def _unique(manifest: Mapping[str, Any]) -> dict[str, set[tuple[str, ...]]]:
    """Model -> the sets of columns that no two of its rows share."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for model, columns in _tests(manifest, "unique_key"):
        found[model].add(tuple(columns))
    return found


def _of_tests(manifest: Mapping[str, Any], test: str) -> dict[tuple[str, str], Any]:
    """(model, column) -> what a test of this name says of the column."""
    return {(model, name): said for model, columns in _tests(manifest, test) for name, said in columns.items()}


def _target(said: str | None) -> tuple[str, str] | None:
    """`table.column` in two parts."""
    if said is None:
        return None
    table, _, column = said.partition(".")
    return table, column


def _table(name: str, description: str, key: tuple[str, ...], *columns: tuple[str, str, str]) -> Table:
    return Table(
        name=name,
        description=description,
        columns=tuple(Column(c, kind, text, c in key) for c, kind, text in columns),
        key=key,
        is_view=False,
    )


QUALITY_RESULT = _table(
    "quality_result",
    "Grain: one row an expectation of the run that made this release.",
    ("run_id", "suite", "expectation"),
    ("run_id", "string", "Run that evaluated the expectation."),
    ("suite", "string", "Suite, one a table and stage; a file of the folder expectations."),
    ("expectation", "string", "Name of the expectation within its suite."),
    (
        "severity",
        "string",
        "critical: quarantines a vintage or stops a release; warning: an alert; info: only kept.",
    ),
    ("success", "boolean", "Whether the expectation was met."),
    ("observed", "string", "What the check found, as text."),
    ("unexpected_count", "bigint", "Number of failing rows."),
    ("sample", "string", "Up to 20 failing rows by their keys, as JSON; never a value that may be a small number."),
    ("table_name", "string", "Table that was checked."),
    ("owner", "string", "Who repairs it."),
    ("evaluated_at", "timestamp", "UTC."),
)
RELEASE_INFO = _table(
    "release_info",
    "Grain: one row, this release.",
    ("version",),
    ("version", "string", "Version of the release, also the name of its folder; sorts by age."),
    ("run_id", "string", "Run that made the release."),
    ("mode", "string", "snapshot: made from the bundled figures; live: fetched from the publishers."),
    ("built_at", "timestamp", "UTC."),
    ("contract_version", "int", "Version of the mart's contract."),
    ("quality_state", "string", "passed; or warned, where a check warns or a source is held back."),
    ("datasets_fresh", "string", "Datasets whose newest bytes are in this release, separated by commas."),
    ("datasets_held_back", "string", "Datasets with a source issue, separated by commas; see coverage."),
)
RELEASE_HISTORY = _table(
    "release_history",
    "Grain: one release that this home ever published, oldest first, also those whose folders are removed since. Each "
    "release copies it from the one before and adds itself. Null: the release was made by an older version of the "
    "program, which did not record it.",
    ("version",),
    ("version", "string", "Version of the release, also the name of its folder; sorts by age."),
    ("built_at", "timestamp", "UTC."),
    ("mode", "string", "snapshot: made from the bundled figures; live: fetched from the publishers."),
    ("software_version", "string", "Version of the program that made it."),
    (
        "software_commit",
        "string",
        "Commit of that program: of its git checkout, with +changed where files differed from it; or of the repository "
        "that its package was installed from. Null where neither is known.",
    ),
    ("contract_version", "int", "Version of the mart's contract."),
    (
        "compared_with",
        "string",
        "The release that readers had when this one was made, with which it is compared. Null for the first release, "
        "and where that one could not be read.",
    ),
    (
        "n_new",
        "bigint",
        "Figures that compared_with does not have. Of a first release all; null where nothing was compared.",
    ),
    ("n_revised", "bigint", "Figures with another value or status than in compared_with."),
    ("n_withdrawn", "bigint", "Figures of compared_with that this release does not have."),
    ("n_comparison", "bigint", "Figures that are the same and beside England come out otherwise."),
    ("quality_state", "string", "passed; or warned, where a check warned or a source was held back."),
)
FCT_CHANGE = _table(
    "fct_change",
    "Grain: one figure (the key of fct_observation) that differs from version_before, the release that readers had "
    "when this one was made; after a rollback that is the one gone back to. Empty in the first release of a home: all "
    "its figures are new, and n_new of release_history says how many. Values are compared exactly; a figure of which "
    "only the limits differ is here where its comparison changed. fct_revision says what publishers revised since the "
    "warehouse holds a figure; this table also has what came of other programs, inputs or modes.",
    ("indicator_code", "area_code", "period_id", "sex", "age", "breakdown_type", "breakdown_value"),
    ("indicator_code", "string", "Indicator; of a withdrawn figure perhaps one that dim_indicator no longer has."),
    ("area_code", "string", "Area."),
    ("period_id", "string", "Period, as start/end."),
    ("sex", "string", "Persons, Male or Female."),
    ("age", "string", "Age group."),
    ("breakdown_type", "string", "Kind of breakdown; Total where there is none."),
    ("breakdown_value", "string", "Group of the breakdown; Total where there is none."),
    (
        "observation_key",
        "string",
        "The seven columns before as one short text, the same in all facts. Null for a withdrawn figure where the "
        "release before does not have it.",
    ),
    (
        "is_headline",
        "boolean",
        "Whether it is of the indicator's headline sex, age and breakdown; null as observation_key.",
    ),
    (
        "change",
        "string",
        "new: only in this release; revised: value or status differs; withdrawn: only in the release before; "
        "comparison: the same figure comes out otherwise beside England, because England's or the limits differ.",
    ),
    ("old_value", "double", "Value in the release before; null where old_value_reason or old_status says why."),
    ("new_value", "double", "Value in this release; null where new_status says why, and for a withdrawn figure."),
    (
        "old_value_reason",
        "string",
        "Why the value from before is not repeated here, nor its comparison and trend. hidden_now: the figure is "
        "hidden now; not_in_history: something is hidden in the period, and the value was withdrawn, worked out here "
        "or sent as a return, and fct_observation_history does not show it.",
    ),
    ("old_status", "string", "Status in the release before; null for a new figure."),
    ("new_status", "string", "Status in this release; null for a withdrawn figure."),
    (
        "old_outcome_statistical",
        "string",
        "Beside England before: lower, similar, higher, not_compared; null if not there.",
    ),
    (
        "new_outcome_statistical",
        "string",
        "Beside England now: lower, similar, higher, not_compared; null if not there.",
    ),
    ("old_outcome_judged", "string", "Beside England before: better, similar, worse; null where nothing is judged."),
    ("new_outcome_judged", "string", "Beside England now: better, similar, worse; null where nothing is judged."),
    (
        "comparison_changed",
        "boolean",
        "Whether either comparison differs. Null for a new or withdrawn figure, and where the release before had none.",
    ),
    ("old_trend", "string", "Trend before, where the figure is one of its points; outcomes as in fct_trend."),
    ("new_trend", "string", "Trend now, where the figure is one of its points; outcomes as in fct_trend."),
    (
        "trend_changed",
        "boolean",
        "Whether the two differ. Null for a new or withdrawn figure, and where there is neither.",
    ),
    ("version_before", "string", "The release that this one is compared with."),
    ("version", "string", "This release."),
    (
        "is_other_mode",
        "boolean",
        "Whether one of the two is of the bundled snapshot and the other live: then differences are no news of "
        "publishers.",
    ),
    (
        "made_by_other_code",
        "boolean",
        "Whether models, macros or the program differ between the two: then a difference may be of the program's "
        "making. Null where the release before does not say by which code it was made.",
    ),
)
WRITTEN_AT_RELEASE = (QUALITY_RESULT, RELEASE_INFO, RELEASE_HISTORY, FCT_CHANGE)
