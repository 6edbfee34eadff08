"""Pages that are made: the dictionary of the mart from dbt's descriptions, the indicators from the catalogue.

Belongs here: how these facts are laid out. Does not belong here: the facts.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from atf_dagster import catalogue
from atf_dagster.catalogue import Catalogue, IndicatorCard
from atf_dagster.release import contract
from atf_dagster.release.contract import Table
from atf_dagster.warehouse import parsed_project

BETTER = {"higher_is_better": "higher", "lower_is_better": "lower", "none": "neither"}
FOLDER = "dictionary"


def all_pages() -> dict[str, str]:
    """Path of a page below the site -> its Markdown."""
    folder = parsed_project.folder(parsed_project.KEPT)
    manifest = json.loads((folder / parsed_project.MANIFEST).read_text("utf-8"))
    tables = [*contract.from_manifest(manifest), *contract.WRITTEN_AT_RELEASE]
    links = references(manifest)
    pages = {f"{FOLDER}/{table.name}.md": table_page(table, links.get(table.name, {})) for table in tables}
    return {**pages, f"{FOLDER}/index.md": index_page(tables), "indicators.md": indicators_page(catalogue.load())}


def references(manifest: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """Relation -> its column -> the relation and column that it refers to, as dbt's tests `refers_to` check them."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "refers_to":
            relation = str(node["attached_node"]).rpartition(".")[2]
            for column, target in test["kwargs"]["columns"].items():
                other, _, key = target.partition(".")
                found.setdefault(relation, {})[column] = (other, key)
    return found


def index_page(tables: list[Table]) -> str:
    """The list of all relations."""
    rows = [f"| [{table.name}]({table.name}.md) | {_cell(_first_sentence(table.description))} |" for table in tables]
    return "\n".join(
        [
            "# Data dictionary",
            "",
            "All tables and views of a release, from the descriptions that stand beside each model. "
            "[For readers](../readers/index.md) says which one to start with.",
            "",
            "| relation | one row |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def table_page(table: Table, refers: Mapping[str, tuple[str, str]]) -> str:
    """One relation: its grain, its key, and each column."""
    rows = []
    for column in table.columns:
        to = refers.get(column.name)
        link = f" Refers to [{to[0]}]({to[0]}.md)." if to and to[0] != table.name else ""
        empty = "never" if column.required else "may be"
        rows.append(f"| `{column.name}` | {column.type} | {empty} | {_cell(column.description)}{link} |")
    return "\n".join(
        [
            f"# {table.name}",
            "",
            _line(table.description),
            "",
            f"{'View' if table.is_view else 'Table'}. Key: {', '.join(f'`{name}`' for name in table.key)}.",
            "",
            "| column | type | empty | what it says |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def indicators_page(found: Catalogue) -> str:
    """The indicators by principle: beacon indicators, then their proxies, then the supporting ones."""
    lines = [
        "# Indicators",
        "",
        "The 22 beacon indicators (`ATF`), proxies that stand for one without figures (`PRX`), and supporting "
        "indicators (`SUP`). A proxy is not the indicator that it stands for.",
    ]
    for number, principle in [*found.principles.items(), (None, "Of no principle")]:
        cards = sorted((card for card in found.indicators if card.principle_no == number), key=_order)
        if cards:
            lines += ["", f"## {principle}", "", "| code | indicator | unit | better |", "|---|---|---|---|"]
            lines += [_indicator(card) for card in cards]
    return "\n".join([*lines, ""])


def _order(card: IndicatorCard) -> tuple[str, str]:
    """A proxy stands below the indicator that it stands for; codes of supporting indicators come last."""
    return card.proxy_for or card.code, card.code


def _indicator(card: IndicatorCard) -> str:
    proxy = f" **Proxy for {card.proxy_for}.**" if card.is_proxy else ""
    note = f" {card.proxy_note}" if card.proxy_note else ""
    text = _cell(f"**{card.name}.**{proxy} {card.definition}{note}")
    return f"| {card.code} | {text} | {_cell(card.unit)} | {BETTER[card.polarity]} |"


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _first_sentence(text: str) -> str:
    return _line(text).removeprefix("Grain: ").partition(". ")[0].rstrip(".")
