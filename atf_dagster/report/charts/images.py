"""Specifications of charts as pictures, for mail and documents: SVG and PNG.

Drawn by vl-convert, which brings Vega and a font engine in one file and asks no network. The fonts are those of the
machine; where Arial is absent, the engine takes another.

Belongs here: pictures of specifications. Does not belong here: specifications (the builders), pages.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from atf_dagster.errors import AtfError

WIDTH = 800
"""Pixels; a picture has no container whose width it could take."""
SCALE = 2.0
"""PNG in twice the pixels, for paper."""
LANGUAGE = "6.4"
"""The version of Vega-Lite that vl-convert draws with."""
SUFFIX = ".vl.json"


class NoPictures(AtfError):
    """Pictures were asked for, and the extra that draws them is not installed, or a specification cannot be drawn."""


def check() -> None:
    """Raise NoPictures where pictures cannot be drawn, before work is done for them."""
    _library()


def pictures(specification: Mapping[str, Any]) -> tuple[str, bytes]:
    """One chart as SVG and PNG, on white. Raises NoPictures."""
    vl_convert = _library()
    # Small charts beside each other have a width each.
    width = {} if "facet" in specification else {"width": WIDTH}
    fixed = {**specification, **width, "background": "white"}
    try:
        svg = vl_convert.vegalite_to_svg(fixed, vl_version=LANGUAGE, allowed_base_urls=[])
        # From the SVG, so that Vega runs once.
        png = vl_convert.svg_to_png(svg, scale=SCALE)
    except ValueError as error:
        raise NoPictures(
            f"A chart cannot be drawn as a picture: {str(error)[:300]}",
            "Look at the chart in its page, and report what it says there.",
        ) from error
    return str(svg), bytes(png)


def write(folder: Path, specifications: Iterable[Path]) -> list[Path]:
    """Draw files of specifications into a folder, which is made. Returns the pictures. Raises NoPictures.

    Each `name.vl.json` becomes `name.svg` and `name.png`.
    """
    _library()
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for file in specifications:
        svg, png = pictures(json.loads(file.read_text("utf-8")))
        name = file.name.removesuffix(SUFFIX)
        for path, content in ((folder / f"{name}.svg", svg.encode("utf-8")), (folder / f"{name}.png", png)):
            path.write_bytes(content)
            made.append(path)
    return made


def _library() -> ModuleType:
    try:
        import vl_convert
    except ImportError as error:
        raise NoPictures(
            "Pictures of charts need the package vl-convert-python, which is not installed.",
            "Install `all-together-fairer-warehouse[images]`, or use the pages, which need nothing more.",
            owner="whoever runs the command",
        ) from error
    return vl_convert
