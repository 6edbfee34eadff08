"""The validation page: one file that opens without a network, loads nothing and escapes every cell.

Great Expectations' own Data Docs load scripts from other hosts and do not escape source cells, so this module renders
the results.

Belongs here: presentation. Does not belong here: checks and verdicts (`gx`, `admission`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atf_dagster.quality.first_loads import FirstLoad
from atf_dagster.quality.results import Result
from atf_dagster.quality.suites import RUNBOOK


def render(
    results: Sequence[Result],
    *,
    run_id: str,
    mode: str,
    source_issues: Sequence[Any],
    notes: Sequence[str] = (),
    since: Mapping[tuple[str, str], str] | None = None,
    new: Sequence[FirstLoad] = (),
) -> str:
    """The page as HTML.

    source_issues: each with dataset, part, kind, reason, message, remedy, since and serving. notes: notes of fetches,
    such as what publishers moved. since: suite and expectation -> the moment since when it fails, where known. new:
    what arrived of datasets that are new in this home.

    Each suite has an anchor of its name, so that a message can link to it.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.suite, []).append(result)
    failed = [result for result in results if not result.success]
    blocked = any(result.blocks and result.stage == "mart" for result in results)
    if blocked:
        verdict, css = "Held: nothing was published, the last release stays in place", "failed"
    elif failed or source_issues:
        verdict, css = "Passed with warnings", "warned"
    else:
        verdict, css = "Passed", "passed"
    return environment.get_template("page.html.j2").render(
        results=results,
        suites=list(suites.items()),
        run_id=run_id,
        mode=mode,
        source_issues=source_issues,
        notes=notes,
        since=since or {},
        new=new,
        runbook=RUNBOOK,
        verdict=verdict,
        verdict_class=css,
        n_passed=len(results) - len(failed),
        n_critical=sum(result.severity == "critical" for result in failed),
        n_warning=sum(result.severity == "warning" for result in failed),
        n_info=sum(result.severity == "info" for result in failed),
    )
