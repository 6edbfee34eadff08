"""Return files with made-up figures, and a file of them on disk. No figure here is a real one."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from atf_dagster.returns.template import COLUMNS

NOW = dt.datetime(2026, 1, 15, 12, 0, tzinfo=dt.UTC)
LIVERPOOL, SEFTON, WHOLE = "E08000012", "E08000014", "E54000008"


def staff(value: str, numerator: str, denominator: str, unknown: str = "0", **changes: str) -> dict[str, str]:
    """A row of ATF20 of a made-up trust."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "indicator_code": "ATF20",
        "org_code": "ZZ1",
        "org_name": "Made-up Trust",
        "area_code": WHOLE,
        "date_from": "2025-03-31",
        "date_to": "2025-03-31",
        "period_type": "snapshot",
        "breakdown_type": "band",
        "breakdown_value": value,
        "numerator": numerator,
        "denominator": denominator,
        "numerator_unit": "headcount",
        "denominator_unit": "headcount",
        "unknown_count": unknown,
        "data_status": "final",
        "submitted_by_role": "Workforce information team",
        "submitted_at": "2025-06-30",
    }
    return row | changes


def spend(**changes: str) -> dict[str, str]:
    """A row of ATF21 of Liverpool council."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "indicator_code": "ATF21",
        "org_code": LIVERPOOL,
        "org_name": "Liverpool City Council",
        "area_code": LIVERPOOL,
        "date_from": "2024-04-01",
        "date_to": "2025-03-31",
        "period_type": "financial_year",
        "breakdown_type": "Total",
        "breakdown_value": "Total only",
        "numerator": "1000.50",
        "denominator": "4000",
        "numerator_unit": "GBP",
        "denominator_unit": "GBP",
        "local_definition": "Suppliers with a Liverpool City Region postcode",
        "data_status": "final",
        "submitted_by_role": "Head of procurement",
        "submitted_at": "2025-06-30T14:05:00",
    }
    return row | changes


def contracts(**changes: str) -> dict[str, str]:
    """A row of ATF12 of Liverpool council; people may be fractions."""
    fixed = {"indicator_code": "ATF12", "numerator": "10.5", "denominator": "40.25"}
    fixed |= {"numerator_unit": "FTE", "denominator_unit": "FTE"}
    return spend(**fixed) | changes


def good_rows() -> list[dict[str, str]]:
    """Rows 2 to 7 of a file without errors: ALL, Band 2, Band 5, a nil band, ATF12, ATF21."""
    return [
        staff("ALL", "60", "250", "12"),
        staff("Band 2", "20", "100", "5"),
        staff("Band 5", "40", "150", "7"),
        staff("Band 9", "0", "0", "0", data_status="nil return"),
        contracts(),
        spend(),
    ]


def as_bytes(rows: Iterable[Mapping[str, str]], heading: Sequence[str] = tuple(COLUMNS), end: str = "\r\n") -> bytes:
    """The rows as the bytes of a CSV."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end)
    writer.writerow(heading)
    writer.writerows([row[column] for column in COLUMNS] for row in rows)
    return stream.getvalue().encode()


def write(folder: Path, rows: Iterable[Mapping[str, str]], name: str = "return.csv") -> Path:
    """The rows as a file."""
    path = folder / name
    path.write_bytes(as_bytes(rows))
    return path
