"""One home with local returns, from their submission to the mart, which the tests of this folder read.

Belongs here: what was submitted and in which order. Does not belong here: what must hold, the rows (made_up_returns).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from made_up_returns import NOW, WHOLE, contracts, spend, staff, write

from atf_dagster.catalogue import load
from atf_dagster.pipeline.steps import Refresh
from atf_dagster.returns.store import submit
from atf_dagster.settings import Settings, disable_usage_data
from support.home import made_once

RETURNS = ["local_returns_atf12", "local_returns_atf20", "local_returns_atf21"]
BESIDE = "ons_els_modelled_unemployment"  # a refresh that no publisher answers builds nothing


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with three submissions: the second corrects figures of the first, among them a small band to one that
    could be shown; the third has not been landed. Nothing in it may be changed."""
    return Settings(home=made_once(tmp_path_factory, "returns", submitted_and_built) / "home")


def submitted_and_built(folder: Path) -> None:
    disable_usage_data()
    home = folder / "home"
    home.mkdir()
    catalogue = load()
    first = [
        staff("ALL", "60", "250", "12"),
        staff("Band 2", "17", "90", "5"),
        staff("Band 5", "3", "20", "2"),
        staff("Band 6", "40", "140", "5"),
        staff("Band 9", "0", "0", "0", data_status="nil return"),
        *second_trust("83", "3"),
        spend(),
        spend(
            org_code="ZZ1",
            org_name="Made-up Trust",
            area_code=WHOLE,
            numerator="",
            denominator="",
            data_status="not supplied",
            notes="The ledger was closed.",
        ),
        contracts(),
    ]
    submit(home, write(folder, first, "first.csv"), catalogue, NOW)
    at_home = Settings(home=home)
    build(at_home, "first")
    second = [
        spend(numerator="2000.50", submitted_at="2025-07-30T09:00:00"),
        *second_trust("110", "30", submitted_at="2025-07-30"),
    ]
    submit(home, write(folder, second, "second.csv"), catalogue, NOW + dt.timedelta(days=1))
    build(at_home, "second")
    third = [spend(numerator="4000", submitted_at="2025-08-30T09:00:00")]
    submit(home, write(folder, third, "third.csv"), catalogue, NOW + dt.timedelta(days=2))
    build(at_home.model_copy(update={"skip_services": frozenset({"returns"})}), "third").build("mart")


def build(settings: Settings, run_id: str) -> Refresh:
    """Up to admission, which later runs go on from; the mart is made of the last one."""
    refresh = Refresh(settings, run_id)
    refresh.fetch([*RETURNS, BESIDE])
    refresh.parse()
    refresh.build("staged")
    refresh.admit()
    return refresh


def second_trust(total: str, small: str, **changes: str) -> list[dict[str, str]]:
    """Bands of another trust, Band 5 being small or not."""
    who = {"org_code": "ZZ2", "org_name": "Second Trust", **changes}
    return [
        staff("ALL", total, "450", "10", **who),
        staff("Band 2", "40", "150", "5", **who),
        staff("Band 5", small, "100", "0", **who),
        staff("Band 6", "40", "200", "5", **who),
    ]
