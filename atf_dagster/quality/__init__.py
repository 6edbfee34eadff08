"""Whether figures may be believed: Great Expectations suites run, told and kept.

Belongs here: loading `expectations/`, running a suite, verdicts on vintages, results as rows, the
validation page. Does not belong here: any rule (they stand in `expectations/`), Dagster (`assets`).
"""
