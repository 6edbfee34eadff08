"""The rules of each dataset as a fingerprint: a verdict stays in force as long as the fingerprint stays the same.

The rules are exactly the parts of the project that decide the rows of a dataset and the checks on them: its entry in
the catalogue, the staging models that read its table, the macros that they use, the models between staging and
admission, and the suites that check its table.

Belongs here: which parts these are, and their fingerprint. Does not belong here: verdicts (`admission`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from atf_dagster.catalogue import Catalogue, Collection, Dataset
from atf_dagster.quality import suites
from atf_dagster.quality.suites import Suite
from atf_dagster.warehouse.fingerprints import DbtFiles, digest, sql
from atf_dagster.warehouse.raw import PARSER

Rules = Mapping[str, str]
"""Dataset -> the fingerprint of the rules for its vintages."""

PROSE = {
    *("title", "page_url", "description", "licence", "publisher", "service", "datasets", "max_bytes"),
    *(
        "short_name",
        "name",
        "report_name",
        "definition",
        "trend_note",
        "proxy_note",
        "statistic_status",
        "empty_reason",
    ),
}
"""Fields of the catalogue for readers or for fetching. No row and no check depends on them."""

_FAMILY = re.compile(
    r"\b(?:where|and)\s+(?:\w+\.)?source_table\s+(?:(?P<like>like)|=|in)\s*(?P<tables>\([^)]*\)|'[^']*')"
)


def of(catalogue: Catalogue, dbt: DbtFiles | None = None, judging: Sequence[Suite] | None = None) -> dict[str, str]:
    """The rules of every dataset of the catalogue. dbt, judging: other dbt files and suites to use."""
    dbt = DbtFiles() if dbt is None else dbt
    judging = suites.load("admission") if judging is None else judging
    found = {}
    for collection in catalogue.collections:
        shared = _of_table(collection, dbt, judging, figures=any(each.yields for each in collection.datasets))
        for dataset in collection.datasets:
            found[dataset.id] = digest([*shared, *_of_dataset(catalogue, dataset)])[:16]
    names = digest((area.code, repr((area.name, area.type, area.also_written))) for area in catalogue.areas)
    return {dataset: digest([(rules, names)])[:16] for dataset, rules in found.items()}


def looks_at(suite: Suite, table: str) -> bool:
    """Whether a suite checks rows of this raw table. Its frame takes all tables unless it names some."""
    mentions = len(re.findall(r"\bsource_table\b", suite.frame))
    conditions = list(_FAMILY.finditer(suite.frame))
    if not mentions or len(conditions) < mentions:
        return True
    for condition in conditions:
        tables = re.findall(r"'([^']*)'", condition["tables"])
        if any(table.startswith(name.rstrip("%")) if condition["like"] else table == name for name in tables):
            return True
    return False


def _of_table(
    collection: Collection, dbt: DbtFiles, judging: Sequence[Suite], *, figures: bool
) -> list[tuple[str, str]]:
    own = dbt.above(dbt.reading(collection.table))
    # Admission checks reference data in a table of its own.
    checked = "int_admission" if figures else "int_reference_admission"
    between = dbt.above([checked]) - dbt.staging
    suites_of_it = [suite for suite in judging if suite.table == checked and looks_at(suite, collection.table)]
    words = {word for suite in suites_of_it for word in re.findall(r"\w+", f"{suite.frame} {suite.over_sql or ''}")}
    between |= dbt.above(words & dbt.models.keys()) - dbt.staging
    macros = dbt.macros_of(own | between)
    return [
        ("parser", PARSER),
        ("table", repr(_deciding(collection))),
        *((name, dbt.models[name]) for name in sorted(own)),
        *((name, _without_names_of(dbt.staging, dbt.models[name])) for name in sorted(between)),
        *((name, dbt.macros[name]) for name in sorted(macros)),
        *((suite.suite, _deciding_of(suite)) for suite in suites_of_it),
    ]


def _of_dataset(catalogue: Catalogue, dataset: Dataset) -> list[tuple[str, str]]:
    cards = [(code, repr(_deciding(catalogue.indicator(code)))) for code in dataset.indicators]
    return [(dataset.id, repr(_deciding(dataset))), *cards]


def _deciding(entry: BaseModel) -> dict[str, Any]:
    return entry.model_dump(exclude=PROSE)


def _deciding_of(suite: Suite) -> str:
    """A suite without the texts of its expectations."""
    checks = [entry.model_dump(exclude={"owner", "reason", "remedy", "runbook"}) for entry in suite.expectations]
    return repr((suite.table, sql(suite.frame), sql(suite.over_sql or ""), suite.keys, suite.needs_previous, checks))


def _without_names_of(staging: frozenset[str], text: str) -> str:
    """A model that combines staging models, without their names, so that a new publisher changes no other's rules."""
    return re.sub(r"[\"'](\w+)[\"'],? ?", lambda found: "" if found[1] in staging else found[0], text)


def of_every_check(checks: Sequence[Suite] | None = None) -> str:
    """The fingerprint of all suites of both stages, without the texts of expectations, which decide no release."""
    return digest((suite.suite, _deciding_of(suite)) for suite in (suites.load() if checks is None else checks))
