"""What staging models have in common and dbt cannot work out: which of them give figures, and what their columns are.

Belongs here: reading the names of staging models from their folder, and filling the manifest with the descriptions
that are written once, at int_stacked. Does not belong here: running dbt (`dbt`), the shape itself
(macros/staged_figures.sql).
"""

import re
from pathlib import Path
from typing import Any

_FIGURES = re.compile(r"\{\{-?\s*staged_figures\(")
_SHAPE = "int_stacked"
"""The model that has the columns of the shape and describes each of them."""
_ROW = ("vintage_id", "dataset", "part", "source_row")
"""The columns of the shape that reference data has too: which landed row it is."""


def staging_variables(project: Path) -> dict[str, str]:
    """Environment variables that name the staging models in `project`, those of figures and those of reference data.

    The macro staging_models reads them; dbt stops with their name where they are not set.
    """
    kinds: dict[str, list[str]] = {"figure": [], "reference": []}
    for path in sorted((project / "models" / "staging").rglob("*.sql")):
        kinds["figure" if _FIGURES.search(path.read_text("utf-8")) else "reference"].append(path.stem)
    return {f"DBT_{kind.upper()}_MODELS": ",".join(names) for kind, names in kinds.items()}


def describe_columns(manifest: dict[str, Any]) -> None:
    """Give each staging model in `manifest` the descriptions of the shape, where its YAML has none of its own.

    A model of figures has every column of the shape, in its order; one of reference data those of the landed row.
    """
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    shape = models[_SHAPE]["columns"]
    of_figures = set(models[_SHAPE]["depends_on"]["nodes"])
    for node in models.values():
        if node["schema"] == "staging":
            shared = shape if node["unique_id"] in of_figures else {name: shape[name] for name in _ROW}
            node["columns"] = {**shared, **node["columns"]}
