"""Leaf: the class above every error that people see.

Belongs here: what every such error says. Does not belong here: the errors of one package, which extend `AtfError` and
stand beside the code that raises them; signals within a package that people never see.
"""

from typing import Any

ENGINEER = "a data engineer"


class AtfError(Exception):
    """An error that people see.

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
    """The thing that the user named does not exist. The remedy says which things exist, or how to list them."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy, owner="whoever runs the command")
