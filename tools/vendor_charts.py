"""Fetches the libraries that draw charts: `python -m tools.vendor_charts` writes atf_dagster/report/assets/vendor.

Each package comes by `npm pack` in a pinned version; its archive and each file that is written must have the hashes
below, or nothing is written. To move to a new version: change the pin, run with `--new`, read what changed, and put
the hashes that it prints into PINS.

Belongs here: where the vendored files come from and what is changed in them. Does not belong here: how they are used
(`assets/charts.js`).
"""

import argparse
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
VENDOR = PROJECT / "atf_dagster" / "report" / "assets" / "vendor"


@dataclass(frozen=True)
class Pin:
    """One package: version, licence, the file that is taken from it, its name here, and the archive's sha256."""

    name: str
    version: str
    licence: str
    member: str
    file: str
    archive_sha256: str


PINS = (
    Pin(
        name="vega",
        version="6.4.0",
        licence="BSD-3-Clause",
        member="build/vega.min.js",
        file="vega.min.js",
        archive_sha256="3521fb6ff68a94a40323954f0ba4484ba4014b157bfd37f89a3b063082320c42",
    ),
    Pin(
        name="vega-lite",
        version="6.4.3",
        licence="BSD-3-Clause",
        member="build/vega-lite.min.js",
        file="vega-lite.min.js",
        archive_sha256="24260f85e6f5bfe1069505f7c5c2b9863181ac413ef1030746f0a80c93991ce5",
    ),
    Pin(
        name="vega-interpreter",
        version="2.3.2",
        licence="BSD-3-Clause",
        member="build/vega-interpreter.js",
        file="vega-interpreter.js",
        archive_sha256="b83489633c1320e9d6f839781f0c84c661a5ca2666fe38cb83f7c52a531fffec",
    ),
    Pin(
        name="vega-embed",
        version="7.3.0",
        licence="BSD-3-Clause",
        member="build/vega-embed.min.js",
        file="vega-embed.min.js",
        archive_sha256="d9a958ced3240f0418df7d5e12e97dba6e63cecda15b8403e47a0db7eb6ea859",
    ),
)
SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=.*\n?")


def as_served(pin: Pin, text: str) -> str:
    """The file as pages load it: without the comment that names a source map, and as a plain script.

    A browser loads no modules from file://, and the interpreter is published as a module alone: its one import comes
    from `vega`, and its one export becomes a part of `vega`. Raises ValueError where the module has another form.
    """
    text = SOURCE_MAP.sub("\n", text)
    if pin.name != "vega-interpreter":
        return text
    text, imports = re.subn(r"import \{ ([\w, ]+) \} from 'vega-util';", r"const { \1 } = vega;", text)
    text, exports = re.subn(r"export \{ expression as (\w+) \};", r"vega.\1 = expression;", text)
    if (imports, exports) != (1, 1) or re.search(r"^(import|export)\b", text, re.MULTILINE):
        raise ValueError(f"{pin.name} {pin.version} is a module of another form; change `as_served`")
    return f"(function (vega) {{\n{text}}})(vega);\n"


def fetched(pin: Pin, folder: Path) -> bytes:
    """The package's archive, by npm as it is set up on this machine."""
    done = subprocess.run(  # noqa: S603 (the pins above are the only arguments)
        ["npm", "pack", "--silent", f"{pin.name}@{pin.version}"],  # noqa: S607 (npm as the maintainer has it)
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return (folder / done.stdout.strip().splitlines()[-1]).read_bytes()


def vendored(new: bool) -> dict[str, bytes]:
    """File name -> content of all files in `vendor`. Raises ValueError for an archive with another hash."""
    files: dict[str, bytes] = {}
    listed = []
    for pin in PINS:
        with tempfile.TemporaryDirectory() as folder:
            archive = fetched(pin, Path(folder))
        found = hashlib.sha256(archive).hexdigest()
        if found != pin.archive_sha256:
            print(f"{pin.name} {pin.version}: {found}", file=sys.stderr)
            if not new:
                raise ValueError(f"{pin.name} {pin.version} is not the archive that is pinned; nothing was written")
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            content = as_served(pin, _text(packed, pin.member)).encode()
            licence = _text(packed, "LICENSE").encode()
        files[pin.file] = content
        files[f"{pin.name}.LICENSE.txt"] = licence
        listed.append(
            {
                "name": pin.name,
                "version": pin.version,
                "licence": pin.licence,
                "licence_file": f"{pin.name}.LICENSE.txt",
                "file": pin.file,
                "sha256": hashlib.sha256(content).hexdigest(),
                "archive_sha256": found,
            }
        )
    files["vendor.json"] = (json.dumps(listed, indent=2) + "\n").encode()
    return files


def _text(packed: tarfile.TarFile, member: str) -> str:
    reader = packed.extractfile(f"package/{member}")
    if reader is None:
        raise ValueError(f"{member} is no file of the package")
    return reader.read().decode("utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", action="store_true", help="take archives with other hashes, and print these")
    files = vendored(parser.parse_args(arguments).new)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (VENDOR / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
