"""A release says what changed since the one that readers had, and which releases there were, also removed ones."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from test_release_publishing import release_again

from atf_dagster.release import changes, software, versions
from atf_dagster.release.candidate import write_database
from atf_dagster.release.history import Past
from support.home import PublishedHome
from support.releases import another_release, facts_of, make_writable, run_sql

LIVERPOOL, KNOWSLEY = "E08000012", "E08000011"
NEXT = "000009-20270101T060000Z"
FACTS = {
    "version": NEXT,
    "built_at": None,
    "mode": "snapshot",
    "software_version": "9.9",
    "software_commit": "c0ffee",
    "contract_version": 1,
    "quality_state": "passed",
}
SERIES = "indicator_code, area_code, sex, age, breakdown_type, breakdown_value"
TOTAL = "breakdown_type = 'Total'"
HIDE = "value = null, numerator = null, lci_95 = null, uci_95 = null, status = 'suppressed'"

Row = dict[str, Any]


@dataclasses.dataclass
class Written:
    """A database as the release after the home's would have it."""

    database: Path
    said: list[str]

    def ask(self, sql: str) -> list[Row]:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.database}' as release (read_only); use release")
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def changes(self, where: str = "true") -> list[Row]:
        return self.ask(f"select * from fct_change where {where} order by all")

    @property
    def history(self) -> list[Row]:
        return self.ask("select * from release_history")


Write = Callable[..., Written]


@pytest.fixture
def home(published_home: PublishedHome, tmp_path: Path) -> PublishedHome:
    """A home with a copy of the release, with all of its figures, which these stories change by name."""
    return published_home.copy_of_releases(tmp_path / "home")


@pytest.fixture(scope="module")
def write(published_home: PublishedHome, tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Changes a copy of the home's warehouse by SQL, and writes the next release's database beside `releases`."""

    def written(*statements: str, releases: Path | None = None, **facts: Any) -> Written:
        folder = tmp_path_factory.mktemp("next")
        shutil.copy(published_home.settings.warehouse, folder / "warehouse.duckdb")
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)
        said: list[str] = []
        past = Past(versions.releases(releases or published_home.releases), said.append)
        own = {**FACTS, "code_sha256": published_home.receipt["code_sha256"], **facts}
        target = folder / "atf.duckdb"
        tables = published_home.tables
        write_database(target, folder / "warehouse.duckdb", tables, {}, lambda connection: past.write(connection, own))
        return Written(target, said)

    return written


WOMEN = f"indicator_code = 'ATF01' and area_code = '{LIVERPOOL}' and sex = 'Female' and {TOTAL}"
NEWEST = f"{WOMEN} and period_id = (select max(period_id) from mart.fct_observation where {WOMEN})"
MEN = WOMEN.replace("'Female'", "'Male'")
OLDEST_MEN = f"{MEN} and period_id = (select min(period_id) from mart.fct_observation where {MEN})"
READY = f"indicator_code = 'ATF04' and area_code = '{KNOWSLEY}' and {TOTAL}"
POVERTY = f"indicator_code = 'ATF17' and area_code = '{KNOWSLEY}' and {TOTAL}"
HIDDEN = (
    "indicator_code = 'ATF09' and period_id = '2021-09-01/2022-08-31' and sex = 'Persons' and breakdown_type = 'Total'"
)


@pytest.fixture(scope="module")
def changed(write: Write) -> Written:
    """One release with each kind of change in it."""
    return write(
        f"update mart.fct_observation set value = value + 1 where {NEWEST}",
        # Another group: one figure is withdrawn, as the history says, and one is new.
        f"update mart.fct_observation_history set valid_to = valid_from + interval 1 hour where {OLDEST_MEN}",
        f"update mart.fct_observation set age = 'At birth' where {OLDEST_MEN}",
        f"update mart.fct_comparison set outcome_statistical = 'higher', outcome_judged = 'better' where {READY} "
        "and benchmark_area_code = 'E92000001' and outcome_statistical = 'lower'",
        f"update mart.fct_observation set lci_95 = lci_95 - 1 where {POVERTY} and lci_95 is not null",
        f"update mart.fct_observation set {HIDE} where {HIDDEN} and area_code = '{KNOWSLEY}'",
        # Worked out by this warehouse, and changed where a council is hidden now.
        f"update mart.fct_observation set value = value + 0.5 where {HIDDEN} and area_code = 'E54000008'",
    )


def one(rows: list[Row]) -> Row:
    (row,) = rows
    return row


def test_a_revised_figure_has_its_value_before_and_now(changed: Written, published_home: PublishedHome) -> None:
    ((before,),) = published_home.rows(f"select value from mart.fct_observation where {NEWEST}")
    row = one(changed.changes("indicator_code = 'ATF01' and change = 'revised'"))
    assert (row["area_code"], row["sex"], row["old_value"], row["new_value"]) == (
        LIVERPOOL,
        "Female",
        before,
        before + 1,
    )
    assert (row["version_before"], row["version"]) == (published_home.release.name, NEXT)
    assert (row["is_other_mode"], row["made_by_other_code"], row["old_value_reason"]) == (False, False, None)
    asked = f"select observation_key, is_headline from mart.fct_observation where {NEWEST}"
    assert published_home.rows(asked) == [(row["observation_key"], row["is_headline"])]


def test_a_figure_under_another_key_is_withdrawn_and_new(changed: Written) -> None:
    rows = {row["change"]: row for row in changed.changes("indicator_code = 'ATF01' and sex = 'Male'")}
    assert set(rows) == {"new", "withdrawn"}
    new, gone = rows["new"], rows["withdrawn"]
    assert (new["age"], new["old_value"], new["old_status"]) == ("At birth", None, None)
    assert (gone["new_value"], gone["new_status"]) == (None, None)
    assert new["new_value"] is not None and gone["old_value"] == new["new_value"]
    assert gone["observation_key"] and gone["is_headline"] is not None


def test_a_comparison_that_changed_beside_the_same_figure_is_a_change(
    changed: Written, published_home: PublishedHome
) -> None:
    asked = f"{READY} and benchmark_area_code = 'E92000001' and outcome_statistical = 'lower'"
    ((expected,),) = published_home.rows(f"select count(*) from mart.fct_comparison where {asked}")
    rows = changed.changes("indicator_code = 'ATF04'")
    assert len(rows) == expected > 0
    for row in rows:
        assert (row["change"], row["comparison_changed"]) == ("comparison", True)
        assert row["old_value"] == row["new_value"] is not None
        assert (row["old_outcome_statistical"], row["new_outcome_statistical"]) == ("lower", "higher")
        assert (row["old_outcome_judged"], row["new_outcome_judged"]) == ("worse", "better")


def test_limits_that_differ_alone_are_no_change(changed: Written, published_home: PublishedHome) -> None:
    asked = f"select max(lci_95) from mart.fct_observation where {POVERTY}"
    assert changed.ask(asked)[0]["max(lci_95)"] == published_home.rows(asked)[0][0] - 1
    assert changed.changes("indicator_code = 'ATF17'") == []


def test_a_figure_that_is_hidden_now_does_not_have_its_old_value(
    changed: Written, published_home: PublishedHome
) -> None:
    ((value, status),) = published_home.rows(
        f"select value, status from mart.fct_observation where {HIDDEN} and area_code = '{KNOWSLEY}'"
    )
    row = one(changed.changes(f"area_code = '{KNOWSLEY}' and new_status = 'suppressed'"))
    assert value is not None and value not in row.values()
    assert (row["old_value"], row["old_value_reason"], row["old_status"]) == (None, "hidden_now", status)
    assert (row["old_outcome_statistical"], row["old_outcome_judged"], row["old_trend"]) == (None, None, None)


def test_where_a_figure_is_hidden_old_sums_that_no_history_shows_are_not_repeated(changed: Written) -> None:
    row = one(changed.changes("indicator_code = 'ATF09' and area_code = 'E54000008'"))
    assert (row["change"], row["old_value"], row["old_value_reason"]) == ("revised", None, "not_in_history")
    assert row["new_value"] is not None


def test_an_old_value_that_the_history_shows_is_repeated_beside_a_hidden_figure(
    write: Write, published_home: PublishedHome
) -> None:
    """As a publisher's revision comes: the history has both states."""
    liverpool = f"{HIDDEN} and area_code = '{LIVERPOOL}'"
    ((before,),) = published_home.rows(f"select value from mart.fct_observation where {liverpool}")
    revised = write(
        f"update mart.fct_observation set {HIDE} where {HIDDEN} and area_code = '{KNOWSLEY}'",
        f"update mart.fct_observation_history set valid_to = valid_from + interval 1 hour where {liverpool}",
        f"update mart.fct_observation set value = value + 1 where {liverpool}",
    )
    row = one(revised.changes(f"area_code = '{LIVERPOOL}'"))
    assert (row["old_value"], row["new_value"], row["old_value_reason"]) == (before, before + 1, None)


def test_the_table_of_releases_and_the_digest_count_alike(
    changed: Written, published_home: PublishedHome, tmp_path: Path
) -> None:
    before = one([{"release": r} for r in versions.releases(published_home.releases)])["release"]
    (tmp_path / "atf.duckdb").symlink_to(changed.database)
    counted = changes.between(before, versions.Release(tmp_path, before.receipt, is_current=False))
    own = changed.history[-1]
    totals = [sum(getattr(change, kind) for change in counted) for kind in ("new", "revised", "withdrawn")]
    assert [own["n_new"], own["n_revised"], own["n_withdrawn"]] == totals == [1, 3, 1]
    assert own["n_comparison"] == len(changed.changes("change = 'comparison'"))
    by_kind = changed.ask("select change, count(*) as n from fct_change group by all")
    assert {row["change"]: row["n"] for row in by_kind} == {
        "new": 1,
        "revised": 3,
        "withdrawn": 1,
        "comparison": own["n_comparison"],
    }


def test_a_trend_that_turned_is_said_at_its_points(write: Write) -> None:
    series = f"({SERIES}) = (select ({SERIES}) from mart.fct_trend where outcome = 'increasing' order by all limit 1)"
    turned = write(
        f"update mart.fct_observation set value = value + 1 where {series}",
        f"update mart.fct_trend set outcome = 'decreasing' where {series}",
    )
    rows = turned.changes()
    at_points = [row for row in rows if row["trend_changed"] is not None]
    assert len(at_points) >= 5 and all(row["trend_changed"] for row in at_points)
    assert {(row["old_trend"], row["new_trend"]) for row in at_points} == {("increasing", "decreasing")}
    (ends,) = turned.ask(f"select first_period_id, period_id from fct_trend where {series}")
    points = {row["period_id"] for row in at_points}
    assert min(points) == ends["first_period_id"] and max(points) == ends["period_id"]
    assert all(row["new_trend"] is None for row in rows if row["period_id"] < ends["first_period_id"])


# Which release it is compared with -----------------------------------------------------------------------


def test_the_first_release_lists_no_change_and_counts_all_its_figures(published_home: PublishedHome) -> None:
    assert published_home.rows("select count(*) from fct_change") == [(0,)]
    ((figures,),) = published_home.rows("select count(*) from fct_observation")
    rows = published_home.rows(
        "select version, n_new, n_revised, n_withdrawn, n_comparison, compared_with, software_version "
        "from release_history"
    )
    version = published_home.receipt["tool_version"]
    assert rows == [(published_home.release.name, figures, 0, 0, 0, None, version)]


def test_after_a_rollback_the_release_before_is_the_one_that_readers_had(home: PublishedHome, write: Write) -> None:
    first = home.release.name
    newer = another_release(home.releases, first, "000002-20261201T060000Z")
    make_writable(newer)
    run_sql(newer / "atf.duckdb", f"update mart.fct_observation set value = value + 7 where {NEWEST}")
    versions.point_to(home.releases, newer.name)
    assert {row["version_before"] for row in write(releases=home.releases).changes()} == {newer.name}
    versions.point_to(home.releases, first)
    after = write(f"update mart.fct_observation set value = value + 1 where {NEWEST}", releases=home.releases)
    row = one(after.changes())
    assert row["version_before"] == first == after.history[-1]["compared_with"]
    assert row["new_value"] - row["old_value"] == pytest.approx(1)
    # The newer one was published, and stays in the list.
    assert [row["version"] for row in after.history] == [first, newer.name, NEXT]


def test_another_mode_and_other_code_are_said_at_each_row(write: Write, home: PublishedHome) -> None:
    moved = f"update mart.fct_observation set value = value + 1 where {NEWEST}"
    assert one(write(moved, mode="live").changes())["is_other_mode"] is True
    assert one(write(moved, code_sha256="of other models").changes())["made_by_other_code"] is True
    make_writable(home.release)
    receipt = home.receipt
    del receipt["code_sha256"]
    (home.release / "receipt.json").write_text(json.dumps(receipt), "utf-8")
    assert one(write(moved, releases=home.releases).changes())["made_by_other_code"] is None


OF_OLDER_PROGRAMS = ("software_commit", "code_sha256")


@pytest.fixture
def older(home: PublishedHome) -> PublishedHome:
    """A home whose release was made by a program that did not write the two tables."""
    make_writable(home.release)
    run_sql(
        home.mart,
        *(f"drop view main.{table}" for table in ("release_history", "fct_change")),
        *(f"drop table mart.{table}" for table in ("release_history", "fct_change")),
        "drop table mart.fct_trend cascade",
        "alter table mart.fct_observation drop column observation_key",
    )
    kept = {name: said for name, said in home.receipt.items() if name not in OF_OLDER_PROGRAMS}
    (home.release / "receipt.json").write_text(json.dumps(kept), "utf-8")
    return home


def test_a_release_without_the_tables_begins_the_history_with_its_receipt(older: PublishedHome, write: Write) -> None:
    after = write(f"update mart.fct_observation set value = value + 1 where {NEWEST}", releases=older.releases)
    first, own = after.history
    receipt = older.receipt
    assert first["version"] == older.release.name
    assert first["built_at"].isoformat() == receipt["built_at"].removesuffix("+00:00")
    assert (first["mode"], first["quality_state"]) == (receipt["mode"], receipt["verdict"])
    assert (first["software_version"], first["contract_version"]) == (
        receipt["tool_version"],
        receipt["contract_version"],
    )
    assert [first[name] for name in ("software_commit", "compared_with", "n_new", "n_revised")] == [None] * 4
    assert (own["n_revised"], own["software_commit"], own["compared_with"]) == (1, "c0ffee", first["version"])
    row = one(after.changes())
    assert (row["old_trend"], row["made_by_other_code"]) == (None, None)
    assert row["observation_key"] is not None


def no_database(file: Path) -> None:
    file.write_bytes(b"no database at all")


def blocks_that_are_damaged(file: Path) -> None:
    """The file opens and names its tables; what they hold cannot be read."""
    whole = file.read_bytes()
    block, places = 262_144, range(2, len(whole) // 262_144 - 4)
    spoilt = bytearray(whole)
    for place in places:
        at = 12_288 + place * block + 4_096
        spoilt[at : at + 64] = bytes(byte ^ 0xFF for byte in spoilt[at : at + 64])
    file.write_bytes(spoilt)


@pytest.mark.parametrize(("damage", "knows_itself"), [(no_database, False), (blocks_that_are_damaged, True)])
def test_a_release_before_that_cannot_be_read_stops_nothing_and_is_no_first_release(
    home: PublishedHome, write: Write, damage: Callable[[Path], None], knows_itself: bool
) -> None:
    make_writable(home.release)
    damage(home.mart)
    after = write(releases=home.releases)
    assert after.changes() == []
    first, own = after.history
    assert first["version"] == home.release.name
    assert (first["n_new"] is not None) is knows_itself
    assert [own[name] for name in ("compared_with", "n_new", "n_revised", "n_withdrawn", "n_comparison")] == [None] * 5
    assert any(home.release.name in line and "nothing is compared with it" in line for line in after.said)


def test_the_history_is_a_chain_that_outlives_the_folders(
    home: PublishedHome, published_home: PublishedHome, tmp_path: Path
) -> None:
    """Published as each refresh does, with only the newest release kept."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(published_home.settings.warehouse, warehouse)
    facts = facts_of(published_home, "another-run")
    made = [home.release.name]
    for _ in range(2):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(f"update mart.fct_observation set value = value + 1 where {NEWEST}")
        newest = release_again(home, published_home, warehouse, facts)
        versions.remove_old(home.releases, 1)
        made.append(newest.version)
    assert [release.version for release in versions.releases(home.releases)] == made[-1:]
    written = Written(newest.database, [])
    assert [row["version"] for row in written.history] == made
    assert [row["compared_with"] for row in written.history] == [None, *made[:2]]
    assert [row["n_revised"] for row in written.history] == [0, 1, 1]
    assert {row["software_commit"] for row in written.history} == {newest.receipt["software_commit"]}


# Which software -----------------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    asked = subprocess.run(["git", "-C", str(folder), *own, *words], capture_output=True, text=True, check=True)
    return asked.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")
def test_the_commit_is_that_of_the_checkout_and_says_where_files_differ(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "model.sql").write_text("select 1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    git(tmp_path, "tag", "v1")
    head = git(tmp_path, "rev-parse", "HEAD")
    software.commit.cache_clear()
    assert software.commit(tmp_path) == head
    (tmp_path / "model.sql").write_text("select 2")
    software.commit.cache_clear()
    assert software.commit(tmp_path) == f"{head}+changed"


def test_a_package_names_the_commit_that_it_was_installed_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As installers write it down (PEP 610); a package built from a folder has no commit."""
    info = tmp_path / "all_together_fairer_warehouse-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {software.PACKAGE}\nVersion: 0.1.0\n")
    origin = {"url": "https://example.org/atf.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(str(tmp_path))
    software.commit.cache_clear()
    assert software.commit(tmp_path) == "c0ffee"
    (info / "direct_url.json").write_text(json.dumps({"url": "file:///somewhere", "dir_info": {}}))
    software.commit.cache_clear()
    assert software.commit(tmp_path) is None
