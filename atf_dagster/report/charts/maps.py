"""The map of the councils.

Belongs here: boundaries as Vega-Lite draws them, and the classes of a map. Does not belong here: where boundaries come
from (the mart's `dim_area_boundary`).
"""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from atf_dagster.report.charts import parts, words
from atf_dagster.report.charts.chart import Chart, Column
from atf_dagster.report.charts.labels import apart
from atf_dagster.report.charts.palette import OUTCOMES, colour
from atf_dagster.report.charts.words import Row

PLACES = 3
"""Decimals of a degree: at this latitude about 70 metres, finer than a pixel of the map."""
HEIGHT = 460
"""Pixels."""
CLASSES = ("light_blue", "mid_blue", "dark_blue")
ABSENT = "no figure"
BANDS = "in three equal bands of the figure, not a comparison with England"
"""What the colours of a map are where no figure is compared."""


def map_of_councils(
    *,
    id: str,
    title: str,
    rows: Sequence[Row],
    boundaries: Mapping[str, str],
    unit: str,
    decimals: int,
    period: str = "",
    england: float | None = None,
    benchmark: str = "England",
) -> Chart:
    """Councils in classes, each with its figure written in it.

    rows: area_code, area_name, value (null where absent), status, and where known outcome_judged, outcome_statistical,
    reason. boundaries: area_code -> GeoJSON of a Polygon or MultiPolygon in degrees (WGS 84). The classes are the
    comparison with the benchmark where there is one, else thirds of the range of the figures. A council without a
    boundary is in the table alone, and the sentence names it.
    """
    compared = is_compared(rows)
    classes, of = ([], "") if compared else _classes(rows, unit, decimals)
    values = []
    for row in rows:
        word = parts.comparison(row) if compared else _class(row, classes)
        values.append(
            {
                "area_name": str(row["area_name"]),
                "shown": words.shown(row, unit, decimals),
                "figure": words.absence(row) if row.get("value") is None else words.number(row["value"], decimals),
                "comparison": word,
                "note": words.note(row),
                "boundary": boundaries.get(str(row["area_code"])),
            }
        )
    without = [str(value["area_name"]) for value in values if value["boundary"] is None]
    sentence = words.joined(
        words.extremes(rows, unit, decimals),
        "" if compared else f"Colours are {BANDS.replace('England', benchmark)}.",
        f"{benchmark}: {words.figure(england, unit, decimals)}." if england is not None else "",
        words.judged(rows, benchmark),
        words.absences(rows),
        f"Not on the map, for there is no boundary: {words.listed(without)}." if without else "",
    )
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "geometry": drawn(str(value["boundary"])),
            **{key: item for key, item in value.items() if key != "boundary"},
        }
        for value in values
        if value["boundary"] is not None
    ]
    order = [*OUTCOMES] if compared else [*(name for name, _, _ in classes), ABSENT]
    present = [word for word in order if any(feature["comparison"] == word for feature in features)]
    shades = {word: OUTCOMES[word][0] for word in OUTCOMES} | {n: CLASSES[i] for i, (n, _, _) in enumerate(classes)}
    shades[ABSENT] = "page"
    tips = parts.tooltip(("area_name", "Area"), ("shown", "Figure"), ("comparison", f"Against {benchmark}"))
    shape: parts.Spec = {
        "mark": {"type": "geoshape", "stroke": colour("ink"), "strokeWidth": 1},
        "encoding": {
            "color": {
                "field": "comparison",
                "type": "nominal",
                "scale": {"domain": present, "range": [colour(shades[word]) for word in present]},
                "legend": {"title": f"Compared with {benchmark}" if compared else of, "columns": 2},
            },
            "tooltip": tips if compared else tips[:2],
        },
    }
    centre = {
        "longitude": {"field": "lon", "type": "quantitative"},
        "latitude": {"field": "lat", "type": "quantitative"},
    }
    letters = [len(str(feature["area_name"])) for feature in features]
    places = apart([middle(feature["geometry"]) for feature in features], letters, _scale(features))
    for feature, (lon, lat) in zip(features, places, strict=True):
        feature["lon"], feature["lat"] = lon, lat
    # The halo keeps a figure readable on every class; at a narrow width there is room for figures alone.
    text = {"type": "text", "fontSize": 13, "color": colour("ink")}
    halo = {**text, "stroke": colour("page"), "strokeWidth": 4, "strokeJoin": "round"}
    both = {"text": {"field": "figure"}, **centre}
    named = {"text": {"field": "area_name"}, **centre}
    # The sign of the class stands at the middle, below the figure.
    above = -11 if compared else 0
    wide = {"expr": "width < 520 ? 0 : 1"}
    layers: list[parts.Spec] = [
        shape,
        {"mark": {**halo, "opacity": wide, "dy": above - 14, "fontSize": 12}, "encoding": named},
        {"mark": {**text, "opacity": wide, "dy": above - 14, "fontSize": 12}, "encoding": named},
        {"mark": {**halo, "fontWeight": "bold", "dy": above}, "encoding": both},
        {"mark": {**text, "fontWeight": "bold", "dy": above}, "encoding": both},
    ]
    if compared:
        # Classes are told by a sign as well; classes of figures by the figure in each council.
        layers.append(
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1}
                | {"color": colour("ink"), "stroke": colour("page"), "strokeWidth": 1},
                "encoding": {
                    **centre,
                    "shape": {
                        "field": "comparison",
                        "type": "nominal",
                        "scale": {"domain": present, "range": [OUTCOMES[word][1] for word in present]},
                        "legend": shape["encoding"]["color"]["legend"],
                    },
                },
            }
        )
    head = f"Figure ({unit}), {period}" if period else f"Figure ({unit})"
    columns = ("area_name", "shown", "comparison", "note")
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        spec=parts.frame(title, sentence, features, height=HEIGHT, projection={"type": "mercator"}, layer=layers),
        columns=(
            Column("area_name", "Area"),
            Column("shown", head, numeric=True),
            Column("comparison", f"Compared with {benchmark}" if compared else "Class"),
            Column("note", "Note"),
        ),
        rows=tuple({key: str(value[key]) for key in columns} for value in values),
    )


def is_compared(rows: Sequence[Row]) -> bool:
    """Whether the colours of a map of these rows are comparisons; else they are bands of the figure."""
    return any(parts.comparison(row) not in ("not judged", ABSENT) for row in rows)


def bands(rows: Sequence[Row], unit: str, decimals: int) -> dict[str, str]:
    """area_code -> the band of its figure, as the map's legend names it."""
    classes, _ = _classes(rows, unit, decimals)
    return {str(row["area_code"]): _class(row, classes) for row in rows}


def _classes(rows: Sequence[Row], unit: str, decimals: int) -> tuple[list[tuple[str, float, float]], str]:
    """Thirds of the range from the lowest to the highest figure: name, from, to; and the legend's title."""
    found = [row["value"] for row in rows if row.get("value") is not None]
    if not found:
        return [], unit
    low, high = min(found), max(found)
    if _alike(low, high, decimals):
        return [(words.number(low, decimals), low, high)], unit
    edges = [low + (high - low) * third / 3 for third in range(4)]
    names = [f"{words.number(a, decimals)} to {words.number(b, decimals)}" for a, b in pairwise(edges)]
    return list(zip(names, edges[:-1], edges[1:], strict=True)), unit


def _scale(features: Sequence[Mapping[str, Any]]) -> float:
    """Pixels of a degree of latitude, where the outlines fill the map's height."""
    rings = (polygon[0] for feature in features for polygon in feature["geometry"]["coordinates"])
    latitudes = [point[1] for ring in rings for point in ring]
    return HEIGHT / ((max(latitudes) - min(latitudes)) or 1.0) if latitudes else 1.0


def _alike(one: float, other: float, decimals: int) -> bool:
    """Whether two figures are shown alike."""
    return words.number(one, decimals) == words.number(other, decimals)


def _class(row: Row, classes: Sequence[tuple[str, float, float]]) -> str:
    value = row.get("value")
    if value is None:
        return ABSENT
    return next((name for name, _, high in classes if value <= high), classes[-1][0])


def drawn(geojson: str) -> dict[str, Any]:
    """The geometry with rounded coordinates, and its rings as Vega's projections want them: outer ones clockwise.

    On a sphere each ring has two sides. GeoJSON (RFC 7946) goes round the outer side the other way, so that the map
    would be the world without the council.
    """
    geometry = json.loads(geojson)
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    found = []
    for polygon in polygons:
        rings = []
        for number, ring in enumerate(polygon):
            points = [[round(x, PLACES), round(y, PLACES)] for x, y, *_ in ring]
            thin = [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]
            if len(thin) < 4:
                # Smaller than a pixel.
                continue
            clockwise = _area(thin) < 0
            rings.append(thin if clockwise == (number == 0) else thin[::-1])
        if rings:
            found.append(rings)
    return {"type": "MultiPolygon", "coordinates": found}


def _area(ring: Sequence[Sequence[float]]) -> float:
    """Twice the signed area; below 0 for a clockwise ring."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def middle(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """Longitude and latitude of the centre of gravity of the largest part."""
    ring = max((polygon[0] for polygon in geometry["coordinates"]), key=lambda one: abs(_area(one)))
    twice = _area(ring)
    pairs = list(pairwise(ring))
    lon = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (3 * twice)
    lat = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (3 * twice)
    return round(lon, PLACES), round(lat, PLACES)
