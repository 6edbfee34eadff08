"""The page of the data: a dictionary of all tables and columns, how they go together, downloads, how to cite.

Belongs here: the dictionary from `datapackage.json`, checked against the tables that the release has. Does not belong
here: describing a column (the mart).
"""

from dataclasses import dataclass
from typing import Any

from atf_dagster.release.describe.package import TITLE
from atf_dagster.report import WORKBOOK, words
from atf_dagster.report.facts import Facts
from atf_dagster.report.page import Page

LONG = 200
"""Letters from which on a description is folded after its first sentence."""
KEYS = {
    "indicator_code": "dim_indicator",
    "area_code": "dim_area",
    "period_id": "dim_period",
    "vintage_id": "dim_vintage",
}
"""A column's end -> the dimension that describes it, where the package declares no foreign keys."""


@dataclass(frozen=True)
class Described:
    """One table. columns: (name, type, description). relations: sentences. files: (kind, path below the release)."""

    name: str
    words: str
    rows: int | None
    key: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...]
    relations: tuple[str, ...]
    files: tuple[tuple[str, str], ...]

    @property
    def start(self) -> str:
        """The first sentence of its description, where the whole is long."""
        return self.words if len(self.words) <= LONG else self.words.partition(". ")[0].rstrip(".") + "."

    @property
    def rest(self) -> str:
        """What follows the first sentence of a long description."""
        return self.words.partition(". ")[2] if len(self.words) > LONG else ""


def page(facts: Facts) -> Page:
    """The page `data.html`."""
    package = facts.reading.package
    described = {str(r.get("name", "")).replace("-", "_"): r for r in package.get("resources") or []}
    names = sorted(facts.reading.columns, key=lambda name: (name.startswith("vw_"), name))
    return Page(
        path="data.html",
        title="Data",
        template="data.html.j2",
        context={
            "tables": [_described(facts, name, described.get(name)) for name in names],
            "workbook": WORKBOOK,
            "has_package": bool(described),
            "guard": (package.get("csvGuard") or {}).get("description", ""),
            "sources": sorted({str(s.get("attribution") or s.get("title")) for s in package.get("sources") or []}),
        },
    )


def citation(facts: Facts) -> str:
    """How to cite the release."""
    about = facts.about
    year = about.built_at.year if about.built_at else "no year"
    return (
        f"{TITLE}, release {about.version} "
        f"({year}), made on {words.day(about.built_at)}, mode {about.mode}. {about.licence}."
    )


def _described(facts: Facts, name: str, resource: dict[str, Any] | None) -> Described:
    schema = (resource or {}).get("schema") or {}
    fields = {field.get("name"): field for field in schema.get("fields") or []}
    columns = facts.reading.columns[name]
    # Counted from the receipt, because counting a view works it out.
    counts = facts.reading.receipt.get("rows") or {}
    files = [
        (kind, path)
        for kind, path in (("CSV", f"csv/{name}.csv"), ("Parquet", f"parquet/{name}.parquet"))
        if path in (facts.reading.receipt.get("files") or {})
    ]
    return Described(
        name=name,
        words=str((resource or {}).get("description") or "This release does not describe it."),
        rows=counts.get(name),
        key=tuple(schema.get("primaryKey") or ()),
        columns=tuple(
            (
                column,
                str((fields.get(column) or {}).get("type", "")),
                str((fields.get(column) or {}).get("description", "")),
            )
            for column in columns
        ),
        relations=tuple(_relations(facts, name, columns, schema.get("foreignKeys") or [])),
        files=tuple(files),
    )


def _relations(facts: Facts, name: str, columns: tuple[str, ...], declared: list[dict[str, Any]]) -> list[str]:
    """Which column leads to which table: as the package declares it, else by the names of the dimensions' keys."""
    if declared:
        return [
            f"{_names(key.get('fields'))} is {_names((key.get('reference') or {}).get('fields'))} of "
            f"{str((key.get('reference') or {}).get('resource', '')).replace('-', '_') or name}"
            for key in declared
        ]
    found = []
    for column in columns:
        for end, dimension in KEYS.items():
            if dimension != name and facts.reading.has(dimension) and (column == end or column.endswith(f"_{end}")):
                found.append(f"{column} is {end} of {dimension}")
                break
    return found


def _names(fields: Any) -> str:
    return ", ".join(fields) if isinstance(fields, list) else str(fields or "")
