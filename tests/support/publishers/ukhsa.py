"""The UKHSA data dashboard: lists of geographies, and series in pages.

Belongs here: the server and what a test may change on it. Does not belong here: what our client makes of it.
Written after the service's own program: five rows a page unless more are asked for, never more than 365, filters
that it does not know ignored, 200 and no rows for a combination that does not exist, 404 past the last page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from support.server import Answer, LoopbackServer, Request, respond_json

LARGEST_PAGE = 365
FILTERS = ("stratum", "sex", "age", "year", "epiweek", "date", "in_reporting_delay_period")


@dataclass(frozen=True)
class Point:
    """One row of a series."""

    date: str
    value: float | None
    sex: str = "all"
    age: str = "all"
    delayed: bool = False


def days(first: str, values: Sequence[float]) -> list[Point]:
    """A daily series from `first` on."""
    start = dt.date.fromisoformat(first)
    return [Point(str(start + dt.timedelta(days=at)), value) for at, value in enumerate(values)]


def weeks(first: str, values: Sequence[float]) -> list[Point]:
    """A weekly series from the Monday `first` on."""
    start = dt.date.fromisoformat(first)
    return [Point(str(start + dt.timedelta(weeks=at)), value) for at, value in enumerate(values)]


class Dashboard(LoopbackServer):
    """Serves the series given to it.

    series: (kind of geography, geography, metric) -> rows. codes: geography -> GSS code. listed: kind -> names that
    the list has. next_host: what the answers name as the host of the next page. miscount: added to `count`.
    says_next: False: no page names a next one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.series: dict[tuple[str, str, str], list[Point]] = {}
        self.codes: dict[str, str] = {"England": "E92000001"}
        self.listed: dict[str, list[str]] = {}
        self.next_host = "https://private-api.example"
        self.miscount = 0
        self.says_next = True
        self.vanishing_page: int | None = None

    @property
    def asked_for_rows(self) -> list[str]:
        """The requests for rows, without those for lists."""
        return [path for path in self.asked if "/metrics/" in path]

    def answer(self, request: Request) -> Answer:
        # themes / theme / sub_themes / sub_theme / topics / topic / geography_types / kind / geographies / ...
        steps = [unquote(step) for step in request.path.strip("/").split("/")]
        if len(steps) == 9:
            return respond_json([{"name": name, "link": f"https://x/{name}"} for name in self.listed[steps[7]]])
        if len(steps) == 12 and steps[10] == "metrics":
            return self._series((steps[7], steps[9], steps[11]), request.path, request.query, steps)
        return respond_json({"detail": "Not found."}, status=404)

    def _series(self, key: tuple[str, str, str], path: str, query: dict[str, str], steps: list[str]) -> Answer:
        rows = [self._row(steps, point) for point in self.series.get(key, [])]
        for name in FILTERS:
            if name in query:
                rows = [row for row in rows if str(row[name]).lower() == query[name].lower()]
        size = min(int(query.get("page_size", 5)), LARGEST_PAGE)
        number = int(query.get("page", 1))
        last = max(-(-len(rows) // size), 1)
        if not 1 <= number <= last or number == self.vanishing_page:
            return respond_json({"detail": "Invalid page."}, status=404)
        following = f"{self.next_host}{path}?{urlencode({**query, 'page': number + 1})}"
        return respond_json(
            {
                "count": len(rows) + self.miscount,
                "next": following if number < last and self.says_next else None,
                "previous": None,
                "results": rows[(number - 1) * size : number * size],
            }
        )

    def _row(self, steps: list[str], point: Point) -> dict[str, Any]:
        day = dt.date.fromisoformat(point.date)
        return {
            **{"theme": steps[1], "sub_theme": steps[3], "topic": steps[5], "geography_type": steps[7]},
            "geography": steps[9],
            "geography_code": self.codes[steps[9]],
            "metric": steps[11],
            "metric_group": steps[11].split("_")[1],
            "stratum": "default",
            **{"sex": point.sex, "age": point.age},
            **{"year": day.year, "month": day.month, "epiweek": day.isocalendar().week, "date": point.date},
            "metric_value": point.value,
            "in_reporting_delay_period": point.delayed,
        }
