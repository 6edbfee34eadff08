"""Checks figures with Great Expectations, keeps the results, and gives each vintage a verdict.

Belongs here: loading `expectations/`, running a suite, verdicts on vintages, results as rows, the validation page. Does
not belong here: the expectations (`expectations/`), Dagster (`orchestration`).
"""
