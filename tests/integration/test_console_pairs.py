"""Two people who look alike, at a real server in a real browser: said to be two, or merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import HOSTILE, chromium
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess

PEOPLE = range(1, 9)
PERSONS = "/collections/staff/persons"
NAME = HOSTILE.replace("\n", " ")[:60]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """One service with a collection of eight strangers."""
    started = ServerProcess(tmp_path_factory.mktemp("pairs") / "data", fake_bundle).start()
    with started.client() as client:
        new = {"id": "staff", "target_fpir": 0.01, "max_faces_per_person": 3}
        client.post("/collections", json=new).raise_for_status()
        for somebody in PEOPLE:
            enrol(client, f"p{somebody}", somebody, 0)
    yield started
    started.kill()


def enrol(api: httpx.Client, person: str, somebody: int, *shakes: int, **fields: str) -> None:
    images = [("images", picture(somebody, shake)) for shake in shakes]
    api.post(PERSONS, data={"id": person, **fields}, files=images).raise_for_status()


@pytest.fixture
def api(server: ServerProcess) -> Iterator[httpx.Client]:
    """A client with somebody twice, under a name that would run as HTML; both are gone after."""
    with server.client() as client:
        enrol(client, "twin", 1, 5, 6, name=NAME, external_id="hr-1")
        yield client
        client.delete(f"{PERSONS}/twin")
        client.delete(f"{PERSONS}/p1").raise_for_status()
        enrol(client, "p1", 1, 0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@dataclass(frozen=True)
class Desk:
    """A page of somebody who is signed in; ``scripts`` says whether the browser runs any."""

    page: Page
    home: str
    scripts: bool

    def watch(self) -> None:
        """Open the page *Watch*."""
        self.page.goto(f"{self.home}/c/staff/watch")

    def check(self) -> None:
        """Everybody can use the page as it is now: no violation of WCAG that axe-core finds, which
        is a script itself.
        """
        if self.scripts:
            found = Axe().run(self.page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def desk(request: pytest.FixtureRequest, server: ServerProcess, browser: Browser) -> Iterator[Desk]:
    page = browser.new_context(java_script_enabled=request.param).new_page()
    desk = Desk(page, f"{server.url}/console", request.param)
    wrong: list[str] = []
    page.on("pageerror", lambda each: wrong.append(str(each)))
    page.on("request", lambda each: _note(wrong, each.url, server.url))
    page.goto(f"{desk.home}/sign-in")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    expect(page.locator("nav")).to_be_visible()
    yield desk
    page.context.close()
    assert wrong == []


def _note(wrong: list[str], url: str, origin: str) -> None:
    if not url.startswith((origin, "data:")):
        wrong.append(url)


def dismissed(api: httpx.Client) -> int:
    return len(api.get("/collections/staff/lookalikes?dismissed=true").json()["items"])


def test_a_pair_is_two_people_until_that_is_taken_back(desk: Desk, api: httpx.Client) -> None:
    page = desk.page
    desk.watch()
    expect(page.locator(".entry")).to_have_count(1)
    desk.check()
    page.get_by_role("button", name="Not the same").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert dismissed(api) == 1
    desk.check()
    desk.watch()
    expect(page.get_by_role("heading", name="Pairs that are two people")).to_be_visible()
    expect(page.get_by_role("button", name="Not the same")).to_have_count(0)
    desk.check()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Not the same")).to_be_visible()
    assert dismissed(api) == 0


def test_a_pair_is_one_person_and_the_page_says_who_stays_and_what_goes(
    desk: Desk, api: httpx.Client
) -> None:
    page = desk.page
    api.patch(f"{PERSONS}/p1", json={"name": "Ada"}).raise_for_status()
    api.post(f"{PERSONS}/p1/faces", files={"images": picture(1, 7)}).raise_for_status()
    desk.watch()
    page.get_by_role("link", name="Same person").click()
    card = page.locator(".card", has=page.get_by_role("heading", name="Ada"))
    expect(card).to_contain_text("Of all faces keep the 3 best")
    desk.check()
    page.on("dialog", lambda dialog: dialog.accept())
    keep = card.get_by_role("button", name="Keep this one, erase")
    card.get_by_label("go to who stays").check()
    keep.click()
    expect(page.locator("h1")).not_to_have_text("One person or two?")  # more faces than are allowed
    assert api.get(f"{PERSONS}/twin").status_code == 200
    page.go_back()
    card.get_by_label("go to who stays").check()
    card.get_by_label("Of all faces keep the 3 best").check()
    keep.click()
    expect(page.locator("h1")).to_have_text("Merged")
    desk.check()
    assert "twin" in page.locator("dl").inner_text()
    person = api.get(f"{PERSONS}/p1").json()
    assert (person["external_id"], person["face_count"], person["name"]) == ("hr-1", 3, "Ada")
    assert api.get(f"{PERSONS}/twin").status_code == 404
    rows = api.get("/audit", params={"collection": "staff", "limit": 1000}).json()["items"]
    merged = [each for each in rows if each["action"] == "person.merged"]
    assert merged[-1]["actor"]["request_id"] in page.locator("dl").inner_text()
    desk.watch()
    expect(page.locator(".entry")).to_have_count(0)
