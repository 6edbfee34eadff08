"""Draws the rooms of the package: `python -m tools.rooms` writes docs/rooms.svg.

A room may import only from rooms below it in the list. A test checks that, and that the picture is up to date.

Belongs here: the order of the rooms, and the picture. Does not belong here: what a room holds (its docstring; the
picture shows the first line).
"""

import ast
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "atf_dagster"
PICTURE = PROJECT / "docs" / "rooms.svg"
ORDER = (
    "cli",
    "orchestration",
    "alerts",
    "pipeline",
    "report",
    "release",
    "report",
    "quality",
    "warehouse",
    "landing",
    "sources",
    "formats",
    "returns",
    "snapshot",
    "catalogue",
    "http",
    "settings",
    "files",
    "sql",
    "csv_records",
    "old_names",
    "errors",
)
"""From the command to the leaves."""
ROW, WIDTH, NAME = 44, 1040, 150


def rooms() -> list[str]:
    """The folders and modules of the package, in the order above. Raises ValueError for one that is missing there."""
    found = {path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    found |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    if missing := found.symmetric_difference(ORDER):
        raise ValueError(f"tools/rooms.py does not agree with the folders about: {', '.join(sorted(missing))}")
    return list(ORDER)


def imports() -> Iterator[tuple[str, str, Path]]:
    """(room, room that it imports, file), also for imports inside functions; without imports of the room itself."""
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE.name:
                inner = node.module.split(".")[1:]
                names = inner[:1] or [alias.name for alias in node.names]
            elif isinstance(node, ast.Import):
                parts = [alias.name.split(".") for alias in node.names]
                names = [part[1] for part in parts if part[0] == PACKAGE.name and len(part) > 1]
            for name in names:
                if name in ORDER and name != room:
                    yield room, name, path


def purpose(room: str) -> str:
    """The first line of the room's docstring."""
    path = PACKAGE / room / "__init__.py" if (PACKAGE / room).is_dir() else PACKAGE / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return text.partition("\n")[0].removeprefix("Leaf: ")


def picture() -> str:
    """An SVG of the rooms from top to bottom, each with its purpose and the lower rooms that it uses."""
    uses: dict[str, set[str]] = {room: set() for room in rooms()}
    for room, other, _ in imports():
        uses[room].add(other)
    height = ROW * len(uses) + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="Arial, sans-serif" '
        'font-size="13" role="img" aria-labelledby="title">',
        '<title id="title">The rooms of atf_dagster: an import goes down, never up</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="20" y="30" font-size="16" font-weight="bold">atf_dagster: an import goes down, never up</text>',
    ]
    for number, (room, others) in enumerate(uses.items()):
        top = 48 + number * ROW
        used = ", ".join(other for other in ORDER if other in others) or "nothing of the package"
        lines += [
            f'<rect x="20" y="{top}" width="{NAME}" height="{ROW - 8}" rx="4" fill="#12436d"/>',
            f'<text x="32" y="{top + 23}" fill="#ffffff" font-weight="bold">{escape(room)}</text>',
            f'<text x="{NAME + 36}" y="{top + 14}" fill="#0b0c0c">{escape(purpose(room))}</text>',
            f'<text x="{NAME + 36}" y="{top + 31}" fill="#505a5f" font-size="11">uses {escape(used)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def main() -> int:
    """Write the picture. Returns the exit code."""
    PICTURE.write_text(picture(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
