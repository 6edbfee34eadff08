"""The type of the fixture `changed`.

Belongs here: types that test modules of this folder share. Does not belong here: fixtures (`conftest`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Changed = Callable[..., Path]
"""`changed(*statements, without=())` -> the folder of the pages."""
