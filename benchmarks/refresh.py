"""How long the default refresh takes, beside the same work by hand: `make bench`.

Prints the whole refresh and its parts, a refresh with nothing changed, peak memory of all its processes together, and
ratios against references measured in the same run. By hand means: the same downloads with plain `requests`, the same
files read by DuckDB and calamine, the same SQL run without dbt, its tests and the frames of all suites as plain
queries, and the mart's tables written as DuckDB, Parquet and CSV. Median of RUNS.

Belongs here: measuring, and the same work by hand. Does not belong here: a judgement; no test reads these figures.
"""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import requests

from atf_dagster import catalogue
from atf_dagster.landing import Store
from atf_dagster.quality import suites
from atf_dagster.settings import Settings
from atf_dagster.snapshot import SnapshotAdapter
from atf_dagster.warehouse import dbt

RUNS = 3
AT_MOST = {"whole": 6.0, "unchanged": 0.2, "megabytes": 750.0}
"""What the figures are to be: times the work by hand, share of a default refresh, 10^6 bytes."""
SAMPLED_EVERY = 0.2
"""Seconds between two looks at the memory of the processes."""
ATF = Path(sys.executable).with_name("atf")


class _Webhook(BaseHTTPRequestHandler):
    """A channel on loopback, so that telling is measured with its delivery."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """A benchmark's output is no place for a server's log."""


def main() -> None:
    first, full, unchanged = [], [], []
    webhook = ThreadingHTTPServer(("127.0.0.1", 0), _Webhook)
    threading.Thread(target=webhook.serve_forever, daemon=True).start()
    os.environ["ATF_ALERTS"] = f"json://127.0.0.1:{webhook.server_address[1]}/"
    with tempfile.TemporaryDirectory(prefix="atf-bench-") as folder:
        home = Path(folder) / "home"
        first.append(_refresh(home))
        for _ in range(RUNS):
            unchanged.append(_refresh(home))
        for _ in range(RUNS):
            # Everything again from nothing; the parsed dbt project lies beside the project.
            for part in ("snapshot", "releases", "runs", "dagster"):
                shutil.rmtree(home / part)
            full.append(_refresh(home))
        downloads = _median(lambda: _plain_downloads(home, Path(folder)))
        rows = _median(lambda: _plain_rows(home, Path(folder)))
        sql = _median(lambda: _plain_sql(home, Path(folder)))
        checks = _median(lambda: _plain_checks(home, Path(folder)))
        export = _median(lambda: _plain_export(home, Path(folder)))
    parts = {name: statistics.median(run["seconds"].get(name, 0.0) for run in full) for name in full[0]["seconds"]}
    whole = statistics.median(run["wall"] for run in full)
    idle = statistics.median(run["wall"] for run in unchanged)
    built = parts["dbt_staged"] + parts["dbt_mart"]
    quality = parts["admission"] + parts["checks"]
    rest = parts["total"] - quality - parts["alerts"]
    by_hand = downloads + rows + sql + checks + export
    figures = downloads + rows + sql
    _line("default refresh, first in an empty home", first[0]["wall"], _memory(first))
    _line(
        "default refresh",
        whole,
        f"{_times(whole, by_hand)} all of it by hand, at most {AT_MOST['whole']:.0f}; {_memory(full)}, "
        f"at most {AT_MOST['megabytes']:.0f}",
    )
    _line("", whole, f"{_times(whole, figures)} downloads, rows and SQL alone by hand")
    _line("  import", parts["import"])
    _line("  fetch", parts["fetch"], f"{_times(parts['fetch'], downloads)} plain requests")
    _line("  raw", parts["raw"], f"{_times(parts['raw'], rows)} DuckDB and calamine alone")
    _line("  dbt", built, f"{_times(built, sql)} the same SQL by hand")
    _line(
        "  quality",
        quality,
        f"{_times(quality, checks)} plain queries; {quality / rest:.3f} of the refresh without quality and alerts",
    )
    _line("  alerts", parts["alerts"], f"{parts['alerts'] / rest:.3f} of it; with a webhook that takes each digest")
    _line("  release", parts["release"], f"{_times(parts['release'], export)} plain exports")
    _line(
        "refresh with nothing changed",
        idle,
        f"{idle / whole:.2f} of a default refresh, at most {AT_MOST['unchanged']:.2f}; {_memory(unchanged)}",
    )


def _line(what: str, seconds: float, more: str = "") -> None:
    print(f"{what:<54}{seconds:7.2f} s   {more}".rstrip())


def _refresh(home: Path) -> dict[str, Any]:
    """One `atf refresh` as a process: its report, wall seconds and peak resident memory in KiB."""
    environment = {**os.environ, "ATF_HOME": str(home), "ATF_MODE": "snapshot"}
    start = time.perf_counter()
    with subprocess.Popen([str(ATF), "refresh", "--json"], stdout=subprocess.PIPE, env=environment) as process:  # noqa: S603
        memory = _Memory(process.pid)
        memory.start()
        output = process.stdout.read() if process.stdout else b""
        process.wait()
        wall = time.perf_counter() - start
    memory.join()
    if process.returncode != 0:
        raise SystemExit(f"the refresh failed with exit code {process.returncode}: {output.decode()}")
    return {**json.loads(output), "wall": wall, "memory": memory.peak}


class _Memory(threading.Thread):
    """The most that a process and all below it had in memory at one moment: `peak`, in KiB; shared pages count once."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self.peak = pid, 0

    def run(self) -> None:
        while (now := sum(map(_proportional, _tree(self._pid)))) > 0:
            self.peak = max(self.peak, now)
            time.sleep(SAMPLED_EVERY)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
        others = [
            child
            for task in Path(f"/proc/{pid}/task").iterdir()
            if task.name != str(pid)
            for child in (task / "children").read_text("utf-8").split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return [pid]
    return [pid, *(each for child in (*children, *others) for each in _tree(int(child)))]


def _proportional(pid: int) -> int:
    """A process's share of memory in KiB; 0 where it has ended, or where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _plain_downloads(home: Path, folder: Path) -> None:
    """Every address that the refresh asked, tables and listings, one after the other."""
    session = requests.Session()
    session.mount("https://", SnapshotAdapter())
    store = Store(home / "snapshot" / "landing")
    addresses: dict[str, None] = {}
    for collection, dataset in catalogue.load().datasets:
        for part in collection.parts:
            attempt = store.last_attempt(dataset.id, part.id)
            if attempt is None or attempt.outcome not in ("landed", "unchanged"):
                continue
            vintage = store.vintages(dataset.id, part.id)[-1]
            addresses |= dict.fromkeys(answer.url for answer in (*attempt.listings, *vintage.pages))
    for address in addresses:
        (folder / "download").write_bytes(session.get(address, timeout=60).content)


def _plain_rows(home: Path, folder: Path) -> None:
    """The same files read by the same libraries: DuckDB for CSV, calamine for workbooks, json for JSON."""
    store = Store(home / "snapshot" / "landing")
    with duckdb.connect() as connection:
        for collection, dataset in catalogue.load().datasets:
            for part in collection.parts:
                for vintage in store.vintages(dataset.id, part.id):
                    for path in store.verified(vintage):
                        _read(connection, collection.format, path, folder)


def _read(connection: duckdb.DuckDBPyConnection, kind: str, path: Path, folder: Path) -> None:
    if kind == "csv":
        connection.execute(
            f"copy (from read_csv('{path}', all_varchar = true, delim = ',', quote = '\"', header = true)) "
            f"to '{folder / 'rows.parquet'}' (format parquet)"
        )
    elif kind == "json":
        json.loads(path.read_bytes())
    elif path.read_bytes()[:2] == b"PK":
        from python_calamine import CalamineWorkbook

        with path.open("rb") as stream, contextlib.suppress(Exception):  # a zip of workbooks is opened by nobody here
            workbook = CalamineWorkbook.from_filelike(stream)
            for name in workbook.sheet_names:
                workbook.get_sheet_by_name(name).to_python()


def _plain_sql(home: Path, folder: Path) -> None:
    """The SQL that dbt compiled, in the order of its graph, in a database of its own."""
    manifest = dbt.read_manifest(Settings(home=home))
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    compiled = home / "dbt" / "compiled" / manifest["metadata"]["project_name"]
    path = folder / "warehouse.duckdb"
    path.unlink(missing_ok=True)
    done: set[str] = set()
    with duckdb.connect(str(path)) as connection:
        for schema in {node["schema"] for node in models.values()} | {"raw"}:
            connection.execute(f"create schema if not exists {schema}")
        for source in manifest["sources"].values():
            files = home / "snapshot" / "raw" / source["name"] / "*.parquet"
            connection.execute(
                f"create view raw.{source['name']} as from read_parquet('{files}', union_by_name = true)"
            )
        while len(done) < len(models):
            for key, node in models.items():
                parents = {parent for parent in node["depends_on"]["nodes"] if parent in models}
                if key not in done and parents <= done:
                    kind = "view" if node["config"]["materialized"] == "view" else "table"
                    sql = (compiled / node["original_file_path"]).read_text("utf-8")
                    connection.execute(f"create {kind} {node['schema']}.{node['name']} as {sql}")
                    done.add(key)


def _plain_checks(home: Path, folder: Path) -> None:
    """The rows that dbt's tests find and those that each suite looks at, as plain queries on the same warehouse."""
    settings = Settings(home=home)
    manifest = dbt.read_manifest(settings)
    compiled = settings.dbt_target / "compiled" / manifest["metadata"]["project_name"]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.warehouse}' as warehouse (read_only)")
        connection.execute("use warehouse")
        for node in manifest["nodes"].values():
            if node["resource_type"] == "test":
                file = compiled / node["original_file_path"]
                sql = (file / node["path"] if file.suffix == ".yml" else file).read_text("utf-8")
                connection.execute(sql).fetchall()
        for suite in suites.load():
            if suite.needs_previous:
                continue
            if suite.over is not None:
                connection.execute(f"create or replace temp table {suite.over} as {suite.over_sql}")
            connection.execute(suite.frame).df()


def _plain_export(home: Path, folder: Path) -> None:
    """The release's tables as one DuckDB file, as Parquet and as CSV."""
    path = folder / "export.duckdb"
    path.unlink(missing_ok=True)
    release = (home / "releases" / "current" / "atf.duckdb").resolve()
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{release}' as release (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'release'"
        ).fetchall()
        for schema, table in tables:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{table} as from release.{schema}.{table}")
            for kind in ("parquet", "csv"):
                connection.execute(f"copy {schema}.{table} to '{folder / table}.{kind}' (format {kind})")


def _median(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _memory(runs: list[dict[str, Any]]) -> str:
    return f"peak {max(run['memory'] for run in runs) * 1024 / 1e6:.0f} MB"


def _times(ours: float, theirs: float) -> str:
    return f"{ours / theirs:5.1f} x {theirs:.2f} s"


if __name__ == "__main__":
    main()
