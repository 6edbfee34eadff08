"""What starts by itself, and what notices: schedules, sensors, the check of open alerts, re-runs of single vintages.

Belongs here: when something runs, and reporting open alerts to Dagster. Does not belong here: steps
(`assets`), what people are notified of (`alerts`).

No `from __future__ import annotations` in these modules: it breaks functions with an annotated `context`.
"""
