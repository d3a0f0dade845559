"""The cameras of doors against their own past, from the decisions that the audit has."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.api.console import Visitor
from tests.api.support import FakeClock, enrol, files, make_collection, ok
from tests.api.test_console_sessions import ADMIN
from tests.support.pictures import SIDE, encoded, picture

PEOPLE = range(1, 7)
DAY = timedelta(days=1)


@pytest.fixture
def site(timed: TestClient) -> TestClient:
    path = make_collection(timed)
    for somebody in PEOPLE:
        enrol(timed, path, f"p{somebody}", *(picture(somebody, shake) for shake in (1, 2, 3)))
    timed.post(f"{path}/doors", json={"id": "front", "mode": "decide"}).raise_for_status()
    return timed


def dimmed(somebody: int, shake: int) -> bytes:
    """The picture of a camera that a film of dirt lies on."""
    blotches = np.random.default_rng(somebody).integers(0, 256, (8, 8)).astype(np.uint8)
    image = Image.fromarray(blotches).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    dirt = np.random.default_rng([somebody, shake]).normal(0, 150, (SIDE, SIDE))
    return encoded(np.clip(np.asarray(image, np.float64) + dirt, 0, 255).astype(np.uint8))


def days(
    client: TestClient, clock: FakeClock, number: int, *, dirty: bool, also: int | None = None
) -> None:
    """Everybody comes once a day, and a stranger, if there is one."""
    seen = dimmed if dirty else picture
    for day in range(number):
        for somebody in (*PEOPLE, *([] if also is None else [also])):
            shown = [seen(somebody, 100 * day + shake + 20) for shake in range(3)]
            for _ in range(2):  # a stranger has an event once seen for a while
                answer = client.post("/doors/front/decisions", files=files(*shown), headers=ADMIN)
                answer.raise_for_status()
                clock.forward(timedelta(seconds=5))
        clock.forward(DAY)


def shown(client: TestClient) -> str:
    visitor = Visitor(client)
    visitor.sign_in()
    answer = visitor.get("/c/staff/watch/drift")
    assert answer.status_code == 200, answer.text[:500]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def logged(client: TestClient) -> Iterator[dict[str, Any]]:
    page = ok(client.get("/doors/front/decisions?limit=1000", headers=ADMIN))
    yield from page["items"]


def test_a_camera_that_gets_dirty_is_worse_than_before(site: TestClient, clock: FakeClock) -> None:
    days(site, clock, 5, dirty=False)
    changed = clock.now() + 3 * DAY
    clock.forward(3 * DAY)
    days(site, clock, 5, dirty=True)
    said = shown(site)
    assert "worse than before" in said
    assert "People look less like themselves here than before." in said
    means = [
        np.mean(
            [
                each["similarity"]
                for each in logged(site)
                if each["person_id"] and (each["at"] >= changed.isoformat()[:19]) is is_now
            ]
        )
        for is_now in (True, False)
    ]
    found = re.search(r"of 6 people: (\d\.\d+), before (\d\.\d+)", said)
    assert found is not None
    assert [float(found[1]), float(found[2])] == pytest.approx(means, abs=0.001)
    assert "Pictures that can be used: 100 %, before 100 %" in said
    assert "Faces that are unknown: 0 %, before 0 %" in said


def test_a_camera_that_stays_as_it_was_is_as_before(site: TestClient, clock: FakeClock) -> None:
    assert "too little to compare yet" in shown(site)
    days(site, clock, 4, dirty=False)
    clock.forward(4 * DAY)
    days(site, clock, 4, dirty=False)
    said = shown(site)
    assert "as before" in said
    assert "worse" not in said


def test_strangers_who_come_every_day_are_said(site: TestClient, clock: FakeClock) -> None:
    days(site, clock, 4, dirty=False)
    clock.forward(4 * DAY)
    days(site, clock, 4, dirty=False, also=77)
    said = shown(site)
    assert "More faces are unknown here than before" in said
    assert re.search(r"Faces that are unknown: 14.3.%, before 0.%", said)


def test_the_camera_s_own_report_is_there_and_so_are_doors_that_nobody_passed(
    site: TestClient,
) -> None:
    assert "Nothing reports how its camera is." in shown(site)
    report = {"state": "no_picture", "detail": "camera_lost"}
    site.post("/doors/front/health", json=report, headers=ADMIN).raise_for_status()
    assert "Its camera gives no picture. Since May 4, 2026" in shown(site)
