"""Folders of photographs: which files count, and what is said of those that do not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.bundles.bundle import Bundle
from app.inference.analyser import Analyser
from app.inference.folders import embed_photos, photos_in
from app.inference.inference_slots import InferenceSlots
from app.inference.pipeline import Pipeline, Sample, build_pipeline
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import rivals, sole_subject
from app.vision.decode import ImageLimits
from app.vision.types import Box, Quality
from tests.support.pictures import picture

_LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=1 << 20)


@pytest.fixture
def pipeline(fake_bundle: Path) -> Pipeline:
    return build_pipeline(Bundle.load(fake_bundle))


@pytest.fixture
def analyser(pipeline: Pipeline) -> Analyser:
    return Analyser(pipeline, InferenceSlots(2, 100, wait_seconds=10), _LIMITS)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for person, seed in (("ada", 1), ("bob", 2)):
        (tmp_path / person / "more").mkdir(parents=True)
        (tmp_path / person / "1.png").write_bytes(picture(seed))
        (tmp_path / person / "more" / "2.PNG").write_bytes(picture(seed, 1))
        (tmp_path / person / ".hidden.png").write_bytes(b"")
        (tmp_path / person / "notes.txt").write_text("no photo")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "1.png").write_bytes(picture(3))
    (tmp_path / "loose.png").write_bytes(picture(4))
    return tmp_path


def test_photos_are_those_in_the_persons_folders_in_order(tree: Path) -> None:
    found = [(photo.person, photo.file.name) for photo in photos_in(tree)]
    assert found == [("ada", "1.png"), ("ada", "2.PNG"), ("bob", "1.png"), ("bob", "2.PNG")]


def test_each_photo_is_embedded_twice_and_keeps_its_label(tree: Path, analyser: Analyser) -> None:
    steps: list[int] = []
    found = embed_photos(
        analyser, photos_in(tree), threads=3, choose=sole_subject, done=lambda: steps.append(1)
    )
    assert found.labels.tolist() == ["ada", "ada", "bob", "bob"]
    assert found.embeddings.shape == found.again.shape == (4, 32)
    assert len(steps) == 4
    assert found.embeddings[0] @ found.embeddings[1] > 0.95
    assert found.embeddings[0] @ found.embeddings[2] < 0.9
    assert (np.sum(found.embeddings * found.again, axis=1) < 1).all()


def test_what_cannot_be_read_is_refused_with_its_reason(tree: Path, analyser: Analyser) -> None:
    (tree / "bob" / "1.png").write_bytes(b"no image")
    (tree / "bob" / "3.png").symlink_to(tree / "nowhere")
    found = embed_photos(
        analyser, photos_in(tree), threads=2, choose=sole_subject, done=lambda: None
    )
    reasons = {photo.file.name: reason for photo, reason in found.refused}
    assert set(reasons) == {"1.png", "3.png"}
    assert "no image of a format" in reasons["1.png"]
    assert "No such file" in reasons["3.png"]
    assert found.labels.tolist() == ["ada", "ada", "bob"]


def test_a_photo_of_nobody_is_refused(tree: Path, analyser: Analyser) -> None:
    def nobody(samples: Sequence[Sample]) -> Sample | None:
        return None

    found = embed_photos(analyser, photos_in(tree), threads=1, choose=nobody, done=lambda: None)
    assert len(found.refused) == 4
    assert found.embeddings.shape[0] == 0


def test_an_empty_folder_is_an_empty_answer(tmp_path: Path, analyser: Analyser) -> None:
    found = embed_photos(
        analyser, photos_in(tmp_path), threads=1, choose=sole_subject, done=lambda: None
    )
    assert (len(found.labels), found.refused) == (0, [])


def _sample(
    width: float,
    *,
    score: float = 0.9,
    quality: float = 0.8,
    yaw: float = 0,
    cut_off: float = 0,
) -> Sample:
    measured = Quality(quality, width, 0.5, 0.5, yaw, 0, 0)
    crop = np.zeros((112, 112, 3), np.uint8)
    landmarks = np.zeros((5, 2), np.float32)
    return Sample(Box(0, 0, width, width), landmarks, score, measured, crop, cut_off)


def test_a_second_face_nearly_as_large_leaves_no_sole_subject() -> None:
    main, rival, passer_by = _sample(100), _sample(70), _sample(69)
    assert rivals([main, rival, passer_by]) == [rival]
    assert sole_subject([main, rival]) is None
    assert sole_subject([main, passer_by]) is main
    assert sole_subject([]) is None


_QUALITY_POLICY = QualityPolicy(
    min_face_size=24,
    min_detection_score=0.7,
    min_quality=0.2,
    max_yaw=60,
    max_cut_off=0.4,
    min_recognisability=0.3,
)


@pytest.mark.parametrize(
    ("sample", "enrolling", "identifying"),
    [
        (_sample(24, score=0.7, quality=0.2, yaw=60), [], []),
        (_sample(23.9), ["face_too_small"], ["face_too_small"]),
        (_sample(100, cut_off=0.4), [], []),
        (_sample(100, cut_off=0.41), ["face_cut_off"], []),
        (_sample(100, score=0.69), ["low_detection_score"], []),
        (_sample(100, quality=0.19), ["low_quality"], []),
        (_sample(100, yaw=-61), ["extreme_pose"], []),
        (
            _sample(10, score=0.1, quality=0.1, yaw=80),
            ["face_too_small", "low_detection_score", "low_quality", "extreme_pose"],
            ["face_too_small"],
        ),
    ],
)
def test_enrolment_is_stricter_than_identification(
    sample: Sample, enrolling: list[str], identifying: list[str]
) -> None:
    assert _QUALITY_POLICY.to_enrol(sample) == enrolling
    assert _QUALITY_POLICY.to_identify(sample) == identifying


def test_a_whole_image_has_no_quality_to_refuse(pipeline: Pipeline) -> None:
    (sample,) = pipeline.find(np.zeros((8, 8, 3), np.uint8))
    assert _QUALITY_POLICY.to_enrol(sample) == []
