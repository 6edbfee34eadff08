"""Each chart is a picture too, drawn without a browser or a network; without the extra the command says what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from atf_dagster.report.charts import Chart, images
from support import charted
from support.home import PublishedHome

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def drawn(published_home: PublishedHome) -> list[Chart]:
    return charted.all_builders(published_home.mart)


def test_every_chart_becomes_svg_and_png(drawn: list[Chart], tmp_path: Path) -> None:
    files = []
    for chart in drawn:
        files.append(tmp_path / chart.file_name)
        files[-1].write_text(json.dumps(chart.spec), "utf-8")
    made = images.write(tmp_path / "pictures", files)
    names = {f"{chart.id}.{ending}" for chart in drawn for ending in ("svg", "png")}
    assert {path.name for path in made} == names == {path.name for path in (tmp_path / "pictures").iterdir()}
    for chart in drawn:
        words = " ".join(ElementTree.parse(tmp_path / "pictures" / f"{chart.id}.svg").getroot().itertext())
        assert chart.title.split()[0] in words
        assert (tmp_path / "pictures" / f"{chart.id}.png").read_bytes().startswith(PNG)


def test_a_picture_is_as_wide_as_a_page_and_on_white(drawn: list[Chart]) -> None:
    svg, _ = images.pictures(drawn[0].spec)
    root = ElementTree.fromstring(svg)
    assert float(root.attrib["width"]) >= images.WIDTH
    assert 'fill="white"' in svg


def test_a_picture_loads_nothing(tmp_path: Path) -> None:
    for address in ("https://publisher.example/figures.json", (tmp_path / "figures.json").as_uri()):
        (tmp_path / "figures.json").write_text('[{"a": "loaded"}]', "utf-8")
        spec = {"data": {"url": address}, "mark": "text", "encoding": {"text": {"field": "a"}}}
        try:
            svg, _ = images.pictures(spec)
        except images.NoPictures:
            continue
        assert "loaded" not in svg


def test_without_the_extra_people_are_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(images.NoPictures) as told:
        images.write(tmp_path / "pictures", [])
    assert "all-together-fairer-warehouse[images]" in told.value.remedy
    assert list(tmp_path.iterdir()) == []
