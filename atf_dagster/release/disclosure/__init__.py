"""Attacks a release before anybody reads it: can a reader compute a hidden number from what is published?

Belongs here: reading a candidate, the sums in it, solving them, the disclosure findings. Does not belong here: the
decision what to hide (`returns.disclosure` and the models), stopping the release (`audit`).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from atf_dagster.release.disclosure.attack import attack
from atf_dagster.release.disclosure.findings import Finding
from atf_dagster.release.disclosure.reader import Reader
from atf_dagster.sql import literal, single_threaded

__all__ = ["Finding", "given_away"]


def given_away(database: Path, groups: Mapping[str, Collection[str]]) -> list[Finding]:
    """A disclosure finding for each hidden figure that the file gives away; those that block come first.

    groups: the members of areas that the file does not name, such as groups of statistical neighbours.
    """
    with single_threaded() as connection:
        connection.execute(f"attach {literal(database)} as release (read_only)")
        reading = Reader(connection, "release").read(groups)
    found = [] if reading is None else list(attack(reading))
    return sorted(found, key=lambda finding: (not finding.blocks, finding.figure))
