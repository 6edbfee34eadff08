"""Leaf of quality: the outcome of one expectation, as it is kept, shown and published.

Belongs here: the fields, and their forms as JSON and CSV. Does not belong here: running an expectation (`gx`).
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

from atf_dagster.old_names import current_names
from atf_dagster.quality.suites import Severity, Stage

SAMPLE = 20
"""Messages show so many failing rows; the run's folder keeps all of them."""


@dataclass(frozen=True)
class Result:
    """The outcome of one expectation on one table. broken: whether the check failed to run."""

    suite: str
    stage: Stage
    table_name: str
    expectation: str
    severity: Severity
    success: bool
    observed: str
    unexpected_count: int
    failing: tuple[dict[str, Any], ...]
    """Every failing row by its keys; with the checked value unless the expectation is sensitive."""
    owner: str
    reason: str
    remedy: str
    runbook: str
    """Anchor of the entry in docs/runbook.md."""
    evaluated_at: str
    broken: bool = False

    @property
    def blocks(self) -> bool:
        return not self.success and self.severity == "critical"

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that failing rows name; empty where their keys have none, as for a vintage."""
        return tuple(sorted({str(row["indicator_code"]) for row in self.failing if row.get("indicator_code")}))

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that failing rows name, directly or by a vintage."""
        named = {str(row["dataset"]) for row in self.failing if row.get("dataset")}
        # A vintage's id has its dataset, part, number and hash (landing.records).
        named |= {str(row["vintage_id"]).split(".")[0] for row in self.failing if row.get("vintage_id")}
        return tuple(sorted(named))

    @property
    def sentence(self) -> str:
        """What happened, in one line."""
        if self.success:
            return f"{self.suite}.{self.expectation}: passed ({self.observed})"
        first = "; ".join(", ".join(f"{k} {v}" for k, v in row.items() if v is not None) for row in self.failing[:3])
        where = f", first {first}" if first else ""
        return f"{self.suite}.{self.expectation} ({self.severity}): {self.observed}{where}. {self.reason}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """A result as `as_json` wrote it. Older records have old names and no `runbook`."""
        record = current_names(record)
        return cls(**{"runbook": "", **record, "failing": tuple(record["failing"])})


def failing_as_csv(results: Iterable[Result]) -> str:
    """Every failing row of `results` as CSV. Grain: one failing row of one expectation. The keys are a JSON object."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["suite", "expectation", "severity", "keys"])
    for result in results:
        for row in () if result.success else result.failing:
            writer.writerow([result.suite, result.expectation, result.severity, json.dumps(row, ensure_ascii=False)])
    return text.getvalue()
