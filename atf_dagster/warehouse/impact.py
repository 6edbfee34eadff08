"""Whom a column serves: the relations that carry or name it, and the readers of those.

Which relation reads which is dbt's own lineage. Within a relation and within a reader's code a column is found by its
name alone, in the SQL with the project's macros and in Python, so that a column of the same name of another table is
found too. What is worked out from it has another name: then every relation that reads the result counts.

Belongs here: following a column through dbt's manifest and our readers' code. Does not belong here: printing.
"""

import ast
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atf_dagster.errors import NotFound

PACKAGE = Path(__file__).resolve().parents[1]
PUBLISHED = "mart"
SHEET = re.compile(r'^    name(?:, title)? = "(\w+)"', re.MULTILINE)
"""How a function of the workbook begins that makes one sheet."""


HAS, NAMES, READS = "has it", "its SQL names it", "reads what is made of it"
"""How a relation comes by the column, the nearest first."""


@dataclass(frozen=True)
class Relation:
    """A table or view. how: HAS, NAMES or READS. published: it is in releases."""

    name: str
    how: str
    published: bool


@dataclass(frozen=True)
class Reader:
    """An exposure. through: the relations by which the column reaches it. files: where it is in a release.

    code: for a reader of our own, which modules name the column, with the sheets of the workbook; empty where it only
    gets what is made of it.
    """

    name: str
    label: str
    files: str
    through: tuple[str, ...]
    code: tuple[str, ...]
    is_ours: bool
    """Whether its code is in this project."""


@dataclass(frozen=True)
class Impact:
    """What a change to a column may concern. description: of the column, as the first relation has it."""

    column: str
    tables: tuple[str, ...]
    description: str
    relations: tuple[Relation, ...]
    readers: tuple[Reader, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def impact(manifest: Mapping[str, Any], wanted: str) -> Impact:
    """Follow `table.column`, or a column of every table that has it. Raises NotFound."""
    project = _Project(manifest)
    table, _, column = wanted.rpartition(".")
    starts = project.having(column, table or None)
    if not starts:
        raise NotFound(*_not_found(project, table, column))
    found = project.follow(starts, column)
    return Impact(
        column=column,
        tables=tuple(project.name(id) for id in starts),
        description=next((text for id in starts if (text := project.columns(id)[column])), ""),
        relations=tuple(Relation(project.name(id), how, project.is_published(id)) for id, how in found.items()),
        readers=tuple(project.readers(found, column)),
    )


def _not_found(project: "_Project", table: str, column: str) -> tuple[str, str]:
    tables = sorted(project.ids)
    if table and table not in project.ids:
        near = difflib.get_close_matches(table, tables, n=3) or tables
        return f"dbt has no model {table}.", f"Name one of its models, such as {', '.join(near[:3])}."
    known = sorted({name for id in project.models for name in project.columns(id)} if not table else project.of(table))
    near = difflib.get_close_matches(column, known, n=3) or known[:3]
    return (
        f"{table or 'No model of dbt'} has no column {column}." if table else f"No model of dbt has a column {column}.",
        f"Name one that there is, such as {', '.join(near)}.",
    )


class _Project:
    """dbt's manifest, by what is asked of it here."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._manifest = manifest
        self.models = {id: node for id, node in manifest["nodes"].items() if node["resource_type"] == "model"}
        self.ids = {node["name"]: id for id, node in self.models.items()}

    def name(self, id: str) -> str:
        return str(self.models[id]["name"])

    def is_published(self, id: str) -> bool:
        return bool(self.models[id]["schema"] == PUBLISHED)

    def columns(self, id: str) -> dict[str, str]:
        """Column -> description, of those that the model's YAML declares."""
        return {name: str(about.get("description", "")) for name, about in self.models[id]["columns"].items()}

    def of(self, table: str) -> list[str]:
        return list(self.columns(self.ids[table]))

    def having(self, column: str, table: str | None) -> list[str]:
        """The models that have the column: one by name, else all that are published, else all."""
        named = [self.ids[table]] if table in self.ids else [] if table else list(self.models)
        found = [id for id in named if column in self.columns(id)]
        return sorted([id for id in found if self.is_published(id)] or found, key=self.name)

    def follow(self, starts: list[str], column: str) -> dict[str, str]:
        """Model -> how the column reaches it, the nearest first."""
        found = dict.fromkeys(starts, HAS)
        waiting = list(found)
        while waiting:
            id = waiting.pop(0)
            for child in sorted(self._manifest["child_map"].get(id, ())):
                how = self._how(child, column) if found[id] == HAS else READS
                if child in self.models and how is not None and _is_nearer(how, found.get(child)):
                    found[child] = how
                    waiting.append(child)
        return dict(sorted(found.items(), key=lambda pair: (_FAR[pair[1]], self.name(pair[0]))))

    def _how(self, id: str, column: str) -> str | None:
        """How a model comes by a column of one that it reads; None where it does not."""
        if id not in self.models:
            return None
        return HAS if column in self.columns(id) else NAMES if _names(self._sql(id), column) else None

    def _sql(self, id: str) -> str:
        """The model's SQL and that of every macro of the project that it calls."""
        node = self.models[id]
        waiting, seen = list(node["depends_on"]["macros"]), set()
        texts = [node["raw_code"]]
        while waiting:
            macro = waiting.pop()
            about = self._manifest["macros"].get(macro)
            if macro in seen or about is None or about["package_name"] != node["package_name"]:
                continue
            seen.add(macro)
            texts.append(about["macro_sql"])
            waiting += about["depends_on"]["macros"]
        return "\n".join(texts)

    def readers(self, found: Mapping[str, str], column: str) -> Iterator[Reader]:
        """The exposures that depend on one of these models.

        A reader of our own whose code does not name the column gets at most what is made of it.
        """
        for exposure in self._manifest["exposures"].values():
            through = {self.name(id): how for id, how in found.items() if id in exposure["depends_on"]["nodes"]}
            meta = exposure["config"].get("meta") or {}
            code = tuple(_places(meta.get("code", ()), meta.get("but", ()), column))
            if through and (code or "code" not in meta or set(through.values()) != {HAS}):
                yield Reader(
                    exposure["name"],
                    exposure["label"],
                    str(meta.get("files", "")),
                    tuple(through),
                    code,
                    "code" in meta,
                )


_FAR = {HAS: 0, NAMES: 1, READS: 2}


def _is_nearer(how: str, known: str | None) -> bool:
    return known is None or _FAR[how] < _FAR[known]


def _names(text: str, column: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", text) is not None


def _places(folders: list[str], but: list[str], column: str) -> Iterator[str]:
    """The modules below these folders that name the column, each with the sheets whose function names it."""
    for folder in folders:
        root = PACKAGE / folder
        files = [root] if root.is_file() else sorted(root.rglob("*"))
        for path in files:
            name = path.relative_to(PACKAGE).as_posix()
            if path.suffix not in (".py", ".j2") or any(name.startswith(f"{other}/") for other in but):
                continue
            text = path.read_text("utf-8")
            if _names(text, column):
                sheets = _sheets(text, column) if path.suffix == ".py" else []
                yield f"{name}: {', '.join(sheets)}" if sheets else name


def _sheets(text: str, column: str) -> list[str]:
    found = []
    for part in ast.parse(text).body:
        if isinstance(part, ast.FunctionDef):
            source = ast.get_source_segment(text, part) or ""
            if (sheet := SHEET.search(source)) and _names(source, column):
                found.append(sheet[1])
    return found
