"""Leaf: the one kind of error that people are told of.

Belongs here: what every such error says. Does not belong here: one part's own errors, which extend `AtfError` beside
the code that raises them; signals within a part that nobody is told of.
"""

from typing import Any

ENGINEER = "a data engineer"


class AtfError(Exception):
    """Something that people are told of.

    message: what happened, and where. remedy: what to do next. owner: who does it.
    `str()` is the message and the remedy.
    """

    def __init__(self, message: str, remedy: str = "", *, owner: str = ENGINEER) -> None:
        self.message = message
        self.remedy = remedy
        self.owner = owner
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Handed between processes whole, whatever a subclass wants to be made with.
        return _made_again, (type(self), self.args, self.__dict__)


def _made_again(kind: type[AtfError], arguments: tuple[Any, ...], facts: dict[str, Any]) -> AtfError:
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(facts)
    return error


class NotFound(AtfError):
    """What was asked for does not exist; the remedy says what does."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy, owner="whoever asks")
