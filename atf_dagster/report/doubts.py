"""Leaf of the report: which figures of a release a failed check doubts, and what it says of them.

Belongs here: what samples of failed checks name. Does not belong here: checking (`quality`), the page of all checks
(`quality_page`), how a page or a chart marks such a figure.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SAID = "a check doubts this figure"
SEVERITIES = ("warning", "critical")
KEYS = ("indicator_code", "area_code", "period_id", "sex", "age")
ZEROS = "zero_"
"""How names of checks begin that doubt the zeros of a series, and so name no period."""
ADVICE = "Do not report it before it is confirmed."


@dataclass(frozen=True)
class Doubt:
    """What one failed check says. key: of KEYS those that it names. told: its sentence."""

    key: Mapping[str, str]
    told: str
    of_zeros: bool

    @property
    def forbids(self) -> bool:
        """Whether it is about one period; then that figure must not be reported."""
        return "period_id" in self.key

    def said(self, what: str = "this figure") -> str:
        """The doubt as it stands beside its figure. what: what is doubted, where it stands elsewhere."""
        if not self.forbids:
            return f"A check doubts a figure of this series, and does not say of which period: {self.told}"
        return f"A check doubts {what}: {self.told} {ADVICE}"


class Doubts:
    """The doubts of one release, read once.

    rows: of quality_result, with expectation, severity, success and sample (JSON: a list of the rows that failed).
    councils: codes of the areas of which a sample without an area is: the councils and what is put together from them.
    names: area code -> name, for a check that tells no sentence.
    """

    def __init__(
        self, rows: Iterable[Mapping[str, Any]], councils: Collection[str], names: Mapping[str, str] | None = None
    ) -> None:
        self._councils = frozenset(councils)
        self._found: dict[str, list[Doubt]] = defaultdict(list)
        for row in rows:
            if row["success"] is not False or row["severity"] not in SEVERITIES:
                continue
            check = str(row["expectation"])
            for named in _samples(row["sample"]):
                key = {name: str(named[name]) for name in KEYS if named.get(name) is not None}
                if "indicator_code" not in key:
                    continue
                area = (names or {}).get(key.get("area_code", ""))
                failed = f"it failed \u201c{check.replace('_', ' ')}\u201d{f' for {area}' if area else ''}."
                told = str(named.get("told") or failed)
                self._found[key["indicator_code"]].append(Doubt(key, told, check.startswith(ZEROS)))

    def of_indicator(self, code: str) -> list[Doubt]:
        """All doubts about figures of an indicator, of whatever period."""
        return self._found.get(code, [])

    def of_figure(self, figure: Mapping[str, Any]) -> list[Doubt]:
        """The doubts about a figure or its series. figure: KEYS, of which it may lack some."""
        return [doubt for doubt in self.of_indicator(figure["indicator_code"]) if self._agree(doubt, figure)]

    def forbid(self, figure: Mapping[str, Any]) -> bool:
        """Whether the figure must not be reported before it is confirmed."""
        return any(doubt.forbids for doubt in self.of_figure(figure))

    def on(self, figure: Mapping[str, Any]) -> bool:
        """Whether a check doubts this very point: it names its period, or doubts zeros and this is one."""
        if figure["value"] is None:
            return False
        is_zero = figure["value"] == 0
        return any(doubt.forbids or (doubt.of_zeros and is_zero) for doubt in self.of_figure(figure))

    def _agree(self, doubt: Doubt, figure: Mapping[str, Any]) -> bool:
        if "area_code" not in doubt.key and figure["area_code"] not in self._councils:
            return False
        return all(figure.get(name) is None or str(figure[name]) == said for name, said in doubt.key.items())


def _samples(text: Any) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
