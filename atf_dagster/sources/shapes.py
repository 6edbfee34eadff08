"""Checks that a listing has the shape of its interface, before anything is concluded from what it does not have.

`null`, an empty list where there is always something, or an object whose keys have other names say nothing about a
publisher's figures. Without these checks they would read like a withdrawal.

Belongs here: lists and objects with the keys that an interface always gives, and the refusal. Does not belong here:
what the entries mean (each publisher's module), text that is no JSON (`base`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from atf_dagster.formats.body import BodyRejected

_SHOWN = 120


def broken(where: str, what: str) -> BodyRejected:
    """The refusal of an answer that is not one of the interface. where: the address, or what was read."""
    return BodyRejected(
        "not_this_json",
        f"The answer is not one of this interface: {what} ({where}).",
        "The publisher changed its interface, or something else answered in its place; nothing shows that it withdrew "
        "figures. The last good figures stay in force, and the next refresh asks again. If it repeats, a data engineer "
        "compares the answer, which landing keeps, with the publisher's documentation and corrects the module in "
        "sources/.",
    )


def an_object(content: Any, where: str, *names: str) -> dict[str, Any]:
    """`content`, where it is an object that has these keys. Raises BodyRejected."""
    if not isinstance(content, dict):
        raise broken(where, f"it is {_named(content)} and no object")
    if missing := [name for name in names if name not in content]:
        raise broken(where, f"an object has no {', '.join(missing)}; it has {_keys(content)}")
    return content


def objects(content: Any, where: str, *names: str, may_be_empty: bool = False) -> list[dict[str, Any]]:
    """`content`, where it is a list of objects that have these keys each. Raises BodyRejected.

    may_be_empty: False where the interface always lists something.
    """
    if not isinstance(content, list):
        raise broken(where, f"it is {_named(content)} and no list")
    if not content and not may_be_empty:
        raise broken(where, "a list is empty that always has entries")
    return [an_object(entry, where, *names) for entry in content]


def inside(content: Any, where: str, *names: str) -> Any:
    """What lies at these keys, each inside the one before. Raises BodyRejected where there is no such key."""
    for name in names:
        content = an_object(content, where, name)[name]
    return content


def _named(content: Any) -> str:
    if content is None:
        return "null"
    if isinstance(content, Mapping):
        return "an object"
    if isinstance(content, Sequence) and not isinstance(content, str):
        return "a list"
    return f"the single value {content!r}"[:_SHOWN]


def _keys(content: Mapping[str, Any]) -> str:
    return ", ".join(sorted(content))[:_SHOWN] or "no key"
