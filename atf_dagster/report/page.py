"""Leaf of the report: a page, and a figure with its sentence, its table and its chart's specification.

Belongs here: the records that page modules fill and `render` writes. Does not belong here: templates, files.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atf_dagster.report.charts import Chart
from atf_dagster.report.table import Table


@dataclass(frozen=True)
class Figure:
    """id: unique on its page, in lower case. sentence: what the figure says. chart: None where a table is enough.

    is_small: whether two have room beside each other on a wide screen.
    """

    id: str
    title: str
    sentence: str
    table: Table
    chart: Chart | None = None
    is_small: bool = False


@dataclass(frozen=True)
class Group:
    """Figures under one heading; words: what stands before them, or in their place where there are none."""

    id: str
    title: str
    words: str = ""
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()

    @property
    def has_small(self) -> bool:
        return any(figure.is_small for figure in self.figures)


@dataclass(frozen=True)
class Page:
    """path: below the report's folder, such as `areas/E08000012.html`. context: what its template shows."""

    path: str
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    groups: Sequence[Group] = ()

    @property
    def name(self) -> str:
        """The file's name without folder and ending; unique in the report, because codes and titles are."""
        return self.path.rpartition("/")[2].removesuffix(".html")

    @property
    def root(self) -> str:
        """From the page to the report's folder: empty, or `../`."""
        return "../" * self.path.count("/")

    @property
    def has_figures(self) -> bool:
        return any(True for _ in self.figures())

    @property
    def has_differences(self) -> bool:
        """Whether a table on it has a column of differences."""
        tables = (figure.table for figure in self.figures())
        return any(column.name.startswith("difference") for table in tables for column in table.columns)

    @property
    def has_charts(self) -> bool:
        return any(figure.chart is not None for figure in self.figures())

    def figures(self) -> Iterator[Figure]:
        """All figures of the page, in their order."""
        for group in self.groups:
            yield from group.figures
