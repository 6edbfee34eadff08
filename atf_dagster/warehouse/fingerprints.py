"""Fingerprints of the project's own files: they change when a figure could, and not for a comment or a blank line.

Belongs here: what of a file decides figures, and which models and macros a model is made of.
Does not belong here: facts from landing and the catalogue (`inputs`), what judges a vintage (`quality.rules`).

What decides: SQL without comments, white space folded outside of literals; Python without comments, docstrings and
the words of what it raises; of dbt's YAML all but unit tests, exposures and the descriptions of models that are not
released. Descriptions of the mart are written into each release, so a changed one makes a new release.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from atf_dagster.files import read_yaml, write_atomic
from atf_dagster.settings import PROJECT

PROGRAM = (
    "catalogue/*.py",
    "formats/*.py",
    "quality/admission.py",
    "quality/gx.py",
    "quality/suites.py",
    "pipeline/steps.py",
    "release/**/*.py",
    "returns/*.py",
    "sources/*.py",
    "warehouse/*.py",
)
"""Modules of the package that turn bytes into rows and rows into releases."""

_JINJA = re.compile(r"(?P<comment>(?:\s*(?=\{#-))?\{#.*?(?:-#\}\s*|#\}))|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SQL = re.compile(r"(?P<literal>'(?:[^']|'')*'|\"[^\"]*\")|(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<space>\s+)", re.DOTALL)
_NO_CODE = ("unit_tests", "exposures")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MACRO = re.compile(r"\{%-?\s*macro\s+(?P<name>\w+).*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)


def sql(text: str) -> str:
    """A model or macro as far as it decides rows: no comments, white space folded outside of literals."""
    if "\\'" in text or '\\"' in text or "$$" in text:
        return text  # where a literal ends would be a guess
    text = _JINJA.sub(lambda found: "" if found["comment"] else found[0], text)
    # Line breaks now stand outside of literals alone, and beside brackets and commas they say nothing.
    text = re.sub(r"\n*([(),])\n*", r"\1", _SQL.sub(_folded, text))
    return re.sub(r"\n+", " ", text).strip()


def _folded(found: re.Match[str]) -> str:
    if found["literal"]:
        return found[0].replace("\n", "\\n")
    # Jinja runs what stands in a comment of SQL.
    if found["comment"] and ("{{" in found[0] or "{%" in found[0]):
        return found[0] + "\n"
    return "\n"


def python(text: str) -> str:
    """A module as its syntax tree, without docstrings and without the words of what it raises."""
    return ast.dump(_Deciding().visit(ast.parse(text)))


class _Deciding(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        for within in ast.walk(node):
            if isinstance(within, ast.Constant) and isinstance(within.value, str):
                within.value = ""
        return node


def settings_of_dbt(content: Any, *, released: bool) -> Any:
    """A YAML file of the dbt project as far as it decides a release; descriptions only where they are released."""
    if isinstance(content, Mapping):
        left_out = {*_NO_CODE, *(() if released else ("description",))}
        return {key: settings_of_dbt(part, released=released) for key, part in content.items() if key not in left_out}
    if isinstance(content, list):
        return [settings_of_dbt(part, released=released) for part in content]
    return content


def program(kept: Path, package: Path = PROJECT / "atf_dagster") -> str:
    """Of the modules in `PROGRAM`, worked out anew only where the file `kept` is of other bytes: it takes a third of a
    second, which an unchanged refresh would pay each time."""
    paths = sorted({path for pattern in PROGRAM for path in package.glob(pattern)})
    texts = [(str(path.relative_to(package)), path.read_text("utf-8")) for path in paths]
    # Another Python writes another tree.
    bytes_seen = digest([("python", sys.version), *texts])
    if kept.exists():
        seen, _, known = kept.read_text("utf-8").partition("\n")
        if seen == bytes_seen:
            return known
    found = digest((name, python(text)) for name, text in texts)
    write_atomic(kept, f"{bytes_seen}\n{found}")
    return found


def digest(parts: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of names and texts in their order, hexadecimal."""
    found = hashlib.sha256()
    for name, text in parts:
        found.update(name.encode() + b"\0" + text.encode() + b"\0")
    return found.hexdigest()


@dataclass(frozen=True)
class DbtFiles:
    """The files of the dbt project below `folder`, as `sql` and `settings_of_dbt` give them."""

    folder: Path = PROJECT / "dbt_project"

    @property
    def fingerprint(self) -> str:
        """Changes when a built mart or its descriptions could."""
        parts = [(name, text) for name, text in self._sql.items()]
        for path in self._paths("*.yml"):
            released = "marts" in path.parts
            parts.append((str(path), repr(settings_of_dbt(read_yaml(self.folder / path), released=released))))
        parts += [(str(path), (self.folder / path).read_text("utf-8")) for path in self._paths("*.md")]
        return digest(parts)

    @cached_property
    def models(self) -> dict[str, str]:
        """Name of a model -> its SQL."""
        return {Path(name).stem: text for name, text in self._sql.items() if name.startswith("models/")}

    @cached_property
    def staging(self) -> frozenset[str]:
        """Names of the models that read what publishers served."""
        return frozenset(Path(name).stem for name in self._sql if name.startswith("models/staging/"))

    @cached_property
    def macros(self) -> dict[str, str]:
        """Name of a macro -> its SQL."""
        files = (text for name, text in self._sql.items() if name.startswith("macros/"))
        return {found["name"]: found[0] for text in files for found in _MACRO.finditer(text)}

    def reading(self, table: str) -> set[str]:
        """The staging models that name this raw table, in `source` or to a macro; all of them where none does."""
        return {name for name in self.staging if table in self._quoted[name]} or set(self.staging)

    def above(self, models: Iterable[str]) -> set[str]:
        """These models and all that they name, in `ref` or in a list for it, through any number of steps."""
        return _closure(models, self._named)

    def macros_of(self, models: Iterable[str]) -> set[str]:
        """The macros that these models use, and those that these use. A word that is a macro's name counts as a use."""
        return _closure((macro for name in models for macro in self._used_by_models[name]), self._used_by_macros)

    @cached_property
    def _quoted(self) -> dict[str, set[str]]:
        quoted = re.compile(r"[\"'](\w+)[\"']")
        return {name: set(quoted.findall(text)) for name, text in self.models.items()}

    @cached_property
    def _named(self) -> dict[str, set[str]]:
        return {name: (words & self.models.keys()) - {name} for name, words in self._quoted.items()}

    @cached_property
    def _used_by_models(self) -> dict[str, set[str]]:
        return {name: self._macros_named(text) for name, text in self.models.items()}

    @cached_property
    def _used_by_macros(self) -> dict[str, set[str]]:
        return {name: self._macros_named(text) for name, text in self.macros.items()}

    def _macros_named(self, text: str) -> set[str]:
        words = set(_WORD.findall(text))
        # `adapter.dispatch("x")` finds the macro of its engine by its name.
        return {name for name in self.macros if name in words or name.partition("__")[2] in words}

    @cached_property
    def _sql(self) -> dict[str, str]:
        return {str(path): sql((self.folder / path).read_text("utf-8")) for path in self._paths("*.sql")}

    def _paths(self, pattern: str) -> list[Path]:
        found = (path.relative_to(self.folder) for path in self.folder.rglob(pattern))
        return sorted(path for path in found if path.parts[0] not in ("target", "logs"))


def _closure(begin: Iterable[str], further: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(begin)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += further[name]
    return found
