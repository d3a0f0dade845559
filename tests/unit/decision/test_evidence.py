"""How sure a calibration is of itself: by the people it saw, not by their pictures."""

import json
from pathlib import Path

import numpy as np

import app.bundles
from app.decision.calibration import Calibration, GallerySize
from app.decision.fit import fit
from tests.unit.decision.people import people

_SIZE = GallerySize({1: 30})


def _fit(identities: int, images: int, *, seed: int = 0) -> Calibration:
    vectors, labels = people(identities, images, seed=seed)
    return fit(vectors, labels, contract_id="numbers", data="people of numbers", margin=0.03)


def _width(calibration: Calibration) -> float:
    low, high = calibration.threshold(0.01, _SIZE).interval
    return float(np.log(high / low))


def test_fewer_people_say_a_wider_interval() -> None:
    assert _width(_fit(80, 2)) > 1.3 * _width(_fit(600, 2))


def test_more_pictures_of_the_same_people_are_hardly_more_evidence() -> None:
    two, eight = _fit(100, 2), _fit(100, 8)
    assert _width(eight) > 0.6 * _width(two)
    assert eight.shape.supported_fmr == two.shape.supported_fmr


def test_the_interval_holds_the_rate_that_many_other_people_have() -> None:
    reference = _fit(1500, 2, seed=99)
    held = 0
    for seed in range(12):
        threshold = _fit(150, 2, seed=seed).threshold(0.01, _SIZE)
        low, high = threshold.interval
        held += low <= reference.fpir(threshold.similarity, _SIZE) <= high
    assert held >= 10  # of 12, for an interval of 95 %


def test_the_face_bundles_calibration_reads_and_says_where_its_data_end() -> None:
    recipe = Path(app.bundles.__file__).parent / "recipes" / "face" / "calibration.json"
    calibration = Calibration.from_dict(json.loads(recipe.read_text(encoding="utf-8")))
    small = calibration.threshold(0.01, GallerySize({1: 100}))
    large = calibration.threshold(0.001, GallerySize({3: 100_000}))
    assert 0.38 < small.similarity < 0.45
    assert 0.5 < large.similarity < 0.75
    assert (small.extrapolated, large.extrapolated) == (False, True)
    assert large.interval[1] / large.interval[0] > 10 > 2 > small.interval[1] / small.interval[0]
