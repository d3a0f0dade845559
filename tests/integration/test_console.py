"""The console in a real browser with a camera, on a real server: people who need no command."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.support.browser import HOSTILE, chromium, on_one_line
from tests.support.server import ServerProcess
from tests.support.webcams import astronaut, jpeg, video, webcam

Context = dict[str, Any]
_PHONE: Context = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "locale": "de-DE",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One service with a collection, on the bundle that comes with Kith."""
    started = ServerProcess(tmp_path_factory.mktemp("console") / "data", Path("face-mini"))
    started.start()
    with started.client() as client:
        client.post("/collections", json={"id": "staff", "target_fpir": 0.01}).raise_for_status()
        group = {"id": "day", "name": "Day shift"}
        client.post("/collections/staff/groups", json=group).raise_for_status()
    yield started
    started.kill()


@pytest.fixture
def api(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose camera sees somebody."""
    folder = tmp_path_factory.mktemp("webcam")
    with chromium(*webcam(video(folder, astronaut(640, 20)))) as started:
        yield started


@dataclass(frozen=True)
class Desk:
    """A page that is signed in, and what it did that it must not."""

    page: Page
    home: str
    seen: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.home}{path}")
        return self.page

    def check(self) -> None:
        """Everybody can use the page as it is now: no violation of WCAG that axe-core finds."""
        found = Axe().run(self.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


Sit = Callable[..., Desk]


@pytest.fixture
def sit(server: ServerProcess, browser: Browser, api: httpx.Client) -> Iterator[Sit]:
    """Signs in with a key of its own; nothing may leave the origin or be an error of a script."""
    desks: list[Desk] = []

    def open_one(*, scopes: tuple[str, ...] = ("admin",), like: Context | None = None) -> Desk:
        page = browser.new_context(**(like or {})).new_page()
        desk = Desk(page, f"{server.url}/console", [])
        page.on("pageerror", lambda each: desk.seen.append(str(each)))
        page.on("request", lambda each: _note_address(desk, each.url, server.url))
        page.on("console", lambda each: _note_error(desk, each))
        key = api.post("/keys", json={"scopes": [*scopes]}).json()["key"]
        desk.open("").fill("#key", key)
        page.keyboard.press("Enter")
        expect(page.locator("nav")).to_be_visible()
        desks.append(desk)
        return desk

    yield open_one
    for each in desks:
        each.page.context.close()
        assert each.seen == []


def _note_error(desk: Desk, said: ConsoleMessage) -> None:
    if said.type == "error":
        desk.seen.append(said.text)


def _note_address(desk: Desk, url: str, origin: str) -> None:
    if not url.startswith((origin, "blob:", "data:")):
        desk.seen.append(url)


def test_somebody_is_enrolled_by_the_camera_known_and_erased(sit: Sit, api: httpx.Client) -> None:
    desk = sit()
    page = desk.open("/c/staff/enrol")
    page.fill("#f-name", "Eileen Collins")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("[data-hints] .fine")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Take the photo").click()
    expect(page.locator(".shot svg .box")).to_have_count(1)
    desk.check()
    page.get_by_role("button", name="Switch the camera off").click()
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.locator("#done .badge.consistent")).to_have_count(1)
    desk.check()
    (person,) = api.get("/collections/staff/persons").json()["items"]
    assert (person["name"], person["face_count"]) == ("Eileen Collins", 1)

    desk.open("/c/staff/try")
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the photo").click()
    expect(page.locator("#answer h2")).to_have_text("1. Known", timeout=30_000)
    expect(page.locator("#answer .value")).to_have_text("Eileen Collins")
    expect(page.locator("#answer")).to_contain_text("A stranger looks this much like somebody")
    expect(page.locator(".shot svg .box.identified")).to_have_count(1)
    desk.check()

    desk.open(f"/c/staff/people/{person['id']}").fill("#f-really", person["id"])
    page.get_by_role("button", name="Erase the person").click()
    expect(page.locator("dl")).to_contain_text(person["id"])
    desk.check()
    rows = api.get("/audit", params={"collection": "staff", "limit": 1000}).json()["items"]
    erased = [each for each in rows if each["action"] == "person.deleted"]
    assert erased[-1]["actor"]["request_id"] in page.locator("dl").inner_text()
    assert api.get("/collections/staff/persons").json()["items"] == []


def test_a_photo_of_several_asks_which_face_is_meant(
    sit: Sit, api: httpx.Client, tmp_path: Path
) -> None:
    two = Image.new("RGB", (1000, 500), (90, 90, 90))
    two.paste(astronaut(500), (0, 0))
    two.paste(astronaut(480), (510, 10))
    (tmp_path / "two.jpg").write_bytes(jpeg(two))
    (tmp_path / "none.jpg").write_bytes(jpeg(Image.new("RGB", (300, 300), (90, 90, 90))))
    desk = sit(like=_PHONE)
    page = desk.open("/c/staff/enrol")
    page.set_input_files("#images", [tmp_path / "none.jpg", tmp_path / "two.jpg"])
    shots = page.locator(".shot")
    expect(shots.nth(0)).to_contain_text("Kein Gesicht zu sehen", timeout=30_000)
    expect(shots.nth(1)).to_contain_text("Mehrere Gesichter sind ähnlich groß")
    shots.nth(1).get_by_role("radio").nth(1).check()
    expect(shots.nth(1).locator(".fine")).to_be_visible(timeout=30_000)
    expect(shots.nth(1).get_by_role("radio").nth(1)).to_be_checked()
    desk.check()
    page.get_by_role("button", name="Erfassen", exact=True).click()
    expect(page.locator("#done .badge.exceeded")).to_have_text("abgelehnt")
    expect(page.locator("#done .badge.consistent")).to_have_text("erfasst")
    (person,) = api.get("/collections/staff/persons").json()["items"]
    (face,) = api.get(f"/collections/staff/persons/{person['id']}/faces").json()["items"]
    assert face["box"]["x"] > 500
    api.delete(f"/collections/staff/persons/{person['id']}").raise_for_status()


def test_people_are_found_while_one_types_and_changed(sit: Sit, api: httpx.Client) -> None:
    for name in ("Ada", "Zoë Übel", "Grace"):
        api.post("/collections/staff/persons", json={"name": name}).raise_for_status()
    new = {"id": "bad", "name": HOSTILE.replace("\n", " "), "metadata": {"a": "<b>\n"}}
    api.post("/collections/staff/persons", json=new).raise_for_status()
    desk = sit()
    page = desk.open("/c/staff/people")
    expect(page.locator("#found .card")).to_have_count(4)
    desk.check()
    page.get_by_label("Search by name or id").press_sequentially("übe")
    expect(page.locator("#found .card")).to_have_count(1)
    desk.open("/c/staff/people/bad")
    assert on_one_line(page.locator("h1").inner_text()) == on_one_line(HOSTILE)
    desk.check()
    page.fill("#f-valid_until", "2030-01-02T03:04:05")
    page.check("#f-suspended")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1 + p .badge")).to_have_text("suspended")
    page.check("#g-day")
    page.get_by_role("button", name="Save the groups").click()
    expect(page.locator("#g-day")).to_be_checked()
    page.get_by_text("Replace the credentials").first.click()
    page.fill("#f-system-0", "acs")
    page.fill("#f-value-0", "4711-secret")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Replace the credentials").click()
    expect(page.locator("main")).to_contain_text("acs: card, value hidden")
    assert "4711" not in page.content()
    after = api.get("/collections/staff/persons/bad").json()
    assert (after["valid_until"], after["suspended"]) == ("2030-01-02T03:04:05Z", True)
    assert (after["name"], after["metadata"]) == (new["name"], new["metadata"])
    members = api.get("/collections/staff/groups/day/members").json()["items"]
    assert [each["person_id"] for each in members] == ["bad"]


def test_a_key_that_is_revoked_is_signed_out_within_a_page(sit: Sit, api: httpx.Client) -> None:
    desk = sit(scopes=("read",))
    page = desk.open("/c/staff/people")
    assert page.get_by_role("link", name="Enrol somebody").count() == 0
    api.delete(f"/keys/{api.get('/keys').json()['items'][-1]['id']}").raise_for_status()
    page.get_by_label("Search by name or id").press_sequentially("a")
    expect(page).to_have_url(f"{desk.home}/sign-in?next=%2Fc%2Fstaff%2Fpeople")
    desk.seen.clear()  # the browser says in its console that there was a 401
    desk.check()


def test_a_page_is_used_by_keyboard_alone(sit: Sit) -> None:
    desk = sit()
    page = desk.open("/c/staff/people")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search by name or id")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Enrol somebody")).to_be_focused()
    desk.open("")
    desk.check()


def test_another_rate_is_seen_before_it_is_taken(sit: Sit, api: httpx.Client) -> None:
    desk = sit()
    page = desk.open("/c/staff/threshold")
    before = page.locator("#needed").inner_text()
    page.fill("#target", "0.0001")
    page.get_by_role("button", name="Change to 0.01").click()
    expect(page.locator(".value").first).to_have_text("0.01\N{NO-BREAK SPACE}%")
    assert float(page.locator("#needed").inner_text()) > float(before)
    desk.check()
    assert api.get("/collections/staff").json()["target_fpir"] == 0.0001
    api.patch("/collections/staff", json={"target_fpir": 0.01}).raise_for_status()


def test_a_key_is_made_shown_once_and_revoked(sit: Sit, api: httpx.Client) -> None:
    desk = sit()
    page = desk.open("/keys")
    page.fill("#f-name", "reception")
    page.check("#s-identify")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator(".secret").inner_text()
    desk.check()
    with_it = {"Authorization": f"Bearer {secret}"}
    assert api.get("/models", headers=with_it).status_code == 200
    desk.open("/keys")
    assert secret not in page.content()
    desk.check()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke reception").click()
    expect(page.get_by_role("button", name="Revoke reception")).to_have_count(0)
    assert api.get("/models", headers=with_it).status_code == 401


def test_a_door_is_watched_and_locked_down(sit: Sit, api: httpx.Client) -> None:
    door = {"id": "front", "name": "Front door", "mode": "decide"}
    api.post("/collections/staff/doors", json=door).raise_for_status()
    desk = sit()
    page = desk.open("/c/staff/doors")
    expect(page.locator("[data-state]")).to_have_text("Listening.")
    desk.check()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Lock down Front door").click()
    expect(page.locator(".badge.exceeded")).to_have_text("locked down")
    expect(page.locator("[data-state]")).to_have_text("Listening.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Lift the lock-down of Front door").click()
    expect(page.locator(".card .badge.consistent")).to_be_visible()
    expect(page.locator("[data-state]")).to_have_text("Listening.")
    enrolled = {"images": ("a.jpg", jpeg(astronaut()), "image/jpeg")}
    api.post("/collections/staff/persons", data={"id": "ec"}, files=enrolled).raise_for_status()
    new = {"scopes": ["door"], "collections": ["staff"], "doors": ["front"]}
    key = {"Authorization": f"Bearer {api.post('/keys', json=new).json()['key']}"}
    frames = [jpeg(astronaut(640, 10 * place)) for place in range(3)]
    images = [("images", ("frame.jpg", frame, "image/jpeg")) for frame in frames]
    api.post("/doors/front/decisions", files=images, headers=key).raise_for_status()
    said = page.locator("[data-live] .answer")
    expect(said).to_contain_text("No rule lets the person in here", timeout=20_000)
    expect(said).to_contain_text("front ec")
    desk.check()


@pytest.mark.parametrize("path", ["/audit", "/model", "/c/staff/watch"])
def test_a_page_to_look_things_up_is_there_for_everybody(sit: Sit, path: str) -> None:
    desk = sit()
    desk.open(path)
    expect(desk.page.locator("h1")).to_be_visible()
    desk.check()
