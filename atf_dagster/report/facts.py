"""What pages show of a release, read once for all of them.

Belongs here: the queries on the mart, by subject, and the small records that pages share. Does not belong here: words
and cells (`words`, `table`), one page's choice of rows.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from atf_dagster.report.reading import Reading, Row

ENGLAND = "country"
ORDER = {"council": 0, "subregion": 1, "region": 2, ENGLAND: 3}
"""Areas in tables: councils, then what they are part of."""
CODE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True)
class About:
    """Which release this is. built_at: UTC. sources: attribution lines of its publishers."""

    version: str
    mode: str
    built_at: dt.datetime | None
    quality_state: str
    run_id: str
    contract_version: int | None
    licence: str
    licence_url: str
    sources: tuple[str, ...]
    held_back: tuple[str, ...]
    n_fresh: int


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
        """`beacon`, `proxy` or `supporting`."""
        return "beacon" if self.beacon_no is not None else "proxy" if self.proxy_for else "supporting"

    @property
    def is_by_sex(self) -> bool:
        """Whether females and males are never put together."""
        return self.card.get("headline_sex") in ("Female", "Male")


@dataclass(frozen=True)
class Period:
    """label: for readers. start, end: days, both included."""

    id: str
    label: str
    start: dt.date | None
    end: dt.date | None


CARD = (
    "indicator_code beacon_no principle_no principle short_name name report_name definition unit polarity frequency "
    "native_level aggregation_rule pooled_by ci_method comparison_method trend_allowed trend_note is_proxy proxy_for "
    "proxy_note reader_note chance_note evidence_group statistic_status decimals headline_sex headline_age publisher "
    "licence attribution page_url source_definition source_methodology source_caveats source_disclosure_control "
    "source_rounding source_copyright source_data_reuse is_context"
).split()
LATEST = (
    "indicator_code area_code area_name sex age period_id period value lci_95 uci_95 status status_note is_derived "
    "newest_period newest_period_status england_value outcome_statistical outcome_judged publisher_outcome trend "
    "trend_judged vintage_id difference_from_england not_compared_reason is_newest_period coverage_state coverage_reason"
).split()
SERIES = (
    "indicator_code area_code period_id sex age value lci_95 uci_95 status status_note is_derived derived_by"
).split()


class Facts:
    """The rows of one release that pages show. Each is read when it is first asked for."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    @cached_property
    def about(self) -> About:
        rows = self.reading.read(
            "release_info", ("version", "run_id", "mode", "built_at", "quality_state", "contract_version")
        )
        info = rows[0] if rows else {}
        receipt, package = self.reading.receipt, self.reading.package
        licence = next(iter(package.get("licenses") or []), {})
        return About(
            version=str(info.get("version") or receipt.get("version") or self.reading.folder.name),
            mode=str(info.get("mode") or receipt.get("mode") or "not known"),
            built_at=info.get("built_at"),
            quality_state=str(info.get("quality_state") or receipt.get("verdict") or ""),
            run_id=str(info.get("run_id") or receipt.get("run_id") or ""),
            contract_version=info.get("contract_version"),
            licence=str(licence.get("title") or "Open Government Licence v3.0"),
            licence_url=str(licence.get("path") or ""),
            sources=self._attributions,
            held_back=tuple(receipt.get("datasets_held_back") or ()),
            n_fresh=len(receipt.get("datasets_fresh") or ()),
        )

    @property
    def _attributions(self) -> tuple[str, ...]:
        rows = self.reading.read("dim_vintage", ("attribution",), "order by attribution", ("attribution",))
        return tuple(dict.fromkeys(str(row["attribution"]) for row in rows if row["attribution"]))

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        """The areas that the mart answers for: councils by name, then Cheshire and Merseyside, North West, England."""
        answered = "where is_answered" if self.reading.has("dim_area", "is_answered") else ""
        rows = self.reading.read("dim_area", ("area_code", "area_name", "area_type"), answered)
        found = [Area(row["area_code"], row["area_name"], row["area_type"]) for row in rows if row["area_type"] in ORDER]
        return tuple(sorted((a for a in found if is_code(a.code)), key=lambda a: (ORDER[a.type], a.name, a.code)))

    @cached_property
    def area(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def england(self) -> Area | None:
        return next((area for area in self.areas if area.type == ENGLAND), None)

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """Beacon indicators by number, then proxies, then supporting ones, by code."""
        found = []
        for row in self.reading.read("dim_indicator", CARD):
            if not is_code(row["indicator_code"]):
                continue
            found.append(
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
            )
        kinds = ("beacon", "proxy", "supporting")
        return tuple(sorted(found, key=lambda i: (kinds.index(i.kind), i.beacon_no or 0, i.code)))

    @cached_property
    def indicator(self) -> dict[str, Indicator]:
        return {indicator.code: indicator for indicator in self.indicators}

    def proxies(self, code: str) -> list[Indicator]:
        """The proxies of a beacon indicator."""
        return [indicator for indicator in self.indicators if indicator.proxy_for == code]

    @cached_property
    def periods(self) -> dict[str, Period]:
        rows = self.reading.read("dim_period", ("period_id", "label", "period_start", "period_end"))
        return {
            row["period_id"]: Period(
                row["period_id"], row["label"] or row["period_id"], row["period_start"], row["period_end"]
            )
            for row in rows
        }

    def label(self, period_id: str | None) -> str:
        """A period for readers; its id where the release does not describe it."""
        period = self.periods.get(period_id or "")
        return period.label if period else period_id or ""

    @cached_property
    def latest(self) -> dict[tuple[str, str], Row]:
        """(indicator, area) -> the newest total at the headline sex and age."""
        return {(row["indicator_code"], row["area_code"]): row for row in self.reading.read("vw_latest", LATEST)}

    @cached_property
    def latest_by_sex(self) -> dict[str, list[Row]]:
        """Indicator -> its newest totals by area and sex."""
        return by(self.reading.read("vw_latest_by_sex", LATEST), "indicator_code")

    @cached_property
    def coverage(self) -> dict[tuple[str, str], Row]:
        columns = ("indicator_code", "area_code", "latest_period_id", "expected_period_id", "state", "reason", "note")
        return {(row["indicator_code"], row["area_code"]): row for row in self.reading.read("coverage", columns)}

    @cached_property
    def series(self) -> dict[str, list[Row]]:
        """Indicator -> totals of the answered areas at the headline age, all sexes, oldest first."""
        if not self.reading.has("vw_latest", "age"):
            return {}
        rows = self.reading.read(
            "fct_observation",
            SERIES,
            "where breakdown_type = 'Total' "
            "and (indicator_code, area_code, age) in (select (indicator_code, area_code, age) from vw_latest) "
            "order by indicator_code, period_id, area_code, sex",
            ("breakdown_type", "indicator_code", "area_code", "age", "period_id", "sex"),
        )
        return by((row for row in rows if row["area_code"] in self.area), "indicator_code")

    @cached_property
    def breaks(self) -> dict[str, list[Row]]:
        """Indicator -> changes in how it is measured."""
        columns = ("indicator_code", "first_day", "published_from", "kind", "is_break", "note", "source")
        return by(self.reading.read("dim_series_break", columns, "order by all"), "indicator_code")

    @cached_property
    def meals(self) -> dict[str, list[Row]]:
        """Indicator -> the newest figures by free school meals of answered areas, persons."""
        rows = self.reading.read(
            "fct_observation",
            (*SERIES, "breakdown_value"),
            "where breakdown_type = 'Free school meals' and sex = 'Persons' and status is not null "
            "qualify period_id = max(period_id) filter (where value is not null) over (partition by indicator_code) "
            "order by indicator_code, area_code, breakdown_value",
            ("breakdown_type", "breakdown_value", "sex", "status", "period_id", "value", "indicator_code", "area_code"),
        )
        return by((row for row in rows if row["area_code"] in self.area), "indicator_code")

    @cached_property
    def inequality(self) -> dict[str, list[Row]]:
        """Area -> its newest measure of each kind of inequality, and how it changed."""
        columns = (
            "indicator_code area_code period_id sex age measure group_a group_b value lci_95 uci_95 direction reason "
            "since_period_id outcome"
        ).split()
        rows = self.reading.read(
            "fct_inequality",
            columns,
            "where value is not null qualify period_id = max(period_id) over "
            "(partition by indicator_code, area_code, measure, group_a, group_b, sex) "
            "order by indicator_code, measure, group_a, sex",
            columns[:10],
        )
        return by(rows, "area_code")

    @cached_property
    def neighbours(self) -> dict[tuple[str, str], Row]:
        """(indicator, council) -> its newest comparison with its statistical neighbours as one area."""
        columns = (
            "indicator_code area_code period_id sex age benchmark_value benchmark_lci_95 benchmark_uci_95 difference "
            "outcome_statistical outcome_judged reason"
        ).split()
        rows = self.reading.read(
            "fct_comparison",
            columns,
            "where benchmark_area_code like 'SN-%' and breakdown_type = 'Total' order by indicator_code, period_id",
            ("benchmark_area_code", "breakdown_type", "indicator_code", "period_id"),
        )
        found = {}
        for row in rows:
            indicator = self.indicator.get(row["indicator_code"])
            if indicator is not None and row["sex"] == (indicator.card["headline_sex"] or row["sex"]):
                found[row["indicator_code"], row["area_code"]] = row
        return found

    @cached_property
    def members(self) -> dict[str, list[tuple[str, str]]]:
        """Council -> its statistical neighbours as (code, name); empty where the release does not name them."""
        rows = self.reading.read("dim_area_member", ("group_code", "member_code"), "order by all", ("group_code",))
        names = {row["area_code"]: row["area_name"] for row in self.reading.read("dim_area", ("area_code", "area_name"))}
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in rows:
            if str(row["group_code"]).startswith("SN-"):
                code = row["member_code"]
                found[str(row["group_code"])[3:]].append((code, str(names.get(code) or code)))
        return dict(found)

    @cached_property
    def neighbour_values(self) -> dict[tuple[str, str, str], Row]:
        """(indicator, period, area) -> a total of any council at the headline sex and age, where neighbours are named."""
        if not self.members:
            return {}
        rows = self.reading.read(
            "fct_observation",
            SERIES,
            "where breakdown_type = 'Total' and (indicator_code, period_id, sex, age) in "
            "(select (indicator_code, period_id, sex, age) from vw_latest)",
            ("breakdown_type", "indicator_code", "period_id", "sex", "age"),
        )
        return {(row["indicator_code"], row["period_id"], row["area_code"]): row for row in rows}

    @cached_property
    def quintiles(self) -> dict[tuple[str, str, str, str], Row]:
        """(indicator, area, period, sex) -> where a council's total stands among the councils of England."""
        columns = (
            "indicator_code area_code period_id sex age n_areas rank quintile_judged reason lowest lower_quartile median "
            "upper_quartile highest rank_from rank_to"
        ).split()
        rows = self.reading.read(
            "fct_quintile",
            columns,
            "where breakdown_type = 'Total' and (indicator_code, area_code, period_id, sex, age) in "
            "(select (indicator_code, area_code, period_id, sex, age) from vw_latest)",
            ("breakdown_type", *columns[:5]),
        )
        return {(r["indicator_code"], r["area_code"], r["period_id"], r["sex"]): r for r in rows}

    @cached_property
    def boundaries(self) -> list[Row]:
        return self.reading.read("dim_area_boundary", ("area_code", "code_year", "geometry"), "order by area_code")

    @cached_property
    def trends(self) -> dict[tuple[str, str, str], Row]:
        """(indicator, area, sex) -> the trend of the total."""
        columns = "indicator_code area_code sex age period_id first_period_id n_points slope outcome outcome_judged reason caution"
        rows = self.reading.read("fct_trend", columns.split(), "where breakdown_type = 'Total'", ("breakdown_type",))
        found = {}
        for row in rows:
            newest = self.latest.get((row["indicator_code"], row["area_code"]))
            if newest is not None and newest["age"] == row["age"]:
                found[row["indicator_code"], row["area_code"], row["sex"]] = row
        return found

    @cached_property
    def revisions(self) -> list[Row]:
        """Revised totals of answered areas, newest first."""
        columns = (
            "indicator_code area_code period_id sex age breakdown_type breakdown_value seen_at old_value new_value "
            "old_status new_status old_outcome_statistical new_outcome_statistical comparison_changed old_trend "
            "new_trend trend_changed"
        ).split()
        rows = self.reading.read("fct_revision", columns, "order by seen_at desc, indicator_code, area_code", ("seen_at",))
        return [row for row in rows if row["area_code"] in self.area and row["indicator_code"] in self.indicator]

    @cached_property
    def arrivals(self) -> list[Row]:
        """What came into force when: one row a day, indicator, period and change, newest first; answered areas alone."""
        table = "fct_observation_history"
        if not self.reading.has(table, "indicator_code", "area_code", "period_id", "valid_from", "change"):
            return []
        codes = ", ".join(f"'{code}'" for code in self.area)
        cursor = self.reading.connection.execute(
            "select cast(valid_from as date) as day, indicator_code, period_id, change, area_code, count(*) as n_figures "
            f"from {table} where area_code in ({codes}) group by all order by all"
        )
        names = ("day", "indicator_code", "period_id", "change", "area_code", "n_figures")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cached_property
    def questions(self) -> list[Row]:
        columns = (
            "question_no question kind outcome indicator_code sex unit polarity period beside n_areas sentence caution "
            "evidence"
        ).split()
        return self.reading.read("vw_questions", columns, "order by question_no, kind, outcome", ("question_no", "kind"))

    @cached_property
    def points(self) -> dict[tuple[str, str, str], list[Row]]:
        """(question, indicator, outcome) -> the differences that bear on it, by area."""
        columns = (
            "question_no kind outcome indicator_code sex unit polarity area_code area_name area_type period beside value "
            "beside_value difference lci_95 uci_95 verdict verdict_by reason caution"
        ).split()
        found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in self.reading.read("vw_question_points", columns, "order by question_no, outcome, area_name"):
            found[row["question_no"], row["indicator_code"], row["outcome"]].append(row)
        return dict(found)

    @cached_property
    def vintages(self) -> dict[str, Row]:
        columns = (
            "vintage_id dataset part publisher url retrieved_at published_at release licence attribution mode origin "
            "origin_date sha256"
        ).split()
        return {row["vintage_id"]: row for row in self.reading.read("dim_vintage", columns, "order by vintage_id")}

    @cached_property
    def vintages_of(self) -> dict[str, list[str]]:
        """Indicator -> the vintages of its totals of answered areas."""
        if not self.reading.has("fct_observation", "indicator_code", "vintage_id"):
            return {}
        rows = self.reading.connection.execute(
            "select distinct indicator_code, vintage_id from fct_observation "
            "where vintage_id is not null order by all"
        ).fetchall()
        found: dict[str, list[str]] = defaultdict(list)
        for code, vintage in rows:
            found[code].append(vintage)
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


def newest(rows: Sequence[Row]) -> str | None:
    """The newest period_id with a value."""
    return max((row["period_id"] for row in rows if row["value"] is not None), default=None, key=_end)


def _end(period_id: str) -> tuple[str, str]:
    start, _, end = period_id.partition("/")
    return end, start
