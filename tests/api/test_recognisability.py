"""Faces in which nobody can be recognised, with real faces and the bundle that comes with Kith."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageFilter

from app.bootstrap import build
from app.bundles.writing import use_calibration
from app.settings import SHIPPED, Settings
from app.vision.types import RgbImage
from tests.api.support import files, made, make_collection, ok, problem
from tests.support.client import client_of
from tests.support.pictures import encoded
from tests.support.server import ADMIN_KEY
from tests.unit.inference.faces import admiral, astronaut


def negative(photo: RgbImage) -> bytes:
    return encoded(255 - photo)


def blurred(photo: RgbImage) -> bytes:
    soft = Image.fromarray(photo).filter(ImageFilter.GaussianBlur(8))
    return encoded(np.asarray(soft, np.uint8))


def service(
    folder: Path, *, model: Path = SHIPPED / "face-mini", least: float = 0.15
) -> AbstractContextManager[TestClient]:
    settings = Settings(
        data_dir=folder, model=model, admin_key=ADMIN_KEY, min_recognisability=least, min_quality=0
    )
    return client_of(build(settings))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with service(tmp_path_factory.mktemp("whole")) as client:
        yield client


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that enrols whatever it sees."""
    with service(tmp_path_factory.mktemp("any"), least=0) as client:
        yield client


def enrolled(client: TestClient, collection: str, name: str, image: bytes) -> dict[str, Any]:
    answer = made(client.post(f"{collection}/persons", data={"id": name}, files=files(image)))
    (face,) = answer["faces"]
    found: dict[str, Any] = face["quality"]
    return found


def identified(client: TestClient, collection: str, image: bytes) -> dict[str, Any]:
    answer = ok(client.post(f"{collection}/identify", files=files(image, field="image")))
    (face,) = answer["faces"]
    found: dict[str, Any] = face
    return found


def test_a_whole_face_is_enrolled_with_its_recognisability(client: TestClient) -> None:
    staff = make_collection(client, "whole")
    assert enrolled(client, staff, "eileen", encoded(astronaut()))["recognisability"] > 0.8
    listed = ok(client.get(f"{staff}/persons/eileen/faces"))["items"]
    assert listed[0]["quality"]["recognisability"] > 0.8


@pytest.mark.parametrize("spoil", [negative, blurred], ids=["negative", "blurred"])
def test_a_spoilt_face_is_refused_at_enrolment_with_what_to_do(
    client: TestClient, spoil: Callable[[RgbImage], bytes]
) -> None:
    staff = make_collection(client, hashlib.sha256(spoil(astronaut())).hexdigest()[:12])
    answer = client.post(f"{staff}/persons", data={"id": "x"}, files=files(spoil(astronaut())))
    refused = problem(answer, 422, "invalid_request")
    assert "not_recognisable" in refused["errors"][0]["message"]
    assert "Send an upright, sharp photo of the whole face." in refused["detail"]


def test_a_face_that_nobody_is_like_and_anybody_could_have_is_rejected(client: TestClient) -> None:
    staff = make_collection(client, "doubts")
    enrolled(client, staff, "eileen", encoded(astronaut()))
    face = identified(client, staff, negative(admiral()))
    assert (face["decision"], face["reasons"]) == ("rejected", ["not_recognisable"])
    assert face["quality"]["recognisability"] < 0.15
    assert face["candidates"] == []
    assert identified(client, staff, encoded(admiral()))["decision"] == "unknown"
    assert identified(client, staff, encoded(astronaut()))["person_id"] == "eileen"


def test_verify_and_compare_reject_it_as_well(client: TestClient) -> None:
    staff = make_collection(client, "claims")
    enrolled(client, staff, "eileen", encoded(astronaut()))
    image = files(negative(admiral()), field="image")
    claim = ok(client.post(f"{staff}/persons/eileen/verify", files=image))
    assert (claim["decision"], claim["reasons"]) == ("rejected", ["not_recognisable"])
    assert claim["similarity"] is None
    assert claim["fmr"] is None
    pair = {"source": ("a.png", encoded(astronaut())), "target": ("b.png", negative(admiral()))}
    compared = ok(client.post("/compare", files=pair))
    assert (compared["decision"], compared["reasons"]) == ("rejected", ["not_recognisable"])
    assert compared["similarity"] is None


def test_at_a_door_it_is_no_unknown_person(client: TestClient) -> None:
    staff = make_collection(client, "door-doubts")
    enrolled(client, staff, "eileen", encoded(astronaut()))
    made(client.post(f"{staff}/doors", json={"id": "spoilt", "frames": {"min_used": 1}}))
    for image, reason in (
        (negative(admiral()), "low_quality"),
        (encoded(admiral()), "unknown_person"),
    ):
        answer = ok(client.post("/doors/spoilt/decisions", files=files(image)))
        assert answer["reason"] == reason
    assert ok(client.post("/doors/spoilt/decisions", files=files(encoded(astronaut()))))[
        "person"
    ] == {"id": "eileen", "external_id": None, "credentials": []}


def test_a_spoilt_template_names_nobody_else_who_is_spoilt_alike(lenient: TestClient) -> None:
    staff = make_collection(lenient, "any")
    enrolled(lenient, staff, "eileen", negative(astronaut()))
    face = identified(lenient, staff, negative(admiral()))
    assert face["decision"] == "unknown"  # no face is in doubt here
    (stranger,) = face["candidates"]
    (itself,) = identified(lenient, staff, negative(astronaut()))["candidates"]
    assert stranger["fpir"] > 0.01
    assert stranger["fpir"] > 10 * itself["fpir"]


def test_nor_in_a_burst_at_a_door(lenient: TestClient) -> None:
    staff = make_collection(lenient, "any-door")
    enrolled(lenient, staff, "eileen", negative(astronaut()))
    made(lenient.post(f"{staff}/doors", json={"id": "any"}))
    burst = [negative(np.roll(admiral(), pixels, axis=1)) for pixels in (0, 2, 4)]
    answer = lenient.post("/doors/any/decisions", files=[("images", each) for each in burst])
    assert ok(answer)["reason"] == "unknown_person"


def test_a_face_that_was_not_embedded_has_none(client: TestClient) -> None:
    (face,) = ok(client.post("/detect", files=files(encoded(astronaut()), field="image")))["faces"]
    assert face["quality"]["recognisability"] is None


def test_a_bundle_that_has_not_learned_it_goes_on_without(tmp_path: Path) -> None:
    bundle = tmp_path / "mini"
    shutil.copytree(SHIPPED / "face-mini", bundle)
    calibration = json.loads((bundle / "calibration.json").read_text(encoding="utf-8"))
    del calibration["recognisability"]
    use_calibration(bundle, json.dumps(calibration).encode())
    with service(tmp_path / "data", model=bundle) as client:
        staff = make_collection(client, "before")
        quality = enrolled(client, staff, "eileen", negative(astronaut()))
        assert quality["recognisability"] is None
        assert identified(client, staff, negative(astronaut()))["person_id"] == "eileen"
