"""Reference data of the snapshot: lookups, boundaries and deprivation, under the publishers' own column names.

Every cell is text, as published. A table holds only our areas (`only_ours`) where a map or an indicator needs no
others; a table whose ranks need all councils holds all.

Belongs here: the record of each file, reading and writing it, taking it from the publisher's file. Does not belong
here: figures of indicators (`figures`), answers (`open_geography`, `deprivation`).
"""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atf_dagster.errors import AtfError
from atf_dagster.files import read_yaml
from atf_dagster.snapshot.figures import COUNCILS
from atf_dagster.snapshot.sources import BUNDLE, TakenFrom

Entry = Mapping[str, Any]
"""One entry of `reference` in `plan.yml`."""


class ReferenceRefused(AtfError):
    """A publisher's file cannot become reference data. The message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class ReferenceSource:
    """One file of reference data, with its publisher and everything that an answer in the publisher's format needs."""

    file: str  # inside BUNDLE, for example reference/ons_geography/LAD24_RGN24_EN_LU.csv
    publisher: str  # short name, the folder under reference/
    publisher_name: str
    name: str  # the publisher's name of the service or file
    address: str  # path of the publisher's file, where there is one
    sheet: str  # sheet of the workbook that is the answer; empty for other answers
    title: str
    release: str
    page: str  # the publisher's own page
    taken_from: TakenFrom
    licence: str
    attribution: str
    precision: str  # what was left out, if anything
    only_ours: bool  # whether it holds only the nine councils of a larger table
    rows: int


def load_reference(bundle: Path = BUNDLE) -> tuple[ReferenceSource, ...]:
    """Every file of reference data in `bundle`, in the order of `sources.yml`."""
    entries = read_yaml(bundle / "sources.yml").get("reference", [])
    return tuple(ReferenceSource(**{**entry, "taken_from": TakenFrom(**entry["taken_from"])}) for entry in entries)


known = cache(load_reference)
"""`load_reference`, read once in a process, because the record is long and every request needs it."""


def as_entry(source: ReferenceSource) -> dict[str, Any]:
    """The entry of `sources.yml` for a file of reference data."""
    return asdict(source)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table under the publisher's column names."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


def read_rows(path: Path) -> Rows:
    """The rows of a file, in its order. Raises ValueError where a row and the header differ in their cells."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, strict=True)
        columns = tuple(next(lines))
        return Rows(columns, tuple(dict(zip(columns, line, strict=True)) for line in lines))


def carry_over(path: Path, entry: Entry) -> Rows:
    """The rows of the publisher's file that belong in the snapshot. Raises ReferenceRefused."""
    table = _READERS[entry["shape"]](path, entry)
    code = entry["code"]
    if code not in table.columns:
        raise _refused(path, f"it has no column {code!r}; it has {', '.join(table.columns)}")
    wanted = COUNCILS if entry.get("only_ours") else ("E",)
    rows = tuple(row for row in table.rows if row[code].startswith(wanted))
    codes = {row[code] for row in rows}
    if not set(COUNCILS) <= codes:
        raise _refused(path, f"it lacks {', '.join(sorted(set(COUNCILS) - codes))}")
    key = entry.get("key", code)
    if len({row[key] for row in rows}) != len(rows):
        raise _refused(path, f"{key} is not different in every row")
    return Rows(table.columns, rows)


def _lookup(path: Path, entry: Entry) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        columns = tuple(next(lines))
        return Rows(columns, tuple(dict(zip(columns, line, strict=True)) for line in lines))


def _geojson(path: Path, entry: Entry) -> Rows:
    features = json.loads(path.read_bytes(), parse_float=str, parse_int=str)["features"]
    columns = (*features[0]["properties"], "geometry")
    rows = []
    for feature in features:
        if (*feature["properties"], "geometry") != columns:
            raise _refused(path, f"a feature has other properties than the first: {', '.join(feature['properties'])}")
        rows.append({**feature["properties"], "geometry": _geometry(feature["geometry"])})
    return Rows(columns, tuple(rows))


def _geometry(value: Any) -> str:
    """GeoJSON whose numbers have the same text as in the file."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_geometry(inside)}" for key, inside in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_geometry(inside) for inside in value) + "]"
    text = str(value)
    return text if text.lstrip("-").replace(".", "", 1).isdigit() else json.dumps(text)


def _workbook(path: Path, entry: Entry) -> Rows:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_name(entry["sheet"]).to_python()
    # A title may be above the heading. Notes, which fill one cell of a row, may be below the table.
    top = next((number for number, line in enumerate(sheet) if entry["code"] in line), 0)
    columns = tuple(str(cell) for cell in sheet[top])
    lines = (line for line in sheet[top + 1 :] if line[0] and any(line[1:]))
    return Rows(columns, tuple(dict(zip(columns, (_cell(cell) for cell in line), strict=True)) for line in lines))


def _renamed(path: Path, entry: Entry) -> Rows:
    """A CSV whose columns a third party renamed: those that `columns` names, under the publisher's headings again."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file, strict=True))
    headings: Mapping[str, str] = entry["columns"]
    if missing := [name for name in headings if name not in lines[0]]:
        raise _refused(path, f"it has no column {', '.join(missing)}")
    # The third party stored a rank of 10 as 10.0, as a spreadsheet does.
    rows = ({heading: line[name].removesuffix(".0") for name, heading in headings.items()} for line in lines)
    return Rows(tuple(headings.values()), tuple(rows))


def _cell(cell: Any) -> str:
    # A spreadsheet stores a rank of 10 as 10.0.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


_READERS: Mapping[str, Callable[[Path, Entry], Rows]] = {
    "lookup": _lookup,
    "geojson": _geojson,
    "workbook": _workbook,
    "renamed": _renamed,
}


def _refused(path: Path, what: str) -> ReferenceRefused:
    return ReferenceRefused(
        f"{path}: {what}.",
        "Look at the file, then correct plan.yml or the reader of its shape in atf_dagster/snapshot/reference.py.",
    )
