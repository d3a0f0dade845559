"""OpenCV's own detector and recogniser, on the published files, are the reference for ours.

The embedder compared is plain SFace, whose weights are the published ones; the default bundle's
were adapted on purpose.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from app.bundles.pull import pull
from app.bundles.recipe import PLAIN
from app.inference.pipeline import Pipeline, Sample, build_pipeline
from app.vision.decode import ImageLimits, decode_image
from app.vision.types import Box
from tests.support.published import published_models

_LIMITS = ImageLimits(max_bytes=10 << 20, max_pixels=40_000_000)
_IMAGES = 200


@dataclass(frozen=True)
class _Reference:
    """OpenCV's FaceDetectorYN and FaceRecognizerSF."""

    detector: Any
    recogniser: Any

    def faces(self, image: NDArray[Any]) -> NDArray[np.float32]:
        self.detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self.detector.detect(image)
        return np.empty((0, 15), np.float32) if faces is None else np.asarray(faces)

    def embedding(self, image: NDArray[Any], face: NDArray[np.float32]) -> NDArray[np.float32]:
        feature = self.recogniser.feature(self.recogniser.alignCrop(image, face))[0]
        return np.asarray(feature / np.linalg.norm(feature))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return published_models(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def reference(files: dict[str, Path]) -> _Reference:
    detector = cv2.FaceDetectorYN.create(
        str(files["detector.onnx"]), "", (250, 250), score_threshold=0.6, nms_threshold=0.3
    )
    recogniser = cv2.FaceRecognizerSF.create(str(files["embedder.onnx"]), "")
    return _Reference(detector, recogniser)


@pytest.fixture(scope="module")
def pipeline(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("plain") / "sface"
    return build_pipeline(pull(folder, source=files["embedder.onnx"].parent, recipe=PLAIN))


@pytest.mark.data
def test_the_same_faces_and_embeddings_as_opencv_on_200_photographs(
    photos: Path, reference: _Reference, pipeline: Pipeline
) -> None:
    images = sorted((photos / "lfw-devtrain").glob("*/*.jpg"))
    chosen = np.random.default_rng(20).choice(len(images), _IMAGES, replace=False)
    compared = 0
    for file in (images[i] for i in chosen):
        theirs_image = cv2.imread(str(file))
        assert theirs_image is not None
        ours_image = decode_image(file.read_bytes(), _LIMITS)
        theirs, ours = reference.faces(theirs_image), pipeline.find(ours_image)
        assert len(theirs) == len(ours), file.name
        for face in theirs:
            seen = _box(face).within(ours_image.shape[1], ours_image.shape[0])
            sample = _nearest(ours, seen)
            assert seen.overlap(sample.box) >= 0.9, file.name
            _assert_same_landmarks(face, sample)
            similarity = reference.embedding(theirs_image, face) @ pipeline.embed([sample.crop])[0]
            assert similarity >= 0.99, (file.name, similarity)
            compared += 1
    assert compared >= _IMAGES


def test_faces_of_a_large_photograph_are_those_opencv_finds(
    reference: _Reference, pipeline: Pipeline
) -> None:
    image = np.asarray(skimage.data.astronaut(), np.uint8)
    large = np.asarray(Image.fromarray(image).resize((2048, 2048), Image.Resampling.BICUBIC))
    ours = pipeline.find(large)
    theirs = reference.faces(np.ascontiguousarray(image[:, :, ::-1]))
    assert len(theirs) == len(ours) == 1
    assert _box(theirs[0] * 4).overlap(ours[0].box) >= 0.8
    enlarged = pipeline.embed([ours[0].crop])[0]
    original = pipeline.embed([pipeline.find(image)[0].crop])[0]
    assert enlarged @ original >= 0.95


def _assert_same_landmarks(face: NDArray[np.float32], sample: Sample) -> None:
    assert sample.landmarks is not None
    np.testing.assert_allclose(sample.landmarks, face[4:14].reshape(5, 2), atol=0.5)
    assert abs(sample.detection_score - float(face[14])) < 0.01


def _nearest(samples: list[Sample], box: Box) -> Sample:
    return max(samples, key=lambda sample: box.overlap(sample.box))


def _box(face: NDArray[np.float32]) -> Box:
    return Box(*map(float, face[:4]))
