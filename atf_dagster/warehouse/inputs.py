"""The tables that dbt reads beside the publishers' rows: the catalogue, the vintages, the outcomes of fetching.

Their grains and columns are described where dbt reads them, in dbt_project/models/sources.yml.

Belongs here: these tables as rows of facts. Does not belong here: anything computed from figures (dbt).
"""

import calendar
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atf_dagster.catalogue import Catalogue
from atf_dagster.catalogue.model import Period
from atf_dagster.landing import Store
from atf_dagster.landing.raw_verdicts import Parsed
from atf_dagster.landing.records import BY_HAND, GOOD, LANDING_DAMAGED, Origin
from atf_dagster.returns.facts import ReturnFacts
from atf_dagster.warehouse.goals import GOAL, GOAL_ERROR, NO_GOALS, Goals
from atf_dagster.warehouse.tables import write_table

Row = dict[str, Any]
Table = tuple[dict[str, str], list[Row]]
"""Columns with DuckDB types, and rows."""

_RETURN_KEY = {"indicator_code": "varchar", "date_from": "date", "date_to": "date", "breakdown_value": "varchar"}
_RETURN_ROW = {**_RETURN_KEY, "org_code": "varchar", "is_hidden": "boolean"}
_RETURN_TOTAL = {
    **_RETURN_KEY,
    "area_code": "varchar",
    "numerator": "double",
    "denominator": "double",
    "n_organisations": "integer",
    "n_supplied": "integer",
    "n_expected": "integer",
    "n_included": "integer",
    "n_submissions": "integer",
    "is_hidden": "boolean",
}


@dataclass(frozen=True)
class Inputs:
    """The tables by name."""

    tables: dict[str, Table]

    @property
    def fingerprint(self) -> str:
        """Changes exactly where a built mart could change: figures, states, catalogue, or a period that became due."""
        # A verdict follows from bytes and rules. It is left out, because it is known only after the first build.
        facts = {
            name: [
                {key: value for key, value in row.items() if key not in ("admission", "last_verdict")} for row in rows
            ]
            for name, (_, rows) in self.tables.items()
        }
        text = json.dumps(facts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def write(self, raw: Path) -> None:
        for name, (columns, rows) in self.tables.items():
            write_table(raw / name / f"{name}.parquet", columns, rows)


def collect(
    catalogue: Catalogue,
    store: Store,
    parsed: Sequence[Parsed],
    *,
    mode: str,
    rules: Mapping[str, str],
    today: dt.date,
    returned: ReturnFacts,
    goals: Goals = NO_GOALS,
) -> Inputs:
    """Collect all facts. rules: dataset -> fingerprint of its checks. Verdicts under older rules do not count."""
    known = _Known(catalogue, store, parsed, mode, rules, today, returned, goals)
    return Inputs({name: make(known) for name, make in _MADE_FROM.items()})


@dataclass(frozen=True)
class _Known:
    """The arguments of `collect`, from which the tables are made."""

    catalogue: Catalogue
    store: Store
    parsed: Sequence[Parsed]
    mode: str
    rules: Mapping[str, str]
    today: dt.date
    returned: ReturnFacts
    goals: Goals


def _areas(catalogue: Catalogue, returned: ReturnFacts) -> Table:
    columns = {
        "area_code": "varchar",
        "area_name": "varchar",
        "area_type": "varchar",
        "parent_code": "varchar",
        "in_cheshire_merseyside": "boolean",
        "valid_from": "date",
        "valid_to": "date",
        "names": "varchar",
        "dfe_code": "varchar",
        "ods_code": "varchar",
    }
    rows = [
        {
            "area_code": area.code,
            "area_name": area.name,
            "area_type": area.type,
            "parent_code": area.parent,
            "in_cheshire_merseyside": area.in_cheshire_merseyside,
            "valid_from": area.valid_from,
            "valid_to": area.valid_to,
            # A check compares these with the publishers' names, to find a broken encoding.
            "names": "|" + "|".join((area.name, *area.also_written)) + "|",
            "dfe_code": area.dfe_code,
            "ods_code": area.ods_code,
        }
        for area in catalogue.areas
    ]
    return columns, [*rows, *returned.organisations]


def _area_changes(catalogue: Catalogue) -> Table:
    columns = {
        "old_code": "varchar",
        "old_name": "varchar",
        "new_code": "varchar",
        "new_name": "varchar",
        "kind": "varchar",
        "changed_on": "date",
        "old_valid_from": "date",
    }
    return columns, [change.model_dump() for change in catalogue.area_changes]


def _neighbours(catalogue: Catalogue) -> Table:
    columns = {"area_code": "varchar", "neighbour_code": "varchar", "rank": "integer", "closeness": "varchar"}
    rows = [
        {"area_code": entry.area, "neighbour_code": entry.neighbour, "rank": entry.rank, "closeness": entry.closeness}
        for entry in catalogue.neighbours
    ]
    return columns, rows


def _series_breaks(catalogue: Catalogue) -> Table:
    columns = {
        "indicator_code": "varchar",
        "first_day": "date",
        "published_from": "date",
        "kind": "varchar",
        "is_break": "boolean",
        "note": "varchar",
        "source": "varchar",
    }
    rows = []
    for entry in catalogue.series_breaks:
        fields = entry.model_dump()
        rows.append({"indicator_code": fields.pop("indicator"), **fields})
    return columns, rows


def _pandemic_waves(catalogue: Catalogue) -> Table:
    columns = {
        "wave": "integer",
        "name": "varchar",
        "first_day": "date",
        "last_day": "date",
        "note": "varchar",
        "source": "varchar",
    }
    return columns, [wave.model_dump() for wave in catalogue.pandemic_waves]


def _publishers_words(catalogue: Catalogue) -> Table:
    columns = {"field": "varchar", "word": "varchar", "meaning": "varchar"}
    rows = [
        {"field": entry.field, "word": word, "meaning": entry.ours}
        for entry in catalogue.publishers_words
        for word in entry.theirs
    ]
    return columns, rows


def _words(catalogue: Catalogue) -> Table:
    columns = {"code_type": "varchar", "code": "varchar", "words": "varchar"}
    rows = [
        {"code_type": kind, "code": code, "words": words}
        for kind, codes in catalogue.words.items()
        for code, words in codes.items()
    ]
    return columns, rows


def _indicators(catalogue: Catalogue) -> Table:
    publishers = {}
    for collection, dataset in sorted(catalogue.datasets, key=lambda pair: -pair[1].precedence):
        for code in dataset.indicators:
            publishers[code] = (collection.publisher, dataset)
    types = {
        "beacon_no": "integer",
        "principle_no": "integer",
        "multiplier": "double",
        "counts_rounded_to": "integer",
        "trend_allowed": "boolean",
        "is_context": "boolean",
        "is_proxy": "boolean",
        "decimals": "integer",
        "value_min": "double",
        "value_max": "double",
    }
    rows = []
    for card in catalogue.indicators:
        publisher, first = publishers.get(card.code, (None, None))
        fields = card.model_dump()
        fields["indicator_code"] = fields.pop("code")
        rows.append(
            {
                **fields,
                "principle": None if card.principle_no is None else catalogue.principles[card.principle_no],
                "publisher": publisher.name if publisher else None,
                "licence": (first.licence or publisher.licence) if publisher and first else None,
                "attribution": publisher.attribution if publisher else None,
                "page_url": first.page_url if first else None,
            }
        )
    return {name: types.get(name, "varchar") for name in rows[0]}, rows


def _datasets(catalogue: Catalogue, today: dt.date) -> Table:
    columns = {
        "dataset": "varchar",
        "measure": "varchar",
        "source_id": "varchar",
        "source_table": "varchar",
        "publisher_id": "varchar",
        "indicator_code": "varchar",
        "redistributed": "boolean",
        "precedence": "integer",
        "sex": "varchar",
        "age": "varchar",
        "breakdown_type": "varchar",
        "breakdown_value": "varchar",
        "period_length": "varchar",
        "period_month": "integer",
        "period_day": "integer",
        "period_years": "integer",
        "expected_start": "date",
        "expected_end": "date",
    }
    rows = []
    for collection, dataset in catalogue.datasets:
        if dataset.period is None:
            continue
        month, day = (int(n) for n in dataset.period.start.split("-"))
        for entry in dataset.yields:
            start, end = newest_expected(entry.period or dataset.period, today)
            row = {
                "dataset": dataset.id,
                "measure": entry.measure,
                "source_id": dataset.source_id,
                "source_table": collection.table,
                "publisher_id": collection.publisher.id,
                "indicator_code": entry.indicator,
                "redistributed": dataset.redistributed,
                "precedence": dataset.precedence,
                "sex": dataset.sex,
                "age": entry.age or dataset.age,
                "breakdown_type": dataset.breakdown_type,
                "breakdown_value": dataset.breakdown_value,
                "period_length": entry.period_length,
                "period_month": month,
                "period_day": day,
                "period_years": dataset.period.years,
                "expected_start": start,
                "expected_end": end,
            }
            rows.append(row)
    return columns, rows


def newest_expected(period: Period, today: dt.date) -> tuple[dt.date, dt.date]:
    """The newest period that should be published by `today`: it ended at least `lag_months` ago.

    For a series that its publisher ended, the last period, however long ago that was.
    """
    if period.ended is not None and _add_months(period.ended, period.lag_months) <= today:
        return _beginning(period, period.ended), period.ended
    month, day = (int(n) for n in period.start.split("-"))
    anchor = start = dt.date(today.year + 1, month, day)
    back = 0
    while True:
        end = start
        if period.years or period.months:
            end = _add_months(start, 12 * period.years + period.months) - dt.timedelta(days=1)
        if _add_months(end, period.lag_months) <= today:
            return start, end
        # Counted from the anchor each time, and the last day of a month stays a last day. Step by step, 31 December
        # less three months, and again, and again, would become 30 March.
        back += period.every_months
        start = _add_months(anchor, -back, keep_last_day=True)


def _beginning(period: Period, end: dt.date) -> dt.date:
    """The first day of the period that ends on `end`."""
    if period.years or period.months:
        return _add_months(end + dt.timedelta(days=1), -12 * period.years - period.months)
    return end - dt.timedelta(days=period.days - 1)


def _add_months(day: dt.date, months: int, *, keep_last_day: bool = False) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    was_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return dt.date(year, month + 1, last if keep_last_day and was_last else min(day.day, last))


def _vintages(catalogue: Catalogue, store: Store, parsed: Sequence[Parsed], rules: Mapping[str, str]) -> Table:
    columns = {
        "vintage_id": "varchar",
        "dataset": "varchar",
        "part": "varchar",
        "part_order": "integer",
        "sequence": "integer",
        "publisher": "varchar",
        "url": "varchar",
        "retrieved_at": "timestamp",
        "seen_at": "timestamp",
        "published_at": "timestamp",
        "sha256": "varchar",
        "bytes": "bigint",
        "landed_rows": "bigint",
        "licence": "varchar",
        "attribution": "varchar",
        "release": "varchar",
        "pages": "integer",
        "mode": "varchar",
        "origin": "varchar",
        "origin_date": "date",
        "origin_sha256": "varchar",
        "edition_holds": "varchar",
        "admission": "varchar",
        "last_verdict": "varchar",
        "by_hand": "boolean",
    }
    # Two sources of one figure may arrive seconds apart in one run. Neither is a revision of the other.
    seen_at: dict[str, dt.datetime] = {}
    for entry in parsed:
        run, retrieved = entry.vintage.run_id, entry.vintage.retrieved_at
        seen_at[run] = max(seen_at.get(run, retrieved), retrieved)
    rows = []
    for entry in parsed:
        if entry.verdict.verdict != "parsed":
            continue
        vintage = entry.vintage
        collection, dataset = catalogue.dataset(vintage.dataset)
        admission = store.verdicts(vintage.dataset, vintage.part).get((vintage.sequence, "admission"))
        rows.append(
            {
                "vintage_id": vintage.id,
                "dataset": vintage.dataset,
                "part": vintage.part,
                "part_order": [part.id for part in collection.parts_of(dataset)].index(vintage.part),
                "sequence": vintage.sequence,
                "publisher": collection.publisher.name,
                "url": vintage.url,
                "retrieved_at": vintage.retrieved_at.replace(tzinfo=None),
                "seen_at": seen_at[vintage.run_id].replace(tzinfo=None),
                "published_at": vintage.published_at.replace(tzinfo=None) if vintage.published_at else None,
                "sha256": vintage.sha256,
                "bytes": vintage.bytes,
                "landed_rows": entry.verdict.rows,
                "licence": dataset.licence or collection.publisher.licence,
                "attribution": collection.publisher.attribution,
                "release": vintage.release,
                "pages": len(vintage.pages),
                "mode": vintage.mode,
                **_origin(vintage.origin),
                "edition_holds": catalogue.edition_holds(vintage.dataset),
                "admission": admission.verdict
                if admission and admission.stands_under(rules[vintage.dataset])
                else "pending",
                # Also a verdict under older rules: the vintages that this one is compared with were good then.
                "last_verdict": admission.verdict if admission else None,
                "by_hand": admission is not None and admission.rules == BY_HAND,
            }
        )
    return columns, rows


def _origin(files: Sequence[Origin]) -> dict[str, Any]:
    """Of several files the places and hashes, separated by semicolons, and the newest date that is known."""
    if not files:
        return {"origin": None, "origin_date": None, "origin_sha256": None}
    return {
        "origin": "; ".join(file.place for file in files),
        "origin_date": max((dt.date.fromisoformat(file.date) for file in files if file.date), default=None),
        "origin_sha256": "; ".join(file.sha256 for file in files),
    }


def _fetch_states(catalogue: Catalogue, store: Store, parsed: Sequence[Parsed], mode: str) -> Table:
    """The state of each part: its last attempt, or the rejection of the bytes that this attempt landed."""
    newest = {(p.vintage.dataset, p.vintage.part): p for p in parsed}
    columns = {
        "dataset": "varchar",
        "part": "varchar",
        "required": "boolean",
        "mode": "varchar",
        "outcome": "varchar",
        "reason": "varchar",
        "is_landing_damaged": "boolean",
    }
    damaged = {
        (p.vintage.dataset, p.vintage.part)
        for p in parsed
        if p.verdict.verdict == "rejected" and p.verdict.reason == LANDING_DAMAGED
    }
    rows = []
    for collection, dataset in catalogue.datasets:
        for part in collection.parts_of(dataset):
            attempt = store.last_attempt(dataset.id, part.id)
            outcome = attempt.outcome if attempt else "failed"
            if outcome == "landed":
                outcome = "unchanged"  # the state is the same, whether the bytes came now or earlier
            entry = newest.get((dataset.id, part.id))
            if outcome in GOOD and entry is not None and entry.verdict.verdict == "rejected":
                outcome = "rejected"
            rows.append(
                {
                    "dataset": dataset.id,
                    "part": part.id,
                    "required": part.required,
                    "mode": mode,
                    "outcome": outcome,
                    "reason": attempt.reason if attempt and outcome == "skipped" else None,
                    "is_landing_damaged": (dataset.id, part.id) in damaged,
                }
            )
    return columns, rows


_MADE_FROM: dict[str, Callable[[_Known], Table]] = {
    "catalogue_area": lambda known: _areas(known.catalogue, known.returned),
    "catalogue_area_change": lambda known: _area_changes(known.catalogue),
    "catalogue_neighbour": lambda known: _neighbours(known.catalogue),
    "catalogue_series_break": lambda known: _series_breaks(known.catalogue),
    "catalogue_pandemic_wave": lambda known: _pandemic_waves(known.catalogue),
    "catalogue_publishers_word": lambda known: _publishers_words(known.catalogue),
    "catalogue_word": lambda known: _words(known.catalogue),
    "catalogue_indicator": lambda known: _indicators(known.catalogue),
    "catalogue_dataset": lambda known: _datasets(known.catalogue, known.today),
    "return_row": lambda known: (_RETURN_ROW, known.returned.rows),
    "return_total": lambda known: (_RETURN_TOTAL, known.returned.totals),
    "goal": lambda known: (GOAL, list(known.goals.rows)),
    "goal_error": lambda known: (GOAL_ERROR, known.goals.error_rows),
    "vintage": lambda known: _vintages(known.catalogue, known.store, known.parsed, known.rules),
    "fetch_state": lambda known: _fetch_states(known.catalogue, known.store, known.parsed, known.mode),
}
NAMES = tuple(_MADE_FROM)
"""Every table that is written for dbt beside the publishers' rows. Verdicts (`quality.admission`) come later."""
