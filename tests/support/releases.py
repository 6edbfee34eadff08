"""Releases made for a test out of a real one: another version, another mode, a damaged file.

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
