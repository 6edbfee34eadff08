"""LibreOffice without a screen, where it is installed.

Belongs here: how it is called. Does not belong here: what must come of it.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

AS_UTF_8_WITH_QUOTED_TEXTS = "CSV:44,34,76,1,,2057,true,false"
"""Import of CSV: comma, quote, UTF-8, from line 1, English (UK), what is quoted is a text, no other forms of dates."""
EVERY_SHEET_UNROUNDED = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
"""Export to CSV: a file a sheet, numbers as they are stored and not as they are shown."""


def convert(files: Sequence[Path], target: Path, form: str, reading: str | None = None) -> Path:
    """Let LibreOffice write `files` to `target` in another form; skips the test where it is not installed."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("soffice (LibreOffice) is not installed")
    target.mkdir(exist_ok=True)
    done = subprocess.run(
        [
            program,
            "--headless",
            f"-env:UserInstallation={(target / 'profile').as_uri()}",
            *([f"--infilter={reading}"] if reading else []),
            "--convert-to",
            form,
            "--outdir",
            str(target),
            *map(str, files),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return target


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))
