"""What several commands print alike.

Belongs here: errors and source issues as lines for people. Does not belong here: one command's own lines.
"""

import sys
from collections.abc import Sequence

from atf_dagster.errors import AtfError
from atf_dagster.landing.source_issues import Trouble

SHOWN = 6
"""Names of sources with the same trouble that are printed; `--json` has all of them."""


def print_error(error: AtfError) -> None:
    """What happened, whose it is and what to do, on standard error."""
    print(f"atf: {error.message}", file=sys.stderr)
    if error.remedy:
        print(f"  What to do ({error.owner}): {error.remedy}", file=sys.stderr)


def told(held_back: Sequence[Trouble]) -> list[str]:
    """Troubles as lines for people; those with one cause and one remedy are told together."""
    groups: dict[tuple[str, ...], list[Trouble]] = {}
    for trouble in held_back:
        groups.setdefault((trouble.kind, trouble.reason, trouble.mend, trouble.serving), []).append(trouble)
    lines = [f"Held back: {len(held_back)}"] if held_back else []
    for (kind, reason, mend, serving), alike in groups.items():
        for trouble in alike[:SHOWN]:
            lines.append(f"  {trouble.dataset}.{trouble.part}: {kind} ({reason}) since {trouble.since}")
            lines.append(f"    {trouble.message}")
        if len(alike) > SHOWN:
            lines.append(f"  and {len(alike) - SHOWN} more with the same cause")
        lines += [f"    What to do: {mend}", f"    Readers get: {serving}."]
    return lines
