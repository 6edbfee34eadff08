"""What an edit costs: words rebuild nothing, and a rule judges anew only the vintages that it is a rule for.

Belongs here: fingerprints of a copy of the project with one edit. Does not belong here: verdicts (test_admission_*).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from atf_dagster.catalogue import Catalogue, load
from atf_dagster.quality import rules, suites
from atf_dagster.settings import PROJECT
from atf_dagster.warehouse import fingerprints
from atf_dagster.warehouse.dbt import read_manifest
from atf_dagster.warehouse.fingerprints import PROGRAM, DbtFiles, sql
from support.home import PublishedHome
from support.project_copied import ProjectCopied

ALL = {dataset.id for _, dataset in load().datasets}
WITH_FIGURES = {dataset.id for collection, dataset in load().datasets if any(d.yields for d in collection.datasets)}
STAGING = "dbt_project/models/staging"


def file_of(model: str) -> str:
    """Where a model between staging and the marts lies."""
    (path,) = (PROJECT / "dbt_project" / "models" / "intermediate").rglob(f"{model}.sql")
    return str(path.relative_to(PROJECT))


def of_tables(*tables: str) -> set[str]:
    """The datasets whose rows are in these raw tables."""
    return {dataset.id for collection, dataset in load().datasets if collection.table in tables}


@cache
def rules_of_the_project() -> dict[str, str]:
    return rules.of(load())


@dataclass(frozen=True)
class Copy:
    """A copy of the project's files that fingerprints are made of."""

    folder: Path

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} does not say {old!r}"
        path.write_text(text.replace(old, new, 1), "utf-8")

    def rules(self, catalogue: Catalogue | None = None) -> dict[str, str]:
        judging = suites.load("admission", self.folder / "expectations")
        return rules.of(catalogue or load(), DbtFiles(self.folder / "dbt_project"), judging)

    def judged_anew(self, catalogue: Catalogue | None = None) -> set[str]:
        """The datasets whose vintages would be judged again."""
        before = rules_of_the_project()
        return {dataset for dataset, found in self.rules(catalogue).items() if found != before.get(dataset)}

    def of_a_release(self) -> tuple[str, str, str]:
        return (
            DbtFiles(self.folder / "dbt_project").fingerprint,
            rules.of_every_check(suites.load(folder=self.folder / "expectations")),
            fingerprints.program(self.folder / "program.key", self.folder / "atf_dagster"),
        )

    @classmethod
    def into(cls, folder: Path) -> Copy:
        ignored = shutil.ignore_patterns("target", "logs", "__pycache__", "snapshot", "collections")
        for name in ("atf_dagster", "dbt_project", "expectations"):
            shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
        return cls(folder)


@pytest.fixture(scope="module", autouse=True)
def texts_worked_out_once() -> Iterator[None]:
    """What is made of a text follows from the text alone, and of a copy all files but one are those of the last."""
    with pytest.MonkeyPatch.context() as patch:
        for work in (fingerprints.sql, fingerprints.python):
            patch.setattr(fingerprints, work.__name__, cache(work))
        yield


@pytest.fixture
def project(tmp_path: Path) -> Copy:
    return Copy.into(tmp_path)


@pytest.fixture(scope="module")
def unedited(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """What a release of a copy without an edit follows from."""
    return Copy.into(tmp_path_factory.mktemp("unedited")).of_a_release()


WORDS = [
    ("expectations/staged_nomis.yml", "  reason: Children", "  reason: All children"),
    ("expectations/staged_nomis.yml", "  remedy: Compare", "  remedy: Do compare"),
    ("expectations/coverage.yml", "  reason: ", "  reason: Readers say that "),
    ("atf_dagster/alerts/render.py", "the last release stays", "the release before stays"),
    ("atf_dagster/warehouse/raw.py", '"""Parse each vintage', '"""In other words: parse each vintage'),
    (
        "atf_dagster/warehouse/raw.py",
        "    with single_threaded() as connection",
        "    # A comment.\n\n    with single_threaded() as connection",
    ),
    ("atf_dagster/sources/base.py", "The answer is not JSON", "What came is no JSON"),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "    judged as", "    -- Isn't this a comment?\n    judged as"),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "    judged as", "    {# It's another. #}\n    judged as"),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "    judged as", "    /* a third,\n of two lines */\n    judged as"),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "-- A weekly figure is dated", "-- It is dated"),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "    judged as", "\n\n    judged as"),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.yml", "Name of the area.", "What the area is called."),
    (f"{STAGING}/ukhsa/stg_ukhsa__series.yml", "unit_tests:\n", "unit_tests:\n  # A comment.\n"),
    ("dbt_project/macros/markers.sql", "{#", "{# More words:"),
    ("dbt_project/models/marts/1_dimensions/dim_area.yml", "models:\n", "\n# A comment.\nmodels:\n"),
]


@pytest.mark.parametrize(("file", "old", "new"), WORDS)
def test_words_comments_and_blank_lines_rebuild_nothing_and_judge_nothing_anew(
    project: Copy, unedited: tuple[str, str, str], file: str, old: str, new: str
) -> None:
    project.edit(file, old, new)
    assert project.of_a_release() == unedited
    assert project.judged_anew() == set()


def test_a_refresh_after_an_edit_of_words_builds_nothing(published_home: PublishedHome, tmp_path: Path) -> None:
    project = ProjectCopied.into(tmp_path / "project")
    for file, old, new in WORDS:
        project.edit(file, old, new)
    report = project.refresh(published_home.copy_of_all(tmp_path / "home").home)
    assert (report["outcome"], report["release"]) == ("unchanged", published_home.report["release"])


DECIDING = [
    ("dbt_project/models/marts/1_dimensions/dim_area.sql", "select", "select distinct"),
    ("dbt_project/models/marts/7_views/vw_latest.yml", "data_type: double", "data_type: float"),
    ("dbt_project/tests/every_answered_area_says_since_when.sql", "select", "select distinct"),
    ("dbt_project/dbt_project.yml", "+materialized: table", "+materialized: view"),
    ("expectations/coverage.yml", "severity: critical", "severity: warning"),
    ("atf_dagster/release/changes.py", "return", "return not"),
    ("atf_dagster/pipeline/steps.py", "def publish", "def publish_it"),
]


@pytest.mark.parametrize(("file", "old", "new"), DECIDING)
def test_what_decides_a_release_makes_a_new_one_and_judges_nothing_anew(
    project: Copy, unedited: tuple[str, str, str], file: str, old: str, new: str
) -> None:
    project.edit(file, old, new)
    assert project.of_a_release() != unedited
    assert project.judged_anew() == set()


def test_a_description_of_the_mart_is_in_the_release_and_judges_nothing_anew(
    project: Copy, unedited: tuple[str, str, str]
) -> None:
    project.edit("dbt_project/models/docs.md", "docs value_min %}\n", "docs value_min %}\nIn other words: ")
    assert project.of_a_release() != unedited
    assert project.judged_anew() == set()


def test_a_changed_staging_model_judges_its_own_vintages_anew_and_nobody_elses(project: Copy) -> None:
    project.edit(f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "'Stratum'", "'Group'")
    assert project.judged_anew() == of_tables("ukhsa_series")


def test_a_staging_model_that_reads_another_is_judged_by_both(project: Copy) -> None:
    project.edit(
        f"{STAGING}/nomis/stg_nomis__data.sql",
        "with\n",
        "with other as (select * from {{ ref('stg_ukhsa__series') }}),\n",
    )
    assert project.judged_anew() == of_tables("nomis_data")
    before = project.rules()
    project.edit(f"{STAGING}/ukhsa/stg_ukhsa__series.sql", "'Stratum'", "'Group'")
    after = project.rules()
    assert {name for name in after if after[name] != before[name]} == of_tables("nomis_data", "ukhsa_series")


def test_the_models_that_read_a_table_are_those_that_dbt_itself_knows(published_home: PublishedHome) -> None:
    manifest = read_manifest(published_home.settings)
    files = DbtFiles()
    for table in {collection.table for collection in load().collections}:
        (source,) = (key for key, found in manifest["sources"].items() if found["name"] == table)
        assert {
            node["name"]
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and source in node["depends_on"]["nodes"]
        } == files.reading(table)


def test_a_table_that_no_model_names_in_full_is_judged_by_all_of_them() -> None:
    files = DbtFiles()
    assert files.reading("not_named") == files.staging


@pytest.mark.parametrize("file", sorted(path.name for path in (PROJECT / "dbt_project" / "macros").glob("*.sql")))
def test_a_changed_macro_judges_anew_those_that_use_it_as_dbt_itself_knows_them(
    project: Copy, file: str, published_home: PublishedHome
) -> None:
    manifest = read_manifest(published_home.settings)
    path = project.folder / "dbt_project" / "macros" / file
    changed = {
        name
        for name, macro in manifest["macros"].items()
        # How dbt writes a relation decides none of its rows.
        if macro["original_file_path"] == f"macros/{file}" and not macro["name"].startswith("materialization_")
    }
    path.write_text(re.sub(r"(\{%-?\s*macro [^%]*%\})", r"\1 changed", path.read_text("utf-8")), "utf-8")
    assert {name.rpartition(".")[2] for name in changed} == {
        name for name, text in DbtFiles(project.folder / "dbt_project").macros.items() if "%} changed" in text
    }

    def uses(macros: Iterable[str]) -> bool:
        seen: set[str] = set()
        ahead = list(macros)
        while ahead:
            name = ahead.pop()
            if name not in seen:
                seen.add(name)
                ahead += manifest["macros"].get(name, {"depends_on": {"macros": []}})["depends_on"]["macros"]
        return bool(seen & changed)

    between = ["int_admission", "int_staged", "int_stacked"]
    users = {node["name"] for node in manifest["nodes"].values() if uses(node["depends_on"]["macros"])}
    files = DbtFiles()
    owed = {
        dataset.id
        for collection, dataset in load().datasets
        if users & files.above(files.reading(collection.table)) or (dataset.yields and users & set(between))
    }
    found = project.judged_anew()
    assert owed <= found
    # A word that is a macro's name counts as a use, so that a few more may be judged, and only of the same kind.
    assert found == owed or found - owed <= WITH_FIGURES


def test_a_macro_of_one_publisher_judges_that_publisher_alone(project: Copy) -> None:
    project.edit("dbt_project/macros/desnz.sql", "(20[0-9]{2}) data", "(20[0-9]{2})  data")
    assert project.judged_anew() == of_tables("desnz_fuel_poverty", "desnz_fuel_poverty_lsoa")


@pytest.mark.parametrize(
    ("file", "old", "new", "anew"),
    [
        ("staged_nomis.yml", "max_value: 0.7", "max_value: 0.8", of_tables("nomis_data")),
        (
            "staged_ees.yml",
            "max_value: 0.05",
            "max_value: 0.06",
            of_tables("ees_attainment_by_19", "ees_early_years", "ees_key_stage_4", "ees_neet_16_17"),
        ),
        (
            "staged_ons.yml",
            "min_value: 0.999",
            "min_value: 0.99",
            of_tables("ons_population_estimates", "ons_below_real_living_wage"),
        ),
        ("staged_ukhsa.yml", "severity: warning", "severity: critical", of_tables("ukhsa_series")),
        ("staged_rows.yml", "severity: critical", "severity: warning", WITH_FIGURES),
        ("staged_arrived.sql", "family.source_table", "upper(family.source_table) as source_table", WITH_FIGURES),
        ("staged_reference_vintages.yml", "min_value: 9", "min_value: 8", ALL - WITH_FIGURES),
    ],
)
def test_a_changed_threshold_judges_the_family_that_it_belongs_to(
    project: Copy, file: str, old: str, new: str, anew: set[str]
) -> None:
    project.edit(f"expectations/{file}", old, new)
    assert project.judged_anew() == anew


@pytest.mark.parametrize(
    ("frame", "looks"),
    [
        ("select * from staged_arrived", True),
        ("select * from staged_arrived where source_table = 'ukhsa_series'", False),
        ("select * from staged_arrived where source_table in ('ukhsa_series', 'nomis_data')", True),
        ("select * from staged_arrived where source_table like 'nomis%'", True),
        ("select * from staged_arrived where source_table <> 'nomis_data'", True),
        ("select source_table from staged_arrived where source_table = 'ukhsa_series'", True),
    ],
)
def test_a_suite_looks_at_every_table_unless_its_frame_plainly_takes_others(frame: str, looks: bool) -> None:
    (suite,) = (suite for suite in suites.load("admission") if suite.suite == "staged_nomis")
    assert rules.looks_at(suite.model_copy(update={"frame": frame}), "nomis_data") is looks


@pytest.mark.parametrize("model", ["int_admission", "int_staged", "int_stacked"])
def test_what_stands_between_staging_and_admission_judges_all_figures_anew(project: Copy, model: str) -> None:
    project.edit(file_of(model), "select", "select distinct")
    assert project.judged_anew() == WITH_FIGURES


def test_reference_data_is_judged_by_its_own_way_to_admission(project: Copy) -> None:
    project.edit(file_of("int_reference_admission"), "'pending'", "'Pending'")
    assert project.judged_anew() == ALL - WITH_FIGURES


def test_a_table_more_judges_nobody_else_anew(project: Copy) -> None:
    shutil.copy(
        project.folder / STAGING / "ukhsa" / "stg_ukhsa__series.sql",
        project.folder / STAGING / "ukhsa" / "stg_ukhsa__another.sql",
    )
    project.edit(f"{STAGING}/ukhsa/stg_ukhsa__another.sql", '"ukhsa_series"', '"ukhsa_another"')
    assert project.judged_anew() == set()


def changed(catalogue: Catalogue, code: str, **facts: object) -> Catalogue:
    cards = tuple(c.model_copy(update=facts) if c.code == code else c for c in catalogue.indicators)
    return catalogue.model_copy(update={"indicators": cards})


def test_a_changed_bound_judges_the_datasets_of_its_indicator_anew(project: Copy) -> None:
    yielding = {dataset.id for _, dataset in load().datasets if "SUP20" in dataset.indicators}
    assert len(yielding) >= 1
    assert project.judged_anew(changed(load(), "SUP20", value_max=1.0)) == yielding


def test_the_words_of_a_card_judge_nothing_anew(project: Copy) -> None:
    assert project.judged_anew(changed(load(), "SUP20", definition="In other words.", name="Another name")) == set()


def test_an_indicator_more_judges_nobody_else_anew(project: Copy) -> None:
    catalogue = load()
    with_one_more = tuple(
        c.model_copy(update={"datasets": (*c.datasets, c.datasets[0].model_copy(update={"id": "one_more"}))})
        if c.table == "fingertips_indicator_data"
        else c
        for c in catalogue.collections
    )
    assert project.judged_anew(catalogue.model_copy(update={"collections": with_one_more})) == {"one_more"}


def test_a_column_of_a_table_judges_that_table_anew(project: Copy) -> None:
    catalogue = load()
    renamed = tuple(
        c.model_copy(update={"renamed": {"older": "newer"}}) if c.table == "ukhsa_series" else c
        for c in catalogue.collections
    )
    assert project.judged_anew(catalogue.model_copy(update={"collections": renamed})) == of_tables("ukhsa_series")


def test_another_name_of_an_area_judges_all_anew(project: Copy) -> None:
    catalogue = load()
    first, *others = catalogue.areas
    renamed = (first.model_copy(update={"also_written": ("Elsewhere",)}), *others)
    assert project.judged_anew(catalogue.model_copy(update={"areas": renamed})) == ALL


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("select a -- it's\nfrom t", "select a\n\nfrom t", True),
        ("select '-- a' from t", "select '-- b' from t", False),
        ("select 'a  b'", "select 'a b'", False),
        ("select 'a\nb'", "select 'a b'", False),
        ("select 'it''s -- a'", "select 'it''s -- b'", False),
        ("select 'a /* b */'", "select 'a /* c */'", False),
        ("{# it's #}select 'a  b'", "{# its #}select 'a b'", False),
        ("{# it's #}select 'a'", "select 'a'", True),
        ("-- {{ ref('a') }}\nselect 1", "-- {{ ref('b') }}\nselect 1", False),
        ('{{ f("it\'s -- a") }}', '{{ f("it\'s -- b") }}', False),
        ("select a {#- b -#} c", "select a c", False),
        ("select a {# b #} c", "select a {# d #} c", True),
        ("select 1 -- {# a\n, 2 #}\nfrom t", "select 1 -- {# b\n, 3 #}\nfrom t", True),
        ("select e'it\\'s -- a'", "select e'it\\'s -- b'", False),
    ],
)
def test_comments_and_white_space_outside_of_literals_are_all_that_is_left_out(
    one: str, other: str, same: bool
) -> None:
    assert (sql(one) == sql(other)) is same


@pytest.mark.parametrize("pattern", PROGRAM)
def test_every_module_that_turns_bytes_into_rows_or_rows_into_releases_is_where_it_is_said_to_be(pattern: str) -> None:
    assert list((PROJECT / "atf_dagster").glob(pattern))


def test_the_programs_fingerprint_is_worked_out_anew_only_where_a_file_changed(project: Copy) -> None:
    kept, package = project.folder / "program.key", project.folder / "atf_dagster"
    before = fingerprints.program(kept, package)
    seen, _, _ = kept.read_text("utf-8").partition("\n")
    kept.write_text(f"{seen}\nkept")
    assert fingerprints.program(kept, package) == "kept"
    project.edit("atf_dagster/warehouse/raw.py", "def parse_new", "# A comment.\ndef parse_new")
    assert fingerprints.program(kept, package) == before
