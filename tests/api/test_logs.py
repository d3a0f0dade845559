"""The logs of a whole session hold nobody's name, key, embedding or image."""

import base64
import datetime as dt
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.support import FakeClock, files, made, ok, problem
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess

CODE = "unauthenticated"
NAMES = ("Ada Lovelace", "Lovelace", "badge-4711", "Gebäude 7", "metadata-of-ada")
DESK = "2001:db8::17"
"""The address of the client, as a trusted proxy gives it."""
ADA = {
    "id": "p1",
    "name": NAMES[0],
    "external_id": NAMES[2],
    "metadata": json.dumps({"room": NAMES[3], "note": NAMES[4]}),
}


def session(client: httpx.Client) -> Iterator[str]:
    """Everything that a day brings, right and wrong; yields the secrets that came up."""
    made(client.post("/collections", json={"id": "c", "name": NAMES[3]}))
    key = made(client.post("/keys", json={"name": NAMES[0], "scopes": ["identify"]}))
    yield key["key"]
    people = "/collections/c/persons"
    once = {"Idempotency-Key": "idempotency-secret"}
    yield once["Idempotency-Key"]
    for _ in range(2):
        images = files(picture(1), b"not an image but a text of somebody")
        made(client.post(people, data=ADA, files=images, headers=once))
    problem(client.post(people, json={"external_id": NAMES[2]}), 409, "already_exists")
    problem(client.post(people, json={"nme": NAMES[0]}), 422, "invalid_request")
    problem(client.post(people, json={"name": NAMES[0] * 30}), 422, "invalid_request")
    ok(client.get(people, params={"name": NAMES[0], "external_id": NAMES[2]}))
    ok(client.patch(f"{people}/p1", json={"name": NAMES[1]}))
    made(client.post(f"{people}/p1/faces", files=files(picture(1, 1))))
    probe = files(picture(1, 2), field="image")
    with_key = {"Authorization": "", "X-API-Key": key["key"]}
    ok(client.post("/collections/c/identify", files=probe, headers=with_key))
    ok(client.post(f"{people}/p1/verify", files=probe))
    embedding = ok(client.post("/embeddings", files=probe))["embedding"]
    yield from (str(round(number, 6)) for number in embedding)
    encoded = base64.b64encode(picture(1, 2)).decode()
    yield encoded[:40]
    ok(client.post("/detect", json={"image": {"base64": encoded}}))
    problem(
        client.post("/detect", json={"image": {"base64": encoded[:-3]}}), 422, "invalid_request"
    )
    problem(
        client.get("/keys", headers={"Authorization": "Bearer a-wrong-key"}), 401, "unauthenticated"
    )
    yield "a-wrong-key"
    problem(client.get(f"/{NAMES[1]}", params={"name": NAMES[0]}), 404, "not_found")
    client.delete(f"{people}/p1", headers={"X-Request-Id": "p1-goes", "X-Forwarded-For": DESK})
    bearer = {"Authorization": f"Bearer {key['key']}"}
    denied = client.get(people, headers={**bearer, "X-Request-Id": "denied"})
    problem(denied, 403, "forbidden")
    client.delete(f"/keys/{key['id']}", headers={"X-Request-Id": "key-goes"})
    refused = client.get(people, headers={**bearer, "X-Request-Id": "refused"})
    problem(refused, 401, "unauthenticated")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> tuple[list[str], str]:
    """The secrets of a session, and all that a real server logged of it at its most talkative."""
    settings = {
        "KITH_LOG_FORMAT": "json",
        "KITH_LOG_LEVEL": "DEBUG",
        "KITH_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1",
    }
    server = ServerProcess(tmp_path_factory.mktemp("logs"), fake_bundle, **settings).start()
    with server.client() as client:
        secrets = list(session(client))
        client.get("/models", headers={"X-Request-Id": "door-7"})
    assert server.stop() == 0
    return secrets, server.log.read_text()


def test_a_whole_session_leaves_nothing_of_anybody_in_the_logs(day: tuple[list[str], str]) -> None:
    secrets, log = day
    for secret in (*secrets, *NAMES, ADMIN_KEY):
        assert secret not in log
        assert json.dumps(secret)[1:-1] not in log
    for event in ("collection.created", "person.created", "key.revoked", "request.finished"):
        assert event in log


def test_no_image_bytes_are_in_the_logs(day: tuple[list[str], str]) -> None:
    images = picture(1), picture(1, 1), picture(1, 2)
    pieces = [image[i : i + 8] for image in images for i in range(40, 200, 8)]
    assert not [piece for piece in pieces if repr(piece)[2:-1] in day[1].replace("\\\\", "\\")]
    assert "not an image but a text" not in day[1]


def test_every_line_of_the_logs_can_be_read_and_names_its_request(
    day: tuple[list[str], str],
) -> None:
    lines = [json.loads(line) for line in day[1].splitlines() if line[:1] == "{"]
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    finished = [line for line in lines if line["event"] == "request.finished"]
    assert len(finished) > 15
    assert all(line["request_id"] for line in finished)
    assert all(line["client"] in ("127.0.0.1", DESK) for line in finished)
    last = {"method": "GET", "route": "/v1/models", "status": 200, "request_id": "door-7"}
    assert last.items() <= finished[-1].items()


def test_the_log_says_who_did_what_and_from_where(day: tuple[list[str], str]) -> None:
    """Also of what was refused, and of what was done inside of a request, on whichever thread."""
    lines = [json.loads(line) for line in day[1].splitlines() if line[:1] == "{"]

    def line(event: str, request_id: str) -> dict[str, object]:
        (found,) = [
            line for line in lines if (line["event"], line.get("request_id")) == (event, request_id)
        ]
        return dict(found)

    deleted = line("person.deleted", "p1-goes")
    assert (deleted["person"], deleted["key_id"], deleted["client"]) == ("p1", "operator", DESK)
    finished = line("request.finished", "p1-goes")
    assert (finished["key_id"], finished["client"]) == ("operator", DESK)
    revoked = line("key.revoked", "key-goes")
    assert (revoked["key_id"], revoked["client"]) == ("operator", "127.0.0.1")
    denied = line("request.finished", "denied")
    assert (denied["status"], denied["key_id"]) == (403, revoked["key"])
    refused = line("request.finished", "refused")
    assert (refused["status"], refused["client"]) == (401, "127.0.0.1")
    assert "key_id" not in refused  # nobody's key, any more
    of_requests = [line for line in lines if "." in line["event"] and "request_id" in line]
    assert all({"client"} <= set(line) for line in of_requests)


def test_what_is_no_request_is_logged_with_its_peer(
    server: Callable[..., ServerProcess],
) -> None:
    process = server(KITH_LOG_FORMAT="json")
    address = httpx.URL(process.url)
    with socket.create_connection((address.host, address.port or 0)) as connection:
        connection.sendall(b"no request at all\r\n\r\n")
        answer = json.loads(connection.makefile("rb").read().split(b"\r\n\r\n")[1])
    with socket.create_connection((address.host, address.port or 0)) as connection:
        connection.sendall(
            b"GET /v1/health/live HTTP/1.1\r\nHost: kith\r\nX-Request-Id: upgrade\r\n"
            b"Connection: upgrade, close\r\nUpgrade: websocket\r\n\r\n"
        )
        connection.makefile("rb").read()
    assert process.stop() == 0
    lines = [json.loads(each) for each in process.log.read_text().splitlines() if each[:1] == "{"]
    (refused,) = [line for line in lines if line["event"] == "connection.refused"]
    assert refused["client"] == "127.0.0.1"
    assert refused["request_id"] == answer["request_id"]
    (finished,) = [line for line in lines if line.get("request_id") == "upgrade"]
    assert finished["client"] == "127.0.0.1"
    assert [line for line in lines if line["level"] != "info"] == []  # uvicorn's name no client


def test_a_client_that_no_trusted_proxy_vouches_for_is_its_own_peer(
    server: Callable[..., ServerProcess],
) -> None:
    """uvicorn by itself would believe any header that comes from this machine."""
    process = server(KITH_LOG_FORMAT="json")
    with process.client() as client:
        headers = {"X-Forwarded-For": DESK, "X-Real-IP": DESK, "Forwarded": f'for="[{DESK}]"'}
        ok(client.get("/models", headers=headers))
    assert process.stop() == 0
    assert DESK not in process.log.read_text()


def test_the_key_of_one_request_is_not_logged_with_the_next(
    timed: TestClient, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An expired key is logged by its id; a request without a key after it is not logged as its."""
    end = clock.now() + dt.timedelta(hours=1)
    key = made(timed.post("/keys", json={"scopes": ["read"], "expires_at": end.isoformat()}))
    clock.forward(dt.timedelta(hours=1))
    caplog.clear()
    problem(timed.get("/models", headers={"X-API-Key": key["key"], "Authorization": ""}), 401, CODE)
    problem(timed.get("/models", headers={"Authorization": ""}), 401, CODE)
    ok(timed.get("http://kith/v1/health/live"))
    finished = [cast("dict[str, object]", record.msg) for record in caplog.records]
    finished = [line for line in finished if isinstance(line, dict)]
    ids = [line.get("key_id") for line in finished if line["event"] == "request.finished"]
    assert ids == [key["id"], None, None]
