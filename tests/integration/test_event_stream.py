"""A stream of events from a real server: nothing is left out, and it ends when it has to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import ServerProcess
from tests.support.streams import STREAM, stream
from tests.support.waiting import wait_for


def enrol(client: httpx.Client, *ids: str, collection: str = "staff") -> None:
    for each in ids:
        path = f"/collections/{collection}/persons"
        assert client.post(path, json={"id": each}).status_code == 201


def subjects(found: list[dict[str, Any]]) -> list[str]:
    return [each["subject"] for each in found]


@pytest.fixture
def service(server: Callable[..., ServerProcess]) -> ServerProcess:
    process = server(KITH_SHUTDOWN_SECONDS="600")
    with process.client() as client:
        for name in ("staff", "other"):
            assert client.post("/collections", json={"id": name}).status_code == 201
    return process


def test_a_reader_that_comes_back_goes_on_where_it_was(service: ServerProcess) -> None:
    with service.client() as client:
        with stream(client) as reader:
            enrol(client, "a", "b", "c")
            first = reader.events(2)
        enrol(client, "d")
        with stream(client, last=first[-1]["id"]) as reader:
            assert subjects(reader.events(2)) == ["c", "d"]
            enrol(client, "e")
            assert subjects(reader.events(1)) == ["e"]
        feed = client.get("/events").json()["items"]
        assert subjects(first) == ["a", "b"]
        assert first == feed[:2]
        with stream(client, last=feed[0]["id"]) as reader:
            assert reader.events(4) == feed[1:]
        gone = client.get(STREAM, headers={"Last-Event-ID": "evt-of-long-ago"})
        assert (gone.status_code, gone.json()["errors"][0]["field"]) == (422, "Last-Event-ID")


def test_a_reader_that_has_had_no_event_comes_back_too(service: ServerProcess) -> None:
    """Events that come while it is away would otherwise be lost to it for good."""
    with service.client() as client:
        with stream(client) as reader:
            place = reader.last
        enrol(client, "a")
        with stream(client, last=place) as reader:
            assert subjects(reader.events(1)) == ["a"]
        new = {"scopes": ["read"], "collections": ["other"]}
        key = client.post("/keys", json=new).json()["key"]
        with stream(client, key=key) as reader:
            place = reader.last
        enrol(client, "x", collection="other")
        with stream(client, last=place, key=key) as reader:
            assert subjects(reader.events(1)) == ["x"]


def test_the_place_of_a_reader_of_rare_events_does_not_grow_old(service: ServerProcess) -> None:
    """An event is deleted after some weeks; who has it as the last could not come back."""
    with service.client() as client:
        enrol(client, "a")
        with stream(client, types="person.erased") as reader:
            old = reader.last
        enrol(client, "b")
        with stream(client, last=old, types="person.erased") as reader:
            assert reader.last == client.get("/events").json()["items"][-1]["id"] != old
            assert client.delete("/collections/staff/persons/a").status_code == 204
            assert subjects(reader.events(1)) == ["a"]


def test_a_reader_gets_what_it_asks_for_and_may_know(service: ServerProcess) -> None:
    with service.client() as client:
        new = {"scopes": ["read"], "collections": ["staff"]}
        bound = client.post("/keys", json=new).json()
        with (
            stream(client, key=bound["key"]) as own,
            stream(client, types="person.erased") as erased,
            stream(client, collection="other") as other,
        ):
            enrol(client, "x", collection="other")
            enrol(client, "a", "b")
            assert client.delete("/collections/staff/persons/a").status_code == 204
            assert subjects(own.events(3)) == ["a", "b", "a"]
            assert subjects(erased.events(1)) == ["a"]
            assert subjects(other.events(1)) == ["x"]
            assert client.delete(f"/keys/{bound['id']}").status_code == 204
            assert own.events() == []
        wrong = {"types": "person.eaten"}, {"door": "front"}
        assert [client.get(STREAM, params=each).status_code for each in wrong] == [422, 422]
        assert client.get(STREAM, params={"collection": "none"}).status_code == 404


def test_a_stop_does_not_wait_for_streams(service: ServerProcess) -> None:
    """It would wait for ten minutes if a stream were any other request."""
    with service.client() as client, stream(client) as reader:
        enrol(client, "a")
        assert subjects(reader.events(1)) == ["a"]
        assert service.stop() == 0
        assert reader.events() == []


def test_idle_streams_hold_no_thread_and_their_number_is_bounded(
    server: Callable[..., ServerProcess],
) -> None:
    service = server(KITH_MAX_STREAMS="40")

    def threads() -> int:
        return len(list(Path(f"/proc/{service.pid}/task").iterdir()))

    with service.client() as client:
        client.post("/collections", json={"id": "staff"})
        before = threads()
        opened = [stream(client) for _ in range(40)]
        readers = [each.__enter__() for each in opened]
        assert threads() - before < 20
        refused = client.get(STREAM)
        assert refused.status_code == 503
        assert "40 streams are open" in refused.json()["detail"]
        assert refused.headers["retry-after"]
        enrol(client, "a")
        assert [subjects(each.events(1)) for each in readers] == [["a"]] * 40
        for each in opened:
            each.__exit__(None, None, None)

        def is_free() -> bool:
            with client.stream("GET", STREAM) as answer:
                return answer.status_code == 200

        wait_for(is_free)


@pytest.mark.on_postgresql
def test_a_stream_has_what_another_replica_wrote(
    server: Callable[..., ServerProcess], database_url: str
) -> None:
    one, other = (server(KITH_DATABASE_URL=database_url) for _ in range(2))
    with one.client() as writer, other.client() as client:
        assert writer.post("/collections", json={"id": "staff"}).status_code == 201
        with stream(client) as reader:
            enrol(writer, "a", "b")
            assert subjects(reader.events(2)) == ["a", "b"]
