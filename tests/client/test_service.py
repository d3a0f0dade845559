"""The client at a real service."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from kith_client import AsyncKith, Kith, KithError
from kith_client.model import Model, as_json
from kith_client.models import PersonEvent
from kith_client.problems import (
    AlreadyExists,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
)
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess


def test_people_are_made_found_changed_and_removed(client: Kith, collection: str) -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    made = client.create_person(
        collection, id="ada", name="Ada", images=[picture(1)], valid_until=until, metadata={"n": 7}
    )
    assert made.person.valid_until == until
    assert made.person.metadata == {"n": 7}
    assert len(made.faces) == 1
    found = client.identify(collection, picture(1, 1)).faces[0]
    assert (found.decision, found.person_id) == ("identified", "ada")
    assert client.verify(collection, "ada", picture(1, 2)).decision == "match"
    assert client.update_person(collection, "ada", valid_until=None).valid_until is None
    assert client.update_person(collection, "ada", name="Ada L.").metadata == {"n": 7}
    client.delete_person(collection, "ada")
    with pytest.raises(NotFound):
        client.get_person(collection, "ada")


def test_lists_are_read_page_by_page(client: Kith, collection: str) -> None:
    for number in range(5):
        client.create_person(collection, id=f"p{number}", external_id=f"x {number}/&")
    ids = [person.id for person in client.list_persons(collection, limit=2)]
    assert ids == [f"p{number}" for number in range(5)]
    page = client.list_persons(collection, limit=2).page()
    assert len(page.items) == 2
    rest = client.list_persons(collection, cursor=page.next_cursor)
    assert [person.id for person in rest] == ids[2:]
    (one,) = client.list_persons(collection, external_id="x 3/&")
    assert one.id == "p3"


def test_images_come_as_people_have_them(client: Kith, collection: str, tmp_path: Path) -> None:
    data = picture(3)
    (tmp_path / "ada.png").write_bytes(data)
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    path = tmp_path / "ada.png"
    shown: list[Any] = [
        path,
        str(path),
        data,
        io.BytesIO(data),
        Image.fromarray(pixels),
        pixels,
    ]
    client.create_person(collection, id="ada", images=[data])
    for image in shown:
        assert client.identify(collection, image).faces[0].person_id == "ada"
    with pytest.raises(TypeError, match="is no image"):
        client.identify(collection, 5)  # type: ignore[arg-type]


def test_a_change_is_meant_for_one_revision(client: Kith, collection: str) -> None:
    door = client.create_door(collection, id="front")
    changed = client.update_door(collection, "front", if_match=door.revision, locked_down=True)
    assert changed.locked_down
    with pytest.raises(PreconditionFailed):
        client.update_door(collection, "front", if_match=door.revision, locked_down=False)
    client.delete_door(collection, "front", if_match="*")


def test_errors_are_exceptions_by_their_code(service: ServerProcess, client: Kith) -> None:
    client.create_collection(id="taken")
    with pytest.raises(AlreadyExists, match="taken"):
        client.create_collection(id="taken")
    with pytest.raises(InvalidRequest) as caught:
        client.create_collection(target_fpir=7)
    assert caught.value.errors[0].field == "target_fpir"
    assert caught.value.request_id.startswith("req-")
    with Kith(service.url, "wrong") as stranger, pytest.raises(Unauthenticated):
        stranger.models()
    with pytest.raises(ValueError, match="address"):
        client.delete_collection("")


def test_a_secret_is_read_and_not_shown(client: Kith) -> None:
    made = client.create_key(scopes=["read"], idempotency_key="k-1")
    assert made.key is not None
    assert made.key.startswith("kith_")
    assert made.key not in repr(made)
    again = client.create_key(scopes=["read"], idempotency_key="k-1")
    assert again.key is None  # it was shown once
    client.revoke_key(made.id)


def test_logs_come_as_rows_or_as_a_file(client: Kith, collection: str) -> None:
    client.create_door(collection, id="side")
    assert [*client.list_decisions_of_collection(collection, "side")] == []
    assert client.list_decisions_of_collection_csv(collection, "side").startswith("at,")
    assert "kith_" in client.metrics()


def test_a_sync_sends_lines(client: Kith, collection: str) -> None:
    lines = [{"external_id": str(number)} for number in range(3)]
    done = client.sync_persons(collection, lines, dry_run=True)  # type: ignore[arg-type]
    assert (done.dry_run, done.counts.created) == (True, 3)


def test_what_is_awaited_is_the_same(service: ServerProcess, collection: str) -> None:
    async def ask() -> list[str]:
        async with AsyncKith(service.url, ADMIN_KEY) as kith:
            made = await kith.create_person(collection, id="ada", images=[picture(9)])
            assert made.person.id == "ada"
            await asyncio.gather(*(kith.create_person(collection, id=f"b{n}") for n in range(3)))
            with pytest.raises(NotFound):
                await kith.get_person(collection, "nobody")
            assert len((await kith.list_persons(collection, limit=3).page()).items) == 3
            return [person.id async for person in kith.list_persons(collection, limit=2)]

    assert set(asyncio.run(ask())) == {"ada", "b0", "b1", "b2"}


def test_events_come_as_they_happen_and_after_a_break(
    service: ServerProcess, client: Kith, collection: str
) -> None:
    client.create_person(collection, id="first")
    (first,) = client.list_events(collection=collection).items
    assert isinstance(first, PersonEvent)
    assert first.time - datetime.now(UTC) < timedelta(minutes=1)
    client.create_person(collection, id="second")
    stream = client.stream_events(collection=collection, last_event_id=first.id)
    event = next(iter(stream))
    assert (event.subject, event.type) == ("second", "person.created")
    assert stream.last_event_id == first.id  # until the reader comes for the next
    client.create_person(collection, id="third")
    again = iter(client.stream_events(collection=collection, last_event_id=event.id))
    assert next(again).subject == "third"

    async def follow() -> str:
        async with AsyncKith(service.url, ADMIN_KEY) as kith:
            async for each in kith.stream_events(last_event_id=event.id):
                return each.subject
        raise AssertionError

    assert asyncio.run(follow()) == "third"
    with pytest.raises(InvalidRequest):
        next(iter(client.stream_events(last_event_id="evt-of-long-ago")))


def test_a_stream_outlives_breaks(service: ServerProcess, collection: str) -> None:
    """It goes on after the last event; the parts between are cut off at odd places."""
    bodies = [
        b': hello\nretry: 10\nid: evt-0\n\nid: evt-1\ndata: {"id": "evt-1", "type"',
        b"id: evt-1\ndata: " + _event("evt-1") + b"\n\nid: evt-2\r\ndata: " + _event("evt-2"),
        b"\n\nid: evt-2\ndata: " + _event("evt-2") + b"\n\n",
    ]
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        return httpx.Response(200, content=bodies[len(asked) - 1])

    http = httpx.Client(transport=httpx.MockTransport(answer))
    events = iter(Kith("http://kith", "key", http=http).stream_events())
    assert [next(events).id for _ in range(2)] == ["evt-1", "evt-2"]
    assert asked == [None, "evt-0", "evt-1"]


def _event(event_id: str) -> bytes:
    return f'{{"id": "{event_id}", "type": "of.the.future", "new": 1}}'.encode()


def test_a_newer_service_breaks_nothing(client: Kith, collection: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        person = as_json(client.create_person(collection).person)
        return httpx.Response(200, json={**person, "shoe_size": 38})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    person = Kith("http://kith", "key", http=http).get_person("hq", "ada")
    assert vars(person)["shoe_size"] == 38
    with pytest.raises(AttributeError, match="did not send it"):
        person.hat_size  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError):
        person.name = "Bob"
    assert isinstance(person, Model)
    assert issubclass(NotFound, KithError)
