"""Power Query code of the pages: Microsoft's own parser reads it. Excel and Power BI themselves are not at hand."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from reader_pages import Fence, fences

from support.home import LONG_ENOUGH, PROJECT

TOOLS = PROJECT / ".kit-tools"
CODE = [*fences("excel", "powerquery"), *fences("power-bi", "powerquery")]
PARSER = """
const parser = require("@microsoft/powerquery-parser");
const texts = JSON.parse(require("fs").readFileSync(0, "utf-8"));
(async () => {
    const found = [];
    for (const text of texts) {
        const task = await parser.TaskUtils.tryLexParse(parser.DefaultSettings, text);
        found.push(parser.TaskUtils.isError(task) ? task.error.message : "");
    }
    console.log(JSON.stringify(found));
})();
"""


def errors(texts: list[str]) -> list[str]:
    """What the parser says of each text; empty where it reads it."""
    node = shutil.which("node")
    if node is None or not (TOOLS / "node_modules" / "@microsoft" / "powerquery-parser").is_dir():
        pytest.skip("no Node, or no parser in .kit-tools: `make kit-tools` installs @microsoft/powerquery-parser there")
    done = subprocess.run(
        [node, "-e", PARSER],
        cwd=TOOLS,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def named(fence: Fence) -> str:
    return f"{fence.page}.md line {fence.line}"


def test_the_parser_reads_every_query() -> None:
    found = errors([fence.code for fence in CODE])
    assert {named(fence): said for fence, said in zip(CODE, found, strict=True) if said} == {}


def test_the_parser_refuses_a_query_with_a_bracket_too_few() -> None:
    assert errors([CODE[0].code.replace("))", ")", 1)]) != [""]


def test_every_query_of_an_absent_value_says_its_status() -> None:
    """Each query that makes a text of `value` takes the words of the status where there is none."""
    shown = [fence for fence in CODE if '"shown",' in fence.code]
    assert {fence.page for fence in shown} == {"excel", "power-bi"}
    assert all("if [value] = null then [status_in_words]" in fence.code for fence in shown)
