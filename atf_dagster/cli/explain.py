"""`atf explain`: one figure, and the bytes of the publisher from which it was made.

Belongs here: arguments and printing. Does not belong here: tracing the figure (`release.provenance`).
"""

import argparse
import json
from typing import Any

from atf_dagster.errors import NotFound
from atf_dagster.release import versions
from atf_dagster.release.provenance import figures_with_origin, is_of_returns
from atf_dagster.settings import Settings


def add_parser(commands: Any) -> None:
    """Add `explain` to the commands of `atf`."""
    parser = commands.add_parser("explain", help="one figure, and the publisher's bytes from which it was made")
    parser.add_argument("indicator", help="indicator code, such as ATF01")
    parser.add_argument("area", help="area code or name, such as E08000012 or Liverpool")
    parser.add_argument("period", nargs="?", help="period label or id; without it the newest period")
    parser.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    parser.set_defaults(run=explain)


def explain(settings: Settings, options: argparse.Namespace) -> int:
    """Print the figure, its source and its earlier values."""
    current = versions.current(settings.releases)
    if current is None:
        raise NotFound(f"There is no release in {settings.releases} yet.", "Run `atf refresh`.")
    figures = figures_with_origin(current, settings.home, options.indicator, options.area, options.period)
    if options.json:
        print(json.dumps({"release": current.version, "figures": figures}, ensure_ascii=False, default=str))
        return 0
    for figure in figures:
        _print_figure(figure, current.receipt["mode"], current.version)
    return 0


def _counts(source: dict[str, Any]) -> str:
    if source["numerator"] is None or source["denominator"] is None:
        return f"no counts ({source['status']})"
    return f"{source['numerator']:g} / {source['denominator']:g}"


def _print_figure(figure: dict[str, Any], mode: str, version: str) -> None:
    proxy = f" (proxy for {figure['proxy_for']}: {figure['proxy_note']})" if figure["is_proxy"] else ""
    print(f"{figure['indicator_code']} {figure['indicator_name']}{proxy}")
    interval = "" if figure["lci_95"] is None else f" (95 % limits {figure['lci_95']:g} to {figure['uci_95']:g})"
    value = "no value" if figure["value"] is None else f"{figure['value']:g} {figure['unit']}{interval}"
    print(f"  {figure['area_name']}, {figure['period']}, {figure['sex']}, {figure['age']}: {value}, {figure['status']}")
    if figure["status_note"]:
        print(f"  note: {figure['status_note']}")
    print(f"  release {version}, mode {mode}")
    if figure["is_derived"] and is_of_returns(figure):
        print(f"  derived: sum over organisations over sum over organisations, limits {figure['ci_method']}")
    elif figure["derived_by"] == "england_less_councils":
        print(f"  derived: counts of England less those of its councils below, limits {figure['ci_method']}")
    elif figure["is_derived"]:
        print(
            f"  derived: sum of counts over sum of populations of {figure['n_areas_included']} of "
            f"{figure['n_areas_expected']} councils, limits {figure['ci_method']}"
        )
    for source in figure["inputs"]:
        if figure["is_derived"]:
            sent = f" of {source['url']}" if is_of_returns(figure) else ""
            print(f"  {source['area_name']}: {_counts(source)}, row {source['row']}{sent}")
    source = figure["inputs"][0]
    print(f"  publisher: {source['publisher']} ({source['licence']})")
    print(f"  asked: {source['url']}")
    if source["release"]:
        print(f"  edition: {source['release']}")
    if source["origin"]:
        print(f"  taken from: {source['origin']} of {source['origin_date']}, sha256 {source['origin_sha256']}")
    came = f"retrieved: {source['retrieved_at']} UTC" if source["retrieved_at"] else "answered from the bundled figures"
    print(f"  {came}: {source['bytes']} bytes, sha256 {source['sha256']}")
    print(f"  bytes: {source['object']}")
    if source["row_as_served"] and not figure["is_derived"]:
        print(f"  row {source['row']} as served: {json.dumps(source['row_as_served'], ensure_ascii=False)}")
    for entry in figure["history"]:
        until = f"to {entry['valid_to']}" if entry["valid_to"] else "until now"
        print(
            f"  history: {entry['change']} {entry['value']} from {entry['valid_from']} {until} ({entry['vintage_id']})"
        )
    print(f"  {source['attribution']}")
