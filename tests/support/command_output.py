"""What one run of the command printed and returned."""

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
