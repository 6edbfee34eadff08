"""Reads a release for the attack. It knows the names of the contract and nothing else.

Belongs here: figures, areas, cards and gaps. Does not belong here: what other tables repeat of a figure
(`other_tables`), the types of what is read (`reading`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import duckdb

from atf_dagster.release.contract import SCHEMA
from atf_dagster.release.disclosure.other_tables import OtherTables
from atf_dagster.release.disclosure.reading import HIDING, KEY, Area, Card, Figure, Gap, Reading
from atf_dagster.sql import literal


class Reader:
    """Reads one release; optional tables and columns may be absent."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: str) -> None:
        self._connection = connection
        self._schema = f"{database}.{SCHEMA}"
        found = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            f"where database_name = '{database}' and schema_name = '{SCHEMA}'"
        ).fetchall()
        self._columns: dict[str, set[str]] = defaultdict(set)
        self._doubles: dict[str, set[str]] = {table: set() for table, _, _ in found}
        for table, column, kind in found:
            self._columns[table].add(column)
            if kind == "DOUBLE":
                self._doubles[table].add(column)

    def read(self, groups: Mapping[str, Collection[str]]) -> Reading | None:
        """Everything that the attack needs; None where nothing is hidden."""
        hiding = f"status in {HIDING}"
        indicators = self._rows(f"select distinct indicator_code from {self._table('fct_observation')} where {hiding}")
        if self._columns["fct_observation_history"]:
            indicators += self._rows(
                f"select distinct indicator_code from {self._table('fct_observation_history')} where {hiding}"
            )
        if not indicators:
            return None
        return self.read_all_of(sorted({str(code) for (code,) in indicators}), groups)

    def read_all_of(self, codes: list[str], groups: Mapping[str, Collection[str]]) -> Reading:
        """Everything that the release shows of these indicators."""
        figures = self._in_force(codes)
        figures += self._earlier(codes)
        reading = Reading(
            figures=figures,
            areas={row[0]: Area(*row) for row in self._areas()},
            cards={row[0]: Card(*row[1:]) for row in self._cards(codes)},
            publishers=dict(self._rows(f"select vintage_id, publisher from {self._table('dim_vintage')}")),
            groups=groups,
            old_codes=self._old_codes(),
        )
        reading.gaps = [Gap(*row) for row in self._gaps(codes)]
        others = OtherTables(self._rows, self._doubles, self._table, codes)
        reading.repeated = list(others.repeated(reading))
        return reading

    def _in_force(self, codes: list[str]) -> list[Figure]:
        return [
            Figure(*row)
            for row in self._rows(
                f"""select {", ".join(KEY)}, period_end, value, numerator, denominator, lci_95, uci_95, ci_method,
                    status, vintage_id, is_derived, n_areas_expected, n_areas_included, partial_value,
                    denominator_coverage, first_seen_at, null, {self._derived_by("fct_observation")}
                from {self._table("fct_observation")} where indicator_code in {_listed(codes)}
                order by {", ".join(KEY)}""",
            )
        ]

    def _earlier(self, codes: list[str]) -> list[Figure]:
        if not self._columns["fct_observation_history"]:
            return []
        # Only periods with a hidden figure in some state, because no other period can give one away.
        rows = self._rows(
            f"""select {", ".join(KEY)}, period_end, value, numerator, denominator, lci_95, uci_95, ci_method, status,
                vintage_id, is_derived, n_areas_expected, n_areas_included, partial_value, denominator_coverage,
                valid_from, valid_to, {self._derived_by("fct_observation_history")}
            from {self._table("fct_observation_history")} as history
            where indicator_code in {_listed(codes)} and valid_to is not null and change <> 'withdrawn'
                and (indicator_code, period_id) in (
                    select (indicator_code, period_id) from {self._table("fct_observation_history")}
                    where status in {HIDING}
                    union all
                    select (indicator_code, period_id) from {self._table("fct_observation")} where status in {HIDING})
            order by {", ".join(KEY)}, valid_from""",
        )
        return [Figure(*row) for row in rows]

    def _derived_by(self, table: str) -> str:
        return "derived_by" if "derived_by" in self._columns[table] else "null"

    def _areas(self) -> list[tuple[Any, ...]]:
        upper = "upper_tier_code" if "upper_tier_code" in self._columns["dim_area"] else "null"
        return self._rows(
            f"select area_code, area_name, area_type, parent_code, {upper}, valid_from, valid_to "
            f"from {self._table('dim_area')}"
        )

    def _old_codes(self) -> dict[str, str]:
        if not self._columns["dim_area_change"]:
            return {}
        recoded = f"select new_code, old_code from {self._table('dim_area_change')} where kind = 'recoded' order by all"
        return dict(self._rows(recoded))

    def _cards(self, codes: list[str]) -> list[tuple[Any, ...]]:
        return self._rows(
            "select indicator_code, short_name, value_type, multiplier, aggregation_rule, coalesce(decimals, 1) "
            f"from {self._table('dim_indicator')} where indicator_code in {_listed(codes)}",
        )

    def _gaps(self, codes: list[str]) -> list[tuple[Any, ...]]:
        if not self._columns["fct_inequality"]:
            return []
        return self._rows(
            "select indicator_code, area_code, period_id, sex, age, measure, group_a, group_b, value, since_period_id "
            f"from {self._table('fct_inequality')} where indicator_code in {_listed(codes)} "
            "and (value is not null or lci_95 is not null or uci_95 is not null) order by all",
        )

    def _table(self, name: str) -> str:
        return f"{self._schema}.{name}"

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


def _listed(codes: list[str]) -> str:
    return f"({', '.join(map(literal, codes))})"
