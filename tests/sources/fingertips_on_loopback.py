"""OHID Fingertips on loopback: a real server that speaks the interface, probes and listings included.

Belongs here: what the service answers, as its state is set by a test. Does not belong here: any assertion.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

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


class FingertipsOnLoopback(ThreadingHTTPServer):
    """Its state is plain attributes. `asked` lists the paths with their queries, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.area_types = AREA_TYPES
        self.available: dict[str, list[int]] = {}
        self.changes: dict[str, Any] = {}
        self.bodies: dict[str, bytes] = {}
        """By indicator and area type, `93283/502`; `?timestamp` is added where the server's cache is avoided."""
        self.metadata = b""
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve(self, indicator: str, area_type: int, rows: list[str], *, stamped: bool = False) -> None:
        """Have figures of an indicator at a level."""
        kinds = self.available.setdefault(indicator, [])
        kinds += [area_type] if area_type not in kinds else []
        body = ("\r\n".join([HEADING, *rows]) + "\r\n").encode()
        self.bodies[f"{indicator}/{area_type}{'?timestamp' if stamped else ''}"] = body

    def tables_asked(self) -> list[str]:
        return [asked for asked in self.asked if asked.startswith("/api/all_data/")]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FingertipsOnLoopback

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        if path == "/api/area_types":
            self._say(json.dumps(self.server.area_types).encode())
        elif path == "/api/available_data":
            number = query["indicator_id"]
            kinds = self.server.available.get(number, [])
            self._say(json.dumps([{"IndicatorId": int(number), "AreaTypeId": kind} for kind in kinds]).encode())
        elif path == "/api/data_changes":
            self._say(json.dumps(self.server.changes.get(query["indicator_id"])).encode())
        elif path == "/api/indicator_metadata/csv/by_indicator_id":
            self._say(self.server.metadata)
        else:
            key = f"{query['indicator_ids']}/{query['child_area_type_id']}"
            stamped = self.server.bodies.get(f"{key}?timestamp") if "timestamp" in query else None
            self._say(stamped or self.server.bodies.get(key, (HEADING + "\r\n").encode()))

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests are no news in a test."""
