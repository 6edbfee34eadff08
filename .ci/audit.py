#!/usr/bin/env python3
"""Whether a dependency is known to be vulnerable, and whether the lock file holds what it must.

Run by `make audit`, with nothing installed but Python and uv. The lock file is looked at offline, always: every package
from the one index and with hashes, and the floors below. Then `uv audit` asks the service of advisories (osv.dev)
about every locked version. A known vulnerability fails. Where the service cannot be reached this says NOT AUDITED and
does not fail, because a network that lets nothing but a package registry through is no fault of the change.

Exit codes: 0 nothing found or nobody to ask, 1 a vulnerability or a lock file that is not as it must be, 2 uv failed.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]

FLOORS = {
    # 2.7.0 closes the last known way round a limit on decompressed size.
    "urllib3": (2, 7, 0),
    # Without it a workbook's entities are expanded.
    "defusedxml": (0, 7, 1),
}

# What uv says where nobody answered: no connection, a refusal by a proxy or an overloaded server, a page for JSON.
NOBODY_ANSWERED = re.compile(
    r"error sending request for url|HTTP status client error \((?:403|407|429)\b|HTTP status server error|"
    r"error decoding response body"
)


def faults(lock: dict[str, Any]) -> list[str]:
    """What is wrong with a lock file, in sentences."""
    found = []
    packages = lock.get("package", [])
    ours = [package for package in packages if package["source"].get("editable") == "."]
    strangers = [package for package in packages if package not in ours]
    registries = sorted({package["source"].get("registry", "no index") for package in strangers})
    if len(registries) != 1 or not registries[0].startswith("https://"):
        found.append(
            f"Packages come from {', '.join(registries) or 'nowhere'}; all must come from one index, by https."
        )
    for package in strangers:
        name = f"{package['name']} {package.get('version', 'without a version')}"
        if "registry" not in package["source"]:
            found.append(f"{name} comes from {package['source']} and not from the index.")
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        if not files or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", file.get("hash", "")) for file in files):
            found.append(f"{name} has a file without a SHA-256.")
        if not all(file.get("url", "").startswith("https://") for file in files):
            found.append(f"{name} has a file that does not come by https.")
    for name, floor in FLOORS.items():
        versions = [str(package["version"]) for package in strangers if package["name"] == name]
        at_least = ".".join(map(str, floor))
        if not versions:
            found.append(f"{name} is not locked; at least {at_least} is needed.")
        found += [f"{name} {v} is locked; at least {at_least} is needed." for v in versions if _numbers(v) < floor]
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def ask(uv: str, service_url: str | None) -> int:
    """Let `uv audit` ask about every locked version."""
    # Without an index: with one, uv asks it about the status of every project, one request each, and takes no answer
    # for a good one.
    command = [uv, "audit", "--frozen", "--no-index", "--preview-features", "audit", "--project", str(PROJECT)]
    if service_url:
        command += ["--service-url", service_url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words only
    said = done.stdout + done.stderr
    if done.returncode == 0:
        found = re.search(r"no known vulnerabilities.* in (\d+ packages)", said)
        print(f"The service of advisories knows no vulnerability of {found[1] if found else 'any package'}.")
        return 0
    print(said.strip())
    if done.returncode == 1:
        print("FAILED: raise the versions above in pyproject.toml or with `uv lock --upgrade-package NAME`.")
        return 1
    if NOBODY_ANSWERED.search(said):
        print(
            "NOT AUDITED: the service of advisories did not answer, so nobody knows whether a locked version is "
            "vulnerable. Run `make audit` where the network lets osv.dev through."
        )
        return 0
    print("FAILED: uv could not audit; it needs `uv audit`, and a uv.lock that is in step with it.")
    return 2


def main() -> int:
    parser = argparse.ArgumentParser(description="Audit the locked dependencies.")
    parser.add_argument("--uv", default="uv", help="the program uv")
    parser.add_argument("--lock", type=Path, default=PROJECT / "uv.lock", help="the lock file to look at offline")
    parser.add_argument("--service-url", help="another service that speaks OSV's interface")
    options = parser.parse_args()
    wrong = faults(tomllib.loads(options.lock.read_text("utf-8")))
    for sentence in wrong:
        print(f"FAILED: {sentence}")
    if not wrong:
        print("The lock file: every package from one index and with hashes; floors held.")
    return ask(options.uv, options.service_url) or (1 if wrong else 0)


if __name__ == "__main__":
    sys.exit(main())
