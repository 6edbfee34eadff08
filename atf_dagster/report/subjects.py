"""What the pages of a release are about: the release itself, its areas, indicators, periods and sources.

Belongs here: the small records that pages share, and reading them once. Does not belong here: figures (`facts`), words
and cells (`words`, `table`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from atf_dagster.report import periods
from atf_dagster.report.doubts import Doubts
from atf_dagster.report.reading import Reading, Row

ENGLAND = "country"
ORDER = {"council": 0, "subregion": 1, "region": 2, ENGLAND: 3}
"""Areas in tables: councils, then what they are part of."""
KINDS = ("beacon", "proxy", "supporting")
CODE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True)
class About:
    """Which release this is. built_at: UTC. sources: attribution lines of its publishers."""

    version: str
    mode: str
    built_at: dt.datetime | None
    quality_state: str
    run_id: str
    licence: str
    licence_url: str
    sources: tuple[str, ...]
    held_back: tuple[str, ...]
    n_fresh: int

    @property
    def number(self) -> int | None:
        """Which release of its home it is, counted from 1; None where the version does not say it."""
        said = self.version.partition("-")[0]
        return int(said) if said.isascii() and said.isdigit() else None


@dataclass(frozen=True)
class Area:
    """One of the areas that the mart answers for."""

    code: str
    name: str
    type: str

    @property
    def is_council(self) -> bool:
        return self.type == "council"


@dataclass(frozen=True)
class Indicator:
    """One indicator. card: its row of dim_indicator; a column that the release lacks is None."""

    code: str
    name: str
    unit: str
    decimals: int
    beacon_no: int | None
    proxy_for: str | None
    principle: str | None
    card: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return "beacon" if self.beacon_no is not None else "proxy" if self.proxy_for else "supporting"

    @property
    def is_count(self) -> bool:
        """Whether its figures are counts of people, cases or households, which differ with the size of an area."""
        return self.card["value_type"] in ("amount", "count") and self.unit != "\u00a3"

    @property
    def is_by_sex(self) -> bool:
        """Whether females and males are never put together."""
        return self.card["headline_sex"] in ("Female", "Male")

    def named(self, sex: str) -> str:
        """The name with whose figure it is, where females and males are never put together."""
        whom = {"Female": ", females", "Male": ", males"}.get(sex, "") if self.is_by_sex else ""
        return f"{self.name}{whom}"


@dataclass(frozen=True)
class Period:
    """label: for readers. end: its last day."""

    id: str
    label: str
    end: dt.date | None


CARD = (
    "indicator_code beacon_no principle_no principle short_name name report_name definition unit polarity "
    "native_level frequency value_type comparison_method trend_note proxy_for proxy_note reader_note chance_note "
    "evidence_group statistic_status decimals headline_sex publisher licence attribution page_url source_definition "
    "source_methodology source_caveats source_disclosure_control source_rounding source_copyright source_data_reuse"
)


class Subjects:
    """What one release is about. Each part is read when it is first asked for."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    @cached_property
    def about(self) -> About:
        rows = self.reading.read("release_info", "version run_id mode built_at quality_state")
        info = rows[0] if rows else {}
        receipt, package = self.reading.receipt, self.reading.package
        licences: list[dict[str, Any]] = package.get("licenses") or [{}]
        vintages = self.vintages.values()
        known = (vintage["licence"] for vintage in vintages if vintage["licence"])
        return About(
            version=str(info.get("version") or receipt.get("version") or self.reading.folder.name),
            mode=str(info.get("mode") or receipt.get("mode") or "not known"),
            built_at=info.get("built_at"),
            quality_state=str(info.get("quality_state") or receipt.get("verdict") or ""),
            run_id=str(info.get("run_id") or receipt.get("run_id") or ""),
            licence=str(licences[0].get("title") or next(known, "This release does not name it")),
            licence_url=str(licences[0].get("path") or ""),
            sources=tuple(sorted({str(vintage["attribution"]) for vintage in vintages if vintage["attribution"]})),
            held_back=tuple(receipt.get("datasets_held_back") or ()),
            n_fresh=len(receipt.get("datasets_fresh") or ()),
        )

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        """The areas that the mart answers for: councils by name, then Cheshire and Merseyside, North West, England."""
        # A release without the mark holds the answered areas alone.
        answered = "where is_answered" if self.reading.has("dim_area", "is_answered") else ""
        rows = self.reading.read("dim_area", "area_code area_name area_type", answered)
        found = [
            Area(row["area_code"], str(row["area_name"] or row["area_code"]), row["area_type"])
            for row in rows
            if row["area_type"] in ORDER and is_code(row["area_code"])
        ]
        return tuple(sorted(found, key=lambda area: (ORDER[area.type], area.name, area.code)))

    @cached_property
    def area(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def england(self) -> Area | None:
        return next((area for area in self.areas if area.type == ENGLAND), None)

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """Beacon indicators by number, then proxies, then supporting ones, by code."""
        found = [
            Indicator(
                code=row["indicator_code"],
                name=str(row["short_name"] or row["name"] or row["indicator_code"]),
                unit=str(row["unit"] or ""),
                decimals=1 if row["decimals"] is None else int(row["decimals"]),
                beacon_no=row["beacon_no"],
                proxy_for=row["proxy_for"],
                principle=row["principle"],
                card=row,
            )
            for row in self.reading.read("dim_indicator", CARD)
            if is_code(row["indicator_code"])
        ]
        return tuple(sorted(found, key=lambda i: (KINDS.index(i.kind), i.beacon_no or 0, i.code)))

    @cached_property
    def indicator(self) -> dict[str, Indicator]:
        return {indicator.code: indicator for indicator in self.indicators}

    def principle_of(self, indicator: Indicator) -> str:
        """The Marmot principle under which an indicator stands: its own, or that of the beacon that it stands for."""
        beacon = self.indicator.get(indicator.proxy_for or "")
        return indicator.principle or (beacon and beacon.principle) or "Supporting figures"

    def proxies(self, code: str) -> list[Indicator]:
        """The proxies of a beacon indicator."""
        return [indicator for indicator in self.indicators if indicator.proxy_for == code]

    @cached_property
    def periods(self) -> dict[str, Period]:
        return {
            row["period_id"]: Period(
                row["period_id"], periods.readable(row["label"] or row["period_id"]), row["period_end"]
            )
            for row in self.reading.read("dim_period", "period_id label period_end")
        }

    def label(self, period_id: str | None) -> str:
        """A period for readers; its id where the release does not describe it."""
        period = self.periods.get(period_id or "")
        return period.label if period else period_id or ""

    def span(self, first: str | None, last: str | None) -> str:
        """From one period to another for readers; ids."""
        return periods.span(self.label(first), self.label(last))

    @cached_property
    def breaks(self) -> dict[str, list[Row]]:
        """Indicator -> changes in how it is measured."""
        columns = "indicator_code first_day kind is_break note source"
        return by(self.reading.read("dim_series_break", columns, "order by all"), "indicator_code")

    @cached_property
    def doubts(self) -> Doubts:
        """The figures that a failed check doubts."""
        columns = "expectation severity success sample"
        rows = self.reading.read("quality_result", columns, "order by all", columns)
        made_of_councils = [area.code for area in self.areas if area.is_council or area.type == "subregion"]
        return Doubts(rows, made_of_councils, {area.code: area.name for area in self.areas})

    @cached_property
    def boundaries(self) -> list[Row]:
        """Outlines of councils as GeoJSON."""
        return self.reading.read("dim_area_boundary", "area_code code_year geometry", "order by all")

    @cached_property
    def members(self) -> dict[str, list[tuple[str, str]]]:
        """Council -> its statistical neighbours as (code, name); empty where the release does not name them."""
        rows = self.reading.read("dim_area_member", "group_code member_code", "order by all", "group_code member_code")
        names = {row["area_code"]: row["area_name"] for row in self.reading.read("dim_area", "area_code area_name")}
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in rows:
            group, code = str(row["group_code"]), str(row["member_code"])
            if group.startswith("SN-"):
                found[group.removeprefix("SN-")].append((code, str(names.get(code) or code)))
        return dict(found)

    @cached_property
    def vintages(self) -> dict[str, Row]:
        """The published contents that figures come from."""
        columns = "vintage_id publisher retrieved_at release licence attribution origin origin_date"
        return {row["vintage_id"]: row for row in self.reading.read("dim_vintage", columns, "order by all")}

    @cached_property
    def vintages_of(self) -> dict[str, list[Row]]:
        """Indicator -> the vintages of its figures."""
        rows = self.reading.read(
            "fct_observation",
            "indicator_code vintage_id",
            "where vintage_id is not null group by all order by all",
            "indicator_code vintage_id",
        )
        found: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["vintage_id"] in self.vintages:
                found[row["indicator_code"]].append(self.vintages[row["vintage_id"]])
        return dict(found)


def by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """Rows by the value of one column, in their order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return dict(found)


def is_code(code: object) -> bool:
    """Whether a code can be a file's name as it is."""
    return isinstance(code, str) and bool(code) and set(code) <= CODE
