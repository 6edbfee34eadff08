"""Reads the Department for Education's files into figures of the snapshot.

The data bank names areas by the department's numbers, and an academic year by the year in which it ends. Its cells are
text. Some come from a number that was printed with too many digits (`64.400000000000006`); they stay as they are.

Belongs here: the shapes `ees_early_years`, `ees_key_stage_4`, `ees_attainment_by_19`, `ees_neet_16_17` (its CSV files)
and `lait` (the data bank of its Local Authority Interactive Tool). Does not belong here: other shapes (`readers`),
answers (`atf_dagster/snapshot/ees.py`).
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import duckdb

from atf_dagster.snapshot.ees import FREE_MEALS, measure_of
from atf_dagster.snapshot.figures import ENGLAND, NORTH_WEST, Figure, figure
from tools.snapshot_build import selection
from tools.snapshot_build.reading import Entry, FileRefused, Reading

_NUMBERS = {
    876: "E06000006",
    877: "E06000007",
    895: "E06000049",
    896: "E06000050",
    340: "E08000011",
    341: "E08000012",
    342: "E08000013",
    343: "E08000014",
    344: "E08000015",
    970: ENGLAND,
    981: NORTH_WEST,
}
"""The department's number of an area -> its GSS code."""

DISADVANTAGE = "Disadvantage"
Group = tuple[str, str]
SERIES: Mapping[str, Mapping[str, Group]] = {
    "attainment8_average": {
        "AVG_Attain8_Score": ("", ""),
        "FSM_AVG_Attain8_Score": (FREE_MEALS, "Eligible for FSM"),
        "NonFSM_AVG_Attain8_Score": (FREE_MEALS, "Not eligible for FSM"),
        "DAP_KS4_ATT8": (DISADVANTAGE, "Disadvantaged"),
        "NonDAP_KS4_ATT8": (DISADVANTAGE, "Not disadvantaged"),
    },
    "progress8_average": {
        "AVG_Prog8_Score": ("", ""),
        "FSM_AVG_Prog8_Score": (FREE_MEALS, "Eligible for FSM"),
        "NonFSM_AVG_Prog8_Score": (FREE_MEALS, "Not eligible for FSM"),
        "DAP_KS4_Prog8": (DISADVANTAGE, "Disadvantaged"),
        "NonDAP_KS4_Prog8": (DISADVANTAGE, "Not disadvantaged"),
    },
    "gld_children_percent": {
        "FSP_NEW_GOODDEV": ("", ""),
        "FSP_Gooddev_FSM": (FREE_MEALS, "Eligible for FSM"),
        "FSP_Gooddev_FSM_Other": (FREE_MEALS, "Not eligible for FSM"),
    },
}
"""Measure -> the data bank's series of it -> the series' breakdown and group."""
MARKERS = frozenset({"-", "x", "c", "z", "k", "low", "NA"})
_FREE_MEALS_OF_EARLY_YEARS = "Free school meal eligibility"
_SEXES = {"Total": "Persons", "ALL": "Persons", "Girls": "Female", "Boys": "Male"}


def lait(path: Path, entry: Entry) -> Reading:
    """One measure of the data bank. `without` names a year that another file has, all but the series `but_for`;
    `without_ours` one that it has of our areas only.

    The early years profile of 2022 has, beside the children who are eligible for free school meals, those who are not
    known to be; the data bank has those who are not, in this year as in all others.
    """
    groups = SERIES[measure_of(entry["indicator"])]
    codes = _NUMBERS | _other_councils(path, entry)
    rows = duckdb.execute(
        'select "Short Desc", cast("LA Number" as int), "LA and Regions", Years, "Values" from read_parquet($path) '
        'where list_contains($series, "Short Desc") and list_contains($numbers, cast("LA Number" as int)) '
        'and (Years <> $without or "Short Desc" = $but_for) order by all',
        {
            "path": str(path),
            "series": list(groups),
            "numbers": list(codes),
            "without": entry.get("without", ""),
            "but_for": entry.get("but_for", ""),
        },
    ).fetchall()
    if absent := groups.keys() - {row[0] for row in rows}:
        raise _refused(path, f"it has no series {', '.join(sorted(absent))}")
    figures = []
    for series, number, name, year, cell in rows:
        if number in _NUMBERS and year == entry.get("without_ours"):
            continue
        kind, group = groups[series]
        place = {"area_code": codes[number], "area_name": name, "sex": "Persons", "period": year}
        broken_down = {"breakdown_type": kind, "breakdown_value": group}
        figures.append(figure(**place, **broken_down, **_cell(path, cell)))
    return _reading(entry, figures)


def _other_councils(path: Path, entry: Entry) -> dict[int, str]:
    """The department's numbers of other present councils -> their GSS codes, from its list of local authorities."""
    if "numbers" not in entry:
        return {}
    listed = _rows(path.parents[len(Path(entry["source"]).parts) - 1] / entry["numbers"])
    live = [row for row in listed if row["status"] == "live" and row["old_la_code"].isdigit()]
    numbers = {int(row["old_la_code"]): row["new_la_code"] for row in live}
    if len(numbers) != len(live):
        raise _refused(path, f"{entry['numbers']} gives one number to two authorities of today")
    return {number: code for number, code in numbers.items() if number not in _NUMBERS and selection.area(entry, code)}


def early_years(path: Path, entry: Entry) -> Reading:
    """All children, the sexes and free school meals, with the counts of each share."""
    kept = []
    for row in _dfe_rows(path, entry):
        topic = row["characteristic"]
        if topic not in ("Total", _FREE_MEALS_OF_EARLY_YEARS):
            continue
        counts = {"numerator": row["gld_number"], "denominator": row["children_number"]}
        total = topic == "Total"
        kept.append(
            figure(
                **_place(row),
                sex=_SEXES[row["gender"]],
                breakdown_type="" if total else FREE_MEALS,
                breakdown_value="" if total else row["characteristic_type"],
                period=row["time_period"],
                **counts,
                **_cell(path, row["gld_percentage"]),
            )
        )
    return _reading(entry, kept)


def key_stage_4(path: Path, entry: Entry) -> Reading:
    """One score of all pupils, the sexes, free school meals and disadvantage, with the pupils behind each average.

    The copy at hand was saved by a program that wrote whole numbers as `1363.0`, the year too.
    """
    score = _SCORES[measure_of(entry["indicator"])]
    kept = []
    for row in _rows(path):
        level = _LEVELS[row["level"]]
        group = _key_stage_4_group(row)
        if group is None or not selection.area(entry, row[level[0]]):
            continue
        kept.append(
            figure(
                area_code=row[level[0]],
                area_name=row[level[1]],
                sex=_SEXES[row["characteristic_gender"]],
                breakdown_type=group[0],
                breakdown_value=group[1],
                period=_whole(row["time_period"]),
                denominator=_whole(row[score.pupils]),
                **{limit: row[column] for limit, column in zip(("lci_95", "uci_95"), score.limits, strict=False)},
                **_cell(path, row[score.average]),
            )
        )
    return replace(_reading(entry, kept), intervals=bool(score.limits))


class _Score(NamedTuple):
    average: str
    pupils: str
    limits: tuple[str, ...]


_SCORES = {
    "attainment8_average": _Score("avg_att8", "t_pupils", ()),
    "progress8_average": _Score("avg_p8score", "t_inp8calc", ("p8score_CI_low", "p8score_CI_upp")),
}
_KEY_STAGE_4_GROUPS: Mapping[tuple[str, str, str], Group] = {
    ("Total", "Total", "Total"): ("", ""),
    ("Free school meals", "FSM", "Total"): (FREE_MEALS, "Eligible for FSM"),
    ("Free school meals", "FSM all other", "Total"): (FREE_MEALS, "Not eligible for FSM"),
    ("disadvantage", "Total", "Disadvantaged"): (DISADVANTAGE, "Disadvantaged"),
    ("disadvantage", "Total", "Disadvantaged all other"): (DISADVANTAGE, "Not disadvantaged"),
}
"""Breakdown, free school meals and disadvantage in the file -> the data bank's words for the same pupils."""


def _key_stage_4_group(row: Mapping[str, str]) -> Group | None:
    """The group of a row that is taken; None for others. A group's boys and girls are not in the data bank."""
    group = _KEY_STAGE_4_GROUPS.get(
        (row["breakdown"], row["characteristic_free_school_meals"], row["characteristic_disadvantage"])
    )
    return None if group is None or (group[0] and row["characteristic_gender"] != "Total") else group


def _whole(text: str) -> str:
    return text.removesuffix(".0")


def attainment_by_19(path: Path, entry: Entry) -> Reading:
    """One level by cohort, area and group, also zeros. `indicator` ends in the name of the count's column."""
    measure, kept = measure_of(entry["indicator"]), []
    for row in _rows(path):
        area = {"ALL": ENGLAND, "North West": NORTH_WEST}.get(row["region"], "")
        if row["la_name"] != "ALL":
            area = row["la_code_9"]
        if not selection.area(entry, area):
            continue
        kind, group = "", ""
        if row["fsm"] != "ALL":
            kind, group = FREE_MEALS, row["fsm"]
        elif row["sen"] != "ALL":
            kind, group = "Special educational needs", row["sen"]
        kept.append(
            figure(
                area_code=area,
                area_name=row["region"] if row["la_name"] == "ALL" else row["la_name"],
                sex=_SEXES.get(row["gender"], row["gender"]),
                breakdown_type=kind,
                breakdown_value=group,
                period=row["cohort_19_in"],
                numerator=row[measure],
                denominator=row["number_in_ss_cohort"],
                **_cell(path, row[f"{measure}_rate"]),
            )
        )
    return _reading(entry, kept)


def neet_16_17(path: Path, entry: Entry) -> Reading:
    """One share of 16 and 17 year olds. `column` is its name in the file."""
    figures = [
        figure(
            **_place(row),
            sex="Persons",
            age=row["Age"],
            period=row["time_period"],
            denominator=row["Cohort_DJFavg"],
            **_cell(path, row[entry["column"]]),
        )
        for row in _dfe_rows(path, entry)
    ]
    return _reading(entry, figures)


def _dfe_rows(path: Path, entry: Entry) -> Iterable[dict[str, str]]:
    """The rows of the snapshot's areas in a file of the publisher's usual layout, where districts are no councils."""
    for row in _rows(path):
        level = _LEVELS.get(row["geographic_level"])
        if level is not None and selection.area(entry, row[level[0]]):
            yield row


_LEVELS = {
    "National": ("country_code", "country_name"),
    "Regional": ("region_code", "region_name"),
    "Local authority": ("new_la_code", "la_name"),
}


def _place(row: Mapping[str, str]) -> dict[str, str]:
    code, name = _LEVELS[row["geographic_level"]]
    return {"area_code": row[code], "area_name": row[name]}


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, strict=True)


def _cell(path: Path, cell: str | None) -> dict[str, str]:
    """The text of a number, or the marker in its place."""
    if cell in MARKERS:
        return {"status": str(cell)}
    try:
        float(cell or "")
    except ValueError:
        raise _refused(path, f"{cell!r} is neither a number nor a marker that is known") from None
    return {"value": str(cell)}


def _reading(entry: Entry, figures: list[Figure]) -> Reading:
    figures.sort(
        key=lambda row: (row["period"], row["area_code"], row["breakdown_type"], row["breakdown_value"], row["sex"])
    )
    return Reading(title=entry["title"], figures=figures, intervals=False, line_ending="LF")


def _refused(path: Path, what: str) -> FileRefused:
    return FileRefused(
        f"{path}: {what}.", "Look at the file, then correct plan.yml or the reader of its shape in readers_ees.py."
    )
