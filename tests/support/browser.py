"""A real browser for pages: the machine's own chromium, driven by playwright, with no network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from tests.support.needed import lacking

HOSTILE: Final = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`</title></style>"
    "{{ 7 * 7 }}{% raw %} &amp;\n![a](http://x) *b* _c_ [d](javascript:alert(3)) | e \\"
)
"""A name that would run as HTML, as a template or as Markdown."""
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """The browser, started with these arguments too; a test that has none is skipped, but under CI,
    where ``.ci/run`` installs it.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        lacking("chromium is not installed; with apt-get: `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*_QUIET, *arguments])
        yield browser
        browser.close()


@contextmanager
def harmless(browser: Browser, file: Path) -> Iterator[Page]:
    """A page with ``HOSTILE`` names, without its own policy so that escaping alone must hold.

    Nothing in it runs or is fetched, and its title shows the name.
    """
    seen: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    page = browser.new_context(bypass_csp=True).new_page()
    page.on("dialog", dismissed)
    page.on("request", lambda each: seen.append(each.url))
    page.on("pageerror", lambda each: seen.append(str(each)))
    page.goto(file.as_uri())
    assert page.locator("script, img, a, iframe").count() == 0
    assert on_one_line(HOSTILE) in on_one_line(page.title())
    yield page
    assert seen == [file.as_uri()]
    page.context.close()


def on_one_line(text: str | None) -> str:
    """The text as a browser shows it: each run of blanks is one."""
    return " ".join((text or "").split())
