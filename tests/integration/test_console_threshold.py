"""The page of the threshold in a browser: what another rate costs is seen before it is taken."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess

_KITH = "from app.cli import main; main()"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """A service with twenty people of one to four photos, and one of them under a second name."""
    started = ServerProcess(tmp_path_factory.mktemp("threshold") / "data", fake_bundle).start()
    with started.client() as api:
        api.post("/collections", json={"id": "staff", "target_fpir": 0.01}).raise_for_status()
        for somebody in range(21):
            who = 0 if somebody == 20 else somebody
            images = [("images", picture(who, shake)) for shake in range(1 + somebody % 4)]
            data = {"id": f"p{somebody}", "name": f"Person {somebody}"}
            made = api.post("/collections/staff/persons", data=data, files=images)
            made.raise_for_status()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def signed_in(browser: Browser, server: ServerProcess, *, scripts: bool) -> Page:
    page = browser.new_context(java_script_enabled=scripts, locale="en-GB").new_page()
    page.goto(f"{server.url}/console/sign-in")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    expect(page.locator("nav")).to_be_visible()
    return page


def test_the_people_missed_are_shown_with_each_rate_that_is_looked_at(
    browser: Browser, server: ServerProcess
) -> None:
    page = signed_in(browser, server, scripts=True)
    page.goto(f"{server.url}/console/c/staff/threshold")
    missed = page.locator("#missed")
    expect(missed).to_contain_text("At 1\N{NO-BREAK SPACE}%, about", timeout=30_000)
    expect(missed.locator("svg .mark")).to_have_count(1)
    page.fill("#target", "0.0001")
    expect(missed).to_contain_text("At 0.01\N{NO-BREAK SPACE}%, about", timeout=30_000)
    expect(missed).to_contain_text("would not be recognised")
    expect(missed.locator("svg .mark")).to_have_count(2)
    expect(page.get_by_role("button", name="Change to 0.01")).to_be_visible()
    missed.get_by_role("link", name="The whole evaluation").click()
    expect(page.locator(".note strong")).to_contain_text("hold", timeout=30_000)
    page.select_option("#templates", "2")
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("main")).to_contain_text("Nobody is enrolled with more than 2 images")
    page.locator("td.name a").first.click()
    expect(page.locator("h1")).to_contain_text("Person")
    page.context.close()


def test_all_of_it_is_there_without_a_script(browser: Browser, server: ServerProcess) -> None:
    page = signed_in(browser, server, scripts=False)
    page.goto(f"{server.url}/console/c/staff/threshold?target=0.001")
    page.locator("#missed").get_by_role("link", name="Show them").click()
    while page.get_by_role("link", name="Look again").count():
        page.get_by_role("link", name="Look again").click()
    expect(page.locator("#missed")).to_contain_text("At 0.1\N{NO-BREAK SPACE}%, about")
    expect(page.locator("#missed svg .mark")).to_have_count(2)
    page.context.close()


def test_the_console_shows_what_kith_evaluate_measures(
    browser: Browser, server: ServerProcess, fake_bundle: Path, tmp_path: Path
) -> None:
    command = ["evaluate", "--collection", "staff", "--out", str(tmp_path / "out")]
    environment = {"KITH_DATA_DIR": str(server.data_dir), "KITH_MODEL": str(fake_bundle)}
    subprocess.run(
        [sys.executable, "-c", _KITH, *command], env={**os.environ, **environment}, check=True
    )
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    page = signed_in(browser, server, scripts=True)
    page.goto(f"{server.url}/console/c/staff/threshold/evaluation")
    expect(page.locator(".note strong")).to_be_visible(timeout=30_000)
    shown = page.locator("#evaluation").inner_text()
    for name, said in (("fpir", "of strangers {} were named"), ("fnir", "are enrolled {} were")):
        rate = report["kith_threshold"][name]
        assert said.format(rate["events"]) in shown
        assert f"{rate['events']} of {rate['trials']}" in shown
    assert f"{report['kith_threshold']['similarity']:.3f}" in shown
    page.context.close()
