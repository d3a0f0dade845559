"""A photo without a face, with the real detector."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.support.pictures import encoded
from tests.support.server import ServerProcess


def test_a_photo_with_no_face_enrols_nobody_and_identifies_nobody(
    face_bundle: Path, server: Callable[..., ServerProcess]
) -> None:
    slope = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 256, 3))
    image = encoded(slope, "JPEG")
    with server(face_bundle).client() as client:
        client.post("/collections", json={"id": "hq"})
        people = "/collections/hq/persons"
        refused = client.post(people, data={"id": "ada"}, files={"images": image})
        assert (refused.status_code, refused.json()["code"]) == (422, "no_face")
        assert client.get(f"{people}/ada").status_code == 404
        answer = client.post("/collections/hq/identify", files={"image": image})
        assert (answer.status_code, answer.json()["faces"]) == (200, [])
