"""What a reader of a publisher's file takes and gives.

Belongs here: the entry of the plan, the figures of a file, the refusal. Does not belong here: any file's format
(`readers`, which picks a reader by the entry's shape, and the modules beside it).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from atf_dagster.errors import AtfError
from atf_dagster.snapshot.figures import Figure

Entry = Mapping[str, str]
"""One entry of `plan.yml`."""


class FileRefused(AtfError):
    """A publisher's file cannot be carried over. The message says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of one indicator in a file, and what the file says once for all of them."""

    title: str
    figures: list[Figure]
    intervals: bool
    line_ending: str
    period_range: str = ""
    compared_to_parent: str = ""
