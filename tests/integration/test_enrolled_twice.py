"""A person enrolled under a second name costs nobody else an identification: on photographs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bundles.bundle import Bundle
from app.decision.calibration import Calibration
from app.decision.fusion import Vectors, fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import MOST_MASKED, GallerySize
from app.decision.resemblance import second_names
from app.index.flat import FlatIndex
from app.inference.pipeline import build_pipeline
from app.replication.deltas import Delta
from app.replication.projection import GalleryProjection
from app.replication.validity import ALWAYS, FOREVER
from app.vision.decode import ImageLimits, decode_image
from bench.openset_data import central_face
from tests.support.lfw import people

TARGET, PERSONS, STRANGERS, PHOTOS, DRAWS = 0.01, 24, 120, 7, 8
_LIMITS = ImageLimits(10 << 20, 40_000_000)
Faces = list[Vectors]


@pytest.fixture(scope="module")
def bundle(face_bundle: Path) -> Bundle:
    return Bundle.load(face_bundle)


@pytest.fixture(scope="module")
def faces(photos: Path, bundle: Bundle) -> tuple[Faces, Vectors]:
    """Seven photographs of each of some people, and one of each stranger."""
    pipeline = build_pipeline(bundle)

    def embedded(files: list[Path]) -> Vectors:
        found = [central_face(pipeline, decode_image(file.read_bytes(), _LIMITS)) for file in files]
        return np.concatenate([pipeline.embed([each.crop]) for each in found if each])

    rng = np.random.default_rng(5)
    rich = people(photos, least=PHOTOS)
    some = [rich[i][:PHOTOS] for i in rng.permutation(len(rich))[:PERSONS]]
    others = [files for files in people(photos, least=1) if len(files) < PHOTOS]
    strangers = [others[i][0] for i in rng.permutation(len(others))[:STRANGERS]]
    own = [each for files in some if len(each := embedded(files)) == PHOTOS]
    return own, embedded(strangers)


@dataclass(frozen=True)
class Gallery:
    """People of ``vectors`` (n, d), whether each is in the cohort (n,), and the ``rates``."""

    rates: GalleryRates
    vectors: Vectors
    counted: NDArray[np.bool_]


def gallery(calibration: Calibration, enrolled: list[Vectors]) -> Gallery:
    """People of these templates, as the service has them."""
    owners = np.repeat(np.arange(len(enrolled)), [len(each) for each in enrolled])
    fused = fuse_persons(np.concatenate(enrolled), owners)
    dimension = fused.vectors.shape[1]
    projection = GalleryProjection(
        FlatIndex(dimension), dimension, partial(second_names, calibration)
    )
    always, forever = (np.full(len(enrolled), each) for each in (ALWAYS, FOREVER))
    nobody = fused.owners[:0]
    projection.apply(Delta("epoch", 1, True, fused, always, forever, nobody))
    valid = projection.valid(datetime(2026, 1, 1, tzinfo=UTC))
    assert len(valid.second_names) <= 1
    size = GallerySize(int(valid.cohort.persons), valid.size.templates)
    counted = np.array([key not in valid.second_names for key in fused.owners.tolist()])
    return Gallery(GalleryRates(calibration, valid.cohort, size), fused.vectors, counted)


def named(among: Gallery, probes: Vectors) -> NDArray[np.int64]:
    """The row of the person who is named for each of ``probes``, or -1."""
    scores = (probes @ among.vectors.T).astype(np.float64)
    nearest = -np.sort(-scores[:, among.counted], axis=1)[:, :MOST_MASKED]
    rates = zip(among.rates.of(probes), nearest.tolist(), strict=True)
    limits = np.array([each.judging(row, TARGET).limit(TARGET) for each, row in rates])
    return np.where(scores.max(axis=1) >= limits, scores.argmax(axis=1), -1)


@pytest.mark.data
@pytest.mark.parametrize("persons", [4, 8, 20])
def test_nobody_else_is_missed_because_somebody_is_enrolled_twice(
    bundle: Bundle, faces: tuple[Faces, Vectors], persons: int
) -> None:
    """The first of them, with three photos, and again with three others."""
    everybody, strangers = faces
    calibration, found = bundle.calibration, 0
    rates = list[float]()
    for seed in range(DRAWS):
        chosen = np.random.default_rng(seed).permutation(len(everybody))[:persons]
        people_of = [everybody[i] for i in chosen]
        once = gallery(calibration, [each[:3] for each in people_of])
        twice = gallery(calibration, [*(each[:3] for each in people_of), people_of[0][3:6]])
        for row, templates in enumerate(people_of[1:], 1):
            right = named(once, templates[3:]) == row
            assert (named(twice, templates[3:]) == row)[right].all()
            found += int(right.sum())
        rates.append(float((named(twice, strangers) >= 0).mean()))
        assert twice.rates.typical.limit(TARGET) == pytest.approx(once.rates.typical.limit(TARGET))
    assert found > 0.9 * DRAWS * (persons - 1) * 4
    stated = once.rates.typical.threshold(TARGET).interval
    assert np.mean(rates) <= stated[1]
