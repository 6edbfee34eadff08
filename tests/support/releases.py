"""Releases made for a test out of a real one: fewer figures, another version, another mode, a damaged file.

Belongs here: copying and changing releases as files. Does not belong here: what must hold.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from atf_dagster.catalogue import load
from atf_dagster.quality.results import Result
from atf_dagster.release.publish import ReleaseFacts, publish
from support.home import PublishedHome

FEW_INDICATORS = ("ATF01", "ATF17")


def facts_of(home: PublishedHome, run_id: str) -> ReleaseFacts:
    """The facts with which the home's release was published, as those of another run."""
    receipt = home.receipt
    run = home.home / "runs" / receipt["run_id"]
    results = [
        Result.from_json(record)
        for stage in ("admission", "mart")
        for record in json.loads((run / f"quality_{stage}.json").read_text("utf-8"))
    ]
    return ReleaseFacts(
        run_id=run_id,
        mode=receipt["mode"],
        fingerprint=receipt["fingerprint"],
        code_sha256=receipt["code_sha256"],
        quality_state=receipt["verdict"],
        datasets_fresh=receipt["datasets_fresh"],
        datasets_held_back=receipt["datasets_held_back"],
        results=results,
        page=run / "validation.html",
    )


def publish_few_figures(whole: PublishedHome, folder: Path) -> None:
    """Make `folder/home`: all tables and views of the mart of `whole`, with the figures of a few indicators alone."""
    few = PublishedHome(folder / "home", whole.code, whole.report)
    run = Path("runs") / whole.receipt["run_id"]
    shutil.copytree(whole.home / run, few.home / run)
    few.settings.warehouse.parent.mkdir(parents=True)
    shutil.copy(whole.settings.warehouse, few.settings.warehouse)
    with duckdb.connect(str(few.settings.warehouse)) as connection:
        figures = connection.execute(
            "select table_name from duckdb_tables() join duckdb_columns() using (schema_name, table_name) "
            "where schema_name = 'mart' and column_name = 'indicator_code' "
            "and (table_name like 'fct%' or table_name = 'coverage')"
        ).fetchall()
        assert figures
        for (table,) in figures:
            connection.execute(f"delete from mart.{table} where indicator_code not in {FEW_INDICATORS}")
    few.releases.mkdir()
    facts = facts_of(whole, whole.receipt["run_id"])
    publish(few.releases, few.settings.warehouse, load(), whole.tables, facts, keep=1, progress=lambda line: None)


def make_writable(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def run_sql(database: Path, *statements: str) -> None:
    """Change a release's database; it stays in one file."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as release")
        connection.execute("use release")
        for statement in statements:
            connection.execute(statement)
        connection.execute("checkpoint release")


def another_release(
    releases: Path, of: str, version: str, change: Callable[[dict[str, Any]], None] = lambda receipt: None
) -> Path:
    """A release `version` that differs from `of` in its own name and receipt; `change` may alter the receipt."""
    folder = releases / version
    shutil.copytree(releases / of, folder, ignore=shutil.ignore_patterns("report"))
    make_writable(folder)
    run_sql(folder / "atf.duckdb", f"update mart.release_info set version = '{version}'")
    shutil.copyfile(folder / "atf.duckdb", folder / "mart.duckdb")
    receipt = json.loads((folder / "receipt.json").read_text("utf-8"))
    receipt["version"] = version
    for name, facts in receipt["files"].items():
        content = (folder / name).read_bytes()
        facts.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    change(receipt)
    (folder / "receipt.json").write_text(json.dumps(receipt), "utf-8")
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    return folder


def spoil(path: Path) -> None:
    """Change one byte in the middle of a file."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    path.chmod(0o444)
