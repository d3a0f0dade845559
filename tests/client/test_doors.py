"""A door opens for a grant while it holds, and for nothing else."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from PIL import Image

from kith_client import AsyncKith, Burst, ConnectionFailed, Frame, FramesTooOld, Kith
from kith_client.doors import DoorOptions
from kith_client.images import as_file
from kith_client.problems import InvalidRequest, NotFound, Overloaded
from tests.client.recorded import kith, refusal
from tests.support.cameras import astronaut
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess


@pytest.fixture
def door(client: Kith, collection: str) -> str:
    """A door of the test's own, at which ada may pass."""
    client.create_person(collection, id="ada", images=[picture(1)])
    return client.create_door(
        collection, id=f"door-{collection}", grant_ttl_ms=60_000, frames={"max_age_ms": 10_000}
    ).id


PATIENT: DoorOptions = {"max_age": 9, "timeout": 30}
"""On a busy machine frames are older before they are sent."""


def seen(somebody: int, count: int = 5) -> list[bytes]:
    return [picture(somebody, shake) for shake in range(1, count + 1)]


def test_a_burst_becomes_a_grant_that_ends(
    client: Kith, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = client.door(door, **PATIENT).decide(seen(1))
    assert decision.granted
    assert decision.person_id == "ada"
    assert str(decision) == "granted: granted ada"
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 61)
    monkeypatch.setattr("kith_client.doors.time", later)
    assert not decision.granted


def test_a_stranger_gets_none(client: Kith, door: str) -> None:
    decision = client.door(door, **PATIENT).decide(seen(2))
    assert not decision.granted
    assert decision.answer.reason == "unknown_person"
    assert decision.person_id is None


def test_a_trial_opens_nothing(client: Kith, door: str) -> None:
    decision = client.door(door, **PATIENT).decide(seen(1), dry_run=True)
    assert decision.answer.decision == "granted"
    assert not decision.granted


def test_a_visit_shows_frames_one_by_one_under_one_id(client: Kith, door: str) -> None:
    visit = client.door(door, **PATIENT).visit(person_id="ada")
    with pytest.raises(InvalidRequest, match="verify"):  # the claim arrived
        visit.show(seen(1)[0])
    sessions: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sessions.append(request.content.partition(b'name="session"')[2].split()[0])
        return refusal(404, "not_found")

    shown = kith(answer).door("front").visit()
    for each in seen(1, 3):
        with pytest.raises(NotFound):
            shown.show(each)
    assert len(sessions) == 3
    assert len({*sessions}) == 1


def test_a_door_is_awaited(service: ServerProcess, door: str) -> None:
    async def decide() -> None:
        async with AsyncKith(service.url, ADMIN_KEY) as client:
            front = client.door(door, **PATIENT)
            assert (await front.visit().show(seen(1)[0])).answer.decision == "pending"

            async def camera() -> AsyncIterator[bytes]:
                for each in seen(1):
                    yield each

            assert (await front.decide(camera())).granted
            assert (await front.decide(seen(1))).granted

    asyncio.run(decide())


def frames(*ages: float) -> list[Frame]:
    now, clock = datetime.now(UTC), time.monotonic()
    return [Frame(picture(1), now - timedelta(seconds=age), clock - age) for age in ages]


def test_old_frames_are_not_sent() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return refusal(404, "not_found")

    front = kith(answer).door("front", max_age=100)
    with pytest.raises(NotFound):
        front.decide(frames(500, 300, 1, 0.5))
    assert asked[0].content.count(b'name="captured_at"') == 2
    with pytest.raises(FramesTooOld):
        front.decide(frames(500, 300))
    with pytest.raises(FramesTooOld):
        front.decide([])
    assert len(asked) == 1


def test_a_decision_is_asked_again_while_its_frames_are_young_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []
    slept: list[float] = []
    monkeypatch.setattr("kith_client.client.time.sleep", slept.append)

    def answer(_: httpx.Request) -> httpx.Response:
        asked.append(time.monotonic())
        if len(asked) == 1:
            raise httpx.ConnectError("refused")
        return refusal(503, "overloaded", **{"retry-after": "50"})

    front = kith(answer).door("front", max_age=40, timeout=60)
    with pytest.raises(Overloaded):
        front.decide(frames(0))
    assert len(asked) == 2  # fifty seconds later they would be too old
    asked.clear()
    with pytest.raises(ConnectionFailed):
        front.decide(frames(39.9))
    assert len(asked) == 1


def test_a_slow_answer_shortens_a_grant() -> None:
    """The time that it took counts, by a clock that nobody sets."""
    now = datetime(2030, 1, 1, tzinfo=UTC)
    grant = {
        "decision": "granted",
        "reason": "granted",
        "decided_at": now.isoformat(),
        "valid_until": (now + timedelta(milliseconds=300)).isoformat(),
        "person": None,
    }

    def answer(_: httpx.Request) -> httpx.Response:
        time.sleep(0.35)
        return httpx.Response(200, json=grant)

    decision = kith(answer).door("front", **PATIENT).decide(frames(0))
    assert decision.answer.decision == "granted"
    assert not decision.granted


def test_of_a_burst_the_sharpest_of_each_part_stay() -> None:
    burst = Burst(most=5, seconds=1)
    blurs, clock, now = [3, 0, 2], time.monotonic(), datetime.now(UTC)
    for number in range(15):
        data = as_file(astronaut(blur=blurs[number % 3], shift=number), "")[1]
        assert burst.add(Frame(data, now, clock + number / 15))
    assert not burst.add(Frame(b"", now, clock + 1))
    kept = [round((frame.taken - clock) * 15) for frame in burst.frames()]
    assert [number % 3 for number in kept[1:]] == [1] * 4
    assert len(kept) == 5


def test_a_burst_ends_though_a_camera_does_not() -> None:
    def camera() -> Iterator[bytes]:
        while True:
            time.sleep(0.01)
            yield picture(1)

    with pytest.raises(NotFound):
        kith(lambda _: refusal(404, "not_found")).door("front", seconds=0.05).decide(camera())


def test_a_picture_is_sent_upright_and_in_colour() -> None:
    lying = Image.new("RGBA", (40, 20), (255, 0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    lying.getexif().update(exif)
    name, data = as_file(lying, "frame")
    assert name == "frame.jpg"
    with Image.open(io.BytesIO(data)) as sent:
        assert (sent.size, sent.mode) == ((20, 40), "RGB")
