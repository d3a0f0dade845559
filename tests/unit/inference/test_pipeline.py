"""From an image to samples and embeddings: faces with the `face` bundle, whole images without."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.bundles.bundle import Bundle
from app.inference.embedder import Embeddings
from app.inference.pipeline import Pipeline, build_pipeline
from app.inference.session import open_session
from app.vision.types import Box
from tests.unit.inference.faces import admiral, astronaut, resized

CLOSE = 1e-4
"""A hundredth of what the rows of two pictures of one face differ by."""


@pytest.fixture(scope="module")
def faces(face_bundle: Path) -> Pipeline:
    return build_pipeline(Bundle.load(face_bundle))


@pytest.fixture(scope="module")
def whole(fake_bundle: Path) -> Pipeline:
    return build_pipeline(Bundle.load(fake_bundle))


def test_a_face_is_found_measured_aligned_and_embedded(faces: Pipeline) -> None:
    samples = faces.find(astronaut())
    assert len(samples) == 1
    sample = samples[0]
    assert sample.crop.shape == (112, 112, 3)
    assert sample.crop.dtype == np.uint8
    assert sample.quality is not None
    assert sample.quality.score > 0.5
    assert sample.detection_score > 0.8
    rows = faces.embed([sample.crop])
    assert rows.shape == (1, faces.dimension) == (1, 128)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_one_person_is_like_herself_and_unlike_another(faces: Pipeline) -> None:
    photos = (astronaut(), resized(astronaut(), 0.5), astronaut()[:, ::-1], admiral())
    herself, smaller, mirrored, other = faces.embed(
        [faces.find(np.ascontiguousarray(image))[0].crop for image in photos]
    )
    assert herself @ smaller > 0.9
    assert herself @ mirrored > 0.8
    assert herself @ other < 0.3


def test_faces_come_largest_first(faces: Pipeline) -> None:
    canvas = np.full((600, 1200, 3), 128, np.uint8)
    small, large = resized(astronaut(), 0.5), admiral()
    canvas[: small.shape[0], : small.shape[1]] = small
    canvas[: large.shape[0], 600 : 600 + large.shape[1]] = large
    areas = [sample.box.area for sample in faces.find(canvas)]
    assert len(areas) == 2
    assert areas == sorted(areas, reverse=True)


def test_an_image_without_a_face_has_no_samples(faces: Pipeline) -> None:
    assert faces.find(np.full((300, 200, 3), 127, np.uint8)) == []


def test_no_crops_are_no_rows(faces: Pipeline, whole: Pipeline) -> None:
    assert faces.embed([]).shape == (0, 128)
    assert whole.embed([]).shape == (0, whole.dimension)


def test_without_a_detector_the_whole_image_is_the_one_sample(whole: Pipeline) -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    (sample,) = whole.find(image)
    assert sample.box == Box(0, 0, 70, 90)
    assert (sample.landmarks, sample.quality, sample.detection_score) == (None, None, 1.0)
    assert sample.crop.shape == (32, 32, 3)
    np.testing.assert_allclose(np.linalg.norm(whole.embed([sample.crop])), 1, atol=1e-5)


def test_rows_do_not_depend_on_who_is_embedded_next_to_them(faces: Pipeline) -> None:
    crops = [faces.find(image())[0].crop for image in (astronaut, admiral)]
    together = faces.embed(crops)
    for crop, row in zip(crops, together, strict=True):
        np.testing.assert_allclose(faces.embed([crop])[0], row, atol=CLOSE)


def test_a_batch_gives_the_rows_of_single_runs(faces: Pipeline) -> None:
    session = open_session(faces.bundle.embedder)
    crops = [faces.find(image())[0].crop for image in (astronaut, admiral)]
    blob = np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32)
    batch = session.run(None, {session.get_inputs()[0].name: blob})[0]
    np.testing.assert_allclose(batch, faces.embed(crops), atol=1e-4)


def test_many_threads_find_and_embed_the_same_as_one(faces: Pipeline) -> None:
    def work(factor: float) -> Embeddings:
        samples = faces.find(resized(astronaut(), factor))
        return faces.embed([sample.crop for sample in samples])

    factors = [0.3, 0.4, 0.5] * 4
    expected = [work(factor) for factor in factors]
    with ThreadPoolExecutor(6) as pool:
        for found, wanted in zip(pool.map(work, factors), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=CLOSE)


def test_the_pipeline_carries_its_bundles_contract(faces: Pipeline) -> None:
    assert faces.contract_id == faces.bundle.manifest.contract_id
    assert faces.contract_id.startswith("face-")
