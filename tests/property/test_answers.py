"""The answers about any picture are as the OpenAPI document says: their numbers are finite and
within their bounds, their boxes lie within the image.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.bootstrap import build
from app.settings import SHIPPED, Settings
from tests.api.support import Files, files, made, make_collection, ok
from tests.support.client import client_of
from tests.support.contract import Contract
from tests.support.pictures import encoded
from tests.support.server import ADMIN_KEY
from tests.unit.inference.faces import admiral, astronaut, resized

_NUMBERS = itertools.count()
_LONGEST = 1400  # pixels; two levels of the detector, and still quick
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """How a picture is made: of what, which part of it (left, top, right, bottom from 0 to 1), how
    it is turned, how large and how wide it becomes, and how much noise lies over it.
    """

    of: str = "astronaut"
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    turn: Image.Transpose | None = None
    size: float = 1.0
    width: float = 1.0
    noise: int = 0
    kind: str = "PNG"

    def pixels(self) -> Pixels:
        photo = _photo(self.of)
        height, width = photo.shape[:2]
        left, right = sorted((int(self.part[0] * width), int(self.part[2] * width)))
        top, bottom = sorted((int(self.part[1] * height), int(self.part[3] * height)))
        image = Image.fromarray(photo[top : max(bottom, top + 1), left : max(right, left + 1)])
        image = image if self.turn is None else image.transpose(self.turn)
        image = image.resize(
            (_side(image.width * self.size * self.width), _side(image.height * self.size))
        )
        pixels = np.asarray(image, np.int16)
        grain = np.random.default_rng(0).integers(-self.noise, self.noise + 1, pixels.shape)
        return np.asarray(np.clip(pixels + grain, 0, 255), np.uint8)

    def data(self) -> bytes:
        return encoded(self.pixels(), self.kind)


def _side(pixels: float) -> int:
    return min(_LONGEST, max(1, round(pixels)))


def _photo(name: str) -> Pixels:
    if name == "couple":
        return np.hstack([admiral()[:512], astronaut()])
    if name == "noise":
        return np.random.default_rng(1).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    if name == "black":
        return np.zeros((200, 200, 3), np.uint8)
    return {"astronaut": astronaut, "admiral": admiral}[name]()


shares = st.floats(0, 1)
pictures = st.builds(
    Picture,
    of=st.sampled_from(["astronaut", "admiral", "couple", "noise", "black"]),
    part=st.tuples(st.floats(0, 0.5), st.floats(0, 0.3), st.floats(0.4, 1), st.floats(0.3, 1)),
    turn=st.sampled_from([None, *Image.Transpose]),
    size=st.sampled_from([0.05, 0.2, 0.5, 1.0, 2.5]),
    width=st.sampled_from([0.01, 0.5, 1.0, 1.0, 1.3, 3.0]),
    noise=st.sampled_from([0, 0, 10, 80]),
    kind=st.sampled_from(["PNG", "JPEG", "WEBP"]),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that takes nearly every face, so that little of an answer is ever empty."""
    own = Settings(
        data_dir=tmp_path_factory.mktemp("answers"),
        model=SHIPPED / "face-mini",
        admin_key=ADMIN_KEY,
        min_face_size=1,
        min_quality=0.0,
        max_yaw=90.0,
    )
    with client_of(build(own)) as client:
        path = make_collection(client, "hq", keep_probes=3)
        for person, photo in (("eileen", astronaut()), ("grace", admiral())):
            sent = files(encoded(photo), encoded(resized(photo, 0.9)))
            made(client.post(f"{path}/persons", data={"id": person}, files=sent))
        yield client


@pytest.fixture(scope="module")
def contract(client: TestClient) -> Contract:
    return Contract(ok(client.get("http://kith/openapi.json")))


def _image(data: bytes, field: str = "image") -> Files:
    return files(data, field=field)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures, pictures, st.integers(1, 3), st.integers(0, 60))
@example(Picture(), Picture(), 1, 0)  # the same face twice
@example(Picture(part=(0.3, 0.1, 0.42, 0.5)), Picture(part=(0.0, 0.2, 1.0, 1.0)), 3, 0)  # cut
@example(Picture(of="couple"), Picture(of="couple", turn=Image.Transpose.ROTATE_180), 1, 0)
@example(Picture(size=0.01), Picture(width=0.001), 1, 0)
@example(Picture(of="admiral", part=(0.25, 0.1, 0.75, 0.6), size=2.5), Picture(), 1, 0)  # close
def test_every_answer_about_a_picture_is_as_the_document_says(
    client: TestClient,
    contract: Contract,
    one: Picture,
    other: Picture,
    max_faces: int,
    min_face_size: int,
) -> None:
    first, second = one.data(), other.data()
    options = {"max_faces": str(max_faces), "min_face_size": str(min_face_size)}
    for path in ("/detect", "/collections/hq/identify"):
        found = contract.holds(client.post(path, data=options, files=_image(first)))
        _check_faces(found, one.pixels(), max_faces)
    pair = _image(first, "source") + _image(second, "target")
    contract.holds(client.post("/compare", files=pair))
    contract.holds(client.post("/embeddings", files=_image(first)))
    contract.holds(client.post("/collections/hq/persons/eileen/verify", files=_image(first)))
    for metric in ("cosine", "euclidean", "manhattan"):
        asked = {"metric": metric, "subject": "central"}
        sent = files(first, second, first)
        answer = client.post("/collections/hq/distances", data=asked, files=sent)
        _check_matrix(contract.holds(answer))
    contract.holds(client.post("/collections/hq/clusters", files=files(first, second, first)))
    _enrol_and_tell(client, contract, first, second)


def _enrol_and_tell(client: TestClient, contract: Contract, first: bytes, second: bytes) -> None:
    """Somebody who comes, is found in answers, and goes again."""
    person = f"p{next(_NUMBERS)}"
    path = f"/collections/hq/persons/{person}"
    asked = {"id": person, "subject": "largest"}
    contract.holds(client.post("/collections/hq/persons", data=asked, files=files(first, first)))
    contract.holds(client.post(f"{path}/faces", files=files(second, first)))
    verdict = {"person_id": person, "verdict": "not_them"}
    contract.holds(client.post("/collections/hq/feedback", data=verdict, files=_image(second)))
    contract.holds(client.post("/collections/hq/identify", files=_image(first)))
    for below in ("", "/threshold", "/lookalikes", "/persons", f"/persons/{person}/faces"):
        contract.holds(client.get(f"/collections/hq{below}"))
    contract.holds(client.get(path))
    contract.holds(client.post("/collections/hq/clusters", json={"stored_probes": True}))
    contract.holds(client.delete(path))


def _check_faces(answer: dict[str, Any], pixels: Pixels, max_faces: int) -> None:
    """Check the rules that a schema cannot express."""
    assert (answer["height"], answer["width"]) == pixels.shape[:2]
    assert len(answer["faces"]) == min(answer["faces_found"], max_faces)
    boxes = [face["box"] for face in answer["faces"]]
    assert all(box["x"] + box["width"] <= answer["width"] for box in boxes)
    assert all(box["y"] + box["height"] <= answer["height"] for box in boxes)


def _check_matrix(answer: dict[str, Any]) -> None:
    if "matrix" not in answer:  # a face was missing
        return
    matrix = np.array(answer["matrix"])
    assert (matrix == matrix.T).all()
    assert (np.diag(matrix) == 0).all()
    assert matrix[0, 2] == 0


def test_other_answers_are_as_the_document_says(client: TestClient, contract: Contract) -> None:
    for path in ("/models", "/collections", "/keys", "/health/live", "/health/ready"):
        contract.holds(client.get(path))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("box", "x"), -1),
        (("box", "width"), 0),
        (("detection_score",), 1.01),
        (("quality", "yaw"), 91.0),
        (("quality", "score"), -0.1),
        (("landmarks",), [[1.0, 2.0]]),
        (("box", "y"), float("nan")),
    ],
)
def test_an_answer_beyond_its_bounds_would_be_seen(
    client: TestClient, contract: Contract, where: tuple[str, ...], value: object
) -> None:
    answer = client.post("/detect", files=_image(encoded(astronaut())))
    body = contract.holds(answer)
    part = body["faces"][0]
    for name in where[:-1]:
        part = part[name]
    part[where[-1]] = value
    headers = {"content-type": "application/json"}
    text = json.dumps(body)
    wrong = httpx.Response(200, text=text, headers=headers, request=answer.request)
    with pytest.raises(AssertionError):
        contract.holds(wrong)
