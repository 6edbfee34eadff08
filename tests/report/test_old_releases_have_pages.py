"""A release without some tables or columns has its pages, and they say what it lacks."""

from __future__ import annotations

from pathlib import Path

from conftest_types import Changed
from reading_pages import page, pages

VIEWS = (
    "vw_question_rankings",
    "vw_questions",
    "vw_question_points",
    "vw_scorecard",
    "vw_latest",
    "vw_latest_by_sex",
    "vw_quarterly",
    "vw_pandemic",
    "vw_determinants_and_life_expectancy",
    "vw_determinants_through_the_pandemic",
    "vw_inequalities_wider_and_widening",
    "vw_life_expectancy_lower_and_falling",
)


def main_of(path: Path) -> str:
    return page(path).all("main")[0].text


READ = ("vw_latest", "vw_latest_by_sex", "vw_questions", "vw_question_points")
"""Views that pages read: kept as tables here, so that what they are made from can be removed."""
AS_TABLES = tuple(
    statement
    for view in READ
    for statement in (
        f"create table mart.kept as from mart.{view}",
        f"drop view mart.{view}",
        f"alter table mart.kept rename to {view}",
    )
)
LACKING = {
    "dim_area_boundary": ("indicators/ATF02", "This release has no boundaries of the councils"),
    "fct_inequality": ("areas/E08000012", "This release has no table of inequalities."),
    "fct_quintile": ("areas/E08000012", "This release has no spread over the councils of England."),
    "fct_trend": ("areas/E08000012", "This release has no table of trends."),
    "fct_revision": ("changes", "This release has no table of revisions."),
    "fct_observation_history": ("changes", "This release has no history of its figures."),
    "quality_result": ("quality", "This release has no table of check results."),
    "dim_series_break": ("indicators/ATF02", "This release has no list of breaks in series."),
    "coverage": ("areas/E08000012", "this release has no table of coverage"),
}
"""Table -> page without ending, and what it says where the release lacks the table."""


def test_a_table_that_is_not_there_is_said_where_it_is_missing(changed: Changed) -> None:
    folder = changed(*AS_TABLES, *(f"drop table mart.{table}" for table in LACKING))
    for table, (where, said) in LACKING.items():
        assert said in main_of(folder / f"{where}.html"), table
    assert len(pages(folder)) > 90


def test_nothing_is_called_missing_that_is_there(report: Path) -> None:
    for table, (where, said) in LACKING.items():
        assert said not in main_of(report / f"{where}.html"), table


def test_a_release_without_views_has_all_its_pages(changed: Changed) -> None:
    folder = changed(*(f"drop view mart.{view}" for view in VIEWS))
    assert "This release has no view of newest figures." in main_of(folder / "areas" / "E08000012.html")
    assert "This release has no view of the programme's questions." in main_of(folder / "questions.html")
    assert len(list((folder / "indicators").glob("*.html"))) > 80


def test_columns_that_are_not_there_leave_the_rest(changed: Changed) -> None:
    folder = changed(
        *(f"drop view mart.{view}" for view in VIEWS),
        "alter table mart.dim_indicator drop column source_definition",
        "alter table mart.dim_indicator drop column reader_note",
        "alter table mart.dim_vintage drop column origin",
        "alter table mart.fct_quintile drop column lowest",
    )
    assert "To cite" in main_of(folder / "indicators" / "ATF02.html")
    assert "This release has no spread" in main_of(folder / "areas" / "E08000012.html")


def test_a_release_without_its_other_files_has_its_pages(changed: Changed) -> None:
    folder = changed(without=("validation.html", "datapackage.json", "receipt.json"))
    assert "This release has no validation page" in main_of(folder / "quality.html")
    assert "This release has no description of its tables" in main_of(folder / "data.html")


def test_neighbours_are_named_where_the_release_names_them(changed: Changed) -> None:
    folder = changed(
        "create or replace table mart.dim_area_member (group_code varchar, member_code varchar, group_type varchar)",
        "insert into mart.dim_area_member select 'SN-E08000012', area_code, 'statistical neighbours' "
        "from mart.dim_area where area_name in ('Sunderland', 'Gateshead', 'Knowsley')",
    )
    said = main_of(folder / "areas" / "E08000012.html")
    assert "Its statistical neighbours are" in said and "Sunderland" in said and "Gateshead" in said
    said = main_of(folder / "areas" / "E08000011.html")
    assert "This release has no list of the neighbours by name" in said
