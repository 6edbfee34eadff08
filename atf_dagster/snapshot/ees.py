"""Answers as DfE Explore education statistics gives them, from the bundled figures.

The snapshot does not know versions, dates and ids of files. So the card of a data set has no version, the listing of a
publication has no date, and the id of a file shows that it is invented.

Belongs here: the requests of our client to the public API and the data catalogue, and the CSV layouts. Does not belong
here: how a request reaches this module and how the answer is sent (`adapter`).
"""

from collections.abc import Callable, Mapping, Sequence

from atf_dagster.snapshot.answer import MADE_UP, Answer, Asked, NotBundled, json_answer
from atf_dagster.snapshot.figures import ENGLAND, NORTH_WEST, Figure, csv_bytes

PUBLISHER = "ees"
FREE_MEALS = "Free school meals"
"""The name of the breakdown in our figures, whatever its name in a file."""
HOST = "api.education.gov.uk"
PREFIX = "/statistics/v1/"
CONTENT_HOST = "content.explore-education-statistics.service.gov.uk"
CONTENT_PREFIX = "/api/data-set-files"

KEY_STAGE_4 = "b3e19901-5d2b-b676-bb4c-e60937d74725"
_NUMBERS = {
    "E06000006": "876",
    "E06000007": "877",
    "E06000049": "895",
    "E06000050": "896",
    "E08000011": "340",
    "E08000012": "341",
    "E08000013": "342",
    "E08000014": "343",
    "E08000015": "344",
}
_SEXES = {"Persons": "Total", "Female": "Girls", "Male": "Boys"}
_PLACE = (
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
)
_BY_19 = (
    "cohort_19_in",
    "number_in_ss_cohort",
    "region",
    "la_code_9",
    "la_code_3",
    "la_name",
    "gender",
    "fsm",
    "sen",
    "l2_by19",
    "l3_by19",
    "l2_by19_rate",
    "l3_by19_rate",
)
Bundled = Callable[[str], Sequence[Figure]]
"""Gives a measure's figures, from all bundled files with this measure."""


def measure_of(indicator: str) -> str:
    """The measure in the id of a figures file. The id begins with the edition: `2022/neet_percent`."""
    return indicator.partition("/")[2]


def answer(asked: Asked) -> Answer:
    """The service's answer to a request of our client. Raises NotBundled for any other request."""
    if asked.host == CONTENT_HOST:
        return _catalogue(asked)
    if asked.path == f"{PREFIX}data-sets/{KEY_STAGE_4}":
        return json_answer({"id": KEY_STAGE_4, "title": "Key stage 4 performance", "status": "Published"})
    if asked.path == f"{PREFIX}data-sets/{KEY_STAGE_4}/csv":
        return _csv(_key_stage_4(_bundled(asked)))
    raise NotBundled(asked.path, f"of the public API the data set {KEY_STAGE_4} only")


def _catalogue(asked: Asked) -> Answer:
    query = dict(asked.query)
    if asked.path == CONTENT_PREFIX:
        files = [
            {"id": identifier, "title": title}
            for identifier, (publication, title, _) in _FILES.items()
            if publication == query.get("publicationId")
        ]
        paging = {"page": 1, "pageSize": 40, "totalResults": len(files), "totalPages": 1}
        return json_answer({"paging": paging, "results": files})
    for identifier, (_, _, table) in _FILES.items():
        if asked.path == f"{CONTENT_PREFIX}/{identifier}/download":
            return _csv(table(_bundled(asked)))
    raise NotBundled(asked.path, f"of the data catalogue the files {', '.join(_FILES)}")


def _bundled(asked: Asked) -> Bundled:
    return lambda measure: [
        figure
        for source in asked.of(PUBLISHER)
        if measure_of(source.indicator) == measure
        for figure in asked.figures(source)
    ]


def _csv(rows: Sequence[Mapping[str, str]]) -> Answer:
    header = tuple(rows[0])
    body = csv_bytes(header, ([row[column] for column in header] for row in rows))
    return Answer(status=200, content_type="text/csv", body=body)


# the tables, in the columns of the publisher's own files ------------------------------------------------


def _key_stage_4(bundled: Bundled) -> list[dict[str, str]]:
    """One row for both scores, as the publisher writes it. What the data bank lacks is a blank cell."""
    scores = {
        "attainment8_average": {"value": "avg_att8", "denominator": "t_pupils"},
        "progress8_average": {
            "value": "avg_p8score",
            "denominator": "t_inp8calc",
            "lci_95": "p8score_ci_low",
            "uci_95": "p8score_ci_upp",
        },
    }
    columns = [column for score in scores.values() for column in score.values()]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for measure, score in scores.items():
        for row in bundled(measure):
            year = _academic(row["period"])
            key = (year, *(row[name] for name in ("area_code", "breakdown_type", "breakdown_value", "sex")))
            blank = {**_place(row, year), **_group(row), **dict.fromkeys(columns, "")}
            cells = {column: row[name] for name, column in score.items()}
            rows.setdefault(key, blank).update({**cells, score["value"]: row["value"] or row["status"]})
    return [rows[key] for key in sorted(rows)]


def _group(row: Figure) -> dict[str, str]:
    return {
        "breakdown_topic": row["breakdown_type"] or "Total",
        "breakdown": row["breakdown_value"] or "Total",
        "sex": _SEXES[row["sex"]],
    }


def _early_years(bundled: Bundled) -> list[dict[str, str]]:
    rows = []
    for row in sorted(bundled("gld_children_percent"), key=lambda row: _academic(row["period"])):
        free_meals = row["breakdown_type"] == FREE_MEALS
        rows.append(
            {
                **_place(row, _academic(row["period"])),
                "characteristic": "Free school meal eligibility" if free_meals else "Total",
                "characteristic_type": row["breakdown_value"] or "Total",
                "gender": _SEXES[row["sex"]],
                "children_number": row["denominator"],
                "gld_number": row["numerator"],
                "gld_percentage": row["value"] or row["status"],
            }
        )
    return rows


def _neet(bundled: Bundled) -> list[dict[str, str]]:
    columns = {"neet_not_known_percent": "NEET_not_known_percent", "neet_percent": "NEET_percent"}
    columns["notknown_percent"] = "Notknown_percent"
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for measure, column in columns.items():
        for row in bundled(measure):
            place = _place(row, row["period"], "Calendar year")
            made = {**place, "Age": row["age"], "Cohort_DJFavg": row["denominator"]}
            rows.setdefault((row["period"], row["area_code"]), made)[column] = row["value"] or row["status"]
    return [rows[key] for key in sorted(rows)]


def _by_19(bundled: Bundled) -> list[dict[str, str]]:
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for measure in ("l2_by19", "l3_by19"):
        for row in bundled(measure):
            named = ("period", "area_code", "sex", "breakdown_type", "breakdown_value")
            made = rows.setdefault(tuple(row[name] for name in named), dict.fromkeys(_BY_19, "ALL"))
            made |= {"cohort_19_in": row["period"], "number_in_ss_cohort": row["denominator"]}
            made |= _by_19_place(row)
            if row["sex"] != "Persons":
                made["gender"] = row["sex"]
            if row["breakdown_type"]:
                made["fsm" if row["breakdown_type"] == FREE_MEALS else "sen"] = row["breakdown_value"]
            made |= {measure: row["numerator"], f"{measure}_rate": row["value"] or row["status"]}
    return [rows[key] for key in sorted(rows)]


def _by_19_place(row: Figure) -> dict[str, str]:
    code = row["area_code"]
    if code in (ENGLAND, NORTH_WEST):
        return {"region": row["area_name"]}
    number, (_, region) = _NUMBERS.get(code, ""), _region(code)
    return {"region": region, "la_code_9": code, "la_code_3": number, "la_name": row["area_name"]}


def _region(code: str) -> tuple[str, str]:
    """Region of a council. The snapshot knows it only for our councils; for others the cells are blank."""
    return (NORTH_WEST, "North West") if code in _NUMBERS else ("", "")


def _place(row: Figure, time_period: str, time_identifier: str = "Academic year") -> dict[str, str]:
    code, region = row["area_code"], ("", "")
    council = ("", "", "")
    level = {ENGLAND: "National", NORTH_WEST: "Regional"}.get(code, "Local authority")
    if level == "Regional":
        region = (NORTH_WEST, "North West")
    if level == "Local authority":
        region = _region(code)
        council = (_NUMBERS.get(code, ""), code, row["area_name"])
    return dict(zip(_PLACE, (time_period, time_identifier, level, ENGLAND, "England", *region, *council), strict=True))


def _academic(period: str) -> str:
    """`2024`, the year in which an academic year ends, as `202324`, the form in the publisher's files."""
    return period if len(period) == 6 else f"{int(period) - 1}{period[2:]}"


_Table = Callable[[Bundled], list[dict[str, str]]]
_FILES: Mapping[str, tuple[str, str, _Table]] = {
    f"{MADE_UP}-early-years": (
        "fcda2962-82a6-4052-afa2-ea398c53c85f",
        "Headline measures by characteristics",
        _early_years,
    ),
    f"{MADE_UP}-attainment-by-19": (
        "2e95f880-629c-417b-981f-0901e97776ff",
        "Attainment by local authority data - ages 16 to 19",
        _by_19,
    ),
    f"{MADE_UP}-neet-16-17": (
        "9f5d0e21-45d3-41e5-1b71-08da5e798404",
        "NEET and not known age 16 to 17 by characteristics",
        _neet,
    ),
}
"""Our id of a file -> its publication, the beginning of its title, the function that makes its rows."""
