"""Every page of the console, with names that would run as HTML: for everybody, on every screen."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from app.console.refusals import PageRoute
from app.console.routes import ROUTERS
from tests.support.browser import HOSTILE, chromium
from tests.support.console_site import furnish
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess

DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
_AXE = Axe()


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path
) -> Iterator[tuple[Page, str, list[str]]]:
    """A browser that is signed in and speaks German, the console's address and its pages."""
    folder = tmp_path_factory.mktemp("pages") / "data"
    server = ServerProcess(folder, fake_bundle, KITH_EGRESS_ALLOW="127.0.0.1").start()
    with server.client() as api:
        paths = furnish(api)
    with chromium() as browser:
        page = browser.new_page(locale="de-DE")
        home = f"{server.url}/console"
        page.goto(f"{home}/sign-in")
        page.fill("#key", ADMIN_KEY)
        page.keyboard.press("Enter")
        page.wait_for_selector("nav")
        yield page, home, paths
    server.kill()


def test_every_page_is_for_everybody_on_every_screen(
    opened: tuple[Page, str, list[str]],
) -> None:
    """No violation that axe-core finds on a phone in the dark and at a desk by day, nothing wider
    than the phone, nothing that runs, and no request elsewhere.
    """
    page, home, paths = opened
    wrong: list[str] = []
    page.on("pageerror", lambda each: wrong.append(str(each)))
    page.on("dialog", lambda each: wrong.append(each.message))
    page.on("request", lambda each: _note(wrong, each.url, home))
    for path in paths:
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        page.goto(home + path)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wrong.append(f"{path} is wider than a phone")
        if page.locator("img[src=x]").count() or page.locator("h1").count() > 1:
            wrong.append(f"{path} has elements of a name")
        wrong += _violations(page, path)
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        wrong += _violations(page, path)
    assert wrong == []


def _note(wrong: list[str], url: str, home: str) -> None:
    if not url.startswith((home, "data:", "blob:")):
        wrong.append(url)


def _violations(page: Page, path: str) -> list[str]:
    found = _AXE.run(page).response["violations"]
    return [f"{path}: {each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def test_the_names_are_shown_as_they_are(opened: tuple[Page, str, list[str]]) -> None:
    page, home, _ = opened
    page.goto(f"{home}/c/staff/people/p1")
    assert page.locator("h1").inner_text().startswith(HOSTILE[:25])


def test_no_page_that_is_read_is_left_out(opened: tuple[Page, str, list[str]]) -> None:
    """Each route that shows a page has one among those that are looked at."""
    _, _, paths = opened
    seen = ["/console" + each.partition("?")[0] for each in [*paths, "/sign-in"]]
    routes = [
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, PageRoute)
        and "GET" in (route.methods or ())
        and "static" not in route.path
    ]
    for route in routes:
        if route.endswith("/live"):  # a stream
            continue
        pattern = re.sub(r"\{path:path\}", ".*", route)
        pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", pattern)
        assert any(re.fullmatch(pattern, each) for each in seen), route


def test_an_import_shows_each_photo_and_then_what_was_done(
    opened: tuple[Page, str, list[str]], tmp_path: Path
) -> None:
    page, home, _ = opened
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as made:
        for somebody in (71, 72, 73):
            made.writestr(f"Ada {somebody}/1.png", picture(somebody))
        made.writestr("Bea/1.heic", b"no photo")
    page.goto(f"{home}/c/staff/import")
    page.set_input_files("#f-photos", tmp_path / "photos.zip")
    begin = page.get_by_role("button", name="Beginnen")
    begin.click()
    expect(page.locator("#done h2")).to_have_text("Das würde geschehen")
    expect(page.locator("tbody .badge")).to_have_text(["erfasst"] * 3 + ["abgelehnt"])
    page.uncheck("#f-dry")
    begin.click()
    expect(page.locator("#done h2")).to_have_text("Fertig")
    expect(page.locator("progress")).to_have_js_property("value", 4)
    assert _violations(page, "import") == []
    page.get_by_role("link", name="Ada 72").click()
    expect(page.locator("h1")).to_have_text("Ada 72")
    page.goto(f"{home}/c/staff/import")
    page.set_input_files("#f-photos", files=[])
    page.get_by_role("button", name="Beginnen").click()
    expect(page.locator("#done [role=alert]")).to_be_visible()
