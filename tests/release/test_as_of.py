"""The macro as_of of a release: the figures as they stood when a day ended.

Belongs here: what a reader gets for a day. Does not belong here: how history comes about (dbt's unit tests).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from support.home import PublishedHome
from support.releases import make_writable, run_sql

KEY = "indicator_code = 'ATF17' and area_code = 'E08000012' and period_id = '2025-09-30/2025-09-30'"


@pytest.fixture
def revised(home: PublishedHome) -> Path:
    """A release in which one figure was revised on 1 December 2026 and withdrawn on 1 January 2027."""
    folder = home.release
    make_writable(folder)
    history = "mart.fct_observation_history"
    run_sql(
        folder / "atf.duckdb",
        f"update {history} set valid_from = timestamp '2026-11-01 23:59:59' where {KEY}",
        f"update {history} set valid_to = timestamp '2026-12-01 00:00:00' where {KEY}",
        f"create temp table newer as from {history} where {KEY}",
        "update newer set valid_from = valid_to, valid_to = timestamp '2027-01-01 06:00:00', value = 99, "
        "change = 'revised'",
        f"insert into {history} from newer",
        "update newer set valid_from = valid_to, valid_to = null, value = null, change = 'withdrawn', "
        "status = 'withdrawn'",
        f"insert into {history} from newer",
    )
    return folder / "atf.duckdb"


@pytest.mark.parametrize(
    ("day", "values"),
    [
        ("2026-10-31", []),
        ("2026-11-01", ["first"]),
        ("2026-11-30", ["first"]),
        ("2026-12-01", ["revised"]),
        ("2026-12-31", ["revised"]),
        ("2027-01-01", []),
    ],
)
@pytest.mark.parametrize("attached", [True, False])
def test_a_day_shows_what_was_in_force_when_it_ended(
    revised: Path, day: str, values: list[str], attached: bool
) -> None:
    with duckdb.connect() if attached else duckdb.connect(str(revised), read_only=True) as connection:
        if attached:
            connection.execute(f"attach '{revised}' as atf (read_only)")
            connection.execute("use atf.mart")
        found = connection.execute(f"select value from as_of(date '{day}') where {KEY}").fetchall()
    assert ["revised" if value == 99 else "first" for (value,) in found] == values


def test_today_as_of_today_is_what_is_in_force(published_home: PublishedHome) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home.mart}' as atf (read_only)")
        connection.execute("use atf.mart")
        [now] = connection.execute("select count(*), sum(value) from fct_observation").fetchall()
        [then] = connection.execute("select count(*), sum(value) from as_of(date '2999-12-31')").fetchall()
        columns = [name for name, *_ in connection.execute("describe from as_of(date '2999-12-31')").fetchall()]
        history = [name for name, *_ in connection.execute("describe fct_observation_history").fetchall()]
    assert now[0] == then[0]
    assert now[1] == pytest.approx(then[1])
    assert columns == history
