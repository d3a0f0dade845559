"""However many faces of an image are judged, it is decoded and searched for faces once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.core.observers import Observers
from app.inference.pipeline import Pipeline
from app.recognition.results import VerifiedFace
from app.settings import SHIPPED, Settings
from tests.api.support import made, ok
from tests.integration.compreface.conftest import both, collins
from tests.support.client import client_of
from tests.support.server import ADMIN_KEY

FACES = "/api/v1/recognition/faces"
PARAMETERS = {"face_plugins": "calculator"}


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[TestClient]:
    """A service with a client whose key is an administrator's of one collection."""
    settings = Settings(
        data_dir=tmp_path, model=SHIPPED / "face-mini", admin_key=ADMIN_KEY, compreface=True
    )
    admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with client_of(build(settings), key="", url="http://kith") as client:
        made(client.post("/v1/collections", json={"id": "hq"}, headers=admin))
        body = {"scopes": ["admin"], "collections": ["hq"]}
        key = made(client.post("/v1/keys", json=body, headers=admin))["key"]
        client.headers["x-api-key"] = key
        yield client


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every image that was decoded, in order."""
    images: list[bytes] = []
    decode = Pipeline.decode

    def noted(self: Pipeline, data: bytes, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        images.append(data)
        return decode(self, data, *args, **options)

    monkeypatch.setattr(Pipeline, "decode", noted)
    return images


def test_of_each_face_of_one_image(
    asked: TestClient, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[VerifiedFace] = []
    monkeypatch.setattr(Observers, "tell", lambda _, decision: decided.append(decision))
    enrolled = made(asked.post(FACES, params={"subject": "Eileen"}, files={"file": collins()}))
    decoded.clear()
    verify = f"{FACES}/{enrolled['image_id']}/verify"
    answer = ok(asked.post(verify, params=PARAMETERS, files={"file": both()}))
    assert decoded == [both()]
    same, other = answer["result"]
    assert same["similarity"] >= 0.5 > other["similarity"]
    assert [each.outcome for each in decided] == ["match", "no_match"]


def test_of_each_face_of_a_target(asked: TestClient, decoded: list[bytes]) -> None:
    images = {"source_image": collins(), "target_image": both()}
    answer = ok(asked.post("/api/v1/verification/verify", params=PARAMETERS, files=images))
    assert decoded == [collins(), both()]
    same, other = answer["result"][0]["face_matches"]
    assert same["similarity"] >= 0.5 > other["similarity"]


def test_of_each_face_that_is_detected_and_embedded(
    asked: TestClient, decoded: list[bytes]
) -> None:
    answer = ok(asked.post("/api/v1/detection/detect", params=PARAMETERS, files={"file": both()}))
    assert decoded == [both()]
    one, other = (each["embedding"] for each in answer["result"])
    assert len(one) == len(other) > 0
    assert one != other
