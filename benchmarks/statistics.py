"""How the time of the statistics grows with the figures: part of `make bench`, or `python -m benchmarks.statistics`.

Makes up figures of all upper-tier councils of England (they are only there to be timed, and are published nowhere) from
0.1 to 10 million rows, each with sexes, deprivation deciles and free school meals, and runs over them the SQL of every
table that follows from the figures' history, as dbt compiled it. Every council counts as answered, so that trends and
inequality are worked out for all of England and not only for the twelve areas. Each size is a process of its own, with
its peak memory; the reference is one sorted copy of the same rows, made in the same process.

Belongs here: made-up figures and measuring. Does not belong here: a judgement; no test reads these figures.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
INDICATORS, PERIODS = 25, 15
HISTORY = "int_observation_history"
# What is not a statistic of figures: why one is missing, and the questions' views.
LEFT_OUT = ("coverage",)

FIGURES = """
create or replace table intermediate.int_observation_history as
with
    area as (
        select area_code from mart.dim_area
        where area_code in ('E92000001', 'E12000002')
            or (area_type = 'council' and left(area_code, 3) in ('E06', 'E08', 'E09', 'E10'))
    ),
    indicator as (
        select indicator_code, multiplier from raw.catalogue_indicator
        where value_type in ('proportion', 'crude_rate', 'standardised_rate') order by indicator_code limit {indicators}
    ),
    year as (select unnest(range(2010, 2010 + {periods})) as year),
    category as (
        select sex, 'Total' as breakdown_type, 'Total' as breakdown_value
        from (values ('Persons'), ('Female'), ('Male')) as kind(sex)
        union all
        select 'Persons', 'LSOA21 deprivation deciles within area (IMD trend)', name
        from (values ('Most deprived decile (IMD2019)'), ('Second most deprived decile (IMD2019)'),
            ('Third more deprived decile (IMD2019)'), ('Fourth more deprived decile (IMD2019)'),
            ('Fifth more deprived decile (IMD2019)'), ('Fifth less deprived decile (IMD2019)'),
            ('Fourth less deprived decile (IMD2019)'), ('Third less deprived decile (IMD2019)'),
            ('Second least deprived decile (IMD2019)'), ('Least deprived decile (IMD2019)')) as decile(name)
        union all
        select 'Persons', 'Free school meals', name
        from (values ('Eligible for FSM'), ('Not eligible for FSM')) as meal(name)
        union all
        select 'Persons', 'Group', 'Group ' || number from range({groups}) as more(number)
    ),
    cell as (
        select *, hash(area_code, indicator_code, year, sex, breakdown_value) as draw
        from area, indicator, year, category
    ),
    counted as (
        select *, cast(500 + draw % 4500 as double) as denominator,
            floor((500 + draw % 4500) * (0.2 + 0.3 * (draw // 4500 % 1000) / 1000)) as numerator
        from cell
    ),
    keyed as (
        select *, year || '-01-01/' || year || '-12-31' as period_id, multiplier * numerator / denominator as value,
            multiplier * 1.96 * sqrt(numerator) / denominator as half
        from counted
    )
select
    indicator_code, area_code, period_id, make_date(year, 1, 1) as period_start, make_date(year, 12, 31) as period_end,
    sex, 'All ages' as age, breakdown_type, breakdown_value,
    md5(concat_ws('|', indicator_code, area_code, period_id, sex, 'All ages', breakdown_type, breakdown_value))
        as observation_key,
    timestamp '2026-01-01 06:00:00' as valid_from, cast(null as timestamp) as valid_to, 'new' as change,
    (select min(vintage_id) from raw.vintage) as vintage_id, cast(1 as bigint) as source_row,
    cast(null as string) as vintage_id_before, value, numerator, denominator, value - half as lci_95,
    value + half as uci_95, value - 1.5767 * half as lci_998, value + 1.5767 * half as uci_998,
    'published' as ci_method, 'normal' as status, cast(null as string) as status_note
from keyed
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="atf-bench-") as folder:
        home = Path(folder) / "home"
        environment = {**os.environ, "ATF_HOME": str(home), "ATF_MODE": "snapshot"}
        refresh = [Path(sys.executable).with_name("atf"), "refresh", "--quiet"]
        subprocess.run(refresh, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        print(f"{'statistics of':<24}{'figures':>12}{'seconds':>9}{'a million':>13}{'sorted copy':>13}{'peak MiB':>10}")
        for size in SIZES:
            _line(f"{size / 1e6:g} million asked for", _measured(home, Path(folder), size))
        england = _measured(home, Path(folder), None)
        _line("all of England", england)
        for name, seconds in sorted(england["models"].items(), key=lambda item: -item[1])[:8]:
            print(f"  {name:<34}{seconds:>11.2f}")


def _line(what: str, run: dict[str, Any]) -> None:
    seconds, figures = sum(run["models"].values()), run["figures"]
    print(
        f"{what:<24}{figures:>12,}{seconds:>9.2f}{1e6 * seconds / figures:>13.2f}"
        f"{seconds / run['copy']:>11.1f} x{run['memory'] / 1024:>10.0f}"
    )


def _measured(home: Path, folder: Path, size: int | None) -> dict[str, Any]:
    """One size in a process of its own: seconds by table, figures, seconds of the copy, peak memory in KiB."""
    command = [sys.executable, "-m", "benchmarks.statistics", str(home), str(folder / "warehouse.duckdb")]
    process = subprocess.Popen([*command, str(size or 0)], stdout=subprocess.PIPE)  # noqa: S603
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the statistics of {size} figures failed with exit code {process.returncode}")
    return {**json.loads(output), "memory": usage.ru_maxrss}


def _run(home: Path, database: Path, size: int) -> dict[str, Any]:
    manifest = json.loads((home / "dbt" / "manifest.json").read_text("utf-8"))
    compiled = home / "dbt" / "compiled" / manifest["metadata"]["project_name"]
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"attach '{home / 'snapshot' / 'warehouse.duckdb'}' as built (read_only)")
        connection.execute("copy from database built to warehouse")
        connection.execute("detach built")
        connection.execute(
            "update mart.dim_area set is_answered = true "
            "where area_type = 'council' and left(area_code, 3) in ('E06', 'E08', 'E09', 'E10')"
        )
        found = connection.execute(
            "select count(*) + 2 from mart.dim_area "
            "where area_type = 'council' and left(area_code, 3) in ('E06', 'E08', 'E09', 'E10')"
        ).fetchone()
        areas = int(found[0]) if found else 0
        kinds = 15  # three sexes, ten deciles, two groups of free school meals
        indicators, groups = INDICATORS, 0
        if size:
            wanted = size / (areas * PERIODS)
            indicators = min(INDICATORS, max(1, round(wanted / kinds)))
            groups = max(0, round(wanted / indicators) - kinds)
        connection.execute(FIGURES.format(indicators=indicators, periods=PERIODS, groups=groups))
        counted = connection.execute("select count(*) from intermediate.int_observation_history").fetchone()
        start = time.perf_counter()
        connection.execute(
            "create table copied as select * from intermediate.int_observation_history order by observation_key"
        )
        copy = time.perf_counter() - start
        connection.execute("drop table copied")
        seconds = {}
        for node in _descendants(manifest):
            sql = (compiled / node["original_file_path"]).read_text("utf-8")
            start = time.perf_counter()
            connection.execute(f"create or replace table {node['schema']}.{node['name']} as {sql}")
            seconds[node["name"]] = time.perf_counter() - start
    return {"models": seconds, "figures": int(counted[0]) if counted else 0, "copy": copy}


def _descendants(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables that follow from the history of figures, each behind those that it reads."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    reached = {key for key, node in models.items() if node["name"] == HISTORY}
    order: list[dict[str, Any]] = []
    waiting = True
    while waiting:
        waiting = False
        for key, node in models.items():
            parents = {parent for parent in node["depends_on"]["nodes"] if parent in models}
            kept = node["config"]["materialized"] == "table" and node["name"] not in LEFT_OUT
            if key not in reached and parents & reached and kept and not parents & _pending(models, reached):
                reached.add(key)
                order.append(node)
                waiting = True
    return order


def _pending(models: dict[str, Any], reached: set[str]) -> set[str]:
    """Models that follow from those reached and are not built yet."""
    pending: set[str] = set()
    grown = True
    while grown:
        grown = False
        for key, node in models.items():
            if key in reached or key in pending or node["config"]["materialized"] != "table":
                continue
            if {*node["depends_on"]["nodes"]} & (reached | pending) and node["name"] not in LEFT_OUT:
                pending.add(key)
                grown = True
    return pending


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
