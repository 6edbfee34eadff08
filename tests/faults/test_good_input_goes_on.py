"""What is unusual and right: accepted while everything around it fails, and recorded as what it was.

Belongs here: revisions, pauses, encodings, added columns, validators; and the repair of what was damaged.
Does not belong here: what bad input gets (`test_what_bad_input_gets`).
"""

from __future__ import annotations

import re
from datetime import datetime

import duckdb
from bad_inputs import (
    ADDED_COLUMN,
    BUSY,
    HALF_A_YEAR,
    NOTE_IN_WINDOWS_1252,
    PAUSE,
    REVISED,
    SUPPRESSED_LATER,
    UTF_16,
    WINDOWS_1252,
    WITH_ETAG,
)
from homes import Ended, Home, Killed, Record
from story import FIGURES, Damaged, Unchanged, indicator_of, part_of, receipt, source_id, vintage_name

from support.damage import Row, newest_council, revised_with_a_new_period, rows_of
from support.two_publishers import COUNCILS_PART, fingertips_body

KINDS = ("new", "revised", "withdrawn")
MEASURES = """
    select o.* exclude (vintage_id, source_row, first_seen_at, status_note)
    from mart.fct_observation as o inner join mart.dim_vintage as v on o.vintage_id = v.vintage_id
    where v.dataset = ? order by all
"""


def raw_rows(home: Home, record: Record) -> duckdb.DuckDBPyRelation:
    """The raw Parquet of the vintage that a receipt brought."""
    (path,) = (home.workspace / "raw").glob(f"*/{vintage_name(record)}.parquet")
    return duckdb.read_parquet(str(path))


def revision() -> tuple[Row, Row, list[Row]]:
    """The revised row as it was and as it is, and the rows of the new period."""
    body = fingertips_body(source_id(REVISED))
    before, after = rows_of(body), rows_of(revised_with_a_new_period(body))
    return newest_council(before), newest_council(after[: len(before)]), after[len(before) :]


def first_year(row: Row) -> int:
    return int(row["Time period"][:4])


def test_a_revised_figure_and_a_new_period_are_published_beside_twenty_faults(
    home: Home, first: Ended, damaged: Damaged
) -> None:
    old, new, added = revision()
    assert old["Value"] != new["Value"]
    sql = """
        select value from mart.fct_observation
        where indicator_code = ? and area_code = ? and sex = ? and extract(year from period_start) = ?
    """
    key = [indicator_of(REVISED), old["Area Code"], old["Sex"]]
    assert home.rows(sql, [*key, first_year(old)], version=first.current) == [(float(old["Value"]),)]
    assert home.rows(sql, [*key, first_year(old)], version=damaged.ended.current) == [(float(new["Value"]),)]
    assert home.rows(sql, [*key, first_year(added[-1])], version=first.current) == []
    assert home.rows(sql, [*key, first_year(added[-1])], version=damaged.ended.current) == [
        (float(newest_council(added)["Value"]),)
    ]
    changes = {change.pop("indicator"): change for change in map(dict, damaged.ended.report["changes"])}
    keys = {(row["Area Code"], row["Sex"]) for row in added}  # England comes twice
    # What test_implausible_refresh reads came in the same refresh.
    expected = (REVISED, BUSY, HALF_A_YEAR, SUPPRESSED_LATER)
    assert set(changes) == {indicator_of(dataset) for dataset in expected}
    # Beside the publisher's rows the pool of the nine councils, for each sex.
    pools = {sex for _, sex in keys}
    assert [changes[indicator_of(REVISED)][kind] for kind in KINDS] == [len(keys) + len(pools), 1, 0]
    assert [changes[indicator_of(BUSY)][kind] for kind in KINDS] == [0, 1, 0]


def test_a_busy_publisher_is_given_the_pause_that_it_asks_for_and_then_lands(home: Home, damaged: Damaged) -> None:
    record = receipt(home, BUSY, damaged.ended.run_id)
    assert (record["outcome"], record["status"], record["tries"]) == ("landed", 200, 2)
    # The pause holds everything that is asked of that host; this thread's share of it is in its receipt.
    assert record["waited_seconds"] >= 0.9 * PAUSE


def test_an_added_column_is_accepted_noted_and_kept(home: Home, first: Ended, damaged: Damaged) -> None:
    record = receipt(home, ADDED_COLUMN, damaged.ended.run_id)
    assert (record["outcome"], record["columns_added"]) == ("landed", ["notes"])
    assert raw_rows(home, record).project("notes").distinct().fetchall() == [("provisional",)]
    assert home.rows(FIGURES, [ADDED_COLUMN], version=damaged.ended.current) == home.rows(
        FIGURES, [ADDED_COLUMN], version=first.current
    )


def test_a_file_in_windows_1252_is_read_as_it_was_written(home: Home, damaged: Damaged) -> None:
    record = receipt(home, WINDOWS_1252, damaged.ended.run_id)
    assert (record["outcome"], record["encoding"]) == ("landed", "cp1252")
    notes = raw_rows(home, record).filter("value_note is not null").project("value_note").fetchall()
    assert notes == [(NOTE_IN_WINDOWS_1252,)]
    assert NOTE_IN_WINDOWS_1252.encode("cp1252") in home.object(record["sha256"]).read_bytes()


def test_a_file_in_utf_16_gives_the_same_figures(home: Home, first: Ended, damaged: Damaged) -> None:
    record = receipt(home, UTF_16, damaged.ended.run_id)
    assert (record["outcome"], record["encoding"]) == ("landed", "utf-16")
    assert home.object(record["sha256"]).read_bytes()[:2] == b"\xff\xfe"
    before = home.rows(MEASURES, [UTF_16], version=first.current)
    assert before
    assert home.rows(MEASURES, [UTF_16], version=damaged.ended.current) == before


def test_other_bytes_with_the_same_figures_are_no_revision(home: Home, damaged: Damaged) -> None:
    for dataset in (ADDED_COLUMN, UTF_16, WINDOWS_1252):
        assert home.rows(
            "select count(*) from mart.fct_revision as r inner join mart.dim_vintage as v "
            "on r.new_vintage_id = v.vintage_id where v.dataset = ?",
            [dataset],
            version=damaged.ended.current,
        ) == [(0,)]


def test_a_publisher_with_validators_is_asked_with_them_and_sends_nothing(
    home: Home, first: Ended, damaged: Damaged
) -> None:
    before = receipt(home, WITH_ETAG, first.run_id)
    record = receipt(home, WITH_ETAG, damaged.ended.run_id)
    assert before["etag"]
    assert [headers["if-none-match"] for headers in damaged.asked[source_id(WITH_ETAG)]] == [before["etag"]]
    assert (record["outcome"], record["status"], record["sha256"]) == ("unchanged", 304, before["sha256"])


def test_parts_that_the_publisher_has_not_are_no_fault(home: Home, first: Ended) -> None:
    for part in ("regions", "icbs"):
        (record,) = home.attempts(REVISED, part, first.run_id)
        assert (record["outcome"], record["reason"]) == ("no_data", "not_published")


# repair ----------------------------------------------------------------------------------------------------


def test_when_the_publishers_are_well_again_nothing_is_held_back(home: Home, damaged: Damaged, repaired: Ended) -> None:
    assert (repaired.code, repaired.report["outcome"]) == (0, "published")
    assert repaired.report["source_issues"] == []
    assert home.rows("select datasets_held_back from mart.release_info", version=repaired.current) == [("",)]
    assert home.rows("select * from mart.coverage where state = 'stale'", version=repaired.current) == []
    assert repaired.current not in (None, damaged.ended.current)


def test_what_was_spoiled_comes_back_with_the_figures_it_had(
    home: Home, first: Ended, damaged: Damaged, repaired: Ended
) -> None:
    for fault in damaged.faults.values():
        before = home.rows(FIGURES, [fault.dataset], version=first.current)
        assert home.rows(FIGURES, [fault.dataset], version=repaired.current) == before, fault.name


def test_bad_figures_never_entered_the_history(home: Home, first: Ended, damaged: Damaged, repaired: Ended) -> None:
    for fault in damaged.faults.values():
        vintages = home.rows(
            "select distinct h.vintage_id from mart.fct_observation_history as h inner join mart.dim_vintage as v "
            "on h.vintage_id = v.vintage_id where v.dataset = ?",
            [fault.dataset],
            version=repaired.current,
        )
        assert [re.sub(r"\.[0-9a-f]{12}$", "", vintage) for (vintage,) in vintages] == [
            f"{fault.dataset}.{part_of(fault.dataset)}.0001"
        ], fault.name


def test_a_revision_is_kept_with_both_vintages(home: Home, first: Ended, repaired: Ended) -> None:
    old, new, _ = revision()
    ((area, sex, before, after, old_vintage, new_vintage, seen),) = home.rows(
        "select area_code, sex, old_value, new_value, old_vintage_id, new_vintage_id, seen_at from mart.fct_revision "
        "where indicator_code = ?",
        [indicator_of(REVISED)],
        version=repaired.current,
    )
    assert (area, sex) == (old["Area Code"], old["Sex"])
    assert (before, after) == (float(old["Value"]), float(new["Value"]))
    assert [old_vintage, new_vintage] == [vintage_name(v) for v in home.vintages(REVISED, COUNCILS_PART)][:2]
    history = home.rows(
        "select value, change, vintage_id, valid_from, valid_to from mart.fct_observation_history "
        "where indicator_code = ? and area_code = ? and sex = ? and extract(year from period_start) = ? "
        "order by valid_from",
        [indicator_of(REVISED), area, sex, first_year(old)],
        version=repaired.current,
    )
    assert [row[:3] for row in history] == [(before, "new", old_vintage), (after, "revised", new_vintage)]
    assert history[0][4] == history[1][3] == seen
    assert history[1][4] is None


def test_as_at_the_first_release_the_old_figures_are_all_there(home: Home, first: Ended, repaired: Ended) -> None:
    """The mart of today answers for the moment of the first release with exactly the first release's figures.

    An approximate pool is worked out from what is in force now and has no history: fct_observation_history says so.
    """
    ((built_at,),) = home.rows("select built_at from mart.release_info", version=first.current)
    assert isinstance(built_at, datetime)
    key = "indicator_code, area_code, period_id, sex, age, breakdown_type, breakdown_value, value, status"
    then = home.rows(
        f"select {key} from mart.fct_observation_history where valid_from <= ? "
        "and (valid_to is null or valid_to > ?) and change <> 'withdrawn' "
        "and derived_by is distinct from 'approximate_pool' order by all",
        [built_at, built_at],
        version=repaired.current,
    )
    assert then == home.rows(
        f"select {key} from mart.fct_observation where derived_by is distinct from 'approximate_pool' order by all",
        version=first.current,
    )


def test_a_refresh_with_nothing_new_publishes_nothing_and_parses_nothing(unchanged: Unchanged, repaired: Ended) -> None:
    assert (unchanged.ended.code, unchanged.ended.report["outcome"]) == (0, "unchanged")
    assert unchanged.ended.current == repaired.current
    assert unchanged.versions[0] == unchanged.versions[1]
    assert unchanged.raw_files[0] == unchanged.raw_files[1]
    assert unchanged.raw_files[0], "there are no raw files, so their times say nothing"


def test_a_refresh_with_nothing_new_brings_no_vintage_but_a_receipt_for_every_part(
    home: Home, unchanged: Unchanged
) -> None:
    assert unchanged.vintages[0] == unchanged.vintages[1]
    assert unchanged.vintages[0]
    for part in unchanged.vintages[0]:
        dataset, _, name = part.partition("/")
        (record,) = home.attempts(dataset, name, unchanged.ended.run_id)
        assert (record["outcome"], record["reason"]) == ("unchanged", None)


def test_what_a_killed_refresh_had_landed_is_not_landed_again(
    home: Home, damaged: Damaged, killed: dict[str, Killed], repaired: Ended
) -> None:
    dataset = damaged.faults["unit_switch"].dataset
    good, bad, good_again = home.vintages(dataset, part_of(dataset))
    assert good["sha256"] == good_again["sha256"] != bad["sha256"]
    assert good_again["run_id"] not in (damaged.ended.run_id, repaired.run_id)
    assert receipt(home, dataset, repaired.run_id)["outcome"] == "unchanged"
