"""What the warehouse is told of the accepted returns beside their rows: organisations, what to hide, totals.

Belongs here: sums over organisations and the rows to hide, as plain rows. Does not belong here: the decision what
to hide (`disclosure`), writing tables (`warehouse`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from atf_dagster.catalogue import Catalogue
from atf_dagster.returns import store
from atf_dagster.returns.disclosure import hide
from atf_dagster.returns.places import places
from atf_dagster.returns.rows import Row
from atf_dagster.returns.template import NOT_SUPPLIED

Facts = dict[str, Any]


@dataclass(frozen=True)
class ReturnFacts:
    """organisations: one an organisation. hidden: one a row that must not be shown. totals: one a sum."""

    organisations: list[Facts]
    hidden: list[Facts]
    totals: list[Facts]


def gather(home: Path, catalogue: Catalogue) -> ReturnFacts:
    """Of the rows in force. Raises ReturnsDamaged where bytes of an accepted return are missing or changed."""
    rows = list(store.rows_in_force(home, catalogue).values())
    hiding = hide(rows, catalogue)
    hidden = [
        {
            "indicator_code": key.indicator_code,
            "org_code": key.org_code,
            "date_from": key.date_from,
            "date_to": key.date_to,
            "breakdown_value": key.breakdown_value,
        }
        for key in sorted(hiding.rows)
    ]
    shown = {(*key[:4], key.breakdown_value) for key in hiding.totals}
    totals = [
        {**total, "is_hidden": (*(total[name] for name in _TOTAL_KEY),) in shown} for total in _totals(rows, catalogue)
    ]
    return ReturnFacts(_organisations(rows), hidden, totals)


_TOTAL_KEY = ("indicator_code", "area_code", "date_from", "date_to", "breakdown_value")


def _organisations(rows: Iterable[Row]) -> list[Facts]:
    """Organisations are areas of their own, so that a council as an employer is not the council's residents."""
    found: dict[str, Facts] = {}
    for row in sorted(rows, key=lambda row: row.submitted_at):
        first = found.get(row.org_code, {"valid_from": row.date_from})["valid_from"]
        found[row.org_code] = {
            "area_code": f"ORG-{row.org_code}",
            "area_name": row.org_name,
            "area_type": "organisation",
            "parent_code": row.area_code,
            "in_cheshire_merseyside": True,
            "valid_from": min(first, row.date_from),
            "valid_to": None,
            "names": f"|{row.org_name}|",
        }
    return [found[code] for code in sorted(found)]


def _totals(rows: Iterable[Row], catalogue: Catalogue) -> list[Facts]:
    """Numerators and denominators over the organisations of each place, and over all of them for the whole."""
    whole = places(catalogue).whole
    groups: dict[tuple[str, str, dt.date, dt.date, str], list[Row]] = defaultdict(list)
    for row in rows:
        for area in {row.area_code, whole}:
            groups[row.indicator_code, area, row.date_from, row.date_to, row.breakdown_value].append(row)
    return [
        {
            **dict(zip(_TOTAL_KEY, key, strict=True)),
            "numerator": float(sum((row.numerator or Decimal(0) for row in group), Decimal(0))),
            "denominator": float(sum((row.denominator or Decimal(0) for row in group), Decimal(0))),
            "n_organisations": len(group),
            "n_supplied": sum(row.data_status != NOT_SUPPLIED for row in group),
        }
        for key, group in sorted(groups.items())
    ]
