"""The types that all readers of publishers' files use.

Belongs here: the entry of the plan, the figures of a file, the refusal. Does not belong here: a file's format
(`readers`, which chooses a reader by the entry's shape, and the modules beside it).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from atf_dagster.errors import AtfError
from atf_dagster.snapshot.figures import Figure

Entry = Mapping[str, str]
"""One entry of `plan.yml`."""


class FileRefused(AtfError):
    """A publisher's file cannot be taken over. The message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of one indicator in a file, and the facts that are the same for all of them."""

    title: str
    figures: list[Figure]
    intervals: bool
    line_ending: str
    period_range: str = ""
    compared_to_parent: str = ""
