"""Which figures of a release a failed check doubts.

Belongs here: the points that samples of failed checks name. Does not belong here: checking (`quality`), how a page or a
chart marks such a figure.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

SAID = "a check doubts this figure"
SEVERITIES = ("warning", "critical")
KEYS = ("indicator_code", "area_code", "period_id", "sex", "age")
ZEROS = "zero_"
"""How names of checks begin that doubt the zeros of a series, and so name no period."""


class Doubts:
    """The doubted points of one release.

    rows: of quality_result, with expectation, severity, success and sample (JSON: a list of the rows that failed).
    councils: area codes; a sample without an area is of all councils. A sample that names neither a period nor zeros
    doubts no point.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], councils: Collection[str]) -> None:
        self._councils = frozenset(councils)
        self._found: list[tuple[dict[str, str], bool]] = []
        for row in rows:
            if row["success"] is not False or row["severity"] not in SEVERITIES:
                continue
            of_zeros = str(row["expectation"]).startswith(ZEROS)
            for named in _samples(row["sample"]):
                key = {name: str(named[name]) for name in KEYS if named.get(name) is not None}
                if "indicator_code" in key and ("period_id" in key or of_zeros):
                    self._found.append((key, of_zeros and "period_id" not in key))

    def on(self, figure: Mapping[str, Any]) -> bool:
        """Whether a check doubts this figure. figure: value and KEYS, of which it may lack some."""
        if figure["value"] is None:
            return False
        return any(self._names(key, figure) and (figure["value"] == 0 or not zeros) for key, zeros in self._found)

    def _names(self, key: Mapping[str, str], figure: Mapping[str, Any]) -> bool:
        if "area_code" not in key and figure["area_code"] not in self._councils:
            return False
        return all(figure.get(name) is None or str(figure[name]) == said for name, said in key.items())


def _samples(text: Any) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
