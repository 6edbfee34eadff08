"""The libraries that draw charts are the pinned ones, whole, with their licences, and name no other place to load."""

from __future__ import annotations

import hashlib
import json

from atf_dagster.report.charts import SCRIPTS, STYLES
from tools.vendor_charts import PINS, VENDOR, as_served

LISTED = json.loads((VENDOR / "vendor.json").read_text("utf-8"))


def test_each_file_has_the_hash_that_is_listed() -> None:
    found = {one["file"]: hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() for one in LISTED}
    assert found == {one["file"]: one["sha256"] for one in LISTED}


def test_the_list_is_that_of_the_pins() -> None:
    keys = ("name", "version", "licence", "file", "archive_sha256")
    assert [{key: one[key] for key in keys} for one in LISTED] == [
        {key: getattr(pin, key) for key in keys} for pin in PINS
    ]


def test_nothing_lies_there_unlisted() -> None:
    listed = {name for one in LISTED for name in (one["file"], one["licence_file"])}
    assert {path.name for path in VENDOR.iterdir()} == {*listed, "vendor.json"}


def test_each_library_has_its_licence() -> None:
    for one in LISTED:
        text = (VENDOR / one["licence_file"]).read_text("utf-8")
        assert one["licence"] == "BSD-3-Clause"
        assert "Redistributions of source code must retain the above copyright notice" in text


def test_no_file_asks_for_a_source_map() -> None:
    assert [one["file"] for one in LISTED if "sourceMappingURL" in (VENDOR / one["file"]).read_text("utf-8")] == []


def test_pages_load_every_library_and_every_file_is_there() -> None:
    assert [f"vendor/{one['file']}" for one in LISTED] == list(SCRIPTS[: len(LISTED)])
    assert all((VENDOR.parent / name).is_file() for name in (*SCRIPTS, *STYLES))


def test_the_interpreter_becomes_a_plain_script() -> None:
    pin = next(pin for pin in PINS if pin.name == "vega-interpreter")
    module = "import { a, b } from 'vega-util';\nx();\nexport { expression as e };\n//# sourceMappingURL=x.map\n"
    script = as_served(pin, module)
    assert "const { a, b } = vega;" in script
    assert "vega.e = expression;" in script
    assert "import" not in script
    assert "sourceMappingURL" not in script
