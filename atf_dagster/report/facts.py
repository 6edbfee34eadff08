"""The figures of a release that pages show, read once for all of them.

Belongs here: the queries on the mart, by subject. Does not belong here: words and cells (`words`, `table`), one page's
choice of rows.
"""

import datetime as dt
from collections import Counter, defaultdict
from functools import cached_property

from atf_dagster.report import periods, words
from atf_dagster.report.charts.words import minus
from atf_dagster.report.reading import Reading, Row
from atf_dagster.report.subjects import Area, Indicator, Subjects, by
from atf_dagster.sql import literal

__all__ = ["Area", "Facts", "Indicator"]

LATEST = (
    "indicator_code area_code sex age period_id period value lci_95 uci_95 status status_note is_derived newest_period "
    "newest_period_status england_value outcome_statistical outcome_judged publisher_outcome trend trend_judged "
    "difference_from_england not_compared_reason coverage_reason"
)
SERIES = "indicator_code area_code period_id sex age value lci_95 uci_95 status"
FIGURE = "indicator_code area_code period_id sex age breakdown_type breakdown_value"
"""The key of one figure."""
CHANGE = (
    f"{FIGURE} change old_value new_value old_value_reason old_status new_status old_outcome_statistical "
    "new_outcome_statistical comparison_changed old_trend new_trend trend_changed is_other_mode made_by_other_code"
)
GAP = "indicator_code area_code period_id sex age measure group_a group_b quantile_edition"
"""The key of one gap."""
ASSOCIATIONS = "vw_determinants_and_life_expectancy"
HEADLINE = "headline"
"""A table in memory with the keys of the newest headline figures: the view is worked out once."""


class Facts(Subjects):
    """The figures of one release. Each part is read when it is first asked for."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        keys = ("indicator_code", "area_code", "period_id", "sex", "age")
        self.has_headline = reading.has("vw_latest", *keys)
        """Whether the release says which figures are the newest headline ones."""
        if self.has_headline:
            reading.connection.execute(f"create temp table {HEADLINE} as from vw_latest")
            reading.alias(HEADLINE, "vw_latest")

    @cached_property
    def latest(self) -> dict[tuple[str, str], Row]:
        """(indicator, area) -> the newest total at the headline sex and age, of answered areas."""
        rows = self._trusted(_readable(self.reading.read(HEADLINE, LATEST)))
        return {(row["indicator_code"], row["area_code"]): row for row in rows if row["area_code"] in self.area}

    @cached_property
    def latest_by_sex(self) -> dict[str, list[Row]]:
        """Indicator -> its newest totals by answered area and sex."""
        rows = self._trusted(_readable(self.reading.read("vw_latest_by_sex", LATEST)))
        return by((row for row in rows if row["area_code"] in self.area), "indicator_code")

    def _trusted(self, rows: list[Row]) -> list[Row]:
        """The rows, where a doubted figure is neither better nor worse: so no page, map or chart can call it that."""
        unjudged = {"outcome_judged": None, "outcome_statistical": None, "not_compared_reason": words.IN_DOUBT_REASON}
        return [row | unjudged if self.doubts.forbid(row) else row for row in rows]

    @cached_property
    def coverage(self) -> dict[tuple[str, str], Row]:
        """(indicator, area) -> state and reason."""
        rows = self.reading.read("coverage", "indicator_code area_code state reason note")
        return {(row["indicator_code"], row["area_code"]): row for row in rows}

    @cached_property
    def counts(self) -> frozenset[str]:
        """Indicators in a unit of counting, such as deaths, which grow with the area; money is a mean."""
        rows = self.reading.read("dim_indicator", "indicator_code", "where value_type = 'amount'", "value_type")
        units = {self.indicator[row["indicator_code"]].unit for row in rows if row["indicator_code"] in self.indicator}
        return frozenset(i.code for i in self.indicators if i.unit in units and not i.unit.startswith("£"))

    @cached_property
    def limits_by(self) -> dict[str, list[str]]:
        """Indicator -> by what methods (ci_method) the limits of its newest headline figures were worked out."""
        if not self.has_headline:
            return {}
        rows = self.reading.read(
            "fct_observation",
            "indicator_code ci_method",
            "where breakdown_type = 'Total' and lci_95 is not null "
            "and (indicator_code, area_code, period_id, sex, age) "
            f"in (select (indicator_code, area_code, period_id, sex, age) from {HEADLINE}) group by all order by all",
            f"{FIGURE} lci_95 ci_method",
        )
        return {code: [row["ci_method"] for row in mine] for code, mine in by(rows, "indicator_code").items()}

    @cached_property
    def gap_sizes(self) -> dict[tuple[str, ...], float]:
        """A gap's key with its measure, period and edition -> its value; only of gaps that changed."""
        rows = self.reading.read(
            "fct_inequality",
            f"{GAP} value",
            "where value is not null and not ends_with(measure, '_change')",
            f"{GAP} value",
        )
        return {tuple(str(row[name]) for name in GAP.split(" ")): row["value"] for row in rows}

    @cached_property
    def absent(self) -> dict[tuple[str, str, str, str], list[Row]]:
        """(indicator, area, sex, age) -> the periods of its series that have no value, oldest first."""
        found: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
        for rows in self.series.values():
            for row in rows:
                if row["value"] is None:
                    found[row["indicator_code"], row["area_code"], row["sex"], row["age"]].append(row)
        return found

    @cached_property
    def series(self) -> dict[str, list[Row]]:
        """Indicator -> totals of the answered areas at the headline age, all sexes, oldest first."""
        if not self.has_headline:
            return {}
        rows = self.reading.read(
            "fct_observation",
            SERIES,
            "where breakdown_type = 'Total' "
            f"and (indicator_code, area_code, age) in (select (indicator_code, area_code, age) from {HEADLINE}) "
            "order by indicator_code, split_part(period_id, '/', 2), period_id, area_code, sex",
            FIGURE,
        )
        return by((row for row in rows if row["area_code"] in self.area), "indicator_code")

    @cached_property
    def meals(self) -> dict[str, list[Row]]:
        """Indicator -> the newest figures by free school meals of answered areas, persons."""
        rows = self.reading.read(
            "fct_observation",
            f"{SERIES} breakdown_value",
            "where breakdown_type = 'Free school meals' and sex = 'Persons' "
            "qualify period_id = max(period_id) filter (where value is not null) over (partition by indicator_code) "
            "order by indicator_code, area_code, breakdown_value",
            f"{FIGURE} value",
        )
        return by((row for row in rows if row["area_code"] in self.area), "indicator_code")

    @cached_property
    def inequality(self) -> dict[str, list[Row]]:
        """Area -> the newest measure of each inequality as a difference, and how it changed."""
        rows = self.reading.read(
            "fct_inequality",
            f"{GAP} value lci_95 uci_95 reason since_period_id outcome",
            # Of groups by deprivation the newest edition's are shown, and not one for each edition.
            "where value is not null and measure not like 'relative_gap%' qualify row_number() over (partition by "
            "indicator_code, area_code, measure, sex, age, "
            "coalesce(regexp_replace(quantile_edition, ', [^,]*$', ''), group_a || '|' || group_b) "
            "order by split_part(period_id, '/', 2) desc, period_id desc, quantile_edition desc, group_a, group_b) = 1 "
            "order by indicator_code, measure, group_a, group_b, sex, age",
            f"{GAP} value",
        )
        return by(rows, "area_code")

    @cached_property
    def neighbours(self) -> dict[tuple[str, str], Row]:
        """(indicator, council) -> its newest comparison with its statistical neighbours as one area."""
        rows = self.reading.read(
            "fct_comparison",
            "indicator_code area_code period_id sex benchmark_value difference outcome_statistical outcome_judged "
            "reason",
            "where benchmark_area_code like 'SN-%' and breakdown_type = 'Total' "
            "order by indicator_code, split_part(period_id, '/', 2), period_id",
            "benchmark_area_code breakdown_type indicator_code period_id",
        )
        found = {}
        for row in rows:
            newest = self.latest.get((row["indicator_code"], row["area_code"]))
            if newest is not None and newest["sex"] == row["sex"]:
                found[row["indicator_code"], row["area_code"]] = row
        return found

    @cached_property
    def neighbour_values(self) -> dict[tuple[str, str, str], float]:
        """(indicator, period, area) -> a total of any council like the headline ones, where neighbours are named."""
        if not self.members or not self.has_headline:
            return {}
        rows = self.reading.read(
            "fct_observation",
            SERIES,
            "where value is not null and breakdown_type = 'Total' and (indicator_code, period_id, sex, age) in "
            f"(select (indicator_code, period_id, sex, age) from {HEADLINE})",
            f"{FIGURE} value",
        )
        return {(row["indicator_code"], row["period_id"], row["area_code"]): row["value"] for row in rows}

    @cached_property
    def quintiles(self) -> dict[tuple[str, str], Row]:
        """(indicator, area) -> where a council's headline figure stands among the councils of England."""
        if not self.has_headline:
            return {}
        rows = self.reading.read(
            "fct_quintile",
            "indicator_code area_code period_id sex age tier n_areas rank lowest lower_quartile median upper_quartile "
            "highest",
            "where breakdown_type = 'Total' and (indicator_code, area_code, period_id, sex, age) in "
            f"(select (indicator_code, area_code, period_id, sex, age) from {HEADLINE})",
            FIGURE,
        )
        return {(row["indicator_code"], row["area_code"]): row for row in rows}

    @cached_property
    def equal_councils(self) -> dict[tuple[str, str, str], int]:
        """(indicator, area, tier) -> how many councils of England have the figure of this council, itself among them.

        By codes of ONS, E07 is a district and E10 a county, which are of one tier each. Former councils are among
        them, because publishers go on to write codes that ONS replaced.
        """
        if not self.has_headline:
            return {}
        rows = self.reading.read(
            "fct_observation",
            "indicator_code area_code period_id sex age value",
            "where value is not null and breakdown_type = 'Total' and area_code in "
            "(select area_code from dim_area where area_type in ('council', 'former council')) "
            "and (indicator_code, period_id, sex, age) in "
            f"(select (indicator_code, period_id, sex, age) from {HEADLINE})",
            f"{FIGURE} value",
        )
        keys = ("indicator_code", "period_id", "sex", "age", "value")
        found: dict[tuple[str, str, str], int] = {}
        for tier, other in (("upper", "E07"), ("lower", "E10")):
            of_tier = [row for row in rows if not row["area_code"].startswith(other)]
            counts = Counter(tuple(row[key] for key in keys) for row in of_tier)
            for row in of_tier:
                newest = self.latest.get((row["indicator_code"], row["area_code"]))
                if newest is not None and all(newest[key] == row[key] for key in ("period_id", "sex", "age")):
                    found[row["indicator_code"], row["area_code"], tier] = counts[tuple(row[key] for key in keys)]
        return found

    @cached_property
    def trends(self) -> dict[tuple[str, str, str], Row]:
        """(indicator, area, sex) -> the trend of the total at the headline age."""
        rows = self.reading.read(
            "fct_trend",
            "indicator_code area_code sex age period_id first_period_id n_points slope outcome outcome_judged reason "
            "caution",
            "where breakdown_type = 'Total'",
            "breakdown_type",
        )
        found = {}
        for row in rows:
            newest = self.latest.get((row["indicator_code"], row["area_code"]))
            if newest is not None and newest["age"] == row["age"]:
                found[row["indicator_code"], row["area_code"], row["sex"]] = row
        return found

    @cached_property
    def revisions(self) -> list[Row]:
        """Revised figures of answered areas, newest first."""
        rows = self.reading.read(
            "fct_revision",
            f"{FIGURE} seen_at old_value new_value old_status new_status old_outcome_statistical "
            "new_outcome_statistical comparison_changed old_trend new_trend trend_changed",
            f"order by seen_at desc, {', '.join(FIGURE.split(' '))}",
            f"seen_at {FIGURE}",
        )
        return [row for row in rows if row["area_code"] in self.area and row["indicator_code"] in self.indicator]

    @cached_property
    def changes(self) -> list[Row] | None:
        """What differs from the release before, of answered areas; None where the release does not say it."""
        if not self.reading.has("fct_change", *CHANGE.split(" ")):
            return None
        rows = self.reading.read("fct_change", CHANGE, f"order by {', '.join(FIGURE.split(' '))}")
        return [row for row in rows if row["area_code"] in self.area and row["indicator_code"] in self.indicator]

    @cached_property
    def new_periods(self) -> dict[str, tuple[str, ...]]:
        """Indicator -> its periods of which the release before had no figure, where it had others of the indicator."""
        if not self.changes:
            return {}
        rows = self.reading.ask(
            f"""with figure as (
                select o.indicator_code, o.period_id, c.change is not null as is_new
                from fct_observation as o
                left join (from fct_change where change = 'new') as c using ({", ".join(FIGURE.split(" "))})
                where o.area_code in ({", ".join(literal(code) for code in self.area)})
            )
            select indicator_code, period_id from figure
            where indicator_code in (select indicator_code from figure where not is_new)
            group by indicator_code, period_id having bool_and(is_new) order by indicator_code, period_id"""
        )
        return {code: tuple(row["period_id"] for row in mine) for code, mine in by(rows, "indicator_code").items()}

    @cached_property
    def releases(self) -> list[Row]:
        """The releases that there were up to this one, oldest first; empty where the release does not list them."""
        columns = "version built_at mode compared_with n_new n_revised n_withdrawn n_comparison"
        return self.reading.read("release_history", columns, "order by version", columns)

    def first_seen(self, revision: Row) -> dt.datetime | None:
        """When the figure of a row of fct_revision first came into force."""
        where = " and ".join(f"{key} = {literal(revision[key])}" for key in FIGURE.split(" "))
        rows = self.reading.read(
            "fct_observation_history",
            "valid_from",
            f"where {where} order by valid_from limit 1",
            f"valid_from {FIGURE}",
        )
        return rows[0]["valid_from"] if rows else None

    @cached_property
    def arrivals(self) -> list[Row]:
        """What came into force when: one row a day, indicator, period, area and change, oldest first."""
        if not self.reading.has("fct_observation_history", "valid_from", "change"):
            return []
        codes = ", ".join(literal(code) for code in self.area) or "null"
        return self.reading.ask(
            "select cast(valid_from as date) as day, indicator_code, period_id, change, area_code, count(*) as n "
            f"from fct_observation_history where area_code in ({codes}) group by all order by all"
        )

    @cached_property
    def questions(self) -> list[Row]:
        """What the figures say to the programme's questions."""
        columns = "question_no question kind outcome n_areas sentence caution evidence"
        return self.reading.read(
            "vw_questions", columns, "order by question_no, kind, outcome", "question_no kind outcome"
        )

    @cached_property
    def associations(self) -> list[Row]:
        """How determinants and life expectancy go together over councils, by rank correlation."""
        return _readable(
            self.reading.read(
                ASSOCIATIONS,
                "indicator_code indicator_name period outcome_name outcome_sex outcome_period scope n_areas rho "
                "p_adjusted reason warning",
                "order by outcome_name, outcome_sex, scope, indicator_code",
                "outcome_name outcome_sex scope indicator_code",
            )
        )

    @cached_property
    def points(self) -> dict[tuple[str, str, str], list[Row]]:
        """(question, indicator, outcome) -> the differences that bear on it, by area."""
        rows = self.reading.read(
            "vw_question_points",
            "question_no kind outcome indicator_code unit area_name area_type period beside value beside_value "
            "difference lci_95 uci_95 verdict verdict_by reason caution",
            "order by question_no, outcome, area_name",
            "question_no outcome area_name",
        )
        found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in _readable(rows):
            found[row["question_no"], row["indicator_code"], row["outcome"]].append(row)
        return dict(found)


def _readable(rows: list[Row]) -> list[Row]:
    """The rows with their labels of periods as readers say them, and true minus signs in notes."""
    for row in rows:
        for name in ("period", "newest_period", "outcome_period"):
            if row.get(name):
                row[name] = periods.readable(str(row[name]))
        if row.get("status_note"):
            row["status_note"] = minus(str(row["status_note"]))
    return rows
