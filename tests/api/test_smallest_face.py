"""The smallest face that counts in a collection and at its doors, with real faces."""

from base64 import b64encode
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import SHIPPED, Settings
from tests.api.doors import post
from tests.api.support import enrol, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.pictures import encoded
from tests.support.server import ADMIN_KEY
from tests.unit.inference.faces import astronaut, resized

HQ = "/collections/hq"
DOOR = f"{HQ}/doors/gate"
_WIDE = 0.4  # of the photograph: a face of 50 pixels


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("gate"), model=SHIPPED / "face-mini", admin_key=ADMIN_KEY
    )
    with client_of(build(settings)) as client:
        path = make_collection(client, "hq")
        enrol(client, path, "eileen", encoded(astronaut()))
        made(client.post(f"{path}/doors", json={"id": "gate", "frames": {"min_used": 1}}))
        yield client


def frame() -> bytes:
    """A frame of 1200 x 640 pixels with a face of 50."""
    small = resized(astronaut(), _WIDE)
    canvas = np.full((640, 1200, 3), 128, np.uint8)
    canvas[200 : 200 + small.shape[0], 400 : 400 + small.shape[1]] = small
    return encoded(canvas)


def change(client: TestClient, **fields: object) -> None:
    ok(client.patch(DOOR, json=fields, headers={"If-Match": "*"}))


def reason(client: TestClient) -> str:
    answer: str = ok(post(client, frame(), door="gate", dry_run="true"))["reason"]
    return answer


def test_a_face_smaller_than_a_door_wants_is_nobody_there(client: TestClient) -> None:
    assert ok(client.get(DOOR))["frames"]["min_face_size"] == 80
    assert reason(client) == "no_face"
    change(client, frames={"min_face_size": 24})
    assert reason(client) not in ("no_face", "low_quality")
    # For a second face of 0.7 of the width it is looked for, and still cannot pass.
    change(client, second_face="refuse", frames={"min_face_size": 60})
    assert reason(client) == "low_quality"


@pytest.fixture
def collection(client: TestClient) -> Iterator[None]:
    """The collection as it was, afterwards."""
    yield
    ok(client.patch(HQ, json={"min_face_size": 0}))


def outcomes(client: TestClient) -> list[tuple[str, list[str]]]:
    answer = ok(client.post(f"{HQ}/identify", files={"image": frame()}))
    return [(face["decision"], face["reasons"]) for face in answer["faces"]]


def verified(client: TestClient) -> tuple[str, list[str]]:
    answer = ok(client.post(f"{HQ}/persons/eileen/verify", files={"image": frame()}))
    return answer["decision"], answer["reasons"]


@pytest.mark.usefixtures("collection")
def test_a_face_smaller_than_a_collection_wants_is_compared_with_nobody(client: TestClient) -> None:
    """From the next request on, also where the collection was remembered from the one before."""
    assert outcomes(client) == [("identified", [])]
    ok(client.patch(HQ, json={"min_face_size": 60}))
    assert outcomes(client) in ([], [("rejected", ["face_too_small"])])
    assert verified(client) == ("rejected", ["face_too_small"])
    ok(client.patch(HQ, json={"min_face_size": 30}))
    assert outcomes(client) == [("identified", [])]
    assert verified(client) == ("match", [])


@pytest.mark.usefixtures("collection")
def test_a_door_wants_no_smaller_face_than_its_collection(client: TestClient) -> None:
    change(client, second_face="ignore", frames={"min_face_size": 24})
    assert reason(client) not in ("no_face", "low_quality")
    ok(client.patch(HQ, json={"min_face_size": 80}))
    assert reason(client) == "no_face"


@pytest.mark.parametrize("route", ["/detect", f"{HQ}/identify"])
@pytest.mark.parametrize("pixels", [-1, 100_001, 10**400], ids=["-1", "100001", "no float"])
def test_a_number_of_pixels_that_no_face_has_is_refused(
    client: TestClient, route: str, pixels: int
) -> None:
    image = {"base64": b64encode(frame()).decode()}
    answer = client.post(route, json={"image": image, "min_face_size": pixels})
    problem(answer, 422, "invalid_request")
    assert wrong_fields(answer) == ["min_face_size"]
