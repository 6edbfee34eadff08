"""Which columns each column of a dbt model is made of, one step up: from its compiled SQL.

Belongs here: following a column through a model's SQL, and keeping what was found until the project changes.
Does not belong here: running dbt, Dagster's metadata (`assets`).
A column is made of those that its value is worked out from; what only joins or filters rows is not among them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from atf_dagster.files import write_atomic
from atf_dagster.warehouse import dbt

if TYPE_CHECKING:
    from sqlglot.lineage import Node
    from sqlglot.schema import MappingSchema

Column = tuple[str, str, str]
"""Schema, table and column."""
Known = Mapping[str, Mapping[str, str]]
"""`schema.table` -> its columns; DuckDB tells no case apart, so small letters lead to what is written."""


@dataclass(frozen=True)
class Lineage:
    """What one model's columns are made of."""

    columns: Mapping[str, Sequence[Column]]
    """Nothing where a column is a constant or counts rows."""
    lost: Mapping[str, str]
    """Column that could not be followed -> why; `*` where the whole model could not."""


def of(kept: Path, models: Mapping[str, str], warehouse: duckdb.DuckDBPyConnection) -> dict[str, Lineage]:
    """The lineage of `models`: `schema.name` -> compiled SQL of what stands in `warehouse`.

    Found again in the file `kept`, without sqlglot, unless the dbt project or the way of following changed.
    """
    key = _key()
    found = _read(kept, key)
    if missing := models.keys() - found.keys():
        known = _columns(warehouse)
        schema = _schema(known)
        found |= {name: _follow(models[name], known[name], known, schema) for name in sorted(missing)}
        write_atomic(kept, json.dumps({"key": key, "models": {name: asdict(each) for name, each in found.items()}}))
    return {name: found[name] for name in models}


def _columns(warehouse: duckdb.DuckDBPyConnection) -> Known:
    known: dict[str, dict[str, str]] = {}
    query = "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal"
    for table, column in warehouse.execute(query).fetchall():
        known.setdefault(table, {})[column.lower()] = column
    return known


def _key() -> str:
    way = hashlib.sha256(Path(__file__).read_bytes() + version("sqlglot").encode()).hexdigest()
    return f"{dbt.fingerprint()}-{way}"


def _read(kept: Path, key: str) -> dict[str, Lineage]:
    try:
        content: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    if content["key"] != key:
        return {}
    return {
        name: Lineage({column: [(*end,) for end in ends] for column, ends in each["columns"].items()}, each["lost"])
        for name, each in content["models"].items()
    }


def _schema(known: Known) -> "MappingSchema":
    from sqlglot.schema import MappingSchema

    schemas: dict[str, Any] = {}
    for name, columns in known.items():
        schema, table = name.split(".", 1)
        # Types do not matter for where a column comes from.
        schemas.setdefault(schema, {})[table] = dict.fromkeys(columns, "text")
    return MappingSchema(schemas, dialect="duckdb", normalize=False)


def _follow(sql: str, wanted: Mapping[str, str], known: Known, schema: "MappingSchema") -> Lineage:
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage

    try:
        query = parse_one(sql, dialect="duckdb")
        if any(each.args.get("by_name") for each in query.find_all(exp.SetOperation)):
            raise NotImplementedError("sqlglot follows a union by name as if it were one by position")
        # All columns at once, so that what they share is qualified and walked once.
        followed = lineage(None, query, schema, dialect="duckdb", trim_selects=False, copy=False)
    except Exception as error:
        # Whatever sqlglot makes of SQL that DuckDB has run already: it must not cost the release, and is told.
        return Lineage({}, {"*": " ".join(f"{type(error).__name__}: {error}".split())[:400]})
    columns: dict[str, list[Column]] = {}
    lost = {}
    for small, column in wanted.items():
        if small not in followed:
            lost[column] = "sqlglot sees no such column in the model's SQL"
            continue
        try:
            columns[column] = sorted(_ends(followed[small], known))
        except LookupError as error:
            lost[column] = str(error)
    return Lineage(columns, lost)


def _ends(node: "Node", known: Known) -> set[Column]:
    """The columns of other relations where the ways from `node` end. Raises LookupError for one that ends nowhere."""
    from sqlglot import exp

    ends = set()
    for step in node.walk():
        if isinstance(step.expression, exp.Table):
            if isinstance(step.expression.this, exp.Func) and not step.expression.find(exp.Column):
                continue  # such as range(1, 10): made of nothing
            schema, table = step.expression.db, step.expression.name
            column = known.get(f"{schema}.{table}", {}).get(exp.to_column(step.name, dialect="duckdb").name)
            if column is None:
                raise LookupError(f"{step.name} is no column of the warehouse")
            ends.add((schema, table, column))
        elif isinstance(step.expression, exp.Placeholder | exp.Star):
            raise LookupError(f"{step.name} belongs to no relation that sqlglot knows")
        elif row := step.expression.find(exp.TableColumn):
            raise LookupError(f"{row.name} is a whole row of a relation, which sqlglot does not take apart")
    return ends
