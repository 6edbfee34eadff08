"""What a run of the command left behind, for tests to name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class CommandOutput:
    """Exit code and what went to either stream."""

    code: int
    out: str
    err: str


Atf = Callable[..., CommandOutput]
"""`atf(home, *words, **environment)`."""
