"""OHID Fingertips: figures, probes and listings.

Belongs here: what the service answers, as its state is set by a test. Does not belong here: any assertion.
"""

from __future__ import annotations

from typing import Any

from support.server import Answer, LoopbackServer, Request, respond, respond_json

HEADING = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,Category Type,Category,"
    "Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Lower CI 99.8 limit,Upper CI 99.8 limit,Count,"
    "Denominator,Value note,Recent Trend,Compared to England value or percentiles,Compared to percentiles,"
    "Time period Sortable,New data,Compared to goal,Time period range"
)
AREA_TYPES: list[dict[str, Any]] = [
    {"Id": 15, "Name": "England", "Short": "England"},
    {"Id": 6, "Name": "Regions (statistical)", "Short": "Regions (statistical)"},
    {"Id": 221, "Name": "ICBs", "Short": "ICBs"},
    {"Id": 402, "Name": "Upper tier local authorities (4/21 - 3/23)", "Short": "Counties & UAs (from Apr 2021)"},
    {"Id": 501, "Name": "Lower tier local authorities (post 4/23)", "Short": "Districts & UAs (from Apr 2023)"},
    {"Id": 502, "Name": "Upper tier local authorities (post 4/23)", "Short": "Counties & UAs (from Apr 2023)"},
]


def row(indicator: str, area: str, value: str) -> str:
    return (
        f"{indicator},Some indicator,E92000001,England,{area},A place,UA,Persons,All ages,,,2023,{value},,,,,,,,,"
        "Not compared,Not compared,20230000,,,1y"
    )


class Fingertips(LoopbackServer):
    """Its state is plain attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.area_types = AREA_TYPES
        self.available: dict[str, list[int]] = {}
        self.changes: dict[str, Any] = {}
        self.bodies: dict[str, bytes] = {}
        """By indicator and area type, `93283/502`; `?timestamp` is added where the server's cache is avoided."""
        self.metadata = b""

    def serve(self, indicator: str, area_type: int, rows: list[str], *, stamped: bool = False) -> None:
        """Have figures of an indicator at a level."""
        kinds = self.available.setdefault(indicator, [])
        kinds += [area_type] if area_type not in kinds else []
        body = ("\r\n".join([HEADING, *rows]) + "\r\n").encode()
        self.bodies[f"{indicator}/{area_type}{'?timestamp' if stamped else ''}"] = body

    def tables_asked(self) -> list[str]:
        return [asked for asked in self.asked if asked.startswith("/api/all_data/")]

    def answer(self, request: Request) -> Answer:
        path, query = request.path, request.query
        if path == "/api/area_types":
            return respond_json(self.area_types)
        if path == "/api/available_data":
            number = query["indicator_id"]
            return respond_json(
                [{"IndicatorId": int(number), "AreaTypeId": kind} for kind in self.available.get(number, [])]
            )
        if path == "/api/data_changes":
            return respond_json(self.changes.get(query["indicator_id"]))
        if path == "/api/indicator_metadata/csv/by_indicator_id":
            return respond(self.metadata)
        key = f"{query['indicator_ids']}/{query['child_area_type_id']}"
        stamped = self.bodies.get(f"{key}?timestamp") if "timestamp" in query else None
        return respond(stamped or self.bodies.get(key, (HEADING + "\r\n").encode()))
