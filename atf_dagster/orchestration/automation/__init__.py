"""What starts by itself, and what notices: schedules, sensors, the standing check, re-runs of single vintages.

Belongs here: when something runs, and reporting to Dagster what the house knows. Does not belong here: steps
(`assets`), what people are told (`alerts`).

No `from __future__ import annotations` in these modules: it breaks functions with an annotated `context`.
"""
