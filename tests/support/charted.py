"""Charts of a release's own rows, and pages that show them through the figure template.

Belongs here: one chart of every builder from the mart, and the page around them. Does not belong here: what must hold.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atf_dagster import report
from atf_dagster.report import charts
from atf_dagster.report.charts import Chart

HERE = Path(report.__file__).parent
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self';
 img-src 'self' data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Charts</title>
{% for style in styles %}<link rel="stylesheet" href="assets/{{ style }}">{% endfor %}</head>
<body><main><h1>Charts</h1>{% from "charts/figure.html.j2" import figure %}
{% for chart in charts %}<h2>{{ chart.id }}</h2>{{ figure(chart) }}{% endfor %}</main>
{% for script in scripts %}<script src="assets/{{ script }}"></script>{% endfor %}</body></html>"""
LATEST = "select *, indicator_name as name, not_compared_reason as reason from vw_latest"


def page(folder: Path, drawn: Sequence[Chart]) -> Path:
    """Write a page with these charts, and the assets that it needs. Returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "assets", folder / "assets", dirs_exist_ok=True)
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    file = folder / "charts.html"
    styles = ("report.css", *charts.STYLES)
    file.write_text(templates.from_string(PAGE).render(charts=drawn, styles=styles, scripts=charts.SCRIPTS), "utf-8")
    return file


class Rows:
    """Rows of a release's mart as mappings."""

    def __init__(self, mart: Path) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(f"attach '{mart}' as release (read_only)")
        self.connection.execute("use release.mart")

    def __call__(self, sql: str) -> list[dict[str, Any]]:
        found = self.connection.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def latest(rows: Rows, where: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The newest figures of one indicator by area, and the words of its charts."""
    found = rows(f"{LATEST} where {where} order by area_name")
    england = next((row for row in found if row["area_name"] == "England"), None)
    first = found[0]
    about = {"title": first["indicator_name"], "unit": first["unit"], "decimals": first["decimals"]}
    return found, {**about, "period": first["period"], "england": england and england["value"]}


def series(rows: Rows, where: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The figures of one indicator over time by answered area, and its breaks."""
    found = rows(
        "select area_name, label as period, fct_observation.period_end, value, lci_95, uci_95, status, "
        "status_note as reason, indicator_code from fct_observation join dim_area using (area_code) "
        f"join dim_period using (period_id) where is_answered and breakdown_type = 'Total' and {where} "
        "order by area_name, period_end"
    )
    return found, rows(f"from dim_series_break where is_break and indicator_code = '{found[0]['indicator_code']}'")


def all_builders(mart: Path) -> list[Chart]:
    """One chart or more of every builder, from the mart."""
    rows = Rows(mart)
    boundaries = {row["area_code"]: row["geometry"] for row in rows("from dim_area_boundary")}
    made: list[Chart] = []
    for code, sex in (("ATF16", "Persons"), ("PRX22A", "Persons"), ("ATF01", "Male")):
        found, about = latest(rows, f"indicator_code = '{code}' and sex in ('{sex}', 'Female')")
        beside = [row for row in found if row["area_name"] != "England"]
        councils = [row for row in found if row["area_code"] in boundaries]
        made.append(charts.bars_of_areas(id=f"bars-{code.lower()}", rows=beside, **about))
        about["title"] += ", a map"
        made.append(charts.map_of_councils(id=f"map-{code.lower()}", rows=councils, boundaries=boundaries, **about))
    words = {"unit": "score", "decimals": 1}
    found, breaks = series(rows, "indicator_code = 'ATF06' and sex = 'Persons'")
    few = [row for row in found if row["area_name"] in ("Halton", "Wirral", "England")]
    made.append(charts.series_of_areas(id="few", title="Attainment 8", rows=few, breaks=breaks, **words))
    every, _ = series(rows, "indicator_code = 'ATF16'")
    made.append(charts.series_of_areas(id="many", title="Fuel poverty over time", rows=every, unit="%", decimals=1))
    by_sex = rows(
        "select *, sex as \"group\" from vw_latest_by_sex where indicator_code = 'ATF01' and area_code < 'E1'"
    )
    made.append(
        charts.bars_of_groups(id="sex", title="Life expectancy", rows=by_sex, unit="years", decimals=1, by="Sex")
    )
    made.append(spine(rows, "Halton"))
    points = rows(
        "select area_name, difference as value, lci_95, uci_95, verdict, caution as reason from vw_question_points "
        "where area_type = 'council' and indicator_code = 'ATF02' and sex = 'Female' and beside = 'England' "
        "and question_no = '1a'"
    )
    axis = "Difference from England in years"
    made.append(
        charts.dots_of_councils(id="dots", title="Question 1a", rows=points, unit="years", decimals=1, axis=axis)
    )
    kept = rows("from fct_observation_history where indicator_code = 'ATF16' and area_code = 'E06000006' limit 1")
    made.append(charts.history(id="history", title="Fuel poverty in Halton", rows=kept, unit="%", decimals=1))
    return made


def spine(rows: Rows, area: str) -> Chart:
    """The indicators of one area against England."""
    found = rows(
        "select l.*, l.indicator_name as name, l.england_value as england, q.lowest, q.lower_quartile, "
        "q.upper_quartile, q.highest, l.not_compared_reason as reason from vw_latest l left join fct_quintile q on "
        "(q.indicator_code, q.area_code, q.period_id, q.sex, q.age, q.breakdown_type) = "
        f"(l.indicator_code, l.area_code, l.period_id, l.sex, l.age, 'Total') where l.area_name = '{area}'"
    )
    return charts.spine(id="spine", title=f"{area} against England", rows=found)


def hostile(name: str, reason: str) -> list[Chart]:
    """Every builder, with a name and a reason that try to be code."""
    row: Mapping[str, Any] = {"area_name": name, "area_code": "X", "lci_95": 1.0, "uci_95": 3.0, "reason": reason}
    known, absent = {**row, "value": 2.0, "status": "normal"}, {**row, "area_name": f"{name} 2", "value": None}
    two = [known, {**absent, "status": "suppressed"}]
    words = {"title": name, "unit": name, "decimals": 1}
    square = '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}'
    dated = [{**one, "period": name, "period_end": f"{2020 + at}-12-31"} for at, one in enumerate([known, *two])]
    ranged = {"name": name, "unit": name, "decimals": 1, "england": 2.5, "lowest": 1.0, "highest": 4.0}
    quarters = {"lower_quartile": 2.0, "upper_quartile": 3.0, "period": name, "polarity": "lower_is_better"}
    since = [{**one, "valid_from": f"{2020 + at}-01-01", "change": name} for at, one in enumerate(two)]
    return [
        charts.bars_of_areas(id="bars", rows=two, period=name, england=2.5, benchmark=name, **words),
        charts.bars_of_groups(id="groups", rows=[{**one, "group": name} for one in two], by=name, **words),
        charts.map_of_councils(id="map", rows=two, boundaries={"X": square}, benchmark=name, **words),
        charts.series_of_areas(
            id="series", rows=dated, breaks=[{"first_day": "2021-06-01", "note": reason}], benchmark=name, **words
        ),
        charts.spine(id="spine", title=name, rows=[{**known, **ranged, **quarters}], benchmark=name),
        charts.dots_of_councils(id="dots", rows=[{**one, "verdict": name} for one in two], axis=name, **words),
        charts.history(id="history", rows=since, **words),
    ]
