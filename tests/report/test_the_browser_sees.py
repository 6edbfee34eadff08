"""The harness itself: a page that breaks a promise is seen to break it."""

from __future__ import annotations

from pathlib import Path

from support.browser import Chromium

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"
PAGE = (
    f'<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="{POLICY}"></head>'
    '<body><script>window.hit = 1</script><p style="color: red">red</p><div style="width: 4000px">wide</div>'
    '<img src="https://publisher.example/a.png"><script src="b.js"></script></body></html>'
)


def test_what_a_page_does_wrong_is_seen(browser: Chromium, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE.replace("default-src 'none'; ", ""), "utf-8")
    (tmp_path / "b.js").write_text("document.body.firstElementChild.remove(); eval('1')", "utf-8")
    with browser.opened(page) as opened:
        said = "\n".join(opened.troubles())
        assert "script-src-elem inline" in said
        assert "style-src-attr inline" in said
        assert "unsafe-eval" in said
        assert "asked for https://publisher.example/a.png" in said
        assert opened.page.evaluate("window.hit") is None
        assert any("image-alt" in found for found in opened.axe())


def test_a_page_that_is_too_wide_is_seen(browser: Chromium, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><p>narrow</p><table style="width: 4000px"><tr><td>wide</td></tr></table>', "utf-8")
    with browser.opened(page, width=320) as opened:
        assert opened.too_wide() != []
