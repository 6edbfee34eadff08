"""An indicator more of a known publisher costs one YAML entry: by it alone it lands, is checked, reaches the mart."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from fingertips_on_loopback import FingertipsOnLoopback, row

from atf_dagster.catalogue import load
from atf_dagster.catalogue.load import FOLDER
from atf_dagster.files import read_yaml
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.settings import Settings, disable_usage_data

ENTRY = """\
- id: fingertips_92443
  source_id: "92443"
  title: "Smoking prevalence in adults"
  page_url: https://fingertips.phe.org.uk/search/92443
  period: {start: 01-01, lag_months: 12}
  indicator:
    code: SUP99
    short_name: "Adult smokers"
    name: "Smoking prevalence in adults aged 18 and over"
    definition: "Adults aged 18 and over who smoke, Annual Population Survey."
    unit: "%"
    value_type: proportion
    multiplier: 100
    value_min: 0
    value_max: 100
    polarity: lower_is_better
    year_type: calendar
    native_level: upper tier local authority
    aggregation_rule: published_only
    ci_method: published
    trend_allowed: true
"""
ONE_CARD = yaml.safe_load(ENTRY)[0]["indicator"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "catalogue"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copied


def test_a_new_entry_reaches_the_mart_and_nothing_else_is_touched(folder: Path, tmp_path: Path) -> None:
    disable_usage_data()
    path = folder / "collections" / "fingertips.yml"
    path.write_text(path.read_text("utf-8") + ENTRY, "utf-8")
    councils = [area.code for area in load().areas if area.type == "council"]
    with FingertipsOnLoopback() as server:
        server.serve("92443", 502, [row("92443", code, f"1{n}.5") for n, code in enumerate(councils)])
        settings = Settings(
            home=tmp_path / "home",
            mode="live",
            service_urls={"fingertips": server.url},
            requests_per_second=0,
            attempts=1,
        )
        settings.home.mkdir()
        refresh = Refresh(settings, "run")
        refresh.__dict__["catalogue"] = load(folder)
        refresh.fetch(["fingertips_92443"])
    refresh.parse()
    refresh.build("staged")
    _, decided = refresh.admit()
    assert [verdict.verdict for _, verdict in decided] == ["admitted"]
    refresh.build("mart")
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select area_code, value from mart.fct_observation where indicator_code = 'SUP99' order by area_code"
        ).fetchall()
        named = connection.execute("select name from mart.dim_indicator where indicator_code = 'SUP99'").fetchall()
    assert found == sorted((code, 10 + n + 0.5) for n, code in enumerate(councils))
    assert named == [("Smoking prevalence in adults aged 18 and over",)]


@pytest.mark.parametrize("collection", [c.table for c in load().collections if c.datasets[0].yields])
def test_every_publisher_takes_one_more_by_an_entry_in_its_collection(folder: Path, collection: str) -> None:
    before = load(folder)
    path = next(p for p in (folder / "collections").glob("*.yml") if read_yaml(p)["table"] == collection)
    content: dict[str, Any] = read_yaml(path)
    entry = copy.deepcopy(content["datasets"][0])
    entry |= {"id": "one_more", "source_id": "one-more", "yields": [{"indicator": ONE_CARD}]}
    entry.pop("indicator", None)
    content["datasets"].append(entry)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    load.cache_clear()
    after = load(folder)
    assert {d.id for _, d in after.datasets} - {d.id for _, d in before.datasets} == {"one_more"}
    assert {c.code for c in after.indicators} - {c.code for c in before.indicators} == {"SUP99"}
    assert [c for c in after.indicators if c.code != "SUP99"] == list(before.indicators)
