"""A reader as a process: asks a release all the time until told to stop, and says what it saw; run as a program.

    reader.py keep FOLDER STOP      opens FOLDER/current/atf.duckdb once and keeps it open
    reader.py follow FOLDER STOP    opens it anew for every question

Belongs here: asking. Does not belong here: what it should have seen.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

# Two tables and a view that a release in the making would fill at different moments.
ASKED = """
select
    (select version from mart.release_info),
    (select min(value) from mart.fct_observation where indicator_code = 'ATF02' and value is not null),
    (select max(value) from mart.fct_observation where indicator_code = 'ATF02' and value is not null),
    (select max(value) from mart.vw_latest_by_sex where indicator_code = 'ATF02'),
    (select count(*) from mart.fct_observation)
"""


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{folder / 'current' / 'atf.duckdb'}' as atf (read_only)")
    connection.execute("use atf")
    return connection


def main(way: str, folder: Path, stop: Path) -> None:
    seen: dict[str, list[object]] = {}
    questions, errors = 0, []
    kept = opened(folder) if way == "keep" else None
    print("reading", flush=True)
    stopped = False
    while not stopped:
        stopped = stop.exists()  # looked at before the last question, so that it is asked of the last release
        try:
            connection = kept or opened(folder)
            row = connection.execute(ASKED).fetchone()
            seen.setdefault(json.dumps(row), []).append(questions)
            if kept is None:
                connection.close()
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        questions += 1
        time.sleep(0.2)
    print(json.dumps({"seen": [json.loads(row) for row in seen], "questions": questions, "errors": errors}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
