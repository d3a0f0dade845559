"""The list of decisions as they happen: nothing is left out, and it asks no more than it may."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import chromium
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess
from tests.support.streams import Reader

LIVE = "/console/c/hq/doors/live"


def site(server: ServerProcess) -> dict[str, str]:
    """A door, somebody whom it lets in, and the head of requests with its key."""
    with server.client() as client:
        client.post("/collections", json={"id": "hq"}).raise_for_status()
        client.post("/collections/hq/doors", json={"id": "front"}).raise_for_status()
        enrolled = [("images", (f"{each}.png", picture(1, each))) for each in (1, 2, 3)]
        new = {"id": "ada"}
        client.post("/collections/hq/persons", data=new, files=enrolled).raise_for_status()
        bound = {"scopes": ["door"], "collections": ["hq"], "doors": ["front"]}
        return {"Authorization": f"Bearer {client.post('/keys', json=bound).json()['key']}"}


def decide(server: ServerProcess, key: dict[str, str]) -> None:
    frames = [("images", (f"{each}.png", picture(1, each))) for each in (21, 22, 23)]
    with server.client() as client:
        client.post("/doors/front/decisions", files=frames, headers=key).raise_for_status()


@pytest.fixture
def browser(server: Callable[..., ServerProcess]) -> Iterator[tuple[ServerProcess, httpx.Client]]:
    """Somebody who is signed in, with the cookie alone."""
    running = server()
    with httpx.Client(base_url=running.url, timeout=30) as browser:
        form = {"key": (None, ADMIN_KEY)}
        head = {"Sec-Fetch-Site": "same-origin"}
        assert browser.post("/console/sign-in", files=form, headers=head).status_code == 303
        yield running, browser


def test_a_page_that_comes_back_has_what_was_decided_while_it_was_away(
    browser: tuple[ServerProcess, httpx.Client],
) -> None:
    server, client = browser
    key = site(server)
    with client.stream("GET", LIVE) as answer:
        reader = Reader(answer.iter_lines())
        assert ": open" in next(reader.blocks)
    decide(server, key)
    assert reader.last is not None
    with client.stream("GET", LIVE, headers={"Last-Event-ID": reader.last}) as answer:
        parts = Reader(answer.iter_lines())
        next(parts.blocks)
        said = "\n".join(next(parts.blocks))
    assert "ada" in said
    assert re.search(r"^id: evt-[0-9a-f]{20}$", said, re.MULTILINE)


def test_a_page_that_finds_no_place_does_not_ask_again_and_again(
    server: Callable[..., ServerProcess],
) -> None:
    """It came again as fast as the service could refuse it."""
    running = server(KITH_MAX_STREAMS="0")
    site(running)
    with chromium() as started:
        page = started.new_page()
        page.clock.install()
        page.goto(f"{running.url}/console/sign-in")
        page.fill("#key", ADMIN_KEY)
        page.keyboard.press("Enter")
        expect(page.locator("nav")).to_be_visible()
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.url))
        page.goto(f"{running.url}/console/c/hq/doors")
        state = page.locator("[data-state]")
        expect(state).to_have_text(re.compile("."))
        expect(state).to_have_attribute("data-lost", re.compile("."))
        expect(state).to_have_text(state.get_attribute("data-lost") or "")
        page.clock.run_for(2_000)
        assert len([each for each in asked if each.endswith(LIVE)]) == 1
        with page.expect_request(f"**{LIVE}"):
            page.clock.run_for(60_000)
