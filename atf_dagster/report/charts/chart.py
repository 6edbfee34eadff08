"""One chart: the specification, the sentence and the table that say the same.

Belongs here: what a chart consists of, and its form as a file. Does not belong here: how one is drawn (the builders),
its place in a page (`templates/charts/figure.html.j2`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SAFE_ID = re.compile(r"[a-z][a-z0-9_-]*")


def script_json(content: Any) -> str:
    """JSON that may stand in a script: it holds no `<`, `>` or `&`."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Within JSON these signs stand in texts alone, where an escape means the same.
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@dataclass(frozen=True)
class Column:
    """One column of a chart's table. `key` is the key in each row, `numeric` aligns figures to the right."""

    key: str
    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Chart:
    """What a figure in a page shows.

    id: an id for CSS and file names: a lower-case letter, then lower-case letters, digits, `_` or `-`. title: the
    caption, as plain text. sentence: what the chart shows, made from its rows. spec: a Vega-Lite specification with its
    data inline. columns and rows: the table; each cell is text as it is read, and an absent figure is its word.
    Raises ValueError for an id of another form.
    """

    id: str
    title: str
    sentence: str
    spec: Mapping[str, Any]
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, str], ...]

    def __post_init__(self) -> None:
        if not SAFE_ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} is no id of a chart")

    @property
    def file_name(self) -> str:
        """The name of the specification as a file of its own, for Deneb and notebooks."""
        return f"{self.id}.vl.json"

    def as_json(self) -> str:
        """The specification as JSON that may stand in an HTML script element: it holds no `<`, `>` or `&`."""
        return script_json(self.spec)
