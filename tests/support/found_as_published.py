"""What the checks of plausibility say of the bundled figures, which are as their publishers gave them.

Belongs here: these three findings, each looked up in the publisher's file. Does not belong here: what a check says of
figures that a test has changed.
"""

from __future__ import annotations

import duckdb

ADMISSION = {("staged_series", "zero_fits_its_series")}
"""Halton had no household in temporary accommodation at the end of June 2022, between quarters without data."""

MART = {("moved_together", "councils_move_with_england"), ("old_periods", "figure_fits_its_series")}
"""Children in absolute low income rose to 1.24 times in all nine councils in 2022/23, and to 1.02 times in England;
Sefton had 12 households in temporary accommodation at the end of 2021 and 44 three months later."""


def without_them(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the figures that the checks of the mart find out of its tables, so that a test begins with none."""
    connection.execute(
        "delete from mart.fct_observation where (indicator_code = 'PRX15C' and period_id like '2022-04-01%') "
        "or (indicator_code in ('ATF17', 'SUP40', 'SUP41') and area_code = 'E08000014' "
        "and period_id like '2021-12-31%')"
    )
