"""A copy of the project that a test may add to, and the command `atf` of that copy as a process.

Belongs here: what a refresh needs of the checkout, and counting what was added. Does not belong here: what is added.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atf_dagster.settings import Settings
from atf_dagster.warehouse import dbt
from support.home import LONG_ENOUGH, PROJECT, environment

NEEDED = ("atf_dagster", "dbt_project", "expectations", "dagster.yaml", "workspace.yaml", "pyproject.toml")
_LEFT = shutil.ignore_patterns("target", "logs", "*.duckdb")
"""Compiled modules are taken along: they keep the time of their source, so that Python uses them again."""


@dataclass
class ProjectCopied:
    """`folder` holds the copy. `touched` are the files that `add` and `extend` wrote, relative to it."""

    folder: Path
    touched: set[str] = field(default_factory=set)

    @classmethod
    def into(cls, folder: Path) -> ProjectCopied:
        folder.mkdir()
        for name in NEEDED:
            here = PROJECT / name
            if here.is_dir():
                shutil.copytree(here, folder / name, ignore=_LEFT)
            else:
                shutil.copy2(here, folder / name)
        # What was parsed and rendered before: of a project that a test changes dbt reads what has changed.
        dbt.ensure_manifest(Settings(home=folder))
        shutil.copytree(PROJECT / ".cache", folder / ".cache")
        return cls(folder)

    def add(self, name: str, text: str) -> None:
        """Write a new file."""
        path = self.folder / name
        assert not path.exists(), f"{name} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self.touched.add(name)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the first place of a file that says `old`."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text, f"{name} does not say {old!r}"
        path.write_text(text.replace(old, new, 1), "utf-8")
        self.touched.add(name)

    def extend(self, name: str, text: str) -> None:
        """Put `text` behind the end of a file."""
        path = self.folder / name
        path.write_text(path.read_text("utf-8") + text, "utf-8")
        self.touched.add(name)

    def atf(self, home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run the copy's `atf` to its end, with `home` as ATF_HOME."""
        return subprocess.run(
            [sys.executable, "-c", "import sys; from atf_dagster.cli.main import main; sys.exit(main())", *words],
            env={**environment(home, settings), "PYTHONPATH": str(self.folder)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=LONG_ENOUGH,
            check=False,
        )

    def refresh(self, home: Path, **settings: str) -> dict[str, Any]:
        """Run `atf refresh --json` of the copy; what it printed."""
        done = self.atf(home, "refresh", "--json", **settings)
        lines = done.stdout.strip().splitlines()
        assert lines, f"`atf refresh --json` printed nothing; exit code {done.returncode}; {done.stderr}"
        report: dict[str, Any] = json.loads(lines[-1])
        return report
