"""Servers on loopback that the tests of publishers speak to already serve the tests of hostile ones."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("sources", "http"):
    sys.path.append(str(Path(__file__).parents[1] / folder))
