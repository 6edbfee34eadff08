"""An indicator's metadata: what it measures, in which unit, whose it is, and what there is of it in words.

Belongs here: the fields of a card. Does not belong here: figures (`series`).
"""

from collections import defaultdict
from typing import Any

from atf_dagster.report import words
from atf_dagster.report.facts import Facts, Indicator
from atf_dagster.report.overview import absence

TEXTS = (
    *("report_name", "definition", "unit", "value_type", "polarity", "frequency", "native_level", "statistic_status"),
    *("principle_no", "principle", "proxy_for", "proxy_note", "reader_note", "chance_note", "trend_note"),
    *("publisher", "licence", "attribution", "page_url"),
)


def card(facts: Facts, indicator: Indicator, *, has_rows: bool) -> dict[str, Any]:
    """The indicator's metadata, with `file` and `json_stat` below the folder of these files.

    has_rows: whether an answered area has a row; without one there is no dataset, and `json_stat` is None.
    """
    return {
        "indicator_code": indicator.code,
        "name": indicator.card["name"] or indicator.name,
        "short_name": indicator.name,
        "kind": indicator.kind,
        "beacon_no": indicator.beacon_no,
        "is_proxy": indicator.kind == "proxy",
        **{name: indicator.card[name] for name in TEXTS},
        "proxies": [proxy.code for proxy in facts.proxies(indicator.code)],
        "decimals": indicator.decimals,
        "polarity_in_words": words.POLARITIES.get(indicator.card["polarity"] or "", ""),
        "coverage": coverage(facts, indicator),
        "coverage_by_area": [_of_area(facts, indicator, area.code) for area in facts.areas],
        "breaks": [
            {
                "first_day": str(row["first_day"]) if row["first_day"] else None,
                "is_break": row["is_break"],
                "note": row["note"],
                "source": row["source"],
            }
            for row in facts.breaks.get(indicator.code, [])
        ],
        "file": f"{indicator.code}.json",
        "json_stat": f"stat/{indicator.code}.json" if has_rows else None,
    }


def coverage(facts: Facts, indicator: Indicator) -> str:
    """Which areas have a newest figure, of which periods, and why the others have none, in sentences."""
    newest = {area.code: facts.latest.get((indicator.code, area.code)) for area in facts.areas}
    known = {code: row for code, row in newest.items() if row is not None and row["value"] is not None}
    proxies = [proxy.code for proxy in facts.proxies(indicator.code)]
    instead = f" Proxies, which are other measures: {words.listed(proxies)}." if proxies else ""
    if not known:
        return f"No figure. {absence(facts, indicator)}{instead}"
    periods = sorted({row["period_id"] for row in known.values()}, key=lambda id: id.partition("/")[::-1])
    newest_of = (
        f"the newest is of {facts.label(periods[0])}"
        if len(periods) == 1
        else f"the newest of each is of a period between {facts.label(periods[0])} and {facts.label(periods[-1])}"
    )
    said = [f"{len(known)} of {words.counted(len(facts.areas), 'area')} have a figure; {newest_of}."]
    for text, areas in _by_state(facts, indicator).items():
        names = [facts.area[code].name for code in areas]
        whose = "all areas" if len(areas) == len(facts.areas) else words.listed(names)
        said.append(f"{words.sentence(text)[:-1]}: {whose}.")
    return " ".join(said) + instead


def _by_state(facts: Facts, indicator: Indicator) -> dict[str, list[str]]:
    """State in words -> areas, of those that are not up to date."""
    found: dict[str, list[str]] = defaultdict(list)
    for area in facts.areas:
        row = facts.coverage.get((indicator.code, area.code))
        if row is not None and row["state"] != "current":
            found[words.state(row["state"], row["reason"])].append(area.code)
    return found


def _of_area(facts: Facts, indicator: Indicator, area: str) -> dict[str, Any]:
    row = facts.coverage.get((indicator.code, area)) or {"state": None, "reason": None, "note": None}
    return {
        "area_code": area,
        "state": row["state"],
        "reason": row["reason"],
        "in_words": words.state(row["state"], row["reason"]),
        **({"note": row["note"]} if row["note"] else {}),
    }
