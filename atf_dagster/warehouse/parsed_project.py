"""The dbt project as dbt understands it: parsed once for a checkout and kept beside the project, for all homes.

Belongs here: when it is parsed, where it is kept, which one is today's. Does not belong here: running dbt (`dbt`).
As a program (`python -m atf_dagster.warehouse.parsed_project`, from `make setup`) it parses the project where that is
needed.
"""

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from atf_dagster import settings as settings_module
from atf_dagster.errors import AtfError
from atf_dagster.settings import PROJECT
from atf_dagster.warehouse import shared_shape
from atf_dagster.warehouse.shared_shape import describe_columns, staging_variables

DBT_PROJECT = PROJECT / "dbt_project"
KEPT = PROJECT / ".cache" / "dbt"
MANIFEST, FOR_DBT = "manifest.json", "partial_parse.msgpack"
MOST = 4
"""Parsed projects that are kept beside today's: another branch's, and those that a running refresh reads."""
ABANDONED_AFTER = 3600.0
"""Seconds after which nobody parses any more."""


class NotParsed(AtfError):
    """dbt could not read the project; an engineer corrects the file that the text names."""


def fingerprint() -> str:
    """Of every file of the dbt project; changes when a model, macro, test or description does."""
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.is_file() and path.suffix in (".sql", ".yml", ".md", ".csv") and "target" not in path.parts:
            digest.update(str(path.relative_to(DBT_PROJECT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def folder(otherwise: Path) -> Path:
    """The folder with MANIFEST and FOR_DBT of today's project, made where there is none. Raises NotParsed.

    It lies beside the project, or below `otherwise` where nobody may write there, which is said in the log.
    """
    name = _name()
    for kept in (KEPT, otherwise):
        if (kept / name / FOR_DBT).exists():
            return kept / name
    kept = KEPT if _can_write(KEPT) else otherwise
    if kept != KEPT:
        logging.getLogger(__name__).warning(
            "%s is not writable, so the parsed dbt project is kept below %s, and every other home parses it again. "
            "Run `make setup` as the owner of the checkout to keep it once for all.",
            KEPT,
            otherwise,
        )
    return _parse(kept, name)


def _name() -> str:
    """What the parsed project follows from: its files and their place, dbt and the Python that reads it."""
    python = ".".join(map(str, sys.version_info[:2]))
    shape = Path(shared_shape.__file__).read_text("utf-8")
    parts = [fingerprint(), shape, str(DBT_PROJECT), version("dbt-core"), version("dbt-duckdb"), python]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _parse(kept: Path, name: str) -> Path:
    """Parse into a folder of this process's own and rename it, so that two processes at once do no harm."""
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".parsing-", dir=kept) as temporary:
        own = Path(temporary, "parsed")
        own.mkdir()
        if before := _newest(kept):
            # dbt reads only the files that changed since.
            shutil.copyfile(before / FOR_DBT, own / FOR_DBT)
        _run_dbt(own)
        manifest = json.loads((own / MANIFEST).read_text("utf-8"))
        describe_columns(manifest)
        (own / MANIFEST).write_text(json.dumps(manifest), "utf-8")
        try:
            own.rename(kept / name)
        except OSError:
            if not (kept / name / FOR_DBT).exists():
                raise
            # Another process was faster, with the same outcome.
    for old in (*_by_age(kept)[MOST + 1 :], *_abandoned(kept)):
        shutil.rmtree(old, ignore_errors=True)
    return kept / name


def _abandoned(kept: Path) -> list[Path]:
    """What killed processes left."""
    return [path for path in kept.glob(".parsing-*") if path.stat().st_mtime < time.time() - ABANDONED_AFTER]


def _by_age(kept: Path) -> list[Path]:
    """Newest first."""
    made = [path for path in kept.iterdir() if (path / FOR_DBT).exists() and not path.name.startswith(".")]
    return sorted(made, key=lambda path: path.stat().st_mtime, reverse=True)


def _newest(kept: Path) -> Path | None:
    return next(iter(_by_age(kept)), None)


def _run_dbt(target: Path) -> None:
    """`dbt parse` in a process of its own, so that this one need not import dbt."""
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "--no-use-colors", "--log-level-file", "none", "parse"]
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", str(target)]
    # Always the same name: dbt reads every file again where a variable of the profile differs.
    environment = {**os.environ, **settings_module.NO_USAGE_DATA, "ATF_WAREHOUSE": "warehouse.duckdb"}
    environment |= staging_variables(DBT_PROJECT)
    done = subprocess.run(  # noqa: S603
        [*command, *folders, "--log-path", str(target)],
        env=environment,
        cwd=target,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotParsed(" ".join((done.stdout + done.stderr).split())[-2000:])


if __name__ == "__main__":
    print(folder(KEPT))
