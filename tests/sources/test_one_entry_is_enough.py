"""What an addition costs: an indicator of a known publisher one YAML entry, a publisher of JSON five files.

Both are added to one copy of the project, which is then refreshed as it would be, to its published release.
"""

from __future__ import annotations

import copy
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
import yaml

from atf_dagster.catalogue import load
from atf_dagster.catalogue.load import FOLDER
from atf_dagster.files import read_yaml
from support.project_copied import ProjectCopied
from support.publishers.fingertips import Fingertips, row

COUNCILS = [area.code for area in load().areas if area.type == "council"]
FINGERTIPS = "atf_dagster/catalogue/collections/fingertips.yml"
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


MODULE = '''\
"""Rivers: the share of samples of a river that were clean, one year and area a record. Made up for this test."""

from atf_dagster.sources.base import Collected, FetchContext, Source


def collect(context: FetchContext) -> Collected:
    return Collected([context.fetch(context.url(f"/v1/measures/{context.dataset.source_id}"))])


SOURCE = Source(collect=collect, records=lambda page: page["results"])
'''
SERVICE = """\
- {id: rivers, base_url: "https://rivers.example.gov.uk", requests_per_second: 1}
publishers:
"""
PUBLISHER = """\
- id: rivers
  service: rivers
  name: Rivers Made Up
  licence: *ogl
  licence_url: *ogl_url
  attribution: "Source: Rivers Made Up licensed under the Open Government Licence v3.0."
"""
COLLECTION = """\
table: rivers_samples
description: Share of samples that were clean.
publisher: rivers
format: json
columns: [area_code, area_name, year, clean]
datasets:
- id: rivers_clean
  source_id: clean
  title: "Samples of rivers that were clean"
  page_url: https://rivers.example.gov.uk/clean
  period: {start: 01-01, lag_months: 12}
  indicator:
    code: SUP98
    short_name: "Clean rivers"
    name: "Samples of rivers that were clean"
    definition: "Samples of rivers in the area that were clean, of all samples."
    unit: "%"
    value_type: proportion
    multiplier: 100
    value_min: 0
    value_max: 100
    polarity: higher_is_better
    year_type: calendar
    native_level: lower tier local authority
    aggregation_rule: published_only
    ci_method: none
    trend_allowed: true
"""
MODEL = """\
with
    dated as (
        select
            *,
            row_number as source_row,
            make_date({{ whole_number_of("year") }}, 1, 1) as period_start,
            make_date({{ whole_number_of("year") }}, 12, 31) as period_end
        from {{ source("raw", "rivers_samples") }}
    )

    {{
        staged_figures(
            "dated", cell="clean", sex="'Persons'", age="'All ages'", period_label="year", period_length="'1y'"
        )
    }}
"""
DOCUMENTATION = """\
sources:
  - name: raw
    tables:
      - name: rivers_samples
        description: "Grain: one record as served, for each vintage (vintage_id, row_number)."
        columns:
          - {name: area_code, description: "GSS code of the area."}
          - {name: area_name, description: "Name of the area."}
          - {name: year, description: "Calendar year."}
          - {name: clean, description: "Share of samples that were clean, in per cent."}
models:
  - name: stg_rivers__samples
    description: "Grain: one record as served, for each vintage (vintage_id, source_row)."
unit_tests:
  - name: a_year_is_its_first_and_last_day
    model: stg_rivers__samples
    given:
      - input: source("raw", "rivers_samples")
        rows: [{year: "2023", clean: "71.5"}]
    expect:
      rows: [{period_start: 2023-01-01, period_end: 2023-12-31, value: 71.5, status: normal}]
"""


def add_an_indicator(project: ProjectCopied) -> None:
    project.extend(FINGERTIPS, ENTRY)


def add_a_json_publisher(project: ProjectCopied) -> None:
    project.edit("atf_dagster/catalogue/publishers.yml", "publishers:\n", SERVICE)
    project.extend("atf_dagster/catalogue/publishers.yml", PUBLISHER)
    project.add("atf_dagster/catalogue/collections/rivers_samples.yml", COLLECTION)
    project.add("atf_dagster/sources/rivers.py", MODULE)
    project.add("dbt_project/models/staging/rivers/stg_rivers__samples.sql", MODEL)
    project.add("dbt_project/models/staging/rivers/stg_rivers__samples.yml", DOCUMENTATION)


@contextmanager
def rivers() -> Iterator[str]:
    """The made-up publisher on loopback; its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = [
                {"area_code": code, "area_name": None, "year": 2023, "clean": 70.25 + n}
                for n, code in enumerate(COUNCILS)
            ]
            body = json.dumps({"results": found} if urlsplit(self.path).path == "/v1/measures/clean" else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: requests are no news in a test."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@dataclass(frozen=True)
class Published:
    """The report of a refresh of the copy with both additions, and the file that readers open."""

    report: dict[str, Any]
    mart: Path

    def figures(self, indicator: str) -> list[tuple[str, float]]:
        with duckdb.connect() as connection:
            # Opened by itself, the file's name would be a catalog `mart` beside its schema.
            connection.execute(f"attach '{self.mart}' as release (read_only)")
            return connection.execute(
                "select area_code, value from release.mart.fct_observation where indicator_code = ? order by area_code",
                [indicator],
            ).fetchall()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("additions")
    project = ProjectCopied.into(folder / "project")
    add_an_indicator(project)
    add_a_json_publisher(project)
    others = [service.id for service in load().services if service.id != "fingertips"]
    with Fingertips() as fingertips, rivers() as rivers_url:
        fingertips.serve("92443", 502, [row("92443", code, f"1{n}.5") for n, code in enumerate(COUNCILS)])
        report = project.refresh(
            folder / "home",
            ATF_MODE="live",
            ATF_FINGERTIPS_URL=fingertips.url,
            ATF_RIVERS_URL=rivers_url,
            ATF_SKIP_SERVICES=",".join(others),
            ATF_ATTEMPTS="1",
            ATF_REQUESTS_PER_SECOND="0",
        )
    return Published(report, folder / "home" / "releases" / "current" / "atf.duckdb")


def test_an_indicator_more_of_a_known_publisher_is_one_entry_of_one_file_and_is_published(
    published: Published, tmp_path: Path
) -> None:
    project = ProjectCopied.into(tmp_path / "project")
    add_an_indicator(project)
    assert project.touched == {FINGERTIPS}
    assert published.report["outcome"] == "published", published.report["message"]
    assert published.figures("SUP99") == sorted((code, 10 + n + 0.5) for n, code in enumerate(COUNCILS))


def test_a_publisher_of_json_is_five_files_and_is_published(published: Published, tmp_path: Path) -> None:
    project = ProjectCopied.into(tmp_path / "project")
    add_a_json_publisher(project)
    assert len(project.touched) == 5
    assert published.report["outcome"] == "published", published.report["message"]
    assert published.figures("SUP98") == sorted((code, 70.25 + n) for n, code in enumerate(COUNCILS))


@pytest.mark.parametrize("collection", [c.table for c in load().collections if c.datasets[0].yields])
def test_every_publisher_takes_one_more_by_an_entry_in_its_collection(folder: Path, collection: str) -> None:
    before = load(folder)
    path = next(p for p in (folder / "collections").glob("*.yml") if read_yaml(p)["table"] == collection)
    content: dict[str, Any] = read_yaml(path)
    entry = copy.deepcopy(content["datasets"][0])
    # Its years are those of its card, which the catalogue compares.
    whole = yaml.safe_load(ENTRY)[0]
    entry |= {"id": "one_more", "source_id": "one-more", "yields": [{"indicator": ONE_CARD}], "period": whole["period"]}
    entry.pop("indicator", None)
    content["datasets"].append(entry)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    load.cache_clear()
    after = load(folder)
    assert {d.id for _, d in after.datasets} - {d.id for _, d in before.datasets} == {"one_more"}
    assert {c.code for c in after.indicators} - {c.code for c in before.indicators} == {"SUP99"}
    assert [c for c in after.indicators if c.code != "SUP99"] == list(before.indicators)
