"""The logs of a whole session hold nobody's name, key, embedding or image."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.support import files, made, problem, told
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess

NAMES = ("Ada Lovelace", "Lovelace", "badge-4711", "Gebäude 7", "metadata-of-ada")
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
    told(client.get(people, params={"name": NAMES[0], "external_id": NAMES[2]}))
    told(client.patch(f"{people}/p1", json={"name": NAMES[1]}))
    made(client.post(f"{people}/p1/faces", files=files(picture(1, 1))))
    probe = files(picture(1, 2), field="image")
    told(client.post("/collections/c/identify", files=probe, headers={"X-API-Key": key["key"]}))
    told(client.post(f"{people}/p1/verify", files=probe))
    embedding = told(client.post("/embeddings", files=probe))["embedding"]
    yield from (str(round(number, 6)) for number in embedding)
    encoded = base64.b64encode(picture(1, 2)).decode()
    yield encoded[:40]
    told(client.post("/detect", json={"image": {"base64": encoded}}))
    problem(
        client.post("/detect", json={"image": {"base64": encoded[:-1]}}), 422, "invalid_request"
    )
    problem(
        client.get("/keys", headers={"Authorization": "Bearer a-wrong-key"}), 401, "unauthenticated"
    )
    yield "a-wrong-key"
    problem(client.get(f"/{NAMES[1]}", params={"name": NAMES[0]}), 404, "not_found")
    client.delete(f"{people}/p1")
    client.delete(f"/keys/{key['id']}")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> tuple[list[str], str]:
    """The secrets of a session, and all that a real server logged of it at its most talkative."""
    settings = {"KITH_LOG_FORMAT": "json", "KITH_LOG_LEVEL": "DEBUG"}
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


def test_every_line_of_the_logs_can_be_read_and_tells_its_request(
    day: tuple[list[str], str],
) -> None:
    lines = [json.loads(line) for line in day[1].splitlines() if line[:1] == "{"]
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    finished = [line for line in lines if line["event"] == "request.finished"]
    assert len(finished) > 15
    assert all(line["request_id"] for line in finished)
    told_last = {"method": "GET", "route": "/v1/models", "status": 200, "request_id": "door-7"}
    assert told_last.items() <= finished[-1].items()
