"""The same photograph is spoilt and embedded in the same way, wherever it lies."""

from pathlib import Path

import numpy as np
import pytest

from app.bundles.bundle import Bundle
from app.inference.analyser import Analyser
from app.inference.folders import photos_in
from app.inference.inference_slots import InferenceSlots
from app.inference.pipeline import build_pipeline
from app.inference.spoilt_faces import ELSEWHERE, embed_spoilt, one_each
from app.settings import SHIPPED
from app.vision.decode import ImageLimits
from app.vision.spoiling import KINDS
from tests.support.pictures import encoded
from tests.unit.inference.faces import admiral, astronaut


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    pipeline = build_pipeline(Bundle.load(SHIPPED / "face-mini"))
    slots = InferenceSlots(2, 64, wait_seconds=60)
    return Analyser(pipeline, slots, ImageLimits(10 << 20, 40_000_000))


def folder_of(folder: Path) -> Path:
    photos = {"eileen": astronaut(), "grace": admiral(), "nobody": np.zeros((64, 64, 3), np.uint8)}
    for name, photo in photos.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "1.png").write_bytes(encoded(photo))
    (folder / "nobody" / "2.png").write_bytes(b"no picture")
    return folder


def test_each_face_is_spoilt_in_every_way_and_embedded(analyser: Analyser, tmp_path: Path) -> None:
    steps: list[int] = []
    photos = photos_in(folder_of(tmp_path))
    found = embed_spoilt(analyser, photos, threads=2, done=lambda: steps.append(1))
    assert len(steps) == len(photos)
    assert {*found.labels.tolist()} == {"eileen", "grace"}
    assert {*found.kinds.tolist()} <= {*KINDS, ELSEWHERE}
    assert (found.kinds == ELSEWHERE).sum() == 4
    assert {"upside down", "negative", "eyes covered"} <= {*found.kinds.tolist()}
    assert np.linalg.norm(found.embeddings, axis=1) == pytest.approx(1, abs=1e-4)
    own = np.einsum("nd,nd->n", found.embeddings, found.same)
    half = found.kinds == "half"
    assert own[half].mean() > own[found.kinds == ELSEWHERE].mean() + 0.2


def test_it_is_the_same_wherever_the_photos_lie(analyser: Analyser, tmp_path: Path) -> None:
    some = {"negative": KINDS["negative"], "patched": KINDS["patched"]}
    here, there = (
        embed_spoilt(analyser, photos_in(folder_of(tmp_path / name)), threads=threads, kinds=some)
        for name, threads in (("a", 1), ("b", 2))
    )
    assert here.kinds.tolist() == there.kinds.tolist()
    assert np.array_equal(here.embeddings, there.embeddings)


def test_one_photo_of_each_person_is_taken(tmp_path: Path) -> None:
    photos = photos_in(folder_of(tmp_path))
    assert sorted(each.person for each in one_each(photos)) == ["eileen", "grace", "nobody"]
    assert len(one_each(photos, most=2)) == 2
    assert one_each(photos[::-1], most=2) != []
    assert {each.person for each in one_each(photos, most=2)} == {
        each.person for each in one_each(photos[::-1], most=2)
    }
