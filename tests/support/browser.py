"""A real, headless Chromium that looks at pages from files, and says everything that it saw.

It is the machine's own (`chromium` on the path, or the program that the environment's CHROMIUM names). It reaches
nothing but files and loopback: no name resolves, and each request is kept, so that a test fails on one elsewhere.

Belongs here: opening a page, what it did, axe. Does not belong here: what must hold (the test modules).
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """([tags, colours]) => axe.run({exclude: [['.chart svg > *']]}, {
    preload: false, resultTypes: ['violations'], runOnly: {type: 'tag', values: tags},
    rules: {'color-contrast': {enabled: colours}}})"""
DRAWN = "() => [...document.querySelectorAll('.chart[data-spec]')].every(e => ['yes', 'no'].includes(e.dataset.drawn))"
UNDRAWN = """() => [...document.querySelectorAll('.chart[data-spec]')]
    .filter(e => e.dataset.drawn !== 'yes' || !e.querySelector('svg, canvas')).map(e => e.dataset.spec)"""
WIDE = """() => {
    const limit = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= limit ? [] : [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > limit + 1 && !e.closest('[role=region][tabindex]'))
        .map(e => e.outerHTML.slice(0, 120)).concat([`${document.documentElement.scrollWidth} > ${limit}`]);
}"""
TOLD = """document.addEventListener('securitypolicyviolation',
    e => console.error('policy: ' + e.effectiveDirective + ' ' + e.blockedURI + ' ' + e.sample));"""


def program() -> str | None:
    """The Chromium of this machine, or None."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@cache
def axe_source() -> str:
    """axe-core, as the package carries it."""
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


@dataclass
class Opened:
    """A page in the browser. console: messages that are no plain log. requests: every address that it asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def troubles(self) -> list[str]:
        """Warnings, errors and policy violations of the console, errors of scripts, and requests elsewhere."""
        elsewhere = [f"asked for {address}" for address in self.requests if not _is_here(address)]
        return [*self.console, *elsewhere]

    def drawn(self) -> int:
        """Wait until each chart is drawn or has said why not. Returns how many there are; raises for an undrawn one."""
        self.page.wait_for_function(DRAWN)
        undrawn = self.page.evaluate(UNDRAWN)
        assert undrawn == [], [undrawn, self.page.locator(".chart-error:visible").all_inner_texts()]
        return self.page.locator(".chart[data-spec]").count()

    def axe(self, *, colours: bool = True) -> list[str]:
        """What axe-core finds, as rule and element; injected by the driver, so that the policy stays as it is.

        What is within a drawing is hidden from readers' tools, and is left out. colours: whether contrast is measured
        too, which takes most of the time and depends on scheme and medium, not on the width.
        """
        self.page.evaluate(axe_source())
        found: dict[str, Any] = self.page.evaluate(AXE, [TAGS, colours])
        return [
            f"{violation['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def too_wide(self) -> list[str]:
        """Elements that make the page scroll sideways; what a table's own region scrolls does not count."""
        found: list[str] = self.page.evaluate(WIDE)
        return found


def _is_here(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("file", "data", "blob", "about") or parts.hostname == "127.0.0.1"


@dataclass
class Chromium:
    """One browser; each page is opened in a profile of its own."""

    browser: Browser

    @contextmanager
    def opened(
        self,
        page: Path | str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        media: str = "screen",
        scripts: bool = True,
    ) -> Iterator[Opened]:
        """Open a file or an address. scheme: light or dark. media: screen or print. scripts: whether they may run."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=scripts, reduced_motion="reduce"
        )
        try:
            tab = context.new_page()
            tab.emulate_media(color_scheme=scheme, media=media)  # type: ignore[arg-type]
            tab.add_init_script(TOLD)
            opened = Opened(tab)
            tab.on(
                "console",
                lambda said: (
                    opened.console.append(f"{said.type}: {said.text}")
                    if said.type in ("error", "warning", "assert")
                    else None
                ),
            )
            tab.on("pageerror", lambda error: opened.console.append(f"error of a script: {error}"))
            tab.on("dialog", lambda shown: (opened.console.append(f"dialog: {shown.message}"), shown.dismiss()))
            tab.on("request", lambda request: opened.requests.append(request.url))
            tab.goto(page.resolve().as_uri() if isinstance(page, Path) else page)
            yield opened
        finally:
            context.close()


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A running browser. Skips the test by name where the machine has none."""
    path = program()
    if path is None:
        pytest.skip("no Chromium on this machine: install it (apt-get install chromium), or name it in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield Chromium(browser)
        finally:
            browser.close()
