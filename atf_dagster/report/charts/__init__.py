"""Charts as Vega-Lite specifications, each with a sentence and the table of what it draws.

Belongs here: the names that pages use. Does not belong here: which charts a page has, and reading the mart.
"""

from atf_dagster.report.charts.areas import bars_of_areas, bars_of_groups
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.maps import map_of_councils
from atf_dagster.report.charts.ranges import dots_of_councils, spine
from atf_dagster.report.charts.revisions import history
from atf_dagster.report.charts.series import series_of_areas

SCRIPTS = (
    "vendor/vega.min.js",
    "vendor/vega-lite.min.js",
    "vendor/vega-interpreter.js",
    "vendor/vega-embed.min.js",
    "charts.js",
)
"""Files below `assets`, in the order in which a page loads them."""

STYLES = ("charts.css",)
"""Files below `assets` that a page with charts loads beside its own."""

__all__ = [
    "SCRIPTS",
    "STYLES",
    "Chart",
    "Column",
    "bars_of_areas",
    "bars_of_groups",
    "dots_of_councils",
    "history",
    "map_of_councils",
    "series_of_areas",
    "spine",
]
