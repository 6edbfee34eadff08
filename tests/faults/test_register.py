"""The register of faults (register.yml) is whole, and what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Any

import pytest
import yaml

from support.home import PROJECT

FAMILIES = {"I": 12, "T": 21, "C": 15, "F": 7, "J": 9, "M": 13, "A": 8}
REGISTER = PROJECT / "tests" / "faults" / "register.yml"
ENTRIES: dict[str, dict[str, Any]] = yaml.safe_load(REGISTER.read_text("utf-8"))


@cache
def names_in(path: str) -> frozenset[str]:
    """The tests in a Python file, or the unit tests in a file of dbt's."""
    file = PROJECT / path
    if not file.is_file():
        return frozenset()
    if file.suffix == ".py":
        functions = ast.parse(file.read_text("utf-8")).body
        return frozenset(node.name for node in functions if isinstance(node, ast.FunctionDef))
    return frozenset(entry["name"] for entry in yaml.safe_load(file.read_text("utf-8")).get("unit_tests", []))


def test_every_fault_is_there_once_in_its_place() -> None:
    expected = [f"{family}{number}" for family, most in FAMILIES.items() for number in range(1, most + 1)]
    # The text, because YAML keeps the last of two entries and says nothing.
    assert re.findall(r"^([A-Z]+[0-9]+):", REGISTER.read_text("utf-8"), re.MULTILINE) == expected


@pytest.mark.parametrize("fault", ENTRIES)
def test_a_fault_has_tests_that_exist_or_a_reason(fault: str) -> None:
    entry = ENTRIES[fault]
    assert set(entry) in ({"fault", "expected", "tests"}, {"fault", "expected", "reason"})
    assert all(entry.values()), "neither tests nor a reason"
    for test in entry.get("tests", ()):
        path, _, name = test.partition("::")
        assert name in names_in(path), f"{test} does not exist"
        assert name.startswith("test_") or path.startswith("dbt_project/"), f"{test} is no test"
