"""Real photographs of several people, in no order, gather by person."""

from pathlib import Path

import numpy as np
import pytest

from app.bootstrap import build
from app.settings import Settings
from tests.support.client import client_of
from tests.support.lfw import people
from tests.support.server import ADMIN_KEY

PEOPLE, PHOTOS = 6, 4


@pytest.mark.data
def test_the_photos_of_a_person_gather(photos: Path, tmp_path: Path, face_bundle: Path) -> None:
    chosen = people(photos, least=PHOTOS)[5::20][:PEOPLE]
    files = [file for each in chosen for file in each[:PHOTOS]]
    shuffled = [files[i] for i in np.random.default_rng(0).permutation(len(files))]
    settings = Settings(
        data_dir=tmp_path / "data", model=face_bundle, admin_key=ADMIN_KEY, log_level="WARNING"
    )
    with client_of(build(settings)) as client:
        assert client.post("/collections", json={"id": "street"}).status_code == 201
        images = [("images", (file.name, file.read_bytes())) for file in shuffled]
        answer = client.post("/collections/street/clusters", files=images)
    assert answer.status_code == 200, answer.text
    groups = [[label[:-9] for label in each["labels"]] for each in answer.json()["clusters"]]
    assert all(len(set(names)) == 1 for names in groups)  # nobody is taken for somebody else
    assert sum(len(names) == PHOTOS for names in groups) >= PEOPLE - 1
