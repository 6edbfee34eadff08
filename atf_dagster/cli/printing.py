"""What several commands print in the same way.

Belongs here: errors and source issues as lines for people. Does not belong here: the lines of one command.
"""

import sys
from collections.abc import Sequence

from atf_dagster.errors import AtfError
from atf_dagster.landing.source_issues import SourceIssue

SHOWN = 6
"""How many parts with the same issue are printed; `--json` has all of them."""


def print_error(error: AtfError) -> None:
    """Print what happened, who acts and what to do, on standard error. Every command prints its errors in this way."""
    print(f"atf: {error.message}", file=sys.stderr)
    if error.remedy:
        print(f"  What to do ({error.owner}): {error.remedy}", file=sys.stderr)


def source_issue_lines(stale: Sequence[SourceIssue]) -> list[str]:
    """Source issues as lines for people; issues with the same cause and remedy are one group."""
    groups: dict[tuple[str, ...], list[SourceIssue]] = {}
    for issue in stale:
        groups.setdefault((issue.kind, issue.reason, issue.remedy, issue.serving), []).append(issue)
    lines = [f"Held back: {len(stale)}"] if stale else []
    for (kind, reason, remedy, serving), alike in groups.items():
        for issue in alike[:SHOWN]:
            lines.append(f"  {issue.dataset}.{issue.part}: {kind} ({reason}) since {issue.since}")
            lines.append(f"    {issue.message}")
        if len(alike) > SHOWN:
            lines.append(f"  and {len(alike) - SHOWN} more with the same cause")
        lines += [f"    What to do: {remedy}", f"    Readers get: {serving}."]
    return lines
