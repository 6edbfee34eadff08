"""The release as JSON for web pages and notebooks: where to begin, all indicators, each one's figures, JSON-stat.

    cards       an indicator's metadata with its coverage in words
    series      an indicator's figures with all that says what they are
    json_stat   the same figures as a JSON-stat 2 dataset

    index.json              the release, its licence, areas, and where the other files are
    indicators.json         all indicators
    <indicator>.json        one indicator with its figures
    stat/<indicator>.json   the same as JSON-stat

Only the answered areas, and only what the mart publishes of them: a hidden figure is null with its status, and counts
are not here.

Belongs here: these files, made from a release's facts. Does not belong here: descriptions of a release's tables
(`release.describe`), pages.
"""

import json
from pathlib import Path
from typing import Any

from atf_dagster.release.describe.package import TITLE
from atf_dagster.report.facts import Facts
from atf_dagster.report.json_files import cards, json_stat, series
from atf_dagster.report.json_files.series import figures

INDEX = "index.json"
STAT = "stat"
NOTES = (
    "A figure without a value has a status that says why: hidden is not missing, and missing is not zero.",
    "A proxy stands for a beacon indicator that has no figures; it is another measure and says so in proxy_note.",
    "Status estimated: the figure is approximate. Pools of the councils are compared with nothing and have no trend.",
    "Limits are those of 95%; a figure without them has none. Values are as in the mart; decimals says what to show.",
    "doubt: a check of this release doubts the figure, and no judgement may be made of it.",
    "Totals and breakdowns are series of their own, never to be mixed without saying so.",
)


def write(facts: Facts, folder: Path) -> None:
    """Write all files into `folder`, which is made."""
    (folder / STAT).mkdir(parents=True)
    release = _release(facts)
    found = figures(facts)
    described = [cards.card(facts, one, has_rows=one.code in found) for one in facts.indicators]
    _write(folder / "indicators.json", {**release, "indicators": described})
    _write(folder / INDEX, {**_index(facts), **release, "indicators": [_entry(card) for card in described]})
    for indicator, card in zip(facts.indicators, described, strict=True):
        rows = found.get(indicator.code, [])
        _write(folder / card["file"], {**release, **series.document(facts, indicator, card, rows)})
        if card["json_stat"] is not None:
            _write(folder / card["json_stat"], json_stat.dataset(facts, indicator, card, rows))


def _write(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n", "utf-8")


def _release(facts: Facts) -> dict[str, Any]:
    about = facts.about
    return {
        "release": {
            "version": about.version,
            "mode": about.mode,
            "built_at": about.built_at.isoformat() + "Z" if about.built_at else None,
            "contract_version": facts.reading.receipt.get("contract_version"),
            "quality_state": about.quality_state,
        },
        "licence": {"title": about.licence, "url": about.licence_url},
    }


def _index(facts: Facts) -> dict[str, Any]:
    return {
        "title": TITLE,
        "files": {
            "indicators": "indicators.json",
            "indicator": "{indicator_code}.json",
            "json_stat": f"{STAT}/{{indicator_code}}.json",
        },
        "notes": list(NOTES),
        "attribution": list(facts.about.sources),
        "areas": [{"area_code": area.code, "area_name": area.name, "area_type": area.type} for area in facts.areas],
    }


def _entry(card: dict[str, Any]) -> dict[str, Any]:
    names = ("indicator_code", "name", "kind", "proxy_for", "coverage", "file", "json_stat")
    return {name: card[name] for name in names}
